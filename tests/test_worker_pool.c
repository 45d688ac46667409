/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pool of workers without workers: a clock of our own, and what is counted.
 */
#include "test.h"

#include <string.h>

#include "base/clock.h"
#include "run/worker_pool.h"

#define SECOND NS_PER_SEC
#define MICROSECOND (NS_PER_MS / 1000)

static struct worker_pool pool;
static const struct run_pool none;

static void
setup(void)
{
    worker_pool_init(&pool, "workers");
}

/* Whatever has happened: these hold. */
static void
check_sums(void)
{
    const struct pool_figures *f = &pool.figures;
    uint64_t recycled = 0;
    for (int i = 0; i < POOL_REASON_COUNT; i++)
        recycled += f->recycled[i];
    ck_assert_uint_eq(f->size, f->in_use + f->idle);
    ck_assert_uint_eq(f->size, f->created - f->retired);
    ck_assert_uint_le(recycled, f->retired);
}

START_TEST(a_life)
{
    struct pool_worker w;
    worker_pool_create(&pool, &w, 1 * SECOND);
    ck_assert_uint_eq(pool.figures.idle, 1);
    worker_pool_ready(&pool, &w, 2 * SECOND);
    ck_assert_uint_eq(pool.acquire.count, 0); /* nobody waited for it */
    worker_pool_give(&pool, &w, 2, 3 * SECOND, 3 * SECOND + 5 * MICROSECOND);
    ck_assert_uint_eq(pool.figures.in_use, 1);
    ck_assert_uint_eq(pool.figures.reused, 1);
    worker_pool_answer(&pool, &w, 1, 4 * SECOND);
    ck_assert_uint_eq(pool.figures.in_use, 1);
    worker_pool_answer(&pool, &w, 0, 5 * SECOND);
    ck_assert_uint_eq(pool.figures.idle, 1);
    worker_pool_give(&pool, &w, 1, 9 * SECOND, 5 * SECOND + 7 * MICROSECOND);
    ck_assert_uint_eq(pool.figures.reused, 2);
    check_sums();
    worker_pool_retire(&pool, &w);
    ck_assert_uint_eq(pool.figures.size, 0);
    check_sums();
    ck_assert_uint_eq(pool.acquire.count, 2);
    ck_assert_int_eq(pool.acquire.min_ns, 5 * MICROSECOND);
    ck_assert_int_eq(pool.acquire.max_ns, 7 * MICROSECOND);
}
END_TEST

/* One that is given trials before it is ready has them when it is; trials that
 * came later do not wait for it, they are behind others. */
START_TEST(acquire_of_a_new_one_is_its_start)
{
    struct pool_worker w;
    worker_pool_create(&pool, &w, 1 * SECOND);
    worker_pool_give(&pool, &w, 1, 1 * SECOND, 1 * SECOND + 1);
    worker_pool_give(&pool, &w, 1, 2 * SECOND, 2 * SECOND + 1);
    ck_assert_uint_eq(pool.acquire.count, 0);
    worker_pool_ready(&pool, &w, 4 * SECOND);
    worker_pool_ready(&pool, &w, 7 * SECOND); /* says it twice */
    ck_assert_uint_eq(pool.acquire.count, 1);
    ck_assert_int_eq(pool.acquire.max_ns, 3 * SECOND);
}
END_TEST

/* A worker that waits for trials does not make them wait. */
START_TEST(idle_time_is_no_acquire_time)
{
    struct pool_worker w;
    worker_pool_create(&pool, &w, 1 * SECOND);
    worker_pool_ready(&pool, &w, 1 * SECOND);
    worker_pool_answer(&pool, &w, 0, 2 * SECOND);
    w.free_ns = 0; /* asked for trials, there were none */
    worker_pool_give(&pool, &w, 1, 60 * SECOND, 60 * SECOND + 9 * MICROSECOND);
    ck_assert_int_eq(pool.acquire.max_ns, 9 * MICROSECOND);
}
END_TEST

START_TEST(when_it_has_had_its_time)
{
    static const struct {
        const char *what;
        struct run_pool rules;
        bool ready;
        int64_t given, idle_since_s; /* 0: in use */
        int64_t rss_bytes;
        bool may_idle;
        int64_t now_s; /* created at 100 */
        enum pool_reason want;
    } rows[] = {
        { "no rules", { 0 }, true, 1000000, 100, 1 << 30, true, 100000, POOL_REASON_COUNT },
        { "starting", { .acquire_seconds = 10 }, false, 0, 100, 0, true, 109, POOL_REASON_COUNT },
        { "late", { .acquire_seconds = 10 }, false, 0, 100, 0, true, 110, POOL_TIMEOUT },
        { "was ready", { .acquire_seconds = 10 }, true, 0, 100, 0, true, 500, POOL_REASON_COUNT },
        { "young", { .max_age_seconds = 60 }, true, 1, 0, 0, true, 159, POOL_REASON_COUNT },
        { "old", { .max_age_seconds = 60 }, true, 1, 0, 0, true, 160, POOL_MAX_AGE },
        { "as many", { .max_trials = 5 }, true, 5, 0, 0, true, 101, POOL_MAX_TRIALS },
        { "fewer", { .max_trials = 5 }, true, 4, 0, 0, true, 101, POOL_REASON_COUNT },
        { "small", { .max_rss_bytes = 100 }, true, 1, 0, 100, true, 101, POOL_REASON_COUNT },
        { "large", { .max_rss_bytes = 100 }, true, 1, 0, 101, true, 101, POOL_MAX_RSS },
        { "not seen", { .max_rss_bytes = 100 }, true, 1, 0, -1, true, 101, POOL_REASON_COUNT },
        { "idle", { .idle_seconds = 30 }, true, 1, 120, 0, true, 150, POOL_IDLE },
        { "idle, not long", { .idle_seconds = 30 }, true, 1, 121, 0, true, 150, POOL_REASON_COUNT },
        { "idle, one of min", { .idle_seconds = 30 }, true, 1, 120, 0, false, 150,
            POOL_REASON_COUNT },
        { "in use", { .idle_seconds = 30 }, true, 1, 0, 0, true, 500, POOL_REASON_COUNT },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct pool_worker w = { .created_ns = 100 * SECOND, .ready = rows[i].ready,
            .given = rows[i].given, .idle_since_ns = rows[i].idle_since_s * SECOND,
            .leaving = POOL_REASON_COUNT };
        enum pool_reason got = worker_pool_due(&w, &rows[i].rules, rows[i].rss_bytes,
            rows[i].may_idle, rows[i].now_s * SECOND);
        ck_assert_msg(got == rows[i].want, "%s: \"%s\"", rows[i].what, pool_reason_name(got));
    }
}
END_TEST

START_TEST(room_ends_at_max_trials)
{
    struct pool_worker w = { .given = 7 };
    const struct run_pool ten = { .max_trials = 10 }, five = { .max_trials = 5 };
    ck_assert_int_eq(worker_pool_room(&w, &ten), 3);
    ck_assert_int_eq(worker_pool_room(&w, &five), 0);
    ck_assert_int_eq(worker_pool_room(&w, &none), INT64_MAX);
}
END_TEST

START_TEST(reasons_are_counted)
{
    for (int i = 0; i <= POOL_REASON_COUNT; i++) {
        struct pool_worker w;
        worker_pool_create(&pool, &w, 1);
        w.leaving = (enum pool_reason)i;
        worker_pool_retire(&pool, &w);
        check_sums();
    }
    for (int i = 0; i < POOL_REASON_COUNT; i++) {
        ck_assert_uint_eq(pool.figures.recycled[i], 1);
        ck_assert_uint_gt(strlen(pool_reason_name((enum pool_reason)i)), 0);
    }
    ck_assert_uint_eq(pool.figures.retired, POOL_REASON_COUNT + 1);
    ck_assert_str_eq(pool_reason_name(POOL_REASON_COUNT), "");
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("worker_pool");
    TCase *tcase = tcase_create("worker_pool");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, a_life);
    tcase_add_test(tcase, acquire_of_a_new_one_is_its_start);
    tcase_add_test(tcase, idle_time_is_no_acquire_time);
    tcase_add_test(tcase, when_it_has_had_its_time);
    tcase_add_test(tcase, room_ends_at_max_trials);
    tcase_add_test(tcase, reasons_are_counted);
    suite_add_tcase(suite, tcase);
    return suite;
}
