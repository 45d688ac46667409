/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The heap arena of optop/arena.h.
 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/json.h"
#include "mem/json_heap.h"
#include "mem/registry.h"
#include "optop/arena.h"

static struct optop_heap *heap;

static void
begin(struct optop_heap_options options)
{
    heap = optop_heap_new(&options);
    ck_assert_ptr_nonnull(heap);
}

static void
finish(void)
{
    ck_assert_int_eq(optop_heap_check(heap), 0);
    optop_heap_free(heap);
}

static struct optop_heap_figures
figures(void)
{
    struct optop_heap_figures f;
    optop_heap_figures(heap, &f);
    return f;
}

struct piece {
    unsigned char *at;
    size_t size;
    unsigned char sign;
};

static void
fill(struct piece *piece)
{
    memset(piece->at, piece->sign, piece->size);
}

static void
expect_whole(const struct piece *piece, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (piece->at[i] != piece->sign)
            ck_abort_msg("a piece of %zu was overwritten at %zu", piece->size, i);
}

/* One random step; what lies in a piece stays there. */
static void
step(struct piece *piece, unsigned *seed)
{
    size_t size = (size_t)rand_r(seed) % (rand_r(seed) % 20 ? 300 : 40000), before = piece->size;
    int what = rand_r(seed) % 3;
    if (piece->at && what == 0) {
        expect_whole(piece, piece->size);
        optop_heap_give_back(heap, piece->at);
        piece->at = NULL;
        return;
    }
    if (piece->at && what == 1)
        return expect_whole(piece, piece->size);
    unsigned char *at = optop_heap_realloc(heap, piece->at, size);
    ck_assert_ptr_nonnull(at);
    ck_assert_uint_eq((uintptr_t)at % OPTOP_ARENA_ALIGN, 0);
    bool was = piece->at;
    piece->at = at;
    if (was)
        expect_whole(piece, size < before ? size : before);
    piece->size = size;
    piece->sign = (unsigned char)rand_r(seed);
    fill(piece);
}

START_TEST(pieces_are_apart)
{
    enum { COUNT = 500, STEPS = 60000 };
    static struct piece piece[COUNT];
    unsigned seed = 7;
    begin((struct optop_heap_options){ .limit = 16 << 20 });
    for (int i = 0; i < STEPS; i++) {
        step(&piece[rand_r(&seed) % COUNT], &seed);
        if (i % 1000 == 0)
            ck_assert_int_eq(optop_heap_check(heap), 0);
    }
    ck_assert_uint_le(figures().used, figures().bytes);
    for (int i = 0; i < COUNT; i++)
        optop_heap_give_back(heap, piece[i].at);
    struct optop_heap_figures f = figures();
    ck_assert_uint_eq(f.used, 0);
    ck_assert_uint_eq(f.count, 0);
    ck_assert_uint_eq(f.faults, 0);
    ck_assert_uint_gt(f.peak, 0);
    ck_assert_double_eq(f.fragmentation_pct, 0); /* all merged into what is free at the end */
    finish();
}
END_TEST

/* Of three holes the one that fits best is filled, and its rest stays one. */
START_TEST(the_best_fit_is_taken)
{
    static const size_t holes[] = { 5000, 3000, 4000, 900, 1000, 3000 };
    char *hole[6];
    begin((struct optop_heap_options){ .limit = 1 << 20 });
    for (int i = 0; i < 6; i++) {
        hole[i] = optop_heap_alloc(heap, holes[i]);
        ck_assert_ptr_nonnull(optop_heap_alloc(heap, 16)); /* keeps them apart */
    }
    for (int i = 0; i < 5; i++)
        optop_heap_give_back(heap, hole[i]);
    ck_assert_double_gt(figures().fragmentation_pct, 50);
    ck_assert_ptr_eq(optop_heap_alloc(heap, 3990), hole[2]);
    ck_assert_ptr_eq(optop_heap_alloc(heap, 890), hole[3]);
    ck_assert_ptr_eq(optop_heap_alloc(heap, 2500), hole[1]);
    ck_assert_ptr_eq(optop_heap_alloc(heap, 400), hole[1] + 2512);
    ck_assert_ptr_eq(optop_heap_alloc(heap, 4990), hole[0]);
    finish();
}
END_TEST

START_TEST(neighbours_are_merged)
{
    char *piece[8];
    for (int order = 0; order < 3; order++) {
        begin((struct optop_heap_options){ .limit = 1 << 20 });
        for (int i = 0; i < 8; i++)
            piece[i] = optop_heap_alloc(heap, 1000);
        static const int orders[3][3] = { { 2, 3, 4 }, { 4, 3, 2 }, { 2, 4, 3 } };
        for (int i = 0; i < 3; i++)
            optop_heap_give_back(heap, piece[orders[order][i]]);
        ck_assert_int_eq(optop_heap_check(heap), 0);
        ck_assert_ptr_eq(optop_heap_alloc(heap, 3000), piece[2]);
        finish();
    }
}
END_TEST

START_TEST(a_limit_holds)
{
    enum { LIMIT = 1 << 20 };
    static char *piece[LIMIT / 1000];
    int count = 0;
    begin((struct optop_heap_options){ .limit = LIMIT });
    while ((piece[count] = optop_heap_alloc(heap, 1000)))
        count++;
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_int_gt(count, LIMIT / 1008 - 2);
    ck_assert_uint_eq(figures().bytes, LIMIT);
    ck_assert_double_gt(figures().utilization_pct, 99);
    ck_assert_ptr_null(optop_heap_realloc(heap, piece[5], 5000));
    ck_assert_uint_eq(figures().refused, 2);
    for (int i = 0; i < count; i++)
        optop_heap_give_back(heap, piece[i]);
    ck_assert_ptr_nonnull(optop_heap_alloc(heap, 1000 * 1000)); /* in one piece again */
    static const size_t huge[] = { SIZE_MAX, SIZE_MAX - 7, SIZE_MAX - 16, LIMIT, LIMIT - 8 };
    for (size_t i = 0; i < sizeof huge / sizeof *huge; i++)
        ck_assert_ptr_null(optop_heap_alloc(heap, huge[i]));
    finish();
    static const size_t none[] = { 0, OPTOP_HEAP_LIMIT_MAX + 1, SIZE_MAX };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        ck_assert_ptr_null(optop_heap_new(&(struct optop_heap_options){ .limit = none[i] }));
        ck_assert_int_eq(errno, EINVAL);
    }
    optop_heap_free(NULL);
}
END_TEST

START_TEST(a_piece_changes_its_length)
{
    begin((struct optop_heap_options){ .limit = 8 << 20 });
    char *first = optop_heap_alloc(heap, 100);
    memset(first, 7, 100);
    ck_assert_ptr_eq(optop_heap_realloc(heap, first, 100000), first); /* nothing is behind it */
    char *second = optop_heap_alloc(heap, 1000);
    ck_assert_ptr_eq(optop_heap_realloc(heap, first, 50), first);
    ck_assert_ptr_eq(optop_heap_realloc(heap, first, 90000), first); /* into the hole */
    ck_assert_int_eq(first[49], 7);
    char *moved = optop_heap_realloc(heap, first, 200000);
    ck_assert_ptr_ne(moved, first);
    ck_assert_int_eq(moved[0], 7);
    ck_assert_int_eq(moved[49], 7);
    optop_heap_give_back(heap, optop_heap_realloc(heap, NULL, 10));
    optop_heap_give_back(heap, moved);
    optop_heap_give_back(heap, second);
    optop_heap_give_back(heap, NULL);
    ck_assert_uint_eq(figures().used, 0);
    finish();
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
    enum { COUNT = 64, EACH = 1 << 20 };
    char *piece[COUNT];
    begin((struct optop_heap_options){ .limit = 128 << 20, .keep = 2 << 20 });
    uint64_t before = figures().bytes;
    ck_assert_uint_le(before, 256 * 1024);
    char *first = optop_heap_alloc(heap, 100);
    for (int i = 0; i < COUNT; i++)
        memset(piece[i] = optop_heap_alloc(heap, EACH), 1, EACH);
    ck_assert_uint_ge(figures().bytes, COUNT * EACH);
    for (int i = COUNT - 1; i >= 0; i--)
        optop_heap_give_back(heap, piece[i]);
    ck_assert_uint_le(figures().bytes, 5 << 20); /* by itself, but what it may keep */
    ck_assert_uint_ge(figures().bytes, 2 << 20);
    ck_assert(!in_memory(piece[20]));
    ck_assert_uint_gt(optop_heap_trim(heap), 0);
    ck_assert_uint_eq(figures().bytes, before);
    ck_assert_uint_eq(optop_heap_trim(heap), 0);
    for (int i = 0; i < COUNT; i++) /* and comes again, all zero */
        ck_assert_int_eq((piece[i] = optop_heap_alloc(heap, EACH))[EACH / 2], 0);
    optop_heap_give_back(heap, first);
    finish();
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* there the test itself would be told */
START_TEST(what_was_not_taken_is_not_given_back)
{
    begin((struct optop_heap_options){ .limit = 1 << 20 });
    char *piece = optop_heap_alloc(heap, 100), *other = optop_heap_alloc(heap, 100), here[64];
    optop_heap_give_back(heap, piece);
    optop_heap_give_back(heap, piece);
    optop_heap_give_back(heap, other + 8);
    optop_heap_give_back(heap, here);
    optop_heap_give_back(heap, other + (1 << 19));
    ck_assert_uint_eq(figures().faults, 4);
    ck_assert_uint_eq(figures().count, 1);
    ck_assert_int_eq(optop_heap_check(heap), 0);
    memset(other - 8, 0xFF, 8); /* a run over the end of the one before */
    ck_assert_int_eq(optop_heap_check(heap), -EBADMSG);
    optop_heap_free(heap);
}
END_TEST
#endif

static void
find_heap(struct resource *resource, void *data)
{
    if (!strcmp(resource->kind, "heap"))
        *(struct resource **)data = resource;
}

START_TEST(the_registry_shows_it_and_asks_it)
{
    struct resource_figure figure[RESOURCE_FIGURES_MAX];
    for (int threads = 0; threads < 2; threads++) {
        struct resource *found = NULL;
        begin((struct optop_heap_options){ .name = "wanted", .limit = 32 << 20, .keep = 16 << 20,
            .flags = threads ? OPTOP_HEAP_THREADS : 0 });
        char *small = optop_heap_alloc(heap, 10), *large = optop_heap_alloc(heap, 10 << 20);
        char *last = optop_heap_alloc(heap, 10);
        registry_each(find_heap, &found);
        ck_assert_ptr_nonnull(found);
        ck_assert_str_eq(found->name, "wanted");
        ck_assert_int_eq(found->figures(found, figure), 9);
        ck_assert_str_eq(figure[1].name, "used");
        ck_assert_double_ge(figure[1].value, 10 << 20);
        optop_heap_give_back(heap, last);
        optop_heap_give_back(heap, large);
        ck_assert_uint_ge(figures().bytes, 10 << 20);
        size_t given = found->give_back(found, SIZE_MAX);
        ck_assert(threads ? given >= 10 << 20 : given == 0); /* else with the next that goes */
        optop_heap_give_back(heap, small);
        ck_assert_uint_le(figures().bytes, 1 << 20);
        finish();
        found = NULL;
        registry_each(find_heap, &found);
        ck_assert_ptr_null(found);
    }
}
END_TEST

/* Each thread's pieces are its own, and what one took another gives back. */
static void *
churn(void *data)
{
    static _Atomic(unsigned char *) passed[16];
    unsigned seed = (unsigned)(uintptr_t)data;
    struct piece piece[20] = { 0 };
    for (int i = 0; i < 20000; i++) {
        step(&piece[rand_r(&seed) % 20], &seed);
        optop_heap_give_back(heap,
            atomic_exchange(&passed[rand_r(&seed) % 16], optop_heap_alloc(heap, 33)));
    }
    for (int i = 0; i < 20; i++)
        optop_heap_give_back(heap, piece[i].at);
    return NULL;
}

START_TEST(threads_share_it)
{
    pthread_t thread[4];
    begin((struct optop_heap_options){ .limit = 64 << 20, .flags = OPTOP_HEAP_THREADS });
    for (uintptr_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, churn, (void *)(i + 1)), 0);
    for (int i = 0; i < 1000; i++) {
        figures();
        optop_heap_trim(heap);
    }
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    ck_assert_uint_le(figures().count, 16);
    ck_assert_uint_eq(figures().faults, 0);
    finish();
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    if (test_fail_allocations(1, false)) {
        ck_assert_ptr_null(optop_heap_new(&(struct optop_heap_options){ .limit = 1 << 20 }));
        ck_assert_int_eq(errno, ENOMEM);
        test_fail_allocations(0, false);
    }
    begin((struct optop_heap_options){ .limit = 64 << 20 });
    char *kept = optop_heap_alloc(heap, 100);
    memset(kept, 3, 100);
    /* addresses that are not there cannot be made memory */
    ck_assert_int_eq(munmap(kept - 16 + (1 << 20), 4096), 0);
    ck_assert_ptr_null(optop_heap_alloc(heap, 10 << 20));
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_ptr_null(optop_heap_realloc(heap, kept, 10 << 20));
    ck_assert_int_eq(kept[99], 3);
    ck_assert_uint_eq(figures().refused, 2);
    ck_assert_ptr_nonnull(optop_heap_alloc(heap, 1000)); /* of what it has */
    finish();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they need address space */
    const struct rlimit nothing_more = { 0, RLIM_INFINITY };
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &nothing_more), 0);
    ck_assert_ptr_null(optop_heap_new(&(struct optop_heap_options){ .limit = 64 << 20 }));
    ck_assert_int_eq(errno, ENOMEM);
#endif
}
END_TEST

#ifndef __SANITIZE_ADDRESS__ /* there it is malloc's: mem/json_heap.c */
START_TEST(json_lies_in_one)
{
    struct resource *found = NULL;
    struct resource_figure figure[RESOURCE_FIGURES_MAX];
    struct diag diag;
    json_heap_use(1 << 20);
    registry_each(find_heap, &found);
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(found->name, "json");
    json_t *value = json_parse("{\"a\":[1,2,\"three\"]}", 19, &diag);
    found->figures(found, figure);
    ck_assert_str_eq(figure[3].name, "blocks");
    ck_assert_double_gt(figure[3].value, 4);

    static char text[200001]; /* a value for each comma does not fit */
    memset(text, '1', sizeof text);
    for (size_t i = 1; i < sizeof text; i += 2)
        text[i] = ',';
    text[0] = '[';
    text[1] = '1';
    text[sizeof text - 1] = ']';
    ck_assert_ptr_null(json_parse(text, sizeof text, &diag));
    ck_assert_int_eq(json_object_set_new(value, "b", json_integer(1)), 0);
    json_decref(value);
    found->figures(found, figure);
    ck_assert_double_eq(figure[3].value, 0);
}
END_TEST
#endif

#ifdef __SANITIZE_ADDRESS__
START_TEST(what_is_not_taken_is_poisoned)
{
    begin((struct optop_heap_options){ .limit = 1 << 20 });
    volatile char *piece = optop_heap_alloc(heap, 100);
    piece[99] = 1;
    if (_i == 0)
        piece[100] = 1; /* behind it */
    else if (_i == 1)
        piece[-1] = 1; /* before it */
    optop_heap_give_back(heap, (void *)(uintptr_t)piece);
    piece[50] = 1; /* not any more */
}
END_TEST
#endif

Suite *
test_suite(void)
{
    Suite *suite = suite_create("heap");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, 120);
    tcase_add_test(core, pieces_are_apart);
    tcase_add_test(core, the_best_fit_is_taken);
    tcase_add_test(core, neighbours_are_merged);
    tcase_add_test(core, a_limit_holds);
    tcase_add_test(core, a_piece_changes_its_length);
    tcase_add_test(core, memory_goes_back);
    tcase_add_test(core, the_registry_shows_it_and_asks_it);
    tcase_add_test(core, threads_share_it);
    tcase_add_test(core, no_memory_is_an_error);
#ifdef __SANITIZE_ADDRESS__
    for (int i = 0; i < 3; i++)
        tcase_add_loop_exit_test(core, what_is_not_taken_is_poisoned, 1, i, i + 1);
#else
    tcase_add_test(core, what_was_not_taken_is_not_given_back);
    tcase_add_test(core, json_lies_in_one);
#endif
    suite_add_tcase(suite, core);
    return suite;
}
