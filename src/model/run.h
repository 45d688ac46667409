/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run: what a run file asks for (struct run_spec), and the states a run
 * passes through. Plain data; the rules for moving between states are one
 * table in run.c.
 */
#ifndef OPTOP_MODEL_RUN_H
#define OPTOP_MODEL_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/limits.h"

enum {
    RUN_NAME_MAX = 64,
    RUN_DIMENSIONS_MAX = 64,
    RUN_CHOICES_MAX = 1024,
    RUN_CONSTRAINTS_MAX = 64,
    RUN_PARAMETERS_MAX = 256,
    RUN_WORKERS_MAX = 1024,
    RUN_THREADS_MAX = 256, /* of one process */
    RUN_INFLIGHT_MAX = 1024, /* points that a warm program has at a time */
    RUN_KEEP_MAX = 100000, /* of keep.trials = top:N */
    RUN_AFTER_MAX = 16,
};

/* States, by the names that programs rely on. */
#define RUN_STATE_TABLE(X)                                                     \
    X(QUEUED, "queued")                                                        \
    X(RUNNING, "running")                                                      \
    X(PAUSED, "paused")                                                        \
    X(DONE, "done")                                                            \
    X(FAILED, "failed")                                                        \
    X(CANCELLED, "cancelled")

enum run_state {
#define X(id, name) RUN_##id,
    RUN_STATE_TABLE(X)
#undef X
    RUN_STATE_COUNT
};

enum run_event {
    RUN_EVENT_START, /* the queue has given it workers */
    RUN_EVENT_PAUSE, /* a person, or a server that found it running at start */
    RUN_EVENT_RESUME, /* a person: back into the queue */
    RUN_EVENT_FINISH, /* every trial is stored */
    RUN_EVENT_FAIL, /* cannot go on (no worker starts, time limit, ...) */
    RUN_EVENT_CANCEL, /* a person, and every process of it is gone */
    RUN_EVENT_RETRY, /* a person: its failed trials once more */
    RUN_EVENT_COUNT
};

const char *run_state_name(enum run_state state);
int run_state_parse(const char *name); /* or ERR_NOT_FOUND */
bool run_state_ended(enum run_state state); /* done, failed or cancelled */

/* The state after an event, or ERR_BAD_STATE when the table has none. */
int run_state_next(enum run_state state, enum run_event event);

enum run_goal { RUN_MINIMIZE, RUN_MAXIMIZE };

/* Is score a better than score b? NaN is worse than everything. */
bool run_goal_better(enum run_goal goal, double a, double b);

/* One axis of the space. A value is a double: the number itself, or the index
 * of a choice. Integers are exact up to 2^53. */
enum dimension_kind { DIMENSION_INT, DIMENSION_FLOAT, DIMENSION_CHOICE };

struct dimension {
    char name[RUN_NAME_MAX];
    enum dimension_kind kind;
    bool log_scale; /* float and int: sample evenly in log(value) */
    double low, high; /* both included; choice: 0 and choice_count - 1 */
    double step; /* > 0; 0: continuous (float only) */
    int choice_count;
    char **choice; /* owned */
    int line; /* in the run file */
};

struct run_constraint {
    char name[RUN_NAME_MAX];
    char *expression; /* owned; Lua, true where a point is allowed */
    int line;
};

struct run_parameter {
    char name[RUN_NAME_MAX];
    char *value; /* owned */
};

/* A set of exit statuses, 0 to 255. */
struct exit_codes {
    uint64_t bit[4];
};

void exit_codes_add(struct exit_codes *codes, int64_t code); /* others are ignored */
bool exit_codes_has(const struct exit_codes *codes, int64_t code);

/* To add one: an id here, its row in run.c and in objective/objective.c, and in
 * config/runfile.c what it needs of the run file. */
enum objective_type {
    OBJECTIVE_COMMAND,
    OBJECTIVE_FUNCTION,
    OBJECTIVE_WORKER,
    OBJECTIVE_PLUGIN,
    OBJECTIVE_LUA,
};
const char *objective_type_name(enum objective_type type);
/* Is it evaluated by ranges (objective/batch.h), in the worker itself? */
bool objective_type_warm(enum objective_type type);

/* What a command's score is. */
enum score_kind {
    SCORE_STDOUT, /* the last number printed */
    SCORE_STDOUT_BYTES,
    SCORE_WALL_SECONDS,
    SCORE_CPU_SECONDS,
    SCORE_MAX_RSS_BYTES,
    SCORE_JSON, /* a field of the last JSON object printed */
};

/* What evaluates trials side by side; in the order of the option's choices. */
enum run_mode {
    RUN_MODE_PROCESS, /* worker processes that go on from trial to trial */
    RUN_MODE_ISOLATED, /* a fresh one for each trial */
    RUN_MODE_THREAD, /* one process with a thread per worker */
    RUN_MODE_HYBRID, /* processes of several threads each */
};
const char *run_mode_name(enum run_mode mode);

/* Of which trials something is kept, in the order of the options' choices. */
enum run_keep { RUN_KEEP_NEVER, RUN_KEEP_FAILED, RUN_KEEP_ALWAYS };

enum search_method { SEARCH_GRID, SEARCH_RANDOM };

/* Text of a value as it is put into a command: integers without a point, floats
 * shortest, choices by their own text ("" when there is no such choice).
 * Returns buf, or the choice (borrowed from the dimension). */
const char *dimension_format(const struct dimension *dimension, double value, char *buf,
    size_t size);

/* How a run keeps its workers. */
struct run_pool {
    int64_t min; /* kept while the run runs, also without trials for them */
    int64_t max; /* 0: as `workers` says */
    int64_t max_trials; /* of one worker; 0: any number */
    double max_age_seconds; /* 0: any */
    double max_rss_bytes; /* of a worker and what it has started; 0: any */
    double idle_seconds; /* above min; 0: for ever */
    double acquire_seconds; /* until a worker must be there; 0: for ever */
};

/* Where finished trials are sent; see config/url.h. Strings are owned, or NULL. */
struct run_sink {
    char *place; /* NULL: nowhere */
    char *key; /* of the stream */
    char *user, *password_file, *password_env;
    int64_t max_entries; /* of the stream; 0: any number */
    bool ack; /* the receiver of lines answers with their ids */
};

/* A checked run file. Everything inside is owned; see runfile.h. */
struct run_spec {
    char name[RUN_NAME_MAX];
    enum run_goal goal;
    int64_t priority; /* higher goes first */
    int after_count;
    int64_t after[RUN_AFTER_MAX]; /* runs that must be done before */
    int64_t start_wall_ns; /* not before; 0: any time */

    enum objective_type objective;
    char *command; /* of a command or a worker; else NULL */
    char *function; /* NULL unless objective is function; see function.h */
    char *plugin; /* file of a plugin; else NULL */
    char *lua; /* file of a Lua function; else NULL */
    char *data; /* file of numbers that the Lua function may look at; or NULL */
    double lua_memory_bytes; /* of each state */
    int64_t lua_instructions; /* of a trial; 0: any number */
    int64_t inflight; /* trials that a warm program has at a time; see obj_worker.c */
    bool shift; /* of a function: its minimum is moved off-centre (function_shift) */
    enum score_kind score;
    char score_field[RUN_NAME_MAX]; /* for SCORE_JSON */
    char *directory; /* working directory of trials; NULL: the submitter's */
    bool fresh_directory; /* a new one for each trial; directory is NULL then */
    enum run_keep keep_directory; /* which of those */
    enum run_keep keep_output; /* of which trials what they wrote is stored */
    int64_t max_kept; /* how many of them */
    double max_kept_bytes; /* of all of them */
    char *standard_input; /* template; NULL: nothing */
    struct exit_codes success_codes;
    int environment_count;
    struct run_parameter *environment; /* values are templates */

    int parameter_count;
    struct run_parameter *parameter;
    int dimension_count;
    struct dimension *dimension;
    int constraint_count;
    struct run_constraint *constraint;

    enum search_method search;
    uint64_t seed;
    int64_t trials; /* 0: all of a grid */
    bool reuse; /* a point that was evaluated is not again */

    enum run_mode mode;
    int workers; /* processes or threads that evaluate; 0: auto */
    int threads; /* of one process in hybrid mode; else 1 */
    int64_t keep_top; /* trials that are kept; 0: all */
    struct run_pool pool;

    double trial_seconds; /* time limit of one trial; 0: none */
    double run_seconds; /* of the run's running time; 0: none */
    double grace_seconds; /* between TERM and KILL; -1: not said, the server's default */
    int64_t max_failures; /* failed trials that end the run; 0: any number */
    int64_t retries; /* of a trial that fails */
    double retry_seconds; /* before the first of them; then twice as long each time */
    struct run_limits limits; /* what the kernel is asked to hold */
    struct run_sink sink;
};

void run_spec_init(struct run_spec *spec);
void run_spec_release(struct run_spec *spec);

const char *score_kind_name(enum score_kind kind);
const char *search_method_name(enum search_method method);

#endif
