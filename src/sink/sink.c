/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sink/sink.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/xalloc.h"
#include "optop/executor.h"
#include "sink/sink_job.h"

enum { EXPONENT_MAX = 30 };

/* A run that has something to send, or may still get it. */
struct source {
    struct source *next;
    int64_t run;
    struct sink_peer *peer; /* NULL: there is no room for one */
    int64_t behind, sent;
    int64_t due_ns; /* monotonic: not before */
    bool ended; /* nothing more comes */
    struct running *running; /* NULL: none */
    char error[PEER_ERROR_MAX]; /* of the last batch; "" */
};

struct running {
    struct loop_end end;
    struct sinks *sinks;
    struct source *source;
    struct held *held;
    int64_t behind; /* of the source, at the start */
    struct sink_job job;
};

/* Of the pool of readers. */
struct held {
    struct store *store; /* owned */
};

struct sinks {
    struct sinks_options options;
    struct optop_executor *executor; /* made when there is work */
    struct optop_pool *readers;
    struct loop_timer *timer;
    struct source *sources; /* by turns */
    struct sink_peer *peers;
    int running;
    int cancel_fd; /* readable: all threads give up */
    bool closing;
    int64_t base_ns, cap_ns;
};

/* Readers of the store. */

static int
open_reader(void *object, void *context)
{
    const struct sinks *sinks = context;
    struct held *held = object;
    int r = store_open_reader(sinks->options.store, &held->store);
    return r < -1000 ? -EIO : r;
}

static bool
reader_usable(void *object, void *context)
{
    (void)context;
    return store_reader_usable(((struct held *)object)->store);
}

static void
close_reader(void *object, void *context)
{
    (void)context;
    store_close(((struct held *)object)->store);
}

/* Places. */

static struct sink_peer *
find_peer(struct sinks *sinks, const struct run_sink *options)
{
    int count = 0;
    for (struct sink_peer *peer = sinks->peers; peer; peer = peer->next, count++)
        if (peer_is(peer, options)) {
            peer->users++;
            return peer;
        }
    struct sink_peer *peer = count < SINK_PLACES_MAX ? peer_new(options, sinks->cancel_fd) : NULL;
    if (!peer)
        return NULL;
    peer->users = 1;
    peer->next = sinks->peers;
    sinks->peers = peer;
    return peer;
}

static void
let_go_peer(struct sinks *sinks, struct sink_peer *peer)
{
    if (!peer || --peer->users)
        return;
    struct sink_peer **link = &sinks->peers;
    while (*link != peer)
        link = &(*link)->next;
    *link = peer->next;
    peer_free(peer);
}

/* Sources. */

static void
append_source(struct sinks *sinks, struct source *source)
{
    struct source **link = &sinks->sources;
    while (*link)
        link = &(*link)->next;
    source->next = NULL;
    *link = source;
}

static void
unlink_source(struct sinks *sinks, struct source *source)
{
    struct source **link = &sinks->sources;
    while (*link != source)
        link = &(*link)->next;
    *link = source->next;
}

static struct source *
find_source(const struct sinks *sinks, int64_t run)
{
    struct source *source = sinks->sources;
    while (source && source->run != run)
        source = source->next;
    return source;
}

static struct source *
add_source(struct sinks *sinks, const struct run *run)
{
    struct source *source = XNEW(struct source);
    source->run = run->id;
    source->peer = find_peer(sinks, &run->spec.sink);
    if (!source->peer)
        snprintf(source->error, sizeof source->error, "more than %d places to send to",
            SINK_PLACES_MAX);
    if (store_sink_count(sinks->options.store, run->id, &source->sent) < 0)
        source->sent = 0;
    append_source(sinks, source);
    return source;
}

static void
add_behind(struct source *source, int64_t count)
{
    count = count < -source->behind ? -source->behind : count;
    source->behind += count;
    if (source->peer)
        source->peer->behind += count;
}

/* All of an ended run is sent: the store alone knows of it. */
static void
drop_if_done(struct sinks *sinks, struct source *source)
{
    if (!source->ended || source->behind || source->running || source->error[0])
        return;
    unlink_source(sinks, source);
    let_go_peer(sinks, source->peer);
    free(source);
}

/* Jobs. */

static void
note_failure(struct sinks *sinks, struct source *source)
{
    struct sink_peer *peer = source->peer;
    int64_t now = loop_now(sinks->options.loop);
    int exponent = peer->failures < EXPONENT_MAX ? peer->failures : EXPONENT_MAX;
    double bound = fmin((double)sinks->cap_ns, ldexp((double)sinks->base_ns, exponent));
    peer->due_ns = now + (int64_t)((0.5 + random_share() / 2) * bound);
    if (!peer->failures++) {
        peer->failing_since_ns = now;
        log_warn("results cannot be sent to %s: %s", peer->options.place, source->error);
    }
    peer->failed++;
    peer->failing = true;
}

static void
note_success(struct sink_peer *peer)
{
    if (peer->failures)
        log_info("results are sent to %s again", peer->options.place);
    peer->failures = 0;
    peer->failing_since_ns = peer->due_ns = 0;
    peer->failing = false;
}

/* What was taken is committed before the next batch; when the store refuses
 * that, it is sent again. */
static int
book(struct sinks *sinks, const struct sink_job *job)
{
    struct store *store = sinks->options.store;
    if (!job->sent.upto && !job->sent.partial)
        return 0;
    int r = store_begin(store);
    if (r < 0)
        return r;
    r = store_sink_sent(store, &job->sent);
    if (r == 0)
        return store_commit(store, NULL);
    store_rollback(store);
    return r;
}

static void start_jobs(struct sinks *sinks);

static void
take_result(struct sinks *sinks, struct source *source, const struct running *running)
{
    const struct sink_job *job = &running->job;
    int r = book(sinks, job);
    str_copy(source->error, sizeof source->error, job->error);
    if (r < 0)
        snprintf(source->error, sizeof source->error, "not noted as sent: %s", err_text(r));
    if (r == 0) {
        source->sent += job->sent.sent;
        source->peer->sent += (uint64_t)job->sent.sent;
        /* all that there was when it began is done with, however it was counted */
        add_behind(source, -(job->full || job->error[0] ? job->settled
            : job->settled > running->behind ? job->settled : running->behind));
    }
    if (source->error[0])
        note_failure(sinks, source);
    else
        note_success(source->peer);
    source->due_ns = job->full ? 0 : loop_now(sinks->options.loop) + SINK_PAUSE_MS * NS_PER_MS;
}

static void
on_done(void *context)
{
    struct running *running = context;
    struct sinks *sinks = running->sinks;
    struct source *source = running->source;
    optop_pool_release(sinks->readers, running->held);
    sinks->running--;
    source->running = NULL;
    source->peer->busy = false;
    if (!sinks->closing) {
        take_result(sinks, source, running);
        unlink_source(sinks, source); /* others' turn */
        append_source(sinks, source);
        sinks->options.changed(sinks->options.context, source->run);
        drop_if_done(sinks, source);
        start_jobs(sinks);
    } else {
        book(sinks, &running->job);
    }
    free(running);
}

static int
on_thread(void *context)
{
    struct running *running = context;
    sink_job_run(&running->job);
    loop_tell(running->sinks->options.loop, &running->end, &running->end);
    return 0;
}

/* False: not now. */
static bool
start_job(struct sinks *sinks, struct source *source)
{
    if (!sinks->executor)
        sinks->executor = optop_executor_new("sinks", SINK_THREADS, 0);
    struct held *held = sinks->executor ? optop_pool_acquire(sinks->readers) : NULL;
    if (!held)
        return false;
    struct running *running = XNEW(struct running);
    *running = (struct running){ .end = { .done = on_done, .context = running }, .sinks = sinks,
        .source = source, .held = held, .behind = source->behind,
        .job = { .peer = source->peer, .reader = held->store, .run = source->run } };
    const struct optop_task task = { .run = on_thread, .context = running, .no_wait = 1 };
    loop_expect(sinks->options.loop);
    if (optop_submit(sinks->executor, &task, NULL) < 0) {
        loop_unexpect(sinks->options.loop, 1);
        optop_pool_release(sinks->readers, held);
        free(running);
        return false;
    }
    source->running = running;
    source->peer->busy = true;
    sinks->running++;
    return true;
}

static int64_t
due_of(const struct source *source)
{
    if (!source->behind || !source->peer || source->peer->busy)
        return INT64_MAX;
    return source->due_ns > source->peer->due_ns ? source->due_ns : source->peer->due_ns;
}

static void
start_jobs(struct sinks *sinks)
{
    int64_t now = loop_now(sinks->options.loop), next = INT64_MAX / 4;
    for (struct source *source = sinks->sources; source; source = source->next) {
        int64_t due = due_of(source);
        if (due <= now && sinks->running < SINK_THREADS) {
            if (!start_job(sinks, source))
                next = NS_PER_SEC; /* no thread, memory or descriptor: in a while */
        } else if (due > now && due != INT64_MAX && due - now < next) {
            next = due - now;
        }
    }
    loop_timer_change(sinks->timer, next > NS_PER_MS ? next : NS_PER_MS, 0);
}

static void
on_timer(void *context)
{
    start_jobs(context);
}

/* From outside. */

static int
recall(void *context, const struct store_sink *row)
{
    struct sinks *sinks = context;
    struct run *loaded = NULL;
    const struct run *run = sinks->options.find(sinks->options.context, row->run, &loaded);
    if (run && run->spec.sink.place) {
        struct source *source = add_source(sinks, run);
        source->ended = run_state_ended(run->state);
        add_behind(source, row->left);
    }
    run_free(loaded);
    return 0;
}

/* Numbers first: a statement must not be stepped while others look for runs. */
struct recalled {
    struct store_sink *row;
    int count, capacity;
};

static int
keep_recalled(void *context, const struct store_sink *row)
{
    struct recalled *recalled = context;
    XGROW(recalled->row, recalled->count, recalled->capacity);
    recalled->row[recalled->count++] = *row;
    return 0;
}

struct sinks *
sinks_new(const struct sinks_options *options)
{
    struct sinks *sinks = XNEW(struct sinks);
    struct recalled recalled = { .count = 0 };
    sinks->options = *options;
    sinks->cancel_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sinks_set_backoff(sinks, 0.5, 60);
    sinks->readers = optop_pool_new(&(struct optop_pool_options){
        .name = "sink readers",
        .object_size = sizeof(struct held),
        .max = SINK_THREADS,
        .idle_ns = SINK_REST_SECONDS * NS_PER_SEC,
        .create = open_reader,
        .validate = reader_usable,
        .destroy = close_reader,
        .context = sinks,
    });
    sinks->timer = loop_timer_start(options->loop, INT64_MAX / 4, 0, on_timer, sinks);
    if (sinks->cancel_fd < 0 || !sinks->readers) {
        sinks_free(sinks);
        return NULL;
    }
    if (store_sink_runs(options->store, keep_recalled, &recalled) < 0)
        log_error("what is still to be sent to sinks cannot be read");
    for (int i = 0; i < recalled.count; i++)
        recall(sinks, &recalled.row[i]);
    free(recalled.row);
    start_jobs(sinks);
    return sinks;
}

void
sinks_free(struct sinks *sinks)
{
    if (!sinks)
        return;
    sinks->closing = true;
    if (sinks->cancel_fd >= 0)
        eventfd_write(sinks->cancel_fd, 1);
    optop_executor_free(sinks->executor); /* waits: all of them give up */
    loop_hear(sinks->options.loop);
    loop_timer_stop(sinks->timer);
    while (sinks->sources) {
        struct source *source = sinks->sources;
        sinks->sources = source->next;
        let_go_peer(sinks, source->peer);
        free(source);
    }
    optop_pool_free(sinks->readers);
    if (sinks->cancel_fd >= 0)
        close(sinks->cancel_fd);
    free(sinks);
}

void
sinks_add(struct sinks *sinks, const struct run *run, int64_t count)
{
    struct source *source = find_source(sinks, run->id);
    if (!source)
        source = add_source(sinks, run);
    add_behind(source, count);
    source->ended = run_state_ended(run->state);
    if (!source->peer) {
        source->peer = find_peer(sinks, &run->spec.sink);
        if (source->peer)
            source->peer->behind += source->behind;
    }
    if (due_of(source) != INT64_MAX)
        start_jobs(sinks);
}

void
sinks_tick(struct sinks *sinks)
{
    optop_pool_trim(sinks->readers, false);
    for (struct sink_peer *peer = sinks->peers; peer; peer = peer->next)
        optop_pool_trim(peer->pool, false);
}

void
sinks_describe(struct sinks *sinks, struct run *run)
{
    const struct source *source = find_source(sinks, run->id);
    struct run_sunk *sunk = &run->sunk;
    if (!run->spec.sink.place)
        return;
    *sunk = (struct run_sunk){ .known = true };
    if (!source) {
        store_sink_count(sinks->options.store, run->id, &sunk->sent);
        return;
    }
    sunk->sent = source->sent;
    sunk->behind = source->behind;
    str_copy(sunk->error, sizeof sunk->error, source->error);
    if (source->peer && source->peer->failures && source->behind) {
        sunk->failing = true;
        sunk->failing_since_ns = source->peer->failing_since_ns;
    }
}

void
sinks_set_backoff(struct sinks *sinks, double base_seconds, double cap_seconds)
{
    sinks->base_ns = sec_to_ns(base_seconds);
    sinks->cap_ns = sec_to_ns(cap_seconds);
}
