/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The test functions have the minima that the literature gives them, with and
 * without the shift, and the objective in front of them fills a batch.
 */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "config/run_rules.h"
#include "model/function.h"
#include "objective/objective.h"

enum { ANY_DIMENSIONS = 4, PROBES = 2000 };

static int
dimensions_of(const struct test_function *function)
{
    return function->dimensions ? function->dimensions : ANY_DIMENSIONS;
}

static double
minimum_at(const struct test_function *function, int dimension)
{
    return function->at[function->dimensions ? dimension : 0];
}

static double
least_of(const struct test_function *function)
{
    return function->least * (function->additive ? dimensions_of(function) : 1);
}

START_TEST(known_minima)
{
    const struct test_function *function;
    for (int i = 0; (function = function_at(i)); i++) {
        double x[FUNCTION_MINIMUM_MAX];
        int n = dimensions_of(function);
        for (int d = 0; d < n; d++)
            x[d] = minimum_at(function, d);
        ck_assert_msg(fabs(function->value(x, n) - least_of(function)) < 1e-4, "%s: %.9g",
            function->name, function->value(x, n));
    }
}
END_TEST

/* No point nearby, and none of many in the box, is lower. */
START_TEST(nothing_lower)
{
    const struct test_function *function;
    uint64_t bits = 88172645463325252u;
    for (int i = 0; (function = function_at(i)); i++) {
        int n = dimensions_of(function);
        for (int probe = 0; probe < PROBES; probe++) {
            double x[FUNCTION_MINIMUM_MAX], reach = probe % 2 ? 1e-2 : 1;
            for (int d = 0; d < n; d++) {
                bits ^= bits << 13, bits ^= bits >> 7, bits ^= bits << 17;
                double unit = (double)(bits >> 11) * 0x1p-53;
                x[d] = probe % 2 ? minimum_at(function, d) + reach * (unit - 0.5)
                                 : function->low + unit * function->width;
            }
            ck_assert_msg(function->value(x, n) >= least_of(function) - 1e-4, "%s: %.9g",
                function->name, function->value(x, n));
        }
    }
}
END_TEST

START_TEST(shifted_inside)
{
    const struct test_function *function;
    for (int i = 0; (function = function_at(i)); i++)
        for (int d = 0; d < dimensions_of(function); d++) {
            double at = minimum_at(function, d) + function_shift(function, d);
            double low = !strcmp(function->name, "branin") && d == 1 ? 0 : function->low;
            ck_assert_double_ne(function_shift(function, d), 0);
            ck_assert_msg(at > low && at < low + function->width, "%s: %g", function->name, at);
        }
}
END_TEST

START_TEST(found_by_name)
{
    ck_assert_ptr_null(function_find("no-such"));
    ck_assert_ptr_null(function_at(-1));
    const struct test_function *function;
    char all[512] = "";
    for (int i = 0; (function = function_at(i)); i++) {
        size_t len = strlen(all);
        ck_assert_ptr_eq(function_find(function->name), function);
        snprintf(all + len, sizeof all - len, "%s%s", i ? "|" : "", function->name);
    }
    ck_assert_str_eq(all, RUNFILE_FUNCTIONS);
}
END_TEST

/* Two dimensions of a function with or without shift; the scores of three
 * points, the middle one the minimum. */
static void
check_batch(bool shift)
{
    char name[] = "levy";
    struct dimension dimension[2] = { 0 };
    struct run_spec spec = { .objective = OBJECTIVE_FUNCTION, .function = name, .shift = shift,
        .dimension_count = 2, .dimension = dimension };
    const struct batch_init init = { .spec = &spec, .threads = 3 };
    const struct batch_type_row *row = objective_find("function")->batch;
    struct batch_objective *objective;
    ck_assert_int_eq(row->open(&init, &objective, NULL), 0);
    ck_assert_int_eq(objective->threads, 3);
    ck_assert_int_eq(objective->metric_count, 0);
    double values[6] = { 0, 0, 1, 1, 2, 2 }, score[3];
    const struct test_function *levy = function_find(name);
    if (shift)
        for (int i = 0; i < 6; i++)
            values[i] += function_shift(levy, i % 2);
    _Atomic uint8_t state[3] = { 0 };
    _Atomic int64_t running = 0;
    struct batch batch = { .first_trial = 7, .count = 3, .dimensions = 2, .values = values,
        .score = score, .state = state, .running = &running };
    ck_assert_int_eq(row->evaluate(objective, &batch), 0);
    for (int i = 0; i < 3; i++) {
        const double plain[2] = { i, i };
        ck_assert_int_eq(state[i], BATCH_DONE);
        ck_assert_double_eq_tol(score[i], levy->value(plain, 2), 1e-12);
    }
    ck_assert_int_eq(running, 9);
    row->close(objective);
}

START_TEST(fills_a_batch)
{
    check_batch(false);
    check_batch(true);
    struct run_spec spec = { .function = NULL };
    const struct batch_init init = { .spec = &spec, .threads = 1 };
    struct batch_objective *objective;
    struct diag diag = { 0 };
    ck_assert_int_eq(objective_find("function")->batch->open(&init, &objective, &diag),
        ERR_NOT_FOUND);
    objective_find("function")->batch->close(NULL);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("function");
    TCase *tcase = tcase_create("function");
    tcase_add_test(tcase, known_minima);
    tcase_add_test(tcase, nothing_lower);
    tcase_add_test(tcase, shifted_inside);
    tcase_add_test(tcase, found_by_name);
    tcase_add_test(tcase, fills_a_batch);
    suite_add_tcase(suite, tcase);
    return suite;
}
