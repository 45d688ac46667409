/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a user orders of one trial that runs: its end, a rest, to go on; and new
 * limits for all that run. The order goes to its worker; what is noted here of
 * the trial lasts until its result.
 */
#include <stdio.h>

#include "run/runner_private.h"

static const struct {
    const char *done, *log;
} words[WORKER_ORDER_COUNT] = {
    [WORKER_CANCEL_TRIAL] = { "cancelled", NULL }, /* its failure tells it */
    [WORKER_PAUSE_TRIAL] = { "paused", "paused by its user" },
    [WORKER_RESUME_TRIAL] = { "resumed", "resumed by its user" },
};

static int
take_trial_state(void *context, const struct store_trial *trial)
{
    *(enum trial_state *)context = trial->result->state;
    return 0;
}

/* Why there is no such trial to be found with a worker. */
static int
tell_missing(struct runner *runner, const struct run *run, int64_t trial, struct diag *diag)
{
    enum trial_state state = TRIAL_DONE;
    int r = store_trial_get(runner->options.store, run->id, trial, take_trial_state, &state);
    const char *why = r == ERR_NOT_FOUND ? "it has not begun"
        : r < 0 ? "it has no result yet" : state == TRIAL_DONE ? "it is done" : "it has failed";
    return diag_set(diag, ERR_BAD_STATE, "trial %lld of run %lld does not run: %s",
        (long long)trial, (long long)run->id, why);
}

static int
find_trial(struct runner *runner, const struct run *run, int64_t trial, enum worker_order order,
    struct run_worker **ret_worker, struct diag *diag)
{
    long long id = (long long)run->id;
    if (run->spec.objective != OBJECTIVE_COMMAND)
        return diag_set(diag, ERR_BAD_STATE,
            "the trials of run %lld are no processes of their own: one alone cannot be %s", id,
            words[order].done);
    if (run->state != RUN_RUNNING)
        return diag_set(diag, ERR_BAD_STATE, "run %lld is %s: none of its trials runs", id,
            run_state_name(run->state));
    /* a pause waits for the trials under way: these can still be steered */
    if ((run->ending != RUN_EVENT_COUNT && run->ending != RUN_EVENT_PAUSE) || runner->shutdown_done)
        return diag_set(diag, ERR_BAD_STATE, "run %lld is ending, and its trials with it", id);
    struct run_worker *w = run->workers;
    while (w && w->running_trial != trial)
        w = w->next;
    if (!w || trial < 1) /* 0: it has none */
        return tell_missing(runner, run, trial, diag);
    *ret_worker = w;
    return 0;
}

static int
check_trial(const struct run_worker *w, enum worker_order order, struct diag *diag)
{
    const char *why = NULL;
    if (order != WORKER_CANCEL_TRIAL && w->trial_cancelled)
        why = "is being cancelled";
    else if (order == WORKER_PAUSE_TRIAL && w->held_since_ns)
        why = "is paused already";
    else if (order == WORKER_RESUME_TRIAL && !w->held_since_ns)
        why = "is not paused";
    return why ? diag_set(diag, ERR_BAD_STATE, "trial %lld of run %lld %s",
                     (long long)w->running_trial, (long long)w->run->id, why)
               : 0;
}

static void
note_order(struct run_worker *w, enum worker_order order, int64_t now_ns)
{
    w->trial_cancelled |= order == WORKER_CANCEL_TRIAL;
    if (order == WORKER_PAUSE_TRIAL) {
        w->held_since_ns = now_ns;
    } else if (w->held_since_ns) {
        w->held_ns += now_ns - w->held_since_ns;
        w->held_since_ns = 0;
    }
}

int
runner_order(struct runner *runner, int64_t id, int64_t trial, enum worker_order order,
    const struct run **ret_run, struct diag *diag)
{
    struct run *run;
    struct run_worker *w = NULL;
    int r = runner_take(runner, id, &run, diag);
    if (r == 0)
        r = find_trial(runner, run, trial, order, &w, diag);
    if (r < 0 || !w)
        return r;
    r = check_trial(w, order, diag);
    if (r < 0)
        return r;
    double grace = run->spec.grace_seconds >= 0 ? run->spec.grace_seconds
                                                : runner->options.grace_seconds;
    worker_order(w->worker, order, trial, grace);
    note_order(w, order, loop_now(runner->options.loop));
    if (words[order].log)
        dispatch_log(runner, run, trial, "info", words[order].log);
    run->progress = true;
    runner->events->changed(runner->context, run);
    *ret_run = run;
    return 0;
}

void
order_limits(struct run *run)
{
    for (struct run_worker *w = run->workers; w; w = w->next) {
        if (run->spec.objective == OBJECTIVE_COMMAND) {
            worker_tell_limits(w->worker);
        } else if (!w->finishing) {
            worker_finish(w->worker);
            w->finishing = true;
        }
    }
}
