/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>

#include "task/executor_private.h"

int
future_new(struct optop_executor *executor, struct optop_future **ret_future)
{
    struct optop_future *future = calloc(1, sizeof *future);
    if (!future)
        return -ENOMEM;
    future->executor = executor;
    atomic_init(&future->references, 2);
    *ret_future = future;
    return 0;
}

void
optop_future_free(struct optop_future *future)
{
    if (future && atomic_fetch_sub_explicit(&future->references, 1, memory_order_acq_rel) == 1)
        free(future);
}

bool
future_begin(struct optop_future *future)
{
    int waits = FUTURE_WAITS;
    return !future || atomic_compare_exchange_strong(&future->state, &waits, FUTURE_RUNS);
}

/* Who waits has set `awaited' before he looked at the state again. */
static void
settle(struct optop_future *future, int result)
{
    struct optop_executor *executor = future->executor;
    future->result = result;
    atomic_store(&future->state, FUTURE_DONE);
    if (atomic_load(&future->awaited)) {
        pthread_mutex_lock(&executor->lock);
        pthread_cond_broadcast(&executor->changed);
        pthread_mutex_unlock(&executor->lock);
    }
}

void
future_end(struct optop_future *future, int result)
{
    if (!future)
        return;
    settle(future, result);
    optop_future_free(future);
}

int
optop_future_cancel(struct optop_future *future)
{
    int before = FUTURE_WAITS;
    atomic_store(&future->cancelled, true);
    if (atomic_compare_exchange_strong(&future->state, &before, FUTURE_RUNS)) {
        settle(future, -ECANCELED);
        return 0;
    }
    return before == FUTURE_RUNS ? -EBUSY : -EALREADY;
}

static bool
is_done(const struct optop_future *future)
{
    return atomic_load(&future->state) == FUTURE_DONE;
}

/* A task that waits for a task: its thread does what there is to do meanwhile,
 * so that the two may be of one executor with one thread. */
static void
help(struct executor_thread *self, const struct optop_future *future)
{
    struct ring_task task;
    while (!is_done(future) && executor_take(self->executor, self, &task))
        executor_run(self, &task);
}

int
optop_future_wait(struct optop_future *future, int64_t timeout_ns, int *ret_result)
{
    struct optop_executor *executor = future->executor;
    struct executor_thread *self = is_done(future) ? NULL : executor_self(executor);
    if (self)
        help(self, future);
    if (!is_done(future)) {
        int64_t until = executor_deadline(timeout_ns);
        bool in_time = true;
        pthread_mutex_lock(&executor->lock);
        atomic_store(&future->awaited, true);
        while (!is_done(future) && in_time)
            in_time = executor_wait_change(executor, until);
        pthread_mutex_unlock(&executor->lock);
    }
    if (!is_done(future))
        return -ETIMEDOUT;
    if (ret_result)
        *ret_result = future->result;
    return 0;
}
