/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The client's copy of the server's words: status objects, runs, histories.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_change.h"
#include "test.h"
#include "ui/detail.h"
#include "ui/view.h"

static struct view view;

static void
set_up(void)
{
    view_init(&view);
}

static void
tear_down(void)
{
    view_release(&view);
}

static json_t *
parse(const char *text)
{
    struct diag diag;
    json_t *value = json_parse(text, strlen(text), &diag);
    ck_assert_msg(value != NULL, "%s", text);
    return value;
}

static void
apply(const char *text)
{
    json_t *status = parse(text);
    view_apply_status(&view, status);
    json_decref(status);
}

START_TEST(nothing_is_known_at_first)
{
    ck_assert_uint_eq(view.ticks, 0);
    ck_assert(isnan(view.time));
    ck_assert(isnan(view.sample.scalar[METRIC_CPU_TOTAL]));
    ck_assert_ptr_null(view_find_run(&view, 1));
    ck_assert(isnan(view_series_at(&view.series[0], 0)));
}
END_TEST

START_TEST(a_status_is_taken)
{
    apply("{\"seq\":12,\"time\":1795228207.12,\"interval_seconds\":2,"
          "\"host\":{\"name\":\"vm\",\"kernel\":\"6.18\",\"cores\":2},"
          "\"cpu\":{\"total\":12.5,\"user\":9},"
          "\"cores\":[{\"name\":\"0\",\"total\":14.1},{\"name\":\"1\",\"total\":null}],"
          "\"memory\":{\"pressure\":3,\"pressure_level\":\"high\",\"pressure_reason\":\"machine: 8% left\",\"types\":[{\"name\":\"json\",\"bytes\":4096}],"
          "\"released\":{\"bytes\":3145728,\"last_bytes\":2097152,\"givers\":["
          "{\"name\":\"heap\",\"bytes\":1048576},{\"name\":\"cache x\",\"bytes\":1048576}]}},"
          "\"leaks\":[{\"text\":\"x grows\"}],"
          "\"disks\":[{\"name\":\"vda\",\"write_bytes\":4096}],"
          "\"server\":{\"cpu_pct\":0.4,\"pid\":4711,\"version\":\"0.1.0\",\"state\":\"ok\"},"
          "\"pools\":[{\"name\":\"workers\",\"size\":2,\"in_use\":1}],"
          "\"tasks\":[{\"name\":\"trial xz\",\"count\":700,\"p99_seconds\":0.02}],"
          "\"alerts\":{\"warning\":1,\"active\":[{\"key\":\"cpu.total\",\"state\":\"warning\","
          "\"value\":91.2,\"level\":80,\"unit\":\"%\",\"since\":5}],"
          "\"recent\":[{\"id\":7,\"time\":1,\"type\":\"alert.warning\",\"text\":\"high\"}]}}");
    ck_assert_str_eq(view.host, "vm");
    ck_assert_int_eq(view.cores, 2);
    ck_assert_int_eq(view.server_pid, 4711);
    ck_assert_double_eq(view.sample.scalar[METRIC_CPU_TOTAL], 12.5);
    ck_assert_double_eq(view.sample.scalar[METRIC_SERVER_CPU], 0.4);
    ck_assert(isnan(view.sample.scalar[METRIC_CPU_SYSTEM]));
    ck_assert_double_eq(sample_value(&view.sample, METRIC_CORE_TOTAL, 0), 14.1);
    ck_assert(isnan(sample_value(&view.sample, METRIC_CORE_TOTAL, 1)));
    ck_assert_double_eq(sample_value(&view.sample, METRIC_DISK_WRITE, 0), 4096);
    ck_assert_int_eq(view.shortage.level, 3);
    ck_assert_int_eq(view.shortage.leak_count, 1);
    ck_assert_str_eq(view.shortage.types, "json 4.00K");
    ck_assert_str_eq(view.shortage.leak[0], "x grows");
    ck_assert_str_eq(view.shortage.reason, "machine: 8% left");
    ck_assert_str_eq(view.shortage.givers, "heap 1.00M, cache x 1.00M");
    ck_assert_double_eq(view.pool[0].in_use, 1);
    ck_assert(isnan(view.pool[0].reused));
    ck_assert_double_eq(view.task[0].count, 700);
    ck_assert_int_eq(view.alert_count, 1);
    ck_assert_double_eq(view.alert[0].level, 80);
    ck_assert_str_eq(view.notice[0].text, "high");
    ck_assert_double_eq((double)view_series_at(&view.series[VIEW_SERIES_CPU], 0), 12.5);
    ck_assert(isnan(view_series_at(&view.series[VIEW_SERIES_CPU], 1)));
}
END_TEST

START_TEST(wrong_types_count_as_unknown)
{
    static const char *const odd[] = { "[]", "3", "\"x\"", "{\"cpu\":[],\"cores\":{},\"host\":3}",
        "{\"cores\":[3,null,{\"name\":4},{\"total\":3}],\"runs\":{},\"pools\":3,\"tasks\":[3]}",
        "{\"time\":\"x\",\"seq\":\"y\",\"cpu\":{\"total\":\"12\"},\"alerts\":{\"active\":3}}",
        "{\"boards\":[3,{\"figures\":3},{\"figures\":[4,null]},{\"pid\":\"x\"}]}",
        "{\"server\":{\"pid\":-3,\"sessions\":99999999999999}}" };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        apply(odd[i]);
        ck_assert(isnan(view.sample.scalar[METRIC_CPU_TOTAL]));
        ck_assert_int_eq(view.run_count + view.pool_count + view.task_count + view.alert_count +
            view.figure_count, 0);
        ck_assert_int_eq(view.server_pid + view.sessions, 0);
    }
}
END_TEST

START_TEST(rows_that_go_and_come_keep_their_place)
{
    apply("{\"cores\":[{\"name\":\"0\",\"total\":1},{\"name\":\"1\",\"total\":2},{\"name\":\"2\",\"total\":3}]}");
    apply("{\"cores\":[{\"name\":\"0\",\"total\":4},{\"name\":\"2\",\"total\":5}]}");
    ck_assert_int_eq(view.sample.rows[GROUP_CORE].count, 3);
    ck_assert(!view.sample.rows[GROUP_CORE].row[1].present);
    ck_assert_double_eq(sample_value(&view.sample, METRIC_CORE_TOTAL, 2), 5);
    apply("{\"cores\":[{\"name\":\"2\",\"total\":6},{\"name\":\"1\",\"total\":7}]}");
    ck_assert_double_eq(sample_value(&view.sample, METRIC_CORE_TOTAL, 1), 7);
    ck_assert_double_eq(sample_value(&view.sample, METRIC_CORE_TOTAL, 2), 6);
    ck_assert(isnan(sample_value(&view.sample, METRIC_CORE_TOTAL, 0)));
}
END_TEST

START_TEST(the_servers_caches_are_figures)
{
    apply("{\"server\":{\"pid\":7},\"boards\":[{\"program\":\"optop-server\",\"pid\":7,\"figures\":["
          "{\"name\":\"pool.size\",\"kind\":\"gauge\",\"value\":1},"
          "{\"name\":\"cache.hits\",\"labels\":\"cache=statements\",\"kind\":\"counter\",\"value\":9}]}]}");
    ck_assert_int_eq(view.figure_count, 1);
    ck_assert_str_eq(view.figure[0].name, "cache.hits");
    ck_assert_double_eq(view.figure[0].value, 9);
}
END_TEST

START_TEST(lists_have_caps)
{
    json_t *status = json_object(), *runs = json_array(), *names = json_array();
    for (int i = 1; i <= 3 * VIEW_RUNS_MAX; i++) {
        json_array_append_new(runs, json_pack("{s:i,s:s}", "run", i, "state", "done"));
        json_array_append_new(names, json_pack("{s:s}", "name", "x"));
    }
    json_object_set_new(status, "runs", runs);
    json_object_set(status, "pools", names);
    json_object_set_new(status, "tasks", names);
    json_object_set_new(status, "alerts", json_pack("{s:O,s:O}", "active", names, "recent", names));
    view_apply_status(&view, status);
    ck_assert_int_eq(view.run_count, VIEW_RUNS_MAX);
    ck_assert_int_eq(view.pool_count, VIEW_POOLS_MAX);
    ck_assert_int_eq(view.task_count, VIEW_TASKS_MAX);
    ck_assert_int_eq(view.alert_count, VIEW_ALERTS_MAX);
    ck_assert_int_eq(view.notice_count, VIEW_ALERTS_MAX);
    json_t *more = json_pack("{s:i,s:s}", "run", 9999, "state", "running");
    view_apply_run(&view, more);
    ck_assert_int_eq(view.run_count, VIEW_RUNS_MAX);
    ck_assert_int_eq((int)view.run[0].run, 9999);
    json_decref(more);
    json_decref(status);
}
END_TEST

START_TEST(a_run_is_parsed)
{
    struct view_run run;
    json_t *object = parse("{\"run\":3,\"name\":\"x\\u001b[2Jz\",\"state\":\"paused\",\"goal\":\"maximize\","
                           "\"counts\":{\"total\":null,\"done\":100},"
                           "\"best\":{\"trial\":12,\"score\":-1.5,\"params\":{\"a\":9,\"b\":0.1,\"c\":\"x\",\"d\":true}},"
                           "\"rate\":null,\"workers\":2,\"cancelling\":true}");
    ck_assert(view_parse_run(object, &run));
    ck_assert_int_eq(run.state, RUN_PAUSED);
    ck_assert_int_eq(run.goal, RUN_MAXIMIZE);
    ck_assert_ptr_null(strchr(run.name, '\033'));
    ck_assert(isnan(run.total) && isnan(run.rate) && isnan(run.finished));
    ck_assert_double_eq(run.done, 100);
    ck_assert_double_eq(run.failed, 0);
    ck_assert(run.has_best && run.cancelling && !run.resumable);
    ck_assert_str_eq(run.best_params, "a=9 b=0.1 c=x d=true");
    json_decref(object);
    static const char *const bad[] = { "{}", "3", "{\"run\":0,\"state\":\"done\"}", "{\"run\":3}",
        "{\"run\":3,\"state\":\"odd\"}", "{\"run\":\"3\",\"state\":\"done\"}" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        object = parse(bad[i]);
        ck_assert(!view_parse_run(object, &run));
        json_decref(object);
    }
}
END_TEST

START_TEST(long_parameters_are_cut_at_a_pair)
{
    struct view_run run;
    json_t *params = json_object();
    for (int i = 0; i < 60; i++) {
        char name[16];
        snprintf(name, sizeof name, "param%02d", i);
        json_object_set_new(params, name, json_integer(i));
    }
    json_t *object = json_pack("{s:i,s:s,s:{s:o}}", "run", 1, "state", "done", "best", "params", params);
    ck_assert(view_parse_run(object, &run));
    ck_assert_uint_lt(strlen(run.best_params), sizeof run.best_params);
    ck_assert_str_eq(run.best_params + strlen(run.best_params) - 10, "param14=14");
    json_decref(object);
}
END_TEST

START_TEST(runs_are_changed_in_place)
{
    apply("{\"runs\":[{\"run\":2,\"state\":\"running\"},{\"run\":1,\"state\":\"queued\"}]}");
    json_t *run = parse("{\"run\":1,\"state\":\"cancelled\"}");
    view_apply_run(&view, run);
    ck_assert_int_eq(view.run_count, 2);
    ck_assert_int_eq(view_find_run(&view, 1)->state, RUN_CANCELLED);
    ck_assert_ptr_eq(view_find_run(&view, 1), &view.run[1]);
    json_decref(run);
}
END_TEST

static void
apply_history(int series, int count)
{
    json_t *mean = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(mean, i == 1 ? json_null() : json_integer(i));
    json_t *history = json_pack("{s:o}", "mean", mean);
    view_apply_history(&view, series, history);
    json_decref(history);
}

START_TEST(history_goes_before_the_ticks)
{
    apply("{\"seq\":1,\"cpu\":{\"total\":50}}");
    apply_history(VIEW_SERIES_CPU, 3);
    apply("{\"seq\":2,\"cpu\":{\"total\":60}}");
    const struct view_series *series = &view.series[VIEW_SERIES_CPU];
    ck_assert_int_eq(series->count, 5);
    ck_assert_double_eq((double)view_series_at(series, 0), 60);
    ck_assert_double_eq((double)view_series_at(series, 1), 50);
    ck_assert_double_eq((double)view_series_at(series, 2), 2);
    ck_assert(isnan(view_series_at(series, 3)));
    ck_assert_double_eq((double)view_series_at(series, 4), 0);
    ck_assert(isnan(view_series_at(series, 5)));
    ck_assert(isnan(view_series_at(series, -1)));
    apply_history(99, 3);
    apply_history(-1, 3);
}
END_TEST

START_TEST(the_ring_turns)
{
    apply_history(VIEW_SERIES_CPU, 2 * VIEW_HISTORY);
    const struct view_series *series = &view.series[VIEW_SERIES_CPU];
    ck_assert_int_eq(series->count, VIEW_HISTORY);
    ck_assert_double_eq((double)view_series_at(series, 0), 2 * VIEW_HISTORY - 1);
    for (int i = 0; i < VIEW_HISTORY + 7; i++) {
        json_t *status = json_pack("{s:i,s:{s:i}}", "seq", i + 1, "cpu", "total", i);
        view_apply_status(&view, status);
        json_decref(status);
    }
    ck_assert_int_eq(series->count, VIEW_HISTORY);
    ck_assert_double_eq((double)view_series_at(series, 0), VIEW_HISTORY + 6);
    ck_assert_double_eq((double)view_series_at(series, VIEW_HISTORY - 1), 7);
    view_forget_series(&view);
    ck_assert(isnan(view_series_at(series, 0)));
}
END_TEST

START_TEST(the_same_status_twice_is_one_point)
{
    apply("{\"seq\":5,\"cpu\":{\"total\":50}}");
    apply("{\"seq\":5,\"cpu\":{\"total\":50}}");
    ck_assert_int_eq(view.series[VIEW_SERIES_CPU].count, 1);
    ck_assert_uint_eq(view.ticks, 1);
}
END_TEST

/* The detail of a run. */

static struct detail detail;

static void
start_detail(enum run_goal goal)
{
    struct view_run run = { .run = 7, .goal = goal };
    detail_start(&detail, &run);
}

static void
apply_curve(const char *text)
{
    json_t *curve = parse(text);
    detail_apply_curve(&detail, curve);
    json_decref(curve);
}

START_TEST(the_curve_finds_its_range)
{
    start_detail(RUN_MINIMIZE);
    ck_assert(isnan(detail.curve_low));
    ck_assert_str_eq(detail_no_scores(&detail), "reading the scores");
    apply_curve("{\"trials\":[1,2,3],\"scores\":[5,null,3],\"best\":[5,5,3]}");
    ck_assert_int_eq(detail.curve_count, 3);
    ck_assert(isnan(detail.curve_score[1]));
    ck_assert_double_eq(detail.curve_low, 3);
    ck_assert_double_eq(detail.curve_high, 5);
    apply_curve("{\"trials\":[1],\"scores\":[null],\"best\":[null]}");
    ck_assert(isnan(detail.curve_low));
    apply_curve("{\"run\":8,\"scores\":[1,2,3,4]}"); /* another run's */
    ck_assert_int_eq(detail.curve_count, 1);
    apply_curve("{\"scores\":3}");
    ck_assert_int_eq(detail.curve_count, 0);
    ck_assert_str_eq(detail_no_scores(&detail), "no scores yet");
}
END_TEST

START_TEST(log_lines_are_taken_once)
{
    start_detail(RUN_MINIMIZE);
    json_t *logs = parse("{\"lines\":[{\"id\":1,\"time\":1,\"text\":\"one\"},"
                         "{\"id\":2,\"trial\":9,\"level\":\"error\",\"text\":\"two\"}],\"last\":2}");
    detail_apply_logs(&detail, logs);
    detail_apply_logs(&detail, logs);
    ck_assert_int_eq(detail.line_count, 2);
    ck_assert_str_eq(detail_log_at(&detail, 0)->text, "two");
    ck_assert_double_eq(detail_log_at(&detail, 0)->trial, 9);
    ck_assert_ptr_null(detail_log_at(&detail, 2));
    json_decref(logs);
    for (int i = 3; i < 3 * DETAIL_LINES_MAX; i++) {
        logs = json_pack("{s:[{s:i,s:s}]}", "lines", "id", i, "text", "x");
        detail_apply_logs(&detail, logs);
        json_decref(logs);
    }
    ck_assert_int_eq(detail.line_count, DETAIL_LINES_MAX);
    ck_assert_int_eq((int)detail.last_line, 3 * DETAIL_LINES_MAX - 1);
}
END_TEST

START_TEST(top_trials_have_caps)
{
    start_detail(RUN_MINIMIZE);
    json_t *names = json_array(), *trials = json_array(), *params = json_object();
    for (int i = 0; i < 3 * DETAIL_PARAMETERS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        json_array_append_new(names, json_string(name));
        json_object_set_new(params, name, json_integer(i));
    }
    for (int i = 0; i < 3 * DETAIL_TRIALS_MAX; i++)
        json_array_append_new(trials, json_pack("{s:i,s:O}", "trial", i, "params", params));
    json_t *top = json_pack("{s:o,s:o}", "parameters", names, "trials", trials);
    detail_apply_top(&detail, top);
    ck_assert_int_eq(detail.trial_count, DETAIL_TRIALS_MAX);
    ck_assert_int_eq(detail.parameter_count, DETAIL_PARAMETERS_MAX);
    ck_assert_int_eq(detail.parameters, 3 * DETAIL_PARAMETERS_MAX);
    ck_assert_str_eq(detail.trial[1].value[2], "2");
    ck_assert(isnan(detail.trial[0].score));
    json_decref(params);
    json_decref(top);
}
END_TEST

/* Of the status that it was given, so changed, what does the view show? */
static double
shown_figure(const char *name)
{
    for (int i = 0; i < view.figure_count; i++)
        if (!strcmp(view.figure[i].name, name))
            return view.figure[i].value;
    return NAN;
}

START_TEST(figures_change_where_they_are_shown)
{
    json_t *status = parse("{\"seq\":1,\"server\":{\"pid\":9},\"boards\":["
        "{\"program\":\"app\",\"pid\":5,\"figures\":[{\"name\":\"a\",\"kind\":\"gauge\",\"value\":1}]},"
        "{\"program\":\"optop-server\",\"pid\":9,\"figures\":["
        "{\"name\":\"cache.hits\",\"kind\":\"gauge\",\"value\":1},{\"name\":\"task.failed\",\"kind\":\"gauge\",\"value\":1}]}]}");
    static const struct {
        const char *change, *name;
        double value;
    } rows[] = {
        { "{\"boards\":{\"1\":{\"figures\":{\"0\":{\"value\":2}}}}}", "cache.hits", 2 },
        { "{\"boards\":{\"0\":{\"figures\":{\"0\":{\"value\":3}}}}}", "a", 3 },
        { "{\"boards\":{\"1\":{\"figures\":{\"1\":{\"value\":4}}}}}", "a", 3 },
        { "{\"boards\":{\"1\":{\"figures\":[[{\"name\":\"cache.new\",\"kind\":\"gauge\",\"value\":5}]]}}}", "cache.new", 5 },
        { "{\"boards\":[[{\"program\":\"b\",\"pid\":6,\"figures\":[{\"name\":\"z\",\"kind\":\"gauge\",\"value\":6}]}]]}", "z", 6 },
    };
    view_apply_status(&view, status);
    ck_assert_double_eq(shown_figure("cache.hits"), 1);
    ck_assert(isnan(shown_figure("task.failed")));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        json_t *change = parse(rows[i].change);
        ck_assert_int_eq(json_change_apply(&status, change), 0);
        view_apply_change(&view, status, change);
        ck_assert_double_eq(shown_figure(rows[i].name), rows[i].value);
        json_decref(change);
    }
    json_decref(status);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("view");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, nothing_is_known_at_first);
    tcase_add_test(all, a_status_is_taken);
    tcase_add_test(all, the_servers_caches_are_figures);
    tcase_add_test(all, wrong_types_count_as_unknown);
    tcase_add_test(all, rows_that_go_and_come_keep_their_place);
    tcase_add_test(all, lists_have_caps);
    tcase_add_test(all, a_run_is_parsed);
    tcase_add_test(all, long_parameters_are_cut_at_a_pair);
    tcase_add_test(all, runs_are_changed_in_place);
    tcase_add_test(all, history_goes_before_the_ticks);
    tcase_add_test(all, the_ring_turns);
    tcase_add_test(all, the_same_status_twice_is_one_point);
    tcase_add_test(all, the_curve_finds_its_range);
    tcase_add_test(all, log_lines_are_taken_once);
    tcase_add_test(all, top_trials_have_caps);
    tcase_add_test(all, figures_change_where_they_are_shown);
    suite_add_tcase(suite, all);
    return suite;
}
