/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pools: what is counted, what the callbacks see, what is told of misuse, and
 * many threads at once.
 */
#include "test.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "mem/pool_private.h"

struct thing {
    int number;
    bool broken;
    char rest[40];
};

static struct {
    int made, ended, fail_at;
    bool refuse;
    char fault[256];
    int faults;
} seen;

static int
make_thing(void *object, void *context)
{
    struct thing *thing = object;
    (void)context;
    for (size_t i = 0; i < sizeof *thing; i++)
        ck_assert_int_eq(((char *)object)[i], 0);
    if (seen.fail_at && seen.made + 1 == seen.fail_at)
        return -ECONNREFUSED;
    thing->number = ++seen.made;
    return 0;
}

static int
reset_thing(void *object, void *context)
{
    (void)context;
    return ((struct thing *)object)->broken ? -EIO : 0;
}

static bool
validate_thing(void *object, void *context)
{
    (void)object;
    (void)context;
    return !seen.refuse;
}

static void
end_thing(void *object, void *context)
{
    (void)context;
    ck_assert_int_gt(((struct thing *)object)->number, 0);
    seen.ended++;
}

static void
tell(const char *what, void *context)
{
    (void)context;
    seen.faults++;
    snprintf(seen.fault, sizeof seen.fault, "%s", what);
}

static void
set_up(void)
{
    memset(&seen, 0, sizeof seen);
    unsetenv("OPTOP_POOL_DEBUG");
}

static struct optop_pool *
new_pool(struct optop_pool_options options)
{
    options.object_size = options.object_size ? options.object_size : sizeof(struct thing);
    if (!options.create && options.object_size == sizeof(struct thing)) {
        options.create = make_thing;
        options.destroy = end_thing;
    }
    struct optop_pool *pool = optop_pool_new(&options);
    ck_assert_ptr_nonnull(pool);
    return pool;
}

static struct optop_pool_figures
figures(struct optop_pool *pool)
{
    struct optop_pool_figures f;
    optop_pool_figures(pool, &f);
    ck_assert_uint_eq(f.size, f.in_use + f.idle);
    ck_assert_uint_eq(f.size, f.created - f.retired);
    return f;
}

static const unsigned kinds[] = { 0, OPTOP_POOL_THREADS, OPTOP_POOL_DEBUG,
    OPTOP_POOL_THREADS | OPTOP_POOL_DEBUG };
enum { KINDS = sizeof kinds / sizeof *kinds };

START_TEST(an_object_is_made_once_and_used_again)
{
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .flags = kinds[_i] });
    ck_assert(isnan(figures(pool).reuse_pct));
    struct thing *a = optop_pool_acquire(pool), *b = optop_pool_acquire(pool);
    ck_assert_uint_eq((uintptr_t)a % 16, 0);
    ck_assert_ptr_ne(a, b);
    optop_pool_release(pool, a);
    ck_assert_ptr_eq(optop_pool_acquire(pool), a);
    ck_assert_int_eq(a->number, 1);
    struct optop_pool_figures f = figures(pool);
    ck_assert(f.size == 2 && f.in_use == 2 && f.created == 2 && f.reused == 1 && f.acquired == 3);
    ck_assert_double_eq_tol(f.reuse_pct, 100.0 / 3, 1e-9);
    optop_pool_release(pool, a);
    optop_pool_discard(pool, b);
    optop_pool_release(pool, NULL);
    f = figures(pool);
    ck_assert(f.size == 1 && f.idle == 1 && f.retired == 1 && seen.ended == 1);
    optop_pool_free(pool);
    ck_assert_int_eq(seen.ended, 2);
    optop_pool_free(NULL);
}
END_TEST

START_TEST(callbacks_decide_what_is_used_again)
{
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .flags = kinds[_i],
        .reset = reset_thing, .validate = validate_thing, .initial = 3, .max = 5 });
    ck_assert(figures(pool).idle == 3 && seen.made == 3);
    struct thing *a = optop_pool_acquire(pool);
    ck_assert_double_eq(figures(pool).reuse_pct, 100);
    a->broken = true;
    optop_pool_release(pool, a);
    ck_assert_int_eq(seen.ended, 1);
    seen.refuse = true; /* both that rest are stale: a new one it is */
    a = optop_pool_acquire(pool);
    ck_assert_int_eq(a->number, 4);
    struct optop_pool_figures f = figures(pool);
    ck_assert(f.retired == 3 && f.size == 1 && f.created == 4 && f.reused == 1);
    seen.refuse = false;
    seen.fail_at = 5;
    ck_assert_ptr_null(optop_pool_acquire(pool));
    ck_assert_int_eq(errno, ECONNREFUSED);
    ck_assert_uint_eq(figures(pool).size, 1);
    optop_pool_release(pool, a);
    optop_pool_free(pool);
    ck_assert_int_eq(seen.made, seen.ended);
}
END_TEST

START_TEST(no_more_than_the_maximum)
{
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .flags = kinds[_i], .max = 2,
        .wait_ns = kinds[_i] & OPTOP_POOL_THREADS ? 1000000 : 0 });
    void *a = optop_pool_acquire(pool), *b = optop_pool_acquire(pool);
    ck_assert_ptr_null(optop_pool_acquire(pool));
    ck_assert_int_eq(errno, kinds[_i] & OPTOP_POOL_THREADS ? ETIMEDOUT : EAGAIN);
    optop_pool_release(pool, a);
    ck_assert_ptr_eq(optop_pool_acquire(pool), a);
    optop_pool_discard(pool, a);
    a = optop_pool_acquire(pool);
    ck_assert_ptr_nonnull(a);
    optop_pool_release(pool, a);
    optop_pool_release(pool, b);
    optop_pool_free(pool);
}
END_TEST

START_TEST(what_rests_too_long_or_is_old_goes)
{
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .flags = kinds[_i], .min = 1,
        .idle_ns = 1000000 });
    void *a = optop_pool_acquire(pool), *b = optop_pool_acquire(pool);
    optop_pool_release(pool, a);
    optop_pool_release(pool, b);
    for (int i = 0; figures(pool).size > 1 && i < 5000; i++, usleep(1000))
        optop_pool_trim(pool, false);
    ck_assert_uint_eq(figures(pool).size, 1);
    optop_pool_trim(pool, true);
    ck_assert_uint_eq(figures(pool).size, 1);
    optop_pool_free(pool);

    seen.made = seen.ended = 0;
    pool = new_pool((struct optop_pool_options){ .flags = kinds[_i], .life_ns = 1000000 });
    for (int i = 0; !seen.ended && i < 5000; i++, usleep(1000))
        optop_pool_release(pool, optop_pool_acquire(pool));
    ck_assert_uint_ge(figures(pool).retired, 1);
    optop_pool_free(pool);
    ck_assert_int_eq(seen.made, seen.ended);
}
END_TEST

START_TEST(memory_is_cleared_and_goes_back)
{
    enum { SIZE = 4096, COUNT = 1000 };
    static char *object[COUNT], zero[SIZE];
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .object_size = SIZE,
        .flags = kinds[_i] | OPTOP_POOL_ZERO });
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < COUNT; i++) {
            object[i] = optop_pool_acquire(pool);
            ck_assert_int_eq(memcmp(object[i], zero, SIZE), 0);
            memset(object[i], 0xAB, SIZE);
        }
        for (int i = 0; i < COUNT; i++)
            optop_pool_release(pool, object[i]);
        if (round)
            break;
        for (int i = 0; i < COUNT / 2; i++) /* also what was taken out of the pool */
            optop_pool_discard(pool, object[i] = optop_pool_acquire(pool));
    }
    size_t mapped = figures(pool).bytes;
    ck_assert_uint_ge(mapped, COUNT * SIZE);
    ck_assert_uint_eq(optop_pool_trim(pool, true), mapped);
    ck_assert_uint_eq(figures(pool).bytes, 0);
    ck_assert_ptr_nonnull(object[0] = optop_pool_acquire(pool));
    optop_pool_release(pool, object[0]);
    optop_pool_free(pool);
}
END_TEST

START_TEST(an_object_costs_sixteen_bytes)
{
    static const size_t sizes[] = { 16, 64, 256, 4096, 65536, 1 << 20 };
    size_t size = sizes[_i], count = (64u << 20) / size;
    if (count > 4096)
        count = 4096 * 4;
    void **object = calloc(count, sizeof *object);
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .object_size = size });
    for (size_t i = 0; i < count; i++)
        object[i] = optop_pool_acquire(pool);
    /* but for what the last slab has left, and the ends of slabs, which nobody touches */
    ck_assert_uint_le(pool->slabs.stride, size + 16);
    ck_assert_uint_ge(pool->slabs.slots * pool->slabs.stride + pool->slabs.stride + 64,
        pool->slabs.bytes);
    for (size_t i = 0; i < count; i++)
        optop_pool_release(pool, object[i]);
    free(object);
    optop_pool_free(pool);
}
END_TEST

START_TEST(misuse_is_told_with_its_place)
{
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .name = "mine",
        .flags = kinds[_i], .fault = tell });
    struct thing *a = optop_pool_acquire(pool), *foreign = calloc(2, sizeof *foreign);
    optop_pool_release(pool, a);
    optop_pool_release(pool, a);
    ck_assert_int_eq(seen.faults, 1);
    optop_pool_release(pool, foreign + 1);
    ck_assert_int_eq(seen.faults, 2);
    ck_assert_ptr_nonnull(strstr(seen.fault, "pool mine: "));
    ck_assert_uint_eq(figures(pool).faults, 2);
    ck_assert_ptr_eq(optop_pool_acquire(pool), a); /* and nothing was broken by it */
    a->number = 1;
    optop_pool_free(pool);
    free(foreign);
    if (kinds[_i] & OPTOP_POOL_DEBUG) {
        ck_assert_int_eq(seen.faults, 3);
        ck_assert_ptr_nonnull(strstr(seen.fault, "not released"));
        ck_assert_ptr_nonnull(strstr(seen.fault, "test_pool.c:"));
    }
}
END_TEST

START_TEST(a_program_can_be_debugged_from_outside)
{
    setenv("OPTOP_POOL_DEBUG", "1", 1);
    struct optop_pool *pool = new_pool((struct optop_pool_options){ 0 });
    void *a = optop_pool_acquire(pool);
    optop_pool_release(pool, a);
    optop_pool_release(pool, a); /* aborts */
}
END_TEST

START_TEST(wrong_options_are_refused)
{
    ck_assert_ptr_null(optop_pool_new(&(struct optop_pool_options){ 0 }));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(
        optop_pool_new(&(struct optop_pool_options){ .object_size = OPTOP_POOL_OBJECT_MAX + 1 }));
    ck_assert_ptr_null(
        optop_pool_new(&(struct optop_pool_options){ .object_size = 8, .initial = 3, .max = 2 }));
    struct optop_pool *pool =
        new_pool((struct optop_pool_options){ .object_size = OPTOP_POOL_OBJECT_MAX });
    ck_assert_ptr_null(optop_pool_acquire(pool)); /* no machine has it */
    ck_assert_int_eq(errno, ENOMEM);
    ck_assert_uint_eq(figures(pool).size, 0);
    optop_pool_free(pool);
    seen.fail_at = 2;
    ck_assert_ptr_null(optop_pool_new(&(struct optop_pool_options){ .initial = 2,
        .object_size = sizeof(struct thing), .create = make_thing, .destroy = end_thing }));
    ck_assert_int_eq(errno, ECONNREFUSED);
    ck_assert_int_eq(seen.ended, 1);
}
END_TEST

/* The pool itself, and what a thread keeps of it: without the latter it goes on. */
START_TEST(a_failing_allocation_is_an_error)
{
    if (!test_fail_allocations(0, false))
        return;
    for (int nth = 1; nth < 8; nth++)
        for (int all_after = 0; all_after < 2; all_after++) {
            test_fail_allocations(nth, all_after);
            struct optop_pool *pool = optop_pool_new(&(struct optop_pool_options){ .name = "n",
                .object_size = 100, .flags = kinds[_i] });
            int code = errno;
            void *a = pool ? optop_pool_acquire(pool) : NULL;
            void *b = pool ? optop_pool_acquire(pool) : NULL;
            test_fail_allocations(0, false);
            ck_assert(pool ? a && b : code == ENOMEM);
            ck_assert(pool || nth == 1);
            if (pool) {
                optop_pool_release(pool, a);
                optop_pool_release(pool, b);
                ck_assert_uint_eq(figures(pool).idle, 2);
            }
            optop_pool_free(pool);
        }
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) /* they need address space */
START_TEST(no_memory_is_an_error)
{
    static void *object[1000];
    const struct rlimit nothing_more = { 0, RLIM_INFINITY };
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .object_size = 4000,
        .flags = kinds[_i] });
    object[0] = optop_pool_acquire(pool);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &nothing_more), 0);
    int count = 1;
    while (count < 1000 && (object[count] = optop_pool_acquire(pool)))
        count++;
    ck_assert_int_lt(count, 1000);
    ck_assert_int_eq(errno, ENOMEM);
    struct optop_pool_figures f = figures(pool);
    ck_assert(f.in_use == (uint64_t)count && f.size == f.in_use);
    while (count)
        optop_pool_release(pool, object[--count]);
    ck_assert_ptr_nonnull(object[0] = optop_pool_acquire(pool));
    optop_pool_release(pool, object[0]);
    ck_assert_uint_eq(figures(pool).in_use, 0);
    optop_pool_free(pool);
    ck_assert_ptr_null(optop_pool_new(&(struct optop_pool_options){ .object_size = 8 << 20,
        .initial = 1, .flags = kinds[_i] }));
    ck_assert_int_eq(errno, ENOMEM);
}
END_TEST
#endif

/* Threads. */

enum { THREADS = 4, ROUNDS = 3000, HELD = 40 };

struct busy {
    struct optop_pool *pool;
    _Atomic(void *) *passed; /* objects on their way to another thread */
    unsigned seed;
};

static _Atomic int holders_now, holders_most;
static _Atomic bool stop;

static void
check_owner(struct thing *thing, int who)
{
    ck_assert_int_eq(((volatile struct thing *)thing)->number, who);
}

static void *
work(void *data)
{
    struct busy *busy = data;
    void *held[HELD];
    for (int round = 0; round < ROUNDS; round++) {
        int count = 1 + (int)(rand_r(&busy->seed) % HELD);
        for (int i = 0; i < count; i++) {
            held[i] = optop_pool_acquire(busy->pool);
            ck_assert_ptr_nonnull(held[i]);
            ((struct thing *)held[i])->number = round + 1;
        }
        for (int i = 0; i < count; i++) {
            check_owner(held[i], round + 1);
            void *other = rand_r(&busy->seed) % 4 ? held[i]
                : atomic_exchange(&busy->passed[rand_r(&busy->seed) % 8], held[i]);
            if (other)
                optop_pool_release(busy->pool, other);
        }
    }
    return NULL;
}

static void *
trim_all_the_time(void *data)
{
    while (!atomic_load(&stop)) {
        struct optop_pool_figures f;
        optop_pool_trim(data, true);
        optop_pool_figures(data, &f);
        ck_assert_uint_eq(f.size, f.in_use + f.idle);
        usleep(200);
    }
    return NULL;
}

START_TEST(threads_share_a_pool)
{
    pthread_t thread[THREADS], trimmer;
    static _Atomic(void *) passed[8];
    struct busy busy[THREADS];
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .name = "shared",
        .object_size = sizeof(struct thing) + 8, .flags = OPTOP_POOL_THREADS });
    ck_assert_int_eq(pool->way, WAY_CACHES);
    pthread_create(&trimmer, NULL, trim_all_the_time, pool);
    for (unsigned i = 0; i < THREADS; i++) {
        busy[i] = (struct busy){ .pool = pool, .passed = passed, .seed = i };
        pthread_create(&thread[i], NULL, work, &busy[i]);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    atomic_store(&stop, true);
    pthread_join(trimmer, NULL);
    for (int i = 0; i < 8; i++)
        optop_pool_release(pool, passed[i]);
    struct optop_pool_figures f = figures(pool);
    ck_assert(f.in_use == 0 && f.acquired > THREADS * ROUNDS && f.faults == 0);
    ck_assert_ptr_null(pool->caches->next); /* ours; threads took theirs with them */
    optop_pool_trim(pool, true);
    ck_assert_uint_eq(figures(pool).size, 0);
    optop_pool_free(pool);
}
END_TEST

static void *
hold_one(void *data)
{
    for (int round = 0; round < 500; round++) {
        void *object = optop_pool_acquire(data);
        ck_assert_ptr_nonnull(object);
        int now = atomic_fetch_add(&holders_now, 1) + 1, most = atomic_load(&holders_most);
        while (now > most && !atomic_compare_exchange_weak(&holders_most, &most, now)) { }
        if (round % 16 == 0)
            usleep(50);
        atomic_fetch_sub(&holders_now, 1);
        if (round % 50)
            optop_pool_release(data, object);
        else
            optop_pool_discard(data, object);
    }
    return NULL;
}

/* An object that rests in one thread's cache is found by another that waits. */
START_TEST(threads_wait_at_the_maximum)
{
    pthread_t thread[THREADS];
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .flags = kinds[_i],
        .object_size = 100, .max = 2, .wait_ns = -1 });
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread[i], NULL, hold_one, pool);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    ck_assert_int_le(holders_most, 2);
    ck_assert_uint_eq(figures(pool).in_use, 0);
    optop_pool_free(pool);
}
END_TEST

static void *
acquire_and_keep(void *data)
{
    optop_pool_release(data, optop_pool_acquire(data));
    while (!atomic_load(&stop))
        usleep(200);
    optop_pool_release(data, optop_pool_acquire(data)); /* its cache has been emptied */
    return NULL;
}

START_TEST(caches_give_back_what_rests_in_them)
{
    pthread_t thread;
    struct optop_pool *pool = new_pool((struct optop_pool_options){ .object_size = 100,
        .flags = OPTOP_POOL_THREADS, .max = 1 });
    pthread_create(&thread, NULL, acquire_and_keep, pool);
    struct optop_pool_figures f;
    do
        optop_pool_figures(pool, &f);
    while (!f.acquired);
    void *object;
    while (!(object = optop_pool_acquire(pool))) /* EAGAIN while it is in use there */
        usleep(200);
    optop_pool_release(pool, object);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    ck_assert(figures(pool).created == 1 && figures(pool).in_use == 0);
    optop_pool_free(pool);
}
END_TEST

static void
give(struct resource *resource, void *data)
{
    if (!strcmp(resource->name, "wanted"))
        *(size_t *)data += resource->give_back(resource, SIZE_MAX);
}

static void *
ask_all(void *data)
{
    registry_each(give, data);
    return NULL;
}

START_TEST(the_registry_gets_memory_back)
{
    pthread_t thread;
    size_t got = 0;
    struct optop_pool *pool =
        new_pool((struct optop_pool_options){ .name = "wanted", .object_size = 1000 });
    void *a = optop_pool_acquire(pool), *b = optop_pool_acquire(pool);
    optop_pool_release(pool, a);
    pthread_create(&thread, NULL, ask_all, &got); /* not the pool's user: a wish */
    pthread_join(thread, NULL);
    ck_assert(got == 0 && figures(pool).size == 2);
    optop_pool_release(pool, b);
    ck_assert_uint_eq(figures(pool).size, 0);
    ck_assert_int_eq(pool->way, WAY_PLAIN);
    optop_pool_release(pool, optop_pool_acquire(pool));
    registry_each(give, &got);
    ck_assert_uint_gt(got, 0);
    struct resource_figure figure[RESOURCE_FIGURES_MAX];
    ck_assert_int_le(pool->resource.figures(&pool->resource, figure), RESOURCE_FIGURES_MAX);
    ck_assert_str_eq(figure[0].name, "size");
    optop_pool_free(pool);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("pool");
    TCase *core = tcase_create("core");
    tcase_add_checked_fixture(core, set_up, NULL);
    tcase_set_timeout(core, 120);
    tcase_add_loop_test(core, an_object_is_made_once_and_used_again, 0, KINDS);
    tcase_add_loop_test(core, callbacks_decide_what_is_used_again, 0, KINDS);
    tcase_add_loop_test(core, no_more_than_the_maximum, 0, KINDS);
    tcase_add_loop_test(core, what_rests_too_long_or_is_old_goes, 0, KINDS);
    tcase_add_loop_test(core, memory_is_cleared_and_goes_back, 0, KINDS);
    tcase_add_loop_test(core, an_object_costs_sixteen_bytes, 0, 6);
    tcase_add_loop_test(core, misuse_is_told_with_its_place, 0, KINDS);
    tcase_add_test_raise_signal(core, a_program_can_be_debugged_from_outside, 6);
    tcase_add_test(core, wrong_options_are_refused);
    tcase_add_loop_test(core, a_failing_allocation_is_an_error, 0, KINDS);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    tcase_add_loop_test(core, no_memory_is_an_error, 0, KINDS);
#endif
    tcase_add_test(core, threads_share_a_pool);
    tcase_add_loop_test(core, threads_wait_at_the_maximum, 1, 2);
    tcase_add_loop_test(core, threads_wait_at_the_maximum, 3, KINDS);
    tcase_add_test(core, caches_give_back_what_rests_in_them);
    tcase_add_test(core, the_registry_gets_memory_back);
    suite_add_tcase(suite, core);
    return suite;
}
