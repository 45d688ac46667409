/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The plugin objective with the installed example and with one that does wrong
 * (tests/support/wild_plugin.c); what crashes is tested through a server.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "objective/objective.h"
#include "test.h"

enum { POINTS = 20 };

static struct batch_objective *objective;
static struct diag diag;
static double values[2 * POINTS], score[POINTS], metric[2][POINTS];
static _Atomic uint8_t state[POINTS];
static _Atomic int64_t running;
static _Atomic int32_t running_count;
static int failures;
static int64_t failed_trial;
static char failed_text[256];

static void
on_failure(void *context, int64_t trial, const char *text, const char *log, size_t log_len)
{
    (void)context, (void)log;
    failures++;
    failed_trial = trial;
    ck_assert_uint_eq(log_len, 0);
    str_copy(failed_text, sizeof failed_text, text);
}

static int
open_with(const char *file, const char *what, int dimensions, int threads)
{
    static struct dimension dimension[2];
    static char names[3][RUN_NAME_MAX] = { "steepness", "what", "at" };
    static char path[512], numbers[2][8] = { "10", "5" }, what_text[32];
    struct run_parameter parameter[3] = { { .value = numbers[0] }, { .value = what_text },
        { .value = numbers[1] } };
    const char *build = getenv("TEST_BUILDDIR");
    for (int i = 0; i < 3; i++)
        str_copy(parameter[i].name, RUN_NAME_MAX, names[i]);
    str_copy(what_text, sizeof what_text, what);
    if (strchr(file, '/'))
        str_copy(path, sizeof path, file);
    else
        snprintf(path, sizeof path, "%s/tests/support/%s", build ? build : ".", file);
    struct run_spec spec = { .plugin = path, .dimension_count = dimensions, .dimension = dimension,
        .parameter_count = 3, .parameter = parameter };
    const struct batch_init init = { .spec = &spec, .threads = threads };
    diag = (struct diag){ 0 };
    return objective_find("plugin")->batch->open(&init, &objective, &diag);
}

static int
evaluate(int64_t first, int count)
{
    struct batch batch = { .first_trial = first, .count = count, .dimensions = 2,
        .values = values, .score = score, .state = state, .running = &running,
        .running_count = &running_count, .metric = { metric[0], metric[1] },
        .tell_failure = on_failure };
    for (int i = 0; i < count; i++) {
        values[2 * i] = (double)(first + i);
        values[2 * i + 1] = 0.5;
        metric[0][i] = metric[1][i] = (double)NAN;
        state[i] = BATCH_OPEN;
    }
    failures = 0;
    return objective->type->evaluate(objective, &batch);
}

static void
end(void)
{
    objective->type->close(objective);
}

START_TEST(example)
{
    ck_assert_msg(open_with("plugin.so", "", 2, 4) == 0, "%s", diag.text);
    ck_assert_int_eq(objective->threads, 4);
    ck_assert_int_eq(objective->metric_count, 1);
    ck_assert_str_eq(objective->metric_names[0], "off_valley");
    ck_assert_int_eq(evaluate(1, 6), 0);
    ck_assert(score[0] == 10 * 0.25 && metric[0][0] == 0.5);
    ck_assert(state[0] == BATCH_DONE && state[4] == BATCH_DONE && state[5] == BATCH_FAILED);
    ck_assert_int_eq(failed_trial, 6);
    ck_assert_str_eq(failed_text, "35.5 off the valley");
    end();
    ck_assert_int_lt(open_with("plugin.so", "", 1, 1), 0);
    ck_assert_str_eq(diag.text, "the plugin cannot begin: it needs two dimensions");
}
END_TEST

/* One by one and in batches of 8. */
static const char *const ways[] = { "wild.so", "wild-batch.so" };

START_TEST(results)
{
    ck_assert_msg(open_with(ways[_i], "nothing", 2, 1) == 0, "%s", diag.text);
    ck_assert_int_eq(objective->metric_count, 2);
    ck_assert_int_eq(evaluate(3, POINTS), 0);
    for (int i = 0; i < POINTS; i++) {
        ck_assert_int_eq(state[i], BATCH_DONE);
        ck_assert(score[i] == 3 + i + 0.5 && isnan(metric[0][i]));
        ck_assert((3 + i) % 2 ? metric[1][i] == 2 * score[i] : isnan(metric[1][i]));
    }
    ck_assert_int_eq(running, _i ? 3 + 16 : 3 + POINTS - 1);
    ck_assert_int_eq(running_count, _i ? POINTS - 16 : 0);
    end();
}
END_TEST

START_TEST(failure)
{
    ck_assert_int_eq(open_with(ways[_i], "fail", 2, 1), 0);
    ck_assert_int_eq(evaluate(1, POINTS), 0);
    for (int i = 0; i < POINTS; i++)
        ck_assert_int_eq(state[i], i == 4 ? BATCH_FAILED : BATCH_DONE);
    ck_assert_int_eq(failures, 1);
    ck_assert_int_eq(failed_trial, 5);
    ck_assert_str_eq(failed_text, "\033[31mit did not converge"); /* it is cleaned on its way */
    end();
    ck_assert_int_eq(open_with(ways[_i], "nan", 2, 1), 0);
    ck_assert_int_eq(evaluate(1, POINTS), 0);
    ck_assert(isnan(score[4]) && state[4] == BATCH_DONE); /* the server makes a failure of it */
    end();
}
END_TEST

START_TEST(refused)
{
    ck_assert_int_lt(open_with(ways[_i], "refuse", 2, 1), 0);
    ck_assert_str_eq(diag.text, "the plugin cannot begin: nothing suits it");
    ck_assert_int_lt(open_with("/no/such/plugin.so", "", 2, 1), 0);
    ck_assert_ptr_nonnull(strstr(diag.text, "/no/such/plugin.so"));
    ck_assert_int_lt(open_with("/dev/null", "", 2, 1), 0);
    ck_assert_int_lt(open_with("libm.so.6/", "", 2, 1), 0);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("obj_plugin");
    TCase *tcase = tcase_create("plugins");
    tcase_add_test(tcase, example);
    tcase_add_loop_test(tcase, results, 0, 2);
    tcase_add_loop_test(tcase, failure, 0, 2);
    tcase_add_loop_test(tcase, refused, 0, 2);
    suite_add_tcase(suite, tcase);
    return suite;
}
