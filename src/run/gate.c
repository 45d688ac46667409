/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What keeps a queued run from its place in the queue: runs that must be done
 * before it (run.after), and its time (run.start).
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "run/runner_private.h"

/* Runs in memory by number, for many look-ups. */
struct index {
    struct run **run;
    size_t count;
};

static struct index
make_index(const struct runner *runner)
{
    struct index index = { NULL, 0 };
    size_t count = 0;
    for (const struct run *run = runner->runs; run; run = run->next)
        count++;
    index.run = xcalloc(count + 1, sizeof(struct run *));
    for (struct run *run = runner->runs; run; run = run->next)
        index.run[index.count++] = run; /* they stand in order */
    return index;
}

static int
compare_id(const void *key, const void *element)
{
    int64_t id = *(const int64_t *)key, other = (*(struct run *const *)element)->id;
    return id < other ? -1 : id > other;
}

static int
take_state(void *context, const struct store_run *row)
{
    *(enum run_state *)context = row->state;
    return 0;
}

/* A run's state, in memory or on disk (ended ones leave the memory); negative
 * when there is no such run. */
static int
state_of(struct runner *runner, const struct index *index, int64_t id)
{
    enum run_state state = RUN_QUEUED;
    struct run *const *found = index->count == 0 ? NULL
        : bsearch(&id, index->run, index->count, sizeof *index->run, compare_id);
    if (found)
        return (int)(*found)->state;
    int r = store_run_get(runner->options.store, id, take_state, &state);
    return r < 0 ? r : (int)state;
}

/* True while a run must wait for another one; pauses it when that is in vain. */
static bool
waits_for_run(struct runner *runner, struct run *run, const struct index *index)
{
    for (int i = 0; i < run->spec.after_count; i++) {
        long long id = (long long)run->spec.after[i];
        int state = state_of(runner, index, id);
        if (state == RUN_DONE)
            continue;
        if (state >= 0 && !run_state_ended((enum run_state)state)) {
            snprintf(run->waiting, sizeof run->waiting, "waits for run %lld, which is %s", id,
                run_state_name((enum run_state)state));
            return true;
        }
        if (state < 0 && state != ERR_NOT_FOUND)
            return true; /* the store fails: asked again */
        char reason[RUN_REASON_MAX];
        snprintf(reason, sizeof reason,
            "run %lld, which it waits for, %s (`optop set %lld after=' lifts that)", id,
            state < 0 ? "is not there" : state == RUN_FAILED ? "has failed" : "was cancelled",
            (long long)run->id);
        ending_begin(runner, run, RUN_EVENT_PAUSE, reason);
        return true;
    }
    return false;
}

static bool
waits_for_time(struct run *run, int64_t wall_ns)
{
    char text[32];
    if (run->spec.start_wall_ns <= wall_ns)
        return false;
    snprintf(run->waiting, sizeof run->waiting, "starts at %s",
        clock_format_local(run->spec.start_wall_ns, text, sizeof text));
    return true;
}

void
gate_step(struct runner *runner)
{
    bool any = false;
    if (!runner->gates_due)
        return;
    runner->gates_due = runner->starts_pending = false;
    for (struct run *run = runner->runs; run; run = run->next) {
        bool gates = run->state == RUN_QUEUED && run->ending == RUN_EVENT_COUNT &&
            (run->spec.after_count || run->spec.start_wall_ns);
        run->gated = run->gated && gates;
        any |= gates;
    }
    if (!any)
        return;
    struct index index = make_index(runner);
    int64_t now = clock_wall_ns();
    for (struct run *run = runner->runs; run; run = run->next) {
        if (run->state != RUN_QUEUED || run->ending != RUN_EVENT_COUNT)
            continue;
        bool later = waits_for_time(run, now);
        bool gated = waits_for_run(runner, run, &index) || later;
        runner->starts_pending |= later;
        run->progress |= gated != run->gated;
        run->gated = gated;
    }
    free(index.run);
}

int
gate_check(struct runner *runner, int64_t id, const struct run_spec *spec, struct diag *diag)
{
    const struct index none = { NULL, 0 }; /* every run is on disk */
    for (int i = 0; i < spec->after_count; i++) {
        int64_t other = spec->after[i];
        diag_at(diag, NULL, 0, "run.after");
        if (id && other >= id)
            return diag_set(diag, ERR_CONFLICT,
                "run %lld can only wait for runs that were submitted before it", (long long)id);
        if (state_of(runner, &none, other) == ERR_NOT_FOUND)
            return diag_set(diag, ERR_NOT_FOUND, "there is no run %lld", (long long)other);
    }
    if (spec->after_count)
        diag_at(diag, NULL, 0, "");
    return 0;
}
