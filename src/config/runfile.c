/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Run files: the option table, and a document checked against it into a
 * struct run_spec. Words of a command are in command.c.
 */
#include "config/runfile.h"

#include <ctype.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unit.h"
#include "config/run_places.h"
#include "config/run_rules.h"
#include "config/suggest.h"
#include "config/walk.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53: whole numbers that a double holds exactly */
#define TRIALS_MAX 1e15
#define SECONDS_MAX (366 * 86400.0)
#define BYTES_MAX 1125899906842624.0 /* 1 PiB */
#define OPEN_FILES_MAX 1048576

enum { RANDOM_TRIALS = 100 };

#define AT(field) offsetof(struct run_spec, field)

static int take_name(void *, const struct ini_entry *, const struct option_value *, struct diag *);
static int take_goal(void *, const struct ini_entry *, const struct option_value *, struct diag *);
static int take_after(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_start(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_type(void *, const struct ini_entry *, const struct option_value *, struct diag *);
static int take_score(void *, const struct ini_entry *, const struct option_value *, struct diag *);
static int take_codes(void *, const struct ini_entry *, const struct option_value *, struct diag *);
static int take_variable(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_parameter(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_dimension(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_constraint(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_method(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_mode(void *, const struct ini_entry *, const struct option_value *, struct diag *);
static int take_workers(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_keep_output(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_keep_directory(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_keep(void *, const struct ini_entry *, const struct option_value *, struct diag *);
static int take_io_priority(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);
static int take_affinity(void *, const struct ini_entry *, const struct option_value *,
    struct diag *);

/* To add an option: one row. Rows of a section stand together.
 *
 * X(section, key, TYPE, min, max, choices, default, required, offset, parse, help, example)
 */
#define RUN_TABLE(X)                                                           \
    X("run", "name", CUSTOM, 0, 0, NULL, NULL, true, 0, take_name,             \
        "What the run is called: letters, digits, dot, underscore and dash, at most 63", "xz")   \
    X("run", "goal", CHOICE, 0, 0, "minimize|maximize", "minimize", false, 0, take_goal,         \
        "Whether a smaller or a larger score is better", NULL)                 \
    X("run", "priority", INT, -100, 100, NULL, "0", false, AT(priority), NULL, \
        "Whose turn is first when runs wait: the higher number, then the older run; what runs"   \
        " already is not stopped for it", NULL)                                \
    X("run", "after", CUSTOM, 0, 0, NULL, NULL, false, 0, take_after,          \
        "Numbers of earlier runs, with commas between: this one waits until all of them are done" \
        ", and is paused when one fails or is cancelled", "3, 4")              \
    X("run", "start", CUSTOM, 0, 0, NULL, NULL, false, 0, take_start,          \
        "Not to begin before: a date and time, a time of day (the next one), or +DURATION from"  \
        " when it is submitted; with Z at its end in UTC, else in the server's local time",      \
        "2026-11-30 06:00")                                                    \
    X("objective", "type", CHOICE, 0, 0, "command|function|worker|plugin|lua", "command",   \
        false, 0, take_type,                                                   \
        "What evaluates a point: a command for each, a standard formula, a program that is"      \
        " started once and answers line by line, a shared object, or a Lua function", NULL)      \
    X("objective", "command", TEXT, 0, 0, NULL, NULL, false, AT(command), NULL,                  \
        "The program and its arguments, split into words as a shell does; {name} is replaced by" \
        " a dimension's or a parameter's value, and {{ and }} are braces. No shell is run. With" \
        " type = worker the program that answers, where {name} is a parameter",                  \
        "gzip -{level} --stdout /usr/share/common-licenses/GPL-3")             \
    X("objective", "score", CUSTOM, 0, 0,                                      \
        "stdout|stdout_bytes|wall_seconds|cpu_seconds|max_rss_bytes|json:FIELD", "stdout", false, \
        0, take_score,                                                         \
        "What of a command's trial is its score: the last number printed, a measure of the process, or a"  \
        " field of the last JSON object printed", NULL)                        \
    X("objective", "function", CUSTOM, 0, 0, RUNFILE_FUNCTIONS, NULL, false, AT(function), NULL, \
        "The formula that type = function evaluates: a standard test function of optimization"   \
        " (nothing is 0 everywhere, and measures what a trial costs)", "rastrigin")              \
    X("objective", "shift", BOOL, 0, 0, NULL, "yes", false, AT(shift), NULL,   \
        "Whether a function's minimum is moved off-centre, where no search has it for nothing",  \
        NULL)                                                                  \
    X("objective", "plugin", TEXT, 0, 0, NULL, NULL, false, AT(plugin), NULL,  \
        "Shared object with the interface of optop/plugin.h, for type = plugin", "./square.so")  \
    X("objective", "lua", TEXT, 0, 0, NULL, NULL, false, AT(lua), NULL,        \
        "File of the Lua function that scores a point, for type = lua", "valley.lua")            \
    X("objective", "data", TEXT, 0, 0, NULL, NULL, false, AT(data), NULL,      \
        "File of rows of numbers that the Lua function looks at with data(row, column): read by"  \
        " the first trial that does, once for all threads of a worker", "prices.csv")             \
    X("objective", "lua_memory", BYTES, 1048576, BYTES_MAX, NULL, "64MiB", false,                \
        AT(lua_memory_bytes), NULL,                                            \
        "Memory of the Lua function in each thread; a trial that needs more has failed", NULL)   \
    X("objective", "lua_instructions", INT, 0, EXACT_MAX, NULL, "1000000000", false,             \
        AT(lua_instructions), NULL,                                            \
        "Instructions of Lua in one trial, which then has failed; 0: any number", NULL)          \
    X("objective", "inflight", INT, 1, RUN_INFLIGHT_MAX, NULL, "1", false, AT(inflight), NULL,   \
        "Points that a program of type = worker is given before it has answered the first", "16") \
    X("objective", "directory", TEXT, 0, 0, NULL, NULL, false, AT(directory), NULL,              \
        "Working directory of trials; without it, the one where the run was submitted; with"     \
        " fresh, a new and empty one for each trial, gone after it. A program's relative path is" \
        " still looked up from where the run was submitted", "/tmp")           \
    X("objective", "keep_directory", CHOICE, 0, 0, "never|failed|always", "failed", false, 0,    \
        take_keep_directory,                                                   \
        "Which trials' fresh directories are kept, where something is in them:"                  \
        " runs/RUN/trials/TRIAL[.ATTEMPT] in the state directory, of the newest 20 runs that"    \
        " have any", NULL)                                                     \
    X("objective", "max_kept", INT, 1, 10000, NULL, "100", false, AT(max_kept), NULL,            \
        "Most fresh directories of the run that are kept: the oldest go first", NULL)            \
    X("objective", "max_kept_bytes", BYTES, 4096, BYTES_MAX, NULL, "1GiB", false,                \
        AT(max_kept_bytes), NULL, "Most bytes on disk of all that are kept; a directory with"    \
        " more than 100000 entries, or nested deeper than 64, is not kept", NULL)                \
    X("objective", "stdin", TEXT, 0, 0, NULL, NULL, false, AT(standard_input), NULL,             \
        "What a trial reads from standard input, a line feed added: {name} as in the command,"   \
        " {json} for the whole point as a JSON object; without it, nothing", "{json}")           \
    X("objective", "success_codes", CUSTOM, 0, 0, "a list of 0 to 255 and ranges", "0", false, 0, \
        take_codes, "Exit statuses with which a trial is done; with any other it failed", NULL)  \
    X("environment", "*", TEXT, 0, 0, NULL, NULL, false, 0, take_variable,                       \
        "Variables of a trial's environment by name, over those of the command that submitted"   \
        " the run; {name} and {json} as in stdin", "OMP_NUM_THREADS = {threads}")                \
    X("parameters", "*", TEXT, 0, 0, NULL, NULL, false, 0, take_parameter,                       \
        "Fixed values by name, for {name} in the command and for constraints",  \
        "file = /usr/share/common-licenses/GPL-3")                             \
    X("space", "*", CUSTOM, 0, 0, NULL, NULL, true, 0, take_dimension,         \
        "The dimensions by name: int LOW..HIGH [step N] [log], float LOW..HIGH [step X] [log],"  \
        " choice A, B, C, or bool (false and true)", "level = int 1..9")       \
    X("constraints", "*", TEXT, 0, 0, NULL, NULL, false, 0, take_constraint,                     \
        "Lua expressions by name, true where a point is allowed; numbers and bools are what they" \
        " are, choices are strings", "odd = level % 2 == 1")                   \
    X("search", "method", CHOICE, 0, 0, "grid|random", "grid", false, 0, take_method,            \
        "How points are chosen: all of them in order, or at random", NULL)     \
    X("search", "seed", INT, 0, EXACT_MAX, NULL, "1", false, AT(seed), NULL,                     \
        "Start of the random numbers; the same seed gives the same trials", NULL) \
    X("search", "trials", INT, 0, TRIALS_MAX, NULL, NULL, false, AT(trials), NULL,               \
        "Most trials; without it, 100 for random and all points for grid (0 is all, too)", "50") \
    X("search", "reuse", BOOL, 0, 0, NULL, "no", false, AT(reuse), NULL,       \
        "Whether a point that an earlier run with this option has evaluated, while the server"   \
        " ran, gets that result and takes no time. The objective must be the same: its section," \
        " [parameters], [environment], the directory, the files that the command names. Metrics" \
        " repeat_of_run and repeat_of_trial tell whose result it is", NULL)    \
    X("parallel", "mode", CHOICE, 0, 0, "process|isolated|thread|hybrid", "process", false, 0,   \
        take_mode,                                                             \
        "What evaluates trials side by side: worker processes that go on from trial to trial, or" \
        " a fresh one for each trial; of an objective that is no command also one process with a" \
        " thread per worker, or processes of several threads", NULL)           \
    X("parallel", "workers", CUSTOM, 0, 0, "auto|1 to 1024|P x T", "auto", false, 0,             \
        take_workers,                                                          \
        "How many at once; auto goes by the usable cores. In hybrid mode processes x threads of" \
        " each, as 2 x 4", NULL)                                               \
    X("parallel", "min", INT, 0, RUN_WORKERS_MAX, NULL, "1", false, AT(pool.min), NULL,          \
        "Workers that are started ahead of the trials for them and stay while there are none;"   \
        " workers = auto goes no lower", NULL)                                 \
    X("parallel", "max", INT, 0, RUN_WORKERS_MAX, NULL, "0", false, AT(pool.max), NULL,          \
        "Most workers of workers = auto; 0: as many as the machine has room for", "8")           \
    X("parallel", "max_trials", INT, 0, TRIALS_MAX, NULL, "0", false, AT(pool.max_trials), NULL, \
        "Trials after which a worker is replaced by a fresh one; 0: any number. 1 where mode is"  \
        " isolated", "100000")       \
    X("parallel", "max_age", DURATION, 0, SECONDS_MAX, NULL, "0s", false,      \
        AT(pool.max_age_seconds), NULL,                                        \
        "Age at which a worker is replaced; it finishes what it has, and its successor is ready" \
        " before. 0: any age", "1h")                                           \
    X("parallel", "max_rss", BYTES, 0, BYTES_MAX, NULL, "0", false, AT(pool.max_rss_bytes),      \
        NULL, "Resident memory of a worker, with the processes it has started, above which it"   \
        " is replaced in the same way; looked at once a second. 0: any size", "2GiB")            \
    X("parallel", "idle", DURATION, 0, SECONDS_MAX, NULL, "30s", false, AT(pool.idle_seconds),   \
        NULL, "How long a worker above min may have no trial before it is ended; 0: for ever",   \
        NULL)                                                                  \
    X("parallel", "acquire_timeout", DURATION, 0, SECONDS_MAX, NULL, "1m", false,                \
        AT(pool.acquire_seconds), NULL,                                        \
        "How long a trial may wait for a worker to start: one that is not ready by then is"      \
        " replaced, and a run that can start none has failed. 0: for ever", NULL) \
    X("keep", "trials", CUSTOM, 0, 0, "all|top:N", "all", false, 0, take_keep, \
        "Which trials are stored: all, or the N best (and how many there were)", NULL) \
    X("keep", "output", CHOICE, 0, 0, "none|failed|all", "all", false, 0, take_keep_output,      \
        "Of which trials of a command what they wrote is stored for `optop logs --trial': of"    \
        " each the first 16 KiB and the last 48, of a run the newest 1000 trials and the newest" \
        " 1000 that failed. Standard output is none of it where score = stdout_bytes", NULL)     \
    X("limits", "trial", DURATION, 0, SECONDS_MAX, NULL, "0s", false, AT(trial_seconds), NULL,   \
        "Longest time of one trial, which then fails; 0: no limit", NULL)      \
    X("limits", "run", DURATION, 0, SECONDS_MAX, NULL, "0s", false, AT(run_seconds), NULL,       \
        "Longest running time of the run, which then fails; 0: no limit", NULL) \
    X("limits", "grace", DURATION, 0, 3600, NULL, NULL, false, AT(grace_seconds), NULL,          \
        "Time between TERM and KILL when trials are ended; without it, grace of [runs] in"       \
        " optop.ini", "5s")                                                    \
    X("limits", "max_failures", INT, 0, TRIALS_MAX, NULL, "0", false, AT(max_failures), NULL,    \
        "Failed trials that end the run; those already handed out still count. 0: any number may" \
        " fail", NULL)                                                         \
    X("limits", "retries", INT, 0, 100, NULL, "0", false, AT(retries), NULL,   \
        "How often a trial that fails is done again; it is failed when the last try is", NULL)   \
    X("limits", "retry_delay", DURATION, 0, 86400, NULL, "1s", false, AT(retry_seconds), NULL,   \
        "Time before the first retry of a trial, twice as long before each further one, an hour" \
        " at most", NULL)                                                      \
    X("limits", "memory", BYTES, 0, BYTES_MAX, NULL, "0", false, AT(limits.memory_bytes), NULL,  \
        "Memory of all processes of the run together; 0: no limit. `optop show' says what holds" \
        " each limit", "8GiB")                                                 \
    X("limits", "trial_memory", BYTES, 0, BYTES_MAX, NULL, "0", false,         \
        AT(limits.trial_memory_bytes), NULL,                                   \
        "Memory of one trial; 0: no limit", "1GiB")                            \
    X("limits", "cpu", NUMBER, 0, LIMITS_CPUS_MAX, NULL, "0", false, AT(limits.cpu_cores), NULL, \
        "Cores that all processes of the run may use together, such as 1.5; 0: all", "1.5")      \
    X("limits", "nice", INT, -20, 19, NULL, "0", false, AT(limits.nice), NULL, \
        "Scheduling priority, 19 last; below 0 needs a privilege", "10")       \
    X("limits", "io_priority", CUSTOM, 0, 0,                                   \
        "none|idle|best-effort[/0-7]|realtime[/0-7]", "none", false, 0, take_io_priority,        \
        "I/O class and level, 7 last; realtime needs a privilege", NULL)       \
    X("limits", "affinity", CUSTOM, 0, 0, "a list of CPUs, such as 0-3,6", NULL, false, 0,       \
        take_affinity, "The CPUs that trials may run on; without it, all", "0-3,6")              \
    X("limits", "open_files", INT, 0, OPEN_FILES_MAX, NULL, "0", false, AT(limits.open_files),   \
        NULL, "Open files of one process, 16 or more; 0: as the server's", "1024") \
    X("limits", "core_dumps", BOOL, 0, 0, NULL, "no", false, AT(limits.core_dumps), NULL,        \
        "Whether a trial that crashes may leave a core file", NULL)            \
    X("results", "sink", TEXT, 0, 0, NULL, NULL, false, AT(sink.place), NULL,  \
        "Where every finished trial and the run's end are sent as JSON: entries of a Redis"      \
        " stream, or lines; redis://HOST[:PORT][/DATABASE], redis+unix:///PATH[?db=DATABASE],"   \
        " tcp://HOST:PORT, unix:///PATH. At least once, in the order in which they were stored;" \
        " what comes twice has the same id, RUN.TRIAL.ATTEMPT", "redis://127.0.0.1:6379")        \
    X("results", "key", TEXT, 0, 0, NULL, "optop:results", false, AT(sink.key), NULL,            \
        "The Redis stream: entries have the fields id, type (trial or end) and data", NULL)      \
    X("results", "max_entries", INT, 0, TRIALS_MAX, NULL, "1000000", false,    \
        AT(sink.max_entries), NULL,                                            \
        "About how many entries Redis keeps in the stream; 0: all", NULL)      \
    X("results", "user", TEXT, 0, 0, NULL, NULL, false, AT(sink.user), NULL,   \
        "User of Redis, with a password; without it the default one", "optop") \
    X("results", "password_file", TEXT, 0, 0, NULL, NULL, false, AT(sink.password_file), NULL,   \
        "File whose first line is the password of Redis; nobody else may read it",               \
        "/home/me/.redis-password")                                            \
    X("results", "password_env", TEXT, 0, 0, NULL, NULL, false, AT(sink.password_env), NULL,     \
        "Environment variable of the server that has the password", "REDISCLI_AUTH")             \
    X("results", "ack", BOOL, 0, 0, NULL, "no", false, AT(sink.ack), NULL,     \
        "Whether who takes the lines answers each by a line with its id: only then it counts as" \
        " sent, else when the other end's kernel has taken it", NULL)

const struct option run_options[] = {
#define X(s, k, t, lo, hi, c, d, r, offset, parse, h, e)                       \
    { s, k, OPTION_##t, lo, hi, c, d, r, h, e },
    RUN_TABLE(X)
#undef X
    { .section = NULL },
};

static const struct binding run_bindings[] = {
#define X(s, k, t, lo, hi, c, d, r, offset, parse, h, e) { offset, parse },
    RUN_TABLE(X)
#undef X
};

/* Text from the file as it may be shown; for one diag at a time. */
struct shown {
    char text[80];
};

static const char *
show(const char *text, struct shown *shown)
{
    return text_clean(text, shown->text, sizeof shown->text);
}

static int
no_memory(struct diag *diag)
{
    return diag_set(diag, -ENOMEM, "%s", err_text(-ENOMEM));
}

/* 1 to 63 letters, digits, dots, underscores, dashes. */
static bool
is_plain_name(const char *text)
{
    size_t len = strlen(text);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c >= 0x80 || (!isalnum((unsigned char)*c) && !strchr("._-", *c)))
            return false;
    return len > 0 && len < RUN_NAME_MAX;
}

static bool
is_identifier(const char *text)
{
    static const char *const reserved[] = {
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if",
        "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
        "math",
    };
    if (!is_plain_name(text) || strpbrk(text, ".-") || isdigit((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (!strcmp(text, reserved[i]))
            return false;
    return true;
}

static int
take_name(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct shown shown;
    (void)entry;
    if (!is_plain_name(value->text))
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is not a name (allowed: 1 to 63 letters, digits, \".\", \"_\", \"-\")",
            show(value->text, &shown));
    str_copy(spec->name, sizeof spec->name, value->text);
    return 0;
}

static int
take_goal(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->goal = value->number == 0 ? RUN_MINIMIZE : RUN_MAXIMIZE;
    return 0;
}

static int
take_after(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct shown shown;
    const char *p = value->text;
    (void)entry;
    spec->after_count = 0;
    while (*p) {
        char word[24];
        size_t len = strcspn(p, ",");
        int64_t id = 0;
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), p);
        if (unit_parse_int(str_trim(word), &id) < 0 || id < 1)
            return diag_set(diag, ERR_BAD_TYPE,
                "\"%s\" is not a list of runs (allowed: their numbers, with commas between)",
                show(value->text, &shown));
        if (spec->after_count == RUN_AFTER_MAX)
            return diag_set(diag, ERR_TOO_LARGE, "more than %d runs", RUN_AFTER_MAX);
        spec->after[spec->after_count++] = id;
        p += len + (p[len] == ',');
    }
    return 0;
}

static int
take_start(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct shown shown;
    int64_t wall_ns = 0;
    (void)entry;
    int r = *value->text ? clock_parse(value->text, 0, &wall_ns) : 0;
    if (r < 0)
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is not a time (allowed: 2026-11-30 06:00, 06:00 or +2h, for example)",
            show(value->text, &shown));
    spec->start_wall_ns = r == 0 ? wall_ns : 0; /* else runfile_settle has not been here */
    return 0;
}

static int
take_type(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->objective = (enum objective_type)value->number;
    return 0;
}

static int
take_score(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct shown shown;
    (void)entry;
    for (int kind = SCORE_STDOUT; kind < SCORE_JSON; kind++)
        if (!strcmp(value->text, score_kind_name((enum score_kind)kind))) {
            spec->score = (enum score_kind)kind;
            spec->score_field[0] = '\0';
            return 0;
        }
    const char *field = value->text + 5;
    if (str_starts(value->text, "json:") && *field && strlen(field) < sizeof spec->score_field) {
        spec->score = SCORE_JSON;
        str_copy(spec->score_field, sizeof spec->score_field, field);
        return 0;
    }
    return diag_set(diag, ERR_BAD_TYPE,
        "\"%s\" is not a score (allowed: one of: stdout, stdout_bytes, wall_seconds, "
        "cpu_seconds, max_rss_bytes, json:FIELD)", show(value->text, &shown));
}

/* "0, 3..5" */
static int
take_codes(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct exit_codes codes = { 0 };
    struct shown shown;
    const char *p = value->text;
    (void)entry;
    for (bool more = true; more;) {
        int low, high, n = 0;
        if (sscanf(p, " %3d%n", &low, &n) != 1)
            break;
        p += n;
        high = low;
        if (sscanf(p, " .. %3d%n", &high, &n) == 1)
            p += n;
        if (low < 0 || high > 255 || low > high)
            break;
        while (low <= high)
            exit_codes_add(&codes, low++);
        p += strspn(p, " \t");
        more = *p == ',';
        p += more;
        if (!more && !*p) {
            spec->success_codes = codes;
            return 0;
        }
    }
    return diag_set(diag, ERR_BAD_TYPE,
        "\"%s\" are no exit statuses (allowed: a list of 0 to 255 and ranges, as in 0, 3..5)",
        show(value->text, &shown));
}

/* Names of parameters and dimensions stand in one space. */
static int
check_new_name(const struct run_spec *spec, const char *name, struct diag *diag)
{
    struct shown shown;
    if (!is_identifier(name))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a name (allowed: up to 63 letters, digits and \"_\", not starting with "
            "a digit, not a word of Lua)", show(name, &shown));
    for (int i = 0; i < spec->parameter_count; i++)
        if (!strcmp(spec->parameter[i].name, name))
            return diag_set(diag, ERR_DUPLICATE, "\"%s\" is a parameter already", name);
    for (int i = 0; i < spec->dimension_count; i++)
        if (!strcmp(spec->dimension[i].name, name))
            return diag_set(diag, ERR_DUPLICATE, "\"%s\" is a dimension already (line %d)", name,
                spec->dimension[i].line);
    return 0;
}

static int
add_text(struct run_parameter **texts, int *count, const char *name, const char *value,
    struct diag *diag)
{
    struct run_parameter *grown = realloc(*texts, (size_t)(*count + 1) * sizeof *grown);
    if (!grown)
        return no_memory(diag);
    *texts = grown;
    struct run_parameter *text = &grown[*count];
    str_copy(text->name, sizeof text->name, name);
    text->value = strdup(value);
    if (!text->value)
        return no_memory(diag);
    ++*count;
    return 0;
}

static int
take_parameter(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    int r = check_new_name(spec, entry->key, diag);
    if (r < 0)
        return r;
    if (spec->parameter_count >= RUN_PARAMETERS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d parameters", RUN_PARAMETERS_MAX);
    return add_text(&spec->parameter, &spec->parameter_count, entry->key, value->text, diag);
}

/* OPTOP_RUN is how the processes of a run are found: it is not the run's to set. */
static int
take_variable(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct shown shown;
    if (!is_plain_name(entry->key) || strpbrk(entry->key, ".-") ||
        isdigit((unsigned char)entry->key[0]))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a variable (allowed: up to 63 letters, digits and \"_\", not starting "
            "with a digit)", show(entry->key, &shown));
    if (!strcmp(entry->key, "OPTOP_RUN"))
        return diag_set(diag, ERR_CONFLICT, "OPTOP_RUN is set by optop itself");
    if (spec->environment_count >= RUN_PARAMETERS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d variables", RUN_PARAMETERS_MAX);
    return add_text(&spec->environment, &spec->environment_count, entry->key, value->text, diag);
}

static int
take_dimension(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    int r = check_new_name(spec, entry->key, diag);
    if (r < 0)
        return r;
    if (spec->dimension_count >= RUN_DIMENSIONS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d dimensions", RUN_DIMENSIONS_MAX);
    struct dimension *grown = realloc(spec->dimension,
        (size_t)(spec->dimension_count + 1) * sizeof *grown);
    if (!grown)
        return no_memory(diag);
    spec->dimension = grown;
    r = runfile_parse_dimension(value->text, &grown[spec->dimension_count], diag);
    if (r < 0)
        return r;
    struct dimension *dimension = &grown[spec->dimension_count++];
    str_copy(dimension->name, sizeof dimension->name, entry->key);
    dimension->line = entry->line;
    return 0;
}

static int
take_constraint(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct shown shown;
    if (!is_plain_name(entry->key))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a name (allowed: 1 to 63 letters, digits, \".\", \"_\", \"-\")",
            show(entry->key, &shown));
    if (!*value->text)
        return diag_set(diag, ERR_MISSING, "an expression is missing (for example: a + b <= 4)");
    if (spec->constraint_count >= RUN_CONSTRAINTS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d constraints", RUN_CONSTRAINTS_MAX);
    struct run_constraint *grown = realloc(spec->constraint,
        (size_t)(spec->constraint_count + 1) * sizeof *grown);
    if (!grown)
        return no_memory(diag);
    spec->constraint = grown;
    struct run_constraint *constraint = &grown[spec->constraint_count];
    str_copy(constraint->name, sizeof constraint->name, entry->key);
    constraint->line = entry->line;
    constraint->expression = strdup(value->text);
    if (!constraint->expression)
        return no_memory(diag);
    spec->constraint_count++;
    return 0;
}

static int
take_method(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->search = value->number == 0 ? SEARCH_GRID : SEARCH_RANDOM;
    return 0;
}

static int
take_mode(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->mode = (enum run_mode)value->number;
    return 0;
}

/* "P x T": processes of threads. */
static bool
parse_hybrid(const char *text, int64_t *ret_processes, int64_t *ret_threads)
{
    char left[32], right[32];
    const char *by = strchr(text, 'x');
    if (!by || (size_t)(by - text) >= sizeof left || strlen(by + 1) >= sizeof right)
        return false;
    snprintf(left, sizeof left, "%.*s", (int)(by - text), text);
    str_copy(right, sizeof right, by + 1);
    return unit_parse_int(str_trim(left), ret_processes) == 0 &&
        unit_parse_int(str_trim(right), ret_threads) == 0;
}

static int
take_keep_output(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->keep_output = (enum run_keep)value->number;
    return 0;
}

static int
take_keep_directory(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->keep_directory = (enum run_keep)value->number;
    return 0;
}

static int
take_workers(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct shown shown;
    int64_t workers = 0, threads = 1;
    (void)entry;
    if (parse_hybrid(value->text, &workers, &threads) && workers >= 1 && threads >= 1 &&
        threads <= RUN_THREADS_MAX && workers <= RUN_WORKERS_MAX / threads)
        workers *= threads;
    else if (strcmp(value->text, "auto") &&
        (unit_parse_int(value->text, &workers) < 0 || workers < 1 || workers > RUN_WORKERS_MAX))
        return diag_set(diag, ERR_BAD_RANGE,
            "\"%s\" is not a number of workers (allowed: auto, 1 to %d, or processes x threads)",
            show(value->text, &shown), RUN_WORKERS_MAX);
    spec->workers = (int)workers;
    spec->threads = (int)threads;
    return 0;
}

static int
take_keep(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct shown shown;
    int64_t count = 0;
    (void)entry;
    if (strcmp(value->text, "all") != 0 &&
        (!str_starts(value->text, "top:") || unit_parse_int(value->text + 4, &count) < 0 ||
            count < 1 || count > RUN_KEEP_MAX))
        return diag_set(diag, ERR_BAD_RANGE, "\"%s\" is not what can be kept (allowed: all, "
            "top:1 to top:%d)", show(value->text, &shown), RUN_KEEP_MAX);
    spec->keep_top = count;
    return 0;
}

static int
take_io_priority(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_limits *limits = &((struct run_spec *)target)->limits;
    struct shown shown;
    (void)entry;
    if (limits_parse_io(value->text, &limits->io_class, &limits->io_level) < 0)
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is not an I/O priority (allowed: none, idle, best-effort or realtime with or"
            " without /0 to /7)", show(value->text, &shown));
    return 0;
}

static int
take_affinity(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct shown shown;
    (void)entry;
    if (limits_parse_cpus(value->text, ((struct run_spec *)target)->limits.cpus) < 0)
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is not a list of CPUs (allowed: numbers below %d and ranges, such as 0-3,6)",
            show(value->text, &shown), LIMITS_CPUS_MAX);
    return 0;
}

static int
take_entry(void *context, const struct ini_entry *entry, const struct option *option,
    const struct option_value *value, struct diag *diag)
{
    if (!option)
        return 0;
    return walk_store(option, &run_bindings[option - run_options], context, entry, value, diag);
}

/* What a method needs of the space and of the number of trials. */
static int
check_search(struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    const struct ini_entry *trials = ini_find(ini, "search", "trials");
    if (spec->reuse && objective_type_warm(spec->objective))
        return walk_fault(ini, ini_find(ini, "search", "reuse"), diag, ERR_CONFLICT,
            "with objective.type = %s points are drawn where they are evaluated, and are not known"
            " to the server (allowed: no)", objective_type_name(spec->objective));
    if (spec->search == SEARCH_RANDOM) {
        if (trials && spec->trials == 0)
            return walk_fault(ini, trials, diag, ERR_BAD_RANGE,
                "random search needs a number of trials (allowed: 1 or more)");
        if (!trials)
            spec->trials = RANDOM_TRIALS;
        return 0;
    }
    for (int i = 0; i < spec->dimension_count; i++) {
        const struct dimension *dimension = &spec->dimension[i];
        if (dimension->kind == DIMENSION_FLOAT && dimension->step == 0 &&
            dimension->low < dimension->high)
            return walk_fault(ini, ini_find(ini, "space", dimension->name), diag, ERR_CONFLICT,
                "a grid needs a step here (float LOW..HIGH step X), or search.method = random");
    }
    return 0;
}

static int
check_required(const struct ini *ini, struct diag *diag)
{
    for (const struct option *o = run_options; o->section; o++)
        if (o == run_options || strcmp(o[-1].section, o->section)) {
            int r = walk_required(run_options, ini, o->section, diag);
            if (r < 0)
                return r;
        }
    return 0;
}

int
runfile_check(const struct ini *ini, struct run_spec *ret_spec, struct diag *diag)
{
    struct run_spec spec;
    struct diag unseen = { 0 };
    if (!diag)
        diag = &unseen;
    run_spec_init(&spec);
    int r = 0;
    for (const struct option *o = run_options; o->section && r == 0; o++)
        if (o == run_options || strcmp(o[-1].section, o->section))
            r = walk_defaults(run_options, run_bindings, o->section, &spec, diag);
    if (r == 0)
        r = walk_document(run_options, ini, take_entry, &spec, diag);
    if (r == 0)
        r = check_required(ini, diag);
    if (r == 0)
        r = runfile_check_objective(&spec, ini, diag);
    if (r == 0 && (spec.objective == OBJECTIVE_COMMAND || spec.objective == OBJECTIVE_WORKER))
        r = runfile_check_places(&spec, ini, diag);
    if (r == 0)
        r = runfile_check_parallel(&spec, ini, diag);
    if (r == 0)
        r = runfile_check_directory(&spec, ini, diag);
    if (r == 0)
        r = check_search(&spec, ini, diag);
    if (r == 0)
        r = runfile_check_pool(&spec, ini, diag);
    if (r == 0)
        r = runfile_check_limits(&spec, ini, diag);
    if (r == 0)
        r = runfile_check_sink(&spec, ini, diag);
    if (r < 0) {
        run_spec_release(&spec);
        return r;
    }
    *ret_spec = spec;
    return 0;
}

int
runfile_settle(struct ini *ini, int64_t now_wall_ns, struct diag *diag)
{
    const char *start = ini_value(ini, "run", "start");
    char text[32];
    int64_t wall_ns;
    if (!start || clock_parse(start, now_wall_ns, &wall_ns) != 1)
        return 0;
    return ini_set(ini, "run", "start", clock_format_utc(wall_ns, text, sizeof text), diag);
}

/* The section of a key by itself; NULL with a diag when there is none. */
static const char *
section_of(const char *key, struct diag *diag)
{
    const char *section = NULL, *meant = NULL;
    size_t best = SIZE_MAX;
    struct shown shown;
    for (const struct option *o = run_options; o->section; o++) {
        if (!strcmp(o->key, "*"))
            continue;
        if (suggest_closer(key, o->key, &best))
            meant = o->key;
        if (strcmp(o->key, key))
            continue;
        if (!section) /* of two the first: trials are those of the search */
            section = o->section;
    }
    if (!section)
        diag_set(diag, ERR_UNKNOWN_KEY, "\"%s\" is not a key of a run file%s%s%s",
            show(key, &shown), meant ? " (did you mean \"" : " (write section.key=value)",
            meant ? meant : "", meant ? "\"?)" : "");
    return section;
}

int
runfile_parse_assignment(const char *text, struct runfile_assignment *ret_assignment,
    struct diag *diag)
{
    struct runfile_assignment a = { .value = "" };
    char name[RUN_NAME_MAX + DIAG_KEY_MAX];
    struct shown shown;
    struct diag unseen = { 0 };
    const char *equals = strchr(text, '=');
    if (!diag)
        diag = &unseen;
    if (!equals || (size_t)(equals - text) >= sizeof name)
        return diag_set(diag, ERR_SYNTAX, "\"%s\" is not section.key=value", show(text, &shown));
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    char *key = str_trim(name), *dot = strchr(key, '.');
    if (dot)
        *dot = '\0';
    const char *section = dot ? str_trim(key) : *key ? section_of(key, diag) : "";
    if (!section) /* as the key alone says what is wrong with it */
        return diag->code;
    if (!str_copy(a.section, sizeof a.section, section) || !*section ||
        !str_copy(a.key, sizeof a.key, dot ? str_trim(dot + 1) : key))
        return diag_set(diag, ERR_SYNTAX, "\"%s\" is not section.key=value", show(text, &shown));
    a.value = equals + 1;
    *ret_assignment = a;
    return 0;
}

int
runfile_set(struct ini *ini, const char *assignment, struct diag *diag)
{
    struct runfile_assignment a;
    char name[RUN_NAME_MAX + DIAG_KEY_MAX];
    struct shown shown;
    int r = runfile_parse_assignment(assignment, &a, diag);
    if (r < 0)
        return r;
    snprintf(name, sizeof name, "%s.%s", a.section, a.key);
    if (!option_find(run_options, a.section, a.key)) {
        const char *meant = option_suggest(run_options, a.section, a.key);
        diag_at(diag, NULL, 0, show(name, &shown));
        return diag_set(diag, ERR_UNKNOWN_KEY, "unknown key%s%s%s", meant ? " (did you mean \"" : "",
            meant ? meant : "", meant ? "\"?)" : "");
    }
    char *value = strdup(a.value);
    r = value ? ini_set(ini, a.section, a.key, str_trim(value), diag) : no_memory(diag);
    free(value);
    return r;
}
