/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What pools and tasks publish about themselves: plain data that the status
 * object and the screen show.
 */
#ifndef OPTOP_STAT_FIGURES_H
#define OPTOP_STAT_FIGURES_H

#include <stdbool.h>
#include <stdint.h>

#include "stat/histogram.h"

/* Why a member of a pool was let go before its work was over. To add one: a row. */
#define POOL_REASON_TABLE(X)                                                   \
    X(MAX_TRIALS, "max_trials")                                                \
    X(MAX_AGE, "max_age")                                                      \
    X(MAX_RSS, "max_rss")                                                      \
    X(IDLE, "idle") /* there was nothing to do for it */                       \
    X(CHANGED, "changed") /* what it was started with is no longer so */       \
    X(TIMEOUT, "timeout") /* it was not ready in time */                       \
    X(CRASHED, "crashed")

enum pool_reason {
#define X(id, name) POOL_##id,
    POOL_REASON_TABLE(X)
#undef X
    POOL_REASON_COUNT
};

/* A member is created, is in use and idle in turns, and is retired: size =
 * in_use + idle = created - retired. An acquisition either creates or reuses. */
struct pool_figures {
    const char *name;
    uint64_t size, in_use, idle;
    uint64_t created, reused, retired;
    bool recycles; /* the two below mean something */
    uint64_t recycled[POOL_REASON_COUNT]; /* of the retired ones */
    const struct histogram *acquire; /* from wanted to had; borrowed */
};

/* One kind of work: how often, how many now, how long. */
struct task_stat {
    char name[64];
    uint64_t in_progress;
    uint64_t failed;
    struct histogram duration;
};

static inline void
task_start(struct task_stat *task)
{
    task->in_progress++;
}

static inline void
task_end(struct task_stat *task, int64_t duration_ns, bool failed)
{
    if (task->in_progress)
        task->in_progress--;
    task->failed += failed;
    histogram_add(&task->duration, duration_ns);
}

#endif
