/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory by type: exact, whenever counting is switched on and off.
 */
#include "test.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "optop/memory.h"

static struct optop_type_figures
figures(const char *name)
{
    static struct optop_type_figures all[64];
    int count = optop_types(all, 64);
    for (int i = 0; i < count; i++)
        if (!strcmp(all[i].name, name))
            return all[i];
    ck_abort_msg("no type %s", name);
}

START_TEST(what_lives_is_counted)
{
    struct optop_type *type = optop_type("a");
    ck_assert_ptr_eq(optop_type("a"), type);
    optop_memory_track(1);
    char *x = optop_type_alloc(type, 1000), *y = optop_type_alloc(type, 0);
    memset(x, 1, 1000);
    ck_assert_uint_eq((uintptr_t)x % 16, 0);
    ck_assert_uint_eq(optop_type_size(x), 1000);
    ck_assert_uint_eq(figures("a").live_bytes, 1000);
    x = optop_type_realloc(type, x, 3000);
    ck_assert_int_eq(x[999], 1);
    ck_assert_uint_eq(figures("a").live_bytes, 3000);
    optop_type_free(x);
    optop_type_free(y);
    optop_type_free(NULL);
    struct optop_type_figures f = figures("a");
    ck_assert_uint_eq(f.live, 0);
    ck_assert_uint_eq(f.live_bytes, 0);
    ck_assert_uint_eq(f.peak_bytes, 3000);
    ck_assert_uint_eq(f.allocations, 3);
    ck_assert_uint_eq(f.allocated_bytes, 4000);
}
END_TEST

START_TEST(on_and_off)
{
    struct optop_type *type = optop_type("b");
    char *before = optop_type_alloc(type, 10);
    optop_memory_track(1);
    char *during = optop_type_alloc(type, 100), *nobody = optop_type_alloc(NULL, 5);
    ck_assert_uint_eq(figures("b").live_bytes, 100);
    optop_type_free(before); /* was not counted */
    ck_assert_uint_eq(figures("b").live_bytes, 100);
    optop_memory_track(0);
    char *after = optop_type_alloc(type, 1000);
    ck_assert_uint_eq(figures("b").live_bytes, 100);
    optop_type_free(during);
    ck_assert_uint_eq(figures("b").live_bytes, 0);
    optop_memory_track(1);
    optop_type_free(after);
    optop_type_free(nobody);
    ck_assert_uint_eq(figures("b").live_bytes, 0);
    ck_assert_uint_eq(figures("b").live, 0);
}
END_TEST

START_TEST(there_is_an_end_of_types)
{
    char name[16];
    for (int i = 0; i < 64; i++) {
        snprintf(name, sizeof name, "t%d", i);
        ck_assert_ptr_nonnull(optop_type(name));
    }
    ck_assert_ptr_null(optop_type("one more"));
    optop_type_free(optop_type_alloc(optop_type("one more"), 1));
    ck_assert_int_eq(optop_types(NULL, 0), 64);
}
END_TEST

START_TEST(no_memory)
{
    struct optop_type *type = optop_type("c");
    optop_memory_track(1);
    char *x = optop_type_alloc(type, 10);
    if (test_fail_allocations(1, true)) {
        void *got[] = { optop_type_alloc(type, 10), optop_type_realloc(type, x, 100000),
            optop_type("d") };
        test_fail_allocations(0, false);
        for (size_t i = 0; i < sizeof got / sizeof *got; i++)
            ck_assert_ptr_null(got[i]);
    }
    ck_assert_ptr_null(optop_type_alloc(type, SIZE_MAX));
    ck_assert_ptr_null(optop_type_realloc(type, x, SIZE_MAX - 8));
    ck_assert_uint_eq(figures("c").live_bytes, 10);
    optop_type_free(x);
}
END_TEST

static void *
churn(void *type)
{
    for (int i = 0; i < 20000; i++)
        optop_type_free(optop_type_realloc(type, optop_type_alloc(type, (size_t)i % 100), 50));
    return NULL;
}

START_TEST(threads)
{
    pthread_t thread[4];
    struct optop_type *type = optop_type("e");
    optop_memory_track(1);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, churn, type), 0);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
    struct optop_type_figures f = figures("e");
    ck_assert_uint_eq(f.live, 0);
    ck_assert_uint_eq(f.live_bytes, 0);
    ck_assert_uint_eq(f.allocations, 160000);
    ck_assert_uint_le(f.peak_bytes, 4 * 200);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("memory_type");
    TCase *tc = tcase_create("memory_type");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, what_lives_is_counted);
    tcase_add_test(tc, on_and_off);
    tcase_add_test(tc, there_is_an_end_of_types);
    tcase_add_test(tc, no_memory);
    tcase_add_test(tc, threads);
    suite_add_tcase(suite, tc);
    return suite;
}
