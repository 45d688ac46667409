/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whose turn it is. First in, first out: a run with a fixed number of workers
 * starts when that many slots are free (or nothing else runs: it may ask for
 * more than the machine has); `auto` takes what is free, at least one. A higher
 * priority goes before all lower ones. The first run that must wait holds back
 * those behind it, so that none starves; one that waits for other runs or for
 * its time (`gated`) is not in the queue yet.
 */
#include <stdio.h>

#include "run/runner_private.h"

/* Slots that a run keeps from the others. */
static int
held_slots(const struct run *run)
{
    return run->worker_count > run->workers_target ? run->worker_count : run->workers_target;
}

/* What a run could use: no more workers than trials that are left. */
static int
useful_workers(const struct run *run, int wanted)
{
    int64_t left = run->total >= 0 ? run->total - run->done - run->failed : INT64_MAX;
    return left < wanted ? (left > 0 ? (int)left : 1) : wanted;
}

/* Who is not running, or is about to end, gives back what it does not use. */
static int
settle_targets(struct run *runs)
{
    int held = 0;
    for (struct run *run = runs; run; run = run->next) {
        if (run->state != RUN_RUNNING || run->ending != RUN_EVENT_COUNT)
            run->workers_target = 0;
        else if (run->spec.workers)
            run->workers_target = useful_workers(run, run->spec.workers);
        held += held_slots(run);
    }
    return held;
}

/* Gives a queued run its workers, or says why not. */
static bool
assign_queued(struct run *run, int slots, int held, const struct run *blocked)
{
    int free_slots = slots - held;
    int wanted = run->spec.workers ? run->spec.workers : free_slots > 1 ? free_slots : 1;
    if (run->worker_count) {
        snprintf(run->waiting, sizeof run->waiting, "its earlier workers are still finishing");
    } else if (blocked) {
        snprintf(run->waiting, sizeof run->waiting, "run %lld is first in the queue",
            (long long)blocked->id);
    } else if (held && wanted > free_slots) {
        snprintf(run->waiting, sizeof run->waiting,
            "needs %d worker slot%s; %d of %d are in use", wanted, wanted == 1 ? "" : "s", held,
            slots);
    } else {
        run->workers_target = useful_workers(run, wanted);
        run->waiting[0] = '\0';
    }
    return run->workers_target > 0;
}

static bool
takes_part(const struct run *run)
{
    return run->ending == RUN_EVENT_COUNT &&
        (run->state == RUN_RUNNING || (run->state == RUN_QUEUED && !run->gated));
}

/* The highest priority below a level among those that take part; INT64_MIN when
 * there is none. */
static int64_t
next_level(const struct run *runs, int64_t below)
{
    int64_t level = INT64_MIN;
    for (const struct run *run = runs; run; run = run->next)
        if (takes_part(run) && run->spec.priority < below && run->spec.priority > level)
            level = run->spec.priority;
    return level;
}

/* One pass over the runs of a priority; returns the slots that are held then. */
static int
assign_level(struct run *runs, int64_t level, int slots, int held, const struct run **blocked)
{
    for (struct run *run = runs; run; run = run->next) {
        if (run->spec.priority != level || !takes_part(run))
            continue;
        int others = held - held_slots(run);
        if (run->state == RUN_RUNNING && !run->spec.workers)
            run->workers_target = useful_workers(run, slots - others > 1 ? slots - others : 1);
        else if (run->state == RUN_QUEUED && !assign_queued(run, slots, others, *blocked) &&
            !*blocked)
            *blocked = run;
        held = others + held_slots(run);
    }
    return held;
}

void
queue_assign(struct run *runs, int slots)
{
    const struct run *blocked = NULL;
    int held = settle_targets(runs);
    for (int64_t level = INT64_MAX; (level = next_level(runs, level)) != INT64_MIN;)
        held = assign_level(runs, level, slots, held, &blocked);
}
