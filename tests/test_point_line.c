/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/point_line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"
#include "test.h"

static struct run_spec spec;
static struct point_lines *lines;
static struct str out;

static void
add_dimension(const char *name, enum dimension_kind kind, const char *a, const char *b)
{
    spec.dimension = xrealloc(spec.dimension, (size_t)spec.dimension_count + 1,
        sizeof *spec.dimension);
    struct dimension *dimension = &spec.dimension[spec.dimension_count++];
    *dimension = (struct dimension){ .kind = kind };
    str_copy(dimension->name, sizeof dimension->name, name);
    if (kind != DIMENSION_CHOICE)
        return;
    dimension->choice = xcalloc(2, sizeof *dimension->choice);
    dimension->choice_count = 2;
    dimension->choice[0] = xstrdup(a);
    dimension->choice[1] = xstrdup(b);
}

static void
setup(void)
{
    run_spec_init(&spec);
    str_init(&out);
}

static void
teardown(void)
{
    point_lines_free(lines);
    run_spec_release(&spec);
    str_release(&out);
}

START_TEST(shape)
{
    add_dimension("lr", DIMENSION_FLOAT, NULL, NULL);
    add_dimension("n", DIMENSION_INT, NULL, NULL);
    add_dimension("opt", DIMENSION_CHOICE, "ad\"am\\", "s\xc3\xa4gd");
    add_dimension("fast", DIMENSION_CHOICE, "false", "true");
    add_dimension("other", DIMENSION_CHOICE, "true", "false");
    lines = point_lines_new(&spec);
    ck_assert(!point_is_bool(&spec.dimension[2]) && point_is_bool(&spec.dimension[3]));
    ck_assert(!point_is_bool(&spec.dimension[4]));
    point_lines_put(lines, &out, 17, (const double[]){ 0.1, -3, 0, 1, 0 });
    ck_assert_str_eq(out.data, "{\"trial\":17,\"params\":{\"lr\":0.1,\"n\":-3,\"opt\":\"ad\\\"am\\\\\","
        "\"fast\":true,\"other\":\"true\"}}\n");
    str_clear(&out);
    point_lines_put(lines, &out, INT64_C(1000000000000), (const double[]){ 5, 0, 1, 0, 7 });
    json_t *line = json_parse(out.data, out.len, NULL);
    const json_t *params = json_object_get(line, "params");
    ck_assert_int_eq(json_get_int(line, "trial", 0), INT64_C(1000000000000));
    ck_assert(json_get_number(params, "lr", 0) == 5);
    ck_assert_str_eq(json_get_string(params, "opt", ""), "s\xc3\xa4gd");
    ck_assert_str_eq(json_get_string(params, "other", ""), "true"); /* no such choice: the first */
    json_decref(line);
}
END_TEST

/* What is read is the double that was written. */
START_TEST(numbers_are_exact)
{
    static const double numbers[] = { 0, 1, -1, 0.1, 0.3, 1.0 / 3, -2.5, 123456.789, 1e-9, 1.5e-9,
        4e-10, 5e-324, 1.7976931348623157e308, 9007199254740991, 9007199254.740993, 0.999999999,
        0.9999999999, 8999999.999999999, -0.000000001, 3.141592653589793 };
    double value;
    add_dimension("x", DIMENSION_FLOAT, NULL, NULL);
    lines = point_lines_new(&spec);
    srand48(7);
    for (int i = 0; i < 20000; i++) {
        value = i < (int)(sizeof numbers / sizeof *numbers) ? numbers[i]
            : (drand48() - 0.5) * pow(10, i % 40 - 20);
        if (i % 3 == 1)
            value = round(value * 1e9) / 1e9;
        str_clear(&out);
        point_lines_put(lines, &out, 1, &value);
        double read = strtod(strstr(out.data, "\"x\":") + 4, NULL);
        ck_assert_msg(read == value, "%.17g is %s", value, out.data);
    }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("point_line");
    TCase *tcase = tcase_create("lines");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, shape);
    tcase_add_test(tcase, numbers_are_exact);
    suite_add_tcase(suite, tcase);
    return suite;
}
