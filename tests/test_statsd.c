/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * StatsD lines: read, and kept on a board.
 */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "stat/boards.h"
#include "stat/statsd.h"

#define SECOND INT64_C(1000000000)

static struct statsd_line line;

static int
parse(const char *text)
{
    return statsd_parse((struct optop_slice){ text, strlen(text) }, &line);
}

START_TEST(lines_are_read)
{
    ck_assert_int_eq(parse("app.jobs:3|c|@0.5|#queue:fast,host:a:b,plain"), 0);
    ck_assert_int_eq(line.type, STATSD_COUNTER);
    ck_assert_str_eq(line.name, "app.jobs");
    ck_assert_str_eq(line.labels, "queue=fast,host=a:b,plain");
    ck_assert_double_eq(line.value, 3);
    ck_assert_double_eq(line.rate, 0.5);
    ck_assert_int_eq(parse("depth:-2.5|g"), 0);
    ck_assert_int_eq(line.sign, -1);
    ck_assert_double_eq(line.value, -2.5);
    ck_assert_int_eq(parse("depth:+2|g"), 0);
    ck_assert_int_eq(line.sign, 1);
    ck_assert_int_eq(parse("depth:2|g|x:later extensions"), 0);
    ck_assert_int_eq(line.sign, 0);
    ck_assert_int_eq(parse("took:1e3|ms"), 0);
    ck_assert_int_eq(line.type, STATSD_TIMING);
    ck_assert_int_eq(parse("users:anna:b|s"), 0);
    ck_assert_uint_eq(line.member.len, 6);
}
END_TEST

START_TEST(what_is_no_line_is_refused)
{
    char name[100];
    memset(name, 'n', sizeof name);
    memcpy(name + sizeof name - 5, ":1|c", 5);
    const char *wrong[] = { "", ":", "a", "a:", "a:1", "a:1|", "a:|c", ":1|c", "a:x|c", "a:1|q", "a:-1|c",
        "a:-1|ms", "a:nan|g", "a:inf|g", "a:1|c|@0", "a:1|c|@2", "a:1|c|@x", "a:1|c|@", "a:0x1|c",
        "a:|s", "a:1e999|c", name };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(parse(wrong[i]) == ERR_SYNTAX, "%s", wrong[i]);
    ck_assert_int_eq(statsd_parse((struct optop_slice){ "a\0b:1|c", 7 }, &line), ERR_SYNTAX);
}
END_TEST

static struct boards boards;
static struct statsd *statsd;

static void
set_up(void)
{
    setenv("OPTOP_BOARDS", test_directory(), 1);
    ck_assert_int_eq(boards_open(&boards, getenv("OPTOP_BOARDS"), NULL), 0);
    statsd = statsd_new();
}

static void
tear_down(void)
{
    statsd_free(statsd);
    boards_release(&boards);
}

static void
take(const char *text, int64_t now_ns)
{
    statsd_take(statsd, (struct optop_slice){ text, strlen(text) }, now_ns);
}

static double
value(const char *name, int64_t now_ns)
{
    statsd_tick(statsd, now_ns);
    boards_step(&boards, now_ns, SECOND);
    for (int i = 0; boards.count && i < boards.board[0]->figure_count; i++)
        if (!strcmp(boards.board[0]->figure[i].name, name))
            return boards.board[0]->figure[i].value;
    return -1;
}

START_TEST(figures_are_kept)
{
    ck_assert_double_eq(value("jobs", SECOND), -1);
    ck_assert_int_eq(boards.count, 0); /* no board before the first line */
    take("jobs:3|c\njobs:2|c|@0.5\n\ndepth:7|g\ndepth:-3|g\ntook:12.5|ms\nrubbish\njobs:1|g", SECOND);
    ck_assert_double_eq(value("jobs", 2 * SECOND), 7);
    ck_assert_double_eq(value("depth", 2 * SECOND), 4);
    ck_assert_double_eq(value("took", 2 * SECOND), 1);
    ck_assert_double_eq(value("statsd.lines", 2 * SECOND), 7);
    ck_assert_double_eq(value("statsd.dropped", 2 * SECOND), 2); /* one is there as another kind */
    statsd_drop(statsd);
    ck_assert_double_eq(value("statsd.dropped", 3 * SECOND), 3);
}
END_TEST

START_TEST(a_set_counts_what_is_different)
{
    char text[64];
    for (int i = 0; i < 60000; i++) {
        snprintf(text, sizeof text, "users:u%d|s\nfew:%d|s", i, i % 3);
        take(text, SECOND);
    }
    ck_assert_double_eq(value("few", 2 * SECOND), 3);
    ck_assert_double_eq_tol(value("users", 2 * SECOND), 60000, 600);
    ck_assert_double_eq(value("few", 11 * SECOND), 3); /* the window is over */
    take("few:9|s", 12 * SECOND);
    ck_assert_double_eq(value("few", 12 * SECOND), 3); /* the last whole one stands */
    ck_assert_double_eq(value("few", 22 * SECOND), 1);
    ck_assert_double_eq(value("users", 22 * SECOND), 0);
    for (int i = 0; i < STATSD_SETS_MAX; i++) {
        snprintf(text, sizeof text, "set%d:1|s", i);
        take(text, 23 * SECOND);
    }
    ck_assert_double_eq(value("statsd.dropped", 24 * SECOND), 2);
}
END_TEST

START_TEST(there_is_an_end_and_what_rests_makes_room)
{
    char text[64];
    for (int i = 0; i < STATSD_FIGURES_MAX + 5; i++) {
        snprintf(text, sizeof text, "c%d:1|c", i);
        take(text, SECOND);
    }
    ck_assert_double_eq(value("statsd.dropped", 2 * SECOND), 5);
    ck_assert_double_eq(value("c0", 2 * SECOND), 1);
    take("late:1|c", (STATSD_IDLE_SECONDS + 2) * SECOND);
    ck_assert_double_eq(value("late", (STATSD_IDLE_SECONDS + 3) * SECOND), 1);
    ck_assert_double_eq(value("c0", (STATSD_IDLE_SECONDS + 3) * SECOND), -1);
    ck_assert_double_eq(value("c1", (STATSD_IDLE_SECONDS + 3) * SECOND), 1);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("statsd");
    TCase *reading = tcase_create("reading"), *keeping = tcase_create("keeping");
    tcase_add_test(reading, lines_are_read);
    tcase_add_test(reading, what_is_no_line_is_refused);
    suite_add_tcase(suite, reading);
    tcase_add_checked_fixture(keeping, set_up, tear_down);
    tcase_set_timeout(keeping, 60);
    tcase_add_test(keeping, figures_are_kept);
    tcase_add_test(keeping, a_set_counts_what_is_different);
    tcase_add_test(keeping, there_is_an_end_and_what_rests_makes_room);
    suite_add_tcase(suite, keeping);
    return suite;
}
