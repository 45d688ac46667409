/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Codes and their texts, and faults as a person reads them.
 */
#include "test.h"

#include <limits.h>
#include <string.h>

#include "base/err.h"

START_TEST(every_code_has_its_text)
{
    static const struct {
        int code;
        const char *name, *text;
    } rows[] = {
#define X(code, name, text) { code, #name, text },
        ERR_TABLE(X)
#undef X
        { 0, "OK", "no error" },
        { 7, "OK", "no error" },
        { -ENOENT, "ENOENT", "No such file or directory" },
        { -ENOSPC, "ENOSPC", "No space left on device" },
        { -1999, "UNKNOWN", "unknown error" },
        { -2000, "UNKNOWN", "unknown error" },
        { INT_MIN, "UNKNOWN", "unknown error" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_str_eq(err_name(rows[i].code), rows[i].name);
        ck_assert_str_eq(err_text(rows[i].code), rows[i].text);
    }
}
END_TEST

/* Numbers are on the wire and in exit statuses: what they mean never changes. */
START_TEST(numbers_stay)
{
    ck_assert_int_eq(ERR_SYNTAX, -2001);
    ck_assert_int_eq(ERR_NOT_FOUND, -2008);
    ck_assert_int_eq(ERR_VERSION, -2012);
    ck_assert_int_eq(ERR_CONFLICT, -2016);
}
END_TEST

START_TEST(set_returns_its_code)
{
    struct diag diag = { 0 };
    ck_assert_int_eq(diag_set(&diag, ERR_BAD_RANGE, "%d is %s", 12, "too much"), ERR_BAD_RANGE);
    ck_assert_int_eq(diag.code, ERR_BAD_RANGE);
    ck_assert_str_eq(diag.text, "12 is too much");
    ck_assert_int_eq(diag_set(NULL, -EIO, "nobody listens"), -EIO);
    diag_at(NULL, "file", 1, "key");
}
END_TEST

START_TEST(place_is_kept_where_nothing_is_given)
{
    struct diag diag = { 0 };
    diag_at(&diag, "a.ini", 3, "run.name");
    diag_set(&diag, ERR_SYNTAX, "wrong");
    ck_assert_str_eq(diag.file, "a.ini");
    diag_at(&diag, NULL, 0, NULL);
    ck_assert_str_eq(diag.file, "a.ini");
    ck_assert_int_eq(diag.line, 3);
    ck_assert_str_eq(diag.key, "run.name");
    diag_at(&diag, "b.ini", 9, "x.y");
    ck_assert_str_eq(diag.file, "b.ini");
    ck_assert_int_eq(diag.line, 9);
    ck_assert_str_eq(diag.key, "x.y");
}
END_TEST

START_TEST(format_shows_what_is_known)
{
    static const struct {
        const char *file, *key, *text, *want;
        int line;
    } rows[] = {
        { NULL, NULL, "bad", "bad", 0 },
        { "f", NULL, "bad", "f: bad", 0 },
        { "f", NULL, "bad", "f:4: bad", 4 },
        { "f", "s.k", "bad", "f:4: s.k: bad", 4 },
        { NULL, "s.k", "bad", "s.k: bad", 4 },
        { NULL, NULL, "", "value out of range", 0 },
    };
    char buf[256];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct diag diag = { 0 };
        diag_set(&diag, ERR_BAD_RANGE, "%s", rows[i].text);
        diag_at(&diag, rows[i].file, rows[i].line, rows[i].key);
        ck_assert_str_eq(diag_format(&diag, buf, sizeof buf), rows[i].want);
    }
}
END_TEST

START_TEST(long_parts_are_cut)
{
    struct diag diag = { 0 };
    char long_text[2000], buf[2000];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    diag_set(&diag, ERR_SYNTAX, "%s", long_text);
    diag_at(&diag, long_text, 1, long_text);
    ck_assert_uint_eq(strlen(diag.text), DIAG_TEXT_MAX - 1);
    ck_assert_uint_eq(strlen(diag.file), DIAG_FILE_MAX - 1);
    ck_assert_uint_eq(strlen(diag.key), DIAG_KEY_MAX - 1);
    for (size_t size = 1; size < 1200; size += 7) {
        memset(buf, '#', sizeof buf);
        diag_format(&diag, buf, size);
        ck_assert_uint_lt(strlen(buf), size);
        ck_assert_int_eq(buf[size], '#');
    }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("err");
    TCase *tcase = tcase_create("err");
    tcase_add_test(tcase, every_code_has_its_text);
    tcase_add_test(tcase, numbers_stay);
    tcase_add_test(tcase, set_returns_its_code);
    tcase_add_test(tcase, place_is_kept_where_nothing_is_given);
    tcase_add_test(tcase, format_shows_what_is_known);
    tcase_add_test(tcase, long_parts_are_cut);
    suite_add_tcase(suite, tcase);
    return suite;
}
