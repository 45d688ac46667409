/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One result on its way into the store, within the transaction of its batch.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/unit.h"
#include "base/xalloc.h"
#include "run/runner_private.h"
#include "store/store_retry.h"

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
    if (r == 0 && result->log)
        r = store_log_add(runner->options.store, &line);
    return r;
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
    batch->failed -= dropped;
    return r;
}
