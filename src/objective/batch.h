/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A batch objective is warm: opened once in a worker, it then scores points by
 * the thousand, from several threads at once when it says that it may. It is
 * the second kind of row beside the blocking one of objective.h; the worker
 * computes the points itself (exec/worker_range.c) and hands them over as
 * arrays, and results go straight to memory that the server reads.
 *
 * To add a type: write obj_TYPE.c with its row, name the row in the table of
 * objective.c, and give model/run.h its id.
 */
#ifndef OPTOP_OBJECTIVE_BATCH_H
#define OPTOP_OBJECTIVE_BATCH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "model/run.h"

enum {
    BATCH_METRICS_MAX = 16,
    BATCH_POINTS_MAX = 1024, /* in one call of evaluate */
};

/* State of a trial in shared memory. Written last: a trial counts once it is
 * not open, whatever happens to the process afterwards. */
enum batch_state { BATCH_OPEN, BATCH_DONE, BATCH_FAILED };

/* Points to be scored, and where their results go. Everything is borrowed. */
struct batch {
    int thread; /* of the caller, from 0 */
    int64_t first_trial; /* point i is trial first_trial + i */
    int count; /* 1 to BATCH_POINTS_MAX; 1 while trials have a time limit */
    int dimensions;
    const double *values; /* count x dimensions; choices as their index */

    double *score;
    _Atomic uint8_t *state;
    double *metric[BATCH_METRICS_MAX]; /* an array for each metric; NaN: not reported */
    _Atomic int64_t *running; /* the trial this thread is at */
    _Atomic int32_t *running_count; /* so many from there on; 0 is 1 */

    /* log: raw bytes of what the trial has left on standard error */
    void (*tell_failure)(void *context, int64_t trial, const char *text, const char *log,
        size_t log_len);
    void (*add_metric)(void *context, int number); /* as metric_names_find has it; may be NULL */
    void *context;
};

/* The three things an evaluation says of point i; a crash between begin and
 * the other two is charged to this trial and to no other. */
static inline void
batch_begin(struct batch *batch, int i)
{
    atomic_store_explicit(batch->running, batch->first_trial + i, memory_order_relaxed);
}

/* The same of several at once, for the whole call or until the next begin. After
 * a crash each of them is tried alone. */
static inline void
batch_begin_some(struct batch *batch, int i, int count)
{
    atomic_store_explicit(batch->running_count, count, memory_order_relaxed);
    atomic_store_explicit(batch->running, batch->first_trial + i, memory_order_relaxed);
}

/* A score that is not finite makes a failed trial: the server sees to that. */
static inline void
batch_done(struct batch *batch, int i, double score)
{
    batch->score[i] = score;
    atomic_store_explicit(&batch->state[i], BATCH_DONE, memory_order_release);
}

/* text is shown to people after cleaning; it is cut at TRIAL_REASON_MAX. Of the
 * log the last TRIAL_LOG_MAX bytes are kept. */
static inline void
batch_fail_log(struct batch *batch, int i, const char *text, const char *log, size_t log_len)
{
    if (batch->tell_failure)
        batch->tell_failure(batch->context, batch->first_trial + i, text, log, log_len);
    atomic_store_explicit(&batch->state[i], BATCH_FAILED, memory_order_release);
}

static inline void
batch_fail(struct batch *batch, int i, const char *text)
{
    batch_fail_log(batch, i, text, "", 0);
}

static inline const double *
batch_point(const struct batch *batch, int i)
{
    return batch->values + (size_t)i * (size_t)batch->dimensions;
}

struct batch_init {
    const struct run_spec *spec; /* borrowed until close */
    const json_t *init; /* the worker's init object (doc/PROTOCOL.md); for the call */
    int threads; /* that would call evaluate side by side */
};

struct batch_objective;
struct metric_names;

struct batch_type_row {
    /* On failure a diag that a person can read. */
    int (*open)(const struct batch_init *init, struct batch_objective **ret_objective,
        struct diag *diag);
    /* Gives each point one state that is not open. Never called with the same
     * `thread` twice at once. A negative code: the worker is of no more use and
     * exits; points that are open are evaluated elsewhere. */
    int (*evaluate)(struct batch_objective *objective, struct batch *batch);
    /* From another thread: calls of evaluate are to return soon, with points
     * left open. NULL: they are short, or cannot be ended but with the process. */
    void (*stop)(struct batch_objective *objective);
    void (*close)(struct batch_objective *objective); /* takes NULL */
};

/* What every type's own struct begins with; filled by open. */
struct batch_objective {
    const struct batch_type_row *type;
    int threads; /* most that may evaluate side by side: 1, or as asked for */
    int metric_count; /* at most BATCH_METRICS_MAX */
    const char *const *metric_names; /* borrowed while open */
    struct metric_names *metrics; /* those that become known late, instead; NULL: none do */
    bool keeps_limit; /* it ends trials that are over their time limit by itself */
    int least_points; /* that are worth a call, when there are so many; 0: one is */
};

#endif
