/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The event loop: order, stopping from within, descriptors, signals, turns.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/loop.h"
#include "task/task_rows.h"

static struct loop *loop;
static char trace[256];

static void
setup(void)
{
    loop = loop_new();
    trace[0] = '\0';
}

static void
teardown(void)
{
    loop_free(loop);
}

static void
note(char c)
{
    size_t n = strlen(trace);
    ck_assert_uint_lt(n, sizeof trace - 1);
    trace[n] = c;
    trace[n + 1] = '\0';
}

static void
on_letter(void *context)
{
    note(*(char *)context);
}

static void
on_stop(void *context)
{
    (void)context;
    loop_stop(loop);
}

static void
on_late(void *context)
{
    (void)context;
    ck_abort_msg("the loop did not come to its end");
}

/* Runs until something stops the loop; fails after a while. */
static void
run(void)
{
    struct loop_timer *late = loop_timer_start(loop, 120 * NS_PER_SEC, 0, on_late, NULL);
    loop_run(loop);
    loop_timer_stop(late);
}

START_TEST(timers_run_in_order)
{
    struct loop_timer *c = loop_timer_start(loop, 300 * NS_PER_MS, 0, on_letter, (char[]){ "c" });
    struct loop_timer *a = loop_timer_start(loop, 0, 0, on_letter, (char[]){ "a" });
    struct loop_timer *b = loop_timer_start(loop, 10 * NS_PER_MS, 0, on_letter, (char[]){ "b" });
    struct loop_timer *end = loop_timer_start(loop, 315 * NS_PER_MS, 0, on_stop, NULL);
    run();
    ck_assert_str_eq(trace, "abc");
    loop_timer_stop(a);
    loop_timer_stop(b);
    loop_timer_stop(c);
    loop_timer_stop(end);
}
END_TEST

struct ticking {
    struct loop_timer *timer;
    int left;
};

static void
on_tick(void *context)
{
    struct ticking *t = context;
    note('t');
    if (--t->left)
        return;
    loop_timer_stop(t->timer); /* its own, from its callback */
    loop_stop(loop);
}

START_TEST(an_interval_goes_on_until_stopped)
{
    struct ticking t = { .left = 4 };
    t.timer = loop_timer_start(loop, 0, NS_PER_MS, on_tick, &t);
    run();
    ck_assert_str_eq(trace, "tttt");
    for (int i = 0; i < 5; i++)
        loop_step(loop);
    ck_assert_str_eq(trace, "tttt");
}
END_TEST

static void
on_stop_other(void *context)
{
    struct loop_timer **other = context;
    loop_timer_stop(*other);
    *other = NULL;
    note('s');
}

START_TEST(a_stopped_timer_never_runs)
{
    struct loop_timer *victim = NULL;
    struct loop_timer *killer = loop_timer_start(loop, 0, 0, on_stop_other, &victim);
    victim = loop_timer_start(loop, 0, 0, on_letter, (char[]){ "v" });
    struct loop_timer *end = loop_timer_start(loop, 10 * NS_PER_MS, 0, on_stop, NULL);
    run();
    ck_assert_str_eq(trace, "s");
    loop_timer_stop(killer);
    loop_timer_stop(end);
    loop_timer_stop(NULL);
}
END_TEST

START_TEST(a_timer_can_be_moved)
{
    struct loop_timer *moved =
        loop_timer_start(loop, INT64_MAX / 4, 0, on_letter, (char[]){ "m" });
    struct loop_timer *kept = loop_timer_start(loop, 0, 0, on_letter, (char[]){ "k" });
    loop_timer_change(moved, 20 * NS_PER_MS, 0);
    loop_timer_change(kept, INT64_MAX / 4, 0);
    struct loop_timer *end = loop_timer_start(loop, 60 * NS_PER_MS, 0, on_stop, NULL);
    run();
    ck_assert_str_eq(trace, "m");
    loop_timer_stop(moved);
    loop_timer_stop(kept);
    loop_timer_stop(end);
}
END_TEST

/* One that starts itself anew at once must not keep the loop from the rest. */
enum { GREEDY_RUNS = 10 * 1000 * 1000 }; /* far more than turns in 20 ms */

struct greedy {
    struct loop_timer *timer;
    int runs;
};

static void
on_greedy(void *context)
{
    struct greedy *g = context;
    if (++g->runs < GREEDY_RUNS)
        loop_timer_change(g->timer, 0, 0);
}

START_TEST(a_greedy_timer_shares_the_loop)
{
    struct greedy g = { 0 };
    g.timer = loop_timer_start(loop, 0, 0, on_greedy, &g);
    struct loop_timer *end = loop_timer_start(loop, 20 * NS_PER_MS, 0, on_stop, NULL);
    run();
    ck_assert_int_ge(g.runs, 1);
    ck_assert_int_lt(g.runs, GREEDY_RUNS);
    loop_timer_stop(g.timer);
    loop_timer_stop(end);
}
END_TEST

static int64_t seen_now;

static void
on_now(void *context)
{
    (void)context;
    int64_t now = loop_now(loop);
    if (seen_now)
        ck_assert_int_ge(now, seen_now);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(loop_now(loop), now);
    seen_now = now;
}

START_TEST(now_stands_still_within_a_turn)
{
    seen_now = 0;
    int64_t before = clock_mono_ns();
    struct loop_timer *a = loop_timer_start(loop, NS_PER_MS, NS_PER_MS, on_now, NULL);
    struct loop_timer *end = loop_timer_start(loop, 20 * NS_PER_MS, 0, on_stop, NULL);
    run();
    ck_assert_int_ge(seen_now, before);
    ck_assert_int_le(seen_now, clock_mono_ns());
    loop_timer_stop(a);
    loop_timer_stop(end);
}
END_TEST

/* Descriptors. */

struct reader {
    struct loop_fd *watch;
    int fd, bytes;
    unsigned seen;
    bool stop_at_read;
};

static void
on_fd(void *context, int fd, unsigned events)
{
    struct reader *r = context;
    char buf[16];
    ck_assert_int_eq(fd, r->fd);
    r->seen |= events;
    ssize_t n = events & LOOP_READ ? read(fd, buf, sizeof buf) : 0;
    r->bytes += n > 0 ? (int)n : 0;
    if (n == 0 || r->stop_at_read) {
        loop_fd_stop(r->watch); /* its own, from its callback */
        r->watch = NULL;
        loop_stop(loop);
    }
}

START_TEST(a_pipe_is_read_to_its_hangup)
{
    int p[2];
    ck_assert_int_eq(pipe(p), 0);
    struct reader r = { .fd = p[0] };
    ck_assert_int_eq(loop_fd_start(loop, p[0], LOOP_READ, on_fd, &r, &r.watch), 0);
    ck_assert_int_eq(write(p[1], "hello", 5), 5);
    close(p[1]);
    run();
    ck_assert_int_eq(r.bytes, 5);
    ck_assert_ptr_null(r.watch);
    close(p[0]);
}
END_TEST

START_TEST(a_hangup_alone_is_told)
{
    int s[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    struct reader r = { .fd = s[0] };
    ck_assert_int_eq(loop_fd_start(loop, s[0], LOOP_HANGUP, on_fd, &r, &r.watch), 0);
    close(s[1]);
    run();
    ck_assert(r.seen & LOOP_HANGUP);
    close(s[0]);
}
END_TEST

START_TEST(an_error_is_told_as_something_to_read)
{
    int p[2];
    ck_assert_int_eq(pipe(p), 0);
    struct reader r = { .fd = p[1], .stop_at_read = true };
    ck_assert_int_eq(fcntl(p[1], F_SETPIPE_SZ, 4096), 4096);
    ck_assert_int_eq(write(p[1], (char[4096]){ 0 }, 4096), 4096);
    ck_assert_int_eq(loop_fd_start(loop, p[1], LOOP_WRITE, on_fd, &r, &r.watch), 0);
    loop_step(loop);
    ck_assert_uint_eq(r.seen, 0);
    close(p[0]); /* a write end without a reader is in error */
    run();
    ck_assert_uint_eq(r.seen & (LOOP_READ | LOOP_HANGUP), LOOP_READ | LOOP_HANGUP);
    close(p[1]);
}
END_TEST

START_TEST(a_paused_descriptor_is_silent)
{
    int p[2];
    ck_assert_int_eq(pipe(p), 0);
    struct reader r = { .fd = p[0], .stop_at_read = true };
    ck_assert_int_eq(loop_fd_start(loop, p[0], 0, on_fd, &r, &r.watch), 0);
    ck_assert_int_eq(write(p[1], "x", 1), 1);
    for (int i = 0; i < 5; i++)
        loop_step(loop);
    ck_assert_int_eq(r.bytes, 0);
    loop_fd_change(r.watch, LOOP_READ);
    loop_step(loop);
    ck_assert_int_eq(r.bytes, 1);
    close(p[0]);
    close(p[1]);
}
END_TEST

START_TEST(descriptors_that_cannot_be_watched_are_refused)
{
    char path[4200];
    struct loop_fd *watch = NULL;
    snprintf(path, sizeof path, "%s/file", test_directory());
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(loop_fd_start(loop, fd, LOOP_READ, on_fd, NULL, &watch), -EPERM);
    ck_assert_ptr_null(watch);
    close(fd);
    ck_assert_int_lt(loop_fd_start(loop, fd, LOOP_READ, on_fd, NULL, &watch), 0);
    loop_fd_stop(NULL);
}
END_TEST

/* The number of a closed descriptor comes back at once for another file: the
 * old watch must neither hear of it nor be in its way. */
START_TEST(a_number_is_watched_again_at_once)
{
    for (int i = 0; i < 3; i++) {
        int p[2];
        ck_assert_int_eq(pipe(p), 0);
        struct reader r = { .fd = p[0], .stop_at_read = true };
        ck_assert_int_eq(loop_fd_start(loop, p[0], LOOP_READ, on_fd, &r, &r.watch), 0);
        ck_assert_int_eq(write(p[1], "x", 1), 1);
        if (i < 2)
            loop_fd_stop(r.watch);
        else
            run();
        ck_assert_int_eq(r.bytes, i == 2);
        close(p[0]);
        close(p[1]);
    }
}
END_TEST

/* Signals. */

static void
on_signal(void *context, int number)
{
    struct loop_signal **watch = context;
    ck_assert_int_eq(number, SIGUSR1);
    note('!');
    loop_signal_stop(*watch);
    loop_stop(loop);
}

START_TEST(a_signal_is_an_event)
{
    struct loop_signal *watch;
    watch = loop_signal_start(loop, SIGUSR1, on_signal, &watch);
    raise(SIGUSR1);
    ck_assert_str_eq(trace, "");
    run();
    ck_assert_str_eq(trace, "!");
    loop_signal_stop(NULL);
}
END_TEST

/* Turns. */

START_TEST(a_turn_ends_before_the_loop_waits)
{
    struct loop_turn *turn = loop_turn_start(loop, on_letter, (char[]){ "." });
    struct loop_timer *a = loop_timer_start(loop, 0, 0, on_letter, (char[]){ "a" });
    struct loop_timer *end = loop_timer_start(loop, 30 * NS_PER_MS, 0, on_stop, NULL);
    run();
    const char *after = strchr(trace, 'a');
    ck_assert_ptr_nonnull(after);
    ck_assert_int_eq(after[1], '.');
    loop_turn_stop(turn);
    size_t n = strlen(trace);
    loop_step(loop);
    ck_assert_uint_eq(strlen(trace), n);
    loop_timer_stop(a);
    loop_timer_stop(end);
    loop_turn_stop(NULL);
}
END_TEST

static struct loop_turn *own_turn, *new_turn;

static void
on_own_turn(void *context)
{
    static char n[] = "n";
    (void)context;
    note('o');
    loop_turn_stop(own_turn);
    new_turn = loop_turn_start(loop, on_letter, n);
}

START_TEST(hooks_change_hooks)
{
    struct loop_turn *other = loop_turn_start(loop, on_letter, (char[]){ "x" });
    own_turn = loop_turn_start(loop, on_own_turn, NULL);
    loop_step(loop);
    loop_step(loop);
    loop_step(loop);
    size_t o = 0, n = 0, x = 0;
    for (const char *p = trace; *p; p++) {
        o += *p == 'o';
        n += *p == 'n';
        x += *p == 'x';
    }
    ck_assert_uint_eq(o, 1);
    ck_assert_uint_ge(n, 2);
    ck_assert_uint_eq(x, 3);
    loop_turn_stop(new_turn);
    loop_turn_stop(other);
}
END_TEST

START_TEST(a_stopped_loop_runs_again)
{
    for (int i = 0; i < 3; i++) {
        struct loop_timer *end = loop_timer_start(loop, 0, 0, on_stop, NULL);
        run();
        loop_timer_stop(end);
    }
    loop_free(NULL);
}
END_TEST

/* Work beside the loop. */

enum { WORKS = 400 }; /* more than may wait */

struct work {
    pthread_t thread;
    int done;
};

static int done_count;

static void
on_thread(void *context)
{
    struct work *work = context;
    work->thread = pthread_self();
}

static void
on_done(void *context)
{
    struct work *work = context;
    work->done++;
    if (++done_count == WORKS)
        loop_stop(loop);
}

START_TEST(work_is_done_on_threads)
{
    static struct work work[WORKS];
    struct tasks tasks = { 0 };
    bool elsewhere = false;
    for (int i = 0; i < WORKS; i++)
        loop_work(loop, "test work", on_thread, on_done, &work[i]);
    ck_assert_int_eq(done_count, 0); /* on the loop, not before */
    run();
    for (int i = 0; i < WORKS; i++) {
        ck_assert_int_eq(work[i].done, 1);
        elsewhere |= !pthread_equal(work[i].thread, pthread_self());
    }
    ck_assert(elsewhere);
    task_rows_update(&tasks);
    ck_assert_int_eq(tasks.count, 2); /* the executor's own, and this */
    tasks_release(&tasks);
    done_count = 0;
    loop_work(loop, "test work", on_thread, on_done, &work[0]);
    loop_free(loop); /* waits for it */
    ck_assert_int_eq(done_count, 1);
    loop = loop_new();
}
END_TEST

START_TEST(work_without_memory_is_done_at_once)
{
    struct work work = { 0 };
    if (!test_fail_allocations(2, true)) /* the first is the loop's own, which it must have */
        return;
    loop_work(loop, "test work", on_thread, on_done, &work);
    test_fail_allocations(0, false);
    ck_assert(pthread_equal(work.thread, pthread_self()));
    ck_assert_int_eq(work.done, 0);
    loop_free(loop);
    ck_assert_int_eq(work.done, 1);
    loop = loop_new();
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("loop");
    TCase *tcase = tcase_create("loop");
    tcase_set_timeout(tcase, 40);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, timers_run_in_order);
    tcase_add_test(tcase, an_interval_goes_on_until_stopped);
    tcase_add_test(tcase, a_stopped_timer_never_runs);
    tcase_add_test(tcase, a_timer_can_be_moved);
    tcase_add_test(tcase, a_greedy_timer_shares_the_loop);
    tcase_add_test(tcase, now_stands_still_within_a_turn);
    tcase_add_test(tcase, a_pipe_is_read_to_its_hangup);
    tcase_add_test(tcase, a_hangup_alone_is_told);
    tcase_add_test(tcase, an_error_is_told_as_something_to_read);
    tcase_add_test(tcase, a_paused_descriptor_is_silent);
    tcase_add_test(tcase, descriptors_that_cannot_be_watched_are_refused);
    tcase_add_test(tcase, a_number_is_watched_again_at_once);
    tcase_add_test(tcase, a_signal_is_an_event);
    tcase_add_test(tcase, a_turn_ends_before_the_loop_waits);
    tcase_add_test(tcase, hooks_change_hooks);
    tcase_add_test(tcase, a_stopped_loop_runs_again);
    tcase_add_test(tcase, work_is_done_on_threads);
    tcase_add_test(tcase, work_without_memory_is_done_at_once);
    suite_add_tcase(suite, tcase);
    return suite;
}
