/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/loop.h"

#include <pthread.h>
#include <stdlib.h>
#include <uv.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "optop/executor.h"

enum { WORK_THREADS = 4, WORK_WAITING_MAX = 256 };

struct loop {
    uv_loop_t uv;
    struct optop_executor *executor; /* of loop_work; made when it is needed */
    uv_async_t told;
    int expected; /* ends that have not come; loop thread only */
    pthread_mutex_t lock;
    struct loop_end *first_end, **last_end; /* under the lock */
    int64_t now_ns; /* 0: not read in this turn */
    uv_prepare_t turn_end;
    uv_check_t turn_begin;
    struct loop_turn *turns;
};

/* Every watcher starts with its uv handle: libuv frees it in on_closed. */
struct loop_fd {
    uv_poll_t uv;
    loop_fd_fn *fn;
    void *context;
    int fd;
};

struct loop_timer {
    uv_timer_t uv;
    loop_fn *fn;
    void *context;
};

struct loop_signal {
    uv_signal_t uv;
    loop_signal_fn *fn;
    void *context;
};

struct loop_idle {
    uv_idle_t uv;
    loop_fn *fn;
    void *context;
};

struct loop_turn {
    struct loop_turn *next;
    struct loop *loop;
    loop_fn *fn; /* NULL: stopped, freed at the next turn's end */
    void *context;
};

static void
on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void
on_turn_begin(uv_check_t *check)
{
    struct loop *loop = check->data;
    loop->now_ns = 0;
}

static void
on_turn_end(uv_prepare_t *prepare)
{
    struct loop *loop = prepare->data;
    for (struct loop_turn **link = &loop->turns; *link;) {
        struct loop_turn *turn = *link;
        if (turn->fn) {
            turn->fn(turn->context);
            link = &turn->next;
        } else {
            *link = turn->next;
            free(turn);
        }
    }
    loop->now_ns = 0;
}

void
loop_hear(struct loop *loop)
{
    pthread_mutex_lock(&loop->lock);
    struct loop_end *end = loop->first_end;
    loop->first_end = NULL;
    loop->last_end = &loop->first_end;
    pthread_mutex_unlock(&loop->lock);
    while (end) {
        struct loop_end *next = end->next; /* done may free it */
        loop->expected--;
        end->done(end->context);
        end = next;
    }
}

static void
on_told(uv_async_t *async)
{
    loop_hear(async->data);
}

struct loop *
loop_new(void)
{
    struct loop *loop = XNEW(struct loop);
    pthread_mutex_init(&loop->lock, NULL);
    loop->last_end = &loop->first_end;
    if (uv_loop_init(&loop->uv) < 0 || uv_async_init(&loop->uv, &loop->told, on_told) < 0)
        abort();
    loop->told.data = loop;
    uv_prepare_init(&loop->uv, &loop->turn_end);
    uv_check_init(&loop->uv, &loop->turn_begin);
    loop->turn_end.data = loop->turn_begin.data = loop;
    uv_prepare_start(&loop->turn_end, on_turn_end);
    uv_check_start(&loop->turn_begin, on_turn_begin);
    return loop;
}

void
loop_free(struct loop *loop)
{
    if (!loop)
        return;
    while (loop->turns) {
        struct loop_turn *next = loop->turns->next;
        free(loop->turns);
        loop->turns = next;
    }
    while (loop->expected)
        uv_run(&loop->uv, UV_RUN_ONCE);
    optop_executor_free(loop->executor);
    uv_close((uv_handle_t *)&loop->told, NULL);
    uv_close((uv_handle_t *)&loop->turn_end, NULL);
    uv_close((uv_handle_t *)&loop->turn_begin, NULL);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}

void
loop_run(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void
loop_step(struct loop *loop)
{
    uv_run(&loop->uv, UV_RUN_NOWAIT);
}

void
loop_stop(struct loop *loop)
{
    uv_stop(&loop->uv);
}

int64_t
loop_now(struct loop *loop)
{
    if (!loop->now_ns)
        loop->now_ns = clock_mono_ns();
    return loop->now_ns;
}

/* Descriptors. */

static int
to_uv_events(unsigned events)
{
    return (events & LOOP_READ ? UV_READABLE : 0) |
        (events & LOOP_WRITE ? UV_WRITABLE : 0) |
        (events & LOOP_HANGUP ? UV_DISCONNECT : 0) |
        (events & LOOP_PRIORITY ? UV_PRIORITIZED : 0);
}

static void
on_poll(uv_poll_t *uv, int status, int events)
{
    struct loop_fd *watch = (struct loop_fd *)uv;
    unsigned seen = status < 0 ? (unsigned)(LOOP_READ | LOOP_HANGUP)
        : (events & UV_READABLE ? LOOP_READ : 0u) |
            (events & UV_WRITABLE ? LOOP_WRITE : 0u) |
            (events & UV_DISCONNECT ? LOOP_HANGUP : 0u) |
            (events & UV_PRIORITIZED ? LOOP_PRIORITY : 0u);
    watch->fn(watch->context, watch->fd, seen);
}

int
loop_fd_start(struct loop *loop, int fd, unsigned events, loop_fd_fn *fn,
    void *context, struct loop_fd **ret_watch)
{
    struct loop_fd *watch = XNEW(struct loop_fd);
    watch->fn = fn;
    watch->context = context;
    watch->fd = fd;
    int r = uv_poll_init(&loop->uv, &watch->uv, fd);
    if (r < 0) {
        free(watch);
        return r;
    }
    if (events)
        uv_poll_start(&watch->uv, to_uv_events(events), on_poll);
    *ret_watch = watch;
    return 0;
}

void
loop_fd_change(struct loop_fd *watch, unsigned events)
{
    if (events)
        uv_poll_start(&watch->uv, to_uv_events(events), on_poll);
    else
        uv_poll_stop(&watch->uv);
}

void
loop_fd_stop(struct loop_fd *watch)
{
    if (!watch)
        return;
    uv_poll_stop(&watch->uv);
    uv_close((uv_handle_t *)&watch->uv, on_closed);
}

/* Timers. libuv counts milliseconds: round up, so that a deadline has passed
 * when its callback runs. */

static uint64_t
to_uv_ms(int64_t ns)
{
    return ns <= 0 ? 0 : (uint64_t)((ns + NS_PER_MS - 1) / NS_PER_MS);
}

static void
on_timer(uv_timer_t *uv)
{
    struct loop_timer *timer = (struct loop_timer *)uv;
    timer->fn(timer->context);
}

struct loop_timer *
loop_timer_start(struct loop *loop, int64_t delay_ns, int64_t interval_ns,
    loop_fn *fn, void *context)
{
    struct loop_timer *timer = XNEW(struct loop_timer);
    timer->fn = fn;
    timer->context = context;
    uv_timer_init(&loop->uv, &timer->uv);
    loop_timer_change(timer, delay_ns, interval_ns);
    return timer;
}

void
loop_timer_change(struct loop_timer *timer, int64_t delay_ns, int64_t interval_ns)
{
    /* libuv counts from the start of its turn: add what has passed since. Its
     * clock is not moved here, and no delay is 0: it runs timers until none is
     * due, and one that starts itself anew must not keep it from the rest. */
    uint64_t passed = uv_hrtime() / 1000000 - uv_now(timer->uv.loop);
    uint64_t delay = to_uv_ms(delay_ns) + passed;
    uv_timer_start(&timer->uv, on_timer, delay ? delay : 1, to_uv_ms(interval_ns));
}

void
loop_timer_stop(struct loop_timer *timer)
{
    if (!timer)
        return;
    uv_timer_stop(&timer->uv);
    uv_close((uv_handle_t *)&timer->uv, on_closed);
}

/* Signals. */

static void
on_signal(uv_signal_t *uv, int signal_number)
{
    struct loop_signal *watch = (struct loop_signal *)uv;
    watch->fn(watch->context, signal_number);
}

struct loop_signal *
loop_signal_start(struct loop *loop, int signal_number, loop_signal_fn *fn,
    void *context)
{
    struct loop_signal *watch = XNEW(struct loop_signal);
    watch->fn = fn;
    watch->context = context;
    uv_signal_init(&loop->uv, &watch->uv);
    uv_signal_start(&watch->uv, on_signal, signal_number);
    return watch;
}

void
loop_signal_stop(struct loop_signal *watch)
{
    if (!watch)
        return;
    uv_signal_stop(&watch->uv);
    uv_close((uv_handle_t *)&watch->uv, on_closed);
}

/* Work beside the loop. */

void
loop_expect(struct loop *loop)
{
    loop->expected++;
}

void
loop_unexpect(struct loop *loop, int count)
{
    loop->expected -= count;
}

void
loop_tell(struct loop *loop, struct loop_end *first, struct loop_end *last)
{
    last->next = NULL;
    pthread_mutex_lock(&loop->lock);
    *loop->last_end = first;
    loop->last_end = &last->next;
    /* inside the lock: once it is open, the loop may take the end and be gone */
    uv_async_send(&loop->told);
    pthread_mutex_unlock(&loop->lock);
}

struct loop_work {
    struct loop_end end;
    struct loop *loop;
    loop_fn *work, *done;
    void *context;
};

static void
on_work_done(void *context)
{
    struct loop_work *work = context;
    work->done(work->context);
    free(work);
}

static int
on_work(void *context)
{
    struct loop_work *work = context;
    work->work(work->context);
    loop_tell(work->loop, &work->end, &work->end);
    return 0;
}

void
loop_work(struct loop *loop, const char *name, loop_fn *fn, loop_fn *done, void *context)
{
    struct loop_work *work = XNEW(struct loop_work);
    *work = (struct loop_work){ .end = { .done = on_work_done, .context = work }, .loop = loop,
        .work = fn, .done = done, .context = context };
    if (!loop->executor)
        loop->executor = optop_executor_new("loop", WORK_THREADS, WORK_WAITING_MAX);
    int number = loop->executor ? optop_executor_task(loop->executor, name) : 0;
    const struct optop_task task = { .run = on_work, .context = work,
        .name = number < 0 ? 0 : number, .no_wait = 1 };
    loop_expect(loop);
    /* neither memory nor a thread to be had, or too much is waiting: now, then */
    if (!loop->executor || optop_submit(loop->executor, &task, NULL) < 0)
        on_work(work);
}

/* Turn hooks. */

struct loop_turn *
loop_turn_start(struct loop *loop, loop_fn *fn, void *context)
{
    struct loop_turn *turn = XNEW(struct loop_turn);
    turn->loop = loop;
    turn->fn = fn;
    turn->context = context;
    turn->next = loop->turns;
    loop->turns = turn;
    return turn;
}

void
loop_turn_stop(struct loop_turn *turn)
{
    if (turn)
        turn->fn = NULL;
}

/* Instead of waiting. */

static void
on_idle(uv_idle_t *uv)
{
    struct loop_idle *idle = (struct loop_idle *)uv;
    idle->fn(idle->context);
}

struct loop_idle *
loop_idle_start(struct loop *loop, loop_fn *fn, void *context)
{
    struct loop_idle *idle = XNEW(struct loop_idle);
    idle->fn = fn;
    idle->context = context;
    uv_idle_init(&loop->uv, &idle->uv);
    return idle;
}

void
loop_idle_wake(struct loop_idle *idle)
{
    uv_idle_start(&idle->uv, on_idle); /* when it is awake that does nothing */
}

void
loop_idle_rest(struct loop_idle *idle)
{
    uv_idle_stop(&idle->uv);
}

void
loop_idle_stop(struct loop_idle *idle)
{
    if (!idle)
        return;
    uv_idle_stop(&idle->uv);
    uv_close((uv_handle_t *)&idle->uv, on_closed);
}
