/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "task/executor_private.h"
#include "task/process.h"

enum { SEARCH_ROUNDS = 32 }; /* before sleep: a sleep and a wake cost some microseconds */

static _Thread_local struct executor_thread *own;

struct executor_thread *
executor_self(const struct optop_executor *executor)
{
    return own && own->executor == executor ? own : NULL;
}

int
optop_call(struct optop_call *call)
{
    if (!own || !own->executor->processes)
        return -EINVAL;
    return processes_call(own->executor->processes, own->number, call);
}

int
optop_thread(void)
{
    return own ? own->number : -1;
}

/* Sleep and wake. */

void
executor_notify(struct optop_executor *executor)
{
    uint64_t state = atomic_fetch_add_explicit(&executor->state, 0, memory_order_acq_rel);
    while (state < SEARCHER && state > 0)
        if (atomic_compare_exchange_weak_explicit(&executor->state, &state,
                state - SLEEPER + SEARCHER, memory_order_acq_rel, memory_order_acquire)) {
            sem_post(&executor->wake);
            return;
        }
    /* all are busy: one more, if there may be; when it cannot be had now, the others do it */
    if (state == 0 &&
        atomic_load_explicit(&executor->started, memory_order_relaxed) < executor->thread_max)
        executor_add_thread(executor);
}

static void
tell_idle(struct optop_executor *executor)
{
    if (atomic_load_explicit(&executor->idle_waiters, memory_order_acquire)) {
        pthread_mutex_lock(&executor->lock);
        pthread_cond_broadcast(&executor->changed);
        pthread_mutex_unlock(&executor->lock);
    }
}

static void
sleep_until_woken(struct executor_thread *self)
{
    struct optop_executor *executor = self->executor;
    atomic_fetch_add_explicit(&executor->state, SLEEPER - SEARCHER, memory_order_acq_rel);
    if (executor_any(executor))
        executor_notify(executor); /* it may be this one that it wakes */
    tell_idle(executor);
    while (sem_wait(&executor->wake) < 0)
        continue; /* a signal */
}

static void
relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* False at the end. */
static bool
next_task(struct executor_thread *self, bool *searching, struct ring_task *ret_task)
{
    struct optop_executor *executor = self->executor;
    int rounds = SEARCH_ROUNDS;
    while (!executor_take(executor, self, ret_task)) {
        if (!*searching) {
            atomic_fetch_add_explicit(&executor->state, SEARCHER, memory_order_acq_rel);
            *searching = true;
            self->now_ns = 0;
        } else if (atomic_load_explicit(&executor->stopping, memory_order_acquire)) {
            return false;
        } else if (rounds-- > 0) {
            relax();
        } else {
            sleep_until_woken(self);
            rounds = SEARCH_ROUNDS;
        }
    }
    if (*searching && atomic_fetch_sub_explicit(&executor->state, SEARCHER,
            memory_order_acq_rel) < 2 * SEARCHER && executor_any(executor))
        executor_notify(executor);
    *searching = false;
    return true;
}

static void *
thread_main(void *argument)
{
    struct executor_thread *self = argument;
    struct optop_executor *executor = self->executor;
    struct ring_task task;
    bool searching = true; /* counted by who started it */
    own = self;
    if (executor->begin)
        executor->begin(executor->context, self->number);
    while (next_task(self, &searching, &task))
        executor_run(self, &task);
    if (executor->end)
        executor->end(executor->context, self->number);
    return NULL;
}

/* What is sent to the process is not for these threads; a fault of a thread is
 * delivered to it in any case. */
static int
start(struct executor_thread *thread)
{
    static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    sigset_t all, before;
    sigfillset(&all);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(&all, faults[i]);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int r = -pthread_create(&thread->id, NULL, thread_main, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

int
executor_add_thread(struct optop_executor *executor)
{
    int r = 0;
    pthread_mutex_lock(&executor->lock);
    int number = atomic_load(&executor->started);
    if (number < executor->thread_max && !atomic_load(&executor->stopping)) {
        atomic_fetch_add_explicit(&executor->state, SEARCHER, memory_order_acq_rel);
        r = start(&executor->thread[number]);
        if (r < 0)
            atomic_fetch_sub_explicit(&executor->state, SEARCHER, memory_order_acq_rel);
        else
            atomic_store(&executor->started, number + 1);
    }
    pthread_mutex_unlock(&executor->lock);
    return r;
}

int
optop_executor_start(struct optop_executor *executor, void (*begin)(void *context, int thread),
    void (*end)(void *context, int thread), void *context)
{
    int r = 0;
    if (atomic_load(&executor->started))
        return -EBUSY;
    executor->begin = begin;
    executor->end = end;
    executor->context = context;
    for (int i = 0; i < executor->thread_max && r == 0; i++)
        r = executor_add_thread(executor);
    return r;
}

void
executor_join(struct optop_executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    atomic_store_explicit(&executor->stopping, true, memory_order_release);
    int started = atomic_load(&executor->started);
    pthread_mutex_unlock(&executor->lock);
    for (int i = 0; i < started; i++)
        sem_post(&executor->wake);
    for (int i = 0; i < started; i++)
        pthread_join(executor->thread[i].id, NULL);
}

/* Waiting. */

int64_t
executor_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now); /* the one that conditions can wait by */
    return (int64_t)now.tv_sec * NS_PER_SEC + now.tv_nsec;
}

int64_t
executor_deadline(int64_t timeout_ns)
{
    int64_t now = executor_now();
    return timeout_ns < 0 ? -1 : timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
}

bool
executor_wait(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t until_ns)
{
    struct timespec until = { .tv_sec = until_ns / NS_PER_SEC, .tv_nsec = until_ns % NS_PER_SEC };
    if (until_ns >= 0)
        return pthread_cond_clockwait(changed, lock, CLOCK_MONOTONIC, &until) != ETIMEDOUT;
    pthread_cond_wait(changed, lock);
    return true;
}

bool
executor_wait_change(struct optop_executor *executor, int64_t until_ns)
{
    return executor_wait(&executor->changed, &executor->lock, until_ns);
}
