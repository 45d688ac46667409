/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Results on their way from a block into the store. A block is a worker's
 * memory: each figure is read once, checked, and copied. Points are computed
 * here again, so that what is stored is what the search says, whatever a worker
 * has done to itself.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "exec/worker_msg.h"
#include "run/range_result.h"

enum {
    FAILURES_MANY = 64, /* rows of one range; then ranges are kept small */
    FAILURE_ROWS_MAX = 1000, /* of a run that keeps the best alone; more are counted only */
    PENDING_BYTES_MAX = 4 * 1024 * 1024, /* results in memory before a commit */
};

void
range_free(struct range *range)
{
    if (!range)
        return;
    free(range->cursors);
    free(range->values);
    free((void *)(uintptr_t)range->block.score);
    free((void *)(uintptr_t)range->block.wall_seconds);
    free((void *)(uintptr_t)range->block.values);
    for (int m = 0; m < range->block.metric_count; m++) {
        free((void *)(uintptr_t)range->metric_names[m]);
        free(range->metrics[m]);
    }
    free(range);
}

/* Points. */

/* `count` points from the i-th on. Without constraints a position is all there
 * is of a search. */
static void
range_points(struct run *run, const struct range *range, int i, int count, double *values)
{
    size_t dimensions = (size_t)run->spec.dimension_count;
    struct search_position stood = search_position(run->search);
    int64_t trial;
    search_seek(run->search, (struct search_position){ range->first + i, range->cursor + i });
    for (int k = 0; k < count; k++, values += dimensions)
        if (search_ask(run->search, &trial, values, NULL) < 0)
            for (size_t d = 0; d < dimensions; d++)
                values[d] = NAN;
    search_seek(run->search, stood);
}

void
range_point(struct run *run, const struct range *range, int i, double *values)
{
    size_t dimensions = (size_t)run->spec.dimension_count;
    if (range->values)
        memcpy(values, range->values + (size_t)i * dimensions, dimensions * sizeof *values);
    else
        range_points(run, range, i, 1, values);
}

static char *
point_text(const struct run *run, const double *values)
{
    struct str text;
    str_init(&text);
    result_write_point(&text, run, values);
    return str_detach(&text);
}

/* Failures. */

static void
keep_failure(struct runner *runner, struct run *run, const struct range *range,
    const struct trial_result *result)
{
    double values[RUN_DIMENSIONS_MAX];
    range_point(run, range, (int)(result->trial - range->first), values);
    result_keep(runner, run, result, values);
}

static struct trial_result
failed_result(int64_t trial, double wall_seconds)
{
    return (struct trial_result){ .trial = trial, .attempt = 1, .state = TRIAL_FAILED,
        .score = NAN, .wall_seconds = wall_seconds, .cpu_seconds = NAN, .max_rss_bytes = NAN,
        .stdout_bytes = NAN, .exit_code = -1 };
}

/* What the objective said of a failed trial: the reason, and an owned log. */
static void
find_reason(const json_t *failures, struct trial_result *result)
{
    size_t i;
    json_t *item;
    struct str log;
    str_copy(result->reason, sizeof result->reason, "the objective gave no reason");
    json_array_foreach(failures, i, item) {
        const char *text = json_string_value(json_array_get(item, 1));
        const char *raw = json_string_value(json_array_get(item, 2));
        if (json_integer_value(json_array_get(item, 0)) != result->trial || !text)
            continue;
        text_clean(text, result->reason, sizeof result->reason);
        str_init(&log);
        worker_msg_clean_log(raw ?: "", strlen(raw ?: ""), &log);
        result->log = log.len ? str_detach(&log) : NULL;
        str_release(&log);
        return;
    }
}

static void
fail_trial(struct runner *runner, struct run *run, struct range *range, int i,
    const struct range_source *source, bool not_finite)
{
    if (run->ranges->best.limit && run->failed + run->result_count >= FAILURE_ROWS_MAX) {
        range->failed++;
        return;
    }
    struct trial_result result = failed_result(range->first + i, NAN);
    if (not_finite)
        str_copy(result.reason, sizeof result.reason, "score is not finite");
    else
        find_reason(source->failures, &result);
    keep_failure(runner, run, range, &result);
    free(result.log);
}

/* Results. */

/* The metrics of one trial as its row has them; NULL: none. Owned. */
static char *
metrics_text(const struct range_source *source, int at)
{
    const struct warm *warm = source->warm;
    struct json_writer w;
    struct str text;
    bool any = false;
    str_init(&text);
    jw_init(&w, &text);
    jw_object(&w, NULL);
    for (int m = 0; m < warm->metric_count; m++) {
        double value = warm->block->slot[source->slot].metric[m][at];
        if (isfinite(value))
            jw_number(&w, warm->metric_name[m], value);
        any |= isfinite(value);
    }
    jw_end(&w);
    if (any)
        return str_detach(&text);
    str_release(&text);
    return NULL;
}

static double
wall_of(const struct range_source *source, int i)
{
    float wall = source->warm->block->slot[source->slot].wall_seconds[source->at + i];
    return source->whole && isfinite(wall) && wall >= 0 ? (double)wall : (double)NAN;
}

/* The best of the trials that wait for their commit, in full. */
static void
crown(struct run *run, const struct range *range, const struct range_source *source, int i,
    double score)
{
    double values[RUN_DIMENSIONS_MAX];
    struct run_result *champion = &run->ranges->champion;
    range_point(run, range, i, values);
    free(champion->params);
    free(champion->result.metrics);
    champion->params = point_text(run, values);
    champion->result = failed_result(range->first + i, wall_of(source, i));
    champion->result.state = TRIAL_DONE;
    champion->result.score = score;
    champion->result.exit_code = 0;
    champion->result.metrics = metrics_text(source, source->at + i);
    champion->finished_wall_ns = clock_wall_ns();
}

static bool
is_better(const struct run *run, double score, int64_t trial, const struct trial_result *than)
{
    return !than->trial || run_goal_better(run->spec.goal, score, than->score) ||
        (score == than->score && trial < than->trial);
}

/* Of a run that keeps the best alone. */
static void
admit(struct run *run, const struct range *range, const struct range_source *source, int i,
    double score)
{
    size_t dimensions = (size_t)run->spec.dimension_count;
    struct best_entry entry = { .trial = range->first + i, .score = score,
        .wall_seconds = wall_of(source, i), .finished_wall_ns = clock_wall_ns(),
        .metrics = metrics_text(source, source->at + i),
        .values = xcalloc(dimensions, sizeof *entry.values) };
    range_point(run, range, i, entry.values);
    best_list_add(&run->ranges->best, &entry);
}

/* Goes once over the states and scores; fills scores[] (NaN: failed) when it is
 * not NULL. */
static void
judge(struct runner *runner, struct run *run, struct range *range,
    const struct range_source *source, double *scores)
{
    struct ranges *ranges = run->ranges;
    const struct block_slot *slot = &source->warm->block->slot[source->slot];
    double best = NAN;
    int best_at = -1;
    for (int i = 0; i < range->count; i++) {
        double score = slot->score[source->at + i];
        bool done = atomic_load_explicit(&slot->state[source->at + i], memory_order_acquire) ==
            BLOCK_DONE;
        if (scores)
            scores[i] = done && isfinite(score) ? score : (double)NAN;
        if (!done || !isfinite(score)) {
            fail_trial(runner, run, range, i, source, done);
            continue;
        }
        range->done++;
        if (best_at < 0 || run_goal_better(run->spec.goal, score, best)) {
            best = score;
            best_at = i;
        }
        if (ranges->best.limit && best_list_admits(&ranges->best, range->first + i, score))
            admit(run, range, source, i, score);
    }
    if (best_at >= 0 && is_better(run, best, range->first + best_at, &ranges->champion.result))
        crown(run, range, source, best_at, best);
}

/* The columns beside the scores of a run that keeps all. */
static void
copy_columns(struct run *run, struct range *range, const struct range_source *source,
    double *scores)
{
    size_t count = (size_t)range->count, dimensions = (size_t)run->spec.dimension_count;
    const struct warm *warm = source->warm;
    float *wall = xcalloc(count, sizeof *wall);
    double *values = range->values;
    if (!values) {
        values = xcalloc(count * dimensions, sizeof *values);
        range_points(run, range, 0, range->count, values);
    }
    for (int i = 0; i < range->count; i++)
        wall[i] = (float)wall_of(source, i);
    range->values = NULL; /* the block owns them now */
    for (int m = 0; m < warm->metric_count; m++) {
        range->metric_names[m] = xstrdup(warm->metric_name[m]);
        range->metrics[m] = xcalloc(count, sizeof(double));
        memcpy(range->metrics[m], warm->block->slot[source->slot].metric[m] + source->at,
            count * sizeof(double));
    }
    range->block = (struct store_block){ .first = range->first, .count = range->count,
        .dimensions = run->spec.dimension_count, .finished_wall_ns = clock_wall_ns(),
        .score = scores, .wall_seconds = wall, .values = values,
        .metric_count = warm->metric_count, .metric_name = range->metric_names,
        .metric = (const double *const *)range->metrics };
    run->ranges->pending_bytes += (int64_t)(count *
        (sizeof *wall + sizeof(double) * (1 + dimensions + (size_t)warm->metric_count)));
}

/* failed: rows of it that are among the run's results. */
static void
await_commit(struct runner *runner, struct run *run, struct range *range, int failed)
{
    bool first = !runner->pending_results;
    range->state = RANGE_RESULT;
    run->ranges->results++;
    runner->pending_results += 1 + failed;
    if (runner->pending_results >= RUNNER_BATCH_MAX ||
        run->ranges->pending_bytes >= PENDING_BYTES_MAX)
        runner->commit_due = true;
    else if (first)
        loop_timer_change(runner->commit_timer, RUNNER_BATCH_MS * NS_PER_MS, 0);
    runner->pump_wanted = true;
}

void
range_take(struct runner *runner, struct run *run, struct range *range,
    const struct range_source *source)
{
    bool keep_all = !run->ranges->best.limit;
    double *scores = keep_all ? xcalloc((size_t)range->count, sizeof *scores) : NULL;
    int failed_before = run->result_count;
    judge(runner, run, range, source, scores);
    int failed = run->result_count - failed_before;
    run->ranges->many_failures = failed > FAILURES_MANY;
    if (keep_all)
        copy_columns(run, range, source, scores);
    await_commit(runner, run, range, failed);
}

void
range_take_failure(struct runner *runner, struct run *run, struct range *range,
    const struct trial_result *result)
{
    struct trial_result kept = failed_result(range->first, NAN);
    kept.signal_number = result->signal_number;
    kept.attempt = result->attempt;
    str_copy(kept.reason, sizeof kept.reason, result->reason);
    kept.log = result->log;
    keep_failure(runner, run, range, &kept);
    await_commit(runner, run, range, 1);
}

/* The store. */

static int
store_kept(struct runner *runner, const struct run *run, const struct range *range,
    struct search_position mark, bool *ret_added)
{
    struct store_block marker = { .first = range->first, .count = range->count,
        .finished_wall_ns = clock_wall_ns() };
    const struct store_block *block = range->block.score ? &range->block : &marker;
    *ret_added = true;
    /* what lies below the mark needs no block to say that it was counted */
    if (!range->block.score && range->first + range->count <= mark.next_trial)
        return 0;
    int r = store_block_add(runner->options.store, run->id, block);
    *ret_added = r == 0;
    if (r == 0 && range->block.score && range->done)
        r = result_sink(runner, run, range->first, range->first + range->count - 1, 1, range->done);
    return r == ERR_DUPLICATE ? 0 : r;
}

static int
store_best(struct runner *runner, const struct run *run, int64_t *sunk)
{
    const struct best_list *best = &run->ranges->best;
    int r = 0;
    for (int i = 0; i < best->removed_count && r == 0; i++)
        r = store_trial_remove(runner->options.store, run->id, best->removed[i]);
    for (int i = 0; i < best->count && r == 0; i++) {
        const struct best_entry *entry = &best->entry[i];
        if (entry->stored)
            continue;
        struct trial_result result = failed_result(entry->trial, entry->wall_seconds);
        result.state = TRIAL_DONE;
        result.score = entry->score;
        result.exit_code = 0;
        result.metrics = entry->metrics;
        char *params = point_text(run, entry->values);
        struct store_trial row = { &result, params, entry->finished_wall_ns };
        r = store_trial_add(runner->options.store, run->id, &row);
        if (r == 0)
            r = result_sink(runner, run, entry->trial, entry->trial, 1, 1);
        *sunk += r == 0;
        r = r == ERR_DUPLICATE ? 0 : r;
        free(params);
    }
    return r;
}

int
ranges_store(struct runner *runner, struct run *run, struct batch *batch)
{
    struct ranges *ranges = run->ranges;
    struct search_position mark = ranges_mark(run);
    int r = 0;
    for (const struct range *range = ranges->first; range && r == 0; range = range->next) {
        bool added;
        if (range->state != RANGE_RESULT)
            continue;
        r = store_kept(runner, run, range, mark, &added);
        batch->done += added ? range->done : 0;
        batch->failed += added ? range->failed : 0;
        batch->sunk += added && range->block.score ? range->done : 0;
        ranges->markers |= !range->block.score;
    }
    if (r == 0)
        r = store_best(runner, run, &batch->sunk);
    if (r == 0 && ranges->markers)
        r = store_block_forget(runner->options.store, run->id, mark.next_trial);
    const struct trial_result *champion = &ranges->champion.result;
    const struct trial_result *holder = batch->best ? &batch->best->result : &run->best;
    if (champion->trial && is_better(run, champion->score, champion->trial, holder))
        batch->best = &ranges->champion;
    return r;
}

int
ranges_accept(struct run *run)
{
    struct ranges *ranges = run->ranges;
    int count = ranges->results;
    for (struct range **link = &ranges->first; *link;) {
        struct range *range = *link;
        if (range->state == RANGE_RESULT) {
            *link = range->next;
            range_free(range);
        } else {
            link = &range->next;
        }
    }
    ranges->results = 0;
    ranges->pending_bytes = 0;
    best_list_stored(&ranges->best);
    free(ranges->champion.params);
    free(ranges->champion.result.metrics);
    ranges->champion = (struct run_result){ .params = NULL };
    return count;
}
