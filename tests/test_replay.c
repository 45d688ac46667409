/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/replay.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "config/config.h"
#include "test.h"

enum { MOMENTS = 2000 };

static struct config *config;
static struct past past;
static struct replay replay;

static void
setup(void)
{
    config = NULL;
    memset(&past, 0, sizeof past);
    memset(&replay, 0, sizeof replay);
}

static void
teardown(void)
{
    config_free(config);
    past_release(&past);
    replay_release(&replay);
}

/* The rules of a text alone, without those that are there by default. */
static void
rules(const char *text)
{
    struct ini *ini;
    struct diag diag = { 0 };
    ck_assert_int_eq(ini_parse_text(text, strlen(text), "rules", &ini, &diag), 0);
    ck_assert_msg(config_from_ini(ini, &config, &diag) == 0, "%s", diag.text);
    for (int i = 0; i < config->threshold_count; i++)
        config->threshold[i].enabled &= config->threshold[i].line > 0;
    ini_free(ini);
}

/* One reading a second. */
static void
moments(int count, int series)
{
    ck_assert_int_eq(past_init(&past, count, series), 0);
    for (int m = 0; m < count; m++)
        past.wall_ns[m] = INT64_C(1795228200) * NS_PER_SEC + m * NS_PER_SEC;
}

static float *
series(int number, enum metric metric, const char *row)
{
    past.series[number].metric = metric;
    str_copy(past.series[number].row, sizeof past.series[number].row, row);
    return past.series[number].value;
}

static const struct replay_alert *
find(const char *key)
{
    for (int i = 0; i < replay.count; i++)
        if (!strcmp(replay.alert[i].key, key))
            return &replay.alert[i];
    ck_abort_msg("there is no %s", key);
    return NULL;
}

START_TEST(what_would_have_been_told)
{
    rules("[threshold cpu.total]\nwarning = 80\ncritical = 95\nfor = 5s\nkeep_firing_for = 10s\n"
          "[threshold disk.busy]\nwarning = 50\n");
    moments(MOMENTS, 3);
    float *cpu = series(0, METRIC_CPU_TOTAL, ""), *one = series(1, METRIC_DISK_BUSY, "vda"),
          *two = series(2, METRIC_DISK_BUSY, "vdb");
    for (int m = 0; m < MOMENTS; m++) {
        cpu[m] = m >= 100 && m < 200 ? 85 : m >= 1000 && m < 1300 ? 85 : 10;
        one[m] = 5, two[m] = m >= 1900 ? 90 : 5;
    }
    cpu[50] = 99; /* too short */
    for (int m = 1100; m < 1200; m++)
        cpu[m] = 99;
    ck_assert_int_eq(replay_run(config, &past, NULL, &replay), 0);
    ck_assert_int_eq(replay.moments, MOMENTS);
    ck_assert_int_eq(replay.count, 3);

    const struct replay_alert *alert = find("cpu.total");
    ck_assert_int_eq(alert->fired, 2);
    ck_assert_int_eq(alert->critical, 1);
    ck_assert_int_eq(alert->flapped, 0);
    ck_assert_int_eq(alert->incident_count, 2);
    ck_assert_int_eq(alert->incident[0].start_wall_ns, past.wall_ns[105]);
    ck_assert_int_eq(alert->incident[0].end_wall_ns, past.wall_ns[210]);
    ck_assert_int_eq(alert->incident[0].level, ALERT_WARNING);
    ck_assert_int_eq(alert->incident[1].level, ALERT_CRITICAL);
    ck_assert_double_eq(alert->incident[1].value, 99);
    ck_assert_int_eq(alert->incident[1].end_wall_ns, past.wall_ns[1310]);
    ck_assert_double_eq(alert->firing_seconds, 105 + 305);
    ck_assert_double_eq(alert->longest_seconds, 305);
    ck_assert_double_eq(alert->critical_seconds, 105); /* 1105, and back after 10 s of calm */

    ck_assert_int_eq(find("disk.busy:vda")->fired, 0);
    alert = find("disk.busy:vdb");
    ck_assert_int_eq(alert->fired, 1);
    ck_assert_int_eq(alert->incident[0].end_wall_ns, 0); /* it goes on */
    ck_assert_double_eq(alert->firing_seconds, 99);
}
END_TEST

START_TEST(levels_from_shares)
{
    rules("[threshold cpu.total]\nwarning = 80\n[threshold memory.available_bytes]\nwarning = < 1\n"
          "[threshold system.load1]\nwarning = 1000\n");
    moments(10000, 2);
    float *cpu = series(0, METRIC_CPU_TOTAL, ""), *memory = series(1, METRIC_MEMORY_AVAILABLE, "");
    for (int m = 0; m < 10000; m++) {
        cpu[m] = (float)(m * 7919 % 10000) / 200; /* 0 to 50, all alike often */
        memory[m] = 1e9F + 1e5F * (float)(m * 7919 % 10000);
    }
    ck_assert_int_eq(replay_run(config, &past, NULL, &replay), 0);
    const struct replay_alert *alert = find("cpu.total");
    ck_assert_double_eq_tol(alert->p50, 25, 0.25);
    ck_assert_double_eq_tol(alert->p99, 49.5, 0.5);
    ck_assert_double_eq_tol(alert->high, 49.995, 0.001);
    ck_assert_double_eq_tol(alert->low, 0, 1e-9);
    ck_assert_double_eq_tol(alert->suggested_warning, 50, 1e-6);
    ck_assert(isnan(alert->suggested_critical)); /* the same */
    alert = find("memory.available_bytes");
    ck_assert_double_le(alert->suggested_warning, alert->p1);
    ck_assert_double_eq_tol(alert->suggested_warning, 1e9, 1e7);
    alert = find("system.load1"); /* no past */
    ck_assert(isnan(alert->p50));
    ck_assert(isnan(alert->suggested_warning));
    ck_assert_double_eq(alert->known_seconds, 0);
}
END_TEST

START_TEST(flapping_is_counted)
{
    rules("[threshold cpu.total]\nwarning = 80\nclear_warning = 80\n");
    moments(MOMENTS, 1);
    float *cpu = series(0, METRIC_CPU_TOTAL, "");
    for (int m = 0; m < MOMENTS; m++)
        cpu[m] = m > 200 && m < 500 && m / 5 % 2 ? 90 : 10;
    ck_assert_int_eq(replay_run(config, &past, NULL, &replay), 0);
    ck_assert_int_eq(find("cpu.total")->flapped, 1);
    ck_assert_int_lt(find("cpu.total")->notices, 12);
    ck_assert_int_ne(find("cpu.total")->incident[find("cpu.total")->incident_count - 1].end_wall_ns, 0);
}
END_TEST

static int names;

static void
count_name(void *context, enum metric metric, const char *instance)
{
    (void)context;
    names += metric == METRIC_CPU_TOTAL && !*instance;
    names += metric == METRIC_SYSTEM_LOAD1 ? 10 : 0;
    names += metric == METRIC_DISK_BUSY && !strcmp(instance, "vda") ? 100 : 0;
    names += metric == METRIC_FIGURE_VALUE && !strcmp(instance, "pool.reuse:app/pool=a") ? 1000 : 0;
    names += metric == METRIC_DISK_BUSY && !*instance ? 100000 : 0;
}

START_TEST(conditions_see_the_past)
{
    rules("[threshold cpu.total]\nwarning = 80\nwhen = system.load1 > 3 and (math.max(1, 2) > 1 or "
          "metric(\"disk.busy:vda\") > metric('pool.reuse:app/pool=a'))\n"
          "[threshold disk.busy]\nwarning = 50\nenabled = no\n");
    names = 0;
    replay_wants(config, count_name, NULL);
    ck_assert_int_eq(names, 1111);
    moments(MOMENTS, 4);
    float *cpu = series(0, METRIC_CPU_TOTAL, ""), *load = series(1, METRIC_SYSTEM_LOAD1, ""),
          *disk = series(2, METRIC_DISK_BUSY, "vda"),
          *figure = series(3, METRIC_FIGURE_VALUE, "pool.reuse:app/pool=a");
    for (int m = 0; m < MOMENTS; m++)
        cpu[m] = 90, load[m] = m > 100 ? 4 : 1, disk[m] = figure[m] = 1;
    ck_assert_int_eq(replay_run(config, &past, NULL, &replay), 0);
    ck_assert_str_eq(replay.fault, "");
    ck_assert_int_eq(find("cpu.total")->fired, 1);
    ck_assert_int_eq(find("cpu.total")->incident[0].start_wall_ns, past.wall_ns[101]);
}
END_TEST

static int
stopped(void)
{
    return 1;
}

START_TEST(rates_of_the_past)
{
    rules("[threshold growth]\nmetric = memory.used_bytes\nof = rate\nwindow = 10s\nwarning = 600k/min\n");
    moments(MOMENTS, 1);
    float *used = series(0, METRIC_MEMORY_USED, "");
    for (int m = 0; m < MOMENTS; m++) /* 20 KiB a second, in the middle */
        used[m] = 20480.0F * (float)(m < 500 ? 0 : m < 700 ? m - 500 : 200);
    ck_assert_int_eq(replay_run(config, &past, NULL, &replay), 0);
    const struct replay_alert *alert = find("growth");
    ck_assert_int_eq(alert->fired, 1);
    ck_assert_double_eq_tol(alert->high, 20480, 20480 / 100.0);
    ck_assert_double_eq_tol(alert->p50, 0, 1e-6);
    ck_assert_double_eq_tol(alert->firing_seconds, 200, 10);
}
END_TEST

START_TEST(edges)
{
    rules("[threshold cpu.total]\nwarning = 80\n");
    ck_assert_int_eq(past_init(&past, PAST_CELLS_MAX, 2), ERR_TOO_LARGE);
    moments(0, 0);
    ck_assert_int_eq(replay_run(config, &past, NULL, &replay), 0);
    ck_assert_int_eq(replay.count, 0);
    replay_release(&replay);
    past_release(&past);
    moments(MOMENTS, 1);
    series(0, METRIC_CPU_TOTAL, "");
    ck_assert_int_eq(replay_run(config, &past, stopped, &replay), -ECANCELED);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("replay");
    TCase *tcase = tcase_create("replay");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_would_have_been_told);
    tcase_add_test(tcase, levels_from_shares);
    tcase_add_test(tcase, flapping_is_counted);
    tcase_add_test(tcase, conditions_see_the_past);
    tcase_add_test(tcase, rates_of_the_past);
    tcase_add_test(tcase, edges);
    suite_add_tcase(suite, tcase);
    return suite;
}
