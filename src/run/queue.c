/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whose turn it is. First in, first out: a run with a fixed number of workers
 * starts when that many slots are free (or nothing else runs: it may ask for
 * more than the machine has), and when it is changed to more while it runs it
 * gets them as slots become free; `auto` takes what is free of the slots that the
 * governor allows, at least parallel.min, at most parallel.max. A higher priority
 * goes before all lower ones.
 * The first run that must wait holds back those behind it, so that none starves;
 * one that waits for other runs or for its time (`gated`) is not in the queue
 * yet.
 */
#include <stdio.h>

#include "run/runner_private.h"

/* Slots that a run keeps from the others. */
static int
held_slots(const struct run *run)
{
    int counted = run->worker_count - run->succeeded_count;
    return counted > run->workers_target ? counted : run->workers_target;
}

/* What a run could use: no more workers than trials that are left. */
static int
useful_workers(const struct run *run, int wanted)
{
    int64_t left = run->total >= 0 ? run->total - run->done - run->failed + run->retry_open
                                    : INT64_MAX;
    return left < wanted ? (left > 0 ? (int)left : 1) : wanted;
}

static int
smaller(int a, int b)
{
    return a < b ? a : b;
}

/* How many workers a run with workers = auto may have of those that are free. */
static int
auto_workers(const struct run *run, int free_slots)
{
    const struct run_pool *pool = &run->spec.pool;
    int64_t least = pool->min > 1 ? pool->min : 1;
    int64_t wanted = pool->max && pool->max < free_slots ? pool->max : free_slots;
    return (int)(wanted < least ? least : wanted);
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
            run->workers_target = smaller(run->workers_target, useful_workers(run, run->spec.workers));
        held += held_slots(run);
    }
    return held;
}

/* A running run that was changed to more workers than it has been given: what
 * is free, unless somebody waits for it who came before. Alone, all. */
static int
grown_target(const struct run *run, int free_slots, bool alone, const struct run *blocked)
{
    int wanted = useful_workers(run, run->spec.workers);
    int room = alone ? wanted : blocked ? 0 : smaller(wanted, free_slots);
    return room > run->workers_target ? room : run->workers_target;
}

/* Gives a queued run its workers, or says why not. */
static bool
assign_queued(struct run *run, int slots, int held, const struct run *blocked)
{
    int free_slots = slots - held;
    int wanted = run->spec.workers ? run->spec.workers : auto_workers(run, free_slots);
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

/* What is there to give, and what has been given of it. */
struct room {
    int slots, auto_slots; /* for runs with a fixed number of workers, and for `auto` */
    int held; /* by the runs so far */
    const struct run *blocked; /* the first that must wait */
};

/* One pass over the runs of a priority. */
static void
assign_level(struct run *runs, int64_t level, struct room *room)
{
    for (struct run *run = runs; run; run = run->next) {
        if (run->spec.priority != level || !takes_part(run))
            continue;
        int others = room->held - held_slots(run);
        int allowed = run->spec.workers || room->slots < room->auto_slots ? room->slots
                                                                          : room->auto_slots;
        if (run->state == RUN_RUNNING && !run->spec.workers)
            run->workers_target = useful_workers(run, auto_workers(run, allowed - others));
        else if (run->state == RUN_RUNNING)
            run->workers_target = grown_target(run, allowed - others, !others, room->blocked);
        else if (run->state == RUN_QUEUED &&
            !assign_queued(run, allowed, others, room->blocked) && !room->blocked)
            room->blocked = run;
        room->held = others + held_slots(run);
    }
}

void
queue_assign(struct run *runs, int slots, int auto_slots)
{
    struct room room = { slots, auto_slots, settle_targets(runs), NULL };
    for (int64_t level = INT64_MAX; (level = next_level(runs, level)) != INT64_MIN;)
        assign_level(runs, level, &room);
}
