/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside of an executor (include/optop/executor.h): executor.c has the queue and
 * the tasks, executor_thread.c the threads and their sleep, future.c who waits
 * for what, task_map.c the map, process.c the processes that tasks may call,
 * job_queue.c tasks that have numbers.
 *
 * Each thread has a ring per priority. What comes from outside goes round them,
 * what a task submits into its own; a thread takes from its own first and then
 * from the others.
 *
 * Who sleeps is woken by who submits, one at a time: `state` counts the sleepers
 * and the searchers, and while anybody searches nobody is woken, since he will
 * find the task, or look once more after he was counted as a sleeper. A searcher
 * who has found something wakes the next. All of it goes through read-modify-
 * writes of the one word, so one of the two always sees the other.
 */
#ifndef OPTOP_TASK_EXECUTOR_PRIVATE_H
#define OPTOP_TASK_EXECUTOR_PRIVATE_H

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>

#include "mem/registry.h"
#include "optop/executor.h"
#include "stat/task_lane.h"
#include "task/ring.h"

#define SLEEPER UINT64_C(1)
#define SEARCHER (UINT64_C(1) << 32)

/* Names that are told to the registry, too: task.* on the board. */
struct executor_task {
    struct resource resource;
    struct optop_executor *executor;
    int number;
};

struct executor_thread {
    _Alignas(64) struct ring ring[OPTOP_PRIORITIES];
    _Alignas(64) _Atomic uint64_t ended; /* tasks that were taken and are over */
    _Atomic uint64_t stolen; /* of other threads' rings */
    _Atomic(struct task_lane *) lane[OPTOP_TASK_NAMES_MAX]; /* owned; made when needed */
    struct optop_executor *executor;
    int number;
    unsigned turn; /* counts what it takes, for who must not starve */
    int64_t now_ns; /* when the last task ended; 0: it has slept since */
    pthread_t id;
};

struct optop_executor {
    struct resource resource;
    int thread_max;
    _Atomic int started; /* threads */
    _Alignas(64) _Atomic uint64_t state; /* sleepers and searchers */
    _Alignas(64) _Atomic uint64_t next; /* ring for what comes from outside */
    _Alignas(64) _Atomic int waiting[OPTOP_PRIORITIES]; /* not counted for OPTOP_NORMAL */
    _Atomic bool cancelled, stopping;
    _Atomic int room_waiters, idle_waiters;
    sem_t wake; /* a token for each sleeper that was chosen */

    pthread_mutex_t lock; /* of names that are added and threads that start */
    pthread_cond_t changed; /* room, idle, or a future that is waited for */
    _Atomic int name_count;
    struct executor_task *name[OPTOP_TASK_NAMES_MAX]; /* owned */
    char asked[OPTOP_TASK_NAMES_MAX][RESOURCE_NAME_MAX]; /* the registry may call it otherwise */
    void (*begin)(void *context, int thread);
    void (*end)(void *context, int thread);
    void *context;

    struct executor_thread *thread; /* thread_max of them */
    struct processes *processes; /* owned; NULL: tasks call none */
    struct ring_cell *cells; /* of all rings */
    size_t cells_bytes;
};

enum future_state { FUTURE_WAITS, FUTURE_RUNS, FUTURE_DONE };

struct optop_future {
    struct optop_executor *executor;
    _Atomic int references; /* its owner's and the queue's */
    _Atomic int state;
    _Atomic bool cancelled, awaited;
    int result; /* valid when done */
};

/* executor.c */
bool executor_take(struct optop_executor *executor, struct executor_thread *self,
    struct ring_task *ret_task);
void executor_run(struct executor_thread *self, const struct ring_task *task);
bool executor_any(const struct optop_executor *executor);
bool executor_idle(const struct optop_executor *executor);
void executor_set_limit(int64_t until_ns); /* of the task that runs: then optop_cancelled(); 0: none */

/* executor_thread.c */
struct executor_thread *executor_self(const struct optop_executor *executor); /* NULL: not of it */
int executor_add_thread(struct optop_executor *executor);
void executor_notify(struct optop_executor *executor);
void executor_join(struct optop_executor *executor);

/* Waits for a change, with the lock held; false when the time (monotonic; < 0:
 * none) is over. */
bool executor_wait(pthread_cond_t *changed, pthread_mutex_t *lock, int64_t until_ns);
bool executor_wait_change(struct optop_executor *executor, int64_t until_ns);
int64_t executor_now(void);
int64_t executor_deadline(int64_t timeout_ns);

/* future.c: by who has taken the task. */
int future_new(struct optop_executor *executor, struct optop_future **ret_future);
bool future_begin(struct optop_future *future); /* false: it was cancelled */
void future_end(struct optop_future *future, int result);

#endif
