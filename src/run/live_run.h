/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run in the server's memory: what is stored of it, and while it lives its
 * search, its workers and the window of trials under way.
 *
 * The window: trials are asked for in order and end in any order. Each keeps
 * where the search stood before it, so that the run's mark (all trials below
 * are stored) always names a position from which a later server can go on.
 */
#ifndef OPTOP_RUN_LIVE_RUN_H
#define OPTOP_RUN_LIVE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "config/runfile.h"
#include "exec/worker.h"
#include "run/lanes.h"
#include "run/pace.h"
#include "run/worker_pool.h"
#include "search/search.h"
#include "stat/tasks.h"
#include "store/store_run.h"

enum {
    RUN_WINDOW_MAX = 16384, /* trials asked for and not yet below the mark */
    RUN_REASON_MAX = 256,
    RUN_SHOWN_TRIALS_MAX = 64, /* running ones in a run object, the oldest */
};

/* Weight of the newest trial in means over trials. */
#define RUN_MEAN_WEIGHT 0.1

enum window_state {
    WINDOW_READY, /* asked for (or given back by a dead worker), to be sent */
    WINDOW_SENT, /* with a worker */
    WINDOW_RESULT, /* answered, not yet stored */
    WINDOW_STORED,
};

struct window_entry {
    int64_t trial;
    enum window_state state;
    struct search_position before;
};

struct run_worker {
    struct run_worker *next;
    struct runner *runner;
    struct run *run;
    struct worker *worker;
    int number; /* of its run's, from 1 */
    int64_t running_trial; /* 0: none */
    int64_t running_since_ns;
    int64_t held_since_ns, held_ns; /* its user stopped it (0: not); for so long before */
    bool trial_frozen; /* it is stopped because the run is frozen, not by its user */
    bool trial_cancelled; /* its user wants the running one to end */
    struct pool_worker pool; /* as the pool of all runs sees it */
    int threads; /* that evaluate in it */
    bool finishing; /* was told to exit when it has answered everything */
    int succeeded; /* threads of it that a successor is started for; it was recycled */
    int64_t rss_ns; /* monotonic: when its memory was looked at last; 0: never */
    int64_t busy_ns; /* in trials that have ended, one after the other */
    int lane; /* of its run's; -1: none was free */
};

/* A failed trial that is to be done again. The store has all of a run's; those
 * that are due first are here. */
struct run_retry {
    int64_t trial;
    int attempt;
    int64_t due_wall_ns;
    enum window_state state; /* READY, SENT, RESULT */
    double *values; /* owned */
};

/* A result waiting for its commit; its texts lie in the runner's arena until then. */
struct run_result {
    struct trial_result result;
    char *params;
    int64_t finished_wall_ns;
    int64_t retry_wall_ns; /* when it is to be done again; 0: not */
};

/* What has become of a run's results on their way out; filled in by sink/. */
struct run_sunk {
    bool known; /* there is a sink, and somebody sends */
    int64_t sent, behind; /* trials, and the run's end */
    bool failing;
    int64_t failing_since_ns; /* monotonic */
    char error[200]; /* of the last try; "" */
};

/* CPU time of a cage as it was looked at last, by whoever looks at the run. */
struct run_meter {
    int64_t at_ns, cpu_ns; /* monotonic; at_ns 0: not yet */
    double cpu_pct; /* since the look before; NaN: not known */
};

struct run {
    struct run *next; /* by id, rising */
    int64_t id;
    enum run_state state;
    char reason[RUN_REASON_MAX];
    char *file, *text, *directory; /* owned */
    char *environment; /* owned; K=V, each ended by NUL */
    size_t environment_len;
    struct run_spec spec;
    int64_t created_wall_ns, started_wall_ns, finished_wall_ns;
    int64_t total; /* -1: not known */
    int64_t feasible; /* points that the constraints leave; -1: not counted */
    int64_t done, failed; /* stored */
    struct trial_result best; /* best.trial 0: none; log NULL, metrics owned */
    char *best_params; /* owned; JSON array */
    int64_t best_wall_ns; /* when it ended */
    int64_t told_best; /* the trial that people heard of as the best */
    int64_t told_best_ns; /* monotonic; 0: of none */
    char cage_name[16];

    /* times: the sums of earlier stretches, and since when the present one runs */
    int64_t elapsed_ns, busy_ns, worker_ns;
    int64_t running_since_ns; /* monotonic; 0: not running */

    /* while it is queued or running */
    struct search *search; /* NULL once ended */
    bool count_settled; /* total and feasible are known, or never will be */
    bool exhausted; /* the search has no more */
    struct search_position mark;
    struct window_entry *window; /* ring */
    double *values; /* ring; dimension_count per entry */
    int window_head, window_count, window_capacity;
    int window_ready; /* entries in WINDOW_READY */
    int64_t *skip; /* trials >= mark that an earlier server stored, rising */
    int skip_count, skip_next;

    struct run_retry *retry;
    int retry_count, retry_capacity;
    int64_t retry_open; /* entries in the store */
    bool retry_more; /* the store may have some that are not here */

    struct ranges *ranges; /* of a warm run, in place of the window; NULL: none */

    struct run_worker *workers;
    struct lanes *lanes; /* what they have done; NULL: none has started since the server's start */
    int worker_count, workers_target; /* threads that evaluate, in all its processes */
    int succeeded_count; /* of worker_count: those whose successors count instead */
    int workers_numbered; /* so many have been started */
    int workers_idle; /* ready, and without trials; as crew.c saw it last */
    char workers_wait[160]; /* why, or why none can be started; "" */
    int64_t start_failing_ns, start_again_ns; /* monotonic; 0: workers can be started */
    int64_t start_pause_ns; /* before the next try: longer each time */
    char start_text[160]; /* why not */
    unsigned char objective_mark[32]; /* of what it evaluates (run/seen.h) */
    bool objective_marked;
    struct cage *cage;
    struct limit_set limits; /* not opened: has not started with them */
    int start_failures; /* workers in a row that ended in no trial, without a result */
    /* at the last resume: limits count from there; and failures that its user wanted */
    int64_t failed_before, elapsed_before_ns;

    struct run_result *results; /* to be committed */
    int result_count, result_capacity;

    enum run_event ending; /* RUN_EVENT_COUNT: not ending; else how it will */
    int64_t kill_at_ns; /* monotonic: when the grace time is over */
    int kills; /* looks at it since then that found it alive */
    bool progress; /* something to tell since the last `run` notification */
    int told_state; /* the state that was told last; -1: none */

    struct pace pace; /* of the present stretch */
    double trial_cores, trial_bytes; /* of one trial, smoothed; 0: not known */
    struct run_meter meter;
    int64_t cpu_ns; /* of its cage, at the last sample; 0: none yet */
    char target_reason[128]; /* why workers = auto is what it is; "" when it is not */
    double mean_trial_seconds; /* smoothed; 0: not known */
    struct task_stat *task; /* borrowed from the server's list; may be NULL */
    char waiting[160]; /* why it is queued */
    struct run_sunk sunk;
    char frozen[160]; /* why it gets no trials now; "": it is not frozen */
    bool gated; /* waits for other runs or for its time, not for workers */
};

/* Encodes a run object of the protocol. now: monotonic. with_text: and what is
 * too much for a list of runs, its file and the trials that run now. */
void run_write(struct json_writer *w, const char *key, const struct run *run, int64_t now_ns,
    bool with_text);

/* A trial object. */
void run_write_trial(struct json_writer *w, const char *key, const struct run *run,
    const struct store_trial *trial);

/* Every point that the constraints leave will be a trial. feasible: how many
 * that are; -1: not counted. */
bool space_is_exhausted(const struct run_spec *spec, int64_t feasible);

/* The object `space` of a run. */
void space_write(struct json_writer *w, const char *key, const struct run_spec *spec,
    int64_t feasible);

/* Sums with the present stretch in them. */
int64_t run_elapsed_ns(const struct run *run, int64_t now_ns);
double run_rate(const struct run *run, int64_t now_ns); /* trials per second; NaN: not known */
struct pace_left run_left(const struct run *run); /* until it is done; NaN: not known */
int64_t run_worker_busy_ns(const struct run_worker *w, int64_t now_ns); /* of its life, all threads */
double run_utilization_pct(const struct run *run, int64_t now_ns); /* NaN: not known */

void run_free(struct run *run);

/* Keeps a copy of the best trial. */
void run_take_best(struct run *run, const struct trial_result *best, const char *params);

/* Its environment as an array of "K=V"; the array alone is owned. */
char **run_environment(const struct run *run);

/* What a trial takes of the machine, for the governor. Memory falls slowly, so
 * that one small trial among large ones does not open the door. */
void run_note_use(struct run *run, const struct trial_result *result);

/* The row to be stored. Borrows from run. */
struct store_run run_to_row(const struct run *run, int64_t now_ns);

/* A run from its row; its text is parsed again. */
struct run *run_from_row(const struct store_run *row);

/* The best trial's figures from the store. */
void run_load_best(struct run *run, struct store *store);

#endif
