/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What one thread counts of one kind of work, read by others while it counts:
 * plain loads and stores that are atomic but not locked. The lanes of a kind
 * are added up to a task_stat.
 */
#ifndef OPTOP_STAT_TASK_LANE_H
#define OPTOP_STAT_TASK_LANE_H

#include <stdatomic.h>

#include "stat/figures.h"

struct task_lane {
    _Atomic uint64_t started, ended, failed;
    _Atomic uint64_t sum_ns, max_ns;
    _Atomic uint64_t min_ns; /* plus 1; 0: none */
    _Atomic uint64_t bucket[HISTOGRAM_BUCKETS];
};

static inline void
task_lane_add(_Atomic uint64_t *cell, uint64_t amount)
{
    atomic_store_explicit(cell, atomic_load_explicit(cell, memory_order_relaxed) + amount,
        memory_order_relaxed);
}

static inline void
task_lane_start(struct task_lane *lane)
{
    task_lane_add(&lane->started, 1);
}

void task_lane_end(struct task_lane *lane, int64_t duration_ns, bool failed);

/* Adds what a lane has counted. in_progress may be behind by what begins and
 * ends meanwhile; the rest is consistent to a few tasks. */
void task_lane_collect(const struct task_lane *lane, struct task_stat *task);

#endif
