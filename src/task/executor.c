/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/clock.h"
#include "task/executor_private.h"
#include "task/process.h"
#include "task/task_rows.h"

enum {
    QUEUE_DEFAULT = 1024,
    RING_BITS_MIN = 3,
    ROUND_BITS = 3, /* so many (2^3) in a row go to one ring: neighbours in memory */
    BACKGROUND_EVERY = 64, /* tasks that a thread takes: then one of the background */
    ROOM_WAIT_NS = NS_PER_MS, /* for room: should a wake-up have been missed */
};

static _Thread_local struct optop_executor *running_in; /* whose task this thread runs */
static _Thread_local struct optop_future *running_future;
static _Thread_local int64_t running_until_ns; /* 0: for ever */

/* Taking. */

static bool
take_ring(struct optop_executor *executor, struct executor_thread *self, int priority,
    struct ring_task *ret_task)
{
    int count = atomic_load_explicit(&executor->started, memory_order_relaxed);
    if (ring_take(&self->ring[priority], ret_task))
        return true;
    /* rings of threads that have not started are filled, too */
    for (int i = 1; i < executor->thread_max; i++) {
        struct executor_thread *other = &executor->thread[(self->number + i) % executor->thread_max];
        if (!ring_take(&other->ring[priority], ret_task))
            continue;
        if (other->number < count)
            task_lane_add(&self->stolen, 1);
        return true;
    }
    return false;
}

/* The waiting ones are only counted where there are seldom any. */
static bool
take_counted(struct optop_executor *executor, struct executor_thread *self, int priority,
    struct ring_task *ret_task)
{
    if (!atomic_load_explicit(&executor->waiting[priority], memory_order_relaxed) ||
        !take_ring(executor, self, priority, ret_task))
        return false;
    atomic_fetch_sub_explicit(&executor->waiting[priority], 1, memory_order_relaxed);
    return true;
}

bool
executor_take(struct optop_executor *executor, struct executor_thread *self,
    struct ring_task *ret_task)
{
    bool background_first = ++self->turn % BACKGROUND_EVERY == 0;
    return take_counted(executor, self, OPTOP_URGENT, ret_task) ||
        (background_first && take_counted(executor, self, OPTOP_BACKGROUND, ret_task)) ||
        take_ring(executor, self, OPTOP_NORMAL, ret_task) ||
        take_counted(executor, self, OPTOP_BACKGROUND, ret_task);
}

bool
executor_any(const struct optop_executor *executor)
{
    for (int i = 0; i < executor->thread_max; i++)
        for (int p = 0; p < OPTOP_PRIORITIES; p++)
            if (ring_length(&executor->thread[i].ring[p]))
                return true;
    return false;
}

/* What has ended is read first: when it is as much as was put in then, nothing
 * was under way in between. */
bool
executor_idle(const struct optop_executor *executor)
{
    uint64_t ended = 0, added = 0;
    for (int i = 0; i < executor->thread_max; i++)
        ended += atomic_load_explicit(&executor->thread[i].ended, memory_order_acquire);
    for (int i = 0; i < executor->thread_max; i++)
        for (int p = 0; p < OPTOP_PRIORITIES; p++)
            added += atomic_load_explicit(&executor->thread[i].ring[p].tail, memory_order_acquire);
    return ended == added;
}

/* Running. */

static struct task_lane *
find_lane(struct executor_thread *self, int name)
{
    struct task_lane *lane = atomic_load_explicit(&self->lane[name], memory_order_relaxed);
    if (lane)
        return lane;
    lane = calloc(1, sizeof *lane);
    atomic_store_explicit(&self->lane[name], lane, memory_order_release);
    return lane; /* without memory it is not counted */
}

static void
run_counted(struct executor_thread *self, const struct ring_task *task)
{
    struct optop_executor *executor_before = running_in;
    struct optop_future *future_before = running_future;
    int64_t until_before_ns = running_until_ns;
    struct task_lane *lane = find_lane(self, task->name);
    int64_t started = self->now_ns ? self->now_ns : executor_now();
    self->now_ns = 0; /* for a task that runs inside of this one */
    if (lane)
        task_lane_start(lane);
    running_in = self->executor;
    running_future = task->future;
    running_until_ns = 0;
    int result = task->run(task->context);
    running_in = executor_before;
    running_future = future_before;
    running_until_ns = until_before_ns;
    self->now_ns = executor_now();
    if (lane)
        task_lane_end(lane, self->now_ns - started, result < 0);
    future_end(task->future, result);
}

void
executor_run(struct executor_thread *self, const struct ring_task *task)
{
    struct optop_executor *executor = self->executor;
    bool begun = future_begin(task->future); /* else it was cancelled, and is settled */
    if (begun && !atomic_load_explicit(&executor->cancelled, memory_order_relaxed)) {
        run_counted(self, task);
    } else {
        if (task->dropped)
            task->dropped(task->context);
        begun ? future_end(task->future, -ECANCELED) : optop_future_free(task->future);
    }
    atomic_store_explicit(&self->ended,
        atomic_load_explicit(&self->ended, memory_order_relaxed) + 1, memory_order_release);
    /* half of a ring is free again: who waits for room is not woken for each place */
    if (atomic_load_explicit(&executor->room_waiters, memory_order_relaxed) &&
        ring_length(&self->ring[OPTOP_NORMAL]) <= UINT64_C(1) << (self->ring->bits - 1)) {
        pthread_mutex_lock(&executor->lock);
        pthread_cond_broadcast(&executor->changed);
        pthread_mutex_unlock(&executor->lock);
    }
}

void
executor_set_limit(int64_t until_ns)
{
    running_until_ns = until_ns;
}

int
optop_cancelled(void)
{
    return (running_future &&
               atomic_load_explicit(&running_future->cancelled, memory_order_relaxed)) ||
        (running_in && atomic_load_explicit(&running_in->cancelled, memory_order_relaxed)) ||
        (running_until_ns && executor_now() >= running_until_ns);
}

/* Submitting. */

static bool
put(struct optop_executor *executor, const struct executor_thread *self, int priority,
    const struct ring_task *task)
{
    uint64_t first = self ? (uint64_t)self->number
        : atomic_fetch_add_explicit(&executor->next, 1, memory_order_relaxed) >> ROUND_BITS;
    for (int i = 0; i < executor->thread_max; i++)
        if (ring_put(&executor->thread[(first + (uint64_t)i) % (uint64_t)executor->thread_max]
                          .ring[priority],
                task))
            return true;
    return false;
}

static void
wait_for_room(struct optop_executor *executor)
{
    pthread_mutex_lock(&executor->lock);
    atomic_fetch_add(&executor->room_waiters, 1);
    executor_wait_change(executor, executor_now() + ROOM_WAIT_NS);
    atomic_fetch_sub(&executor->room_waiters, 1);
    pthread_mutex_unlock(&executor->lock);
}

static int
enqueue(struct optop_executor *executor, const struct ring_task *queued,
    const struct optop_task *task)
{
    struct executor_thread *self = executor_self(executor);
    if (task->priority != OPTOP_NORMAL)
        atomic_fetch_add_explicit(&executor->waiting[task->priority], 1, memory_order_relaxed);
    while (!put(executor, self, task->priority, queued)) {
        bool cancelled = atomic_load_explicit(&executor->cancelled, memory_order_relaxed);
        if (!task->no_wait && !self && !cancelled) {
            wait_for_room(executor);
            continue;
        }
        if (task->priority != OPTOP_NORMAL)
            atomic_fetch_sub_explicit(&executor->waiting[task->priority], 1, memory_order_relaxed);
        if (cancelled || task->no_wait)
            return cancelled ? -ECANCELED : -EAGAIN;
        future_begin(queued->future);
        run_counted(self, queued);
        return 0;
    }
    executor_notify(executor);
    return 0;
}

int
optop_submit(struct optop_executor *executor, const struct optop_task *task,
    struct optop_future **ret_future)
{
    struct optop_future *future = NULL;
    int r = 0;
    if (!task->run || task->priority < 0 || task->priority >= OPTOP_PRIORITIES || task->name < 0 ||
        task->name >= atomic_load_explicit(&executor->name_count, memory_order_acquire))
        return -EINVAL;
    if (atomic_load_explicit(&executor->cancelled, memory_order_relaxed))
        return -ECANCELED;
    if (!atomic_load_explicit(&executor->started, memory_order_relaxed))
        r = executor_add_thread(executor);
    if (r == 0 && ret_future)
        r = future_new(executor, &future);
    const struct ring_task queued = { .run = task->run, .dropped = task->dropped,
        .context = task->context, .future = future, .name = task->name };
    if (r == 0)
        r = enqueue(executor, &queued, task);
    if (r < 0) {
        future_end(future, r);
        optop_future_free(future);
    } else if (ret_future) {
        *ret_future = future;
    }
    return r;
}

/* What the board shows. */

static void
collect(const struct optop_executor *executor, int name, struct task_stat *ret_stat)
{
    for (int i = 0; i < executor->thread_max; i++) {
        const struct task_lane *lane = atomic_load_explicit(&executor->thread[i].lane[name],
            memory_order_acquire);
        if (lane)
            task_lane_collect(lane, ret_stat);
    }
}

void
executor_task_stat(const struct resource *resource, struct task_stat *ret_stat)
{
    const struct executor_task *task = (const struct executor_task *)(const void *)resource;
    memset(ret_stat, 0, sizeof *ret_stat);
    memcpy(ret_stat->name, resource->name, sizeof resource->name);
    collect(task->executor, task->number, ret_stat);
}

/* Durations in seconds; NaN: none has ended. */
static int
task_figures(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct task_stat stat;
    executor_task_stat(resource, &stat);
    const struct histogram *h = &stat.duration;
    bool any = h->count > 0;
    const struct resource_figure figures[] = {
        { "count", "", RESOURCE_COUNTER, (double)h->count },
        { "in_progress", "", RESOURCE_GAUGE, (double)stat.in_progress },
        { "failed", "", RESOURCE_COUNTER, (double)stat.failed },
        { "total", "seconds", RESOURCE_GAUGE, (double)h->sum_ns / 1e9 },
        { "min", "seconds", RESOURCE_GAUGE, any ? ns_to_sec(h->min_ns) : (double)NAN },
        { "mean", "seconds", RESOURCE_GAUGE,
            any ? (double)h->sum_ns / (double)h->count / 1e9 : (double)NAN },
        { "p50", "seconds", RESOURCE_GAUGE,
            any ? ns_to_sec(histogram_quantile(h, 0.5)) : (double)NAN },
        { "p99", "seconds", RESOURCE_GAUGE,
            any ? ns_to_sec(histogram_quantile(h, 0.99)) : (double)NAN },
        { "max", "seconds", RESOURCE_GAUGE, any ? ns_to_sec(h->max_ns) : (double)NAN },
    };
    memcpy(ret, figures, sizeof figures);
    return (int)(sizeof figures / sizeof *figures);
}

static int
process_rows(const struct optop_executor *executor, struct resource_figure *ret)
{
    struct process_figures f;
    processes_figures(executor->processes, &f);
    const struct resource_figure figures[] = {
        { "processes", "", RESOURCE_GAUGE, (double)f.running },
        { "processes_started", "", RESOURCE_COUNTER, (double)f.started },
        { "processes_died", "", RESOURCE_COUNTER, (double)f.died },
        { "processes_killed", "", RESOURCE_COUNTER, (double)f.killed },
    };
    memcpy(ret, figures, sizeof figures);
    return (int)(sizeof figures / sizeof *figures);
}

static int
executor_figures(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct optop_executor *executor = (struct optop_executor *)(void *)resource;
    uint64_t ended = 0, stolen = 0, waiting = 0, state = atomic_load(&executor->state);
    int started = atomic_load(&executor->started);
    for (int i = 0; i < executor->thread_max; i++) {
        const struct executor_thread *thread = &executor->thread[i];
        ended += atomic_load_explicit(&thread->ended, memory_order_relaxed);
        stolen += atomic_load_explicit(&thread->stolen, memory_order_relaxed);
        for (int p = 0; p < OPTOP_PRIORITIES; p++)
            waiting += ring_length(&thread->ring[p]);
    }
    double resting = (double)(state >> 32) + (double)(state & UINT32_MAX);
    const struct resource_figure figures[] = {
        { "threads", "", RESOURCE_GAUGE, started },
        { "busy", "", RESOURCE_GAUGE, started > resting ? started - resting : 0 },
        { "waiting", "", RESOURCE_GAUGE, (double)waiting },
        { "ended", "", RESOURCE_COUNTER, (double)ended },
        { "stolen", "", RESOURCE_COUNTER, (double)stolen },
    };
    memcpy(ret, figures, sizeof figures);
    int count = (int)(sizeof figures / sizeof *figures);
    return executor->processes ? count + process_rows(executor, ret + count) : count;
}

int
optop_executor_task(struct optop_executor *executor, const char *name)
{
    char cut[RESOURCE_NAME_MAX];
    int r = 0;
    snprintf(cut, sizeof cut, "%s", name);
    pthread_mutex_lock(&executor->lock);
    int count = atomic_load(&executor->name_count);
    while (r < count && strcmp(executor->asked[r], cut))
        r++;
    struct executor_task *added = NULL;
    if (r == count && r < OPTOP_TASK_NAMES_MAX)
        added = calloc(1, sizeof *added);
    if (added) {
        *added = (struct executor_task){ .executor = executor, .number = r,
            .resource = { .kind = "task", .figures = task_figures } };
        memcpy(added->resource.name, cut, sizeof cut);
        memcpy(executor->asked[r], cut, sizeof cut);
        executor->name[r] = added;
        atomic_store_explicit(&executor->name_count, r + 1, memory_order_release);
        registry_add(&added->resource);
    } else if (r == count) {
        r = r < OPTOP_TASK_NAMES_MAX ? -ENOMEM : -ENOSPC;
    }
    pthread_mutex_unlock(&executor->lock);
    return r;
}

/* Life. */

static int
usable_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

static int
make_rings(struct optop_executor *executor, int queue)
{
    unsigned bits = RING_BITS_MIN;
    while ((executor->thread_max << bits) < queue)
        bits++;
    size_t cells = (size_t)1 << bits;
    executor->cells_bytes = (size_t)executor->thread_max * OPTOP_PRIORITIES * cells *
        sizeof *executor->cells;
    /* zeros, and pages that are not touched cost nothing */
    executor->cells = mmap(NULL, executor->cells_bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (executor->cells == MAP_FAILED) {
        executor->cells = NULL;
        return -ENOMEM;
    }
    for (int i = 0; i < executor->thread_max; i++) {
        struct executor_thread *thread = &executor->thread[i];
        thread->executor = executor;
        thread->number = i;
        for (int p = 0; p < OPTOP_PRIORITIES; p++) {
            thread->ring[p].bits = bits;
            thread->ring[p].cell = executor->cells + ((size_t)i * OPTOP_PRIORITIES + (size_t)p) * cells;
        }
    }
    return 0;
}

static void
release(struct optop_executor *executor)
{
    for (int n = 0; n < OPTOP_TASK_NAMES_MAX; n++)
        if (executor->name[n]) {
            registry_remove(&executor->name[n]->resource);
            free(executor->name[n]);
        }
    registry_remove(&executor->resource);
    for (int i = 0; executor->thread && i < executor->thread_max; i++)
        for (int n = 0; n < OPTOP_TASK_NAMES_MAX; n++)
            free(atomic_load(&executor->thread[i].lane[n]));
    if (executor->cells)
        munmap(executor->cells, executor->cells_bytes);
    processes_free(executor->processes);
    sem_destroy(&executor->wake);
    pthread_mutex_destroy(&executor->lock);
    pthread_cond_destroy(&executor->changed);
    free(executor->thread);
    free(executor);
}

static void *
zeroed_lines(size_t bytes)
{
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    return memory ? memset(memory, 0, bytes) : NULL;
}

static struct optop_executor *
make(const char *name, int threads, int queue, const struct optop_process_options *options)
{
    int r = 0;
    if (threads < 0 || threads > OPTOP_THREADS_MAX || queue < 0 || queue > OPTOP_QUEUE_MAX) {
        errno = EINVAL;
        return NULL;
    }
    struct optop_executor *executor = zeroed_lines(sizeof *executor);
    if (!executor)
        return NULL;
    int usable = usable_cores();
    executor->thread_max = threads ? threads : usable < OPTOP_THREADS_MAX ? usable : OPTOP_THREADS_MAX;
    sem_init(&executor->wake, 0, 0);
    pthread_mutex_init(&executor->lock, NULL);
    pthread_cond_init(&executor->changed, NULL);
    executor->thread = zeroed_lines((size_t)executor->thread_max * sizeof *executor->thread);
    r = executor->thread ? make_rings(executor, queue ? queue : QUEUE_DEFAULT) : -ENOMEM;
    if (r == 0 && options)
        r = processes_new(options, executor->thread_max, &executor->processes);
    if (r == 0)
        r = optop_executor_task(executor, name);
    if (r < 0) {
        release(executor);
        errno = -r;
        return NULL;
    }
    executor->resource.kind = "executor";
    snprintf(executor->resource.name, sizeof executor->resource.name, "%s", name);
    executor->resource.figures = executor_figures;
    registry_add(&executor->resource);
    return executor;
}

struct optop_executor *
optop_executor_new(const char *name, int threads, int queue)
{
    return make(name, threads, queue, NULL);
}

struct optop_executor *
optop_executor_new_processes(const char *name, const struct optop_process_options *options)
{
    if (!options->path || !options->argv || !options->argv[0] || options->calls < 0) {
        errno = EINVAL;
        return NULL;
    }
    return make(name, options->processes, options->queue, options);
}

void
optop_executor_cancel(struct optop_executor *executor)
{
    atomic_store_explicit(&executor->cancelled, true, memory_order_release);
    pthread_mutex_lock(&executor->lock);
    pthread_cond_broadcast(&executor->changed);
    pthread_mutex_unlock(&executor->lock);
}

int
optop_executor_wait(struct optop_executor *executor, int64_t timeout_ns)
{
    int64_t until = executor_deadline(timeout_ns);
    bool in_time = true;
    pthread_mutex_lock(&executor->lock);
    atomic_fetch_add(&executor->idle_waiters, 1);
    /* who goes to sleep after this sees that somebody waits */
    atomic_fetch_add_explicit(&executor->state, 0, memory_order_acq_rel);
    while (!executor_idle(executor) && in_time)
        in_time = executor_wait_change(executor, until);
    atomic_fetch_sub(&executor->idle_waiters, 1);
    int r = executor_idle(executor) ? 0 : -ETIMEDOUT;
    pthread_mutex_unlock(&executor->lock);
    return r;
}

void
optop_executor_free(struct optop_executor *executor)
{
    if (!executor)
        return;
    optop_executor_wait(executor, -1);
    executor_join(executor);
    release(executor);
}
