/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stat/task_lane.h"

static uint64_t
look(const _Atomic uint64_t *cell)
{
    return atomic_load_explicit(cell, memory_order_relaxed);
}

void
task_lane_end(struct task_lane *lane, int64_t duration_ns, bool failed)
{
    uint64_t ns = duration_ns < 0 ? 0 : (uint64_t)duration_ns, least = look(&lane->min_ns);
    task_lane_add(&lane->bucket[histogram_bucket(ns)], 1);
    task_lane_add(&lane->sum_ns, ns);
    if (ns > look(&lane->max_ns))
        atomic_store_explicit(&lane->max_ns, ns, memory_order_relaxed);
    if (!least || ns + 1 < least)
        atomic_store_explicit(&lane->min_ns, ns + 1, memory_order_relaxed);
    if (failed)
        task_lane_add(&lane->failed, 1);
    task_lane_add(&lane->ended, 1);
}

void
task_lane_collect(const struct task_lane *lane, struct task_stat *task)
{
    struct histogram *h = &task->duration;
    uint64_t ended = look(&lane->ended), started = look(&lane->started);
    uint64_t least = look(&lane->min_ns), most = look(&lane->max_ns);
    task->in_progress += started > ended ? started - ended : 0;
    task->failed += look(&lane->failed);
    if (least && (!h->count || (int64_t)(least - 1) < h->min_ns))
        h->min_ns = (int64_t)(least - 1);
    if ((int64_t)most > h->max_ns)
        h->max_ns = (int64_t)most;
    h->sum_ns += look(&lane->sum_ns);
    /* one that ends outside of both in this moment is seen the next time */
    unsigned last = histogram_bucket(most);
    for (unsigned i = histogram_bucket(least ? least - 1 : 0); ended && i <= last; i++) {
        uint64_t count = look(&lane->bucket[i]);
        h->bucket[i] += count;
        h->count += count; /* so that quantiles agree with it */
    }
}
