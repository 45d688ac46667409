/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the runner share. Nobody else includes this.
 */
#ifndef OPTOP_RUN_RUNNER_PRIVATE_H
#define OPTOP_RUN_RUNNER_PRIVATE_H

#include "base/clock.h"
#include "base/str.h"
#include "optop/arena.h"
#include "run/runner.h"

/* A server that is told to stop does not wait for a long grace time. */
#define SHUTDOWN_GRACE_NS (1 * NS_PER_SEC)

/* Nor for ever for processes that cannot be ended (in an uninterruptible wait):
 * the next server sweeps what is left. */
#define SHUTDOWN_MAX_NS (15 * NS_PER_SEC)

struct runner {
    struct runner_options options;
    const struct runner_events *events;
    void *context;
    struct run *runs; /* by id, rising */
    int ended_count; /* ended runs among them */
    struct loop_turn *turn; /* feeds workers and commits at a turn's end */
    struct loop_timer *commit_timer; /* a batch that waits for more */
    struct loop_timer *end_timer; /* grace times, cages not yet empty */
    struct loop_timer *crew_timer; /* a worker could not be started */
    struct loop_timer *retry_timer; /* a retry is due */
    struct loop_timer *count_timer; /* counting of spaces, in slices */
    bool pump_wanted; /* something has changed that may start or feed a run */
    bool commit_due;
    bool gates_due; /* a state has changed, or a run with a gate is new */
    bool starts_pending; /* a queued run waits for its time */
    bool store_failing;
    uint64_t crashes; /* of workers */
    int pending_results; /* of all runs */
    size_t pending_output; /* bytes in them */
    struct optop_arena results; /* what they point at; emptied by the commit */
    struct str text; /* of one point */
    struct optop_cache *seen; /* points whose results are known; owned; NULL: none yet */
    struct task_stat *commit_task;
    struct worker_pool pool;
    struct governor governor;
    int64_t governed_ns; /* monotonic: when it was stepped last; 0: never */
    loop_fn *shutdown_done; /* not NULL: shutting down */
    void *shutdown_context;
    int64_t shutdown_until_ns; /* monotonic */
};

/* queue.c: how many workers each run should have. Pure: fills workers_target
 * and waiting of every run that is queued or running; a queued run with a
 * target above 0 is to be started. auto_slots: what runs with workers = auto
 * may bring the sum of all to (the governor's word). */
void queue_assign(struct run *runs, int slots, int auto_slots);

/* gate.c: sets `gated` and `waiting` of queued runs that wait for other runs
 * or for their time, and pauses those that wait in vain. Looks only when
 * something has changed. */
void gate_step(struct runner *runner);

/* The runs that a run of this number is to wait for must be there and be older
 * (so that none wait for each other). id 0: it is new. */
int gate_check(struct runner *runner, int64_t id, const struct run_spec *spec,
    struct diag *diag);

/* crew.c: the workers of a run. */

/* The value of OPTOP_RUN for its processes. */
void crew_mark(struct runner *runner, int64_t id, char mark[CAGE_MARK_MAX]);

/* Starts a worker; NULL when none can be started now. What passes is tried
 * again within parallel.acquire_timeout; else the run ends. */
struct run_worker *crew_add(struct runner *runner, struct run *run);

/* Threads of those that stay until something changes, and that have trials. */
int crew_kept(const struct run *run);
int crew_busy(const struct run *run);

bool crew_may_feed(const struct run_worker *worker);

/* It ends when it has answered what it was given. */
void crew_finish(struct run_worker *worker);

/* As crew_finish; another one takes its place, and its reason is counted. */
void crew_recycle(struct run_worker *worker, enum pool_reason reason);

/* Asks the cage's cgroups to hold the run's limits: before its first worker
 * starts, and when they have changed (workers that got others are recycled). */
void crew_open_limits(struct run *run);
void crew_change_limits(struct run *run);

/* Forgets all of them. */
void crew_abandon(struct run *run);

/* Before workers are fed: lets go whom a smaller target or a ready successor
 * makes superfluous, and keeps parallel.min of them while there is work. */
void crew_step(struct runner *runner, struct run *run, bool has_work);

/* After: starts the successors of recycled ones. Only when a trial is ready. */
void crew_succeed(struct runner *runner, struct run *run);

/* Once a second: what they have done, and whose time is over. */
void crew_look(struct runner *runner);

/* Sets workers_idle and workers_wait. */
void crew_explain(const struct runner *runner, struct run *run);

/* result.c */

/* What a run will be once its batch is stored. */
struct batch {
    int64_t done, failed;
    int retry_open; /* what it adds to them */
    int cancelled; /* of those that failed: no failures for limits.max_failures */
    int64_t sunk; /* trials for the run's sink */
    const struct run_result *best; /* NULL: the best stays */
};

/* One result: its row, which may take the place of an earlier attempt that
 * failed, what comes next for the trial, and what its log tells. ERR_DUPLICATE
 * when it does not count. */
int result_store(struct runner *runner, const struct run *run, struct run_result *kept,
    struct batch *batch);

/* Within the transaction that stores them: trials that are to go to the run's sink,
 * `count' of them; first 0: its end. Nothing, where it has none. */
int result_sink(struct runner *runner, const struct run *run, int64_t first, int64_t last,
    int attempt, int64_t count);

/* Takes it, and a copy of what it points at, into the batch that is committed
 * next; of what a trial wrote, within what may wait for that. */
void result_keep(struct runner *runner, struct run *run, const struct trial_result *result,
    const double *values);

/* Appends a point as a JSON array. */
void result_write_point(struct str *out, const struct run *run, const double *values);

/* Of a trial that its worker took along. */
struct lost_result {
    struct trial_result result; /* borrows from the others */
    struct captured captured;
    struct str log;
};
void result_lost(const struct run_worker *w, int64_t trial, int attempt, const char *text,
    struct lost_result *ret_lost);
void result_lost_release(struct lost_result *lost);

/* freeze.c: once a second: what has begun after a run was frozen is stopped, too. */
void freeze_step(struct runner *runner);

/* leftovers.c */

/* Path of the shelf (io/shelf.h) of a run's trials; owned. */
char *leftovers_shelf(const struct runner *runner, int64_t run);

/* The run's last worker is gone: what trials have left is seen to on a thread. */
void leftovers_tidy(struct runner *runner, const struct run *run);

/* retry.c: failed trials that are to be done again. */

/* Drops what is in memory; counts what is stored. */
void retry_forget(struct run *run);
int retry_load(struct runner *runner, struct run *run);

/* The next one to hand out now, or NULL; borrowed until the next call. */
struct run_retry *retry_next(struct runner *runner, struct run *run);

/* A result of one that was handed out: its values (borrowed), else NULL. */
const double *retry_answered(struct run *run, const struct trial_result *result);

/* Its worker is gone: the attempt that failed with it, or 0 (it is handed out
 * again, or is none of them). */
int retry_lost(struct run *run, int64_t trial, bool with_worker);

/* Within the transaction of a result: its entry. *ret_open is changed by what
 * that adds or removes. */
int retry_store(struct runner *runner, const struct run *run, struct run_result *kept,
    int *ret_open);

/* The transaction is on disk. values may be NULL. */
void retry_stored(struct run *run, const struct run_result *kept, const double *values);

/* Sets the timer for what is due next. */
void retry_schedule(struct runner *runner);

/* Back into the queue (or on, where it is there), by RESUME or RETRY. */
int runner_go_on(struct runner *runner, struct run *run, enum run_event event,
    struct diag *diag);

/* window.c: entries by their place, 0 the oldest, and by their trial (NULL: it
 * is not there). */
struct window_entry *window_at(const struct run *run, int i);
double *window_values(const struct run *run, int i);
struct window_entry *window_find(const struct run *run, int64_t trial);
/* Room for one more; false at its limit. */
bool window_grow(struct run *run);
/* Lets go of what is stored at its beginning. */
void window_pop_stored(struct run *run);

/* order.c */
/* The time limits of its trials have changed: trials of a command hear of it at
 * once; a worker with a warm objective ends when it has answered what it was
 * given, and one with the spec as it is then takes its place. */
void order_limits(struct run *run);

static inline int64_t
runner_now(const struct runner *runner)
{
    return loop_now(runner->options.loop);
}

/* A run has changed: who shows it is told. */
static inline void
runner_tell(const struct runner *runner, struct run *run)
{
    run->progress = true;
    runner->events->changed(runner->context, run);
}

/* dispatch.c */
extern const struct worker_events dispatch_worker_events; /* context: struct run_worker */
int dispatch_start(struct runner *runner, struct run *run, struct diag *diag);
void dispatch_pump(struct runner *runner);
void dispatch_turn(void *runner); /* loop_fn: once per turn */
int dispatch_log(struct runner *runner, const struct run *run, int64_t trial,
    const char *level, const char *text);

/* Drops the search and its window; the next one goes on from the mark. Only
 * without workers. */
void dispatch_forget_search(struct run *run);

/* commit.c: what all runs have; 0, or the store's error. */
int commit_results(struct runner *runner);
bool commit_any(const struct run *run); /* it has results that are not stored */

/* Notes that the store has refused a write (code), or taken one (0). */
void commit_note_store(struct runner *runner, int code, const struct diag *diag);

/* ending.c */
void ending_begin(struct runner *runner, struct run *run, enum run_event how, const char *reason);
void ending_step(void *runner); /* loop_fn: runs that are ending */
void ending_schedule(struct runner *runner, int64_t delay_ns); /* that step */

/* Writes a run's row and, when it has ended, what is told of it, in one
 * transaction. On failure the state in memory is put back to `before`. */
int runner_store_state(struct runner *runner, struct run *run, enum run_state before,
    struct diag *diag);
void runner_link(struct runner *runner, struct run *run);

/* The run of a request, in memory (loaded from the store where need be). */
int runner_take(struct runner *runner, int64_t id, struct run **ret_run, struct diag *diag);

/* Copies where the run stands into its search: mark, stored trials above it. */
int runner_prepare_search(struct runner *runner, struct run *run, struct diag *diag);

#endif
