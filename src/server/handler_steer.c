/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The methods that steer runs which were accepted, and single trials of them.
 */
#include "server/call.h"

static int
steer(struct call *call,
    int (*fn)(struct runner *, int64_t, const struct run **, struct diag *))
{
    int64_t id = json_get_int(call->params, "run", -1);
    const struct run *run;
    if (id < 0)
        return call_need(call, "run");
    int r = fn(call->server->runner, id, &run, call->diag);
    if (r == 0)
        call_put_run(call, run, false);
    return r;
}

/* The whole run, or with `trial` that one alone. */
static int
steer_trial(struct call *call, enum worker_order order,
    int (*fn)(struct runner *, int64_t, const struct run **, struct diag *))
{
    const json_t *trial = json_object_get(call->params, "trial");
    int64_t id = json_get_int(call->params, "run", -1);
    const struct run *run;
    if (!trial || json_is_null(trial) || id < 0)
        return steer(call, fn);
    if (!json_is_integer(trial))
        return diag_set(call->diag, ERR_BAD_TYPE, "trial: not a whole number");
    int r = runner_order(call->server->runner, id, json_integer_value(trial), order, &run,
        call->diag);
    if (r == 0)
        call_put_run(call, run, false);
    return r;
}

int
handle_run_cancel(struct call *call)
{
    return steer_trial(call, WORKER_CANCEL_TRIAL, runner_cancel);
}

int
handle_run_pause(struct call *call)
{
    return steer_trial(call, WORKER_PAUSE_TRIAL, runner_pause);
}

int
handle_run_resume(struct call *call)
{
    return steer_trial(call, WORKER_RESUME_TRIAL, runner_resume);
}

int
handle_run_retry(struct call *call)
{
    return steer(call, runner_retry);
}

int
handle_run_clone(struct call *call)
{
    int64_t id = json_get_int(call->params, "run", -1);
    const json_t *set = json_object_get(call->params, "set");
    const struct run *run;
    if (id < 0)
        return call_need(call, "run");
    int r = runner_clone(call->server->runner, id, set, json_get_bool(call->params, "paused", false),
        &run, call->diag);
    if (r == 0)
        call_put_run(call, run, false);
    return r;
}

int
handle_run_set(struct call *call)
{
    int64_t id = json_get_int(call->params, "run", -1);
    const json_t *set = json_object_get(call->params, "set");
    const struct run *run;
    if (id < 0)
        return call_need(call, "run");
    if (!json_is_array(set))
        return call_need(call, "set");
    int r = runner_set(call->server->runner, id, set, &run, call->diag);
    if (r == 0)
        call_put_run(call, run, false);
    return r;
}
