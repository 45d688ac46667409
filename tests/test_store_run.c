/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs, trials and log lines in the store: what goes in comes out, also after
 * the store was opened again.
 */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "store/store_run.h"

static struct store *store;
static const char *directory;
static struct str rows; /* what a listing found, one line each */

static void
setup(void)
{
    directory = test_directory();
    str_init(&rows);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    ck_assert_int_eq(store_begin(store), 0);
}

static void
teardown(void)
{
    store_rollback(store);
    store_close(store);
    str_release(&rows);
}

static void
reopen(void)
{
    ck_assert_int_eq(store_commit(store, NULL), 0);
    store_close(store);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    ck_assert_int_eq(store_begin(store), 0);
}

/* Runs. */

static const char environment[] = "A=1\0B=\xC3\xBC\0";

static struct store_run
sample_run(void)
{
    return (struct store_run){ .name = "xz", .state = RUN_QUEUED, .reason = "", .file = "xz.ini",
        .text = "[run]\nname = xz\n", .directory = "/home/u", .environment = environment,
        .environment_len = sizeof environment - 1, .created_wall_ns = 1700000000000000001,
        .total = -1 };
}

static int64_t
add_run(enum run_state state)
{
    struct store_run run = sample_run();
    int64_t id = -1;
    run.state = state;
    ck_assert_int_eq(store_run_add(store, &run, &id), 0);
    return id;
}

static int
print_run(void *context, const struct store_run *run)
{
    (void)context;
    str_printf(&rows, "%d %s\n", (int)run->id, run_state_name(run->state));
    return 0;
}

static int
stop_at_two(void *context, const struct store_run *run)
{
    print_run(NULL, run);
    return ++*(int *)context == 2 ? -ECANCELED : 0;
}

static void
same(double a, double b)
{
    ck_assert_msg((isnan(a) && isnan(b)) || (!(a < b) && !(a > b) && !isnan(a) && !isnan(b)),
        "%.17g is not %.17g", a, b);
}

static int
check_run(void *context, const struct store_run *run)
{
    const struct store_run *want = context;
    ck_assert_int_eq(run->id, want->id);
    ck_assert_str_eq(run->name, want->name);
    ck_assert_int_eq(run->state, want->state);
    ck_assert_str_eq(run->reason, want->reason);
    ck_assert_str_eq(run->file, want->file);
    ck_assert_str_eq(run->text, want->text);
    ck_assert_str_eq(run->directory, want->directory);
    ck_assert_uint_eq(run->environment_len, want->environment_len);
    if (want->environment_len)
        ck_assert_mem_eq(run->environment, want->environment, want->environment_len);
    ck_assert_int_eq(run->created_wall_ns, want->created_wall_ns);
    ck_assert_int_eq(run->started_wall_ns, want->started_wall_ns);
    ck_assert_int_eq(run->finished_wall_ns, want->finished_wall_ns);
    ck_assert_int_eq(run->elapsed_ns, want->elapsed_ns);
    ck_assert_int_eq(run->busy_ns, want->busy_ns);
    ck_assert_int_eq(run->worker_ns, want->worker_ns);
    ck_assert_int_eq(run->total, want->total);
    ck_assert_int_eq(run->done, want->done);
    ck_assert_int_eq(run->failed, want->failed);
    ck_assert_int_eq(run->best_trial, want->best_trial);
    same(run->best_score, want->best_score);
    ck_assert_int_eq(run->mark_trial, want->mark_trial);
    same(run->mark_cursor, want->mark_cursor);
    ck_assert_str_eq(run->cage, want->cage);
    return 0;
}

START_TEST(a_run_comes_back_whole)
{
    struct store_run run = sample_run();
    ck_assert_int_eq(store_run_add(store, &run, &run.id), 0);
    reopen();
    run.mark_trial = 1;
    run.best_score = NAN;
    run.cage = "";
    ck_assert_int_eq(store_run_get(store, run.id, check_run, &run), 0);

    run.state = RUN_FAILED;
    run.reason = "a \"reason\"; '--";
    run.started_wall_ns = 5;
    run.finished_wall_ns = INT64_MAX;
    run.elapsed_ns = 7, run.busy_ns = 8, run.worker_ns = 9;
    run.total = 750, run.done = 12, run.failed = 3;
    run.best_trial = 4, run.best_score = -0.1;
    run.mark_trial = 11, run.mark_cursor = 9007199254740991.0;
    run.cage = "cgroup2";
    ck_assert_int_eq(store_run_update(store, &run), 0);
    reopen();
    ck_assert_int_eq(store_run_get(store, run.id, check_run, &run), 0);

    run.total = -1, run.best_trial = 0, run.best_score = NAN;
    ck_assert_int_eq(store_run_update(store, &run), 0);
    ck_assert_int_eq(store_run_get(store, run.id, check_run, &run), 0);
}
END_TEST

START_TEST(a_run_without_environment)
{
    struct store_run run = sample_run();
    run.environment = NULL;
    run.environment_len = 0;
    run.total = 0;
    ck_assert_int_eq(store_run_add(store, &run, &run.id), 0);
    run.mark_trial = 1, run.best_score = NAN, run.cage = "";
    ck_assert_int_eq(store_run_get(store, run.id, check_run, &run), 0);
}
END_TEST

START_TEST(numbers_are_never_used_again)
{
    int64_t first = add_run(RUN_QUEUED), second = add_run(RUN_QUEUED);
    ck_assert_int_eq(second, first + 1);
    store_rollback(store);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(add_run(RUN_QUEUED), first); /* nobody was told those */
    reopen();
    ck_assert_int_eq(add_run(RUN_QUEUED), first + 1);
}
END_TEST

START_TEST(runs_are_listed)
{
    for (int state = 0; state < RUN_STATE_COUNT; state++)
        add_run((enum run_state)state);
    ck_assert_int_eq(store_run_list(store, 3, print_run, NULL), 0);
    ck_assert_str_eq(rows.data, "6 cancelled\n5 failed\n4 done\n");
    str_clear(&rows);
    ck_assert_int_eq(store_run_list(store, 0, print_run, NULL), 0);
    ck_assert_str_eq(rows.data, "");
    ck_assert_int_eq(store_run_open_list(store, print_run, NULL), 0);
    ck_assert_str_eq(rows.data, "1 queued\n2 running\n3 paused\n");
    str_clear(&rows);
    int calls = 0;
    ck_assert_int_eq(store_run_list(store, 100, stop_at_two, &calls), -ECANCELED);
    ck_assert_str_eq(rows.data, "6 cancelled\n5 failed\n");
    ck_assert_int_eq(store_run_get(store, 99, print_run, NULL), ERR_NOT_FOUND);
}
END_TEST

/* Trials. */

static int
add_trial(int64_t run, int64_t number, enum trial_state state, double score)
{
    struct trial_result result = { .trial = number, .attempt = 1, .state = state, .score = score,
        .wall_seconds = 0.25, .cpu_seconds = 0.2, .max_rss_bytes = 4096, .stdout_bytes = 17,
        .exit_code = state == TRIAL_DONE ? 0 : 3 };
    struct store_trial trial = { &result, "[1,2.5]", 1000 - number };
    return store_trial_add(store, run, &trial);
}

static int
print_trial(void *context, const struct store_trial *trial)
{
    (void)context;
    str_printf(&rows, "%d:%g ", (int)trial->result->trial, trial->result->score);
    return 0;
}

static const char *
top(int64_t run, enum run_goal goal, int count)
{
    str_clear(&rows);
    ck_assert_int_eq(store_trial_top(store, run, goal, count, print_trial, NULL), 0);
    return rows.data;
}

static int
check_trial(void *context, const struct store_trial *trial)
{
    const struct trial_result *want = context, *got = trial->result;
    ck_assert_int_eq(got->trial, want->trial);
    ck_assert_int_eq(got->attempt, want->attempt);
    ck_assert_int_eq(got->state, want->state);
    same(got->score, want->score);
    same(got->wall_seconds, want->wall_seconds);
    same(got->cpu_seconds, want->cpu_seconds);
    same(got->max_rss_bytes, want->max_rss_bytes);
    same(got->stdout_bytes, want->stdout_bytes);
    ck_assert_int_eq(got->exit_code, want->exit_code);
    ck_assert_int_eq(got->signal_number, want->signal_number);
    ck_assert_str_eq(got->reason, want->reason);
    ck_assert_ptr_null(got->log);
    ck_assert(str_equal(got->metrics, want->metrics));
    ck_assert_str_eq(trial->params, "[3]");
    ck_assert_int_eq(trial->finished_wall_ns, 77);
    return 0;
}

START_TEST(a_trial_comes_back_whole)
{
    int64_t run = add_run(RUN_RUNNING);
    struct trial_result done = { .trial = 1, .attempt = 2, .state = TRIAL_DONE, .score = 1.0 / 3,
        .wall_seconds = 0.001, .cpu_seconds = 0.1, .max_rss_bytes = 1e12, .stdout_bytes = 0,
        .metrics = (char[]){ "{\"accuracy\":0.5}" } };
    struct trial_result failed = { .trial = 2, .attempt = 1, .state = TRIAL_FAILED, .score = NAN,
        .wall_seconds = NAN, .cpu_seconds = NAN, .max_rss_bytes = NAN, .stdout_bytes = NAN,
        .exit_code = -1, .signal_number = 11, .reason = "killed by SIGSEGV" };
    ck_assert_int_eq(store_trial_add(store, run, &(struct store_trial){ &done, "[3]", 77 }), 0);
    ck_assert_int_eq(store_trial_add(store, run, &(struct store_trial){ &failed, "[3]", 77 }), 0);
    reopen();
    ck_assert_int_eq(store_trial_get(store, run, 1, check_trial, &done), 0);
    ck_assert_int_eq(store_trial_get(store, run, 2, check_trial, &failed), 0);
    ck_assert_int_eq(store_trial_get(store, run, 3, check_trial, NULL), ERR_NOT_FOUND);
    ck_assert_int_eq(store_trial_get(store, run + 1, 1, check_trial, NULL), ERR_NOT_FOUND);
}
END_TEST

START_TEST(the_first_result_stays)
{
    int64_t run = add_run(RUN_RUNNING), other = add_run(RUN_RUNNING);
    ck_assert_int_eq(add_trial(run, 1, TRIAL_DONE, 5), 0);
    ck_assert_int_eq(add_trial(run, 1, TRIAL_DONE, 4), ERR_DUPLICATE);
    ck_assert_int_eq(add_trial(run, 1, TRIAL_FAILED, NAN), ERR_DUPLICATE);
    ck_assert_int_eq(add_trial(other, 1, TRIAL_DONE, 3), 0);
    ck_assert_str_eq(top(run, RUN_MINIMIZE, 10), "1:5 ");
    ck_assert_str_eq(top(other, RUN_MINIMIZE, 10), "1:3 ");
    /* what cannot be stored at all is an error, not a duplicate */
    struct trial_result result = { .trial = 2, .attempt = 1 };
    ck_assert_int_eq(store_trial_add(store, run, &(struct store_trial){ &result, NULL, 1 }),
        ERR_STORE);
}
END_TEST

START_TEST(top_is_best_first)
{
    int64_t run = add_run(RUN_RUNNING);
    static const double scores[] = { 3, -1, 7, 3, INFINITY, -1, 0.5, -INFINITY };
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(add_trial(run, i + 1, TRIAL_DONE, scores[i]), 0);
    ck_assert_int_eq(add_trial(run, 9, TRIAL_FAILED, NAN), 0);
    ck_assert_int_eq(add_trial(run, 10, TRIAL_FAILED, -100), 0);
    ck_assert_int_eq(add_trial(run, 11, TRIAL_DONE, NAN), 0); /* has no place */
    ck_assert_str_eq(top(run, RUN_MINIMIZE, 100),
        "8:-inf 2:-1 6:-1 7:0.5 1:3 4:3 3:7 5:inf ");
    ck_assert_str_eq(top(run, RUN_MAXIMIZE, 100),
        "5:inf 3:7 1:3 4:3 7:0.5 2:-1 6:-1 8:-inf ");
    ck_assert_str_eq(top(run, RUN_MAXIMIZE, 3), "5:inf 3:7 1:3 ");
    ck_assert_str_eq(top(run, RUN_MINIMIZE, 0), "");
    ck_assert_str_eq(top(run + 1, RUN_MINIMIZE, 10), "");
}
END_TEST

/* Metrics that trials reported themselves; those without them come last. */
START_TEST(top_by_what_was_reported)
{
    int64_t run = add_run(RUN_RUNNING);
    static char texts[][32] = { "{\"loss\":0.5}", "{\"loss\":-2,\"a.b\":1}", "{}", "{\"loss\":30}" };
    for (int i = 0; i < 5; i++) {
        struct trial_result result = { .trial = i + 1, .attempt = 1, .state = TRIAL_DONE, .score = 1,
            .metrics = i < 4 ? texts[i] : NULL };
        ck_assert_int_eq(store_trial_add(store, run, &(struct store_trial){ &result, "[1]", 1 }), 0);
    }
    str_clear(&rows);
    ck_assert_int_eq(store_trial_top_by(store, run, "loss", false, INT64_MAX, 9, print_trial, NULL), 0);
    ck_assert_str_eq(rows.data, "2:1 1:1 4:1 3:1 5:1 ");
    str_clear(&rows);
    ck_assert_int_eq(store_trial_top_by(store, run, "loss", true, INT64_MAX, 2, print_trial, NULL), 0);
    ck_assert_str_eq(rows.data, "4:1 1:1 ");
    str_clear(&rows);
    ck_assert_int_eq(store_trial_top_by(store, run, "a.b", false, INT64_MAX, 1, print_trial, NULL), 0);
    ck_assert_str_eq(rows.data, "2:1 ");
    static const char *const none[] = { "", "los", "a", "lo\"ss", "loss') --",
        "a_name_that_is_longer_than_any_name_of_a_metric_may_ever_be_in_a_trial_of_ours" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        ck_assert_int_eq(store_trial_top_by(store, run, none[i], false, INT64_MAX, 9, print_trial, NULL),
            ERR_NOT_FOUND);
}
END_TEST

static int
print_failure(void *context, const struct store_failure *failure)
{
    (void)context;
    str_printf(&rows, "%s:%d:%d-%d ", failure->reason, (int)failure->count, (int)failure->first,
        (int)failure->last);
    return 0;
}

START_TEST(failures_go_by_reason)
{
    int64_t run = add_run(RUN_RUNNING), kinds = 9;
    static const char *const reasons[] = { "b", "a", "", "b", "c", "" };
    for (int i = 0; i < 6; i++) {
        struct trial_result result = { .trial = i + 1, .attempt = 1,
            .state = *reasons[i] ? TRIAL_FAILED : TRIAL_DONE };
        str_copy(result.reason, sizeof result.reason, reasons[i]);
        ck_assert_int_eq(store_trial_add(store, run, &(struct store_trial){ &result, "[1]", 1 }), 0);
    }
    str_clear(&rows);
    ck_assert_int_eq(store_trial_failures(store, run, 9, &kinds, print_failure, NULL), 0);
    ck_assert_str_eq(rows.data, "b:2:1-4 a:1:2-2 c:1:5-5 ");
    ck_assert_int_eq(kinds, 3);
    str_clear(&rows);
    ck_assert_int_eq(store_trial_failures(store, run, 1, &kinds, print_failure, NULL), 0);
    ck_assert_str_eq(rows.data, "b:2:1-4 ");
    ck_assert_int_eq(kinds, 3);
    ck_assert_int_eq(store_trial_failures(store, run + 1, 9, &kinds, print_failure, NULL), 0);
    ck_assert_int_eq(kinds, 0);
}
END_TEST

START_TEST(trials_are_listed_by_number)
{
    int64_t run = add_run(RUN_RUNNING);
    static const int order[] = { 4, 2, 5, 1, 3 };
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(add_trial(run, order[i], order[i] == 3 ? TRIAL_FAILED : TRIAL_DONE,
            order[i] == 3 ? (double)NAN : order[i] * 10), 0);
    ck_assert_int_eq(store_trial_list(store, run, 0, 100, print_trial, NULL), 0);
    ck_assert_str_eq(rows.data, "1:10 2:20 3:nan 4:40 5:50 ");
    str_clear(&rows);
    ck_assert_int_eq(store_trial_list(store, run, 2, 2, print_trial, NULL), 0);
    ck_assert_str_eq(rows.data, "3:nan 4:40 ");
    str_clear(&rows);
    ck_assert_int_eq(store_trial_list(store, run, 5, 100, print_trial, NULL), 0);
    ck_assert_str_eq(rows.data, "");
}
END_TEST

static int
print_score(void *context, int64_t trial, double score)
{
    (void)context;
    str_printf(&rows, "%d:%g ", (int)trial, score);
    return 0;
}

START_TEST(scores_come_in_order_of_completion)
{
    int64_t run = add_run(RUN_RUNNING);
    /* add_trial makes later numbers end earlier */
    ck_assert_int_eq(add_trial(run, 1, TRIAL_DONE, 1), 0);
    ck_assert_int_eq(add_trial(run, 2, TRIAL_FAILED, NAN), 0);
    ck_assert_int_eq(add_trial(run, 3, TRIAL_DONE, 3), 0);
    ck_assert_int_eq(store_trial_scores(store, run, print_score, NULL), 0);
    ck_assert_str_eq(rows.data, "3:3 2:nan 1:1 ");
}
END_TEST

/* Log lines. */

static int
print_log(void *context, const struct store_log *line)
{
    (void)context;
    str_printf(&rows, "%d/%d %s %s\n", (int)line->id, (int)line->trial, line->level, line->text);
    return 0;
}

static void
add_log(int64_t run, int64_t trial, const char *text)
{
    struct store_log line = { .run = run, .trial = trial, .wall_ns = 5, .level = "info",
        .text = text };
    ck_assert_int_eq(store_log_add(store, &line), 0);
}

START_TEST(logs_are_listed)
{
    add_log(1, 0, "started");
    add_log(2, 7, "of another run");
    add_log(1, 7, "trial 7");
    add_log(1, 8, "trial 8");
    reopen();
    ck_assert_int_eq(store_log_list(store, 1, 0, 0, 100, false, print_log, NULL), 0);
    ck_assert_str_eq(rows.data, "1/0 info started\n3/7 info trial 7\n4/8 info trial 8\n");
    str_clear(&rows);
    ck_assert_int_eq(store_log_list(store, 1, 7, 0, 100, false, print_log, NULL), 0);
    ck_assert_str_eq(rows.data, "3/7 info trial 7\n");
    str_clear(&rows);
    ck_assert_int_eq(store_log_list(store, 1, 0, 1, 1, false, print_log, NULL), 0);
    ck_assert_str_eq(rows.data, "3/7 info trial 7\n");
    str_clear(&rows);
    ck_assert_int_eq(store_log_list(store, 1, 0, 0, 2, true, print_log, NULL), 0);
    ck_assert_str_eq(rows.data, "3/7 info trial 7\n4/8 info trial 8\n");
}
END_TEST

struct log_figures {
    int count;
    int64_t first, last;
};

static int
measure_log(void *context, const struct store_log *line)
{
    struct log_figures *f = context;
    f->first = f->count++ ? f->first : line->id;
    f->last = line->id;
    return 0;
}

/* Two runs that take turns: each is trimmed by itself, whatever the other does. */
START_TEST(logs_are_trimmed)
{
    int most = STORE_RUN_LOG_MAX + 600;
    for (int i = 0; i < most; i++) {
        add_log(1, 0, "one");
        add_log(2, 0, "two");
        if (i < 3)
            add_log(3, 0, "few");
    }
    for (int64_t run = 1; run <= 2; run++) {
        struct log_figures f = { 0 };
        ck_assert_int_eq(store_log_list(store, run, 0, 0, 2 * most, false, measure_log, &f), 0);
        ck_assert_int_ge(f.count, STORE_RUN_LOG_MAX);
        ck_assert_int_le(f.count, STORE_RUN_LOG_MAX + 300);
        ck_assert_int_ge(f.last, 2 * most);
    }
    struct log_figures few = { 0 };
    ck_assert_int_eq(store_log_list(store, 3, 0, 0, 100, false, measure_log, &few), 0);
    ck_assert_int_eq(few.count, 3);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("store_run");
    TCase *tcase = tcase_create("store_run");
    tcase_set_timeout(tcase, 90);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_run_comes_back_whole);
    tcase_add_test(tcase, a_run_without_environment);
    tcase_add_test(tcase, numbers_are_never_used_again);
    tcase_add_test(tcase, runs_are_listed);
    tcase_add_test(tcase, a_trial_comes_back_whole);
    tcase_add_test(tcase, the_first_result_stays);
    tcase_add_test(tcase, top_is_best_first);
    tcase_add_test(tcase, top_by_what_was_reported);
    tcase_add_test(tcase, failures_go_by_reason);
    tcase_add_test(tcase, trials_are_listed_by_number);
    tcase_add_test(tcase, scores_come_in_order_of_completion);
    tcase_add_test(tcase, logs_are_listed);
    tcase_add_test(tcase, logs_are_trimmed);
    suite_add_tcase(suite, tcase);
    return suite;
}
