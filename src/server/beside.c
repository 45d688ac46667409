/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/beside.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "exec/run_check.h"
#include "server/call.h"
#include "server/checks.h"
#include "server/reads.h"

static const struct {
    const char *name;
    int threads;
    enum { LANES_NONE, LANES_CLIENT, LANES_ONE } lanes; /* what goes one at a time: nothing, a client's, all */
    bool processes;
} kinds[BESIDE_QUEUES] = {
    [BESIDE_READS] = { "reads", READS_MAX, LANES_CLIENT, false },
    [BESIDE_CHECKS] = { "checks", CHECKS_PROCESSES, LANES_NONE, true },
    [BESIDE_SAVES] = { "saves", 1, LANES_ONE, false },
    [BESIDE_REPLAYS] = { "replays", 2, LANES_CLIENT, false },
};

struct beside_job {
    struct beside_job *next; /* by number, rising */
    struct server *server;
    struct session *session; /* NULL: it has gone */
    enum beside_queue queue;
    int64_t number, id; /* for who asks, of all; in its queue */
    struct beside_request asked;
    json_t *request; /* owned */
    int64_t added_ns;
    struct loop_end end;
    bool ended; /* waits for its client to read */
};

struct beside {
    struct optop_executor *executor[BESIDE_QUEUES];
    struct optop_queue *queue[BESIDE_QUEUES];
    struct beside_job *first;
    int64_t last_number;
};

/* Ends. */

static void
unlink_job(struct beside_job *job)
{
    struct beside_job **link = &job->server->beside->first;
    while (*link != job)
        link = &(*link)->next;
    *link = job->next;
}

static void
answer(const struct beside_job *job, int state, int result, struct optop_reply *reply)
{
    struct diag diag = { 0 };
    struct str line;
    str_init(&line);
    if (state == OPTOP_JOB_CANCELLED)
        call_error(&line, job->request, diag_set(&diag, ERR_BAD_STATE, "the request was cancelled"),
            &diag);
    else if (state == OPTOP_JOB_TIMED_OUT)
        call_error(&line, job->request, diag_set(&diag, ERR_BAD_STATE, "not answered within %g s",
            ns_to_sec(job->asked.timeout_ns)), &diag);
    else
        job->asked.answer(job->asked.context, job->request, result, reply, &line);
    if (job->session)
        session_send(job->session, &line);
    str_release(&line);
}

static void
finish(struct beside_job *job)
{
    struct server *server = job->server;
    struct optop_reply reply = { 0 };
    int result = 0;
    int state = optop_queue_take(server->beside->queue[job->queue], job->id, &result, &reply);
    if (job->session || job->asked.always)
        answer(job, state, result, &reply);
    task_end(server->request_task, clock_mono_ns() - job->added_ns, result < 0);
    free(reply.bytes);
    unlink_job(job);
    job->asked.release(job->asked.context);
    json_decref(job->request);
    free(job);
}

/* An answer fills a client's queue: the next one is made when it was read. */
static void
on_end(void *context)
{
    struct beside_job *job = context;
    job->ended = true;
    if (!job->session || job->asked.always || !session_queued(job->session))
        finish(job);
}

void
beside_wake(struct session *session)
{
    struct beside *beside = session->server->beside;
    struct beside_job *job = beside ? beside->first : NULL;
    while (job && !session_queued(session)) {
        struct beside_job *next = job->next;
        if (job->session == session && job->ended)
            finish(job);
        job = next;
    }
}

void
beside_forget(struct session *session)
{
    struct beside *beside = session->server->beside;
    if (!beside)
        return;
    for (struct beside_job *job = beside->first, *next; job; job = next) {
        next = job->next;
        if (job->session != session)
            continue;
        job->session = NULL;
        if (job->ended)
            finish(job);
        else
            optop_queue_cancel(beside->queue[job->queue], job->id); /* its end comes */
    }
}

/* Beginnings. */

static void
tell_loop(void *context, int64_t id, void *job_context)
{
    struct beside_job *job = job_context;
    (void)context, (void)id;
    loop_tell(job->server->loop, &job->end, &job->end);
}

static int
run_job(void *context, struct optop_reply *reply)
{
    const struct beside_job *job = context;
    return job->asked.run(job->asked.context, reply);
}

static struct optop_executor *
open_executor(const struct server *server, enum beside_queue queue)
{
    static const char *const argv[] = { "optop-worker", RUN_CHECK_ARGUMENT, NULL };
    const struct optop_process_options options = { .path = server->worker_program, .argv = argv,
        .processes = kinds[queue].threads, .calls = 1 };
    return kinds[queue].processes ? optop_executor_new_processes(kinds[queue].name, &options)
                                  : optop_executor_new(kinds[queue].name, kinds[queue].threads, 0);
}

static int
open_queue(struct server *server, enum beside_queue queue)
{
    if (!server->beside)
        server->beside = XNEW(struct beside);
    struct beside *beside = server->beside;
    if (!beside->executor[queue])
        beside->executor[queue] = open_executor(server, queue);
    if (beside->executor[queue] && !beside->queue[queue])
        beside->queue[queue] = optop_queue_new(&(struct optop_queue_options){
            .name = kinds[queue].name, .executor = beside->executor[queue], .ended = tell_loop });
    return beside->queue[queue] ? 0 : -errno;
}

static int
count_of(const struct beside *beside, const struct session *session, enum beside_queue queue)
{
    int count = 0;
    for (const struct beside_job *job = beside->first; job; job = job->next)
        count += job->session == session && job->queue == queue;
    return count;
}

static uint64_t
lane_of(enum beside_queue queue, const struct session *session)
{
    return kinds[queue].lanes == LANES_CLIENT ? session->number : kinds[queue].lanes == LANES_ONE;
}

static int
too_many(struct diag *diag)
{
    return diag_set(diag, ERR_TOO_LARGE, "too many requests at once");
}

int
beside_add(struct session *session, enum beside_queue queue, json_t *request,
    const struct beside_request *asked, struct diag *diag)
{
    struct server *server = session->server;
    int r = open_queue(server, queue);
    if (r < 0)
        return r;
    struct beside *beside = server->beside;
    if (count_of(beside, session, queue) >= BESIDE_MAX)
        return too_many(diag);
    struct beside_job *job = XNEW(struct beside_job), **link = &beside->first;
    *job = (struct beside_job){ .server = server, .session = session, .queue = queue,
        .number = beside->last_number + 1, .asked = *asked, .request = request,
        .added_ns = clock_mono_ns(), .end = { .done = on_end, .context = job } };
    loop_expect(server->loop);
    job->id = optop_queue_add(beside->queue[queue], &(struct optop_job){
        .name = json_get_string(request, "method", "request"), .run = run_job, .context = job,
        .lane = lane_of(queue, session), .timeout_ns = asked->timeout_ns });
    if (job->id < 0) {
        r = (int)job->id;
        loop_unexpect(server->loop, 1);
        free(job);
        return r == -EAGAIN ? too_many(diag) : r;
    }
    /* its end is told on this loop, so all that follows is in time */
    beside->last_number++;
    while (*link)
        link = &(*link)->next;
    *link = job;
    return 0;
}

void
beside_release(struct server *server)
{
    struct beside *beside = server->beside;
    if (!beside)
        return;
    for (int i = 0; i < BESIDE_QUEUES; i++)
        if (beside->executor[i]) /* each job was cancelled with its session */
            optop_executor_wait(beside->executor[i], -1);
    loop_hear(server->loop);
    for (int i = 0; i < BESIDE_QUEUES; i++) {
        optop_queue_free(beside->queue[i]);
        optop_executor_free(beside->executor[i]);
    }
    free(beside);
    server->beside = NULL;
}

/* Methods. */

static const struct optop_job_info *
find_info(const struct optop_job_info *info, int count, int64_t id)
{
    for (int i = 0; i < count; i++)
        if (info[i].id == id)
            return &info[i];
    return NULL;
}

static void
write_job(struct json_writer *w, const struct beside_job *job, const struct optop_job_info *info)
{
    static const char *const states[] = { [OPTOP_JOB_WAITS] = "waiting",
        [OPTOP_JOB_RUNS] = "running" };
    jw_object(w, NULL);
    jw_int(w, "request", job->number);
    jw_string(w, "method", json_get_string(job->request, "method", ""));
    jw_int(w, "pid", job->session ? job->session->pid : 0);
    jw_string(w, "state", info->state <= OPTOP_JOB_RUNS ? states[info->state] : "not read");
    jw_number(w, "waited_seconds", ns_to_sec(info->waited_ns));
    jw_number(w, "running_seconds", ns_to_sec(info->ran_ns));
    jw_end(w);
}

int
handle_requests(struct call *call)
{
    const struct beside *beside = call->server->beside;
    const struct beside_job *first = beside ? beside->first : NULL;
    struct optop_job_info *info[BESIDE_QUEUES] = { 0 };
    int count[BESIDE_QUEUES] = { 0 }, total = 0;
    for (const struct beside_job *job = first; job; job = job->next)
        total++;
    for (int i = 0; i < BESIDE_QUEUES && total; i++) {
        info[i] = xcalloc((size_t)total, sizeof *info[i]);
        if (beside->queue[i])
            count[i] = optop_queue_list(beside->queue[i], info[i], total);
    }
    jw_array(call->w, "requests");
    for (const struct beside_job *job = first; job; job = job->next) {
        const struct optop_job_info *found = find_info(info[job->queue], count[job->queue], job->id);
        if (found)
            write_job(call->w, job, found);
    }
    jw_end(call->w);
    for (int i = 0; i < BESIDE_QUEUES; i++)
        free(info[i]);
    return 0;
}

int
handle_requests_cancel(struct call *call)
{
    const struct beside *beside = call->server->beside;
    int64_t number = json_get_int(call->params, "request", -1);
    if (number < 0)
        return call_need(call, "request");
    const struct beside_job *job = beside ? beside->first : NULL;
    while (job && job->number != number)
        job = job->next;
    if (!job)
        return diag_set(call->diag, ERR_NOT_FOUND, "no request %lld is being answered",
            (long long)number);
    optop_queue_cancel(beside->queue[job->queue], job->id);
    jw_int(call->w, "request", number);
    return 0;
}
