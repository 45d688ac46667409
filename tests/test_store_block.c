/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Blocks of trials, seen through the same readers as rows of table trial.
 */
#include "test.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/store_block.h"
#include "store/store_run.h"

enum { COUNT = 4 };

static struct store *store;
static const char *directory;
static int64_t run;
static struct str seen; /* what a listing found */

static void
setup(void)
{
    directory = test_directory();
    str_init(&seen);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    ck_assert_int_eq(store_begin(store), 0);
    const struct store_run row = { .name = "f", .state = RUN_RUNNING, .reason = "", .file = "f.ini",
        .text = "", .directory = "/", .environment = "", .total = -1 };
    ck_assert_int_eq(store_run_add(store, &row, &run), 0);
}

static void
teardown(void)
{
    store_rollback(store);
    store_close(store);
    str_release(&seen);
}

static int
add_block(int64_t of_run, int64_t first, const double score[COUNT])
{
    const float wall[COUNT] = { 0.5f, 0.25f, NAN, 0.125f };
    const double values[COUNT * 2] = { 1, 0.1, 2, 0.2, 3, 0.3, 4, 0.4 };
    const double loss[COUNT] = { 7, NAN, NAN, 8 }, rate[COUNT] = { NAN, NAN, NAN, 0.5 };
    const double *metric[] = { loss, rate };
    const char *names[] = { "loss", "rate" };
    const struct store_block block = { .first = first, .count = COUNT, .dimensions = 2,
        .finished_wall_ns = 1000 + first, .score = score, .wall_seconds = wall, .values = values,
        .metric_count = 2, .metric_name = names, .metric = metric };
    return store_block_add(store, of_run, &block);
}

static void
add_row(int64_t trial, enum trial_state state, double score)
{
    const struct trial_result result = { .trial = trial, .attempt = 1, .state = state,
        .score = score, .wall_seconds = 9, .cpu_seconds = NAN, .max_rss_bytes = NAN,
        .stdout_bytes = NAN, .exit_code = -1 };
    const struct store_trial row = { &result, "[9,9]", 1 };
    ck_assert_int_eq(store_trial_add(store, run, &row), 0);
}

static int
see_number(void *context, const struct store_trial *trial)
{
    (void)context;
    str_printf(&seen, "%s%lld", seen.len ? " " : "", (long long)trial->result->trial);
    return 0;
}

static int
see_all(void *context, const struct store_trial *trial)
{
    const struct trial_result *result = trial->result;
    (void)context;
    str_printf(&seen, "%lld %d %g %s %g %g %d %d %lld '%s' %s\n", (long long)result->trial,
        result->state, result->score, trial->params, result->wall_seconds, result->cpu_seconds,
        result->exit_code, result->attempt, (long long)trial->finished_wall_ns, result->reason,
        result->metrics ? result->metrics : "-");
    return 0;
}

static const char *
numbers(int r)
{
    static char text[1024];
    ck_assert_int_eq(r, 0);
    str_copy(text, sizeof text, seen.len ? seen.data : "");
    str_clear(&seen);
    return text;
}

static void
fill(void)
{
    ck_assert_int_eq(add_block(run, 1, (const double[]){ 5, 1, NAN, 3 }), 0);
    add_row(3, TRIAL_FAILED, NAN); /* the one that has no score in its block */
    ck_assert_int_eq(add_block(run, 9, (const double[]){ 4, 0, 2, -1 }), 0);
    add_row(6, TRIAL_DONE, 2.5);
    ck_assert_int_eq(add_block(run + 1, 1, (const double[]){ -9, -9, -9, -9 }), 0);
}

START_TEST(trials_of_blocks_are_trials)
{
    fill();
    ck_assert_str_eq(numbers(store_trial_list(store, run, 0, 100, see_number, NULL)),
        "1 2 3 4 6 9 10 11 12");
    ck_assert_str_eq(numbers(store_trial_list(store, run, 2, 3, see_number, NULL)), "3 4 6");
    ck_assert_str_eq(numbers(store_trial_list(store, run, 10, 100, see_number, NULL)), "11 12");
    ck_assert_str_eq(numbers(store_trial_list(store, run, 12, 100, see_number, NULL)), "");
    ck_assert_str_eq(numbers(store_trial_top(store, run, RUN_MINIMIZE, 4, see_number, NULL)),
        "12 10 2 11");
    ck_assert_str_eq(numbers(store_trial_top(store, run, RUN_MAXIMIZE, 5, see_number, NULL)),
        "1 9 4 6 11");
    ck_assert_str_eq(
        numbers(store_trial_top_by(store, run, "wall_seconds", false, INT64_MAX, 3, see_number, NULL)),
        "4 12 2");
    ck_assert_str_eq(numbers(store_trial_get(store, run, 11, see_number, NULL)), "11");
    ck_assert_int_eq(store_trial_get(store, run, 5, see_number, NULL), ERR_NOT_FOUND);
    ck_assert_int_eq(store_trial_get(store, run, 13, see_number, NULL), ERR_NOT_FOUND);
}
END_TEST

static int
see_point(void *context, double score, const double *values)
{
    (void)context;
    str_printf(&seen, "%s%g:%g,%g", seen.len ? " " : "", score, values[0], values[1]);
    return score == -1 ? -EINTR : 0;
}

START_TEST(points_are_those_that_have_scores)
{
    fill();
    ck_assert_int_eq(store_trial_points(store, run, 2, see_point, NULL), -EINTR);
    ck_assert_str_eq(numbers(0), "2.5:9,9 5:1,0.1 1:2,0.2 3:4,0.4 4:1,0.1 0:2,0.2 2:3,0.3 -1:4,0.4");
    /* a space of other dimensions is not that of these blocks: nothing is read beyond their end */
    ck_assert_str_eq(numbers(store_trial_points(store, run, 3, see_point, NULL)), "");
    ck_assert_str_eq(numbers(store_trial_points(store, run + 2, 2, see_point, NULL)), "");
}
END_TEST

START_TEST(a_trial_comes_back_whole)
{
    fill();
    ck_assert_int_eq(store_commit(store, NULL), 0);
    store_close(store);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_trial_list(store, run, 0, 4, see_all, NULL), 0);
    ck_assert_str_eq(seen.data,
        "1 0 5 [1,0.1] 0.5 nan -1 1 1001 '' {\"loss\":7}\n"
        "2 0 1 [2,0.2] 0.25 nan -1 1 1001 '' -\n"
        "3 1 nan [9,9] 9 nan -1 1 1 '' -\n"
        "4 0 3 [4,0.4] 0.125 nan -1 1 1001 '' {\"loss\":8,\"rate\":0.5}\n");
}
END_TEST

START_TEST(the_first_block_stays)
{
    ck_assert_int_eq(add_block(run, 1, (const double[]){ 5, 1, 2, 3 }), 0);
    ck_assert_int_eq(add_block(run, 1, (const double[]){ 0, 0, 0, 0 }), ERR_DUPLICATE);
    ck_assert_str_eq(numbers(store_trial_top(store, run, RUN_MINIMIZE, 1, see_number, NULL)), "2");
}
END_TEST

static int
see_score(void *context, int64_t trial, double score)
{
    (void)context;
    str_printf(&seen, "%lld:%g ", (long long)trial, score);
    return 0;
}

START_TEST(scores_in_order_of_completion)
{
    fill();
    ck_assert_str_eq(numbers(store_trial_scores(store, run, see_score, NULL)),
        "3:nan 6:2.5 1:5 2:1 4:3 9:4 10:0 11:2 12:-1 ");
    const double score[] = { 1 }; /* a block that was finished before its elders */
    const struct store_block early = { .first = 20, .count = 1, .finished_wall_ns = 1005,
        .score = score, .wall_seconds = (const float[]){ 1 }, .values = score, .dimensions = 1 };
    ck_assert_int_eq(store_block_add(store, run, &early), 0);
    ck_assert_str_eq(numbers(store_trial_scores(store, run, see_score, NULL)),
        "3:nan 6:2.5 1:5 2:1 4:3 20:1 9:4 10:0 11:2 12:-1 ");
}
END_TEST

static int
see_block(void *context, int64_t first, int count)
{
    (void)context;
    str_printf(&seen, "%lld+%d ", (long long)first, count);
    return 0;
}

START_TEST(blocks_without_trials)
{
    const struct store_block low = { .first = 1, .count = 8 }, high = { .first = 13, .count = 4 };
    ck_assert_int_eq(store_block_add(store, run, &low), 0);
    ck_assert_int_eq(store_block_add(store, run, &high), 0);
    ck_assert_int_eq(add_block(run, 9, (const double[]){ 4, 0, 2, 1 }), 0);
    ck_assert_str_eq(numbers(store_trial_list(store, run, 0, 100, see_number, NULL)), "9 10 11 12");
    ck_assert_str_eq(numbers(store_block_list(store, run, 0, see_block, NULL)), "1+8 9+4 13+4 ");
    ck_assert_str_eq(numbers(store_block_list(store, run, 8, see_block, NULL)), "9+4 13+4 ");
    ck_assert_str_eq(numbers(store_block_list(store, run, 15, see_block, NULL)), "13+4 ");
    ck_assert_str_eq(numbers(store_block_list(store, run, 16, see_block, NULL)), "");
    ck_assert_int_eq(store_block_forget(store, run, 9), 0);
    ck_assert_str_eq(numbers(store_block_list(store, run, 0, see_block, NULL)), "9+4 13+4 ");
    ck_assert_int_eq(store_block_forget(store, run, 17), 0);
    ck_assert_str_eq(numbers(store_block_list(store, run, 0, see_block, NULL)), "9+4 ");
}
END_TEST

/* Another connection sees them as well, once they are committed. */
START_TEST(a_reader_sees_blocks)
{
    struct store *reader;
    fill();
    ck_assert_int_eq(store_commit(store, NULL), 0);
    ck_assert_int_eq(store_open_reader(store, &reader), 0);
    ck_assert_str_eq(numbers(store_trial_top(reader, run, RUN_MINIMIZE, 2, see_number, NULL)), "12 10");
    store_close(reader);
    ck_assert_int_eq(store_begin(store), 0);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("store_block");
    TCase *tcase = tcase_create("blocks");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, trials_of_blocks_are_trials);
    tcase_add_test(tcase, points_are_those_that_have_scores);
    tcase_add_test(tcase, a_trial_comes_back_whole);
    tcase_add_test(tcase, the_first_block_stays);
    tcase_add_test(tcase, scores_in_order_of_completion);
    tcase_add_test(tcase, blocks_without_trials);
    tcase_add_test(tcase, a_reader_sees_blocks);
    suite_add_tcase(suite, tcase);
    return suite;
}
