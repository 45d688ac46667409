/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "optop/queue.h"

static struct optop_executor *executor;
static struct optop_queue *queue;
static _Atomic int told, running, most_running;
static char order[64];
static _Atomic int ordered;

static void
on_ended(void *context, int64_t id, void *job_context)
{
    (void)job_context;
    ck_assert_ptr_eq(context, &told);
    ck_assert_int_gt(id, 0);
    atomic_fetch_add(&told, 1);
}

static void
open_queue(int threads, int max)
{
    told = running = most_running = ordered = 0;
    memset(order, 0, sizeof order);
    executor = optop_executor_new("jobs", threads, 0);
    ck_assert_ptr_nonnull(executor);
    queue = optop_queue_new(&(struct optop_queue_options){ .name = "jobs", .executor = executor,
        .max = max, .ended = on_ended, .context = &told });
    ck_assert_ptr_nonnull(queue);
}

static void
close_queue(void)
{
    optop_queue_free(queue);
    optop_executor_free(executor);
}

static int64_t
add(int (*run)(void *, struct optop_reply *), const void *context, uint64_t lane, int64_t timeout_ns)
{
    return optop_queue_add(queue, &(struct optop_job){ .name = "test", .run = run,
        .context = (void *)(uintptr_t)context, .lane = lane, .timeout_ns = timeout_ns });
}

/* Jobs. */

static int
echo(void *context, struct optop_reply *reply)
{
    reply->bytes = strdup(context);
    reply->size = strlen(context);
    return 42;
}

static int
give_up(void *context, struct optop_reply *reply)
{
    (void)context, (void)reply;
    return -EDOM;
}

/* Until it is told to end. */
static int
endure(void *context, struct optop_reply *reply)
{
    (void)context, (void)reply;
    int now = atomic_fetch_add(&running, 1) + 1, most = atomic_load(&most_running);
    while (now > most && !atomic_compare_exchange_weak(&most_running, &most, now))
        ;
    while (!optop_cancelled())
        nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
    atomic_fetch_sub(&running, 1);
    return -EINTR;
}

static int
note(void *context, struct optop_reply *reply)
{
    (void)reply;
    order[atomic_fetch_add(&ordered, 1)] = *(const char *)context;
    return 0;
}

static void
wait_until_runs(int count)
{
    while (atomic_load(&running) < count)
        nanosleep(&(struct timespec){ .tv_nsec = 100000 }, NULL);
}

static int
take(int64_t id)
{
    ck_assert_int_eq(optop_queue_wait(queue, id, -1), 0);
    return optop_queue_take(queue, id, NULL, NULL);
}

START_TEST(a_job_has_a_number_and_a_result)
{
    struct optop_reply reply;
    int result;
    open_queue(2, 0);
    int64_t id = add(echo, "text", 0, 0), other = add(give_up, NULL, 0, 0);
    ck_assert_int_eq(id, 1);
    ck_assert_int_eq(other, 2);
    ck_assert_int_eq(optop_queue_wait(queue, id, -1), 0);
    ck_assert_int_eq(optop_queue_take(queue, id, &result, &reply), OPTOP_JOB_DONE);
    ck_assert_int_eq(result, 42);
    ck_assert_mem_eq(reply.bytes, "text", 5);
    free(reply.bytes);
    ck_assert_int_eq(optop_queue_take(queue, id, &result, &reply), -ENOENT);
    ck_assert_int_eq(optop_queue_wait(queue, id, -1), -ENOENT);
    ck_assert_int_eq(optop_queue_cancel(queue, id), -ENOENT);
    ck_assert_int_eq(optop_queue_wait(queue, other, -1), 0);
    ck_assert_int_eq(optop_queue_cancel(queue, other), -EALREADY);
    ck_assert_int_eq(optop_queue_take(queue, other, &result, NULL), OPTOP_JOB_FAILED);
    ck_assert_int_eq(result, -EDOM);
    ck_assert_int_eq(add(echo, "left behind, and freed", 0, 0), 3);
    close_queue();
    ck_assert_int_eq(told, 3);
}
END_TEST

START_TEST(one_that_runs_is_told_and_one_that_waits_never_runs)
{
    int result;
    open_queue(1, 0);
    int64_t runs = add(endure, NULL, 0, 0), waits = add(note, "x", 0, 0);
    wait_until_runs(1);
    ck_assert_int_eq(optop_queue_take(queue, runs, NULL, NULL), -EBUSY);
    ck_assert_int_eq(optop_queue_wait(queue, runs, 1000000), -ETIMEDOUT);
    ck_assert_int_eq(optop_queue_cancel(queue, waits), 0);
    ck_assert_int_eq(optop_queue_cancel(queue, runs), 0);
    ck_assert_int_eq(optop_queue_wait(queue, runs, -1), 0);
    ck_assert_int_eq(optop_queue_take(queue, runs, &result, NULL), OPTOP_JOB_CANCELLED);
    ck_assert_int_eq(result, -EINTR);
    ck_assert_int_eq(optop_queue_wait(queue, waits, -1), 0);
    ck_assert_int_eq(optop_queue_take(queue, waits, &result, NULL), OPTOP_JOB_CANCELLED);
    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_str_eq(order, "");
    close_queue();
}
END_TEST

START_TEST(time_is_over)
{
    int64_t timeout_ns = 20 * 1000000;
    open_queue(2, 0);
    int64_t late = add(endure, NULL, 0, timeout_ns), in_time = add(echo, "x", 0, timeout_ns);
    ck_assert_int_eq(take(late), OPTOP_JOB_TIMED_OUT);
    ck_assert_int_eq(take(in_time), OPTOP_JOB_DONE);
    /* the limit is of one job, not of its thread */
    for (int i = 0; i < 8; i++) {
        int64_t id = add(endure, NULL, 0, 0);
        ck_assert_int_eq(optop_queue_wait(queue, id, 2 * timeout_ns), -ETIMEDOUT);
        optop_queue_cancel(queue, id);
        ck_assert_int_eq(take(id), OPTOP_JOB_CANCELLED);
    }
    close_queue();
}
END_TEST

START_TEST(a_lane_goes_on_when_a_result_was_taken)
{
    int64_t id[4];
    open_queue(2, 0);
    for (int i = 0; i < 4; i++)
        id[i] = add(note, &"abcd"[i], 7, 0);
    int64_t other = add(note, "z", 8, 0);
    ck_assert_int_eq(optop_queue_wait(queue, id[0], -1), 0);
    ck_assert_int_eq(optop_queue_wait(queue, other, -1), 0);
    ck_assert_int_eq(optop_queue_wait(queue, id[1], 5000000), -ETIMEDOUT);
    ck_assert_int_eq(optop_queue_cancel(queue, id[2]), 0);
    ck_assert_int_eq(optop_queue_wait(queue, id[2], -1), 0); /* its turn need not come */
    ck_assert_int_eq(take(id[0]), OPTOP_JOB_DONE);
    ck_assert_int_eq(take(id[1]), OPTOP_JOB_DONE);
    ck_assert_int_eq(optop_queue_wait(queue, id[3], 5000000), -ETIMEDOUT); /* behind a cancelled one */
    ck_assert_int_eq(take(id[2]), OPTOP_JOB_CANCELLED);
    ck_assert_int_eq(take(id[3]), OPTOP_JOB_DONE);
    ck_assert_int_eq(take(other), OPTOP_JOB_DONE);
    const char *a = strchr(order, 'a'), *b = strchr(order, 'b'), *d = strchr(order, 'd');
    ck_assert(a && b && d && a < b && b < d);
    ck_assert_ptr_null(strchr(order, 'c'));
    close_queue();
}
END_TEST

START_TEST(it_is_bounded_and_lists_what_it_has)
{
    struct optop_job_info jobs[8];
    open_queue(1, 3);
    int64_t id = add(endure, NULL, 5, 0);
    wait_until_runs(1);
    ck_assert_int_eq(add(echo, "x", 5, 0), 2);
    ck_assert_int_eq(add(echo, "x", 0, 0), 3);
    ck_assert_int_eq(add(echo, "x", 0, 0), -EAGAIN);
    ck_assert_int_eq(optop_queue_list(queue, jobs, 2), 2);
    ck_assert_int_eq(optop_queue_list(queue, jobs, 8), 3);
    ck_assert_int_eq(jobs[0].id, id);
    ck_assert_int_eq(jobs[0].state, OPTOP_JOB_RUNS);
    ck_assert_str_eq(jobs[0].name, "test");
    ck_assert_int_eq(jobs[0].lane, 5);
    ck_assert_int_gt(jobs[0].ran_ns, 0);
    ck_assert_int_eq(jobs[1].state, OPTOP_JOB_WAITS);
    ck_assert_int_eq(jobs[1].ran_ns, 0);
    optop_queue_cancel(queue, id);
    ck_assert_int_eq(take(id), OPTOP_JOB_CANCELLED);
    ck_assert_int_eq(add(echo, "x", 0, 0), 4);
    close_queue();
}
END_TEST

START_TEST(what_cannot_be_is_refused)
{
    open_queue(1, 0);
    ck_assert_int_eq(add(NULL, NULL, 0, 0), -EINVAL);
    ck_assert_int_eq(add(echo, "x", 0, -1), -EINVAL);
    ck_assert_int_eq(optop_queue_add(queue, &(struct optop_job){ .run = give_up }), -EINVAL);
    ck_assert_int_eq(optop_queue_add(queue, &(struct optop_job){ .run = give_up, .name = "x",
        .priority = OPTOP_PRIORITIES }), -EINVAL);
    ck_assert_ptr_null(optop_queue_new(&(struct optop_queue_options){ .name = "x" }));
    ck_assert_int_eq(errno, EINVAL);
    optop_executor_cancel(executor);
    ck_assert_int_eq(add(echo, "x", 0, 0), -ECANCELED);
    close_queue();
    optop_queue_free(NULL);
}
END_TEST

/* Threads that add, cancel and take at once: none is lost, each ends once. */
enum { THREADS = 4, EACH = 2000 };
static _Atomic int taken[OPTOP_JOB_TIMED_OUT + 1];

static void *
use(void *context)
{
    unsigned seed = (unsigned)(uintptr_t)context;
    for (int i = 0; i < EACH; i++) {
        int64_t id = add(i % 7 ? echo : give_up, "x", i % 3, 0);
        ck_assert_int_gt(id, 0);
        if (rand_r(&seed) % 4 == 0)
            optop_queue_cancel(queue, id);
        int state = take(id);
        ck_assert_int_ge(state, OPTOP_JOB_DONE);
        atomic_fetch_add(&taken[state], 1);
    }
    return NULL;
}

START_TEST(many_at_once)
{
    pthread_t thread[THREADS];
    open_queue(2, 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, use, (void *)(i + 1));
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    ck_assert_int_eq(taken[OPTOP_JOB_DONE] + taken[OPTOP_JOB_FAILED] + taken[OPTOP_JOB_CANCELLED],
        THREADS * EACH);
    ck_assert_int_gt(taken[OPTOP_JOB_DONE], THREADS * EACH / 4);
    ck_assert_int_gt(taken[OPTOP_JOB_FAILED], 0);
    close_queue();
    ck_assert_int_eq(told, THREADS * EACH);
}
END_TEST

START_TEST(an_end_of_the_queue_ends_its_jobs)
{
    open_queue(2, 0);
    for (int i = 0; i < 8; i++)
        ck_assert_int_gt(add(endure, NULL, (uint64_t)i % 3, 0), 0);
    wait_until_runs(2);
    optop_queue_free(queue);
    ck_assert_int_eq(running, 0);
    ck_assert_int_eq(most_running, 2);
    ck_assert_int_eq(optop_executor_wait(executor, -1), 0);
    optop_executor_free(executor);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("job queue");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 60);
    tcase_add_test(core, a_job_has_a_number_and_a_result);
    tcase_add_test(core, one_that_runs_is_told_and_one_that_waits_never_runs);
    tcase_add_test(core, time_is_over);
    tcase_add_test(core, a_lane_goes_on_when_a_result_was_taken);
    tcase_add_test(core, it_is_bounded_and_lists_what_it_has);
    tcase_add_test(core, what_cannot_be_is_refused);
    tcase_add_test(core, many_at_once);
    tcase_add_test(core, an_end_of_the_queue_ends_its_jobs);
    suite_add_tcase(suite, core);
    return suite;
}
