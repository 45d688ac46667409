/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Joins search, workers and store: accepts runs, starts those whose turn it
 * is, keeps workers fed, stores results in batches and only then counts them,
 * steers, and ends. Loop thread only.
 *
 *   runner.c     what people ask for: submit, cancel, pause, resume, look up
 *   steer.c      changes to a run that was accepted
 *   gate.c       what waits for other runs or for its time
 *   retry.c      failed trials once more
 *   freeze.c     runs that stand still while memory is short
 *   queue.c      whose turn it is and with how many workers (decides only)
 *   dispatch.c   the window of trials, workers, answers
 *   commit.c     results on their way to disk
 *   ending.c     runs that are to end
 *   estimate.c   how long a run will take, by earlier ones
 *   seen.c       points that were evaluated before
 *   leftovers.c  directories that trials have left
 *   reconcile.c  what an earlier server left behind
 */
#ifndef OPTOP_RUN_RUNNER_H
#define OPTOP_RUN_RUNNER_H

#include "run/estimate.h"
#include "run/governor.h"
#include "run/live_run.h"

enum {
    RUNNER_OPEN_MAX = 10000, /* runs that have not ended */
    RUNNER_KEEP_ENDED = 20, /* ended ones kept in memory for the screen */
    RUNNER_BATCH_MAX = 100, /* results per commit, at the least ... */
    RUNNER_BATCH_MS = 50, /* ... or after this time */
    RUNNER_OUTPUT_BATCH = 256 * 1024, /* bytes of trials' output that do not wait ... */
    RUNNER_OUTPUT_MAX = 512 * 1024, /* ... and that are given up while the store fails */
    RUNNER_TEXT_MAX = 256 * 1024, /* bytes of a run file */
};

struct runner;

struct runner_options {
    struct loop *loop;
    struct store *store;
    struct tasks *tasks;
    const char *worker_program;
    const char *state_directory; /* absolute */
    int slots; /* workers of all runs together */
    double grace_seconds; /* for runs that do not say */
    struct governor_options governor;
};

struct runner_events {
    /* A run has changed its state or made progress. */
    void (*changed)(void *context, struct run *run);
    /* Within the transaction that ends a run: add what is to be told of it. A
     * negative answer undoes the transaction; it is tried again. */
    int (*ended)(void *context, const struct run *run);
    /* That transaction is on disk. */
    void (*ended_committed)(void *context);
    /* The store fails (text) or works again (NULL). */
    void (*store_state)(void *context, const char *text);
    /* So many trials (or its end) of a run with a sink are stored, to be sent. */
    void (*sunk)(void *context, const struct run *run, int64_t count);
};

/* Options are copied, what they point to is borrowed. Owned; runner_free. */
struct runner *runner_new(const struct runner_options *options,
    const struct runner_events *events, void *context);

/* What is stored stays. Workers that were not ended by runner_shutdown are
 * left to themselves: they end when their connection closes with the process. */
void runner_free(struct runner *runner);

/* Workers that have crashed since the start. */
uint64_t runner_crashes(const struct runner *runner);

/* Takes up the runs of an earlier server: what was running or queued comes
 * back paused, left-over processes are ended. Returns their number. */
int runner_reconcile(struct runner *runner);

struct runner_request {
    const char *text, *file, *directory;
    const json_t *set; /* array of "section.key=value", or NULL */
    const json_t *environment; /* array of "K=V", or NULL */
    const struct run *like; /* its environment is taken; or NULL */
    bool paused;
};

/* Reads a run file without accepting it: its text with the changes, and what
 * that says; both owned. What is known only after counting or opening, constraints
 * among it, is not checked (server/checks.h). */
int runner_read(const struct runner_request *request, char **ret_text, struct run_spec *ret_spec,
    struct diag *diag);

/* What earlier runs let expect of one; all zero when nothing is known. */
void runner_estimate(struct runner *runner, const struct run_spec *spec, struct estimate *ret_estimate);

/* Accepts a run: it is on disk when this returns 0. */
int runner_submit(struct runner *runner, const struct runner_request *request,
    const struct run **ret_run, struct diag *diag);

/* Accepts a run like another one, whatever became of that: its run file with
 * changes (as in a request), its directory and its environment. */
int runner_clone(struct runner *runner, int64_t id, const json_t *set, bool paused,
    const struct run **ret_run, struct diag *diag);

/* Every failed trial of a run is done again, also of one that has ended. */
int runner_retry(struct runner *runner, int64_t id, const struct run **ret_run,
    struct diag *diag);

int runner_cancel(struct runner *runner, int64_t id, const struct run **ret_run, struct diag *diag);
int runner_pause(struct runner *runner, int64_t id, const struct run **ret_run, struct diag *diag);
int runner_resume(struct runner *runner, int64_t id, const struct run **ret_run, struct diag *diag);

/* The same for one of its trials, which must be running as a process of its own. */
int runner_order(struct runner *runner, int64_t id, int64_t trial, enum worker_order order,
    const struct run **ret_run, struct diag *diag);

/* Changes a run by assignments (array of "section.key=value", or "key=value"):
 * all of them, on disk when this returns 0, or none. What may change depends on
 * whether it runs and has results: the table in steer.c. */
int runner_set(struct runner *runner, int64_t id, const json_t *set, const struct run **ret_run,
    struct diag *diag);

/* A run in memory, or loaded from the store into *ret_loaded (then owned:
 * run_free); NULL when there is none. */
const struct run *runner_find(struct runner *runner, int64_t id, struct run **ret_loaded);

/* Runs in memory, rising ids. The caller may only mark what it has told. */
struct run *runner_first(const struct runner *runner);

/* Slots, default grace time and governor of a changed config. */
void runner_configure(struct runner *runner, int slots, double grace_seconds,
    const struct governor_options *governor);

/* A sample was taken: how many workers may runs with workers = auto have now?
 * Of *machine, slots, workers, run_cores and trial_bytes are filled in here. */
void runner_govern(struct runner *runner, const struct governor_figures *machine);

/* Once a second: rates, limits, retry of a failed commit. */
void runner_tick(struct runner *runner);

/* Ends every worker for good: running runs come back paused. Calls done when
 * the last process is gone. */
void runner_shutdown(struct runner *runner, loop_fn *done, void *context);

/* The worker processes of all runs, one by one. */
struct runner_worker {
    int64_t run;
    int number; /* of its run's, from 1 */
    int pid;
    int64_t trial; /* that it is at; 0: none, or several */
    double memory_limit_bytes; /* of the run; 0: none */
};
void runner_each_worker(const struct runner *runner,
    void (*see)(void *context, const struct runner_worker *worker), void *context);

/* The run whose mark a process carries in its environment; 0: none of this store's.
 * Takes the lock of that process's memory. */
int64_t runner_run_of(struct runner *runner, pid_t pid);

/* Memory is short: a run that runs gets no new trials, and those of a command are
 * stopped, until it is thawed. why: for people. ERR_BAD_STATE when it does not run. */
int runner_freeze(struct runner *runner, int64_t id, const char *why);
void runner_thaw(struct runner *runner, int64_t id);

/* Of the runs that run, are not ending, and are frozen or not, the one of the lowest
 * (highest) priority; of those the newest (oldest). NULL: there is none. */
const struct run *runner_least(const struct runner *runner, bool frozen);
const struct run *runner_most(const struct runner *runner, bool frozen);

/* Memory is short: every worker gives back what it does not need. */
void runner_release_memory(struct runner *runner);

/* The worker processes of all runs as a pool. Borrows from the runner. */
struct pool_figures runner_pool(const struct runner *runner);

#endif
