/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Executors: threads that run tasks from a bounded queue. Link with -loptop
 * (pkg-config optop); manual: liboptop(3).
 *
 *     struct optop_executor *executor = optop_executor_new("frames", 0, 0);
 *     optop_submit(executor, &(struct optop_task){ .run = load, .context = file }, NULL);
 *     optop_executor_free(executor);
 *
 * A thread that has nothing to do takes what waits for another one. Tasks of
 * one priority begin about in the order in which they came; background tasks get their
 * turn also where the others never end. What an executor does shows on its
 * program's board: `executor.*', and `task.*' for each name of tasks.
 *
 * Any thread may call any of these, tasks of the executor among them. No call
 * here prints or exits.
 */
#ifndef OPTOP_EXECUTOR_H
#define OPTOP_EXECUTOR_H

#include <stddef.h>
#include <stdint.h>

#include "optop/board.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    OPTOP_THREADS_MAX = 256, /* of an executor */
    OPTOP_QUEUE_MAX = 1 << 20, /* tasks that wait in one, of each priority */
    OPTOP_TASK_NAMES_MAX = 16, /* of one, its own among them */
};

enum optop_priority { OPTOP_NORMAL, OPTOP_URGENT, OPTOP_BACKGROUND, OPTOP_PRIORITIES };

struct optop_executor;
struct optop_future;

/* A task is copied when it is submitted; its context is borrowed until run or
 * dropped has been called, one of the two, once. */
struct optop_task {
    int (*run)(void *context); /* negative: it has failed */
    void (*dropped)(void *context); /* in place of run: it was cancelled; may be NULL */
    void *context;
    int name; /* from optop_executor_task(); 0: the executor's own */
    int priority; /* enum optop_priority */
    int no_wait; /* a full queue is -EAGAIN, not waited for */
};

/* threads 0: as many as there are usable cores. They start when there is work
 * for them, with all signals blocked but those of faults. queue 0: 1024 tasks
 * of each priority; at least so many. NULL with errno. */
OPTOP_API struct optop_executor *optop_executor_new(const char *name, int threads, int queue);

/* Waits for all tasks, then ends the threads. Its futures are free by then.
 * Not from one of its tasks. NULL is fine. */
OPTOP_API void optop_executor_free(struct optop_executor *executor);

/* Starts all threads now; begin is called in each first, and end last (either
 * may be NULL). Before anything else; 0 or -errno. */
OPTOP_API int optop_executor_start(struct optop_executor *executor,
    void (*begin)(void *context, int thread), void (*end)(void *context, int thread),
    void *context);

/* What waits is dropped, and so is what comes later: -ECANCELED. Tasks that run
 * are told by optop_cancelled(). */
OPTOP_API void optop_executor_cancel(struct optop_executor *executor);

/* Until nothing waits or runs; timeout_ns < 0: however long. 0 or -ETIMEDOUT. */
OPTOP_API int optop_executor_wait(struct optop_executor *executor, int64_t timeout_ns);

/* A name that tasks are counted under: the same number for the same name.
 * -ENOSPC: there are OPTOP_TASK_NAMES_MAX. */
OPTOP_API int optop_executor_task(struct optop_executor *executor, const char *name);

/* The queue takes it, and waits for room when it is full; a task that submits to
 * its own full executor runs it at once. ret_future may be NULL; owned. 0, or
 * -EAGAIN, -ECANCELED, -EINVAL, -ENOMEM, or why no thread can be started; run and
 * dropped are not called then. */
OPTOP_API int optop_submit(struct optop_executor *executor, const struct optop_task *task,
    struct optop_future **ret_future);

/* Waits for the end of a task; ret_result (may be NULL): what it returned, or
 * -ECANCELED. A task of the same executor runs others meanwhile. 0 or -ETIMEDOUT
 * (timeout_ns < 0: never). */
OPTOP_API int optop_future_wait(struct optop_future *future, int64_t timeout_ns, int *ret_result);

/* A task that has not begun never will: 0. One that runs is told: -EBUSY. One
 * that has ended: -EALREADY. */
OPTOP_API int optop_future_cancel(struct optop_future *future);
OPTOP_API void optop_future_free(struct optop_future *future); /* NULL is fine */

/* For a task: whether it would better come to its end. */
OPTOP_API int optop_cancelled(void);

/* The number of the calling thread in its executor, from 0; -1: of none. */
OPTOP_API int optop_thread(void);

/* Calls item for each of 0 .. count - 1, in chunks that as many threads as it has
 * (the caller is one of them) take in order; chunk 0: as large as is good. Results are in order
 * when item writes to a place of its index. The first error, by index, is
 * returned and its index told (ret_index may be NULL); items before it have all
 * been called, and few behind it. -ECANCELED when the caller is a cancelled task. */
OPTOP_API int optop_map(struct optop_executor *executor, size_t count, size_t chunk,
    int (*item)(void *context, size_t index), void *context, size_t *ret_index);

#ifdef __cplusplus
}
#endif

#endif
