/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Results on their way to disk: those of all runs in one transaction. They count when
 * it is committed; until then they are kept, and a store that fails is tried again.
 */
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "run/range.h"
#include "run/seen.h"

/* Where the search may go on once everything answered so far is stored. */
static struct search_position
mark_after_commit(struct run *run)
{
    if (run->ranges)
        return ranges_mark(run);
    for (int i = 0; i < run->window_count; i++)
        if (window_at(run, i)->state < WINDOW_RESULT)
            return window_at(run, i)->before;
    return search_position(run->search);
}

/* Of equal scores the lower trial number is the best, as `top` has it. */
static bool
is_new_best(const struct run *run, const struct batch *batch, const struct run_result *kept,
    double best)
{
    int64_t holder = batch->best ? batch->best->result.trial : run->best.trial;
    double score = kept->result.score;
    return run_goal_better(run->spec.goal, score, best) ||
        (!run_goal_better(run->spec.goal, best, score) && kept->result.trial < holder);
}

static int
store_batch(struct runner *runner, struct run *run, struct batch *batch)
{
    double best = run->best.trial ? run->best.score : (double)NAN;
    for (int i = 0; i < run->result_count; i++) {
        struct run_result *kept = &run->results[i];
        int r = result_store(runner, run, kept, batch);
        if (r == ERR_DUPLICATE)
            continue;
        if (r < 0)
            return r;
        if (kept->result.state == TRIAL_FAILED) {
            batch->failed++;
            batch->cancelled += kept->result.cancelled;
            continue;
        }
        batch->done++;
        if (is_new_best(run, batch, kept, best)) {
            best = kept->result.score;
            batch->best = kept;
        }
    }
    if (run->ranges) {
        int r = ranges_store(runner, run, batch);
        if (r < 0)
            return r;
    }
    struct store_run row = run_to_row(run, runner_now(runner));
    struct search_position mark = mark_after_commit(run);
    row.done += batch->done;
    row.failed += batch->failed;
    if (batch->best) {
        row.best_trial = batch->best->result.trial;
        row.best_score = batch->best->result.score;
    }
    row.mark_trial = mark.next_trial;
    row.mark_cursor = mark.cursor;
    return store_run_update(runner->options.store, &row);
}

/* The batch is on disk: now it counts. */
static void
accept_batch(struct runner *runner, struct run *run, const struct batch *batch)
{
    run->done += batch->done;
    run->failed += batch->failed;
    run->failed_before += batch->cancelled;
    run->retry_open += batch->retry_open;
    if (batch->best) {
        run_take_best(run, &batch->best->result, batch->best->params);
        run->best_wall_ns = batch->best->finished_wall_ns;
    }
    run->mark = mark_after_commit(run);
    if (run->spec.sink.place && batch->sunk)
        runner->events->sunk(runner->context, run, batch->sunk);
    for (int i = 0; i < run->result_count; i++) {
        int64_t trial = run->results[i].result.trial;
        struct window_entry *entry = window_find(run, trial);
        if (entry)
            entry->state = WINDOW_STORED;
        const double *values =
            entry ? window_values(run, (int)(trial - window_at(run, 0)->trial)) : NULL;
        retry_stored(run, &run->results[i], values);
        seen_add(runner, run, &run->results[i].result, values);
        if (run->results[i].result.output)
            runner->pending_output -= run->results[i].result.output_len;
    }
    runner->pending_results -= run->result_count;
    if (run->ranges)
        runner->pending_results -= ranges_accept(run);
    run->result_count = 0;
    window_pop_stored(run);
    runner_tell(runner, run);
    int64_t given_up = run->failed - run->retry_open - run->failed_before;
    if (run->spec.max_failures && given_up >= run->spec.max_failures &&
        run->ending == RUN_EVENT_COUNT) {
        char reason[RUN_REASON_MAX];
        snprintf(reason, sizeof reason, "%lld trials failed (limits.max_failures)",
            (long long)given_up);
        ending_begin(runner, run, RUN_EVENT_FAIL, reason);
    }
}

void
commit_note_store(struct runner *runner, int code, const struct diag *diag)
{
    bool failing = code < 0;
    if (!failing && !runner->store_failing)
        return;
    runner->store_failing = failing;
    if (!failing) {
        runner->events->store_state(runner->context, NULL);
        return;
    }
    char text[DIAG_TEXT_MAX + 64];
    snprintf(text, sizeof text, "%s: %s", code == -ENOSPC ? "storage full" : "storage failed",
        diag->text[0] ? diag->text : err_text(code));
    runner->events->store_state(runner->context, text);
}

bool
commit_any(const struct run *run)
{
    return run->result_count || ranges_results(run);
}

int
commit_results(struct runner *runner)
{
    runner->commit_due = false;
    if (!runner->pending_results && !runner->store_failing)
        return 0;
    int64_t started = clock_mono_ns();
    int run_count = 0, i = 0;
    for (const struct run *run = runner->runs; run; run = run->next)
        run_count += commit_any(run);
    struct optop_arena_mark mark = optop_arena_mark(&runner->results);
    struct batch *batches =
        optop_arena_zero(&runner->results, (size_t)run_count + 1, sizeof *batches);
    if (!batches)
        xalloc_die();
    struct diag diag = { 0 };
    task_start(runner->commit_task);
    int r = store_begin(runner->options.store);
    if (r == 0 && !runner->pending_results)
        r = store_probe(runner->options.store); /* an empty commit would tell nothing */
    for (struct run *run = runner->runs; run && r == 0; run = run->next)
        if (commit_any(run))
            r = store_batch(runner, run, &batches[i++]);
    if (r == 0)
        r = store_commit(runner->options.store, &diag);
    else
        store_rollback(runner->options.store);
    task_end(runner->commit_task, clock_mono_ns() - started, r < 0);
    commit_note_store(runner, r, &diag);
    i = 0;
    if (r == 0)
        for (struct run *run = runner->runs; run; run = run->next)
            if (commit_any(run))
                accept_batch(runner, run, &batches[i++]);
    if (r < 0)
        optop_arena_rollback(&runner->results, mark);
    else if (!runner->pending_results)
        optop_arena_reset(&runner->results);
    return r;
}
