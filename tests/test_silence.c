/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/silence.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "store/store_silence.h"
#include "test.h"

static const struct {
    const char *matcher, *key, *labels;
    bool fits;
} matches[] = {
    { "cpu.total", "cpu.total", NULL, true },
    { "cpu.*", "cpu.total", "", true },
    { "disk.busy:vd[ab]", "disk.busy:vdb", NULL, true },
    { "disk.busy:vd[ab]", "disk.busy:vdc", NULL, false },
    { "cpu", "cpu.total", NULL, false },
    { "team=lab", "cpu.total", "site=x,team=lab", true },
    { "team=l*", "cpu.total", "site=x,team=lab", true },
    { "team=lab", "cpu.total", "steam=lab", false },
    { "team=lab", "cpu.total", NULL, false },
    { "cpu.* team=lab", "cpu.total", "team=lab", true },
    { "cpu.* team=lab", "disk.busy:a", "team=lab", false },
    { " cpu.*   site=* ", "cpu.total", "site=", true },
    { "pool.reuse:app/pool=a", "pool.reuse:app/pool=a", NULL, true }, /* no label */
    { "*", "anything", NULL, true },
    { "", "anything", NULL, false },
    { "  ", "anything", NULL, false },
};

START_TEST(matchers)
{
    ck_assert_msg(silence_matches(matches[_i].matcher, matches[_i].key, matches[_i].labels) ==
        matches[_i].fits, "%s: %s", matches[_i].matcher, matches[_i].key);
}
END_TEST

START_TEST(refused)
{
    struct diag diag = { 0 };
    char longest[CONFIG_MATCH_MAX + 1];
    memset(longest, '*', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    ck_assert_int_eq(silence_check("", &diag), ERR_SYNTAX);
    ck_assert_int_eq(silence_check("=x", &diag), ERR_SYNTAX);
    ck_assert_int_eq(silence_check(longest, &diag), ERR_TOO_LARGE);
    ck_assert_int_eq(silence_check("cpu.* team=lab", &diag), 0);
}
END_TEST

static int64_t
at(int day, int hour, int minute) /* 2026-11-29 is a Sunday */
{
    struct tm tm = { .tm_year = 126, .tm_mon = 10, .tm_mday = 29 + day, .tm_hour = hour,
        .tm_min = minute, .tm_isdst = -1 };
    return (int64_t)mktime(&tm) * NS_PER_SEC;
}

START_TEST(windows)
{
    setenv("TZ", "America/New_York", 1);
    tzset();
    struct config_window day = { .days = 1u << 0, .from_minute = 120, .to_minute = 240 };
    ck_assert(!silence_window_open(&day, at(0, 1, 59)));
    ck_assert(silence_window_open(&day, at(0, 2, 0)));
    ck_assert(silence_window_open(&day, at(0, 3, 59)));
    ck_assert(!silence_window_open(&day, at(0, 4, 0)));
    ck_assert(!silence_window_open(&day, at(1, 3, 0)));
    struct config_window night = { .days = 1u << 0, .from_minute = 1380, .to_minute = 60 };
    ck_assert(!silence_window_open(&night, at(0, 0, 30))); /* began on Saturday */
    ck_assert(silence_window_open(&night, at(0, 23, 30)));
    ck_assert(silence_window_open(&night, at(1, 0, 59)));
    ck_assert(!silence_window_open(&night, at(1, 1, 0)));
    ck_assert(!silence_window_open(&night, at(1, 23, 30)));
    struct config_window all = { .days = 0x7F, .from_minute = 0, .to_minute = 1440 };
    for (int d = 0; d < 7; d++)
        ck_assert(silence_window_open(&all, at(d, 23, 59)) && silence_window_open(&all, at(d, 0, 0)));
}
END_TEST

static int
count_silence(void *context, const struct store_silence *silence)
{
    struct store_silence *last = context;
    ck_assert_str_eq(silence->matcher, "cpu.*");
    ck_assert_str_eq(silence->reason, "why");
    ck_assert_str_eq(silence->author, "me");
    last->id = silence->id;
    last->until_wall_ns = silence->until_wall_ns;
    return 0;
}

START_TEST(stored)
{
    struct store *store;
    const char *directory = test_directory();
    struct store_silence silence = { .matcher = "cpu.*", .reason = "why", .author = "me",
        .from_wall_ns = 1, .until_wall_ns = 2 }, last = { 0 };
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    ck_assert_int_eq(store_silence_add(store, &silence, &silence.id), 0);
    store_close(store);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    ck_assert_int_eq(store_silence_list(store, count_silence, &last), 0);
    ck_assert_int_eq(last.id, silence.id);
    ck_assert_int_eq(last.until_wall_ns, 2);
    ck_assert_int_eq(store_silence_remove(store, last.id), 0);
    ck_assert_int_eq(store_silence_remove(store, last.id), ERR_NOT_FOUND);
    store_close(store);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("silence");
    TCase *tcase = tcase_create("silence");
    tcase_add_loop_test(tcase, matchers, 0, (int)(sizeof matches / sizeof *matches));
    tcase_add_test(tcase, refused);
    tcase_add_test(tcase, windows);
    tcase_add_test(tcase, stored);
    suite_add_tcase(suite, tcase);
    return suite;
}
