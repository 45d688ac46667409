/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "model/metric.h"
#include "model/sample.h"

START_TEST(every_row_is_complete)
{
    for (int m = 0; m < METRIC_COUNT; m++) {
        const struct metric_info *info = metric_info((enum metric)m);
        const struct metric_group_info *group = metric_group_info(info->group);
        char expect[64];
        snprintf(expect, sizeof expect, "%s.%s", group->name, info->key);
        ck_assert_str_eq(info->name, expect);
        ck_assert(info->help && *info->help);
        ck_assert_int_eq(metric_find(info->name, strlen(info->name)), m);
    }
}
END_TEST

START_TEST(groups_hold_their_rows_together)
{
    int next = 0;
    for (int g = 0; g < GROUP_COUNT; g++) {
        const struct metric_group_info *group = metric_group_info((enum metric_group)g);
        ck_assert_int_gt(group->count, 0);
        ck_assert_int_eq(group->first, next);
        for (int m = group->first; m < group->first + group->count; m++)
            ck_assert_int_eq(metric_info((enum metric)m)->group, g);
        if (group->per_instance)
            ck_assert_int_le(group->count, SAMPLE_COLUMNS_MAX);
        next += group->count;
    }
    ck_assert_int_eq(next, METRIC_COUNT);
}
END_TEST

START_TEST(names_are_parsed)
{
    const char *instance = "x";
    ck_assert_int_eq(metric_parse("cpu.total", &instance), METRIC_CPU_TOTAL);
    ck_assert_ptr_null(instance);
    ck_assert_int_eq(metric_parse("disk.busy:cciss/c0d0", &instance), METRIC_DISK_BUSY);
    ck_assert_str_eq(instance, "cciss/c0d0");
    ck_assert_int_eq(metric_parse("core.total", &instance), METRIC_CORE_TOTAL);
    ck_assert_ptr_null(instance);
    const char *wrong[] = { "", "cpu", "cpu.", "cpu.tota", "cpu.totall", "cpu.total:0",
        "core.total:", ":0", "CPU.total" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_int_eq(metric_parse(wrong[i], &instance), ERR_NOT_FOUND);
    ck_assert_int_eq(metric_find("cpu.total!", 9), METRIC_CPU_TOTAL);
}
END_TEST

START_TEST(published_figures_go_by_their_names)
{
    const char *instance = NULL, *all[] = { "pool.reuse", "a.b.p99", "my-app.x_1",
        "pool.reuse:app/pool=a:b" };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char key[96];
        ck_assert_int_eq(metric_parse(all[i], &instance), METRIC_FIGURE_VALUE);
        ck_assert_str_eq(instance, all[i]);
        ck_assert_str_eq(metric_key(METRIC_FIGURE_VALUE, instance, key, sizeof key), all[i]);
    }
    const char *wrong[] = { "requests", ".a", "a.", "pool.reuse:", "po ol.reuse", "figure.value",
        "Disk.x", "a.\x1b" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_int_eq(metric_parse(wrong[i], &instance), ERR_NOT_FOUND);
    ck_assert(metric_is_wildcard(METRIC_FIGURE_VALUE, "pool.reuse"));
    ck_assert(!metric_is_wildcard(METRIC_FIGURE_VALUE, "pool.reuse:app"));
    ck_assert(metric_is_wildcard(METRIC_DISK_BUSY, ""));
    ck_assert(!metric_is_wildcard(METRIC_DISK_BUSY, "vda"));
    ck_assert(!metric_is_wildcard(METRIC_CPU_TOTAL, ""));
    ck_assert(metric_covers(METRIC_FIGURE_VALUE, "pool.reuse", "pool.reuse:app"));
    ck_assert(!metric_covers(METRIC_FIGURE_VALUE, "pool.reuse", "pool.reused:app"));
    ck_assert(metric_covers(METRIC_DISK_BUSY, "", "vda"));
    ck_assert(!metric_covers(METRIC_DISK_BUSY, "vdb", "vda"));
}
END_TEST

START_TEST(values_are_formatted_with_their_unit)
{
    char buf[64];
    ck_assert_str_eq(metric_format(METRIC_CPU_TOTAL, 42.34, buf, sizeof buf), "42.3%");
    ck_assert_str_eq(metric_format(METRIC_CPU_TOTAL, (double)NAN, buf, sizeof buf), "-");
    ck_assert_str_eq(metric_format(METRIC_CPU_TOTAL, (double)INFINITY, buf, sizeof buf), "-");
    ck_assert_str_eq(metric_format(METRIC_CORE_FREQUENCY, 2445.4, buf, sizeof buf), "2445MHz");
    ck_assert_ptr_nonnull(strstr(metric_format(METRIC_DISK_READ, 1 << 20, buf, sizeof buf), "/s"));
    ck_assert_str_eq(metric_unit_text(UNIT_BYTES_PER_SECOND), "B/s");
    for (int m = 0; m < METRIC_COUNT; m++)
        for (double v = -1e300; v < 1e300; v = v < 0
            && v > -1e-3 ? 1e-3 : v < 0 ? v / 1e7 : v * 1e7) {
            metric_format((enum metric)m, v, buf, sizeof buf);
            ck_assert_uint_gt(strlen(buf), 0);
        }
}
END_TEST

START_TEST(a_new_sample_knows_nothing)
{
    struct sample s;
    sample_init(&s);
    for (int m = 0; m < METRIC_COUNT; m++) {
        ck_assert(isnan(sample_value(&s, (enum metric)m, 0)));
        ck_assert(isnan(sample_value(&s, (enum metric)m, -1)));
    }
    ck_assert(isnan(s.interval_seconds));
    sample_set(&s, METRIC_CPU_TOTAL, 0, 5);
    ck_assert_double_eq(sample_value(&s, METRIC_CPU_TOTAL, -1), 5);
    sample_release(&s);
}
END_TEST

START_TEST(rows_keep_their_index)
{
    struct sample s;
    sample_init(&s);
    int a = sample_row(&s, GROUP_DISK, "vda"), b = sample_row(&s, GROUP_DISK, "vdb");
    ck_assert_int_ne(a, b);
    ck_assert_int_eq(sample_row(&s, GROUP_DISK, "vda"), a);
    ck_assert_int_eq(sample_find_row(&s, GROUP_DISK, "vdb"), b);
    ck_assert_int_eq(sample_find_row(&s, GROUP_NET, "vdb"), ERR_NOT_FOUND);
    sample_set(&s, METRIC_DISK_BUSY, a, 12);
    s.rows[GROUP_DISK].row[a].present = false;
    ck_assert(isnan(sample_value(&s, METRIC_DISK_BUSY, a)));
    ck_assert_int_eq(sample_row(&s, GROUP_DISK, "vdc"), 2);
    ck_assert_int_eq(sample_row(&s, GROUP_DISK, "vda"), a);
    ck_assert(s.rows[GROUP_DISK].row[a].present);
    ck_assert(isnan(sample_value(&s, METRIC_DISK_BUSY, a)));
    sample_release(&s);
}
END_TEST

START_TEST(slots_are_reused_only_when_all_are_taken)
{
    struct sample s;
    char name[SAMPLE_NAME_MAX];
    sample_init(&s);
    for (int i = 0; i < SAMPLE_ROWS_MAX; i++) {
        snprintf(name, sizeof name, "veth%d", i);
        ck_assert_int_eq(sample_row(&s, GROUP_NET, name), i);
    }
    ck_assert_int_eq(sample_row(&s, GROUP_NET, "one more"), ERR_TOO_LARGE);
    s.rows[GROUP_NET].row[77].present = false;
    ck_assert_int_eq(sample_row(&s, GROUP_NET, "one more"), 77);
    ck_assert_str_eq(s.rows[GROUP_NET].row[77].name, "one more");
    ck_assert_int_eq(sample_find_row(&s, GROUP_NET, "veth77"), ERR_NOT_FOUND);
    sample_release(&s);
}
END_TEST

START_TEST(names_of_rows_are_cleaned)
{
    struct sample s;
    sample_init(&s);
    int row = sample_row(&s, GROUP_NET, "a\033[2Jb");
    ck_assert_int_ge(row, 0);
    ck_assert_ptr_null(strchr(s.rows[GROUP_NET].row[row].name, '\033'));
    ck_assert_int_eq(sample_row(&s, GROUP_NET, "a\033[2Jb"), row);
    sample_release(&s);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("metric");
    TCase *metric = tcase_create("metric");
    tcase_add_test(metric, every_row_is_complete);
    tcase_add_test(metric, groups_hold_their_rows_together);
    tcase_add_test(metric, names_are_parsed);
    tcase_add_test(metric, published_figures_go_by_their_names);
    tcase_add_test(metric, values_are_formatted_with_their_unit);
    suite_add_tcase(suite, metric);
    TCase *sample = tcase_create("sample");
    tcase_add_test(sample, a_new_sample_knows_nothing);
    tcase_add_test(sample, rows_keep_their_index);
    tcase_add_test(sample, slots_are_reused_only_when_all_are_taken);
    tcase_add_test(sample, names_of_rows_are_cleaned);
    suite_add_tcase(suite, sample);
    return suite;
}
