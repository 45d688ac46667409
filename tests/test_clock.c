/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Clocks and how points of time are written.
 */
#include "test.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"

START_TEST(monotonic_never_goes_back)
{
    int64_t before = clock_mono_ns();
    ck_assert_int_gt(before, 0);
    for (int i = 0; i < 10000; i++) {
        int64_t now = clock_mono_ns();
        ck_assert_int_ge(now, before);
        before = now;
    }
}
END_TEST

START_TEST(wall_is_the_time_of_day)
{
    time_t before = time(NULL);
    int64_t wall = clock_wall_ns();
    ck_assert_int_ge(wall / NS_PER_SEC, before);
    ck_assert_int_le(wall / NS_PER_SEC, before + 60);
}
END_TEST

START_TEST(seconds_saturate)
{
    ck_assert_int_eq(sec_to_ns(0), 0);
    ck_assert_int_eq(sec_to_ns(1.5), 1500 * NS_PER_MS);
    ck_assert_int_eq(sec_to_ns(1e300), INT64_MAX / 2);
    ck_assert_int_gt(sec_to_ns(1e9), 0);
    ck_assert_double_eq(ns_to_sec(2500 * NS_PER_MS), 2.5);
    /* a deadline of "for ever" from now must not overflow */
    ck_assert_int_gt(clock_mono_ns() + sec_to_ns(1e18), 0);
}
END_TEST

START_TEST(utc)
{
    static const struct {
        int64_t ns;
        const char *want;
    } rows[] = {
        { 0, "1970-01-01T00:00:00.000Z" },
        { 1795269787 * NS_PER_SEC + 123 * NS_PER_MS + 999999, "2026-11-21T14:03:07.123Z" },
        { 951827696 * NS_PER_SEC + 7 * NS_PER_MS, "2000-02-29T12:34:56.007Z" },
    };
    char buf[25];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(clock_format_utc(rows[i].ns, buf, sizeof buf), rows[i].want);
}
END_TEST

START_TEST(local)
{
    char buf[20];
    setenv("TZ", "UTC-2", 1); /* two hours east */
    tzset();
    ck_assert_str_eq(clock_format_local(1795269787 * NS_PER_SEC, buf, sizeof buf),
        "2026-11-21 16:03:07");
}
END_TEST

START_TEST(reads_times)
{
    static const struct {
        const char *text;
        int code;
        int64_t seconds;
    } rows[] = {
        { "2026-11-21 14:03", 0, 1795266180 }, /* an hour east of Greenwich */
        { "2026-11-21T14:03:07", 0, 1795266187 },
        { "2026-11-21T14:03:07Z", 0, 1795269787 },
        { "2026-11-21 14:03Z", 0, 1795269780 },
        { "2026-11-21T14:03:07.999Z", 0, 1795269787 },
        { "15:04", 1, 1795269840 },
        { "15:03:07", 1, 1795269787 + 86400 }, /* now: the next time is tomorrow */
        { "0:00", 1, 1795302000 },
        { "+90m", 1, 1795269787 + 5400 },
        { "+0s", 1, 1795269787 },
    };
    static const char *const wrong[] = { "", "+", "+-1s", "tomorrow", "2026-11-21", "2026-11-21 ",
        "2026-11-21 14", "2026-13-21 14:03", "2026-11-21 25:00", "2026-11-21 14:03 ", "12", "12:",
        "12:00x", "2026-11-21 14:03:07.5", "2026-11-21T14:03:07ZZ", "1969-01-01 00:00", "-", "+1e99h",
        "2026-11-21T14:03:07.123456789012345678Z" };
    setenv("TZ", "CET-1", 1);
    tzset();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ns = 0;
        ck_assert_int_eq(clock_parse(rows[i].text, 1795269787 * NS_PER_SEC, &ns), rows[i].code);
        ck_assert_msg(ns == rows[i].seconds * NS_PER_SEC, "%s: %jd", rows[i].text,
            (intmax_t)(ns / NS_PER_SEC));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t ns = 0;
        ck_assert_msg(clock_parse(wrong[i], 1795269787 * NS_PER_SEC, &ns) < 0, "%s", wrong[i]);
    }
}
END_TEST

START_TEST(times_that_have_been)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        { "2026-11-21 14:03", 1795266180 },
        { "-2h30m", 1795269787 - 9000 },
        { "-0s", 1795269787 },
        { "15:03", 1795269780 }, /* it is 15:03:07 */
        { "15:03:08", 1795269788 - 86400 },
        { "0:00", 1795302000 - 86400 },
    };
    static const char *const wrong[] = { "", "-", "+1h", "soon", "--1h", "-1e99h", "1h" };
    setenv("TZ", "CET-1", 1);
    tzset();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t ns = 0;
        ck_assert_msg(clock_parse_past(rows[i].text, 1795269787 * NS_PER_SEC, &ns) == 0, "%s", rows[i].text);
        ck_assert_msg(ns == rows[i].seconds * NS_PER_SEC, "%s: %jd", rows[i].text,
            (intmax_t)(ns / NS_PER_SEC));
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t ns = 0;
        ck_assert_msg(clock_parse_past(wrong[i], 1795269787 * NS_PER_SEC, &ns) < 0, "%s", wrong[i]);
    }
}
END_TEST

START_TEST(too_little_room_gives_nothing)
{
    char buf[4] = "abc";
    ck_assert_str_eq(clock_format_local(0, buf, sizeof buf), "");
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("clock");
    TCase *tcase = tcase_create("clock");
    tcase_add_test(tcase, monotonic_never_goes_back);
    tcase_add_test(tcase, wall_is_the_time_of_day);
    tcase_add_test(tcase, seconds_saturate);
    tcase_add_test(tcase, utc);
    tcase_add_test(tcase, local);
    tcase_add_test(tcase, reads_times);
    tcase_add_test(tcase, times_that_have_been);
    tcase_add_test(tcase, too_little_room_gives_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
