/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Quantiles of the histogram against exact ones of the same samples.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "stat/histogram.h"

static const double shares[] = { 0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 1 };
enum { SHARES = sizeof shares / sizeof *shares };

static int
by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Never below the truth, and at most 1/64 above it. */
static void
check_quantiles(int64_t *values, size_t count)
{
    static struct histogram h;
    memset(&h, 0, sizeof h);
    for (size_t i = 0; i < count; i++)
        histogram_add(&h, values[i]);
    qsort(values, count, sizeof *values, by_value);
    ck_assert_uint_eq(h.count, count);
    ck_assert_int_eq(h.min_ns, values[0]);
    ck_assert_int_eq(h.max_ns, values[count - 1]);
    for (int q = 0; q < SHARES; q++) {
        size_t rank = (size_t)(shares[q] * (double)count);
        int64_t exact = values[rank < count ? rank : count - 1];
        int64_t found = histogram_quantile(&h, shares[q]);
        ck_assert_int_ge(found, exact);
        ck_assert_int_le(found, exact + exact / 64);
    }
}

START_TEST(empty_is_zero)
{
    static const struct histogram h;
    for (int q = 0; q < SHARES; q++)
        ck_assert_int_eq(histogram_quantile(&h, shares[q]), 0);
}
END_TEST

START_TEST(one_value_is_every_quantile)
{
    static const int64_t values[] = { 0, 1, 63, 64, 65, 127, 128, 1000, 1234567, 999999999999 };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct histogram h = { 0 };
        histogram_add(&h, values[i]);
        for (int q = 0; q < SHARES; q++)
            ck_assert_int_eq(histogram_quantile(&h, shares[q]), values[i]);
    }
}
END_TEST

START_TEST(error_is_bounded)
{
    enum { COUNT = 3000 };
    static int64_t values[COUNT];
    unsigned seed = 23;
    for (int i = 0; i < COUNT; i++) /* small: exact */
        values[i] = rand_r(&seed) % 64;
    check_quantiles(values, COUNT);
    for (int i = 0; i < COUNT; i++) /* even */
        values[i] = rand_r(&seed) % 1000000000;
    check_quantiles(values, COUNT);
    for (int i = 0; i < COUNT; i++) /* over every power of two up to the limit */
        values[i] = (int64_t)exp2(46.9 * rand_r(&seed) / RAND_MAX);
    check_quantiles(values, COUNT);
    for (int i = 0; i < COUNT; i++) /* two far heaps */
        values[i] = rand_r(&seed) % 100 ? 1000 + rand_r(&seed) % 50 : INT64_C(40000000000);
    check_quantiles(values, COUNT);
}
END_TEST

START_TEST(every_boundary_is_in_order)
{
    for (int bit = 6; bit <= HISTOGRAM_MAX_BIT; bit++)
        for (int64_t d = -2; d <= 2; d++) {
            int64_t values[3] = { (INT64_C(1) << bit) + d, INT64_C(1) << bit, 1 };
            check_quantiles(values, 3);
        }
}
END_TEST

START_TEST(extremes_are_held)
{
    struct histogram h = { 0 };
    histogram_add(&h, -5);
    ck_assert_int_eq(h.min_ns, 0);
    ck_assert_int_eq(h.max_ns, 0);
    ck_assert_uint_eq(h.sum_ns, 0);
    histogram_add(&h, INT64_MAX);
    histogram_add(&h, INT64_C(1) << 60);
    ck_assert_int_eq(h.max_ns, INT64_MAX);
    ck_assert_int_eq(histogram_quantile(&h, 0), 0);
    ck_assert_int_ge(histogram_quantile(&h, 0.99), (INT64_C(1) << HISTOGRAM_MAX_BIT));
    ck_assert_uint_eq(h.count, 3);
}
END_TEST

START_TEST(sum_and_extremes)
{
    struct histogram h = { 0 };
    histogram_add(&h, 30);
    histogram_add(&h, 10);
    histogram_add(&h, 20);
    ck_assert_uint_eq(h.sum_ns, 60);
    ck_assert_int_eq(h.min_ns, 10);
    ck_assert_int_eq(h.max_ns, 30);
}
END_TEST

START_TEST(buckets_begin_where_they_say)
{
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t least = (uint64_t)histogram_bucket_least(i);
        ck_assert_uint_eq(histogram_bucket(least), i);
        ck_assert(!i || histogram_bucket(least - 1) == i - 1);
    }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("histogram");
    TCase *tcase = tcase_create("histogram");
    tcase_add_test(tcase, empty_is_zero);
    tcase_add_test(tcase, one_value_is_every_quantile);
    tcase_add_test(tcase, error_is_bounded);
    tcase_add_test(tcase, every_boundary_is_in_order);
    tcase_add_test(tcase, extremes_are_held);
    tcase_add_test(tcase, sum_and_extremes);
    tcase_add_test(tcase, buckets_begin_where_they_say);
    suite_add_tcase(suite, tcase);
    return suite;
}
