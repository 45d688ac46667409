/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "optop/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem/registry.h"
#include "task/executor_private.h"

enum { JOBS_DEFAULT = 1024 };

struct job {
    struct job *next, *previous; /* by number, rising */
    struct optop_queue *queue;
    struct optop_job asked;
    struct optop_job_info info; /* times are set as it goes on */
    int64_t added_ns, began_ns, ended_ns; /* 0: not yet */
    struct optop_future *future; /* owned; NULL: its lane's turn has not come */
    int name; /* its number in the executor */
    bool cancelled;
    int result;
    struct optop_reply reply;
};

struct optop_queue {
    struct resource resource;
    struct optop_queue_options options;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *first, *last;
    int64_t last_id;
    int count, submitted; /* submitted: the executor has them, and will say so */
    uint64_t ended[OPTOP_JOB_TIMED_OUT + 1]; /* by state */
};

static bool
has_ended(const struct job *job)
{
    return job->info.state >= OPTOP_JOB_DONE;
}

static struct job *
find(const struct optop_queue *queue, int64_t id)
{
    struct job *job = queue->first;
    while (job && job->info.id != id)
        job = job->next;
    return job;
}

static void
unlink_job(struct optop_queue *queue, struct job *job)
{
    *(job->previous ? &job->previous->next : &queue->first) = job->next;
    *(job->next ? &job->next->previous : &queue->last) = job->previous;
    queue->count--;
}

static void
free_job(struct job *job)
{
    optop_future_free(job->future);
    free(job->reply.bytes);
    free(job);
}

/* With the lock held. */
static void
set_ended(struct job *job, enum optop_job_state state, int result)
{
    job->ended_ns = executor_now();
    job->info.state = state;
    job->result = result;
    job->queue->ended[state]++;
    pthread_cond_broadcast(&job->queue->changed);
}

/* Without it; the job may be gone by now. */
static void
tell_ended(struct optop_queue *queue, int64_t id, void *job_context)
{
    if (queue->options.ended)
        queue->options.ended(queue->options.context, id, job_context);
}

/* The executor has done with a job: from here on the queue may be freed. */
static void
let_go(struct optop_queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->submitted--;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

/* On a thread of the executor. */

static int
run_job(void *context)
{
    struct job *job = context;
    struct optop_queue *queue = job->queue;
    struct optop_reply reply = { 0 };
    void *job_context = job->asked.context;
    int64_t id = job->info.id;
    int64_t until_ns = job->asked.timeout_ns ? executor_deadline(job->asked.timeout_ns) : 0;
    pthread_mutex_lock(&queue->lock);
    job->info.state = OPTOP_JOB_RUNS;
    job->began_ns = executor_now();
    pthread_mutex_unlock(&queue->lock);
    executor_set_limit(until_ns);
    int result = job->asked.run(job_context, &reply);
    pthread_mutex_lock(&queue->lock);
    job->reply = reply;
    set_ended(job, result >= 0 ? OPTOP_JOB_DONE : job->cancelled ? OPTOP_JOB_CANCELLED
            : until_ns && executor_now() >= until_ns ? OPTOP_JOB_TIMED_OUT : OPTOP_JOB_FAILED,
        result);
    pthread_mutex_unlock(&queue->lock);
    tell_ended(queue, id, job_context);
    let_go(queue);
    return result;
}

static void
drop_job(void *context)
{
    struct job *job = context;
    struct optop_queue *queue = job->queue;
    void *job_context = job->asked.context;
    int64_t id = job->info.id;
    pthread_mutex_lock(&queue->lock);
    set_ended(job, OPTOP_JOB_CANCELLED, -ECANCELED);
    pthread_mutex_unlock(&queue->lock);
    tell_ended(queue, id, job_context);
    let_go(queue);
}

/* With the lock held. */
static int
submit(struct job *job)
{
    struct optop_queue *queue = job->queue;
    const struct optop_task task = { .run = run_job, .dropped = drop_job, .context = job,
        .name = job->name, .priority = job->asked.priority, .no_wait = 1 };
    int r = optop_submit(queue->options.executor, &task, &job->future);
    queue->submitted += r == 0;
    return r;
}

/* The next of a lane, until one is on its way or waits to be taken. */
static bool
lane_is_free(const struct optop_queue *queue, const struct job *job)
{
    for (const struct job *other = queue->first; job->asked.lane && other != job; other = other->next)
        if (other->asked.lane == job->asked.lane)
            return false;
    return true;
}

static struct job *
next_of_lane(const struct optop_queue *queue, uint64_t lane)
{
    struct job *job = queue->first;
    while (job && job->asked.lane != lane)
        job = job->next;
    return lane && job && !job->future && !has_ended(job) ? job : NULL;
}

int64_t
optop_queue_add(struct optop_queue *queue, const struct optop_job *asked)
{
    if (!asked->run || !asked->name || asked->timeout_ns < 0 || asked->priority < 0 ||
        asked->priority >= OPTOP_PRIORITIES)
        return -EINVAL;
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return -ENOMEM;
    job->queue = queue;
    job->asked = *asked;
    job->info.lane = asked->lane;
    snprintf(job->info.name, sizeof job->info.name, "%s", asked->name);
    job->asked.name = NULL; /* the caller's */
    job->name = optop_executor_task(queue->options.executor, job->info.name);
    if (job->name < 0)
        job->name = 0; /* there are too many names: the executor's own */
    job->added_ns = executor_now();
    pthread_mutex_lock(&queue->lock);
    int r = queue->count < queue->options.max ? 0 : -EAGAIN;
    int64_t id = job->info.id = queue->last_id + 1;
    if (r == 0) {
        job->previous = queue->last;
        *(queue->last ? &queue->last->next : &queue->first) = job;
        queue->last = job;
        queue->count++;
        if (lane_is_free(queue, job))
            r = submit(job);
        if (r < 0)
            unlink_job(queue, job);
    }
    if (r == 0)
        queue->last_id = id;
    pthread_mutex_unlock(&queue->lock);
    if (r < 0)
        free_job(job);
    return r < 0 ? r : id;
}

int
optop_queue_cancel(struct optop_queue *queue, int64_t id)
{
    bool over = false;
    void *job_context = NULL;
    pthread_mutex_lock(&queue->lock);
    struct job *job = find(queue, id);
    int r = !job ? -ENOENT : has_ended(job) ? -EALREADY : 0;
    if (r == 0) {
        job->cancelled = true;
        over = !job->future;
        job_context = job->asked.context;
        if (over)
            set_ended(job, OPTOP_JOB_CANCELLED, -ECANCELED);
        else
            optop_future_cancel(job->future); /* drop_job or run_job ends it */
    }
    pthread_mutex_unlock(&queue->lock);
    if (over)
        tell_ended(queue, id, job_context);
    return r;
}

int
optop_queue_wait(struct optop_queue *queue, int64_t id, int64_t timeout_ns)
{
    int64_t until_ns = executor_deadline(timeout_ns);
    struct job *job;
    bool in_time = true;
    pthread_mutex_lock(&queue->lock);
    while ((job = find(queue, id)) && !has_ended(job) && in_time)
        in_time = executor_wait(&queue->changed, &queue->lock, until_ns);
    int r = !job ? -ENOENT : has_ended(job) ? 0 : -ETIMEDOUT;
    pthread_mutex_unlock(&queue->lock);
    return r;
}

int
optop_queue_take(struct optop_queue *queue, int64_t id, int *ret_result, struct optop_reply *ret_reply)
{
    void *failed_context = NULL;
    int64_t failed_id = 0;
    pthread_mutex_lock(&queue->lock);
    struct job *job = find(queue, id);
    int r = !job ? -ENOENT : has_ended(job) ? (int)job->info.state : -EBUSY;
    if (r >= 0) {
        unlink_job(queue, job);
        struct job *next = next_of_lane(queue, job->asked.lane);
        int s = next ? submit(next) : 0;
        if (s < 0) {
            failed_id = next->info.id;
            failed_context = next->asked.context;
            set_ended(next, OPTOP_JOB_FAILED, s);
        }
    }
    pthread_mutex_unlock(&queue->lock);
    if (failed_id)
        tell_ended(queue, failed_id, failed_context);
    if (r < 0)
        return r;
    if (ret_result)
        *ret_result = job->result;
    if (ret_reply) {
        *ret_reply = job->reply;
        job->reply.bytes = NULL;
    }
    free_job(job);
    return r;
}

int
optop_queue_list(struct optop_queue *queue, struct optop_job_info *ret_jobs, int max)
{
    int count = 0;
    pthread_mutex_lock(&queue->lock);
    int64_t now = executor_now();
    for (const struct job *job = queue->first; job && count < max; job = job->next) {
        struct optop_job_info *info = &ret_jobs[count++];
        int64_t ended = has_ended(job) ? job->ended_ns : now;
        *info = job->info;
        info->waited_ns = (job->began_ns ? job->began_ns : ended) - job->added_ns;
        info->ran_ns = job->began_ns ? ended - job->began_ns : 0;
    }
    pthread_mutex_unlock(&queue->lock);
    return count;
}

/* Life. */

static int
show(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct optop_queue *queue = (struct optop_queue *)(void *)resource;
    double in_state[OPTOP_JOB_TIMED_OUT + 1] = { 0 };
    pthread_mutex_lock(&queue->lock);
    for (const struct job *job = queue->first; job; job = job->next)
        in_state[job->info.state]++;
    const struct resource_figure figures[] = {
        { "waiting", "", RESOURCE_GAUGE, in_state[OPTOP_JOB_WAITS] },
        { "running", "", RESOURCE_GAUGE, in_state[OPTOP_JOB_RUNS] },
        { "not_taken", "", RESOURCE_GAUGE,
            queue->count - in_state[OPTOP_JOB_WAITS] - in_state[OPTOP_JOB_RUNS] },
        { "done", "", RESOURCE_COUNTER, (double)queue->ended[OPTOP_JOB_DONE] },
        { "failed", "", RESOURCE_COUNTER, (double)queue->ended[OPTOP_JOB_FAILED] },
        { "cancelled", "", RESOURCE_COUNTER, (double)queue->ended[OPTOP_JOB_CANCELLED] },
        { "timed_out", "", RESOURCE_COUNTER, (double)queue->ended[OPTOP_JOB_TIMED_OUT] },
    };
    pthread_mutex_unlock(&queue->lock);
    memcpy(ret, figures, sizeof figures);
    return (int)(sizeof figures / sizeof *figures);
}

struct optop_queue *
optop_queue_new(const struct optop_queue_options *options)
{
    if (!options->executor || options->max < 0) {
        errno = EINVAL;
        return NULL;
    }
    struct optop_queue *queue = calloc(1, sizeof *queue);
    if (!queue)
        return NULL;
    queue->options = *options;
    queue->options.name = NULL; /* the caller's */
    if (!options->max)
        queue->options.max = JOBS_DEFAULT;
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    queue->resource.kind = "queue";
    snprintf(queue->resource.name, sizeof queue->resource.name, "%s",
        options->name ? options->name : "queue");
    queue->resource.figures = show;
    registry_add(&queue->resource);
    return queue;
}

void
optop_queue_free(struct optop_queue *queue)
{
    if (!queue)
        return;
    registry_remove(&queue->resource);
    pthread_mutex_lock(&queue->lock);
    for (struct job *job = queue->first; job; job = job->next) {
        job->cancelled = true;
        if (job->future)
            optop_future_cancel(job->future);
    }
    while (queue->submitted)
        pthread_cond_wait(&queue->changed, &queue->lock);
    pthread_mutex_unlock(&queue->lock);
    for (struct job *job = queue->first, *next; job; job = next) {
        next = job->next;
        free_job(job);
    }
    pthread_mutex_destroy(&queue->lock);
    pthread_cond_destroy(&queue->changed);
    free(queue);
}
