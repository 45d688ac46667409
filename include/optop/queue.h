/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Queues of tasks that have a number: by it they are asked for, waited for,
 * cancelled, and their results are taken. Link with -loptop (pkg-config optop);
 * manual: liboptop(3).
 *
 *     struct optop_queue *queue = optop_queue_new(&(struct optop_queue_options){
 *         .name = "reports", .executor = executor });
 *     int64_t id = optop_queue_add(queue, &(struct optop_job){ .name = "monthly",
 *         .run = write_report, .context = month, .timeout_ns = 60 * 1000000000LL });
 *     optop_queue_wait(queue, id, -1);
 *     optop_queue_take(queue, id, &result, &reply);
 *
 * They run on an executor's threads; on one of processes (optop/process.h) a task
 * may do its work here, or there by optop_call(), or some of both. What a queue
 * does shows on its program's board (queue.*); how long tasks take, by their
 * names, is among its executor's figures.
 *
 * Any thread may call any of these. No call here prints or exits.
 */
#ifndef OPTOP_QUEUE_H
#define OPTOP_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "optop/executor.h"
#include "optop/process.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { OPTOP_JOB_NAME_MAX = 32 }; /* with its NUL; longer ones are cut */

enum optop_job_state {
    OPTOP_JOB_WAITS,
    OPTOP_JOB_RUNS,
    OPTOP_JOB_DONE, /* run returned 0 or more */
    OPTOP_JOB_FAILED, /* run returned less, in time and not cancelled */
    OPTOP_JOB_CANCELLED,
    OPTOP_JOB_TIMED_OUT,
};

struct optop_queue_options {
    const char *name;
    struct optop_executor *executor; /* borrowed; outlives the queue */
    int max; /* jobs whose results have not been taken; 0: 1024 */
    /* A job has ended and may be taken; NULL: nobody is told. On any thread, with no
     * lock held. */
    void (*ended)(void *context, int64_t id, void *job_context);
    void *context; /* of ended */
};

struct optop_job {
    const char *name; /* what it is, for who lists them; copied */
    /* Fills the reply, which is empty, or leaves it; negative: it has failed. It
     * comes to its end soon after optop_cancelled() is true: it was cancelled, or its
     * time is over. */
    int (*run)(void *context, struct optop_reply *reply);
    void *context; /* borrowed until the job has ended */
    uint64_t lane; /* jobs of one lane: the next begins when the one before was taken; 0: of none */
    int64_t timeout_ns; /* from its beginning; 0: none */
    int priority; /* enum optop_priority */
};

struct optop_job_info {
    int64_t id;
    enum optop_job_state state;
    uint64_t lane;
    int64_t waited_ns, ran_ns; /* so far, or in all */
    char name[OPTOP_JOB_NAME_MAX];
};

struct optop_queue;

/* NULL with errno: EINVAL, ENOMEM. */
OPTOP_API struct optop_queue *optop_queue_new(const struct optop_queue_options *options);

/* Cancels all, waits for those that run, frees what was not taken. Not from one of
 * its jobs. NULL is fine. */
OPTOP_API void optop_queue_free(struct optop_queue *queue);

/* The new job's number, from 1, rising; or -EAGAIN: there are options.max; -EINVAL,
 * -ENOMEM, or why its executor does not take it. */
OPTOP_API int64_t optop_queue_add(struct optop_queue *queue, const struct optop_job *job);

/* One that waits ends now; one that runs is told. 0, -EALREADY: it has ended;
 * -ENOENT: there is none of this number, or it was taken. */
OPTOP_API int optop_queue_cancel(struct optop_queue *queue, int64_t id);

/* Until it has ended (timeout_ns < 0: however long): 0, -ETIMEDOUT, -ENOENT. */
OPTOP_API int optop_queue_wait(struct optop_queue *queue, int64_t id, int64_t timeout_ns);

/* Forgets a job that has ended and returns its state. ret_result: what run returned, or
 * -ECANCELED. ret_reply: reply.bytes is the caller's. Both may be NULL. -EBUSY: it has
 * not ended; -ENOENT. */
OPTOP_API int optop_queue_take(struct optop_queue *queue, int64_t id, int *ret_result,
    struct optop_reply *ret_reply);

/* Those that were not taken, oldest first, at most max: how many. */
OPTOP_API int optop_queue_list(struct optop_queue *queue, struct optop_job_info *ret_jobs, int max);

#ifdef __cplusplus
}
#endif

#endif
