/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The JSON writer against jansson as the judge, and the readers.
 */
#include "test.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"

static struct str out;
static struct json_writer w;

static void
setup(void)
{
    str_init(&out);
    jw_init(&w, &out);
}

static void
teardown(void)
{
    str_release(&out);
}

static json_t *
parsed(void)
{
    json_error_t error;
    json_t *value = json_loadb(out.data, out.len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    ck_assert_msg(value != NULL, "%s in: %s", error.text, out.data);
    return value;
}

START_TEST(nesting_and_commas)
{
    jw_object(&w, NULL);
    jw_int(&w, "a\"\n", 1);
    jw_array(&w, "b");
    jw_end(&w);
    jw_array(&w, "c");
    jw_int(&w, NULL, 2);
    jw_object(&w, NULL);
    jw_end(&w);
    jw_object(&w, NULL);
    jw_bool(&w, "t", true);
    jw_bool(&w, "f", false);
    jw_end(&w);
    jw_null(&w, NULL);
    jw_end(&w);
    jw_string(&w, "s", "x");
    jw_string(&w, "n", NULL);
    jw_end(&w);
    ck_assert_str_eq(out.data,
        "{\"a\\\"\\n\":1,\"b\":[],\"c\":[2,{},{\"t\":true,\"f\":false},null],\"s\":\"x\",\"n\":null}");
    json_decref(parsed());
}
END_TEST

START_TEST(a_writer_is_used_again)
{
    jw_array(&w, NULL);
    jw_end(&w);
    str_clear(&out);
    jw_init(&w, &out);
    jw_int(&w, NULL, 5);
    ck_assert_str_eq(out.data, "5");
}
END_TEST

START_TEST(deepest_nesting)
{
    for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
        jw_array(&w, NULL);
    for (int i = 0; i < JSON_DEPTH_MAX - 1; i++)
        jw_end(&w);
    json_decref(parsed());
    ck_assert_uint_eq(out.len, 2 * (JSON_DEPTH_MAX - 1));
}
END_TEST

START_TEST(whole_numbers)
{
    static const int64_t values[] = { 0, 1, -1, 9, 10, 99, 100, INT64_MAX, INT64_MIN, 1234567890 };
    jw_array(&w, NULL);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        jw_int(&w, NULL, values[i]);
    jw_end(&w);
    json_t *array = parsed();
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        ck_assert_int_eq(json_integer_value(json_array_get(array, i)), values[i]);
    json_decref(array);
}
END_TEST

static double
random_double(unsigned *seed)
{
    union {
        uint64_t bits;
        double value;
    } any;
    any.bits = (uint64_t)rand_r(seed) << 42 ^ (uint64_t)rand_r(seed) << 21 ^ (uint64_t)rand_r(seed);
    return any.value;
}

START_TEST(numbers_read_back_or_are_null)
{
    unsigned seed = 3;
    double fixed[] = { 0, -0.0, 0.1, 1e300, DBL_MIN, DBL_MAX, DBL_TRUE_MIN, 9007199254740993.0,
        (double)NAN, (double)INFINITY, (double)-INFINITY };
    size_t fixed_count = sizeof fixed / sizeof *fixed;
    for (size_t i = 0; i < 5000; i++) {
        double value = i < fixed_count ? fixed[i] : random_double(&seed);
        str_clear(&out);
        jw_init(&w, &out);
        jw_number(&w, NULL, value);
        json_t *read = parsed();
        if (isfinite(value))
            ck_assert_msg(!(json_number_value(read) < value) && !(json_number_value(read) > value),
                "%.17g became %s", value, out.data);
        else
            ck_assert(json_is_null(read));
        json_decref(read);
    }
}
END_TEST

START_TEST(figures_have_two_decimals)
{
    static const struct {
        double value;
        const char *want;
    } rows[] = {
        { 0, "0" }, { -0.0, "0" }, { 1, "1" }, { 12.5, "12.5" }, { 12.34, "12.34" },
        { 0.05, "0.05" }, { 0.004, "0" }, { -0.004, "0" }, { 0.006, "0.01" }, { -0.006, "-0.01" },
        { 99.995001, "100" }, { 0.999, "1" }, { -12.345678, "-12.35" }, { 100, "100" },
        { 1795228207.12, "1795228207.12" }, { 4503599627370496, "4503599627370496" },
        { 1e16, "1e+16" }, { -1e300, "-1e+300" }, { (double)NAN, "null" },
        { (double)INFINITY, "null" }, { (double)-INFINITY, "null" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        str_clear(&out);
        jw_init(&w, &out);
        jw_figure(&w, NULL, rows[i].value);
        ck_assert_str_eq(out.data, rows[i].want);
    }
    unsigned seed = 5;
    for (int i = 0; i < 20000; i++) {
        double value = (rand_r(&seed) - RAND_MAX / 2) / 997.0;
        str_clear(&out);
        jw_init(&w, &out);
        jw_figure(&w, NULL, value);
        json_t *read = parsed();
        ck_assert_double_le(fabs(json_number_value(read) - value), 0.00501);
        const char *point = strchr(out.data, '.');
        ck_assert(!point || strlen(point) <= 3);
        json_decref(read);
    }
}
END_TEST

START_TEST(durations_have_twelve_decimals)
{
    static const struct {
        double value;
        const char *want;
    } rows[] = {
        { 0, "0" }, { -0.0, "0" }, { 1, "1" }, { 0.5, "0.5" }, { 7.4e-9, "0.0000000074" },
        { 1e-12, "0.000000000001" }, { 1e-13, "0" }, { 0.0002513348333333333, "0.000251334833" },
        { -0.25, "-0.25" }, { 3600.000001, "3600.000001" }, { 1e7, "10000000" }, { (double)NAN, "null" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        str_clear(&out);
        jw_init(&w, &out);
        jw_seconds(&w, NULL, rows[i].value);
        ck_assert_str_eq(out.data, rows[i].want);
    }
    unsigned seed = 5;
    for (int i = 0; i < 20000; i++) {
        int64_t ns = rand_r(&seed);
        str_clear(&out);
        jw_init(&w, &out);
        jw_seconds(&w, NULL, (double)ns / 1e9);
        json_t *read = parsed();
        ck_assert_double_eq(json_number_value(read), (double)ns / 1e9); /* whole nanoseconds are exact */
        json_decref(read);
    }
}
END_TEST

START_TEST(strings_are_escaped)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "", "\"\"" }, { "plain", "\"plain\"" }, { "a\"b\\c", "\"a\\\"b\\\\c\"" },
        { "l1\nl2\tx", "\"l1\\nl2\\tx\"" }, { "\x1B\x7F\r", "\"\\u001b\\u007f\\u000d\"" },
        { "\xC3\xBC\xF0\x9F\x98\x80", "\"\xC3\xBC\xF0\x9F\x98\x80\"" },
        { "\xFF" "a\xE6\x97", "\"\xEF\xBF\xBD" "a\xEF\xBF\xBD\xEF\xBF\xBD\"" },
        { "\xED\xA0\x80", "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        str_clear(&out);
        json_quote(&out, rows[i].text, strlen(rows[i].text));
        ck_assert_str_eq(out.data, rows[i].want);
    }
    str_clear(&out);
    json_quote(&out, "a\0b", 3);
    ck_assert_str_eq(out.data, "\"a\\u0000b\"");
}
END_TEST

/* Whatever bytes come, the result is valid JSON, and what was valid UTF-8
 * comes back unchanged. */
START_TEST(any_bytes_make_valid_json)
{
    unsigned seed = 17;
    for (int round = 0; round < 20000; round++) {
        char bytes[48], expect[200];
        size_t len = (size_t)rand_r(&seed) % sizeof bytes, n = 0;
        int low = round % 3 == 0 ? 1 : round % 3 == 1 ? 0x70 : 0xB0;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)(low + rand_r(&seed) % (256 - low));
        bytes[len < sizeof bytes ? len : sizeof bytes - 1] = '\0';
        if (len == sizeof bytes)
            len--;
        const char *p = bytes;
        for (uint32_t code; (code = text_next(&p));)
            n += (size_t)text_encode(code, expect + n);
        expect[n] = '\0';
        str_clear(&out);
        jw_init(&w, &out);
        jw_object(&w, NULL);
        jw_stringn(&w, "k", bytes, len);
        jw_end(&w);
        json_t *object = parsed();
        ck_assert_str_eq(json_get_string(object, "k", "none"), expect);
        json_decref(object);
        ck_assert_ptr_null(memchr(out.data, '\n', out.len));
    }
}
END_TEST

START_TEST(raw_and_values)
{
    json_t *value = json_pack("{s:[i,f,n,b], s:s}", "a", 1, 2.5, 1, "t", "\xC3\xBC\n");
    jw_object(&w, NULL);
    jw_raw(&w, "raw", "[1,2]", 5);
    jw_value(&w, "value", value);
    jw_value(&w, "none", NULL);
    jw_end(&w);
    json_t *object = parsed();
    ck_assert(json_equal(json_object_get(object, "value"), value));
    ck_assert(json_is_null(json_object_get(object, "none")));
    ck_assert_uint_eq(json_array_size(json_object_get(object, "raw")), 2);
    ck_assert_ptr_null(memchr(out.data, '\n', out.len));
    json_decref(object);
    json_decref(value);
}
END_TEST

START_TEST(parse_takes_one_value)
{
    static const char *const good[] = { "1", "\"x\"", "null", "[]", " {\"a\":[1,{}]} \n" };
    static const char *const bad[] = { "", " ", "{", "{} {}", "[1,]", "{\"a\":1,\"a\":2}", "nul",
        "'x'", "{\"a\"}", "\"\xFF\"", "\"\\ud800\"", "NaN", "01", "\"a\nb\"" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        json_t *value = json_parse(good[i], strlen(good[i]), NULL);
        ck_assert_msg(value != NULL, "%s", good[i]);
        json_decref(value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct diag diag = { 0 };
        ck_assert_msg(!json_parse(bad[i], strlen(bad[i]), &diag), "%s", bad[i]);
        ck_assert_int_eq(diag.code, ERR_SYNTAX);
        ck_assert_int_ge(diag.line, 1);
        ck_assert_ptr_null(json_parse(bad[i], strlen(bad[i]), NULL));
    }
    json_t *cut = json_parse("12345", 2, NULL);
    ck_assert_int_eq(json_integer_value(cut), 12);
    json_decref(cut);
}
END_TEST

START_TEST(parse_is_bounded_in_depth)
{
    enum { DEPTH = 100000 };
    char *text = malloc(DEPTH);
    memset(text, '[', DEPTH);
    struct diag diag = { 0 };
    ck_assert_ptr_null(json_parse(text, DEPTH, &diag));
    ck_assert_int_eq(diag.code, ERR_SYNTAX);
    free(text);
}
END_TEST

START_TEST(readers_fall_back)
{
    json_t *o = json_pack("{s:s, s:i, s:f, s:b, s:n}", "s", "text", "i", 7, "d", 1.5, "b", 1, "n");
    ck_assert_str_eq(json_get_string(o, "s", "-"), "text");
    ck_assert_str_eq(json_get_string(o, "i", "-"), "-");
    ck_assert_str_eq(json_get_string(o, "n", "-"), "-");
    ck_assert_ptr_null(json_get_string(o, "missing", NULL));
    ck_assert_int_eq(json_get_int(o, "i", -1), 7);
    ck_assert_int_eq(json_get_int(o, "d", -1), -1);
    ck_assert_int_eq(json_get_int(o, "s", -1), -1);
    ck_assert_double_eq(json_get_number(o, "d", -1), 1.5);
    ck_assert_double_eq(json_get_number(o, "i", -1), 7);
    ck_assert_double_eq(json_get_number(o, "b", -1), -1);
    ck_assert(json_get_bool(o, "b", false));
    ck_assert(json_get_bool(o, "i", true));
    ck_assert(!json_get_bool(o, "n", false));
    json_decref(o);
    json_t *array = json_array();
    ck_assert_int_eq(json_get_int(array, "x", 3), 3);
    ck_assert_str_eq(json_get_string(NULL, "x", "-"), "-");
    json_decref(array);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("json");
    TCase *tcase = tcase_create("json");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nesting_and_commas);
    tcase_add_test(tcase, a_writer_is_used_again);
    tcase_add_test(tcase, deepest_nesting);
    tcase_add_test(tcase, whole_numbers);
    tcase_add_test(tcase, numbers_read_back_or_are_null);
    tcase_add_test(tcase, figures_have_two_decimals);
    tcase_add_test(tcase, durations_have_twelve_decimals);
    tcase_add_test(tcase, strings_are_escaped);
    tcase_add_test(tcase, any_bytes_make_valid_json);
    tcase_add_test(tcase, raw_and_values);
    tcase_add_test(tcase, parse_takes_one_value);
    tcase_add_test(tcase, parse_is_bounded_in_depth);
    tcase_add_test(tcase, readers_fall_back);
    suite_add_tcase(suite, tcase);
    return suite;
}
