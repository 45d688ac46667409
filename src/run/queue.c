/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whose turn it is. First in, first out: a run with a fixed number of workers
 * starts when that many slots are free (or nothing else runs: it may ask for
 * more than the machine has); `auto` takes what is free, at least one. The
 * first run that must wait holds back those behind it, so that none starves.
 */
#include <stdio.h>

#include "run/runner_private.h"

static int
held_slots(const struct run *runs, const struct run *except)
{
    int held = 0;
    for (const struct run *run = runs; run; run = run->next) {
        if (run == except)
            continue;
        int target = run_state_ended(run->state) ? 0 : run->workers_target;
        held += run->worker_count > target ? run->worker_count : target;
    }
    return held;
}

/* What a run could use: no more workers than trials that are left. */
static int
useful_workers(const struct run *run, int wanted)
{
    int64_t left = run->total >= 0 ? run->total - run->done - run->failed : INT64_MAX;
    return left < wanted ? (left > 0 ? (int)left : 1) : wanted;
}

void
queue_assign(struct run *runs, int slots)
{
    const struct run *blocked = NULL;
    for (struct run *run = runs; run; run = run->next) {
        if (run->state == RUN_RUNNING && run->ending == RUN_EVENT_COUNT) {
            if (!run->spec.workers) {
                int free_slots = slots - held_slots(runs, run);
                run->workers_target = useful_workers(run, free_slots > 1 ? free_slots : 1);
            }
            continue;
        }
        if (run->state == RUN_RUNNING)
            continue;
        run->workers_target = 0;
        if (run->state != RUN_QUEUED || run->ending != RUN_EVENT_COUNT)
            continue;
        int held = held_slots(runs, run);
        int free_slots = slots - held;
        int wanted = run->spec.workers ? run->spec.workers : free_slots > 1 ? free_slots : 1;
        if (run->worker_count) {
            snprintf(run->waiting, sizeof run->waiting, "its earlier workers are still finishing");
        } else if (blocked) {
            snprintf(run->waiting, sizeof run->waiting, "run %lld is first in the queue",
                (long long)blocked->id);
        } else if (held && wanted > free_slots) {
            snprintf(run->waiting, sizeof run->waiting,
                "needs %d worker slot%s; %d of %d are in use", wanted, wanted == 1 ? "" : "s",
                held, slots);
        } else {
            run->workers_target = useful_workers(run, wanted);
            run->waiting[0] = '\0';
            continue;
        }
        if (!blocked)
            blocked = run;
    }
}
