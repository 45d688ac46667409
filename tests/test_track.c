/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Growth that does not stop, in simulation: leaks are found, and what only
 * breathes or fills its caches is not.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include "mem/track.h"

#define SECOND INT64_C(1000000000)
#define MIB 1048576.0

static struct track track;
static struct track_fit fit;
static unsigned seed;

static double
noise(double size)
{
    return size * (2.0 * rand_r(&seed) / RAND_MAX - 1);
}

/* Ten minutes of readings, offered each second. */
static bool
grows(double (*size)(double seconds), double seconds)
{
    track_init(&track, 600 * SECOND);
    for (int64_t t = 0; t <= (int64_t)seconds; t++)
        if (track_due(&track, (t + 1) * SECOND))
            track_add(&track, (t + 1) * SECOND, size((double)t));
    return track_grows(&track, &fit);
}

static double
leak(double t)
{
    return 80 * MIB + 1.8 * MIB * t / 60 + noise(1 * MIB);
}

static double
stairs(double t)
{
    return 80 * MIB + 4 * MIB * floor(t / 60);
}

static double
flat(double t)
{
    (void)t;
    return 80 * MIB + noise(8 * MIB);
}

static double
saw(double t)
{
    return 80 * MIB + 30 * MIB * fmod(t, 97) / 97;
}

static double
warming(double t)
{
    return 200 * MIB * (1 - exp(-t / 60));
}

static double
late(double t) /* an hour of peace before it */
{
    return 80 * MIB + (t > 3600 ? 2 * MIB * (t - 3600) / 60 : 0);
}

static double
slow(double t) /* 0.6 MiB in a window */
{
    return 80 * MIB + 0.6 * MIB * t / 600;
}

static double
shrinking(double t)
{
    return 800 * MIB - MIB * t;
}

START_TEST(a_leak_is_found)
{
    for (seed = 1; seed <= 200; seed += 1) {
        unsigned kept = seed;
        ck_assert(grows(leak, 700));
        seed = kept;
        ck_assert_double_eq_tol(fit.per_second * 60, 1.8 * MIB, 0.2 * MIB);
        ck_assert_double_gt(fit.r2, 0.9);
        ck_assert_double_gt(fit.error, 0);
    }
    ck_assert(grows(stairs, 700));
    ck_assert(grows(late, 3600 + 700));
}
END_TEST

START_TEST(what_stays_is_none)
{
    int found = 0;
    for (seed = 1; seed <= 1000; seed += 1) {
        unsigned kept = seed;
        found += grows(flat, 700);
        seed = kept;
    }
    ck_assert_int_eq(found, 0);
    ck_assert(!grows(saw, 700));
    ck_assert(!grows(warming, 700));
    ck_assert(!grows(slow, 700));
    ck_assert(!grows(shrinking, 700));
    ck_assert(!grows(leak, 400)); /* not yet */
}
END_TEST

START_TEST(the_window_moves_on)
{
    ck_assert(grows(late, 3600 + 700));
    for (int64_t t = 4302; t < 5200; t++)
        if (track_due(&track, t * SECOND))
            track_add(&track, t * SECOND, 100 * MIB);
    ck_assert(!track_grows(&track, &fit));
    /* a gap: what is older than the window is gone */
    track_add(&track, 99999 * SECOND, 1);
    ck_assert(!track_fit(&track, &fit));
    ck_assert_int_eq(track.count, 1);
}
END_TEST

START_TEST(large_and_strange_sizes)
{
    track_init(&track, 600 * SECOND);
    ck_assert(!track_fit(&track, &fit));
    for (int i = 0; i <= 61; i++)
        track_add(&track, (i + 1) * 10 * SECOND, 4e12 + i * 2e9);
    ck_assert(track_grows(&track, &fit));
    ck_assert_double_eq_tol(fit.per_second, 2e8, 1);
    ck_assert_double_gt(fit.r2, 0.999);
    track_init(&track, 600 * SECOND);
    for (int i = 0; i < 100; i++)
        track_add(&track, SECOND, 1); /* at one time */
    ck_assert(!track_fit(&track, &fit));
}
END_TEST

START_TEST(it_is_said)
{
    char text[128];
    fit = (struct track_fit){ .per_second = 1.8 * MIB / 60, .r2 = 0.991 };
    track_text(&fit, "worker 3 of run 12", 41 * 1.8 * MIB, text, sizeof text);
    ck_assert_str_eq(text, "worker 3 of run 12 grows 1.8 MiB/min, R2 0.99, limit in 41 min");
    track_text(&fit, "the server", NAN, text, sizeof text);
    ck_assert_str_eq(text, "the server grows 1.8 MiB/min, R2 0.99");
    fit.per_second = 1024;
    track_text(&fit, "x", 1e9, text, sizeof text);
    ck_assert_str_eq(text, "x grows 60.0 KiB/min, R2 0.99, limit in 11 d");
    track_text(&fit, "x", 0, text, 10);
    ck_assert_str_eq(text, "x grows 6");
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("track");
    TCase *tc = tcase_create("track");
    tcase_add_test(tc, a_leak_is_found);
    tcase_add_test(tc, what_stays_is_none);
    tcase_add_test(tc, the_window_moves_on);
    tcase_add_test(tc, large_and_strange_sizes);
    tcase_add_test(tc, it_is_said);
    suite_add_tcase(suite, tc);
    return suite;
}
