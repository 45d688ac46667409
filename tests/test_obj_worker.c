/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Programs that answer, and programs that do all else: tests/support/echo.
 */
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "io/proctree.h"
#include "objective/metric_names.h"
#include "objective/objective.h"
#include "test.h"

enum { POINTS = 100, LOGS_MAX = 2 * TRIAL_LOG_MAX + 1 };

static struct run_spec spec;
static struct batch_objective *objective;
static struct diag diag;

static double values[2 * BATCH_POINTS_MAX], score[BATCH_POINTS_MAX];
static _Atomic uint8_t state[BATCH_POINTS_MAX];
static double metric[BATCH_METRICS_MAX][BATCH_POINTS_MAX];
static _Atomic int64_t running;
static int failures;
static int64_t failed_trial;
static char failed_text[256], failed_log[LOGS_MAX];

static void
on_failure(void *context, int64_t trial, const char *text, const char *log, size_t log_len)
{
    (void)context;
    failures++;
    failed_trial = trial;
    str_copy(failed_text, sizeof failed_text, text);
    ck_assert_uint_lt(log_len, LOGS_MAX);
    memcpy(failed_log, log, log_len);
    failed_log[log_len] = '\0';
}

static void
set_dimension(int i, const char *name, enum dimension_kind kind)
{
    str_copy(spec.dimension[i].name, RUN_NAME_MAX, name);
    spec.dimension[i].kind = kind;
}

static int
open_with(const char *command, int threads)
{
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
    if (!spec.dimension) {
        run_spec_init(&spec);
        spec.dimension = xcalloc(2, sizeof *spec.dimension);
        spec.dimension_count = 2;
        set_dimension(0, "x", DIMENSION_INT);
        set_dimension(1, "y", DIMENSION_FLOAT);
    }
    json_t *init = json_pack("{s:s, s:{s:s}, s:{s:s}, s:f}", "command", command, "parameters",
        "what", "nan", "environment", "PROBE", "{what}", "grace_seconds", 0.2);
    const struct batch_init opening = { .spec = &spec, .init = init, .threads = threads };
    int r = objective_find("worker")->batch->open(&opening, &objective, &diag);
    json_decref(init);
    return r;
}

/* The program of these tests, with its arguments. */
static void
open_echo(const char *arguments)
{
    char command[512];
    const char *build = getenv("TEST_BUILDDIR");
    snprintf(command, sizeof command, "%s/tests/support/echo %s", build ? build : ".", arguments);
    int r = open_with(command, 1);
    ck_assert_msg(r == 0, "%s", diag.text);
}

static int
evaluate(int64_t first, int count)
{
    struct batch batch = { .first_trial = first, .count = count, .dimensions = 2,
        .values = values, .score = score, .state = state, .running = &running,
        .tell_failure = on_failure };
    for (int m = 0; m < BATCH_METRICS_MAX; m++)
        batch.metric[m] = metric[m];
    for (int i = 0; i < count; i++) {
        values[2 * i] = (double)(first + i);
        values[2 * i + 1] = (double)i / 8;
        state[i] = BATCH_OPEN;
    }
    failures = 0;
    return objective->type->evaluate(objective, &batch);
}

/* All are done but those in a list that ends with -1. */
static void
check_done(int64_t first, int count, int64_t failed)
{
    for (int i = 0; i < count; i++) {
        bool bad = first + i == failed;
        ck_assert_msg(state[i] == (bad ? BATCH_FAILED : BATCH_DONE), "trial %d", (int)first + i);
        if (!bad)
            ck_assert(score[i] == (double)(first + i) + (double)i / 8);
    }
}

/* Nothing of it is left. */
static void
end(void)
{
    static const struct proctree_target all = { .aim = PROCTREE_DESCENDANTS };
    objective->type->close(objective);
    ck_assert_int_eq(proctree_signal(&all, 0), 0);
    run_spec_release(&spec);
    memset(&spec, 0, sizeof spec);
}

START_TEST(answers)
{
    open_echo("");
    for (int inflight = 1; inflight <= 64; inflight *= 8) {
        objective->type->close(objective);
        spec.inflight = inflight;
        open_echo("");
        for (int64_t first = 1; first < 400; first += POINTS) {
            ck_assert_int_eq(evaluate(first, POINTS), 0);
            check_done(first, POINTS, -1);
            ck_assert_int_eq(failures, 0);
        }
    }
    ck_assert_int_eq(evaluate(7, 1), 0);
    check_done(7, 1, -1);
    ck_assert_int_eq(running, 7);
    end();
}
END_TEST

/* what, reason, a word of its log */
static const struct {
    const char *what, *reason;
} wrongs[] = {
    { "wrong", "the program answered trial 1017, which it does not have" },
    { "nan", "score is not finite" },
    { "inf", "score is not finite" },
    { "error", "a\xc2\xb7[2Jb" },
    { "nul", "the program's answer is no JSON object: {\"trial\":\xc2\xb7 1}" },
    { "escape", "the program's answer is no JSON object: \xc2\xb7[31m\xc2\xb7" },
    { "utf8", "the program's answer is no JSON object: {\"trial\":1,\"error\":\"\xEF\xBF\xBD\xEF\xBF\xBD\"}" },
    { "garbage", "the program's answer is no JSON object: hello" },
    { "flood", "the program's answer is longer than 64 KiB" },
    { "flood-lines", "the program floods its output" },
    { "close", "the program closed its standard output" },
    { "abort", "the program ended: killed by SIGABRT" },
    { "exit", "the program ended: exit status 3" },
    { "lost", "the program ended: exit status 3" },
};

START_TEST(wrong)
{
    char arguments[64];
    for (int inflight = 1; inflight <= 8; inflight += 7) {
        snprintf(arguments, sizeof arguments, "17 %s", wrongs[_i].what);
        run_spec_init(&spec);
        spec.dimension = NULL;
        open_echo(arguments);
        objective->type->close(objective);
        spec.inflight = inflight;
        open_echo(arguments);
        ck_assert_int_eq(evaluate(1, POINTS), 0);
        check_done(1, POINTS, 17);
        ck_assert_int_eq(failures, 1);
        ck_assert_int_eq(failed_trial, 17);
        ck_assert_str_eq(failed_text, wrongs[_i].reason);
        ck_assert_msg(strstr(failed_log, "now: ") != NULL, "log: %s", failed_log);
        ck_assert_int_eq(evaluate(101, POINTS), 0);
        check_done(101, POINTS, -1);
        end();
    }
}
END_TEST

START_TEST(limit)
{
    static const char *const ways[] = { "17 silent", "17 close-in", "17 flood-stderr" };
    run_spec_init(&spec);
    open_echo(ways[_i]);
    objective->type->close(objective);
    spec.trial_seconds = 0.3;
    spec.inflight = 8;
    open_echo(ways[_i]);
    int64_t began = clock_mono_ns();
    ck_assert_int_eq(evaluate(1, POINTS), 0);
    ck_assert(clock_mono_ns() - began >= NS_PER_SEC / 4);
    check_done(1, POINTS, 17);
    ck_assert_str_eq(failed_text, "time limit of 300ms");
    end();
}
END_TEST

START_TEST(harmless)
{
    static const char *const ways[] = { "17 twice", "100 twice", "17 report", "0 once", "0 ignore-term",
        "0 backwards" };
    open_echo(ways[_i]);
    objective->type->close(objective);
    spec.inflight = 7;
    open_echo(ways[_i]);
    ck_assert_int_eq(evaluate(1, POINTS), 0);
    check_done(1, POINTS, -1);
    ck_assert_int_eq(evaluate(101, 20), 0);
    check_done(101, 20, -1);
    ck_assert_int_eq(failures, 0);
    end();
}
END_TEST

/* A program that ends without a word costs the trial it had, whatever its
 * status, and what it has left behind is gone. */
START_TEST(leaves_something)
{
    static const struct proctree_target all = { .aim = PROCTREE_DESCENDANTS };
    open_echo("1 leave");
    ck_assert_int_eq(evaluate(1, 1), 0);
    check_done(1, 1, 1);
    ck_assert_str_eq(failed_text, "the program ended: exit status 0");
    ck_assert_int_eq(proctree_signal(&all, 0), 0);
    end();
    open_echo("1 half");
    ck_assert_int_eq(evaluate(1, 2), 0);
    check_done(1, 2, 1);
    end();
}
END_TEST

START_TEST(reports_metrics)
{
    open_echo("0 metrics");
    ck_assert_int_eq(evaluate(1, 9), 0);
    check_done(1, 9, -1);
    ck_assert_int_eq(metric_names_count(objective->metrics), 4);
    ck_assert_str_eq(metric_names_at(objective->metrics, 0), "half");
    ck_assert_str_eq(metric_names_at(objective->metrics, 1), "t1");
    for (int i = 0; i < 9; i++) {
        ck_assert(metric[0][i] == score[i] / 2);
        ck_assert(metric[1 + i % 3][i] == 1);
    }
    end();
}
END_TEST

static void *
stop_later(void *context)
{
    (void)context;
    while (!running)
        usleep(1000);
    objective->type->stop(objective);
    return NULL;
}

START_TEST(stops)
{
    pthread_t thread;
    open_echo("1 silent");
    pthread_create(&thread, NULL, stop_later, NULL);
    ck_assert_int_lt(evaluate(1, 3), 0);
    pthread_join(thread, NULL);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(state[i], BATCH_OPEN);
    end();
}
END_TEST

/* The places of a command are the run's parameters; a dimension is none. */
START_TEST(commands)
{
    ck_assert_int_eq(open_with("/nowhere/at/all {what}", 1), -ENOENT);
    ck_assert_ptr_nonnull(strstr(diag.text, "/nowhere/at/all"));
    ck_assert_int_lt(open_with("no-such-program-anywhere", 1), 0);
    ck_assert_int_lt(open_with("sh {x}", 1), 0);
    ck_assert_ptr_nonnull(strstr(diag.text, "{x}"));
    open_echo("3 {what}");
    ck_assert_int_eq(evaluate(1, 5), 0);
    check_done(1, 5, 3);
    end();
    ck_assert_int_eq(open_with("sh -c 'echo \"$PROBE\" >&2; exec false'", 2), 0);
    ck_assert_int_eq(objective->threads, 2);
    ck_assert_int_eq(evaluate(1, 1), 0);
    check_done(1, 1, 1);
    ck_assert_str_eq(failed_log, "nan\n");
    end();
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("obj_worker");
    TCase *tcase = tcase_create("programs");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, answers);
    tcase_add_loop_test(tcase, wrong, 0, (int)(sizeof wrongs / sizeof *wrongs));
    tcase_add_loop_test(tcase, limit, 0, 3);
    tcase_add_loop_test(tcase, harmless, 0, 6);
    tcase_add_test(tcase, leaves_something);
    tcase_add_test(tcase, reports_metrics);
    tcase_add_test(tcase, stops);
    tcase_add_test(tcase, commands);
    suite_add_tcase(suite, tcase);
    return suite;
}
