/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How long a run will take, from runs in a store.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "config/runfile.h"
#include "run/estimate.h"

static struct store *store;
static struct estimate estimate;
static struct run_spec spec;

static void
read_spec(const char *command, const char *workers, char *text, size_t size)
{
    struct ini *ini;
    struct diag diag = { 0 };
    snprintf(text, size, "[run]\nname = r\n[objective]\ncommand = %s\n[space]\nx = int 1..100\n"
        "[parallel]\nworkers = %s\n", command, workers);
    ck_assert_int_eq(ini_parse_text(text, strlen(text), "r.ini", &ini, &diag), 0);
    run_spec_release(&spec);
    ck_assert_msg(runfile_check(ini, &spec, &diag) == 0, "%s", diag.text);
    ini_free(ini);
}

static void
setup(void)
{
    run_spec_init(&spec);
    ck_assert_int_eq(store_open(test_directory(), &store, NULL), 0);
    ck_assert_int_eq(store_begin(store), 0);
}

static void
teardown(void)
{
    store_rollback(store);
    store_close(store);
    run_spec_release(&spec);
}

/* `trials` of so many seconds, two at a time, by two workers that were busy for half of it. */
static void
add_run(const char *command, const char *workers, int64_t trials, double seconds)
{
    char text[4096];
    struct run_spec kept = spec;
    run_spec_init(&spec);
    read_spec(command, workers, text, sizeof text);
    run_spec_release(&spec);
    spec = kept;
    int64_t busy = sec_to_ns((double)trials * seconds);
    struct store_run run = { .name = "r", .state = RUN_DONE, .reason = "", .file = "r.ini", .text = text,
        .directory = "/", .environment = "", .created_wall_ns = 1, .total = trials, .feasible = -1, .cage = "" };
    ck_assert_int_eq(store_run_add(store, &run, &run.id), 0);
    run.done = trials;
    run.busy_ns = busy;
    run.worker_ns = 2 * busy;
    run.elapsed_ns = busy / 2;
    ck_assert_int_eq(store_run_update(store, &run), 0);
}

static void
expect(const char *command, const char *workers, int64_t trials, double low, double high)
{
    char text[4096];
    double got_low = -1, got_high = -1;
    read_spec(command, workers, text, sizeof text);
    ck_assert_int_eq(estimate_read(store, &spec, 4, &estimate), 0);
    ck_assert(estimate_seconds(&estimate, trials, &got_low, &got_high));
    ck_assert_double_eq_tol(got_low, low, low * 1e-6);
    ck_assert_double_eq_tol(got_high, high, high * 1e-6);
}

START_TEST(nothing_is_said_of_what_never_ran)
{
    char text[4096];
    double low, high;
    add_run("other {x}", "2", 10, 1);
    add_run("sleep {x}", "2", 0, 0); /* has done nothing */
    read_spec("sleep {x}", "2", text, sizeof text);
    ck_assert_int_eq(estimate_read(store, &spec, 4, &estimate), 0);
    ck_assert_int_eq(estimate.count, 0);
    ck_assert(!estimate_seconds(&estimate, 100, &low, &high));
    add_run("sleep {x}", "2", 10, 1);
    ck_assert_int_eq(estimate_read(store, &spec, 4, &estimate), 0);
    ck_assert(!estimate_seconds(&estimate, -1, &low, &high)); /* not counted */
    ck_assert(!estimate_seconds(&estimate, 0, &low, &high));
}
END_TEST

START_TEST(by_earlier_runs_of_the_same)
{
    add_run("sleep {x}", "2", 10, 1);
    add_run("other {x}", "2", 10, 100);
    expect("sleep {x}", "2", 100, 100, 100); /* one at a time, in effect: workers were busy for half */
    expect("sleep {x}", "4", 100, 50, 50);
    expect("sleep {x}", "16", 100, 50, 50); /* there are four slots */
    expect("sleep {x}", "auto", 100, 50, 50); /* as that run had it */
    add_run("sleep {x}", "2", 10, 3);
    expect("sleep {x}", "2", 100, 100, 300);
    ck_assert_int_eq(estimate.count, 2);
    ck_assert_int_eq(estimate.trials, 20);
    expect("sleep {x}", "4", 1, 1, 3); /* not less than one trial takes */
}
END_TEST

/* The newest few of many; and no more of their texts than is cheap. */
START_TEST(bounded)
{
    static char large[60000];
    for (int i = 0; i < 20; i++)
        add_run("sleep {x}", "2", 10, i < 12 ? 50 : 1);
    expect("sleep {x}", "2", 100, 100, 100);
    ck_assert_int_eq(estimate.count, ESTIMATE_RUNS_MAX);
    memset(large, 'x', sizeof large - 1);
    struct store_run run = { .name = "r", .state = RUN_DONE, .reason = "", .file = "r.ini", .text = large,
        .directory = "/", .environment = "", .total = 1, .feasible = -1, .cage = "" };
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(store_run_add(store, &run, &run.id), 0);
        run.done = 1;
        run.busy_ns = 1;
        ck_assert_int_eq(store_run_update(store, &run), 0);
    }
    ck_assert_int_eq(estimate_read(store, &spec, 4, &estimate), 0);
    ck_assert_int_eq(estimate.count, 0);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("estimate");
    TCase *tcase = tcase_create("estimate");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nothing_is_said_of_what_never_ran);
    tcase_add_test(tcase, by_earlier_runs_of_the_same);
    tcase_add_test(tcase, bounded);
    suite_add_tcase(suite, tcase);
    return suite;
}
