/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers and units: what is read, what is refused, what people see.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/unit.h"

/* Equal to the last bit; two NaNs are equal. */
static void
same(double a, double b, const char *text)
{
    if (isnan(a) && isnan(b))
        return;
    ck_assert_msg(!(a < b) && !(a > b) && !isnan(a) && !isnan(b), "%s: %.17g is not %.17g", text,
        a, b);
}

struct number_row {
    const char *text;
    int code;
    double value;
};

static void
check_numbers(int (*parse)(const char *, double *), const struct number_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double value = -77;
        int r = parse(rows[i].text, &value);
        ck_assert_msg(r == rows[i].code, "\"%s\" gives %s", rows[i].text, err_name(r));
        same(value, r < 0 ? -77 : rows[i].value, rows[i].text);
    }
}
#define CHECK(parse, rows) check_numbers(parse, rows, sizeof(rows) / sizeof *(rows))

START_TEST(whole_numbers)
{
    static const struct {
        const char *text;
        int code;
        int64_t value;
    } rows[] = {
        { "0", 0, 0 }, { "-0", 0, 0 }, { "007", 0, 7 }, { "+5", 0, 5 }, { "-12", 0, -12 },
        { "9223372036854775807", 0, INT64_MAX }, { "-9223372036854775808", 0, INT64_MIN },
        { "9223372036854775808", ERR_BAD_RANGE, 0 },
        { "-9223372036854775809", ERR_BAD_RANGE, 0 },
        { "99999999999999999999999999999999", ERR_BAD_RANGE, 0 },
        { "", ERR_SYNTAX, 0 }, { "+", ERR_SYNTAX, 0 }, { "-", ERR_SYNTAX, 0 },
        { "--1", ERR_SYNTAX, 0 }, { "+-1", ERR_SYNTAX, 0 }, { " 1", ERR_SYNTAX, 0 },
        { "1 ", ERR_SYNTAX, 0 }, { "1.0", ERR_SYNTAX, 0 }, { "1e3", ERR_SYNTAX, 0 },
        { "0x10", ERR_SYNTAX, 0 }, { "1,000", ERR_SYNTAX, 0 }, { "x", ERR_SYNTAX, 0 },
        { "\xD9\xA3", ERR_SYNTAX, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int64_t value = -77;
        int r = unit_parse_int(rows[i].text, &value);
        ck_assert_msg(r == rows[i].code, "\"%s\" gives %s", rows[i].text, err_name(r));
        ck_assert_int_eq(value, r < 0 ? -77 : rows[i].value);
    }
}
END_TEST

START_TEST(numbers)
{
    static const struct number_row rows[] = {
        { "0", 0, 0 }, { "1.5", 0, 1.5 }, { ".5", 0, 0.5 }, { "5.", 0, 5 }, { "-.5", 0, -0.5 },
        { "+2", 0, 2 }, { "1e3", 0, 1000 }, { "1E-3", 0, 0.001 }, { "1e308", 0, 1e308 },
        { "1e-400", 0, 0 }, { "0.1", 0, 0.1 },
        { "1e309", ERR_BAD_RANGE, 0 }, { "-1e400", ERR_BAD_RANGE, 0 },
        { "", ERR_SYNTAX, 0 }, { ".", ERR_SYNTAX, 0 }, { "-", ERR_SYNTAX, 0 },
        { "+-1", ERR_SYNTAX, 0 }, { "nan", ERR_SYNTAX, 0 }, { "-nan", ERR_SYNTAX, 0 },
        { "inf", ERR_SYNTAX, 0 }, { "-infinity", ERR_SYNTAX, 0 }, { "0x1p3", ERR_SYNTAX, 0 },
        { "-0X10", ERR_SYNTAX, 0 }, { "1,5", ERR_SYNTAX, 0 }, { " 1", ERR_SYNTAX, 0 },
        { "1 ", ERR_SYNTAX, 0 }, { "1e", ERR_SYNTAX, 0 }, { "1e+", ERR_SYNTAX, 0 },
        { "1.2.3", ERR_SYNTAX, 0 }, { "e5", ERR_SYNTAX, 0 }, { "1k", ERR_SYNTAX, 0 },
    };
    CHECK(unit_parse_number, rows);
}
END_TEST

START_TEST(bytes)
{
    static const struct number_row rows[] = {
        { "0", 0, 0 }, { "10", 0, 10 }, { "10B", 0, 10 }, { "512k", 0, 512 * 1024.0 },
        { "512K", 0, 512 * 1024.0 }, { "1.5GiB", 0, 1.5 * (1 << 30) }, { "2 MB", 0, 2 << 20 },
        { "1kb", 0, 1024 }, { "1T", 0, 1099511627776.0 }, { "1P", 0, 1125899906842624.0 },
        { "1 PiB", 0, 1125899906842624.0 }, { ".5k", 0, 512 },
        { "-1", ERR_BAD_RANGE, 0 }, { "-1k", ERR_BAD_RANGE, 0 }, { "1e308P", ERR_BAD_RANGE, 0 },
        { "1e400", ERR_BAD_RANGE, 0 },
        { "", ERR_SYNTAX, 0 }, { "k", ERR_SYNTAX, 0 }, { "B", ERR_SYNTAX, 0 },
        { "1X", ERR_SYNTAX, 0 }, { "1iB", ERR_SYNTAX, 0 }, { "1kk", ERR_SYNTAX, 0 },
        { "1kBB", ERR_SYNTAX, 0 }, { "1k 5", ERR_SYNTAX, 0 }, { "10%", ERR_SYNTAX, 0 },
        { "0x10", ERR_SYNTAX, 0 }, { "nan", ERR_SYNTAX, 0 }, { "1ki", ERR_SYNTAX, 0 },
    };
    CHECK(unit_parse_bytes, rows);
}
END_TEST

START_TEST(durations)
{
    static const struct number_row rows[] = {
        { "0", 0, 0 }, { "3", 0, 3 }, { "2.5", 0, 2.5 }, { "3s", 0, 3 }, { "500ms", 0, 0.5 },
        { "20us", 0, 20 * 1e-6 }, { "2m", 0, 120 }, { "2min", 0, 120 }, { "1h30m", 0, 5400 },
        { "1h 30m 5s", 0, 5405 }, { "3 s", 0, 3 }, { "7d", 0, 604800 }, { "1w", 0, 604800 },
        { "1.5h", 0, 5400 }, { "0s", 0, 0 }, { "0s500ms", 0, 0.5 },
        { "-1s", ERR_BAD_RANGE, 0 }, { "1h-5m", ERR_BAD_RANGE, 0 },
        { "1e308w", ERR_BAD_RANGE, 0 }, { "1e400", ERR_BAD_RANGE, 0 },
        { "", ERR_SYNTAX, 0 }, { "s", ERR_SYNTAX, 0 }, { "3x", ERR_SYNTAX, 0 },
        { "1h30", ERR_SYNTAX, 0 }, { "0s5", ERR_SYNTAX, 0 }, { "5 6", ERR_SYNTAX, 0 },
        { "3 seconds", ERR_SYNTAX, 0 }, { "3S", ERR_SYNTAX, 0 }, { "3s,", ERR_SYNTAX, 0 },
        { "inf", ERR_SYNTAX, 0 }, { "0x5s", ERR_SYNTAX, 0 }, { " 3s", ERR_SYNTAX, 0 },
    };
    CHECK(unit_parse_duration, rows);
}
END_TEST

START_TEST(yes_and_no)
{
    static const char *const yes[] = { "yes", "YES", "true", "On", "1" };
    static const char *const no[] = { "no", "False", "OFF", "0" };
    static const char *const wrong[] = { "", "y", "2", "yess", "01", " yes", "enable" };
    bool value;
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) {
        value = false;
        ck_assert_int_eq(unit_parse_bool(yes[i], &value), 0);
        ck_assert(value);
    }
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        value = true;
        ck_assert_int_eq(unit_parse_bool(no[i], &value), 0);
        ck_assert(!value);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_int_eq(unit_parse_bool(wrong[i], &value), ERR_SYNTAX);
}
END_TEST

struct format_row {
    double value;
    const char *want;
};

static void
check_formats(const char *(*format)(double, char *, size_t), const struct format_row *rows,
    size_t count)
{
    char buf[64];
    for (size_t i = 0; i < count; i++)
        ck_assert_str_eq(format(rows[i].value, buf, sizeof buf), rows[i].want);
}
#define CHECK_FORMAT(format, rows) check_formats(format, rows, sizeof(rows) / sizeof *(rows))

START_TEST(counts_for_people)
{
    static const struct format_row rows[] = {
        { 0, "0" }, { 7, "7" }, { 973, "973" }, { 999, "999" }, { 999.4, "999" },
        { 999.5, "1.00k" }, { 1000, "1.00k" }, { 1210, "1.21k" }, { 9994, "9.99k" },
        { 9996, "10.0k" }, { 48.2e6, "48.2M" }, { 99.96e6, "100M" }, { 999.4e6, "999M" },
        { 999.6e6, "1.00G" }, { 3e12, "3.00T" }, { 4e15, "4.00P" }, { 5e18, "5.00E" },
        { 1.5, "1.50" }, { 12.34, "12.3" }, { 123.4, "123" }, { -1210, "-1.21k" },
        { (double)NAN, "-" }, { (double)INFINITY, "-" }, { (double)-INFINITY, "-" },
    };
    CHECK_FORMAT(unit_format_count, rows);
}
END_TEST

START_TEST(bytes_for_people)
{
    static const struct format_row rows[] = {
        { 0, "0B" }, { 973, "973B" }, { 973.9, "973B" }, { 1023, "1023B" }, { 1024, "1.00K" },
        { 1239, "1.21K" }, { 48.2 * (1 << 20), "48.2M" }, { 3.4 * (1 << 30), "3.40G" },
        { 1000.0 * 1024, "0.98M" }, { (double)NAN, "-" },
    };
    CHECK_FORMAT(unit_format_bytes, rows);
}
END_TEST

START_TEST(durations_for_people)
{
    static const struct format_row rows[] = {
        { 0, "0s" }, { 850e-6, "850us" }, { 999.4e-6, "999us" }, { 999.6e-6, "1.0ms" },
        { 7.2e-3, "7.2ms" }, { 9.96e-3, "10ms" }, { 0.5, "500ms" }, { 0.9996, "1.0s" },
        { 3.1, "3.1s" }, { 9.96, "10s" }, { 59.9, "60s" }, { 59.96, "1m00s" }, { 250, "4m10s" },
        { 3599.4, "59m59s" }, { 3599.6, "1h00m" }, { 7500, "2h05m" }, { 86399.9, "1d0h" },
        { 273600, "3d4h" }, { -1, "-" }, { (double)NAN, "-" }, { (double)INFINITY, "-" },
    };
    CHECK_FORMAT(unit_format_duration, rows);
}
END_TEST

/* A column of figures keeps its width over the whole range of doubles. */
START_TEST(counts_fit_six_cells)
{
    char buf[400];
    for (double value = 1e-9; value < 1e300; value *= 1.07) {
        ck_assert_uint_le(strlen(unit_format_count(value, buf, sizeof buf)), 6);
        ck_assert_uint_le(strlen(unit_format_bytes(value, buf, sizeof buf)), 6);
        ck_assert_uint_ge(strlen(buf), 2);
    }
}
END_TEST

START_TEST(numbers_are_shortest)
{
    static const struct format_row rows[] = {
        { 0, "0" }, { -0.0, "0" }, { 1, "1" }, { -42, "-42" }, { 0.1, "0.1" }, { 0.5, "0.5" },
        { 1e30, "1e+30" }, { 123456789, "123456789" }, { 999999999999999, "999999999999999" },
        { 0.1 + 0.2, "0.30000000000000004" }, { 1.0 / 3, "0.3333333333333333" },
        { 0.1234567, "0.1234567" }, { 1e-9, "1e-09" }, { (double)NAN, "nan" },
    };
    CHECK_FORMAT(unit_format_number, rows);
}
END_TEST

/* Any double with few or all digits, large or tiny. */
START_TEST(numbers_read_back)
{
    char buf[40];
    unsigned seed = 7;
    for (int i = 0; i < 20000; i++) {
        union {
            uint64_t bits;
            double value;
        } any;
        any.bits = (uint64_t)rand_r(&seed) << 42 ^ (uint64_t)rand_r(&seed) << 21 ^
            (uint64_t)rand_r(&seed);
        if (i % 3 == 1)
            any.value = (rand_r(&seed) % 100000) / 1000.0;
        if (!isfinite(any.value))
            continue;
        unit_format_number(any.value, buf, sizeof buf);
        double again;
        ck_assert_int_eq(unit_parse_number(buf, &again), 0);
        same(again, any.value, buf);
    }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("unit");
    TCase *tcase = tcase_create("unit");
    tcase_add_test(tcase, whole_numbers);
    tcase_add_test(tcase, numbers);
    tcase_add_test(tcase, bytes);
    tcase_add_test(tcase, durations);
    tcase_add_test(tcase, yes_and_no);
    tcase_add_test(tcase, counts_for_people);
    tcase_add_test(tcase, bytes_for_people);
    tcase_add_test(tcase, durations_for_people);
    tcase_add_test(tcase, counts_fit_six_cells);
    tcase_add_test(tcase, numbers_are_shortest);
    tcase_add_test(tcase, numbers_read_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
