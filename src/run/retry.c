/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Failed trials once more. They stand outside the window: a trial that failed
 * is stored as failed and lets the run's mark pass; the entry beside it in the
 * store says which attempt is next and when. A later attempt takes the row's
 * place, and the counts move in the same transaction.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "run/runner_private.h"
#include "store/store_retry.h"

enum {
    LOADED_MAX = 1024, /* entries in memory; the store has the others */
    DELAY_SECONDS_MAX = 3600,
};

static struct run_retry *
find(struct run *run, int64_t trial)
{
    for (int i = 0; i < run->retry_count; i++)
        if (run->retry[i].trial == trial)
            return &run->retry[i];
    return NULL;
}

static void
drop(struct run *run, struct run_retry *retry)
{
    free(retry->values);
    *retry = run->retry[--run->retry_count];
}

void
retry_forget(struct run *run)
{
    while (run->retry_count)
        drop(run, &run->retry[0]);
    run->retry_more = true;
}

static void
add(struct run *run, const struct run_retry *retry)
{
    XGROW(run->retry, run->retry_count, run->retry_capacity);
    run->retry[run->retry_count++] = *retry;
}

static double *
copy_values(const struct run *run, const double *values)
{
    double *copy = xcalloc((size_t)run->spec.dimension_count, sizeof *copy);
    memcpy(copy, values, (size_t)run->spec.dimension_count * sizeof *copy);
    return copy;
}

static int
take_entry(void *context, const struct store_retry *entry)
{
    struct run *run = context;
    if (find(run, entry->trial))
        return 0;
    json_t *params = json_parse(entry->params, strlen(entry->params), NULL);
    double *values = xcalloc((size_t)run->spec.dimension_count, sizeof *values);
    for (int d = 0; d < run->spec.dimension_count; d++)
        values[d] = json_number_value(json_array_get(params, (size_t)d));
    json_decref(params);
    struct run_retry retry = { entry->trial, entry->attempt, entry->due_wall_ns, WINDOW_READY,
        values };
    add(run, &retry);
    return 0;
}

int
retry_load(struct runner *runner, struct run *run)
{
    int64_t count = store_retry_count(runner->options.store, run->id);
    if (count < 0)
        return (int)count;
    run->retry_open = count;
    run->retry_more = count > run->retry_count;
    return 0;
}

/* The entry that is due first and may be sent, or NULL. */
static struct run_retry *
first_ready(struct runner *runner, struct run *run)
{
    struct run_retry *first = NULL;
    for (int i = 0; i < run->retry_count; i++)
        if (run->retry[i].state == WINDOW_READY &&
            (!first || run->retry[i].due_wall_ns < first->due_wall_ns))
            first = &run->retry[i];
    if (first || !run->retry_more)
        return first;
    int limit = LOADED_MAX + run->retry_count; /* those that are here may be the first */
    if (store_retry_list(runner->options.store, run->id, limit, take_entry, run) < 0)
        return NULL;
    run->retry_more = run->retry_open > run->retry_count;
    for (int i = 0; i < run->retry_count && !first; i++)
        if (run->retry[i].state == WINDOW_READY)
            first = &run->retry[i]; /* they came in order */
    return first;
}

struct run_retry *
retry_next(struct runner *runner, struct run *run)
{
    struct run_retry *first = run->retry_open ? first_ready(runner, run) : NULL;
    return first && first->due_wall_ns <= clock_wall_ns() ? first : NULL;
}

const double *
retry_answered(struct run *run, const struct trial_result *result)
{
    struct run_retry *retry = find(run, result->trial);
    if (!retry || retry->state != WINDOW_SENT || retry->attempt != result->attempt)
        return NULL;
    retry->state = WINDOW_RESULT;
    return retry->values;
}

int
retry_lost(struct run *run, int64_t trial, bool with_worker)
{
    struct run_retry *retry = find(run, trial);
    if (!retry || retry->state != WINDOW_SENT)
        return 0;
    if (!with_worker)
        retry->state = WINDOW_READY;
    return with_worker ? retry->attempt : 0;
}

static int64_t
due_after(const struct run *run, const struct run_result *kept)
{
    double delay = ldexp(run->spec.retry_seconds, kept->result.attempt - 1);
    return kept->finished_wall_ns +
        sec_to_ns(delay < DELAY_SECONDS_MAX ? delay : DELAY_SECONDS_MAX);
}

int
retry_store(struct runner *runner, const struct run *run, struct run_result *kept,
    int *ret_open)
{
    struct store *store = runner->options.store;
    bool again = kept->result.state == TRIAL_FAILED && !kept->result.cancelled &&
        kept->result.attempt <= run->spec.retries;
    bool was_open = kept->result.attempt > 1;
    kept->retry_wall_ns = again ? due_after(run, kept) : 0;
    *ret_open += again - was_open;
    if (again) {
        struct store_retry entry = { kept->result.trial, kept->result.attempt + 1,
            kept->retry_wall_ns, NULL };
        return store_retry_set(store, run->id, &entry);
    }
    return was_open ? store_retry_remove(store, run->id, kept->result.trial) : 0;
}

void
retry_stored(struct run *run, const struct run_result *kept, const double *values)
{
    struct run_retry *retry = find(run, kept->result.trial);
    if (!kept->retry_wall_ns) {
        if (retry)
            drop(run, retry);
    } else if (retry) {
        retry->attempt = kept->result.attempt + 1;
        retry->due_wall_ns = kept->retry_wall_ns;
        retry->state = WINDOW_READY;
    } else if (run->retry_count < LOADED_MAX && !run->retry_more && values) {
        struct run_retry entry = { kept->result.trial, kept->result.attempt + 1,
            kept->retry_wall_ns, WINDOW_READY, copy_values(run, values) };
        add(run, &entry);
    } else {
        run->retry_more = true;
    }
}

void
retry_schedule(struct runner *runner)
{
    int64_t next = INT64_MAX;
    for (struct run *run = runner->runs; run; run = run->next) {
        if (run->state != RUN_RUNNING || !run->retry_open)
            continue;
        const struct run_retry *first = first_ready(runner, run);
        if (first && first->due_wall_ns < next)
            next = first->due_wall_ns;
    }
    int64_t now = clock_wall_ns();
    if (next != INT64_MAX && next > now) /* what is due waits for a worker only */
        loop_timer_change(runner->retry_timer, next - now, 0);
}

int
runner_retry(struct runner *runner, int64_t id, const struct run **ret_run, struct diag *diag)
{
    struct run *run;
    struct store *store = runner->options.store;
    int r = runner_take(runner, id, &run, diag);
    if (r < 0)
        return r;
    if (runner->shutdown_done)
        return diag_set(diag, ERR_BAD_STATE, "the server is stopping");
    if (run->ending != RUN_EVENT_COUNT)
        return diag_set(diag, ERR_BAD_STATE, "run %lld is still ending", (long long)id);
    if (objective_type_warm(run->spec.objective))
        return diag_set(diag, ERR_BAD_STATE, "only trials of a command are tried again");
    if (!run->failed)
        return diag_set(diag, ERR_BAD_STATE, "run %lld has no failed trials", (long long)id);
    r = store_begin(store);
    int64_t count = r == 0 ? store_retry_all(store, id, clock_wall_ns()) : r;
    r = count < 0 ? (int)count : 0;
    if (r == 0)
        r = store_commit(store, diag);
    else
        store_rollback(store);
    if (r < 0)
        return diag && diag->text[0] ? r : diag_set(diag, r, "not stored: %s", err_text(r));
    run->retry_open = count;
    for (int i = run->retry_count - 1; i >= 0; i--)
        if (run->retry[i].state == WINDOW_READY)
            drop(run, &run->retry[i]); /* due sooner now */
    run->retry_more = true;
    r = runner_go_on(runner, run, RUN_EVENT_RETRY, diag);
    if (r == 0)
        *ret_run = run;
    return r;
}
