/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The N best are the same in whatever order trials come, and what is to be
 * written and removed brings the store to them.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "run/best_list.h"

enum { TRIALS = 500, LIMIT = 20 };

/* Many equal scores: numbers decide. */
static double
score_of(int64_t trial)
{
    return (double)(trial * 7919 % 61);
}

static void
offer(struct best_list *list, int64_t trial)
{
    if (!best_list_admits(list, trial, score_of(trial)))
        return;
    struct best_entry entry = { .trial = trial, .score = score_of(trial),
        .values = xcalloc(1, sizeof(double)), .metrics = xstrdup("{}") };
    best_list_add(list, &entry);
}

static bool
comes_before(enum run_goal goal, int64_t a, int64_t b)
{
    if (score_of(a) == score_of(b))
        return a < b;
    return run_goal_better(goal, score_of(a), score_of(b));
}

static void
check_best(const struct best_list *list)
{
    ck_assert_int_eq(list->count, LIMIT);
    for (int i = 0; i < list->count; i++) {
        int better = 0;
        for (int64_t trial = 1; trial <= TRIALS; trial++)
            better += comes_before(list->goal, trial, list->entry[i].trial);
        ck_assert_int_lt(better, LIMIT);
    }
}

START_TEST(any_order)
{
    for (int order = 0; order < 4; order++) {
        struct best_list list;
        best_list_init(&list, order % 2 ? RUN_MAXIMIZE : RUN_MINIMIZE, LIMIT);
        for (int64_t i = 1; i <= TRIALS; i++)
            offer(&list, order < 2 ? i : TRIALS + 1 - i);
        check_best(&list);
        best_list_release(&list);
    }
}
END_TEST

/* A store that does what the list says after every so many trials. */
START_TEST(the_store_follows)
{
    bool row[TRIALS + 1] = { false };
    struct best_list list;
    best_list_init(&list, RUN_MINIMIZE, LIMIT);
    for (int64_t trial = TRIALS; trial >= 1; trial--) {
        offer(&list, trial);
        if (trial % 37 && trial > 1)
            continue;
        for (int i = 0; i < list.removed_count; i++) {
            ck_assert(row[list.removed[i]]);
            row[list.removed[i]] = false;
        }
        for (int i = 0; i < list.count; i++) {
            ck_assert_int_eq(row[list.entry[i].trial], list.entry[i].stored);
            row[list.entry[i].trial] = true;
        }
        best_list_stored(&list);
    }
    int rows = 0;
    for (int trial = 1; trial <= TRIALS; trial++)
        rows += row[trial];
    ck_assert_int_eq(rows, LIMIT);
    check_best(&list);
    best_list_release(&list);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("best_list");
    TCase *tcase = tcase_create("best_list");
    tcase_add_test(tcase, any_order);
    tcase_add_test(tcase, the_store_follows);
    suite_add_tcase(suite, tcase);
    return suite;
}
