/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "optop/cache.h"
#include "run/range.h"
#include "run/runner_private.h"
#include "search/space.h"

enum { SKIP_MAX = 1000000 }; /* stored trials above a mark, at a resume */

static void
on_crew_timer(void *context)
{
    struct runner *runner = context;
    runner->pump_wanted = true;
}

static void
on_retry_timer(void *context)
{
    ((struct runner *)context)->pump_wanted = true;
}

static void
on_commit_timer(void *context)
{
    struct runner *runner = context;
    runner->commit_due = true; /* done at this turn's end */
}

/* A slice: first how many trials there will be, then what they are a part of. */
static int
count_run(struct runner *runner, struct run *run)
{
    int64_t total, feasible;
    int r = search_count(run->search, &total);
    if (r == -EAGAIN)
        return r;
    if (r == 0 && run->total != total) {
        run->total = total;
        run->progress = true;
        runner->events->changed(runner->context, run);
    }
    r = search_feasible(run->search, &feasible);
    if (r < 0)
        return r;
    run->feasible = feasible;
    char line[128], points[40];
    snprintf(line, sizeof line, "%lld feasible points of %s%s", (long long)feasible,
        unit_format_number(space_points(&run->spec), points, sizeof points),
        space_is_exhausted(&run->spec, feasible) ? ": each is evaluated once" : "");
    dispatch_log(runner, run, 0, "info", line);
    return 0;
}

/* Counts spaces, one slice of one run in a turn; also wakes asks that were cut short. */
static void
on_count_timer(void *context)
{
    struct runner *runner = context;
    struct run *run = runner->runs;
    runner->pump_wanted = true;
    while (run && (run->count_settled || !run->search))
        run = run->next;
    if (!run)
        return;
    loop_timer_change(runner->count_timer, NS_PER_MS, 0);
    if (count_run(runner, run) == -EAGAIN)
        return;
    run->count_settled = true;
    if (run->state == RUN_QUEUED && !run->window_count) {
        search_free(run->search); /* some 20 KiB: made anew when its turn comes */
        run->search = NULL;
        ranges_close(run);
    }
    run->progress = true;
    runner->events->changed(runner->context, run);
}

struct runner *
runner_new(const struct runner_options *options, const struct runner_events *events,
    void *context)
{
    struct runner *runner = XNEW(struct runner);
    runner->options = *options;
    runner->events = events;
    runner->context = context;
    optop_arena_init(&runner->results, &(struct optop_arena_options){ .name = "results" });
    str_init(&runner->text);
    worker_pool_init(&runner->pool, "workers");
    runner->commit_task = tasks_add(options->tasks, "commit results");
    runner->turn = loop_turn_start(options->loop, dispatch_turn, runner);
    int64_t never = INT64_MAX / 4;
    runner->commit_timer = loop_timer_start(options->loop, never, 0, on_commit_timer, runner);
    runner->end_timer = loop_timer_start(options->loop, never, 0, ending_step, runner);
    runner->crew_timer = loop_timer_start(options->loop, never, 0, on_crew_timer, runner);
    runner->retry_timer = loop_timer_start(options->loop, never, 0, on_retry_timer, runner);
    runner->count_timer = loop_timer_start(options->loop, never, 0, on_count_timer, runner);
    return runner;
}

void
runner_estimate(struct runner *runner, const struct run_spec *spec, struct estimate *ret_estimate)
{
    if (estimate_read(runner->options.store, spec, runner->options.slots, ret_estimate) < 0)
        *ret_estimate = (struct estimate){ 0 };
}

void
runner_free(struct runner *runner)
{
    if (!runner)
        return;
    loop_turn_stop(runner->turn);
    loop_timer_stop(runner->commit_timer);
    loop_timer_stop(runner->end_timer);
    loop_timer_stop(runner->count_timer);
    loop_timer_stop(runner->crew_timer);
    loop_timer_stop(runner->retry_timer);
    while (runner->runs) {
        struct run *next = runner->runs->next;
        crew_abandon(runner->runs);
        cage_close(runner->runs->cage);
        run_free(runner->runs);
        runner->runs = next;
    }
    optop_arena_release(&runner->results);
    optop_cache_free(runner->seen);
    str_release(&runner->text);
    free(runner);
}

/* Drops the oldest ended runs; what is stored of them stays. */
static void
trim_ended(struct runner *runner)
{
    for (struct run **link = &runner->runs;
         *link && runner->ended_count > RUNNER_KEEP_ENDED;) {
        struct run *run = *link;
        if (run_state_ended(run->state) && run->ending == RUN_EVENT_COUNT) {
            *link = run->next;
            run_free(run);
            runner->ended_count--;
        } else {
            link = &run->next;
        }
    }
}

void
runner_link(struct runner *runner, struct run *run)
{
    struct run **link = &runner->runs;
    while (*link && (*link)->id < run->id)
        link = &(*link)->next;
    run->next = *link;
    *link = run;
    runner->ended_count += run_state_ended(run->state);
}

int
runner_store_state(struct runner *runner, struct run *run, enum run_state before,
    struct diag *diag)
{
    struct store *store = runner->options.store;
    struct store_run row = run_to_row(run, loop_now(runner->options.loop));
    bool ended = run_state_ended(run->state);
    int r = store_begin(store);
    if (r == 0)
        r = store_run_update(store, &row);
    if (r == 0 && run->state != before) {
        char line[RUN_REASON_MAX + 32];
        snprintf(line, sizeof line, "%s%s%s", run_state_name(run->state),
            run->reason[0] ? ": " : "", run->reason);
        r = dispatch_log(runner, run, 0, run->state == RUN_FAILED ? "error" : "info", line);
    }
    if (r == 0 && ended)
        r = result_sink(runner, run, 0, 0, 0, 1);
    if (r == 0 && ended)
        r = runner->events->ended(runner->context, run);
    if (r == 0)
        r = store_commit(store, diag);
    else
        store_rollback(store);
    struct diag unknown = { 0 };
    commit_note_store(runner, r, diag ? diag : &unknown);
    if (r < 0) {
        log_warn("run %lld: state not stored: %s", (long long)run->id, err_text(r));
        run->state = before;
        return r;
    }
    if (ended)
        runner->events->ended_committed(runner->context);
    if (ended && run->spec.sink.place)
        runner->events->sunk(runner->context, run, 1);
    runner->gates_due = true;
    return 0;
}

static int
keep_skip(void *context, const struct store_trial *trial)
{
    struct run *run = context;
    /* the array was made large enough for all rows before */
    run->skip[run->skip_count++] = trial->result->trial;
    return 0;
}

int
runner_prepare_search(struct runner *runner, struct run *run, struct diag *diag)
{
    if (run->search)
        return 0;
    if (!run->spec.dimension_count)
        return diag_set(diag, ERR_STORE, "its run file cannot be read any more");
    if (run->spec.grace_seconds < 0)
        run->spec.grace_seconds = runner->options.grace_seconds;
    int r = search_new(&run->spec, &run->search, diag);
    if (r < 0)
        return r;
    search_seek(run->search, run->mark);
    if (objective_type_warm(run->spec.objective))
        return ranges_open(runner, run, diag);
    int64_t stored = run->done + run->failed;
    if (!stored)
        return 0;
    r = run->failed ? retry_load(runner, run) : 0;
    if (r < 0)
        return r;
    size_t room = stored < SKIP_MAX ? (size_t)stored : SKIP_MAX;
    free(run->skip);
    run->skip = xcalloc(room, sizeof *run->skip);
    run->skip_count = run->skip_next = 0;
    return store_trial_list(runner->options.store, run->id, run->mark.next_trial - 1, (int)room,
        keep_skip, run);
}

/* Steering. */

static struct run *
find_loaded(struct runner *runner, int64_t id)
{
    struct run *run = runner->runs;
    while (run && run->id != id)
        run = run->next;
    return run;
}

static int
take_row(void *context, const struct store_run *row)
{
    struct run **ret_run = context;
    *ret_run = run_from_row(row);
    return 0;
}

const struct run *
runner_find(struct runner *runner, int64_t id, struct run **ret_loaded)
{
    *ret_loaded = NULL;
    struct run *run = find_loaded(runner, id);
    if (run)
        return run;
    if (store_run_get(runner->options.store, id, take_row, ret_loaded) < 0)
        return NULL;
    run_load_best(*ret_loaded, runner->options.store);
    return *ret_loaded;
}

int
runner_take(struct runner *runner, int64_t id, struct run **ret_run, struct diag *diag)
{
    struct run *run = find_loaded(runner, id);
    if (!run && runner_find(runner, id, &run))
        runner_link(runner, run);
    if (!run)
        return diag_set(diag, ERR_NOT_FOUND, "there is no run %lld", (long long)id);
    *ret_run = run;
    return 0;
}

/* The run of a request, able to take the event. */
static int
find_for(struct runner *runner, int64_t id, enum run_event event, const char *verb,
    struct run **ret_run, struct diag *diag)
{
    struct run *run;
    int r = runner_take(runner, id, &run, diag);
    if (r < 0)
        return r;
    if (run_state_next(run->state, event) < 0)
        return diag_set(diag, ERR_BAD_STATE, "run %lld is %s and cannot be %s", (long long)id,
            run_state_name(run->state), verb);
    *ret_run = run;
    return 0;
}

int
runner_cancel(struct runner *runner, int64_t id, const struct run **ret_run, struct diag *diag)
{
    struct run *run;
    int r = find_for(runner, id, RUN_EVENT_CANCEL, "cancelled", &run, diag);
    if (r < 0)
        return r;
    ending_begin(runner, run, RUN_EVENT_CANCEL, "cancelled by its user");
    if (!run->worker_count)
        ending_step(runner); /* nothing to wait for: the answer tells the end */
    *ret_run = run;
    return 0;
}

int
runner_pause(struct runner *runner, int64_t id, const struct run **ret_run, struct diag *diag)
{
    struct run *run;
    int r = find_for(runner, id, RUN_EVENT_PAUSE, "paused", &run, diag);
    if (r < 0)
        return r;
    ending_begin(runner, run, RUN_EVENT_PAUSE, "paused by its user");
    if (!run->worker_count)
        ending_step(runner);
    *ret_run = run;
    return 0;
}

int
runner_go_on(struct runner *runner, struct run *run, enum run_event event, struct diag *diag)
{
    enum run_state before = run->state;
    int r = runner_prepare_search(runner, run, diag);
    if (r < 0)
        return r;
    run->state = (enum run_state)run_state_next(run->state, event);
    if (run->state != before) {
        run->reason[0] = '\0';
        run->start_failures = 0;
        run->failed_before = run->failed;
        run->elapsed_before_ns = run->elapsed_ns;
        r = runner_store_state(runner, run, before, diag);
        if (r < 0)
            return r;
        runner->ended_count -= run_state_ended(before);
    }
    loop_timer_change(runner->count_timer, 0, 0);
    runner->pump_wanted = true;
    run->progress = true;
    runner->events->changed(runner->context, run);
    return 0;
}

int
runner_resume(struct runner *runner, int64_t id, const struct run **ret_run, struct diag *diag)
{
    struct run *run;
    int r = find_for(runner, id, RUN_EVENT_RESUME, "resumed", &run, diag);
    if (r < 0)
        return r;
    if (runner->shutdown_done)
        return diag_set(diag, ERR_BAD_STATE, "the server is stopping");
    if (run->ending != RUN_EVENT_COUNT)
        return diag_set(diag, ERR_BAD_STATE, "run %lld is still ending", (long long)id);
    r = runner_go_on(runner, run, RUN_EVENT_RESUME, diag);
    if (r == 0)
        *ret_run = run;
    return r;
}

struct run *
runner_first(const struct runner *runner)
{
    return runner->runs;
}

void
runner_configure(struct runner *runner, int slots, double grace_seconds,
    const struct governor_options *governor)
{
    runner->options.governor = *governor;
    runner->options.slots = slots;
    runner->options.grace_seconds = grace_seconds;
    runner->pump_wanted = true;
}

/* Cores that a run has used since the last sample: its cgroup's own count, else
 * what its trials used so far, for each that runs now. */
static double
run_cores(struct run *run, double seconds)
{
    int64_t now = run->cage ? cage_cpu_ns(run->cage) : -1, before = run->cpu_ns;
    run->cpu_ns = now > 0 ? now : 0;
    if (now >= before && before > 0 && seconds > 0)
        return ns_to_sec(now - before) / seconds;
    double cores = 0;
    for (const struct run_worker *w = run->workers; w; w = w->next)
        if (w->running_trial && !w->held_since_ns)
            cores += run->trial_cores > 0 ? run->trial_cores : 1;
    return cores;
}

static void
explain_target(struct runner *runner, struct run *run)
{
    bool governed = run->state == RUN_RUNNING && !run->spec.workers;
    const char *reason = governed ? runner->governor.reason : "";
    if (str_equal(reason, run->target_reason))
        return;
    str_copy(run->target_reason, sizeof run->target_reason, reason);
    run->progress = true;
    runner->events->changed(runner->context, run);
}

void
runner_govern(struct runner *runner, const struct governor_figures *machine)
{
    int64_t now = loop_now(runner->options.loop);
    double seconds = runner->governed_ns ? ns_to_sec(now - runner->governed_ns) : 0;
    struct governor_figures figures = *machine;
    figures.slots = runner->options.slots;
    figures.workers = (int)runner->pool.figures.size;
    figures.run_cores = figures.trial_bytes = 0;
    for (struct run *run = runner->runs; run; run = run->next) {
        if (run->state != RUN_RUNNING)
            continue;
        figures.run_cores += run_cores(run, seconds);
        if (!run->spec.workers && run->trial_bytes > figures.trial_bytes)
            figures.trial_bytes = run->trial_bytes;
    }
    runner->governed_ns = now;
    int before = runner->governor.target;
    if (governor_step(&runner->governor, &runner->options.governor, &figures, now) != before)
        runner->pump_wanted = true;
    for (struct run *run = runner->runs; run; run = run->next)
        explain_target(runner, run);
}

void
runner_tick(struct runner *runner)
{
    int64_t now = loop_now(runner->options.loop);
    for (struct run *run = runner->runs; run; run = run->next) {
        if (run->state == RUN_RUNNING)
            pace_step(&run->pace, run->done + run->failed, now);
        double limit = run->spec.run_seconds;
        if (run->state == RUN_RUNNING && limit > 0 &&
            ns_to_sec(run_elapsed_ns(run, now) - run->elapsed_before_ns) >= limit)
            ending_begin(runner, run, RUN_EVENT_FAIL, "its time limit is over (limits.run)");
    }
    crew_look(runner);
    freeze_step(runner);
    if (runner->store_failing)
        runner->commit_due = true;
    trim_ended(runner);
    runner->pump_wanted = true;
    runner->gates_due |= runner->starts_pending;
}

void
runner_shutdown(struct runner *runner, loop_fn *done, void *context)
{
    if (runner->shutdown_done)
        return;
    runner->shutdown_done = done;
    runner->shutdown_context = context;
    int64_t latest = loop_now(runner->options.loop) + SHUTDOWN_GRACE_NS;
    runner->shutdown_until_ns = loop_now(runner->options.loop) + SHUTDOWN_MAX_NS;
    for (struct run *run = runner->runs; run; run = run->next) {
        if (run->state == RUN_RUNNING)
            ending_begin(runner, run, RUN_EVENT_PAUSE, "the server was stopped");
        if (run->kill_at_ns > latest)
            run->kill_at_ns = latest; /* one that was ending in its own time */
    }
    loop_timer_change(runner->end_timer, 0, 0);
}

void
runner_each_worker(const struct runner *runner,
    void (*see)(void *context, const struct runner_worker *worker), void *context)
{
    for (const struct run *run = runner->runs; run; run = run->next)
        for (const struct run_worker *w = run->workers; w; w = w->next) {
            const struct runner_worker worker = { .run = run->id, .number = w->number,
                .pid = (int)worker_pid(w->worker), .trial = w->running_trial,
                .memory_limit_bytes = run->spec.limits.memory_bytes };
            if (worker.pid > 0)
                see(context, &worker);
        }
}

void
runner_release_memory(struct runner *runner)
{
    for (struct run *run = runner->runs; run; run = run->next)
        for (struct run_worker *w = run->workers; w; w = w->next)
            if (!w->finishing)
                worker_release_memory(w->worker);
}

struct pool_figures
runner_pool(const struct runner *runner)
{
    return runner->pool.figures;
}

uint64_t
runner_crashes(const struct runner *runner)
{
    return runner->crashes;
}

/* Takes up what an earlier server left. */

static int
take_open_run(void *context, const struct store_run *row)
{
    struct runner *runner = context;
    runner_link(runner, run_from_row(row));
    return 0;
}

static int
take_ended_run(void *context, const struct store_run *row)
{
    struct runner *runner = context;
    if (run_state_ended(row->state))
        runner_link(runner, run_from_row(row));
    return 0;
}

int
runner_reconcile(struct runner *runner)
{
    char prefix[CAGE_MARK_MAX];
    snprintf(prefix, sizeof prefix, "%u.%llx.", (unsigned)getuid(),
        (unsigned long long)store_id(runner->options.store));
    int ended = cage_sweep_leftovers(prefix);
    if (ended > 0)
        log_warn("ended %d process%s that an earlier server left behind", ended,
            ended == 1 ? "" : "es");
    store_run_open_list(runner->options.store, take_open_run, runner);
    store_run_list(runner->options.store, RUNNER_KEEP_ENDED, take_ended_run, runner);
    int count = 0;
    for (struct run *run = runner->runs; run; run = run->next) {
        run_load_best(run, runner->options.store);
        int paused = run_state_next(run->state, RUN_EVENT_PAUSE);
        if (paused < 0)
            continue;
        enum run_state before = run->state;
        snprintf(run->reason, sizeof run->reason, "the server ended while it %s",
            before == RUN_QUEUED ? "waited" : "ran");
        run->state = (enum run_state)paused;
        runner_store_state(runner, run, before, NULL);
        run->state = (enum run_state)paused; /* not stored: the next server sees it so, too */
        count++;
    }
    return count;
}
