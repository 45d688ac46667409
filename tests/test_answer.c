/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "objective/answer.h"
#include "test.h"

static struct answer answer;
static char fault[TRIAL_REASON_MAX];

static int
reads(const char *line)
{
    memset(&answer, 0x55, sizeof answer);
    return answer_read(line, strlen(line), &answer, fault);
}

static bool
scans(const char *line)
{
    memset(&answer, 0x55, sizeof answer);
    return answer_scan(line, strlen(line), &answer);
}

START_TEST(results)
{
    static const char *const lines[] = {
        "{\"trial\":17,\"score\":0.25}", "{\"score\":0.25,\"trial\":17}",
        " { \"trial\" : 17 , \"score\" : 25e-2 } \r", "{\"trial\":17,\"metrics\":{},\"score\":2.5E-1}",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        ck_assert_msg(scans(lines[i]), "%s", lines[i]);
        ck_assert_int_eq(answer.trial, 17);
        ck_assert_int_eq(answer.kind, ANSWER_SCORE);
        ck_assert(answer.score == 0.25);
        ck_assert_int_eq(answer.metric_count, 0);
    }
    ck_assert(!scans("{\"trial\":3,\"score\":1,\"host\":\"a\",\"list\":[1]}"));
    ck_assert_int_eq(reads("{\"trial\":3,\"score\":1,\"host\":\"a\",\"list\":[1]}"), 0);
    ck_assert_int_eq(answer.trial, 3);
    ck_assert(answer.score == 1);
    ck_assert_int_eq(reads("{\"trial\":3,\"score\":2,\"error\":null}"), 0);
    ck_assert_int_eq(answer.kind, ANSWER_SCORE);
}
END_TEST

/* A line's pieces, with a '|' between them. */
static const char *
pieces(const char *text)
{
    static char all[256];
    struct answer_line line = answer_line(text, strlen(text));
    size_t len, at = 0;
    all[0] = '\0';
    for (const char *piece; (piece = answer_line_next(&line, &len));)
        at += (size_t)snprintf(all + at, sizeof all - at, "%s%.*s", at ? "|" : "", (int)len, piece);
    return all;
}

START_TEST(lists)
{
    ck_assert_str_eq(pieces("{\"trial\":1,\"score\":2}"), "{\"trial\":1,\"score\":2}");
    ck_assert_str_eq(pieces("[{\"trial\":1,\"score\":2}]"), "{\"trial\":1,\"score\":2}");
    ck_assert_str_eq(pieces(" [ {\"trial\":1}, {\"trial\":2,\"m\":[1,{\"a\":2,\"b\":3}]} ] \r"),
        "{\"trial\":1}| {\"trial\":2,\"m\":[1,{\"a\":2,\"b\":3}]} ");
    ck_assert_str_eq(pieces("[{\"e\":\"],[{\\\",\"},{\"e\":\"\\\\\"}]"),
        "{\"e\":\"],[{\\\",\"}|{\"e\":\"\\\\\"}");
    ck_assert_str_eq(pieces("[]"), "");
    ck_assert_str_eq(pieces("[ ] "), "");
    ck_assert_str_eq(pieces("[1,,2]"), "1||2");
    ck_assert_str_eq(pieces("[{\"trial\":1},{\"tri"), "[{\"trial\":1},{\"tri");
    ck_assert_str_eq(pieces("["), "[");
    ck_assert_str_eq(pieces("]"), "]");
    ck_assert_str_eq(pieces("[}},1,2]"), "}}|1|2");
    static const char text[] = "[{\"trial\":4,\"score\":2},{\"trial\":5,\"score\":-3.5}]";
    struct answer_line line = answer_line(text, strlen(text));
    size_t len;
    for (int trial = 4; trial <= 5; trial++) {
        const char *piece = answer_line_next(&line, &len);
        ck_assert(answer_scan(piece, len, &answer));
        ck_assert_int_eq(answer.trial, trial);
        ck_assert(answer.score == (trial == 4 ? 2 : -3.5));
    }
}
END_TEST

START_TEST(numbers)
{
    static const double values[] = { 0, -0.0, 1, -1, 0.1, 1e22, 1e23, 1e-22, 3.14159265358979312,
        9007199254740993.0, 1234567890123456789.0, DBL_MAX, DBL_MIN, 5e-324, -2.2250738585072011e-308,
        1e300, 123456.789e-10 };
    char line[128];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        snprintf(line, sizeof line, "{\"trial\":1,\"score\":%.17g}", values[i]);
        ck_assert_msg(scans(line), "%s", line);
        ck_assert_msg(!memcmp(&answer.score, &values[i], sizeof values[i]), "%s: %.17g", line,
            answer.score);
    }
    srand48(1);
    for (int i = 0; i < 20000; i++) {
        double value = (drand48() - 0.5) * pow(10, (double)(i % 60 - 30));
        snprintf(line, sizeof line, "{\"trial\":1,\"score\":%.*g}", i % 17 + 1, value);
        ck_assert(scans(line));
        ck_assert_msg(answer.score == strtod(strrchr(line, ':') + 1, NULL), "%s", line);
    }
    static const char *const none[] = { "01", "1.", ".5", "+1", "1e", "0x10", "1e+", "--1", "1 2",
        "", "nan", "inf", "1_000" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        snprintf(line, sizeof line, "{\"trial\":1,\"score\":%s}", none[i]);
        ck_assert_msg(reads(line) == ERR_SYNTAX, "%s", line);
    }
}
END_TEST

START_TEST(not_finite)
{
    static const char *const values[] = { "NaN", "Infinity", "-Infinity", "1e999", "-1e999",
        "1e99999999999" };
    char line[128];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        snprintf(line, sizeof line, "{\"trial\":5,\"score\":%s,\"metrics\":{\"a\":1}}", values[i]);
        ck_assert_int_eq(reads(line), 0);
        ck_assert_int_eq(answer.kind, ANSWER_ERROR);
        ck_assert_int_eq(answer.trial, 5);
        ck_assert_str_eq(answer.error, "score is not finite");
    }
    ck_assert_int_eq(reads("{\"trial\":5,\"step\":1,\"value\":NaN}"), 0);
    ck_assert_int_eq(answer.kind, ANSWER_ERROR);
}
END_TEST

START_TEST(metrics)
{
    static const char line[] = "{\"metrics\":{\"loss\":0.5,\"bad\":NaN,\"a b\":2,\"wall_seconds\":9,"
                               "\"\":1},\"trial\":2,\"score\":1}";
    ck_assert(scans(line));
    ck_assert_int_eq(answer.metric_count, 2);
    ck_assert_str_eq(answer.metric[0].name, "loss");
    ck_assert(answer.metric[0].value == 0.5);
    ck_assert_str_eq(answer.metric[1].name, "a_b");
    ck_assert_int_eq(reads("{\"trial\":2,\"score\":1,\"metrics\":{\"\\u00e9\":1,\"n\":null,\"s\":\"x\","
                           "\"t\":3}}"), 0);
    ck_assert_int_eq(answer.metric_count, 2);
    ck_assert_str_eq(answer.metric[1].name, "t");
    char many[4096] = "{\"trial\":1,\"score\":2,\"metrics\":{";
    for (int i = 0; i < 40; i++)
        snprintf(many + strlen(many), sizeof many - strlen(many), "%s\"m%d\":%d", i ? "," : "", i, i);
    strncat(many, "}}", sizeof many - strlen(many) - 1);
    ck_assert_int_eq(reads(many), 0);
    ck_assert_int_eq(answer.metric_count, ANSWER_METRICS_MAX);
    char wide[256] = "{\"trial\":1,\"score\":2,\"metrics\":{\"";
    memset(wide + strlen(wide), 'x', 100);
    strncat(wide, "\":1}}", sizeof wide - strlen(wide) - 1);
    ck_assert_int_eq(reads(wide), 0);
    ck_assert_uint_eq(strlen(answer.metric[0].name), RUN_NAME_MAX - 1);
}
END_TEST

START_TEST(errors)
{
    ck_assert(scans("{\"trial\":9,\"error\":\"diverged\"}"));
    ck_assert_int_eq(answer.kind, ANSWER_ERROR);
    ck_assert_str_eq(answer.error, "diverged");
    ck_assert_int_eq(reads("{\"trial\":9,\"score\":1,\"error\":\"\"}"), 0);
    ck_assert_int_eq(answer.kind, ANSWER_ERROR);
    ck_assert_str_ne(answer.error, "");
    ck_assert_int_eq(reads("{\"trial\":9,\"error\":\"a\\u001b[31mb\\n\xc3\xa9\"}"), 0);
    ck_assert_str_eq(answer.error, "a\xc2\xb7[31mb\xc2\xb7\xc3\xa9");
    ck_assert_int_eq(reads("{\"trial\":9,\"error\":{\"code\":1}}"), 0);
    ck_assert_int_eq(answer.kind, ANSWER_ERROR);
    ck_assert_int_eq(reads("{\"trial\":9,\"score\":\"1\"}"), 0);
    ck_assert_str_eq(answer.error, "score is not a number");
    ck_assert_int_eq(reads("{\"trial\":9}"), 0);
    ck_assert_str_eq(answer.error, "the answer has neither score nor error");
    char line[1024] = "{\"trial\":9,\"error\":\"";
    memset(line + strlen(line), 'y', 500);
    strncat(line, "\"}", sizeof line - strlen(line) - 1);
    ck_assert_int_eq(reads(line), 0);
    ck_assert_uint_eq(strlen(answer.error), TRIAL_REASON_MAX - 1);
}
END_TEST

START_TEST(reports)
{
    ck_assert(scans("{\"trial\":17,\"step\":3,\"value\":0.9}"));
    ck_assert_int_eq(answer.kind, ANSWER_REPORT);
    ck_assert_int_eq(answer.step, 3);
    ck_assert(answer.value == 0.9);
    ck_assert_int_eq(reads("{\"trial\":17,\"step\":3.0,\"value\":1,\"x\":[]}"), 0);
    ck_assert_int_eq(answer.kind, ANSWER_REPORT);
    ck_assert_int_eq(reads("{\"trial\":17,\"step\":3}"), 0);
    ck_assert_int_eq(answer.kind, ANSWER_ERROR);
}
END_TEST

START_TEST(no_answers)
{
    static const char *const lines[] = { "", "hello", "17 0.5", "{", "{}", "[]", "null", "{\"trial\":1",
        "{\"score\":1}", "{\"trial\":0,\"score\":1}", "{\"trial\":-1,\"score\":1}",
        "{\"trial\":\"1\",\"score\":1}", "{\"trial\":1.5,\"score\":1}", "{\"trial\":1,\"score\":1}x",
        "{\"trial\":1,\"trial\":2,\"score\":1}", "{\"trial\":1,\"score\":1}{\"trial\":2,\"score\":1}",
        "{\"trial\":99999999999999999999,\"score\":1}", "{\"trial\":1,\"error\":\"\xff\"}",
        "{\"trial\":1,\"error\":\"\\u0000\"}", "{\"trial\":1,,\"score\":1}", "\x1b[31m\x07" };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        ck_assert_msg(reads(lines[i]) == ERR_SYNTAX, "%s", lines[i]);
        ck_assert_ptr_nonnull(strstr(fault, "the program's answer"));
        for (const char *c = fault; *c; c++)
            ck_assert((unsigned char)*c >= ' ');
    }
    static const char zero[] = "{\"trial\":1,\0\"score\":1}";
    ck_assert_int_eq(answer_read(zero, sizeof zero - 1, &answer, fault), ERR_SYNTAX);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("answer");
    TCase *tcase = tcase_create("lines");
    tcase_add_test(tcase, results);
    tcase_add_test(tcase, lists);
    tcase_add_test(tcase, numbers);
    tcase_add_test(tcase, not_finite);
    tcase_add_test(tcase, metrics);
    tcase_add_test(tcase, errors);
    tcase_add_test(tcase, reports);
    tcase_add_test(tcase, no_answers);
    suite_add_tcase(suite, tcase);
    return suite;
}
