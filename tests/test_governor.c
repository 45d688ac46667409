/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The governor, at one step per simulated second on a machine of numbers.
 */
#include "test.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "run/governor.h"

#define GIB 1073741824.0

/* A machine: what others use, what a worker uses when it runs. */
struct machine {
    int cores;
    double others_cores, others_bytes, memory_bytes;
    double worker_cores, worker_bytes;
    bool measured; /* the memory of a trial is known */
};

static const struct governor_options options = { .max_memory_pct = 80, .max_cpu_pct = 90 };
static struct governor governor;
static int64_t now;
static int workers, changes;

static void
setup(void)
{
    memset(&governor, 0, sizeof governor);
    now = NS_PER_SEC;
    workers = changes = 0;
}

static struct governor_figures
figures_of(const struct machine *m)
{
    double wanted = m->others_cores + workers * m->worker_cores;
    double share = wanted > m->cores ? m->cores / wanted : 1; /* the CPUs are shared out */
    return (struct governor_figures){
        .slots = m->cores, .workers = workers, .cores_online = m->cores,
        .cpu_pct = 100 * wanted * share / m->cores,
        .run_cores = workers * m->worker_cores * share,
        .memory_bytes = m->memory_bytes,
        .memory_used_bytes = m->others_bytes + workers * m->worker_bytes,
        .trial_bytes = m->measured ? m->worker_bytes : 0,
    };
}

static int
run_for(const struct machine *m, int seconds)
{
    for (int i = 0; i < seconds; i++) {
        struct governor_figures figures = figures_of(m);
        int target = governor_step(&governor, &options, &figures, now);
        ck_assert_int_ge(target, 1);
        ck_assert_int_le(target, m->cores);
        changes += target != workers;
        workers = target;
        now += NS_PER_SEC;
    }
    return workers;
}

START_TEST(an_idle_machine_gives_all)
{
    const struct machine m = { .cores = 8, .memory_bytes = 16 * GIB, .others_bytes = 0.5 * GIB,
        .worker_cores = 1, .worker_bytes = 0.1 * GIB, .measured = true };
    ck_assert_int_eq(run_for(&m, 1), 8);
    ck_assert_str_eq(governor.reason, "8 of 8: all usable cores");
    ck_assert_int_eq(run_for(&m, 300), 8); /* our own use is no reason to shrink */
    ck_assert_int_eq(changes, 1);
}
END_TEST

START_TEST(own_use_never_makes_it_oscillate)
{
    for (int busy = 0; busy <= 10; busy++) { /* from idle workers to full ones */
        setup();
        const struct machine m = { .cores = 16, .memory_bytes = 64 * GIB, .others_cores = 4,
            .others_bytes = GIB, .worker_cores = busy / 10.0, .worker_bytes = 0.2 * GIB,
            .measured = true };
        int settled = run_for(&m, 60);
        changes = 0;
        ck_assert_int_eq(run_for(&m, 600), settled);
        ck_assert_int_eq(changes, 0);
        ck_assert_int_ge(settled, 11);
    }
}
END_TEST

START_TEST(a_shortage_halves)
{
    const struct machine m = { .cores = 8, .memory_bytes = 16 * GIB, .others_bytes = 0.5 * GIB,
        .worker_cores = 1, .worker_bytes = 0.1 * GIB, .measured = true };
    ck_assert_int_eq(run_for(&m, 10), 8);
    struct governor_figures figures = figures_of(&m);
    figures.pressure = OPTOP_PRESSURE_HIGH;
    ck_assert_int_eq(governor_step(&governor, &options, &figures, now), 4);
    ck_assert_str_eq(governor.reason, "4 of 8: memory pressure is high");
}
END_TEST

START_TEST(others_cpu_scales)
{
    struct machine m = { .cores = 10, .memory_bytes = 64 * GIB, .others_bytes = GIB,
        .worker_cores = 0.5, .worker_bytes = 0.01 * GIB, .measured = true, .others_cores = 4.5 };
    ck_assert_int_eq(run_for(&m, 60), 5);
    ck_assert_str_eq(governor.reason,
        "5 of 10: others use 45 % of the CPUs, 90 % may be in use");
    m.others_cores = 9.5;
    ck_assert_int_eq(run_for(&m, 60), 1); /* at least one */
    m.others_cores = 0;
    ck_assert_int_eq(run_for(&m, 9), 4); /* one per 3 s of calm, not at once */
    ck_assert_str_eq(governor.reason, "4 of 10: growing");
    ck_assert_int_eq(run_for(&m, 60), 10);
}
END_TEST

START_TEST(a_short_burst_changes_nothing)
{
    struct machine m = { .cores = 8, .memory_bytes = 64 * GIB, .others_bytes = GIB,
        .worker_cores = 0.1, .worker_bytes = 0.01 * GIB, .measured = true };
    run_for(&m, 10);
    changes = 0;
    for (int i = 0; i < 20; i++) {
        m.others_cores = 6;
        run_for(&m, 2);
        m.others_cores = 0;
        run_for(&m, 10);
    }
    ck_assert_int_eq(changes, 0);
}
END_TEST

START_TEST(memory_of_a_trial_counts)
{
    struct machine m = { .cores = 8, .memory_bytes = 10 * GIB, .others_bytes = GIB,
        .worker_cores = 0.5, .worker_bytes = 1.5 * GIB };
    ck_assert_int_eq(run_for(&m, 1), 7); /* 10 % of 80 % are taken */
    m.measured = true;
    int settled = run_for(&m, 120);
    ck_assert_int_eq(settled, 4); /* 1 + 4 x 1.5 of 8 GiB; a fifth would pass them */
    ck_assert_ptr_nonnull(strstr(governor.reason, "4 of 8: memory 70 % of 80 %"));
    changes = 0;
    run_for(&m, 600);
    ck_assert_int_eq(changes, 0);
    m.others_bytes = 5 * GIB; /* others grow: halved, and again */
    ck_assert_int_eq(run_for(&m, 60), 2);
    m.others_bytes = GIB;
    ck_assert_int_eq(run_for(&m, 60), 4);
}
END_TEST

START_TEST(pressure_halves)
{
    struct governor_figures f = { .slots = 16, .workers = 16, .cores_online = 16,
        .memory_bytes = GIB, .memory_used_bytes = 0.1 * GIB, .cpu_pct = 0 };
    ck_assert_int_eq(governor_step(&governor, &options, &f, now), 16);
    f.memory_stall_pct = 20;
    static const int wanted[] = { 16, 8, 4, 2, 1, 1 };
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        now += i ? GOVERNOR_DOWN_NS : NS_PER_SEC;
        ck_assert_int_eq(governor_step(&governor, &options, &f, now), wanted[i]);
    }
    ck_assert_str_eq(governor.reason, "1 of 16: tasks wait for memory 20 % of the time");
}
END_TEST

START_TEST(unknown_figures_ask_for_nothing)
{
    struct governor_figures f = { .slots = 4, .cpu_pct = NAN, .cores_online = NAN,
        .run_cores = NAN, .memory_bytes = NAN, .memory_used_bytes = NAN, .trial_bytes = NAN,
        .memory_stall_pct = NAN };
    for (int i = 0; i < 20; i++, now += NS_PER_SEC)
        ck_assert_int_eq(governor_step(&governor, &options, &f, now), 4);
    f.slots = 0;
    ck_assert_int_eq(governor_step(&governor, &options, &f, now), 1);
    f.slots = 2;
    for (int i = 0; i < 9; i++, now += NS_PER_SEC)
        governor_step(&governor, &options, &f, now);
    ck_assert_int_eq(governor.target, 2);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("governor");
    TCase *tcase = tcase_create("all");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, an_idle_machine_gives_all);
    tcase_add_test(tcase, own_use_never_makes_it_oscillate);
    tcase_add_test(tcase, a_shortage_halves);
    tcase_add_test(tcase, others_cpu_scales);
    tcase_add_test(tcase, a_short_burst_changes_nothing);
    tcase_add_test(tcase, memory_of_a_trial_counts);
    tcase_add_test(tcase, pressure_halves);
    tcase_add_test(tcase, unknown_figures_ask_for_nothing);
    suite_add_tcase(suite, tcase);
    return suite;
}
