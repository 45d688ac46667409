/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The methods about what a run is doing now and what went wrong in it: its workers
 * and their last minutes, what its processes use, and its failures by reason.
 */
#include <math.h>

#include "base/clock.h"
#include "run/range.h"
#include "server/call.h"
#include "store/store_run.h"

enum {
    REASONS_USUAL = 20,
    REASONS_MAX = 200,
    FRESH_CPU_MS = 450, /* between two looks at a cage's CPU time */
};

static void
write_lane(struct json_writer *w, const struct lanes *lanes, int lane, const struct run_worker *worker,
    int points, int64_t now_ns)
{
    char past[LANE_POINTS + 1];
    const char *state = !worker ? "none" : !worker->pool.ready ? "starting"
        : worker->held_since_ns ? "paused" : worker_outstanding(worker->worker) ? "busy" : "idle";
    lanes_read(lanes, lane, points, past);
    jw_object(w, NULL);
    jw_string(w, "state", state);
    if (worker) {
        jw_int(w, "worker", worker->number);
        jw_int(w, "pid", worker_pid(worker->worker));
        jw_int(w, "threads", worker->threads);
        jw_bool(w, "finishing", worker->finishing);
        if (worker->running_trial) {
            jw_int(w, "trial", worker->running_trial);
            jw_figure(w, "seconds", ns_to_sec((worker->held_since_ns ? worker->held_since_ns : now_ns) -
                worker->running_since_ns - worker->held_ns));
        }
    }
    jw_string(w, "past", past);
    jw_end(w);
}

static void
write_lanes(struct call *call, const struct run *run)
{
    const struct run_worker *in[LANES_MAX] = { NULL };
    int points = call_limit(call, "points", LANE_POINTS, LANE_POINTS), others = 0;
    for (const struct run_worker *w = run->workers; w; w = w->next)
        if (w->lane >= 0)
            in[w->lane] = w;
        else
            others++;
    jw_array(call->w, "lanes");
    for (int i = 0; run->lanes && i < run->lanes->count; i++)
        write_lane(call->w, run->lanes, i, in[i], points, loop_now(call->server->loop));
    jw_end(call->w);
    jw_int(call->w, "newest", run->lanes ? run->lanes->steps : 0);
    jw_int(call->w, "others", others);
}

/* What its cage has used since the look before, whoever looked; NaN: it has no cgroup,
 * or this is the first look. */
static double
cage_cpu_pct(struct run *run, int64_t now_ns)
{
    struct run_meter *meter = &run->meter;
    if (!run->cage || run->state != RUN_RUNNING)
        return NAN;
    if (meter->at_ns && now_ns - meter->at_ns < FRESH_CPU_MS * NS_PER_MS)
        return meter->cpu_pct;
    int64_t cpu = cage_cpu_ns(run->cage);
    bool known = cpu >= 0 && meter->at_ns && cpu >= meter->cpu_ns &&
        now_ns - meter->at_ns < 10 * NS_PER_SEC;
    meter->cpu_pct = known ? 100.0 * (double)(cpu - meter->cpu_ns) / (double)(now_ns - meter->at_ns) : (double)NAN;
    meter->cpu_ns = cpu;
    meter->at_ns = cpu >= 0 ? now_ns : 0;
    return meter->cpu_pct;
}

static void
write_use(struct call *call, struct run *run)
{
    struct processes_use use = { 0 };
    int r = processes_use(call->server, run->id, &use);
    double cage = cage_cpu_pct(run, clock_mono_ns());
    if (r < 0 || (!use.processes && !run->workers)) {
        jw_null(call->w, "use");
        return;
    }
    jw_object(call->w, "use");
    jw_int(call->w, "processes", use.processes);
    jw_figure(call->w, "cpu_pct", isnan(cage) ? use.cpu_pct : cage);
    jw_string(call->w, "cpu_of", isnan(cage) ? "processes" : "cage");
    jw_figure(call->w, "rss_bytes", use.rss_bytes);
    jw_figure(call->w, "read_bytes", use.read_bytes);
    jw_figure(call->w, "write_bytes", use.write_bytes);
    jw_end(call->w);
}

int
handle_run_workers(struct call *call)
{
    const struct run *run;
    struct run *loaded;
    int r = call_find_run(call, &run, &loaded);
    if (r < 0)
        return r;
    jw_int(call->w, "run", run->id);
    jw_int(call->w, "step_seconds", 1);
    write_lanes(call, run);
    if (loaded || run_state_ended(run->state)) {
        jw_null(call->w, "use"); /* nothing of it runs, whatever was seen a moment ago */
    } else {
        struct run *live = runner_first(call->server->runner);
        while (live != run)
            live = live->next;
        write_use(call, live);
    }
    limit_set_write(call->w, "limits", &run->limits);
    run_free(loaded);
    return 0;
}

static int
list_reason(void *context, const struct store_failure *failure)
{
    struct call *call = context;
    jw_object(call->w, NULL);
    jw_string(call->w, "reason", failure->reason);
    jw_int(call->w, "count", failure->count);
    jw_int(call->w, "first", failure->first);
    jw_int(call->w, "last", failure->last);
    jw_figure(call->w, "time", failure->wall_ns ? ns_to_sec(failure->wall_ns) : (double)NAN);
    jw_end(call->w);
    return 0;
}

/* Beside the loop: it may read a whole run. */
int
handle_run_failures(struct call *call)
{
    const struct run *run;
    struct run *loaded;
    int64_t kinds = 0;
    int r = call_find_run(call, &run, &loaded);
    if (r < 0)
        return r;
    jw_int(call->w, "run", run->id);
    jw_array(call->w, "reasons");
    r = store_trial_failures(call->store, run->id, call_limit(call, "limit", REASONS_USUAL, REASONS_MAX),
        &kinds, list_reason, call);
    jw_end(call->w);
    jw_int(call->w, "kinds", kinds);
    run_free(loaded);
    return r;
}
