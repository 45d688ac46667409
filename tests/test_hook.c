/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/hook.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "test.h"

static struct loop *loop;
static struct hooks *hooks;
static char path[300], command[2048];
static const struct store_notice notice = {
    .wall_ns = INT64_C(1795228207123000000), .type = "alert.warning", .key = "cpu.total",
    .state = "warning", .value = 91.5, .level = NAN, .sequence = 3,
    .text = "cpu is $(touch /tmp/x) `id` \x1b[2J\nX=1", .labels = "team=a b", .unit = "%",
};

static void
setup(void)
{
    loop = loop_new();
    hooks = hooks_new(loop);
    snprintf(path, sizeof path, "%s/out", test_directory());
}

static void
teardown(void)
{
    hooks_free(hooks);
    loop_free(loop);
}

static void
wait_idle(void)
{
    int64_t until = clock_mono_ns() + 60 * NS_PER_SEC;
    while (hooks_busy(hooks) && clock_mono_ns() < until) {
        loop_step(loop);
        usleep(1000);
    }
    ck_assert_int_eq(hooks_busy(hooks), 0);
}

static const char *
written(void)
{
    static char text[8192];
    FILE *file = fopen(path, "r");
    size_t n = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[n] = '\0';
    return text;
}

START_TEST(values_are_in_the_environment)
{
    setenv("OPTOP_ALERT_KEY", "old", 1);
    snprintf(command, sizeof command, "sh -c 'env | grep ^OPTOP_ALERT >%s; echo $# >>%s' a '$(id)'", path, path);
    hooks_run(hooks, command, &notice);
    wait_idle();
    const char *text = written();
    ck_assert_ptr_nonnull(strstr(text, "OPTOP_ALERT_TYPE=alert.warning\n"));
    ck_assert_ptr_nonnull(strstr(text, "OPTOP_ALERT_KEY=cpu.total\n"));
    ck_assert_ptr_nonnull(strstr(text, "OPTOP_ALERT_VALUE=91.5\n"));
    ck_assert_ptr_nonnull(strstr(text, "OPTOP_ALERT_LEVEL=\n"));
    ck_assert_ptr_nonnull(strstr(text, "OPTOP_ALERT_LABELS=team=a b\n"));
    ck_assert_ptr_nonnull(strstr(text, "$(touch /tmp/x) `id`")); /* a text, no more */
    ck_assert_ptr_null(strchr(text, 0x1b));
    ck_assert_ptr_null(strstr(text, "\nX=1"));
    ck_assert_ptr_nonnull(strstr(text, "\n1\n"));
    unsetenv("OPTOP_ALERT_KEY");
}
END_TEST

/* Each says when it starts and ends: never more than the bound between. */
START_TEST(as_many_as_may_run)
{
    snprintf(command, sizeof command, "sh -c 'echo + >>%s; sleep 0.05; echo - >>%s'", path, path);
    for (int i = 0; i < HOOKS_RUNNING_MAX + HOOKS_WAITING_MAX + 10; i++)
        hooks_run(hooks, command, &notice); /* ten are one too many */
    ck_assert_int_eq(hooks_busy(hooks), HOOKS_RUNNING_MAX + HOOKS_WAITING_MAX);
    wait_idle();
    int now = 0, most = 0, all = 0;
    for (const char *c = written(); *c; c++) {
        now += *c == '+' ? 1 : *c == '-' ? -1 : 0;
        all += *c == '+';
        most = now > most ? now : most;
    }
    ck_assert_int_eq(all, HOOKS_RUNNING_MAX + HOOKS_WAITING_MAX);
    ck_assert_int_le(most, HOOKS_RUNNING_MAX);
}
END_TEST

START_TEST(ends_in_time_with_what_it_started)
{
    hooks_set_time(hooks, 0.3);
    snprintf(command, sizeof command,
        "sh -c 'trap \"\" TERM; sleep 600 & echo $! >%s; while :; do wait; done'", path);
    hooks_run(hooks, command, &notice);
    wait_idle();
    int pid = (int)strtol(written(), NULL, 10);
    ck_assert_int_gt(pid, 0);
    bool gone = false;
    for (int i = 0; i < 30000 && !gone; i++) {
        char stat[64], line[256] = "";
        snprintf(stat, sizeof stat, "/proc/%d/stat", pid);
        FILE *file = fopen(stat, "r");
        bool read = file && fgets(line, sizeof line, file);
        gone = !read || strstr(line, ") Z "); /* one that nobody reaps has ended, too */
        if (file)
            fclose(file);
        usleep(1000);
    }
    ck_assert(gone);
}
END_TEST

START_TEST(endless_output_costs_nothing)
{
    hooks_set_time(hooks, 0.5);
    hooks_run(hooks, "sh -c 'while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done'", &notice);
    hooks_run(hooks, "sh -c 'exit 3'", &notice);
    wait_idle();
}
END_TEST

START_TEST(what_cannot_be_started)
{
    hooks_run(hooks, "/nowhere/program", &notice);
    hooks_run(hooks, "no-such-program-anywhere x", &notice);
    hooks_run(hooks, "sh 'open", &notice);
    ck_assert_int_eq(hooks_busy(hooks), 0);
    hooks_run(hooks, "sleep 600", &notice); /* ended by teardown */
    ck_assert_int_eq(hooks_busy(hooks), 1);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("hook");
    TCase *tcase = tcase_create("hook");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 90);
    tcase_add_test(tcase, values_are_in_the_environment);
    tcase_add_test(tcase, as_many_as_may_run);
    tcase_add_test(tcase, ends_in_time_with_what_it_started);
    tcase_add_test(tcase, endless_output_costs_nothing);
    tcase_add_test(tcase, what_cannot_be_started);
    suite_add_tcase(suite, tcase);
    return suite;
}
