/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a trial reports of itself: which members are metrics, and how much.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "model/trial.h"

static struct str out;

static void
setup(void)
{
    str_init(&out);
}

static void
teardown(void)
{
    str_release(&out);
}

static const char *
metrics(const char *object, const char *except)
{
    json_t *value = json_parse(object, strlen(object), NULL);
    str_clear(&out);
    trial_metrics_read(value, except, &out);
    json_decref(value);
    return out.data;
}

START_TEST(finite_numbers_of_one_level)
{
    ck_assert_str_eq(metrics("{\"loss\":1.5,\"acc\":0.25,\"n\":7}", NULL),
        "{\"loss\":1.5,\"acc\":0.25,\"n\":7}");
    ck_assert_str_eq(metrics("{\"a\":\"1\",\"b\":true,\"c\":null,\"d\":[1],\"e\":{\"f\":1},\"g\":2}",
                         NULL), "{\"g\":2}");
    ck_assert_str_eq(metrics("{\"loss\":1.5,\"acc\":0.25}", "loss"), "{\"acc\":0.25}");
}
END_TEST

START_TEST(none)
{
    static const char *const objects[] = {
        "{}", "[1,2]", "3", "\"x\"", "null", "{\"loss\":1}", "{\"wall_seconds\":1}", "{\"\":1}",
    };
    for (size_t i = 0; i < sizeof objects / sizeof *objects; i++)
        ck_assert_str_eq(metrics(objects[i], "loss"), "");
    trial_metrics_read(NULL, NULL, &out);
    ck_assert_str_eq(out.data, "");
}
END_TEST

START_TEST(names_are_cleaned)
{
    ck_assert_str_eq(metrics("{\"a\\u001b[2J\":1}", NULL), "{\"a\u00b7[2J\":1}");
    ck_assert_str_eq(metrics("{\"a\\u0001\":1,\"a\\u0002\":2}", NULL), "{\"a\u00b7\":1}");
    ck_assert_str_eq(metrics("{\"q\\\"\\\\\":1}", NULL), "{\"q\\\"\\\\\":1}");
    char object[256];
    snprintf(object, sizeof object, "{\"%0100d\":1,\"%0100d\":2}", 0, 1);
    metrics(object, NULL);
    ck_assert_uint_lt(out.len, TRIAL_METRIC_NAME_MAX + 8);
}
END_TEST

/* What fits is kept, whole. */
START_TEST(bounded)
{
    struct str object;
    str_init(&object);
    for (int i = 0; i < 1000; i++)
        str_printf(&object, "%c\"metric number %d\":%d.5", i ? ',' : '{', i, i);
    str_puts(&object, ",\"z\":1}");
    metrics(object.data, NULL);
    str_release(&object);
    ck_assert_uint_lt(out.len, TRIAL_METRICS_MAX);
    ck_assert_uint_gt(out.len, TRIAL_METRICS_MAX - 64);
    json_t *value = json_parse(out.data, out.len, NULL);
    ck_assert_double_eq(json_get_number(value, "metric number 42", 0), 42.5);
    json_decref(value);
    /* the other end reads the same */
    char first[TRIAL_METRICS_MAX];
    ck_assert(str_copy(first, sizeof first, out.data));
    ck_assert_str_eq(metrics(first, NULL), first);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *s = suite_create("trial");
    TCase *t = tcase_create("metrics");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, finite_numbers_of_one_level);
    tcase_add_test(t, none);
    tcase_add_test(t, names_are_cleaned);
    tcase_add_test(t, bounded);
    suite_add_tcase(s, t);
    return s;
}
