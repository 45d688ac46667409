/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>

#include "config/run_rules.h"
#include "config/run_take.h"
#include "config/runfile.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53: whole numbers that a double holds exactly */
#define TRIALS_MAX 1e15
#define SECONDS_MAX (366 * 86400.0)
#define BYTES_MAX 1125899906842624.0 /* 1 PiB */
#define OPEN_FILES_MAX 1048576

#define AT(field) offsetof(struct run_spec, field)

/* To add an option: one row. Rows of a section stand together.
 *
 * X(section, key, TYPE, min, max, choices, default, required, offset, parse, help, example)
 */
#define RUN_TABLE(X)                                                           \
    X("run", "name", CUSTOM, 0, 0, NULL, NULL, true, 0, run_take_name,             \
        "What the run is called: letters, digits, dot, underscore and dash, at most 63", "xz")   \
    X("run", "goal", CHOICE, 0, 0, "minimize|maximize", "minimize", false, 0, run_take_goal,         \
        "Whether a smaller or a larger score is better", NULL)                 \
    X("run", "priority", INT, -100, 100, NULL, "0", false, AT(priority), NULL, \
        "Whose turn is first when runs wait: the higher number, then the older run; what runs"   \
        " already is not stopped for it", NULL)                                \
    X("run", "after", CUSTOM, 0, 0, NULL, NULL, false, 0, run_take_after,          \
        "Numbers of earlier runs, with commas between: this one waits until all of them are done" \
        ", and is paused when one fails or is cancelled", "3, 4")              \
    X("run", "start", CUSTOM, 0, 0, NULL, NULL, false, 0, run_take_start,          \
        "Not to begin before: a date and time, a time of day (the next one), or +DURATION from"  \
        " when it is submitted; with Z at its end in UTC, else in the server's local time",      \
        "2026-11-30 06:00")                                                    \
    X("objective", "type", CHOICE, 0, 0, "command|function|worker|plugin|lua", "command",   \
        false, 0, run_take_type,                                                   \
        "What evaluates a point: a command for each, a standard formula, a program that is"      \
        " started once and answers line by line, a shared object, or a Lua function", NULL)      \
    X("objective", "command", TEXT, 0, 0, NULL, NULL, false, AT(command), NULL,                  \
        "The program and its arguments, split into words as a shell does; {name} is replaced by" \
        " a dimension's or a parameter's value, and {{ and }} are braces. No shell is run. With" \
        " type = worker the program that answers, where {name} is a parameter",                  \
        "gzip -{level} --stdout /usr/share/common-licenses/GPL-3")             \
    X("objective", "score", CUSTOM, 0, 0,                                      \
        "stdout|stdout_bytes|wall_seconds|cpu_seconds|max_rss_bytes|json:FIELD", "stdout", false, \
        0, run_take_score,                                                         \
        "What of a command's trial is its score: the last number printed, a measure of the process, or a"  \
        " field of the last JSON object printed", NULL)                        \
    X("objective", "function", CUSTOM, 0, 0, RUNFILE_FUNCTIONS, NULL, false, AT(function), NULL, \
        "The formula that type = function evaluates: a standard test function of optimization"   \
        " (nothing is 0 everywhere, and measures what a trial costs)", "rastrigin")              \
    X("objective", "shift", BOOL, 0, 0, NULL, "yes", false, AT(shift), NULL,   \
        "Whether a function's minimum is moved off-centre, where no search has it for nothing",  \
        NULL)                                                                  \
    X("objective", "plugin", PATH, 0, 0, NULL, NULL, false, AT(plugin), NULL,  \
        "Shared object with the interface of optop/plugin.h, for type = plugin", "./square.so")  \
    X("objective", "lua", PATH, 0, 0, NULL, NULL, false, AT(lua), NULL,        \
        "File of the Lua function that scores a point, for type = lua", "valley.lua")            \
    X("objective", "data", PATH, 0, 0, NULL, NULL, false, AT(data), NULL,      \
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
    X("objective", "directory", PATH, 0, 0, NULL, NULL, false, AT(directory), NULL,              \
        "Working directory of trials; without it, the one where the run was submitted; with"     \
        " fresh, a new and empty one for each trial, gone after it. A program's relative path is" \
        " still looked up from where the run was submitted", "/tmp")           \
    X("objective", "keep_directory", CHOICE, 0, 0, "never|failed|always", "failed", false, 0,    \
        run_take_keep_directory,                                                   \
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
        run_take_codes, "Exit statuses with which a trial is done; with any other it failed", NULL)  \
    X("environment", "*", TEXT, 0, 0, NULL, NULL, false, 0, run_take_variable,                       \
        "Variables of a trial's environment by name, over those of the command that submitted"   \
        " the run; {name} and {json} as in stdin", "OMP_NUM_THREADS = {threads}")                \
    X("parameters", "*", TEXT, 0, 0, NULL, NULL, false, 0, run_take_parameter,                       \
        "Fixed values by name, for {name} in the command and for constraints",  \
        "file = /usr/share/common-licenses/GPL-3")                             \
    X("space", "*", CUSTOM, 0, 0, NULL, NULL, true, 0, run_take_dimension,         \
        "The dimensions by name: int LOW..HIGH [step N] [log], float LOW..HIGH [step X] [log],"  \
        " choice A, B, C, or bool (false and true)", "level = int 1..9")       \
    X("constraints", "*", TEXT, 0, 0, NULL, NULL, false, 0, run_take_constraint,                     \
        "Lua expressions by name, true where a point is allowed; numbers and bools are what they" \
        " are, choices are strings", "odd = level % 2 == 1")                   \
    X("search", "method", CHOICE, 0, 0, "grid|random", "grid", false, 0, run_take_method,            \
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
        run_take_mode,                                                             \
        "What evaluates trials side by side: worker processes that go on from trial to trial, or" \
        " a fresh one for each trial; of an objective that is no command also one process with a" \
        " thread per worker, or processes of several threads", NULL)           \
    X("parallel", "workers", CUSTOM, 0, 0, "auto|1 to 1024|P x T", "auto", false, 0,             \
        run_take_workers,                                                          \
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
    X("keep", "trials", CUSTOM, 0, 0, "all|top:N", "all", false, 0, run_take_keep, \
        "Which trials are stored: all, or the N best (and how many there were)", NULL) \
    X("keep", "output", CHOICE, 0, 0, "none|failed|all", "all", false, 0, run_take_keep_output,      \
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
        "none|idle|best-effort[/0-7]|realtime[/0-7]", "none", false, 0, run_take_io_priority,        \
        "I/O class and level, 7 last; realtime needs a privilege", NULL)       \
    X("limits", "affinity", CUSTOM, 0, 0, "a list of CPUs, such as 0-3,6", NULL, false, 0,       \
        run_take_affinity, "The CPUs that trials may run on; without it, all", "0-3,6")              \
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
    X("results", "password_file", PATH, 0, 0, NULL, NULL, false, AT(sink.password_file), NULL,   \
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

const struct binding run_bindings[] = {
#define X(s, k, t, lo, hi, c, d, r, offset, parse, h, e) { offset, parse },
    RUN_TABLE(X)
#undef X
};
