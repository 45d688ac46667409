/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pools and tasks mirrored on a board.
 */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem/registry.h"
#include "stat/boards.h"
#include "stat/publish.h"

static struct boards boards;

static const struct board_figure *
find(const char *name, const char *labels)
{
    const struct board_reader *board = boards.board[0];
    for (int i = 0; i < board->figure_count; i++)
        if (!strcmp(board->figure[i].name, name) && !strcmp(board->figure[i].labels, labels))
            return &board->figure[i];
    return NULL;
}

static double
value(const char *name, const char *labels)
{
    const struct board_figure *figure = find(name, labels);
    return figure ? figure->value : -1;
}

START_TEST(pools_and_tasks)
{
    static struct histogram acquire;
    struct tasks tasks = { 0 };
    setenv("OPTOP_BOARDS", test_directory(), 1);
    ck_assert_int_eq(boards_open(&boards, getenv("OPTOP_BOARDS"), NULL), 0);
    struct publisher *publisher = publisher_open("me");
    struct pool_figures pool = { .name = "p", .size = 3, .in_use = 1, .idle = 2, .created = 4,
        .reused = 12, .retired = 1, .acquire = &acquire };
    struct task_stat *a = tasks_add(&tasks, "a"), *b = tasks_add(&tasks, "b");
    histogram_add(&acquire, 2000000);
    task_start(a);
    task_start(b);
    task_end(b, 1000, true);
    publisher_pool(publisher, &pool);
    publisher_tasks(publisher, &tasks);
    boards_step(&boards, 1, INT64_C(1000000000));
    ck_assert_int_eq(boards.count, 1);
    ck_assert_double_eq(value("pool.size", "pool=p"), 3);
    ck_assert_double_eq(value("pool.reuse", "pool=p"), 75);
    ck_assert_double_eq(value("pool.reused", "pool=p"), 12);
    ck_assert_double_eq(value("pool.acquire", "pool=p"), 1);
    ck_assert_double_eq(value("task.in_progress", "task=a"), 1);
    ck_assert_double_eq(value("task.failed", "task=b"), 1);
    ck_assert_double_eq(value("task.duration", "task=b"), 1);

    pool = (struct pool_figures){ .name = "q" };
    publisher_pool(publisher, &pool);
    tasks_remove(&tasks, a);
    publisher_tasks(publisher, &tasks);
    boards_step(&boards, 2, INT64_C(1000000000));
    ck_assert(isnan(value("pool.reuse", "pool=q"))); /* nothing was acquired */
    ck_assert_ptr_null(find("pool.acquire", "pool=q"));
    ck_assert_ptr_null(find("task.in_progress", "task=a"));
    ck_assert_ptr_nonnull(find("task.in_progress", "task=b"));

    unsigned long before = test_allocations();
    task_start(b);
    task_end(b, 1, false);
    publisher_tasks(publisher, &tasks);
    publisher_pool(publisher, &pool);
    ck_assert_uint_eq(test_allocations(), before);
    publisher_close(publisher);
    publisher_close(NULL);
    publisher_pool(NULL, &pool);
    publisher_tasks(NULL, &tasks);
    tasks_release(&tasks);
    boards_release(&boards);
}
END_TEST

static int
two_figures(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    ret[0] = (struct resource_figure){ "size", "bytes", RESOURCE_GAUGE, resource->priority };
    ret[1] = (struct resource_figure){ "hits", "", RESOURCE_COUNTER, 10.0 * resource->priority };
    return 2;
}

START_TEST(resources)
{
    struct resource a = { .kind = "pool", .name = "a", .priority = 1, .figures = two_figures },
                    b = { .kind = "cache", .name = "b", .priority = 2, .figures = two_figures },
                    c = { .kind = "file", .name = "c", .priority = 3 };
    setenv("OPTOP_BOARDS", test_directory(), 1);
    ck_assert_int_eq(boards_open(&boards, getenv("OPTOP_BOARDS"), NULL), 0);
    struct optop_board *board = optop_board_open("me");
    registry_add(&b);
    registry_add(&c);
    optop_board_publish(board);
    registry_add(&a);
    optop_board_publish(board);
    unsigned long before = test_allocations();
    optop_board_publish(board);
    ck_assert_uint_eq(test_allocations(), before);
    boards_step(&boards, 1, INT64_C(1000000000));
    ck_assert_int_eq(boards.board[0]->figure_count, 4);
    ck_assert_double_eq(value("pool.size", "pool=a"), 1);
    ck_assert_double_eq(value("pool.hits", "pool=a"), 10);
    ck_assert_double_eq(value("cache.size", "cache=b"), 2);
    ck_assert_str_eq(find("cache.size", "cache=b")->unit, "bytes");
    ck_assert_uint_eq(find("cache.hits", "cache=b")->total, 20);

    registry_remove(&b);
    registry_remove(&a);
    a.priority = 7;
    registry_add(&a); /* another one of the same name */
    optop_board_publish(board);
    boards_step(&boards, 2, INT64_C(1000000000));
    ck_assert_int_eq(boards.board[0]->figure_count, 2);
    ck_assert_double_eq(value("pool.size", "pool=a"), 7);
    registry_remove(&a);
    registry_remove(&c);
    optop_board_close(board);
    optop_board_publish(NULL);
    boards_release(&boards);
}
END_TEST

START_TEST(no_memory_for_resources)
{
    struct resource a = { .kind = "pool", .name = "a", .priority = 1, .figures = two_figures };
    setenv("OPTOP_BOARDS", test_directory(), 1);
    ck_assert_int_eq(boards_open(&boards, getenv("OPTOP_BOARDS"), NULL), 0);
    struct optop_board *board = optop_board_open("me");
    registry_add(&a);
    if (test_fail_allocations(1, true)) {
        optop_board_publish(board);
        test_fail_allocations(0, false);
        boards_step(&boards, 1, INT64_C(1000000000));
        ck_assert_int_eq(boards.board[0]->figure_count, 0);
    }
    optop_board_publish(board);
    boards_step(&boards, 2, INT64_C(1000000000));
    ck_assert_double_eq(value("pool.size", "pool=a"), 1);
    registry_remove(&a);
    optop_board_close(board);
    boards_release(&boards);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("publish");
    TCase *tcase = tcase_create("publish");
    tcase_add_test(tcase, pools_and_tasks);
    tcase_add_test(tcase, resources);
    tcase_add_test(tcase, no_memory_for_resources);
    suite_add_tcase(suite, tcase);
    return suite;
}
