/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One result on its way into the store, within the transaction of its batch; and
 * what is known of a trial whose worker was lost.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "run/runner_private.h"
#include "store/store_output.h"
#include "store/store_retry.h"
#include "store/store_sink.h"

static int
log_directory(struct runner *runner, const struct store_log *like, int attempt)
{
    char *shelf = leftovers_shelf(runner, like->run), number[16] = "";
    if (attempt > 1)
        snprintf(number, sizeof number, ".%d", attempt);
    char *text = xasprintf("its directory is kept: %s/%lld%s", shelf, (long long)like->trial,
        number);
    struct store_log line = *like;
    line.text = text;
    int r = store_log_add(runner->options.store, &line);
    free(shelf);
    free(text);
    return r;
}

/* A trial's log as the run's log tells it. */
static int
log_result(struct runner *runner, const struct run *run, const struct run_result *kept)
{
    const struct trial_result *result = &kept->result;
    struct store_log line = { .run = run->id, .trial = result->trial,
        .wall_ns = kept->finished_wall_ns, .level = "info", .text = result->log };
    int r = 0;
    if (result->state == TRIAL_FAILED) {
        char text[TRIAL_REASON_MAX + 128], again[64] = "", delay[32];
        if (kept->retry_wall_ns)
            snprintf(again, sizeof again, " (attempt %d; the next in %s)", result->attempt,
                unit_format_duration(ns_to_sec(kept->retry_wall_ns - kept->finished_wall_ns), delay,
                    sizeof delay));
        snprintf(text, sizeof text, "trial %lld failed: %s%s", (long long)result->trial,
            result->reason, again);
        struct store_log failure = line;
        failure.level = "error";
        failure.text = text;
        r = store_log_add(runner->options.store, &failure);
    }
    if (r == 0 && result->kept_directory)
        r = log_directory(runner, &line, result->attempt);
    line.level = "stderr";
    if (r == 0 && result->log)
        r = store_log_add(runner->options.store, &line);
    return r;
}

static int
store_output(struct runner *runner, const struct run *run, const struct run_result *kept)
{
    const struct trial_result *result = &kept->result;
    const struct store_output output = { .run = run->id, .trial = result->trial,
        .attempt = result->attempt, .failed = result->state == TRIAL_FAILED,
        .wall_ns = kept->finished_wall_ns, .bytes = result->output_bytes,
        .data = result->output, .data_len = result->output_len };
    return store_output_add(runner->options.store, &output);
}

int
result_sink(struct runner *runner, const struct run *run, int64_t first, int64_t last, int attempt,
    int64_t count)
{
    const struct store_sink row = { .run = run->id, .first = first, .last = last,
        .attempt = attempt, .left = count };
    return run->spec.sink.place ? store_sink_add(runner->options.store, &row) : 0;
}

int
result_store(struct runner *runner, const struct run *run, struct run_result *kept,
    struct batch *batch)
{
    struct store *store = runner->options.store;
    struct store_trial trial = { &kept->result, kept->params, kept->finished_wall_ns };
    bool dropped = false;
    int r = kept->result.attempt > 1 ? store_retry_drop_failed(store, run->id, kept->result.trial,
                                           kept->result.attempt, &dropped)
                                     : 0;
    if (r == 0)
        r = store_trial_add(store, run->id, &trial);
    if (r == ERR_DUPLICATE) {
        kept->retry_wall_ns = 0;
        batch->retry_open -= kept->result.attempt > 1;
        int removed = store_retry_remove(store, run->id, kept->result.trial);
        return removed < 0 ? removed : r;
    }
    if (r == 0)
        r = retry_store(runner, run, kept, &batch->retry_open);
    if (r == 0)
        r = log_result(runner, run, kept);
    if (r == 0 && kept->result.output)
        r = store_output(runner, run, kept);
    if (r == 0)
        r = result_sink(runner, run, kept->result.trial, kept->result.trial, kept->result.attempt, 1);
    batch->failed -= dropped;
    batch->sunk++;
    return r;
}

void
result_write_point(struct str *out, const struct run *run, const double *values)
{
    char number[40];
    for (int d = 0; d < run->spec.dimension_count; d++) {
        str_putc(out, d ? ',' : '[');
        str_puts(out, unit_format_number(values[d], number, sizeof number));
    }
    str_putc(out, ']');
}

static char *
copy_text(struct runner *runner, const char *text)
{
    return text && *text ? optop_arena_copy(&runner->results, text, strlen(text)) : NULL;
}

/* What there is no memory for is left out. */
static char *
copy_output(struct runner *runner, const struct trial_result *from)
{
    if (!from->output || runner->pending_output + from->output_len > RUNNER_OUTPUT_MAX)
        return NULL;
    char *output = optop_arena_copy(&runner->results, from->output, from->output_len);
    runner->pending_output += output ? from->output_len : 0;
    return output;
}

void
result_keep(struct runner *runner, struct run *run, const struct trial_result *result,
    const double *values)
{
    XGROW(run->results, run->result_count, run->result_capacity);
    struct run_result *kept = &run->results[run->result_count++];
    str_clear(&runner->text);
    result_write_point(&runner->text, run, values);
    *kept = (struct run_result){ *result, copy_text(runner, runner->text.data), clock_wall_ns(), 0 };
    if (!kept->params)
        xalloc_die();
    kept->result.log = copy_text(runner, result->log);
    kept->result.metrics = copy_text(runner, result->metrics);
    kept->result.output = copy_output(runner, result);
}

/* Lost workers. */

static void
keep_error(void *context, enum capture_stream stream, const char *bytes, size_t len)
{
    if (stream == CAPTURE_ERR)
        str_append(context, bytes, len);
}

/* What the trial had written until then. */
static void
take_last_words(struct lost_result *lost)
{
    const struct captured *captured = &lost->captured;
    struct trial_result *result = &lost->result;
    struct str error;
    if (captured->trial != result->trial || captured->attempt != result->attempt ||
        !captured->bytes || !captured_valid(captured->bytes, captured->data.len))
        return;
    result->output = captured->data.data;
    result->output_len = captured->data.len;
    result->output_bytes = captured->bytes;
    str_init(&error);
    captured_each(captured, 0, true, keep_error, &error);
    worker_msg_clean_log(error.data, error.len, &lost->log);
    str_release(&error);
    if (lost->log.len)
        result->log = lost->log.data;
}

void
result_lost(const struct run_worker *w, int64_t trial, int attempt, const char *text,
    struct lost_result *ret_lost)
{
    struct trial_result *result = &ret_lost->result;
    *result = (struct trial_result){ .trial = trial, .attempt = attempt, .state = TRIAL_FAILED,
        .score = (double)NAN, .wall_seconds = (double)NAN, .cpu_seconds = (double)NAN,
        .max_rss_bytes = (double)NAN, .stdout_bytes = (double)NAN, .exit_code = -1,
        .cancelled = w->trial_cancelled };
    str_init(&ret_lost->log);
    if (!limit_set_oom(&w->run->limits, result->reason, sizeof result->reason))
        snprintf(result->reason, sizeof result->reason, "its worker was lost: %s", text);
    if (worker_output(w->worker, &ret_lost->captured) < 0)
        captured_init(&ret_lost->captured);
    if (w->run->spec.keep_output != RUN_KEEP_NEVER)
        take_last_words(ret_lost);
}

void
result_lost_release(struct lost_result *lost)
{
    captured_release(&lost->captured);
    str_release(&lost->log);
}
