/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs that stand still while memory is short. Nothing is lost: a trial of a
 * command is stopped as its user can stop it, and its time stands still; a warm
 * objective ends the few milliseconds of work that it was given.
 */
#include "base/str.h"
#include "run/runner_private.h"

static bool
may_act(const struct run *run)
{
    return run->state == RUN_RUNNING && run->ending == RUN_EVENT_COUNT;
}

static void
stop_trials(const struct runner *runner, struct run *run)
{
    if (run->spec.objective != OBJECTIVE_COMMAND)
        return;
    for (struct run_worker *w = run->workers; w; w = w->next) {
        if (!w->running_trial || w->held_since_ns || w->trial_cancelled)
            continue;
        worker_order(w->worker, WORKER_PAUSE_TRIAL, w->running_trial, 0);
        w->held_since_ns = loop_now(runner->options.loop);
        w->trial_frozen = true;
    }
}

static void
let_trials_go(const struct runner *runner, struct run *run)
{
    for (struct run_worker *w = run->workers; w; w = w->next) {
        if (!w->trial_frozen || !w->running_trial || !w->held_since_ns)
            continue;
        worker_order(w->worker, WORKER_RESUME_TRIAL, w->running_trial, 0);
        w->held_ns += loop_now(runner->options.loop) - w->held_since_ns;
        w->held_since_ns = 0;
        w->trial_frozen = false;
    }
}

static struct run *
find_running(const struct runner *runner, int64_t id)
{
    struct run *run = runner->runs;
    while (run && run->id != id)
        run = run->next;
    return run && may_act(run) ? run : NULL;
}

int
runner_freeze(struct runner *runner, int64_t id, const char *why)
{
    struct run *run = find_running(runner, id);
    if (!run)
        return ERR_BAD_STATE;
    str_copy(run->frozen, sizeof run->frozen, why);
    stop_trials(runner, run);
    run->progress = true;
    dispatch_log(runner, run, 0, "warn", run->frozen);
    runner->events->changed(runner->context, run);
    return 0;
}

void
runner_thaw(struct runner *runner, int64_t id)
{
    struct run *run = find_running(runner, id);
    if (!run || !run->frozen[0])
        return;
    run->frozen[0] = '\0';
    let_trials_go(runner, run);
    run->progress = true;
    dispatch_log(runner, run, 0, "info", "goes on: memory is not short any more");
    runner->pump_wanted = true;
    runner->events->changed(runner->context, run);
}

void
freeze_step(struct runner *runner)
{
    for (struct run *run = runner->runs; run; run = run->next) {
        if (!run->frozen[0])
            continue;
        if (run->state != RUN_RUNNING || run->ending != RUN_EVENT_COUNT) {
            run->frozen[0] = '\0'; /* a pause waits for its trials: they go on */
            let_trials_go(runner, run);
        } else {
            stop_trials(runner, run);
        }
    }
}

const struct run *
runner_least(const struct runner *runner, bool frozen)
{
    const struct run *least = NULL;
    for (const struct run *run = runner->runs; run; run = run->next)
        if (may_act(run) && (run->frozen[0] != '\0') == frozen &&
            (!least || run->spec.priority <= least->spec.priority))
            least = run; /* of equals the one behind is newer */
    return least;
}

const struct run *
runner_most(const struct runner *runner, bool frozen)
{
    const struct run *most = NULL;
    for (const struct run *run = runner->runs; run; run = run->next)
        if (may_act(run) && (run->frozen[0] != '\0') == frozen &&
            (!most || run->spec.priority > most->spec.priority))
            most = run;
    return most;
}
