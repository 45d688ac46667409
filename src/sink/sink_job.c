/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sink/sink_job.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "run/live_run.h"
#include "sink/sink.h"

enum { ROWS_MAX = SINK_EVENTS_MAX, LISTED_MAX = 1000 };

/* An event that was added, and what of its row is done with when it was taken. */
struct mark {
    int row; /* index */
    int64_t trial; /* 0: the end */
};

struct batch {
    struct sink_job *job;
    struct peer_link *link;
    struct run *run; /* owned; with its spec */
    int row_count, count;
    int row; /* the one that is read */
    int64_t listed_trial; /* of it, the last that was looked at */
    int listed; /* by one query */
    size_t bytes;
    bool full;
    int failed; /* code of an addition */
    struct str json, members;
    struct store_sink rows[ROWS_MAX];
    struct mark mark[SINK_EVENTS_MAX];
    char id[SINK_EVENTS_MAX][48];
};

static int
keep_run(void *context, const struct store_run *row)
{
    ((struct batch *)context)->run = run_from_row(row);
    return 0;
}

static int
keep_row(void *context, const struct store_sink *row)
{
    struct batch *batch = context;
    batch->rows[batch->row_count++] = *row;
    return 0;
}

/* {"id":..,"type":..,"run":..,MEMBERS of an object} */
static void
add_event(struct batch *batch, const char *type, int64_t trial)
{
    struct json_writer w;
    const char *id = batch->id[batch->count];
    str_clear(&batch->json);
    jw_init(&w, &batch->json);
    jw_object(&w, NULL);
    jw_string(&w, "id", id);
    jw_string(&w, "type", type);
    if (trial) { /* a run object has them already */
        jw_int(&w, "run", batch->run->id);
        jw_string(&w, "name", batch->run->spec.name);
    }
    jw_raw(&w, NULL, batch->members.data + 1, batch->members.len - 2);
    jw_end(&w);
    batch->failed = peer_add(batch->link, id, type, batch->json.data, batch->json.len);
    batch->mark[batch->count++] = (struct mark){ batch->row, trial };
    batch->bytes += batch->json.len;
    batch->full = batch->count == SINK_EVENTS_MAX || batch->bytes >= SINK_BYTES_MAX;
}

static int
add_trial(void *context, const struct store_trial *trial)
{
    struct batch *batch = context;
    const struct store_sink *row = &batch->rows[batch->row];
    const struct trial_result *result = trial->result;
    struct json_writer w;
    if (result->trial > row->last)
        return ERR_EXHAUSTED;
    if (batch->full) {
        batch->job->full = true;
        return ERR_EXHAUSTED;
    }
    batch->listed_trial = result->trial;
    batch->listed++;
    /* of a block what failed has a row of its own; a trial that was done again meanwhile has, too */
    bool single = row->first == row->last;
    if (single ? result->attempt != row->attempt : result->state != TRIAL_DONE)
        return 0;
    snprintf(batch->id[batch->count], sizeof batch->id[0], "%lld.%lld.%d",
        (long long)batch->run->id, (long long)result->trial, result->attempt);
    str_clear(&batch->members);
    jw_init(&w, &batch->members);
    run_write_trial(&w, NULL, batch->run, trial);
    add_event(batch, "trial", result->trial);
    return batch->failed;
}

static void
add_end(struct batch *batch)
{
    struct json_writer w;
    struct run *run = batch->run;
    run_load_best(run, batch->job->reader);
    snprintf(batch->id[batch->count], sizeof batch->id[0], "%lld.end.%lld", (long long)run->id,
        (long long)batch->rows[batch->row].id);
    str_clear(&batch->members);
    jw_init(&w, &batch->members);
    run_write(&w, NULL, run, clock_mono_ns(), false);
    add_event(batch, "end", 0);
}

/* The trials of one row, until the batch is full. */
static int
add_trials(struct batch *batch, const struct store_sink *row)
{
    int r;
    batch->listed_trial = row->first - 1;
    do {
        batch->listed = 0;
        r = store_trial_list(batch->job->reader, batch->job->run, batch->listed_trial, LISTED_MAX,
            add_trial, batch);
    } while (r == 0 && batch->listed == LISTED_MAX);
    return r == ERR_EXHAUSTED ? 0 : r;
}

/* Goes along the rows until the batch is full. */
static int
gather(struct batch *batch)
{
    int r = 0;
    for (batch->row = 0; batch->row < batch->row_count && r == 0 && !batch->full; batch->row++) {
        const struct store_sink *row = &batch->rows[batch->row];
        if (!row->first) {
            add_end(batch);
            r = batch->failed;
            continue;
        }
        r = add_trials(batch, row);
        if (batch->job->full)
            break; /* this row is not done with */
    }
    return r;
}

/* What is done with when the first `taken' events were: whole rows, and a part of
 * the next one. */
static void
settle(struct batch *batch, int taken)
{
    struct sink_job *job = batch->job;
    int rows = batch->row; /* all that were gone through */
    if (taken < batch->count)
        rows = batch->mark[taken].row;
    for (int i = 0; i < rows; i++) {
        job->sent.upto = batch->rows[i].id;
        job->settled += batch->rows[i].left;
    }
    for (int i = taken - 1; i >= 0 && batch->mark[i].row == rows; i--) {
        job->sent.partial = batch->rows[rows].id;
        job->sent.partial_count++;
        if (job->sent.partial_last < batch->mark[i].trial)
            job->sent.partial_last = batch->mark[i].trial;
    }
    job->settled += job->sent.partial_count;
    job->sent.sent = taken;
}

static void
send_batch(struct batch *batch)
{
    struct sink_job *job = batch->job;
    int r = store_sink_list(job->reader, job->run, ROWS_MAX, keep_row, batch);
    if (r == 0)
        r = gather(batch);
    job->full |= batch->full || batch->row_count == ROWS_MAX;
    if (r < 0) {
        snprintf(job->error, sizeof job->error, "reading what is to be sent: %s", err_text(r));
        peer_give(batch->link, false);
        return;
    }
    int taken = peer_send(batch->link, (const char (*)[48])batch->id, batch->count, job->error,
        sizeof job->error);
    settle(batch, taken);
    peer_give(batch->link, taken == batch->count);
}

void
sink_job_run(struct sink_job *job)
{
    struct batch *batch = XNEW(struct batch); /* 100 KiB: too much for a stack */
    batch->job = job;
    job->sent = (struct store_sink_sent){ .run = job->run };
    str_init(&batch->json);
    str_init(&batch->members);
    int r = store_run_get(job->reader, job->run, keep_run, batch);
    if (r < 0)
        snprintf(job->error, sizeof job->error, "reading the run: %s", err_text(r));
    else if ((batch->link = peer_take(job->peer)))
        send_batch(batch);
    else
        str_copy(job->error, sizeof job->error, job->peer->error);
    store_sweep(job->reader);
    run_free(batch->run);
    str_release(&batch->json);
    str_release(&batch->members);
    free(batch);
}
