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

/* size = in_use + idle. An acquisition either creates or reuses. */
struct pool_figures {
    const char *name;
    uint64_t size, in_use, idle;
    uint64_t created, reused, discarded;
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
