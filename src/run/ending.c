/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs that are to end: their workers are given their grace, what is left of their
 * processes is killed, and when nobody is left the end is stored.
 */
#include <malloc.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "run/range.h"

enum {
    KILL_RETRY_MS = 10, /* between looks at a cage that is being emptied ... */
    KILLS_MAX = 50, /* ... this often; then each second: a look takes the loop's time */
};

void
ending_schedule(struct runner *runner, int64_t delay_ns)
{
    loop_timer_change(runner->end_timer, delay_ns, 0);
}

void
ending_begin(struct runner *runner, struct run *run, enum run_event how, const char *reason)
{
    /* a pause that drains may still be overtaken */
    bool pausing = run->ending == RUN_EVENT_PAUSE &&
        (how != RUN_EVENT_PAUSE || runner->shutdown_done);
    if ((run->ending != RUN_EVENT_COUNT && !pausing) || run_state_ended(run->state))
        return;
    run->ending = how;
    run->kills = 0;
    str_copy(run->reason, sizeof run->reason, reason);
    /* a pause lets the trials under way finish: nobody's work is lost */
    bool drain = how == RUN_EVENT_PAUSE && !runner->shutdown_done;
    double grace = run->spec.grace_seconds >= 0 ? run->spec.grace_seconds
                                                : runner->options.grace_seconds;
    if (runner->shutdown_done && grace > ns_to_sec(SHUTDOWN_GRACE_NS))
        grace = ns_to_sec(SHUTDOWN_GRACE_NS);
    run->kill_at_ns = drain ? INT64_MAX : runner_now(runner) + sec_to_ns(grace);
    for (struct run_worker *w = run->workers; w; w = w->next) {
        if (drain)
            crew_finish(w);
        else
            worker_cancel(w->worker, grace);
    }
    runner_tell(runner, run);
    ending_schedule(runner, 0);
}

static bool
complete_end(struct runner *runner, struct run *run)
{
    enum run_state before = run->state;
    struct diag diag = { 0 };
    if (commit_any(run) && commit_results(runner) < 0)
        return false; /* results first; tried again */
    run->state = (enum run_state)run_state_next(run->state, run->ending);
    run->elapsed_ns = run_elapsed_ns(run, runner_now(runner));
    run->running_since_ns = 0;
    if (run_state_ended(run->state))
        run->finished_wall_ns = clock_wall_ns();
    if (runner_store_state(runner, run, before, &diag) < 0)
        return false;
    leftovers_tidy(runner, run);
    store_release_memory(runner->options.store); /* who waits for nothing needs little */
    malloc_trim(0); /* what large answers took: the heap does not shrink by itself */
    run->ending = RUN_EVENT_COUNT;
    run->workers_target = 0;
    if (run_state_ended(run->state)) {
        runner->ended_count++;
        tasks_remove(runner->options.tasks, run->task);
        run->task = NULL;
        dispatch_forget_search(run);
    }
    runner_tell(runner, run);
    runner->pump_wanted = true;
    return true;
}

/* One look at a run that is ending. */
static void
step_end(struct runner *runner, struct run *run)
{
    bool late = runner_now(runner) >= run->kill_at_ns;
    if (late && run->worker_count) {
        run->kills++;
        cage_kill(run->cage);
        for (struct run_worker *w = run->workers; w; w = w->next)
            worker_kill(w->worker);
    }
    if (run->worker_count)
        return;
    if (run->cage && cage_populated(run->cage)) {
        run->kills++;
        cage_kill(run->cage); /* its workers are gone: what still lives was left behind */
        return;
    }
    cage_close(run->cage);
    run->cage = NULL;
    if (!complete_end(runner, run) && runner->shutdown_done)
        run->ending = RUN_EVENT_COUNT; /* the next server finds it running, and pauses it */
}

static void
check_shutdown(struct runner *runner)
{
    if (!runner->shutdown_done)
        return;
    bool late = runner_now(runner) >= runner->shutdown_until_ns;
    for (const struct run *run = runner->runs; run; run = run->next) {
        if (run->ending == RUN_EVENT_COUNT && !run->worker_count)
            continue;
        if (!late)
            return;
        log_error("run %lld: some of its processes could not be ended", (long long)run->id);
    }
    runner->shutdown_done(runner->shutdown_context);
}

void
ending_step(void *context)
{
    struct runner *runner = context;
    int64_t next_ns = INT64_MAX, now = runner_now(runner);
    for (struct run *run = runner->runs; run; run = run->next)
        if (run->ending != RUN_EVENT_COUNT)
            step_end(runner, run);
    /* a step may have made another run end: look at all of them anew */
    for (const struct run *run = runner->runs; run; run = run->next) {
        if (run->ending == RUN_EVENT_COUNT)
            continue;
        bool waiting = run->worker_count && now < run->kill_at_ns;
        bool slow = runner->store_failing || run->kills > KILLS_MAX;
        int64_t retry_ns = slow ? NS_PER_SEC : KILL_RETRY_MS * NS_PER_MS;
        int64_t at = waiting ? run->kill_at_ns : now + retry_ns;
        next_ns = at < next_ns ? at : next_ns;
    }
    if (next_ns != INT64_MAX)
        ending_schedule(runner, next_ns - now);
    check_shutdown(runner);
}
