/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/readers.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "optop/pool.h"
#include "server/server.h"

/* What the pool holds: a job goes on with its reader when server and pool have gone. */
struct held {
    struct reader *reader; /* owned */
};

struct reader_job {
    struct reader_job *next; /* in the order in which they came */
    struct server *server; /* NULL: it has gone while this ran */
    struct session *session; /* NULL: gone */
    reader_fn *fn;
    const void *what;
    json_t *request; /* owned */
    struct held *held; /* of the pool; NULL: waits, else it runs */
    struct reader *reader; /* held's */
    struct str answer;
    int64_t added_ns;
    int result;
};

/* Connections. */

static void
close_reader(struct reader *reader)
{
    if (!reader)
        return;
    optop_arena_release(&reader->arena);
    store_close(reader->store);
    free(reader);
}

static int
open_one(void *object, void *context)
{
    const struct server *server = context;
    struct held *held = object;
    struct reader *reader = XNEW(struct reader);
    optop_arena_init(&reader->arena, &(struct optop_arena_options){ .name = "reader" });
    int r = store_open_reader(server->store, &reader->store);
    if (r < 0) {
        close_reader(reader);
        return r < -1000 ? -EIO : r;
    }
    held->reader = reader;
    return 0;
}

static int
reset_one(void *object, void *context)
{
    struct held *held = object;
    (void)context;
    optop_arena_reset(&held->reader->arena);
    return 0;
}

static bool
validate_one(void *object, void *context)
{
    const struct held *held = object;
    (void)context;
    return store_reader_usable(held->reader->store);
}

static void
close_one(void *object, void *context)
{
    struct held *held = object;
    (void)context;
    close_reader(held->reader);
}

int
readers_open(struct server *server)
{
    server->readers = optop_pool_new(&(struct optop_pool_options){
        .name = "store readers",
        .object_size = sizeof(struct held),
        .max = READERS_MAX,
        .idle_ns = READER_REST_SECONDS * NS_PER_SEC,
        .life_ns = READER_LIFE_SECONDS * NS_PER_SEC,
        .create = open_one,
        .reset = reset_one,
        .validate = validate_one,
        .destroy = close_one,
        .context = server,
    });
    return server->readers ? 0 : -errno;
}

void
readers_tick(struct server *server)
{
    optop_pool_trim(server->readers, false);
}

/* Jobs. */

static void
free_job(struct reader_job *job)
{
    json_decref(job->request);
    str_release(&job->answer);
    free(job);
}

static void
on_thread(void *context)
{
    struct reader_job *job = context;
    job->result = job->fn(job->what, job->request, job->reader, &job->answer);
    store_sweep(job->reader->store);
}

static void start_next(struct server *server);

static void
unlink_job(struct server *server, struct reader_job *job)
{
    struct reader_job **link = &server->reader_jobs;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
}

static void
end_job(struct server *server, struct reader_job *job)
{
    unlink_job(server, job);
    task_end(server->request_task, clock_mono_ns() - job->added_ns, job->result < 0);
    if (job->session)
        session_send(job->session, &job->answer);
    free_job(job);
}

static void
on_done(void *context)
{
    struct reader_job *job = context;
    struct server *server = job->server;
    if (!server) {
        close_reader(job->reader);
        free_job(job);
        return;
    }
    optop_pool_release(server->readers, job->held);
    end_job(server, job);
    start_next(server);
}

/* There is no descriptor for a connection: the server's own must do. */
static void
answer_here(struct server *server, struct reader_job *job)
{
    struct reader reader = { .store = server->store };
    optop_arena_init(&reader.arena, &(struct optop_arena_options){ 0 });
    job->result = job->fn(job->what, job->request, &reader, &job->answer);
    optop_arena_release(&reader.arena);
    end_job(server, job);
}

static bool
any_runs(const struct server *server)
{
    const struct reader_job *job = server->reader_jobs;
    while (job && !job->held)
        job = job->next;
    return job;
}

/* An answer fills a client's queue: the next one is made when it was read. */
static bool
may_start(const struct server *server, const struct reader_job *job)
{
    if (job->held || session_queued(job->session))
        return false;
    for (const struct reader_job *other = server->reader_jobs; other; other = other->next)
        if (other->held && other->session == job->session)
            return false;
    return true;
}

static void
start_next(struct server *server)
{
    for (;;) {
        struct reader_job *job = server->reader_jobs;
        while (job && !may_start(server, job))
            job = job->next;
        if (!job)
            return;
        job->held = optop_pool_acquire(server->readers);
        if (job->held) {
            job->reader = job->held->reader;
            loop_work(server->loop, "read the store", on_thread, on_done, job);
        } else if (!any_runs(server)) {
            answer_here(server, job);
        } else {
            return; /* its turn comes when another has ended */
        }
    }
}

void
readers_wake(struct server *server)
{
    if (server->reader_jobs)
        start_next(server);
}

int
readers_add(struct session *session, reader_fn *fn, const void *what, json_t *request)
{
    struct server *server = session->server;
    struct reader_job **link = &server->reader_jobs;
    int waiting = 0;
    for (; *link; link = &(*link)->next)
        waiting += (*link)->session == session;
    if (waiting >= READERS_WAITING_MAX)
        return ERR_TOO_LARGE;
    struct reader_job *job = XNEW(struct reader_job);
    *job = (struct reader_job){ .server = server, .session = session, .fn = fn, .what = what,
        .request = request, .added_ns = clock_mono_ns() };
    str_init(&job->answer);
    *link = job;
    task_start(server->request_task);
    start_next(server);
    return 0;
}

void
readers_forget(struct session *session)
{
    struct server *server = session->server;
    for (struct reader_job **link = &server->reader_jobs; *link;) {
        struct reader_job *job = *link;
        if (job->session != session) {
            link = &job->next;
        } else if (job->held) {
            job->session = NULL;
            store_interrupt(job->reader->store);
            link = &job->next;
        } else {
            *link = job->next;
            task_end(server->request_task, clock_mono_ns() - job->added_ns, true);
            free_job(job);
        }
    }
}

void
readers_release(struct server *server)
{
    while (server->reader_jobs) {
        struct reader_job *job = server->reader_jobs;
        server->reader_jobs = job->next;
        if (job->held) {
            store_interrupt(job->reader->store);
            job->server = NULL;
            job->held->reader = NULL; /* the job's, from here on */
            optop_pool_discard(server->readers, job->held);
        } else {
            free_job(job);
        }
    }
    optop_pool_free(server->readers);
    server->readers = NULL;
}
