/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The event loop, and libuv's only home. One loop, one thread; every callback
 * but that of loop_work runs on it. A watcher is owned by who started it and dies by loop_*_stop,
 * which also frees it (NULL is fine) and may be called from any callback, its
 * own included: after stop, the callback is never called again.
 */
#ifndef OPTOP_IO_LOOP_H
#define OPTOP_IO_LOOP_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_fd;
struct loop_timer;
struct loop_signal;
struct loop_turn;
struct loop_idle;

enum loop_events {
    LOOP_READ = 1,
    LOOP_WRITE = 2,
    LOOP_HANGUP = 4,
    LOOP_PRIORITY = 8, /* a PSI trigger */
};

typedef void loop_fd_fn(void *context, int fd, unsigned events);
typedef void loop_fn(void *context);
typedef void loop_signal_fn(void *context, int signal_number);

struct loop *loop_new(void);
void loop_free(struct loop *loop); /* after every watcher has been stopped */

/* Runs until loop_stop; loop_step does one turn and does not wait. */
void loop_run(struct loop *loop);
void loop_step(struct loop *loop);
void loop_stop(struct loop *loop);

/* Monotonic time of this turn, nanoseconds: one clock read per turn. */
int64_t loop_now(struct loop *loop);

/* Watches a descriptor (borrowed: the caller closes it, after stop). An error
 * on the descriptor is reported as LOOP_READ | LOOP_HANGUP, so that the read
 * tells which. Regular files cannot be watched: -EPERM. */
int loop_fd_start(struct loop *loop, int fd, unsigned events, loop_fd_fn *fn,
    void *context, struct loop_fd **ret_watch);
void loop_fd_change(struct loop_fd *watch, unsigned events); /* 0: pause */
void loop_fd_stop(struct loop_fd *watch);

/* First after delay_ns, then each interval_ns (0: once). Late ticks are
 * dropped, not made up for. */
struct loop_timer *loop_timer_start(struct loop *loop, int64_t delay_ns,
    int64_t interval_ns, loop_fn *fn, void *context);
void loop_timer_change(struct loop_timer *timer, int64_t delay_ns, int64_t interval_ns);
void loop_timer_stop(struct loop_timer *timer);

struct loop_signal *loop_signal_start(struct loop *loop, int signal_number,
    loop_signal_fn *fn, void *context);
void loop_signal_stop(struct loop_signal *watch);

/* Calls work on a thread and then done on the loop. There is no way to stop
 * it: context must live until done. loop_free waits for it. The threads are an
 * executor's (optop/executor.h); name is what such work is counted as. */
void loop_work(struct loop *loop, const char *name, loop_fn *work, loop_fn *done, void *context);

/* Wakes the loop for work that ended elsewhere, in the order in which it is told:
 * done is called on the loop, once. Any thread; `end' is the caller's until then.
 * What is under way is announced by loop_expect: loop_free waits for it. */
struct loop_end {
    struct loop_end *next;
    loop_fn *done;
    void *context;
};
void loop_expect(struct loop *loop);
void loop_unexpect(struct loop *loop, int count); /* they will not come */
void loop_tell(struct loop *loop, struct loop_end *first, struct loop_end *last); /* linked */
void loop_hear(struct loop *loop); /* what was told so far, now and not in the next turn */

/* Called once at the end of every turn, before the loop waits: the place to
 * commit, flush and draw what the turn has gathered. */
struct loop_turn *loop_turn_start(struct loop *loop, loop_fn *fn, void *context);
void loop_turn_stop(struct loop_turn *turn);

/* What the loop does instead of waiting: while it is awake, it is called once a turn, and
 * the loop sees what else there is in between. It starts at rest. */
struct loop_idle *loop_idle_start(struct loop *loop, loop_fn *fn, void *context);
void loop_idle_wake(struct loop_idle *idle);
void loop_idle_rest(struct loop_idle *idle);
void loop_idle_stop(struct loop_idle *idle);

#endif
