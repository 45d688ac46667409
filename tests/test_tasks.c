/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of task statistics.
 */
#include "test.h"

#include <string.h>

#include "stat/tasks.h"

START_TEST(rows_come_and_go)
{
    struct tasks tasks = { 0 };
    struct task_stat *a = tasks_add(&tasks, "a"), *b = tasks_add(&tasks, "b"),
                     *c = tasks_add(&tasks, "c");
    ck_assert_int_eq(tasks.count, 3);
    task_start(b);
    tasks_remove(&tasks, a);
    ck_assert_int_eq(tasks.count, 2);
    ck_assert_ptr_eq(tasks.task[0], b);
    ck_assert_ptr_eq(tasks.task[1], c);
    ck_assert_uint_eq(b->in_progress, 1);
    tasks_remove(&tasks, NULL);
    struct task_stat other;
    tasks_remove(&tasks, &other);
    ck_assert_int_eq(tasks.count, 2);
    tasks_remove(&tasks, c);
    tasks_remove(&tasks, b);
    ck_assert_int_eq(tasks.count, 0);
    tasks_release(&tasks);
}
END_TEST

START_TEST(the_list_has_an_end)
{
    struct tasks tasks = { 0 };
    struct task_stat *last = NULL;
    for (int i = 0; i < TASKS_MAX; i++)
        ck_assert_ptr_nonnull(last = tasks_add(&tasks, "x"));
    ck_assert_ptr_null(tasks_add(&tasks, "one too many"));
    tasks_remove(&tasks, last);
    ck_assert_ptr_nonnull(tasks_add(&tasks, "fits again"));
    tasks_release(&tasks);
    ck_assert_int_eq(tasks.count, 0);
}
END_TEST

START_TEST(names_are_clean_and_cut)
{
    struct tasks tasks = { 0 };
    char name[200];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert_str_eq(tasks_add(&tasks, "a\x1B[2J")->name, "a\xC2\xB7[2J");
    ck_assert_uint_eq(strlen(tasks_add(&tasks, name)->name), sizeof tasks.task[0]->name - 1);
    tasks_release(&tasks);
}
END_TEST

START_TEST(figures_of_one_task)
{
    struct tasks tasks = { 0 };
    struct task_stat *task = tasks_add(&tasks, "t");
    task_start(task);
    task_start(task);
    ck_assert_uint_eq(task->in_progress, 2);
    task_end(task, 100, false);
    task_end(task, 300, true);
    ck_assert_uint_eq(task->in_progress, 0);
    ck_assert_uint_eq(task->failed, 1);
    ck_assert_uint_eq(task->duration.count, 2);
    ck_assert_uint_eq(task->duration.sum_ns, 400);
    task_end(task, 1, false); /* an end without a start does not go below none */
    ck_assert_uint_eq(task->in_progress, 0);
    tasks_release(&tasks);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("tasks");
    TCase *tcase = tcase_create("tasks");
    tcase_add_test(tcase, rows_come_and_go);
    tcase_add_test(tcase, the_list_has_an_end);
    tcase_add_test(tcase, names_are_clean_and_cut);
    tcase_add_test(tcase, figures_of_one_task);
    suite_add_tcase(suite, tcase);
    return suite;
}
