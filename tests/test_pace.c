/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pace of runs of numbers, a look per simulated second.
 */
#include "test.h"

#include <math.h>

#include "base/clock.h"
#include "run/pace.h"

static struct pace pace;
static double finished;
static int64_t now;
static unsigned random_state;

static void
setup(void)
{
    finished = 0;
    now = 1000 * NS_PER_SEC;
    random_state = 1;
    pace_start(&pace, 0, now);
}

static double
unit(void)
{
    random_state = random_state * 1664525U + 1013904223U;
    return (random_state >> 8) / 16777216.0;
}

/* rate trials per second, give or take noise of it. */
static void
go(int seconds, double rate, double noise)
{
    for (int i = 0; i < seconds; i++) {
        now += NS_PER_SEC;
        finished += rate * (1 + noise * (2 * unit() - 1));
        pace_step(&pace, (int64_t)finished, now);
    }
}

START_TEST(nothing_is_known_at_first)
{
    ck_assert_double_nan(pace_rate(&pace));
    ck_assert_double_nan(pace_left(&pace, 10).seconds);
    go(3, 0, 0);
    ck_assert_double_nan(pace_left(&pace, 10).seconds);
    struct pace never = { 0 };
    pace_step(&never, 5, now);
    ck_assert_double_nan(pace_rate(&never));
}
END_TEST

START_TEST(one_look_has_no_range)
{
    go(1, 100, 0);
    struct pace_left left = pace_left(&pace, 1000);
    ck_assert_double_eq_tol(left.seconds, 10, 1e-9);
    ck_assert_double_nan(left.low);
    ck_assert_double_nan(left.high);
    ck_assert_double_nan(pace_left(&pace, NAN).seconds);
}
END_TEST

START_TEST(an_even_pace_is_sure)
{
    go(30, 100, 0);
    struct pace_left left = pace_left(&pace, 1000);
    ck_assert_double_eq_tol(left.seconds, 10, 1e-6);
    ck_assert_double_eq_tol(left.low, 10, 1e-3);
    ck_assert_double_eq_tol(left.high, 10, 1e-3);
}
END_TEST

START_TEST(a_look_too_soon_changes_nothing)
{
    go(5, 100, 0);
    struct pace before = pace;
    pace_step(&pace, (int64_t)finished + 50, now + NS_PER_MS);
    ck_assert_double_eq(pace_rate(&pace), pace_rate(&before));
    ck_assert(pace.at_ns == before.at_ns);
}
END_TEST

/* The true rate is within the range in about 19 of 20 cases. */
START_TEST(the_range_holds)
{
    int held = 0, looks = 0;
    double width = 0;
    go(20, 100, 0.5);
    for (; looks < 1000; looks++) {
        go(30, 100, 0.5);
        struct pace_left left = pace_left(&pace, 6000);
        ck_assert(left.low <= left.seconds && left.seconds <= left.high);
        held += left.low <= 60 && 60 <= left.high;
        width += (left.high - left.low) / 60 / 1000;
    }
    ck_assert_int_ge(held, 850);
    ck_assert(width > 0.05 && width < 0.5);
}
END_TEST

/* A trial in 30 s: the rate is the mean, not that of the second it ended in. */
START_TEST(slow_trials_have_a_steady_rate)
{
    go(300, 1 / 30.0, 0);
    struct pace_left left = pace_left(&pace, 10);
    ck_assert_double_eq_tol(left.seconds, 300, 60);
    ck_assert(left.low < 300);
}
END_TEST

START_TEST(it_follows_a_change)
{
    go(60, 100, 0.1);
    go(30, 50, 0.1);
    ck_assert_double_eq_tol(pace_rate(&pace), 50, 5);
    go(30, 0, 0); /* stands still */
    ck_assert_double_le(pace_rate(&pace), 2);
    pace_start(&pace, (int64_t)finished, now);
    ck_assert_double_nan(pace_rate(&pace));
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("pace");
    TCase *tcase = tcase_create("pace");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, nothing_is_known_at_first);
    tcase_add_test(tcase, one_look_has_no_range);
    tcase_add_test(tcase, an_even_pace_is_sure);
    tcase_add_test(tcase, a_look_too_soon_changes_nothing);
    tcase_add_test(tcase, the_range_holds);
    tcase_add_test(tcase, slow_trials_have_a_steady_rate);
    tcase_add_test(tcase, it_follows_a_change);
    suite_add_tcase(suite, tcase);
    return suite;
}
