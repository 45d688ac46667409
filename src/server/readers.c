/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/readers.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "server/server.h"

struct reader_job {
    struct reader_job *next; /* in the order in which they came */
    struct server *server; /* NULL: it has gone while this ran */
    struct session *session; /* NULL: gone */
    reader_fn *fn;
    const void *what;
    json_t *request; /* owned */
    struct store *store; /* NULL: waits; else it runs */
    struct str answer;
    int64_t added_ns;
    int result;
};

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
    job->result = job->fn(job->what, job->request, job->store, &job->answer);
    store_sweep(job->store);
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
        store_close(job->store);
        free_job(job);
        return;
    }
    server->readers[server->reader_count++] = job->store;
    end_job(server, job);
    start_next(server);
}

/* A connection that rests, or a new one; NULL when as many as may are busy. */
static struct store *
take_reader(struct server *server)
{
    struct store *store;
    if (server->reader_count)
        return server->readers[--server->reader_count];
    if (server->readers_open == READERS_MAX || store_open_reader(server->store, &store) < 0)
        return NULL;
    server->readers_open++;
    return store;
}

/* An answer fills a client's queue: the next one is made when it was read. */
static bool
may_start(const struct server *server, const struct reader_job *job)
{
    if (job->store || session_queued(job->session))
        return false;
    for (const struct reader_job *other = server->reader_jobs; other; other = other->next)
        if (other->store && other->session == job->session)
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
        job->store = take_reader(server);
        if (job->store) {
            loop_work(server->loop, "read the store", on_thread, on_done, job);
        } else if (!server->readers_open) { /* no descriptor to be had: it must do without */
            job->result = job->fn(job->what, job->request, server->store, &job->answer);
            end_job(server, job);
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
        } else if (job->store) {
            job->session = NULL;
            store_interrupt(job->store);
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
        if (job->store) {
            store_interrupt(job->store);
            job->server = NULL;
        } else {
            free_job(job);
        }
    }
    while (server->reader_count)
        store_close(server->readers[--server->reader_count]);
}
