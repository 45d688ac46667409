/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Executors: that each task is run once, or dropped; who waits, who is woken,
 * what is told of errors; and the same under load from many threads.
 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem/registry.h"
#include "optop/executor.h"
#include "task/task_rows.h"

enum { SUBMITTERS = 4, EACH = 20000, ITEMS = 10000, FOREVER = -1 };

static const int64_t soon_ns = 1000000, never_ns = INT64_C(60000000000);

/* A task that stands still until it is let go. */
struct gate {
    sem_t entered, open;
};

static void
gate_init(struct gate *gate)
{
    sem_init(&gate->entered, 0, 0);
    sem_init(&gate->open, 0, 0);
}

static int
pass_gate(void *context)
{
    struct gate *gate = context;
    sem_post(&gate->entered);
    sem_wait(&gate->open);
    return optop_cancelled() ? -EINTR : 7;
}

/* The one thread of an executor is busy when this returns. */
static struct optop_future *
block(struct optop_executor *executor, struct gate *gate)
{
    struct optop_future *future;
    gate_init(gate);
    ck_assert_int_eq(optop_submit(executor,
        &(struct optop_task){ .run = pass_gate, .context = gate }, &future), 0);
    sem_wait(&gate->entered);
    return future;
}

static _Atomic int ran, dropped;

static int
count_run(void *context)
{
    (void)context;
    atomic_fetch_add(&ran, 1);
    return 0;
}

static void
count_dropped(void *context)
{
    (void)context;
    atomic_fetch_add(&dropped, 1);
}

static const struct optop_task counted = { .run = count_run, .dropped = count_dropped };

static struct optop_executor *
executor_of(int threads, int queue)
{
    struct optop_executor *executor = optop_executor_new("test", threads, queue);
    ck_assert_ptr_nonnull(executor);
    atomic_store(&ran, 0);
    atomic_store(&dropped, 0);
    return executor;
}

/* Load. */

static void *
submit_many(void *argument)
{
    struct optop_executor *executor = argument;
    for (int i = 0; i < EACH; i++) {
        struct optop_task task = counted;
        task.priority = i % OPTOP_PRIORITIES;
        int r = optop_submit(executor, &task, NULL);
        if (r < 0)
            return r == -ECANCELED ? argument : NULL; /* no more than that is allowed */
    }
    return argument;
}

static void
load(struct optop_executor *executor, bool cancel)
{
    pthread_t thread[SUBMITTERS];
    void *fine;
    for (int i = 0; i < SUBMITTERS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, submit_many, executor), 0);
    if (cancel) {
        while (atomic_load(&ran) < EACH / 10)
            sched_yield();
        optop_executor_cancel(executor);
    }
    for (int i = 0; i < SUBMITTERS; i++) {
        pthread_join(thread[i], &fine);
        ck_assert_ptr_nonnull(fine);
    }
}

START_TEST(each_task_is_run_once)
{
    struct optop_executor *executor = executor_of(3, 24); /* mostly full */
    load(executor, false);
    ck_assert_int_eq(optop_executor_wait(executor, FOREVER), 0);
    ck_assert_int_eq(atomic_load(&ran), SUBMITTERS * EACH);
    load(executor, false); /* and the end waits for them, too */
    optop_executor_free(executor);
    ck_assert_int_eq(atomic_load(&ran), 2 * SUBMITTERS * EACH);
    ck_assert_int_eq(atomic_load(&dropped), 0);
}
END_TEST

START_TEST(an_end_under_load)
{
    struct optop_executor *executor = executor_of(2, 4096);
    load(executor, true);
    optop_executor_free(executor);
    ck_assert_int_lt(atomic_load(&ran) + atomic_load(&dropped), SUBMITTERS * EACH + 1);
    ck_assert_int_ge(atomic_load(&ran), EACH / 10);
}
END_TEST

START_TEST(what_waits_is_dropped)
{
    struct gate gate;
    struct optop_executor *executor = executor_of(1, 64);
    struct optop_future *busy = block(executor, &gate), *waits;
    int result;
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(optop_submit(executor, &counted, NULL), 0);
    ck_assert_int_eq(optop_submit(executor, &counted, &waits), 0);
    optop_executor_cancel(executor);
    ck_assert_int_eq(optop_submit(executor, &counted, NULL), -ECANCELED);
    sem_post(&gate.open);
    ck_assert_int_eq(optop_future_wait(waits, FOREVER, &result), 0);
    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_int_eq(optop_future_wait(busy, FOREVER, &result), 0);
    ck_assert_int_eq(result, -EINTR); /* it was told */
    optop_future_free(busy);
    optop_future_free(waits);
    optop_executor_free(executor);
    ck_assert_int_eq(atomic_load(&ran), 0);
    ck_assert_int_eq(atomic_load(&dropped), 21);
    optop_executor_free(NULL);
    optop_future_free(NULL);
}
END_TEST

/* Futures. */

START_TEST(a_future_tells_the_result)
{
    struct gate gate;
    struct optop_executor *executor = executor_of(1, 0);
    struct optop_future *future = block(executor, &gate);
    int result = 1;
    ck_assert_int_eq(optop_future_wait(future, 0, &result), -ETIMEDOUT);
    ck_assert_int_eq(optop_future_wait(future, soon_ns, &result), -ETIMEDOUT);
    ck_assert_int_eq(optop_executor_wait(executor, soon_ns), -ETIMEDOUT);
    ck_assert_int_eq(result, 1);
    sem_post(&gate.open);
    ck_assert_int_eq(optop_future_wait(future, never_ns, &result), 0);
    ck_assert_int_eq(result, 7);
    ck_assert_int_eq(optop_future_cancel(future), -EALREADY);
    optop_future_free(future);
    optop_executor_free(executor);
}
END_TEST

START_TEST(a_future_can_be_cancelled)
{
    struct gate gate;
    struct optop_executor *executor = executor_of(1, 0);
    struct optop_future *busy = block(executor, &gate), *waits, *dead;
    int result;
    ck_assert_int_eq(optop_submit(executor, &counted, &waits), 0);
    ck_assert_int_eq(optop_submit(executor, &counted, &dead), 0);
    optop_future_free(dead); /* nobody asks: it is run all the same */
    ck_assert_int_eq(optop_future_cancel(waits), 0);
    ck_assert_int_eq(optop_future_wait(waits, 0, &result), 0); /* at once */
    ck_assert_int_eq(result, -ECANCELED);
    ck_assert_int_eq(optop_future_cancel(waits), -EALREADY);
    ck_assert_int_eq(optop_future_cancel(busy), -EBUSY);
    sem_post(&gate.open);
    ck_assert_int_eq(optop_future_wait(busy, FOREVER, &result), 0);
    ck_assert_int_eq(result, -EINTR);
    ck_assert_int_eq(optop_executor_wait(executor, FOREVER), 0);
    ck_assert_int_eq(atomic_load(&ran), 1);
    ck_assert_int_eq(atomic_load(&dropped), 1);
    optop_future_free(busy);
    optop_future_free(waits);
    optop_executor_free(executor);
}
END_TEST

struct tree {
    struct optop_executor *executor;
    int depth;
};

/* The sum of the leaves: each node waits for its two. */
static int
add_leaves(void *context)
{
    const struct tree *tree = context;
    struct tree below = { tree->executor, tree->depth - 1 };
    struct optop_task task = { .run = add_leaves, .context = &below };
    struct optop_future *half[2];
    int sum = 0, result = 0;
    if (!tree->depth)
        return 1;
    for (int i = 0; i < 2; i++)
        if (optop_submit(tree->executor, &task, &half[i]) < 0)
            return -1;
    for (int i = 0; i < 2; i++) {
        optop_future_wait(half[i], FOREVER, &result);
        optop_future_free(half[i]);
        sum += result;
    }
    return sum;
}

START_TEST(tasks_wait_for_tasks)
{
    for (int threads = 1; threads <= 3; threads++) {
        struct optop_executor *executor = executor_of(threads, 8);
        struct tree tree = { executor, 8 };
        struct optop_future *future;
        int result;
        ck_assert_int_eq(optop_submit(executor,
            &(struct optop_task){ .run = add_leaves, .context = &tree }, &future), 0);
        ck_assert_int_eq(optop_future_wait(future, FOREVER, &result), 0);
        ck_assert_int_eq(result, 256);
        optop_future_free(future);
        optop_executor_free(executor);
    }
}
END_TEST

/* The queue. */

static char order[16];
static _Atomic int order_len;

static int
note(void *context)
{
    order[atomic_fetch_add(&order_len, 1)] = *(const char *)context;
    return 0;
}

START_TEST(what_is_urgent_goes_first)
{
    static char letter[] = "bnmu";
    static const int priority[] = { OPTOP_BACKGROUND, OPTOP_NORMAL, OPTOP_NORMAL, OPTOP_URGENT };
    struct gate gate;
    struct optop_executor *executor = executor_of(1, 0);
    struct optop_future *busy = block(executor, &gate);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(optop_submit(executor, &(struct optop_task){ .run = note,
            .context = &letter[i], .priority = priority[i] }, NULL), 0);
    sem_post(&gate.open);
    optop_future_free(busy);
    optop_executor_free(executor);
    ck_assert_str_eq(order, "unmb");
}
END_TEST

static int
is_not_last(void *context)
{
    *(int *)context = atomic_load(&ran);
    return 0;
}

START_TEST(the_background_has_its_turn)
{
    struct gate gate;
    struct optop_executor *executor = executor_of(1, 0);
    struct optop_future *busy = block(executor, &gate);
    int before = -1;
    for (int i = 0; i < 500; i++)
        ck_assert_int_eq(optop_submit(executor, &counted, NULL), 0);
    ck_assert_int_eq(optop_submit(executor, &(struct optop_task){ .run = is_not_last,
        .context = &before, .priority = OPTOP_BACKGROUND }, NULL), 0);
    sem_post(&gate.open);
    optop_future_free(busy);
    optop_executor_free(executor);
    ck_assert_int_ge(before, 0);
    ck_assert_int_lt(before, 100);
}
END_TEST

struct theft {
    struct optop_executor *executor;
    int submitted;
};

static int
leave_to_others(void *context)
{
    struct theft *theft = context;
    while (theft->submitted < 100 && optop_submit(theft->executor, &counted, NULL) == 0)
        theft->submitted++;
    while (atomic_load(&ran) < 100) /* of its own queue, by the other thread */
        sched_yield();
    return 0;
}

START_TEST(work_is_stolen)
{
    struct optop_executor *executor = executor_of(2, 1024);
    struct theft theft = { executor, 0 };
    ck_assert_int_eq(optop_submit(executor,
        &(struct optop_task){ .run = leave_to_others, .context = &theft }, NULL), 0);
    optop_executor_free(executor);
    ck_assert_int_eq(theft.submitted, 100);
}
END_TEST

static int
fill_own(void *context)
{
    struct optop_executor *executor = context;
    struct optop_task task = counted;
    for (int i = 0; i < 100; i++) /* beyond the queue: run at once */
        if (optop_submit(executor, &counted, NULL) < 0)
            return -1;
    task.no_wait = 1;
    return optop_submit(executor, &task, NULL);
}

START_TEST(a_full_queue)
{
    struct gate gate;
    struct optop_executor *executor = executor_of(1, 8);
    struct optop_future *busy = block(executor, &gate), *future;
    struct optop_task task = counted;
    int result;
    task.no_wait = 1;
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(optop_submit(executor, &task, NULL), 0);
    ck_assert_int_eq(optop_submit(executor, &task, NULL), -EAGAIN);
    ck_assert_int_eq(optop_submit(executor, &task, &future), -EAGAIN);
    sem_post(&gate.open);
    optop_future_free(busy);
    ck_assert_int_eq(optop_executor_wait(executor, FOREVER), 0);
    ck_assert_int_eq(optop_submit(executor,
        &(struct optop_task){ .run = fill_own, .context = executor }, &future), 0);
    ck_assert_int_eq(optop_future_wait(future, FOREVER, &result), 0);
    ck_assert_int_eq(result, -EAGAIN);
    optop_future_free(future);
    optop_executor_free(executor);
    ck_assert_int_eq(atomic_load(&ran), 108);
}
END_TEST

/* Maps. */

struct square {
    int64_t *result;
    size_t bad[2]; /* items that fail */
    _Atomic int called;
};

static int
square(void *context, size_t index)
{
    struct square *square = context;
    square->result[index] = (int64_t)(index * index);
    atomic_fetch_add(&square->called, 1);
    return index == square->bad[0] ? -EDOM : index == square->bad[1] ? -ERANGE : 0;
}

static void
check_map(struct optop_executor *executor, size_t count, size_t chunk, size_t bad)
{
    struct square work = { .bad = { bad, bad + 3 } };
    size_t failed = count + 1;
    work.result = calloc(count ? count : 1, sizeof *work.result);
    int r = optop_map(executor, count, chunk, square, &work, &failed);
    size_t done = bad < count ? bad : count;
    ck_assert_int_eq(r, bad < count ? -EDOM : 0);
    ck_assert_uint_eq(failed, bad < count ? bad : count + 1);
    for (size_t i = 0; i < done; i++)
        ck_assert_int_eq(work.result[i], (int64_t)(i * i));
    if (bad >= count)
        ck_assert_int_eq(work.called, (int)count);
    free(work.result);
}

START_TEST(a_map_is_in_order)
{
    static const size_t chunks[] = { 0, 1, 7, 100000 };
    struct optop_executor *executor = executor_of(3, 0);
    for (size_t c = 0; c < sizeof chunks / sizeof *chunks; c++) {
        check_map(executor, ITEMS, chunks[c], SIZE_MAX - 9);
        check_map(executor, ITEMS, chunks[c], 0);
        check_map(executor, ITEMS, chunks[c], ITEMS / 2);
        check_map(executor, ITEMS, chunks[c], ITEMS - 1);
        check_map(executor, 1, chunks[c], SIZE_MAX - 9);
        check_map(executor, 0, chunks[c], SIZE_MAX - 9);
    }
    optop_executor_free(executor);
}
END_TEST

static int
map_inside(void *context)
{
    check_map(context, 1000, 0, SIZE_MAX - 9);
    check_map(context, 1000, 0, 500);
    return 0;
}

START_TEST(a_map_in_a_task)
{
    struct optop_executor *executor = executor_of(2, 8);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(optop_submit(executor,
            &(struct optop_task){ .run = map_inside, .context = executor }, NULL), 0);
    optop_executor_free(executor);
}
END_TEST

START_TEST(a_map_beside_busy_threads)
{
    struct gate gate;
    struct optop_executor *executor = executor_of(1, 8);
    struct optop_future *busy = block(executor, &gate);
    check_map(executor, 100, 0, SIZE_MAX - 9); /* the caller does not wait for them */
    sem_post(&gate.open);
    optop_future_free(busy);
    optop_executor_free(executor);
}
END_TEST

/* Threads. */

static _Atomic int begun, over, strange;

static void
on_begin(void *context, int thread)
{
    (void)context;
    atomic_fetch_add(&begun, 1);
    if (optop_thread() != thread)
        atomic_fetch_add(&strange, 1);
}

static void
on_end(void *context, int thread)
{
    (void)context, (void)thread;
    atomic_fetch_add(&over, 1);
}

static int
look_at_signals(void *context)
{
    sigset_t mask;
    (void)context;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, SIGTERM) && !sigismember(&mask, SIGSEGV) ? 0 : -1;
}

START_TEST(threads_begin_and_end)
{
    struct optop_executor *executor = executor_of(3, 0);
    struct optop_future *future;
    int result;
    ck_assert_int_eq(optop_executor_start(executor, on_begin, on_end, NULL), 0);
    ck_assert_int_eq(optop_executor_start(executor, on_begin, on_end, NULL), -EBUSY);
    ck_assert_int_eq(optop_submit(executor, &(struct optop_task){ .run = look_at_signals }, &future), 0);
    ck_assert_int_eq(optop_future_wait(future, FOREVER, &result), 0);
    ck_assert_int_eq(result, 0);
    optop_future_free(future);
    optop_executor_free(executor);
    ck_assert_int_eq(begun, 3);
    ck_assert_int_eq(over, 3);
    ck_assert_int_eq(strange, 0);
    ck_assert_int_eq(optop_thread(), -1);
    ck_assert_int_eq(optop_cancelled(), 0);
}
END_TEST

/* Figures. */

static int
go_wrong(void *context)
{
    (void)context;
    return -1;
}

static const struct task_stat *
row(const struct tasks *tasks, const char *name)
{
    for (int i = 0; i < tasks->count; i++)
        if (!strcmp(tasks->task[i]->name, name))
            return tasks->task[i];
    ck_abort_msg("no row %s", name);
}

static double found[2];

static void
find_figures(struct resource *resource, void *data)
{
    struct resource_figure figure[RESOURCE_FIGURES_MAX];
    (void)data;
    if (strcmp(resource->kind, "executor") != 0 || strcmp(resource->name, "test") != 0)
        return;
    int count = resource->figures(resource, figure);
    for (int i = 0; i < count; i++) {
        if (!strcmp(figure[i].name, "threads"))
            found[0] = figure[i].value;
        if (!strcmp(figure[i].name, "ended"))
            found[1] = figure[i].value;
    }
}

START_TEST(tasks_are_counted_by_name)
{
    static struct tasks tasks;
    struct gate gate;
    struct optop_executor *executor = executor_of(2, 0);
    int good = optop_executor_task(executor, "good"), bad = optop_executor_task(executor, "bad");
    ck_assert_int_eq(good, 1);
    ck_assert_int_eq(bad, 2);
    ck_assert_int_eq(optop_executor_task(executor, "good"), 1);
    struct optop_future *busy = block(executor, &gate);
    for (int i = 0; i < 30; i++) {
        ck_assert_int_eq(optop_submit(executor, &(struct optop_task){ .run = count_run, .name = good }, NULL), 0);
        ck_assert_int_eq(optop_submit(executor, &(struct optop_task){ .run = go_wrong, .name = bad }, NULL), 0);
    }
    while (atomic_load(&ran) < 30)
        sched_yield();
    task_rows_update(&tasks);
    ck_assert_uint_eq(row(&tasks, "test")->in_progress, 1);
    sem_post(&gate.open);
    ck_assert_int_eq(optop_executor_wait(executor, FOREVER), 0);
    task_rows_update(&tasks);
    ck_assert_uint_eq(row(&tasks, "test")->in_progress, 0);
    ck_assert_uint_eq(row(&tasks, "good")->duration.count, 30);
    ck_assert_uint_eq(row(&tasks, "good")->failed, 0);
    ck_assert_uint_eq(row(&tasks, "bad")->failed, 30);
    ck_assert_int_le(row(&tasks, "bad")->duration.min_ns, row(&tasks, "bad")->duration.max_ns);
    registry_each(find_figures, NULL);
    ck_assert_double_eq(found[0], 2);
    ck_assert_double_eq(found[1], 61);
    char name[16];
    for (int i = 3; i < OPTOP_TASK_NAMES_MAX; i++) {
        snprintf(name, sizeof name, "name %d", i);
        ck_assert_int_eq(optop_executor_task(executor, name), i);
    }
    ck_assert_int_eq(optop_executor_task(executor, "one more"), -ENOSPC);
    ck_assert_int_eq(optop_submit(executor, &(struct optop_task){ .run = go_wrong, .name = 99 }, NULL), -EINVAL);
    ck_assert_int_eq(optop_submit(executor, &(struct optop_task){ .run = go_wrong, .priority = 9 }, NULL), -EINVAL);
    ck_assert_int_eq(optop_submit(executor, &(struct optop_task){ .context = name }, NULL), -EINVAL);
    optop_future_free(busy);
    optop_executor_free(executor);
    tasks_release(&tasks);
}
END_TEST

START_TEST(without_memory)
{
    if (!test_fail_allocations(0, false))
        return;
    for (long nth = 1; nth < 8; nth++)
        for (int all = 0; all <= 1; all++) {
            test_fail_allocations(nth, all);
            struct optop_executor *executor = optop_executor_new("test", 2, 0);
            struct optop_future *future = NULL;
            int r = executor ? optop_submit(executor, &counted, &future) : -ENOMEM;
            int64_t result[100];
            struct square work = { .bad = { SIZE_MAX, SIZE_MAX }, .result = result };
            int mapped = executor ? optop_map(executor, 100, 0, square, &work, NULL) : 0;
            test_fail_allocations(0, false);
            ck_assert_int_eq(mapped, 0); /* by the caller, at the least */
            ck_assert(executor || errno == ENOMEM);
            ck_assert(r == 0 || r == -ENOMEM || r == -EAGAIN);
            optop_future_free(future);
            optop_executor_free(executor);
        }
    ck_assert_ptr_null(optop_executor_new("test", -1, 0));
    ck_assert_ptr_null(optop_executor_new("test", 0, OPTOP_QUEUE_MAX + 1));
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("executor");
    TCase *tc = tcase_create("tasks");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, each_task_is_run_once);
    tcase_add_test(tc, an_end_under_load);
    tcase_add_test(tc, what_waits_is_dropped);
    tcase_add_test(tc, a_future_tells_the_result);
    tcase_add_test(tc, a_future_can_be_cancelled);
    tcase_add_test(tc, tasks_wait_for_tasks);
    tcase_add_test(tc, what_is_urgent_goes_first);
    tcase_add_test(tc, the_background_has_its_turn);
    tcase_add_test(tc, work_is_stolen);
    tcase_add_test(tc, a_full_queue);
    tcase_add_test(tc, a_map_is_in_order);
    tcase_add_test(tc, a_map_in_a_task);
    tcase_add_test(tc, a_map_beside_busy_threads);
    tcase_add_test(tc, threads_begin_and_end);
    tcase_add_test(tc, tasks_are_counted_by_name);
    tcase_add_test(tc, without_memory);
    suite_add_tcase(suite, tc);
    return suite;
}
