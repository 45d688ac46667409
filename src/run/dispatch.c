/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a run whose turn has come to its last answered trial; commit.c stores the
 * results, ending.c sees the run out.
 *
 * Everything is driven by events (a result, a worker's end, an answer of the
 * store); the work itself is done once per turn of the loop, in dispatch_turn:
 * feed the workers first, so that they are busy while the disk writes, then
 * commit what has come in.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "run/range.h"
#include "run/seen.h"

enum {
    CHUNK_MAX = 64, /* keeps cancel and progress prompt */
    START_FAILURES_MAX = 3,
};

/* Trials shorter than this are sent ahead, so that a worker never waits for
 * the server between two of them. */
#define CHUNK_SECONDS 0.02

int
dispatch_log(struct runner *runner, const struct run *run, int64_t trial, const char *level,
    const char *text)
{
    struct store_log line = { .run = run->id, .trial = trial, .wall_ns = clock_wall_ns(),
        .level = level, .text = text };
    int r = store_log_add(runner->options.store, &line);
    if (r < 0)
        log_debug("run %lld: log line not stored: %s", (long long)run->id, err_text(r));
    return r;
}

/* The window. */

static bool
take_skip(struct run *run, int64_t trial)
{
    while (run->skip_next < run->skip_count && run->skip[run->skip_next] < trial)
        run->skip_next++;
    return run->skip_next < run->skip_count && run->skip[run->skip_next] == trial;
}

static void add_result(struct runner *runner, struct run *run, const struct trial_result *result);

/* The newest of the window, if its point has been evaluated before. */
static bool
answer_repeat(struct runner *runner, struct run *run)
{
    int last = run->window_count - 1;
    struct window_entry *entry = window_at(run, last);
    struct trial_result result;
    struct str metrics;
    str_init(&metrics);
    bool seen = seen_find(runner, run, entry->trial, window_values(run, last), &metrics, &result);
    if (seen) {
        entry->state = WINDOW_SENT;
        add_result(runner, run, &result);
    }
    str_release(&metrics);
    return seen;
}

/* Asks the search for one more trial: 1 when there is a new one in the window,
 * 0 when not now or never. */
static int
ask_one(struct runner *runner, struct run *run)
{
    if (run->exhausted || !window_grow(run))
        return 0;
    if (run->spec.reuse && runner->commit_due)
        return 0; /* repeats come without end: it is the disk's turn */
    struct search_position before = search_position(run->search);
    struct diag diag = { 0 };
    int64_t trial;
    int r = search_ask(run->search, &trial, window_values(run, run->window_count), &diag);
    if (r == -EAGAIN) {
        loop_timer_change(runner->count_timer, NS_PER_MS, 0);
        return 0;
    }
    if (r < 0) {
        run->exhausted = true;
        if (r != ERR_EXHAUSTED)
            ending_begin(runner, run, RUN_EVENT_FAIL, diag.text);
        else if (diag.text[0]) /* whether it came to the end, or gave up */
            dispatch_log(runner, run, 0, "info", diag.text);
        return 0;
    }
    bool stored = take_skip(run, trial);
    *window_at(run, run->window_count++) =
        (struct window_entry){ trial, stored ? WINDOW_STORED : WINDOW_READY, before };
    if (stored)
        window_pop_stored(run);
    else if (!run->spec.reuse || !answer_repeat(runner, run))
        run->window_ready++;
    return 1;
}

/* Workers. */

static void
add_result(struct runner *runner, struct run *run, const struct trial_result *result)
{
    struct window_entry *entry = window_find(run, result->trial);
    const double *values;
    if (entry && entry->state == WINDOW_SENT) {
        entry->state = WINDOW_RESULT;
        values = window_values(run, (int)(result->trial - window_at(run, 0)->trial));
    } else if (!(values = retry_answered(run, result))) {
        return; /* answered before, or never given out: the first one counts */
    }
    result_keep(runner, run, result, values);
    runner->pending_results++;
    if (runner->pending_results >= RUNNER_BATCH_MAX ||
        runner->pending_output >= RUNNER_OUTPUT_BATCH)
        runner->commit_due = true;
    else if (runner->pending_results == 1)
        loop_timer_change(runner->commit_timer, RUNNER_BATCH_MS * NS_PER_MS, 0);
    runner->pump_wanted = true;
}

static void
on_started(void *context, struct worker *worker, int64_t trial)
{
    struct run_worker *w = context;
    (void)worker;
    if (w->run->task && !w->running_trial)
        task_start(w->run->task);
    w->running_trial = trial;
    w->running_since_ns = runner_now(w->runner);
    w->held_since_ns = w->held_ns = 0;
    w->trial_cancelled = w->trial_frozen = false;
}

static void
on_ready(void *context, struct worker *worker)
{
    struct run_worker *w = context;
    const struct warm *warm = worker_warm(worker);
    if (warm) { /* an objective may allow fewer than were asked for */
        w->run->worker_count -= w->threads - warm->threads;
        w->threads = warm->threads;
    }
    worker_pool_ready(&w->runner->pool, &w->pool, clock_mono_ns());
    w->runner->pump_wanted = true; /* one that waits for it may go */
}

static void
on_result(void *context, struct worker *worker, const struct trial_result *result)
{
    struct run_worker *w = context;
    struct run *run = w->run;
    if (run->task)
        task_end(run->task, isfinite(result->wall_seconds) ? sec_to_ns(result->wall_seconds) : 0,
            result->state == TRIAL_FAILED); /* what could not start took no time */
    w->running_trial = 0;
    run->start_failures = 0;
    if (isfinite(result->wall_seconds)) {
        run->busy_ns += sec_to_ns(result->wall_seconds);
        w->busy_ns += sec_to_ns(result->wall_seconds);
        run->mean_trial_seconds += (result->wall_seconds - run->mean_trial_seconds) *
            (run->mean_trial_seconds > 0 ? RUN_MEAN_WEIGHT : 1);
    }
    run_note_use(run, result);
    if (result->state == TRIAL_FAILED)
        lanes_fail(run->lanes, w->lane);
    struct trial_result told = *result;
    told.cancelled = w->trial_cancelled && told.state == TRIAL_FAILED;
    w->held_since_ns = 0;
    if (told.signal_number == SIGKILL && told.state == TRIAL_FAILED)
        limit_set_oom(&run->limits, told.reason, sizeof told.reason);
    worker_pool_answer(&w->runner->pool, &w->pool, worker_outstanding(worker), runner_now(w->runner));
    add_result(w->runner, run, &told);
}

static void
on_range_ended(void *context, struct worker *worker, int slot, const json_t *failures)
{
    struct run_worker *w = context;
    (void)worker;
    if (json_array_size(failures))
        lanes_fail(w->run->lanes, w->lane);
    ranges_ended(w->runner, w->run, w, slot, failures);
}

static void
give_elsewhere(struct run *run, int64_t trial)
{
    struct window_entry *entry = window_find(run, trial);
    if (entry && entry->state == WINDOW_SENT) {
        entry->state = WINDOW_READY;
        run->window_ready++;
    } else {
        retry_lost(run, trial, false);
    }
}

static void
on_returned(void *context, struct worker *worker, int64_t trial)
{
    struct run_worker *w = context;
    (void)worker;
    give_elsewhere(w->run, trial);
    w->runner->pump_wanted = true;
}

/* A trial that was running when its worker ended has failed with it. */
static void
fail_lost(const struct run_worker *w, int64_t trial, int attempt, const char *text)
{
    struct lost_result lost;
    result_lost(w, trial, attempt, text, &lost);
    add_result(w->runner, w->run, &lost.result);
    result_lost_release(&lost);
}

static void
on_exited(void *context, struct worker *worker, const int64_t *lost, int lost_count,
    const char *text)
{
    struct run_worker *w = context;
    struct runner *runner = w->runner;
    struct run *run = w->run;
    bool ours = run->ending != RUN_EVENT_COUNT || runner->shutdown_done, cost_trial = false;
    run->worker_ns += (runner_now(runner) - worker_started_ns(worker)) * w->threads;
    run->busy_ns += ranges_busy_ns(w, runner_now(runner));
    lanes_leave(run->lanes, w->lane, run_worker_busy_ns(w, runner_now(runner)));
    if (w->running_trial && run->task)
        task_end(run->task, runner_now(runner) - w->running_since_ns, !ours);
    for (int i = 0; i < lost_count; i++) {
        struct window_entry *entry = window_find(run, lost[i]);
        bool with_worker = lost[i] == w->running_trial && !ours;
        if (!entry || entry->state != WINDOW_SENT) {
            int attempt = retry_lost(run, lost[i], with_worker);
            if (attempt)
                fail_lost(w, lost[i], attempt, text);
            cost_trial |= with_worker;
        } else if (with_worker) {
            fail_lost(w, lost[i], 1, text);
            cost_trial = true;
        } else {
            give_elsewhere(run, lost[i]);
        }
    }
    if (worker_warm(worker)) {
        lost_count = worker_outstanding(worker);
        cost_trial |= ranges_lost(runner, run, w, text);
    }
    if (cost_trial)
        lanes_fail(run->lanes, w->lane);
    if (w->pool.leaving == POOL_TIMEOUT)
        text = "it was not ready in time (parallel.acquire_timeout)";
    if ((lost_count || !w->finishing) && !ours) {
        char line[TRIAL_REASON_MAX + 64];
        snprintf(line, sizeof line, "a worker ended: %s", text);
        dispatch_log(runner, run, 0, "warn", line);
        /* one that took a trial with it is bounded by max_failures and the trials */
        run->start_failures = cost_trial ? 0 : run->start_failures + 1;
        if (w->pool.leaving != POOL_TIMEOUT)
            w->pool.leaving = POOL_CRASHED;
        runner->crashes++;
    }
    worker_pool_retire(&runner->pool, &w->pool);
    struct run_worker **link = &run->workers;
    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    run->succeeded_count -= w->succeeded;
    run->worker_count -= w->threads;
    free(w);
    runner->pump_wanted = true;
    if (run->start_failures >= START_FAILURES_MAX && !ours)
        ending_begin(runner, run, RUN_EVENT_FAIL, text);
    else if (!run->worker_count)
        ending_schedule(runner, 0);
}

const struct worker_events dispatch_worker_events = { on_ready, on_started, on_returned,
    on_result, on_range_ended, on_exited };

static int
wanted_depth(const struct run *run)
{
    double mean = run->mean_trial_seconds;
    if (run->spec.mode == RUN_MODE_ISOLATED || mean <= 0 || mean >= CHUNK_SECONDS)
        return 1;
    double depth = 1 + ceil(CHUNK_SECONDS / mean);
    return depth > CHUNK_MAX ? CHUNK_MAX : (int)depth;
}

/* The next trial to hand out: one that came back from a dead worker, else a
 * new one. Index in the window, or -1. */
static int
next_ready(struct runner *runner, struct run *run)
{
    if (!run->window_ready)
        while (ask_one(runner, run) && !run->window_ready)
            ;
    if (!run->window_ready)
        return -1;
    /* new ones are at the end; only after a worker's death is one elsewhere */
    int last = run->window_count - 1;
    if (run->window_ready == 1 && window_at(run, last)->state == WINDOW_READY)
        return last;
    for (int i = 0; i < run->window_count; i++)
        if (window_at(run, i)->state == WINDOW_READY)
            return i;
    return -1;
}

/* Will there be a trial to hand out, now or later? */
static bool
has_work(const struct run *run)
{
    if (run->ranges)
        return !run->exhausted || ranges_ready(run);
    return !run->exhausted || run->window_ready || run->retry_open;
}

static void
feed_worker(struct runner *runner, struct run *run, struct run_worker *w)
{
    int depth = wanted_depth(run);
    int outstanding = worker_outstanding(w->worker);
    int64_t room = worker_pool_room(&w->pool, &run->spec.pool);
    if (outstanding * 2 > depth || w->held_since_ns)
        return; /* refill in halves: fewer, larger messages */
    struct worker_task tasks[CHUNK_MAX];
    int indexes[CHUNK_MAX], count = 0;
    while (count + outstanding < depth && count < room && run->ending == RUN_EVENT_COUNT) {
        struct run_retry *retry = retry_next(runner, run);
        if (retry) {
            retry->state = WINDOW_SENT;
            tasks[count] = (struct worker_task){ retry->trial, retry->attempt, retry->values };
            indexes[count++] = -1;
            continue;
        }
        int i = next_ready(runner, run);
        if (i < 0)
            break;
        window_at(run, i)->state = WINDOW_SENT;
        run->window_ready--;
        indexes[count++] = i;
    }
    /* asking may have grown the ring and moved the values: look them up now */
    for (int i = 0; i < count; i++)
        if (indexes[i] >= 0)
            tasks[i] = (struct worker_task){ window_at(run, indexes[i])->trial, 1,
            window_values(run, indexes[i]) };
    if (count) {
        worker_send(w->worker, tasks, count);
        worker_pool_give(&runner->pool, &w->pool, count, runner_now(runner), clock_mono_ns());
        if (room <= count)
            crew_recycle(w, POOL_MAX_TRIALS);
    } else if (!outstanding && !has_work(run)) {
        crew_finish(w); /* its slot is free for the next run */
    } else if (!outstanding) {
        w->pool.free_ns = 0; /* it waits for trials, not they for it */
    }
}

static bool
may_feed(const struct runner *runner, const struct run *run)
{
    return run->state == RUN_RUNNING && run->ending == RUN_EVENT_COUNT && !run->frozen[0] &&
        !runner->store_failing && !runner->shutdown_done;
}

/* Is there a trial to hand out now? */
static bool
is_ready(struct runner *runner, struct run *run)
{
    if (run->ranges)
        return !run->exhausted || ranges_ready(run);
    return retry_next(runner, run) || next_ready(runner, run) >= 0;
}

static void
feed(struct runner *runner, struct run *run, struct run_worker *w)
{
    if (!run->ranges)
        feed_worker(runner, run, w);
    else if (!ranges_feed(runner, run, w))
        crew_finish(w); /* its slots are free for the next run */
    else if (worker_pool_room(&w->pool, &run->spec.pool) == 0)
        crew_recycle(w, POOL_MAX_TRIALS);
}

/* Those that have no trial, or those that have some; first the ready ones. One
 * that has none gets something only while fewer are busy than the run may have. */
static void
feed_workers(struct runner *runner, struct run *run, bool idle, int *busy)
{
    for (int ready = 1; ready >= 0; ready--)
        for (struct run_worker *w = run->workers; w && may_feed(runner, run); w = w->next) {
            if (w->pool.ready != ready || !crew_may_feed(w) ||
                (worker_outstanding(w->worker) == 0) != idle ||
                (idle && *busy >= run->workers_target))
                continue;
            feed(runner, run, w);
            *busy += idle && worker_outstanding(w->worker) > 0 ? w->threads : 0;
        }
}

static bool
is_wanted(struct runner *runner, struct run *run)
{
    return may_feed(runner, run) && is_ready(runner, run);
}

/* Idle workers first, then new ones: what one has behind the trial that it is in
 * may have to wait for long. */
static void
feed_run(struct runner *runner, struct run *run)
{
    crew_step(runner, run, has_work(run));
    int busy = crew_busy(run);
    feed_workers(runner, run, true, &busy);
    int kept = crew_kept(run);
    while (kept < run->workers_target && busy < run->workers_target && is_wanted(runner, run)) {
        struct run_worker *w = crew_add(runner, run);
        if (!w)
            break;
        feed(runner, run, w);
        kept += w->threads;
        busy += w->threads;
    }
    feed_workers(runner, run, false, &busy);
    if (is_wanted(runner, run))
        crew_succeed(runner, run);
}

static bool
is_complete(const struct run *run)
{
    return run->state == RUN_RUNNING && run->ending == RUN_EVENT_COUNT && run->exhausted &&
        !run->window_count && !run->result_count && !run->retry_open && ranges_empty(run);
}

static void
finish_complete(struct runner *runner, struct run *run)
{
    run->total = run->done + run->failed;
    if (run->done) {
        ending_begin(runner, run, RUN_EVENT_FINISH, "");
    } else if (run->failed) {
        char reason[RUN_REASON_MAX];
        snprintf(reason, sizeof reason, "every trial failed (%lld); see its log",
            (long long)run->failed);
        ending_begin(runner, run, RUN_EVENT_FAIL, reason);
    } else {
        ending_begin(runner, run, RUN_EVENT_FAIL, "the constraints allow no point of the space");
    }
}

void
dispatch_pump(struct runner *runner)
{
    if (runner->shutdown_done)
        return;
    runner->pump_wanted = false;
    gate_step(runner);
    int slots = runner->options.slots, target = runner->governor.target;
    queue_assign(runner->runs, slots, target ? target : slots);
    struct run *next;
    for (struct run *run = runner->runs; run; run = next) {
        next = run->next;
        struct diag diag = { 0 };
        if (run->state == RUN_QUEUED && run->workers_target > 0 && !runner->store_failing &&
            dispatch_start(runner, run, &diag) < 0)
            ending_begin(runner, run, RUN_EVENT_FAIL, diag.text);
        if (may_feed(runner, run))
            feed_run(runner, run);
        if (is_complete(run))
            finish_complete(runner, run);
        crew_explain(runner, run);
    }
    retry_schedule(runner);
}

void
dispatch_turn(void *context)
{
    struct runner *runner = context;
    if (runner->pump_wanted)
        dispatch_pump(runner);
    if (runner->commit_due && commit_results(runner) == 0)
        dispatch_pump(runner); /* a run may be complete now */
}

/* Starting. */

int
dispatch_start(struct runner *runner, struct run *run, struct diag *diag)
{
    char mark[CAGE_MARK_MAX], line[128];
    enum run_state before = run->state;
    int r = runner_prepare_search(runner, run, diag);
    if (r < 0)
        return r;
    crew_mark(runner, run->id, mark);
    run->cage = cage_open(mark);
    crew_open_limits(run);
    seen_mark(run);
    str_copy(run->cage_name, sizeof run->cage_name, cage_kind_name(cage_kind(run->cage)));
    run->state = (enum run_state)run_state_next(run->state, RUN_EVENT_START);
    run->running_since_ns = runner_now(runner);
    pace_start(&run->pace, run->done + run->failed, runner_now(runner));
    run->start_failing_ns = 0;
    run->reason[0] = '\0';
    if (!run->started_wall_ns)
        run->started_wall_ns = clock_wall_ns();
    run->finished_wall_ns = 0;
    r = runner_store_state(runner, run, before, diag);
    if (r < 0) {
        run->running_since_ns = 0;
        cage_close(run->cage);
        run->cage = NULL;
        return 0; /* tried again when the store works */
    }
    char name[80];
    snprintf(name, sizeof name, "trial %s", run->spec.name);
    if (!run->task)
        run->task = tasks_add(runner->options.tasks, name);
    snprintf(line, sizeof line, "started with %d worker%s (processes held by: %s)",
        run->workers_target, run->workers_target == 1 ? "" : "s", run->cage_name);
    dispatch_log(runner, run, 0, "info", line);
    runner_tell(runner, run);
    return 0;
}

/* A run that is resumed starts anew at its mark. */
void
dispatch_forget_search(struct run *run)
{
    search_free(run->search);
    run->search = NULL;
    run->exhausted = false;
    run->window_head = run->window_count = run->window_ready = run->window_capacity = 0;
    free(run->window);
    free(run->values);
    run->window = NULL;
    run->values = NULL;
    retry_forget(run);
    ranges_close(run);
    run->skip_count = run->skip_next = 0;
}

/* Puts the state that a run has come to on disk, and lets go of its means. */
