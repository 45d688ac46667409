/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "mem/registry.h"
#include "optop/arena.h"

static struct optop_arena arena;

static void
begin(struct optop_arena_options options)
{
    optop_arena_init(&arena, &options);
}

static struct optop_arena_figures
figures(void)
{
    struct optop_arena_figures f;
    optop_arena_figures(&arena, &f);
    return f;
}

START_TEST(nothing_costs_nothing)
{
    begin((struct optop_arena_options){ .name = "none" });
    ck_assert_uint_eq(figures().bytes, 0);
    optop_arena_reset(&arena);
    optop_arena_rollback(&arena, optop_arena_mark(&arena));
    ck_assert_uint_eq(optop_arena_trim(&arena), 0);
    optop_arena_release(&arena);
    optop_arena_release(&arena);
}
END_TEST

/* Every piece keeps what was written, is aligned, and overlaps no other. */
START_TEST(pieces_are_apart)
{
    enum { COUNT = 3000 };
    static unsigned char *piece[COUNT];
    static size_t len[COUNT];
    unsigned seed = 5;
    begin((struct optop_arena_options){ .first = 4096 });
    for (int i = 0; i < COUNT; i++) {
        len[i] = (size_t)rand_r(&seed) % (i % 100 ? 200 : 100000);
        piece[i] = optop_arena_alloc(&arena, len[i]);
        ck_assert_ptr_nonnull(piece[i]);
        ck_assert_uint_eq((uintptr_t)piece[i] % OPTOP_ARENA_ALIGN, 0);
        memset(piece[i], i & 0xFF, len[i]);
    }
    for (int i = 0; i < COUNT; i++)
        for (size_t n = 0; n < len[i]; n++)
            if (piece[i][n] != (i & 0xFF))
                ck_abort_msg("piece %d was overwritten", i);
    ck_assert_uint_gt(figures().chunks, 3);
    ck_assert_uint_le(figures().used, figures().bytes);
    optop_arena_release(&arena);
}
END_TEST

START_TEST(copies_and_cleared_memory)
{
    begin((struct optop_arena_options){ 0 });
    memset(optop_arena_alloc(&arena, 1000), 0xFF, 1000);
    optop_arena_reset(&arena);
    char *copy = optop_arena_copy(&arena, "abcdef", 3);
    ck_assert_str_eq(copy, "abc");
    ck_assert_str_eq(optop_arena_copy(&arena, NULL, 0), "");
    const char *zero = optop_arena_zero(&arena, 10, 50);
    for (int i = 0; i < 500; i++)
        ck_assert_int_eq(zero[i], 0);
    ck_assert_ptr_null(optop_arena_zero(&arena, SIZE_MAX / 2, 3));
    ck_assert_int_eq(errno, ENOMEM);
    static const size_t huge[] = { SIZE_MAX, SIZE_MAX - 8, SIZE_MAX - 16, SIZE_MAX / 2 };
    for (size_t i = 0; i < sizeof huge / sizeof *huge; i++)
        ck_assert_ptr_null(optop_arena_alloc(&arena, huge[i]));
    ck_assert_ptr_null(optop_arena_copy(&arena, "", SIZE_MAX));
    ck_assert_str_eq(copy, "abc");
    optop_arena_release(&arena);
}
END_TEST

START_TEST(a_limit_holds)
{
    begin((struct optop_arena_options){ .limit = 1 << 20, .first = 4096 });
    size_t got = 0;
    while (optop_arena_alloc(&arena, 1000))
        got += 1000;
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_gt(got, 9 * (1 << 20) / 10 * 1000 / 1040);
    ck_assert_uint_le(figures().bytes, 1 << 20);
    optop_arena_reset(&arena); /* and all of it is there again, also in one piece */
    ck_assert_ptr_nonnull(optop_arena_alloc(&arena, 900 * 1024));
    ck_assert_uint_le(figures().bytes, 1 << 20);
    optop_arena_release(&arena);
}
END_TEST

START_TEST(a_mark_is_returned_to)
{
    begin((struct optop_arena_options){ .first = 4096 });
    struct optop_arena_mark none = optop_arena_mark(&arena);
    char *kept = optop_arena_copy(&arena, "kept", 4);
    struct optop_arena_mark mark = optop_arena_mark(&arena);
    char *first = optop_arena_alloc(&arena, 100);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 200; i++)
            memset(optop_arena_alloc(&arena, 500), round, 500);
        optop_arena_rollback(&arena, mark);
        ck_assert_ptr_eq(optop_arena_alloc(&arena, 100), first);
    }
    ck_assert_str_eq(kept, "kept");
    ck_assert_uint_le(figures().bytes, 2 * figures().peak); /* chunks were used again */
    optop_arena_rollback(&arena, none);
    ck_assert_uint_eq(figures().used, 0);
    ck_assert_ptr_eq(optop_arena_copy(&arena, "again", 5), kept);
    optop_arena_release(&arena);
}
END_TEST

static bool
in_memory(const char *at)
{
    unsigned char page = 0;
    uintptr_t start = (uintptr_t)at & ~(uintptr_t)4095;
    return mincore((void *)start, 4096, &page) == 0 && page & 1;
}

START_TEST(memory_goes_back)
{
    begin((struct optop_arena_options){ 0 });
    char *first = optop_arena_alloc(&arena, 60000);
    memset(first, 1, 60000);
    for (int i = 0; i < 64; i++)
        memset(optop_arena_alloc(&arena, 1 << 20), 1, 1 << 20);
    ck_assert_uint_ge(figures().bytes, 64 << 20);
    optop_arena_reset(&arena);
    ck_assert_uint_eq(figures().chunks, 1);
    ck_assert_uint_eq(figures().bytes, OPTOP_ARENA_CHUNK_BYTES);
    ck_assert_uint_ge(figures().peak, 64 << 20);
    ck_assert_uint_eq(figures().resets, 1);
    ck_assert(!in_memory(first + 30000));

    optop_arena_release(&arena);
    begin((struct optop_arena_options){ .keep = 1 << 20 });
    for (int round = 0; round < 2; round++) {
        memset(first = optop_arena_alloc(&arena, 60000), 1, 60000);
        memset(optop_arena_alloc(&arena, 100000), 1, 100000);
        optop_arena_reset(&arena);
        ck_assert_uint_eq(figures().chunks, 2); /* it may keep as much */
    }
    ck_assert_uint_eq(optop_arena_trim(&arena), 2 * OPTOP_ARENA_CHUNK_BYTES);
    optop_arena_release(&arena);
}
END_TEST

static void
find_arena(struct resource *resource, void *data)
{
    if (!strcmp(resource->name, "wanted"))
        *(struct resource **)data = resource;
}

START_TEST(the_registry_shows_it_and_asks_it)
{
    struct resource *found = NULL;
    struct resource_figure figure[RESOURCE_FIGURES_MAX];
    begin((struct optop_arena_options){ .name = "wanted", .keep = 16 << 20 });
    for (int i = 0; i < 4; i++)
        ck_assert_ptr_nonnull(optop_arena_alloc(&arena, 1 << 20));
    registry_each(find_arena, &found);
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(found->kind, "arena");
    ck_assert_int_eq(found->figures(found, figure), 5);
    ck_assert_str_eq(figure[0].name, "bytes");
    ck_assert_double_ge(figure[0].value, 4 << 20);
    optop_arena_reset(&arena);
    ck_assert_uint_ge(figures().bytes, 4 << 20);
    found->give_back(found, SIZE_MAX); /* from any thread: done at the next reset */
    ck_assert_ptr_nonnull(optop_arena_alloc(&arena, 10));
    optop_arena_reset(&arena);
    ck_assert_uint_eq(figures().chunks, 1);
    optop_arena_release(&arena);
    found = NULL;
    registry_each(find_arena, &found);
    ck_assert_ptr_null(found);
}
END_TEST

START_TEST(slices_are_checked)
{
    struct optop_slice all = { "abcdef", 6 };
    ck_assert_uint_eq(optop_slice_cut(all, 2, 3).len, 3);
    ck_assert_int_eq(optop_slice_cut(all, 2, 3).at[0], 'c');
    ck_assert_ptr_nonnull(optop_slice_cut(all, 6, 0).at);
    ck_assert_ptr_null(optop_slice_cut(all, 7, 0).at);
    ck_assert_ptr_null(optop_slice_cut(all, 3, 4).at);
    ck_assert_ptr_null(optop_slice_cut(all, 1, SIZE_MAX).at);
    ck_assert_ptr_null(optop_slice_cut(optop_slice_cut(all, 9, 9), 0, 0).at);
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they need address space */
START_TEST(no_memory_is_an_error)
{
    const struct rlimit nothing_more = { 0, RLIM_INFINITY };
    begin((struct optop_arena_options){ 0 });
    char *kept = optop_arena_copy(&arena, "kept", 4);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &nothing_more), 0);
    while (optop_arena_alloc(&arena, 1000)) { }
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(optop_arena_zero(&arena, 1, 1 << 20));
    ck_assert_str_eq(kept, "kept");
    optop_arena_reset(&arena);
    ck_assert_ptr_eq(optop_arena_alloc(&arena, 1000), kept);
    optop_arena_release(&arena);
}
END_TEST
#endif

#ifdef __SANITIZE_ADDRESS__
START_TEST(what_was_given_back_is_poisoned)
{
    begin((struct optop_arena_options){ 0 });
    volatile char *piece = optop_arena_alloc(&arena, 100);
    optop_arena_reset(&arena);
    piece[0] = 1;
}
END_TEST
#endif

Suite *
test_suite(void)
{
    Suite *suite = suite_create("arena");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 120);
    tcase_add_test(core, nothing_costs_nothing);
    tcase_add_test(core, pieces_are_apart);
    tcase_add_test(core, copies_and_cleared_memory);
    tcase_add_test(core, a_limit_holds);
    tcase_add_test(core, a_mark_is_returned_to);
    tcase_add_test(core, memory_goes_back);
    tcase_add_test(core, the_registry_shows_it_and_asks_it);
    tcase_add_test(core, slices_are_checked);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    tcase_add_test(core, no_memory_is_an_error);
#endif
#ifdef __SANITIZE_ADDRESS__
    tcase_add_exit_test(core, what_was_given_back_is_poisoned, 1);
#endif
    suite_add_tcase(suite, core);
    return suite;
}
