/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pressure level in simulation: whoever reads as often as it is asked to
 * sees the end coming, and ordinary work is no end.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mem/pressure.h"

#define MIB 1048576.0
#define GIB 1073741824.0
#define MS INT64_C(1000000)
#define SECOND (1000 * MS)

static struct pressure pressure;

static enum optop_pressure
step(int64_t now_ns, double limit, double left, double some_us, double full_us)
{
    const struct pressure_reading reading = { now_ns, limit, left, some_us, full_us };
    return pressure_step(&pressure, &reading);
}

static void
forget(void)
{
    memset(&pressure, 0, sizeof pressure);
}

static int cores; /* 0: not known */

/* Growth of `rate` bytes a second from nothing into a limit, begun `phase_ns` before a
 * reading. When it was told critical, in ms after the beginning. */
static double
seen_after_ms(double limit, double rate, int64_t phase_ns)
{
    int64_t start = 10 * SECOND, now = start + phase_ns;
    forget();
    for (int64_t at = now - 3 * SECOND; at < start; at += 100 * MS)
        step(at, limit, limit, 0, 0);
    for (;;) {
        double left = limit - rate * (double)(now - start) / 1e9;
        if (left <= 0)
            return (double)INFINITY;
        if (step(now, limit, left, 0, 0) == OPTOP_PRESSURE_CRITICAL)
            return (double)(now - start) / 1e6;
        now += pressure_wait_ms(&pressure, cores) * MS;
    }
}

START_TEST(critical_comes_half_a_second_before_the_end)
{
    for (int64_t phase = 1 * MS; phase <= 50 * MS; phase += MS) {
        double seen = seen_after_ms(128 * MIB, 160 * MIB, phase);
        ck_assert_double_le(seen, 800 - 500);
    }
}
END_TEST

START_TEST(or_in_the_first_tenth_of_a_second)
{
    static const double rates[] = { 1, 5, 20, 50, 80, 120, 160, 200, 240, 300, 400, 640, 1000 };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        for (int64_t phase = 1 * MS; phase <= 50 * MS; phase += MS) {
            double end = 128 / rates[i] * 1000, seen = seen_after_ms(128 * MIB, rates[i] * MIB, phase);
            ck_assert_msg(seen <= end - 500 || seen <= 100, "%g MiB/s: critical after %g ms of %g",
                rates[i], seen, end);
        }
}
END_TEST

static int
wait_at_rest_ms(double limit)
{
    forget();
    step(SECOND, limit, limit, 0, 0);
    return pressure_wait_ms(&pressure, cores);
}

/* The less often it is looked at, the later is the first look. */
START_TEST(also_where_much_is_left)
{
    static const double limits[] = { 2, 4, 8, 24, 64, 512 }, rates[] = { 0.5, 1, 2, 4, 8, 16 };
    cores = _i ? 2 : 0;
    for (size_t l = 0; l < sizeof limits / sizeof *limits; l++) {
        int64_t longest = wait_at_rest_ms(limits[l] * GIB) * MS;
        for (size_t r = 0; r < sizeof rates / sizeof *rates - (size_t)_i; r++) /* two move no 16 GiB */
            for (int64_t phase = 1 * MS; phase <= longest; phase += 7 * MS) {
                double end = limits[l] / rates[r] * 1000;
                double seen = seen_after_ms(limits[l] * GIB, rates[r] * GIB, phase);
                ck_assert_msg(end < 1000 || seen <= end - 500,
                    "%g of %g GiB/s: critical after %g ms of %g", limits[l], rates[r], seen, end);
            }
    }
}
END_TEST

START_TEST(how_often_it_looks)
{
    static const struct {
        double limit, left;
        int wait_ms, two_cores_ms;
    } rows[] = { { 0.5, 0.5, 50, 50 }, { 4, 4, 100, 125 }, { 16, 12, 187, 375 }, { 64, 60, 1000, 1000 },
        { 64, 13, 203, 406 }, { 64, 24, 375, 1000 }, { 64, 12, 100, 100 }, { (double)NAN, (double)NAN, 100, 100 } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        forget();
        ck_assert_int_eq(pressure_wait_ms(&pressure, 0), 100);
        step(SECOND, rows[i].limit * GIB, rows[i].left * GIB, NAN, NAN);
        ck_assert_int_eq(pressure_wait_ms(&pressure, 0), rows[i].wait_ms);
        ck_assert_int_eq(pressure_wait_ms(&pressure, 64), rows[i].wait_ms);
        ck_assert_int_eq(pressure_wait_ms(&pressure, 2), rows[i].two_cores_ms);
    }
}
END_TEST

/* Compilers and linkers on 4 GiB with 3 to free: it comes with 800 MiB/s, stays for a
 * second or two, and goes at once. */
START_TEST(bursts_are_not_critical)
{
    unsigned seed = 1;
    double used = 0, wanted = 0;
    forget();
    for (int i = 0; i < 36000; i++) { /* an hour */
        if (rand_r(&seed) % 10 == 0)
            wanted = rand_r(&seed) % 1200 * MIB;
        double change = wanted - used, most = 80 * MIB;
        used += change > most ? most : change;
        enum optop_pressure level = step((i + 1) * 100 * MS, 4096 * MIB, 3072 * MIB - used, 0, 0);
        ck_assert_int_lt(level, OPTOP_PRESSURE_CRITICAL);
    }
}
END_TEST

START_TEST(by_what_is_left)
{
    static const struct {
        double left;
        enum optop_pressure level;
    } rows[] = { { 20, OPTOP_PRESSURE_NONE }, { 19.9, OPTOP_PRESSURE_LOW },
        { 14.9, OPTOP_PRESSURE_MODERATE }, { 9.9, OPTOP_PRESSURE_HIGH },
        { 4.9, OPTOP_PRESSURE_CRITICAL }, { -3, OPTOP_PRESSURE_CRITICAL } };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        forget();
        ck_assert_int_eq(step(SECOND, 100, rows[i].left, NAN, NAN), rows[i].level);
    }
    forget();
    ck_assert_int_eq(step(SECOND, NAN, NAN, NAN, NAN), OPTOP_PRESSURE_NONE);
    ck_assert_int_eq(step(2 * SECOND, NAN, NAN, NAN, NAN), OPTOP_PRESSURE_NONE);
}
END_TEST

/* Stalls of so many percent for three seconds, with so much left. */
static enum optop_pressure
stalled(double some_pct, double full_pct, double left)
{
    forget();
    for (int i = 0; i <= 30; i++)
        step((i + 1) * 100 * MS, 100, left, i * 1e3 * some_pct, i * 1e3 * full_pct);
    return pressure.level;
}

START_TEST(by_stalls)
{
    ck_assert_int_eq(stalled(3.4, 0, 40), OPTOP_PRESSURE_NONE);
    ck_assert_int_eq(stalled(3.6, 0, 60), OPTOP_PRESSURE_NONE);
    ck_assert_int_eq(stalled(3.6, 0, 40), OPTOP_PRESSURE_LOW);
    ck_assert_int_eq(stalled(11, 0, 60), OPTOP_PRESSURE_MODERATE);
    ck_assert_int_eq(stalled(21, 0, 60), OPTOP_PRESSURE_HIGH);
    ck_assert_int_eq(stalled(6, 6, 60), OPTOP_PRESSURE_HIGH);
    ck_assert_int_eq(stalled(61, 61, 60), OPTOP_PRESSURE_CRITICAL);
    /* one short stall right after the start is not the whole */
    forget();
    step(SECOND, 100, 60, 0, 0);
    ck_assert_int_eq(step(SECOND + 100 * MS, 100, 60, 1e5, 1e5), OPTOP_PRESSURE_HIGH);
}
END_TEST

START_TEST(by_the_slope)
{
    char text[128];
    forget();
    for (int i = 0; i <= 20; i++) /* 1 of 100 a second */
        step((i + 1) * 100 * MS, 100, 25.9 - i * 0.1, 0, 0);
    ck_assert_int_eq(pressure.level, OPTOP_PRESSURE_MODERATE);
    pressure_reason(&pressure, text, sizeof text);
    ck_assert_str_eq(text, "23.9% left, none in 23.9 s");
    pressure_reason(&pressure, text, 12);
    ck_assert_str_eq(text, "23.9% left,");
}
END_TEST

START_TEST(up_at_once_and_down_by_steps)
{
    int64_t now = SECOND;
    int steps[5] = { 0 };
    forget();
    ck_assert_int_eq(step(now, 100, 4, NAN, NAN), OPTOP_PRESSURE_CRITICAL);
    for (int i = 0; i < 300; i++) /* not a fifth away */
        ck_assert_int_eq(step(now += 100 * MS, 100, 5.5, NAN, NAN), OPTOP_PRESSURE_CRITICAL);
    for (int i = 0; i < 300; i++)
        steps[step(now += 100 * MS, 100, 90, NAN, NAN)]++;
    ck_assert_int_eq(steps[OPTOP_PRESSURE_CRITICAL], 49);
    ck_assert_int_eq(steps[OPTOP_PRESSURE_HIGH], 50);
    ck_assert_int_eq(steps[OPTOP_PRESSURE_MODERATE], 50);
    ck_assert_int_eq(steps[OPTOP_PRESSURE_LOW], 50);
    ck_assert_int_eq(pressure.level, OPTOP_PRESSURE_NONE);
    ck_assert_int_eq(step(now, 100, 1, NAN, NAN), OPTOP_PRESSURE_NONE); /* time stands still */
    ck_assert_int_eq(step(now + 600 * SECOND, 100, 12, NAN, NAN), OPTOP_PRESSURE_MODERATE);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("pressure");
    TCase *tc = tcase_create("pressure");
    tcase_add_test(tc, critical_comes_half_a_second_before_the_end);
    tcase_add_test(tc, or_in_the_first_tenth_of_a_second);
    tcase_add_loop_test(tc, also_where_much_is_left, 0, 2);
    tcase_add_test(tc, how_often_it_looks);
    tcase_add_test(tc, bursts_are_not_critical);
    tcase_add_test(tc, by_what_is_left);
    tcase_add_test(tc, by_stalls);
    tcase_add_test(tc, by_the_slope);
    tcase_add_test(tc, up_at_once_and_down_by_steps);
    suite_add_tcase(suite, tc);
    return suite;
}
