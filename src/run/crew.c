/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The workers of a run: started when a trial waits for one (and up to
 * parallel.min before), let go when they have had their time, kept in number.
 *
 * A worker that is too old or too large goes on until its successor is ready; one
 * that may take no more trials finishes what it has while its successor starts.
 * Both are there for that while, but no more of them are busy than the run may
 * have workers. A process of several threads counts as so many.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "io/procmem.h"
#include "io/proctree.h"
#include "run/range.h"
#include "run/runner_private.h"

/* Between attempts to start a worker where the machine has no room for one: twice
 * as long each time, so that a machine at its limit is not kept there. */
#define START_AGAIN_NS (100 * NS_PER_MS)
#define START_AGAIN_MOST_NS NS_PER_SEC

enum { RSS_LOOKS_PER_SECOND = 64 }; /* some ten microseconds each, on the loop */

void
crew_mark(struct runner *runner, int64_t id, char mark[CAGE_MARK_MAX])
{
    snprintf(mark, CAGE_MARK_MAX, "%u.%llx.%lld", (unsigned)getuid(),
        (unsigned long long)store_id(runner->options.store), (long long)id);
}

int64_t
runner_run_of(struct runner *runner, pid_t pid)
{
    char ours[CAGE_MARK_MAX], mark[CAGE_MARK_MAX], *end;
    crew_mark(runner, 0, ours);
    size_t prefix = strlen(ours) - 1; /* up to the number */
    if (proctree_mark(pid, mark, sizeof mark) < 0 || strncmp(mark, ours, prefix) != 0)
        return 0;
    int64_t run = strtoll(mark + prefix, &end, 10);
    return *end || run < 0 ? 0 : run;
}

static int
start_worker(struct runner *runner, struct run *run, struct diag *diag)
{
    char mark[CAGE_MARK_MAX];
    crew_mark(runner, run->id, mark);
    char **environment = run_environment(run);
    int missing = run->workers_target - crew_kept(run);
    int threads = run->ranges ? ranges_threads(run, missing > 1 ? missing : 1) : 1;
    char *shelf = run->spec.fresh_directory ? leftovers_shelf(runner, run->id) : NULL;
    struct worker_options options = {
        .program = runner->options.worker_program,
        .spec = &run->spec,
        .cage = run->cage,
        .limits = &run->limits,
        .mark = mark,
        .directory = run->spec.directory ? run->spec.directory : run->directory,
        .environment = run->environment_len ? environment : environ,
        .text = run->ranges ? run->text : NULL,
        .threads = threads,
        .shelf = shelf,
    };
    struct run_worker *w = XNEW(struct run_worker);
    w->runner = runner;
    w->run = run;
    w->threads = threads;
    int r = worker_start(runner->options.loop, &options, &dispatch_worker_events, w, &w->worker,
        diag);
    free(environment);
    free(shelf);
    if (r < 0) {
        free(w);
        return r;
    }
    w->next = run->workers;
    run->workers = w;
    run->worker_count += threads;
    worker_pool_create(&runner->pool, &w->pool, worker_started_ns(w->worker));
    return 0;
}

/* What may pass is waited for as long as a trial may wait for a worker. */
static void
start_failed(struct runner *runner, struct run *run, int code, const char *text)
{
    int64_t now = loop_now(runner->options.loop);
    double most = run->spec.pool.acquire_seconds;
    bool passes = code == -EAGAIN || code == -ENOMEM || code == -EMFILE || code == -ENFILE;
    if (!run->start_failing_ns) {
        run->start_failing_ns = now;
        run->start_pause_ns = START_AGAIN_NS / 2;
    }
    run->start_pause_ns *= 2;
    if (run->start_pause_ns > START_AGAIN_MOST_NS)
        run->start_pause_ns = START_AGAIN_MOST_NS;
    int64_t left = run->start_failing_ns + sec_to_ns(most) - now;
    if (left > 0 && run->start_pause_ns > left)
        run->start_pause_ns = left;
    run->start_again_ns = now + run->start_pause_ns;
    loop_timer_change(runner->crew_timer, run->start_pause_ns, 0);
    str_copy(run->start_text, sizeof run->start_text, text);
    if (run->worker_count || (passes && !(most > 0 &&
        now - run->start_failing_ns >= sec_to_ns(most))))
        return;
    char reason[RUN_REASON_MAX], seconds[32] = "";
    if (passes)
        unit_format_duration(most, seconds, sizeof seconds);
    snprintf(reason, sizeof reason, "%.159s%s%s%s", text, passes ? ", for " : "", seconds,
        passes ? " (parallel.acquire_timeout)" : "");
    ending_begin(runner, run, RUN_EVENT_FAIL, reason);
}

struct run_worker *
crew_add(struct runner *runner, struct run *run)
{
    struct diag diag = { 0 };
    if (run->start_failing_ns && loop_now(runner->options.loop) < run->start_again_ns)
        return NULL;
    int r = start_worker(runner, run, &diag);
    if (r < 0) {
        start_failed(runner, run, r, diag.text);
        return NULL;
    }
    run->start_failing_ns = 0;
    run->workers->number = ++run->workers_numbered;
    if (!run->lanes)
        run->lanes = XNEW(struct lanes);
    run->workers->lane = lanes_take(run->lanes);
    return run->workers;
}

/* Stays until something changes. */
static bool
is_kept(const struct run_worker *w)
{
    return !w->finishing && w->pool.leaving == POOL_REASON_COUNT;
}

/* Goes as soon as its successor is ready. */
static bool
is_leaving(const struct run_worker *w)
{
    return !w->finishing &&
        (w->pool.leaving == POOL_MAX_AGE || w->pool.leaving == POOL_MAX_RSS);
}

static bool
has_successor(const struct run_worker *w)
{
    return w->pool.leaving <= POOL_MAX_RSS || w->pool.leaving == POOL_CHANGED;
}

bool
crew_may_feed(const struct run_worker *w)
{
    return is_kept(w) || is_leaving(w);
}

int
crew_kept(const struct run *run)
{
    int kept = 0;
    for (const struct run_worker *w = run->workers; w; w = w->next)
        kept += is_kept(w) ? w->threads : 0;
    return kept;
}

int
crew_busy(const struct run *run)
{
    int busy = 0;
    for (const struct run_worker *w = run->workers; w; w = w->next)
        busy += worker_outstanding(w->worker) > 0 ? w->threads : 0;
    return busy;
}

void
crew_finish(struct run_worker *w)
{
    if (!w->finishing)
        worker_finish(w->worker);
    w->finishing = true;
}

void
crew_recycle(struct run_worker *w, enum pool_reason reason)
{
    if (!is_kept(w))
        return;
    w->pool.leaving = reason;
    if (!is_leaving(w))
        crew_finish(w);
    w->runner->pump_wanted = true;
}

/* The cgroups that its limits want; the others are not made. */
static void
find_controls(struct run *run, struct control control[CONTROLS])
{
    for (int i = 0; i < CONTROLS; i++)
        control[i] = limit_wants_control(&run->spec.limits, (enum control_id)i)
            ? cage_control(run->cage, (enum control_id)i) : (struct control){ 0 };
}

void
crew_open_limits(struct run *run)
{
    struct control control[CONTROLS];
    find_controls(run, control);
    limit_set_open(&run->limits, &run->spec.limits, control);
}

void
crew_change_limits(struct run *run)
{
    struct control control[CONTROLS];
    if (!run->cage) {
        run->limits = (struct limit_set){ 0 }; /* asked for when it starts */
        return;
    }
    find_controls(run, control);
    if (!limit_set_change(&run->limits, &run->spec.limits, control))
        return;
    for (struct run_worker *w = run->workers; w; w = w->next)
        crew_recycle(w, POOL_CHANGED);
}

void
crew_abandon(struct run *run)
{
    while (run->workers) {
        struct run_worker *next = run->workers->next;
        worker_abandon(run->workers->worker);
        free(run->workers);
        run->workers = next;
    }
}

/* The target has shrunk: who has nothing to do goes first. */
static void
shrink(struct run *run, int surplus)
{
    for (int busy = 0; busy <= 1; busy++)
        for (struct run_worker *w = run->workers; w && surplus > 0; w = w->next)
            if (is_kept(w) && (worker_outstanding(w->worker) > 0) == busy &&
                w->threads <= surplus) {
                crew_finish(w);
                surplus -= w->threads;
            }
}

/* Lets go who waits for a successor, as many as have one that is ready. */
static void
release(struct run *run, bool has_work)
{
    int there = -run->workers_target;
    for (const struct run_worker *w = run->workers; w; w = w->next)
        there += is_leaving(w) || (is_kept(w) && w->pool.ready) ? w->threads : 0;
    for (struct run_worker *w = run->workers; w; w = w->next)
        if (is_leaving(w) && (there >= w->threads || !has_work)) {
            crew_finish(w);
            there -= w->threads;
        }
}

void
crew_step(struct runner *runner, struct run *run, bool has_work)
{
    int kept = crew_kept(run), floor = run->workers_target;
    if (run->spec.pool.min < floor)
        floor = (int)run->spec.pool.min;
    if (kept > run->workers_target)
        shrink(run, kept - run->workers_target);
    release(run, has_work);
    while (kept < floor && has_work) {
        const struct run_worker *w = crew_add(runner, run);
        if (!w)
            break;
        kept += w->threads;
    }
}

void
crew_succeed(struct runner *runner, struct run *run)
{
    int kept = crew_kept(run);
    for (struct run_worker *w = run->workers; w && kept < run->workers_target; w = w->next) {
        if (w->succeeded || !has_successor(w))
            continue;
        const struct run_worker *successor = crew_add(runner, run);
        if (!successor)
            return;
        w->succeeded = w->threads;
        run->succeeded_count += w->threads;
        kept += successor->threads;
    }
}

/* Its memory, looked at each second, or less often where there are many. */
static int64_t
look_at_rss(struct run_worker *w, int64_t now_ns, int *budget)
{
    int64_t pace = NS_PER_SEC * (1 + w->run->worker_count / RSS_LOOKS_PER_SECOND);
    if (!w->run->spec.pool.max_rss_bytes || *budget <= 0 || now_ns - w->rss_ns < pace)
        return -1;
    w->rss_ns = now_ns;
    --*budget;
    return procmem_tree_rss(worker_pid(w->worker));
}

static void
look_at_run(struct run *run, int64_t now_ns, int *budget)
{
    int kept = crew_kept(run);
    for (struct run_worker *w = run->workers; w; w = w->next) {
        if (!is_kept(w))
            continue;
        enum pool_reason reason = worker_pool_due(&w->pool, &run->spec.pool,
            look_at_rss(w, now_ns, budget), kept - w->threads >= run->spec.pool.min, now_ns);
        if (reason == POOL_REASON_COUNT)
            continue;
        kept -= w->threads;
        if (reason == POOL_TIMEOUT) {
            w->pool.leaving = reason;
            worker_kill(w->worker);
        } else {
            crew_recycle(w, reason);
        }
    }
}

static void
step_lanes(struct run *run, int64_t now_ns)
{
    for (const struct run_worker *w = run->workers; w; w = w->next)
        lanes_see(run->lanes, w->lane, run_worker_busy_ns(w, now_ns), w->threads,
            !w->pool.ready ? LANE_STARTING : w->held_since_ns ? LANE_HELD : 0);
    lanes_step(run->lanes, now_ns);
}

void
crew_look(struct runner *runner)
{
    int64_t now = loop_now(runner->options.loop);
    int budget = RSS_LOOKS_PER_SECOND;
    for (struct run *run = runner->runs; run; run = run->next) {
        if (run->state == RUN_RUNNING && run->lanes)
            step_lanes(run, now);
        if (run->state == RUN_RUNNING && run->ending == RUN_EVENT_COUNT)
            look_at_run(run, now, &budget);
    }
}

void
crew_explain(const struct runner *runner, struct run *run)
{
    int idle = 0;
    for (const struct run_worker *w = run->workers; w; w = w->next)
        idle += !w->finishing && w->pool.ready && w->pool.idle_since_ns ? w->threads : 0;
    const char *why = "";
    if (run->start_failing_ns && run->state == RUN_RUNNING)
        why = run->start_text;
    else if (!idle)
        why = "";
    else if (run->ending != RUN_EVENT_COUNT)
        why = run->ending == RUN_EVENT_PAUSE ? "paused" : "the run is ending";
    else if (runner->store_failing)
        why = "the store is failing";
    else if (crew_busy(run) >= run->workers_target)
        why = "the run is at its worker target";
    else
        why = "no trial is ready";
    run->progress |= idle != run->workers_idle || !str_equal(why, run->workers_wait);
    run->workers_idle = idle;
    str_copy(run->workers_wait, sizeof run->workers_wait, why);
}
