/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Caches: keys, limits, time, invalidation, holding, making together, threads,
 * all caches of a process, and memory that is not to be had.
 */
#include "test.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem/registry.h"
#include "optop/cache.h"

static int64_t fake_now;

static int64_t
read_fake(void *context)
{
    (void)context;
    return fake_now;
}

static int destroyed;

static void
count_destroyed(void *value, size_t size, void *context)
{
    (void)value;
    (void)size;
    (void)context;
    destroyed++;
}

static struct optop_cache *
new_cache(enum optop_cache_policy policy, size_t max_entries)
{
    struct optop_cache *cache = optop_cache_new(&(struct optop_cache_options){ .name = "test",
        .policy = policy, .max_entries = max_entries, .now = read_fake,
        .destroy = count_destroyed });
    ck_assert_ptr_nonnull(cache);
    destroyed = 0;
    return cache;
}

static void
put(struct optop_cache *cache, const char *name, int value)
{
    struct optop_key key;
    optop_key(&key, "s", name);
    ck_assert_int_eq(optop_cache_put(cache, &key, &value, sizeof value, NULL), 0);
}

/* -1: not there. */
static int
get(struct optop_cache *cache, const char *name)
{
    struct optop_key key;
    int value;
    optop_key(&key, "s", name);
    return optop_cache_get(cache, &key, &value, sizeof value) == sizeof value ? value : -1;
}

static struct optop_cache_figures
figures(struct optop_cache *cache)
{
    struct optop_cache_figures f;
    optop_cache_figures(cache, &f);
    return f;
}

/* Keys. */

static bool
same(const struct optop_key *a, const struct optop_key *b)
{
    return a->size == b->size && !memcmp(a->bytes, b->bytes, a->size);
}

struct point {
    double x, y;
    const char *note; /* no part of its key */
};

static void
key_of_point(struct optop_key *key, const void *object)
{
    const struct point *point = object;
    optop_key_double(key, point->x);
    optop_key_double(key, point->y);
}

START_TEST(keys_are_equal_when_their_arguments_are)
{
    struct optop_key a, b;
    optop_key(&a, "sid", "run", (int64_t)7, 0.5);
    optop_key(&b, "sid", "run", (int64_t)7, 0.5);
    ck_assert(same(&a, &b));
    optop_key(&b, "sid", "run", (int64_t)8, 0.5);
    ck_assert(!same(&a, &b));
    optop_key(&a, "i", (int64_t)1);
    optop_key(&b, "d", 1.0);
    ck_assert_msg(!same(&a, &b), "types count");
    optop_key(&a, "ss", "ab", "c");
    optop_key(&b, "ss", "a", "bc");
    ck_assert(!same(&a, &b));
    optop_key(&a, "d", 0.0);
    optop_key(&b, "d", -0.0);
    ck_assert(same(&a, &b));
    optop_key(&a, "d", (double)NAN);
    optop_key(&b, "d", -(double)NAN);
    ck_assert(same(&a, &b));
    struct point p = { 1, 2, "here" }, q = { 1, 2, "there" };
    optop_key(&a, "o", (const void *)&p, key_of_point);
    optop_key(&b, "o", (const void *)&q, key_of_point);
    ck_assert(same(&a, &b));
    optop_key(&b, "dd", 1.0, 2.0);
    ck_assert_msg(!same(&a, &b), "an object is not its parts");
}
END_TEST

START_TEST(keys_have_a_text)
{
    struct optop_key key;
    struct point p = { 0.5, 2, "" };
    char text[100], cut[6];
    optop_key(&key, "sibo", "user", (int64_t)-12, (const void *)"\x01\xfe", (size_t)2,
        (const void *)&p, key_of_point);
    ck_assert_uint_eq(optop_key_text(&key, text, sizeof text), strlen("user:-12:01fe:0.5:2"));
    ck_assert_str_eq(text, "user:-12:01fe:0.5:2");
    optop_key_text(&key, cut, sizeof cut);
    ck_assert_str_eq(cut, "user:");
}
END_TEST

START_TEST(a_key_that_does_not_fit_is_refused)
{
    struct optop_cache *cache = new_cache(OPTOP_CACHE_LRU, 10);
    static char longest[OPTOP_KEY_MAX + 1];
    struct optop_key key;
    memset(longest, 'x', sizeof longest - 1);
    optop_key(&key, "s", longest); /* and its head */
    ck_assert_int_eq(optop_cache_put(cache, &key, "", 0, NULL), -EINVAL);
    ck_assert_int_eq(optop_cache_get(cache, &key, NULL, 0), -ENOENT);
    longest[OPTOP_KEY_MAX - 8] = '\0';
    optop_key(&key, "s", longest);
    ck_assert_int_eq(optop_cache_put(cache, &key, "", 0, NULL), 0);
    ck_assert_int_eq(optop_cache_get(cache, &key, NULL, 0), 0);
    optop_key(&key, "s?", "x");
    ck_assert_int_eq(optop_cache_put(cache, &key, "", 0, NULL), -EINVAL);
    optop_cache_free(cache);
}
END_TEST

/* Limits and time. */

START_TEST(options_are_checked)
{
    ck_assert_ptr_null(optop_cache_new(&(struct optop_cache_options){ .name = "no limit" }));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_ptr_null(optop_cache_new(&(struct optop_cache_options){
        .policy = OPTOP_CACHE_POLICIES, .max_entries = 1 }));
    struct optop_key key;
    optop_key(&key, "i", (int64_t)1);
    ck_assert_int_eq(optop_cache_get(NULL, &key, NULL, 0), -ENOENT);
    ck_assert_int_eq(optop_cache_put(NULL, &key, "", 0, NULL), 0);
    ck_assert_int_eq(optop_cache_clear(NULL), 0);
    optop_cache_free(NULL);
}
END_TEST

START_TEST(entries_are_bounded_in_every_policy_and_shard)
{
    struct optop_cache *cache = optop_cache_new(&(struct optop_cache_options){
        .policy = (enum optop_cache_policy)_i, .max_entries = 103, .shards = 8,
        .destroy = count_destroyed });
    destroyed = 0;
    int refused = 0;
    for (int64_t i = 0; i < 1000; i++) {
        struct optop_key key;
        optop_key(&key, "i", i);
        int r = optop_cache_put(cache, &key, &i, sizeof i, NULL);
        refused += r == -ENOSPC;
        ck_assert(r == 0 || _i == OPTOP_CACHE_UNBOUNDED);
    }
    struct optop_cache_figures f = figures(cache);
    ck_assert_uint_eq(f.entries, 103);
    ck_assert_uint_eq(f.inserted, f.entries + f.evicted);
    ck_assert_int_eq(refused, _i == OPTOP_CACHE_UNBOUNDED ? 897 : 0);
    ck_assert_int_eq(destroyed, (int)f.evicted);
    optop_cache_free(cache);
    ck_assert_int_eq(destroyed, (int)f.inserted);
}
END_TEST

START_TEST(bytes_are_bounded)
{
    enum { ROOM = 20000 };
    struct optop_cache *cache = optop_cache_new(&(struct optop_cache_options){
        .policy = (enum optop_cache_policy)_i, .max_bytes = ROOM, .shards = 1 });
    static char value[ROOM];
    struct optop_key key;
    for (int64_t i = 0; i < 500; i++) {
        optop_key(&key, "i", i);
        int r = optop_cache_put(cache, &key, value, (size_t)(i * 37 % 900), NULL);
        ck_assert(r == 0 || _i == OPTOP_CACHE_UNBOUNDED);
        ck_assert_uint_le(figures(cache).bytes, ROOM);
    }
    ck_assert_uint_ge(figures(cache).bytes, ROOM * 9 / 10);
    ck_assert_int_eq(optop_cache_put(cache, &key, value, sizeof value, NULL), -EFBIG);
    struct optop_cache_entry heavy = { .extra_bytes = SIZE_MAX };
    ck_assert_int_eq(optop_cache_put(cache, &key, "x", 1, &heavy), -EFBIG);
    optop_cache_clear(cache);
    ck_assert_uint_eq(figures(cache).bytes, 0);
    optop_cache_free(cache);
}
END_TEST

START_TEST(a_value_ends_with_its_time)
{
    struct optop_cache *cache = optop_cache_new(&(struct optop_cache_options){ .name = "test",
        .max_entries = 10, .now = read_fake, .ttl_ns = 100 });
    struct optop_key key;
    struct optop_cache_entry shorter = { .ttl_ns = 10 }, forever = { .ttl_ns = -1 };
    fake_now = 1000;
    put(cache, "usual", 1);
    optop_key(&key, "s", "shorter");
    optop_cache_put(cache, &key, &(int){ 2 }, sizeof(int), &shorter);
    optop_key(&key, "s", "forever");
    optop_cache_put(cache, &key, &(int){ 3 }, sizeof(int), &forever);
    fake_now = 1009;
    ck_assert_int_eq(get(cache, "shorter"), 2);
    fake_now = 1010;
    ck_assert_int_eq(get(cache, "shorter"), -1);
    ck_assert_int_eq(get(cache, "usual"), 1);
    fake_now = 1100;
    ck_assert_int_eq(get(cache, "usual"), -1);
    ck_assert_int_eq(get(cache, "forever"), 3);
    put(cache, "usual", 4);
    ck_assert_int_eq(get(cache, "usual"), 4);
    struct optop_cache_figures f = figures(cache);
    ck_assert_uint_eq(f.expired, 2);
    ck_assert_uint_eq(f.hits, 4);
    ck_assert_uint_eq(f.misses, 2);
    optop_cache_free(cache);
}
END_TEST

START_TEST(a_new_value_takes_the_place_of_the_old)
{
    struct optop_cache *cache = new_cache((enum optop_cache_policy)_i, 4);
    for (int i = 0; i < 10; i++)
        put(cache, "one", i);
    ck_assert_int_eq(get(cache, "one"), 9);
    ck_assert_uint_eq(figures(cache).entries, 1);
    ck_assert_int_eq(destroyed, 9);
    optop_cache_free(cache);
    ck_assert_int_eq(destroyed, 10);
}
END_TEST

/* Invalidation. */

START_TEST(keys_prefixes_and_patterns_go)
{
    struct optop_cache *cache = new_cache((enum optop_cache_policy)_i, 4096);
    char name[32];
    struct optop_key key;
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "%s/%d", i % 2 ? "odd" : "even", i);
        put(cache, name, i);
    }
    optop_key(&key, "s", "odd/7");
    ck_assert_int_eq(optop_cache_remove(cache, &key), 1);
    ck_assert_int_eq(optop_cache_remove(cache, &key), 0);
    ck_assert_int_eq((int)optop_cache_remove_match(cache, "*/?5"), 9);
    ck_assert_int_eq(get(cache, "odd/15"), -1);
    ck_assert_int_eq(get(cache, "odd/115"), 115);
    ck_assert_int_eq((int)optop_cache_remove_prefix(cache, "even/"), 500);
    ck_assert_int_eq(get(cache, "even/8"), -1);
    for (int i = 1; i < 1000; i += 2) {
        snprintf(name, sizeof name, "odd/%d", i);
        bool gone = i == 7 || (i >= 15 && i <= 95 && i % 10 == 5);
        ck_assert_int_eq(get(cache, name), gone ? -1 : i);
    }
    ck_assert_int_eq((int)optop_cache_clear(cache), 490);
    ck_assert_uint_eq(figures(cache).invalidated, 1000);
    ck_assert_uint_eq(figures(cache).entries, 0);
    ck_assert_int_eq(destroyed, 1000);
    optop_cache_free(cache);
}
END_TEST

START_TEST(what_is_held_stays)
{
    struct optop_cache *cache = new_cache(OPTOP_CACHE_LRU, 1);
    struct optop_key key;
    size_t size;
    put(cache, "one", 1);
    optop_key(&key, "s", "one");
    const int *one = optop_cache_hold(cache, &key, &size);
    ck_assert_uint_eq(size, sizeof *one);
    put(cache, "two", 2);
    ck_assert_int_eq(get(cache, "one"), -1);
    ck_assert_int_eq(*one, 1);
    ck_assert_int_eq(destroyed, 0);
    optop_cache_let_go(cache, one);
    ck_assert_int_eq(destroyed, 1);
    ck_assert_ptr_null(optop_cache_hold(cache, &key, NULL));
    optop_cache_let_go(cache, NULL);
    optop_cache_free(cache);
}
END_TEST

START_TEST(an_owner_destroys_himself)
{
    struct optop_cache *cache = optop_cache_new(&(struct optop_cache_options){ .name = "own",
        .max_entries = 10, .destroy = count_destroyed, .destroy_by_owner = true });
    destroyed = 0;
    put(cache, "one", 1);
    put(cache, "two", 2);
    optop_caches_clear(NULL);
    ck_assert_int_eq(get(cache, "one"), -1);
    ck_assert_int_eq(destroyed, 0);
    optop_cache_sweep(cache);
    ck_assert_int_eq(destroyed, 2);
    put(cache, "three", 3);
    optop_cache_free(cache);
    ck_assert_int_eq(destroyed, 3);
}
END_TEST

/* Making. */

struct maker {
    struct optop_cache *cache;
    struct optop_key key;
    atomic_int made, waiting;
    int fails;
    int value;
};

static int
make(void *context, const struct optop_key *key, struct optop_cache_made *ret_made)
{
    struct maker *maker = context;
    ck_assert(same(key, &maker->key));
    maker->value = 40 + atomic_fetch_add(&maker->made, 1);
    *ret_made = (struct optop_cache_made){ .value = &maker->value, .size = sizeof maker->value };
    return maker->fails;
}

START_TEST(a_value_is_made_when_it_is_not_there)
{
    struct maker maker = { .cache = new_cache(OPTOP_CACHE_S3FIFO, 10) };
    const void *value;
    size_t size;
    optop_key(&maker.key, "s", "it");
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(optop_cache_compute(maker.cache, &maker.key, make, &maker, &value, &size), 0);
        ck_assert_int_eq(*(const int *)value, 40);
        ck_assert_uint_eq(size, sizeof(int));
        optop_cache_let_go(maker.cache, value);
    }
    ck_assert_int_eq(maker.made, 1);
    optop_cache_clear(maker.cache);
    maker.fails = -EIO;
    ck_assert_int_eq(optop_cache_compute(maker.cache, &maker.key, make, &maker, &value, &size), -EIO);
    ck_assert_int_eq(get(maker.cache, "it"), -1);
    ck_assert_uint_eq(figures(maker.cache).failed, 1);
    optop_cache_free(maker.cache);
}
END_TEST

static int
make_of_itself(void *context, const struct optop_key *key, struct optop_cache_made *ret_made)
{
    const void *value;
    (void)ret_made;
    return optop_cache_compute(context, key, make_of_itself, context, &value, NULL);
}

START_TEST(a_maker_that_asks_for_itself_is_told)
{
    struct optop_cache *cache = new_cache(OPTOP_CACHE_S3FIFO, 10);
    struct optop_key key;
    const void *value;
    optop_key(&key, "s", "it");
    ck_assert_int_eq(optop_cache_compute(cache, &key, make_of_itself, cache, &value, NULL), -EDEADLK);
    optop_cache_free(cache);
}
END_TEST

enum { TOGETHER = 8 };

/* Returns when all the others wait for it. */
static int
make_slowly(void *context, const struct optop_key *key, struct optop_cache_made *ret_made)
{
    struct maker *maker = context;
    while (figures(maker->cache).waited < TOGETHER - 1)
        usleep(1000);
    return make(context, key, ret_made);
}

static void *
ask(void *context)
{
    struct maker *maker = context;
    const void *value;
    int r = optop_cache_compute(maker->cache, &maker->key, make_slowly, maker, &value, NULL);
    if (r < 0)
        return (void *)(intptr_t)r;
    r = *(const int *)value;
    optop_cache_let_go(maker->cache, value);
    return (void *)(intptr_t)r;
}

START_TEST(who_asks_meanwhile_waits_for_the_one_making)
{
    struct maker maker = { .cache = new_cache(OPTOP_CACHE_S3FIFO, 10), .fails = _i ? -EIO : 0 };
    pthread_t thread[TOGETHER];
    optop_key(&maker.key, "s", "it");
    for (int i = 0; i < TOGETHER; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, ask, &maker), 0);
    for (int i = 0; i < TOGETHER; i++) {
        void *result;
        pthread_join(thread[i], &result);
        ck_assert_int_eq((int)(intptr_t)result, _i ? -EIO : 40);
    }
    ck_assert_int_eq(maker.made, 1);
    optop_cache_free(maker.cache);
    ck_assert_int_eq(destroyed, _i ? 0 : 1);
}
END_TEST

/* Threads: values never mix, and in the end the figures add up. */

enum { THREADS = 4, TURNS = 30000, NUMBERS = 600 };

struct crowd {
    struct optop_cache *cache;
    atomic_int seed;
};

static int
make_number(void *context, const struct optop_key *key, struct optop_cache_made *ret_made)
{
    (void)key;
    *ret_made = (struct optop_cache_made){ .value = context, .size = sizeof(int64_t[2]) };
    return 0;
}

static void
take_turn(struct optop_cache *cache, unsigned *seed)
{
    int64_t number = rand_r(seed) % NUMBERS, value[2] = { number, -number };
    struct optop_key key;
    const void *held;
    optop_key(&key, "i", number);
    switch (rand_r(seed) % 16) {
    case 0:
        optop_cache_put(cache, &key, value, sizeof value, NULL);
        break;
    case 1:
        optop_cache_remove(cache, &key);
        break;
    case 2:
        ck_assert_int_eq(optop_cache_compute(cache, &key, make_number, value, &held, NULL), 0);
        ck_assert_mem_eq(held, value, sizeof value);
        optop_cache_let_go(cache, held);
        break;
    case 3:
        held = optop_cache_hold(cache, &key, NULL);
        if (held)
            ck_assert_mem_eq(held, value, sizeof value);
        optop_cache_let_go(cache, held);
        break;
    default:
        if (optop_cache_get(cache, &key, value, sizeof value) >= 0)
            ck_assert(value[0] == number && value[1] == -number);
    }
}

static void *
join_crowd(void *context)
{
    struct crowd *crowd = context;
    unsigned seed = (unsigned)atomic_fetch_add(&crowd->seed, 1);
    for (int i = 0; i < TURNS; i++) {
        take_turn(crowd->cache, &seed);
        if (i % 5000 == 0)
            optop_caches_remove_match("crowd*", "*7");
    }
    return NULL;
}

static atomic_int crowd_destroyed;

static void
count_in_crowd(void *value, size_t size, void *context)
{
    (void)context;
    ck_assert_uint_eq(size, sizeof(int64_t[2]));
    ck_assert_int_eq(((int64_t *)value)[0], -((int64_t *)value)[1]);
    atomic_fetch_add(&crowd_destroyed, 1);
}

START_TEST(threads_share_a_cache)
{
    struct crowd crowd = { .cache = optop_cache_new(&(struct optop_cache_options){ .name = "crowd",
        .policy = (enum optop_cache_policy)_i, .max_entries = NUMBERS / 2, .shards = 4,
        .destroy = count_in_crowd }) };
    pthread_t thread[THREADS];
    atomic_store(&crowd_destroyed, 0);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, join_crowd, &crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    struct optop_cache_figures f = figures(crowd.cache);
    ck_assert_uint_le(f.entries, NUMBERS / 2);
    ck_assert_uint_le(f.evicted + f.invalidated + f.entries, f.inserted);
    optop_cache_clear(crowd.cache);
    ck_assert_int_ge(atomic_load(&crowd_destroyed), (int)f.inserted);
    optop_cache_free(crowd.cache);
}
END_TEST

/* All of them. */

static void
pressure(struct resource *resource, void *data)
{
    if (!strcmp(resource->kind, "cache") && resource->give_back)
        *(size_t *)data += resource->give_back(resource, 1000);
}

START_TEST(a_process_knows_its_caches)
{
    struct optop_cache *users = optop_cache_new(&(struct optop_cache_options){ .name = "users",
        .max_entries = 100 });
    struct optop_cache *paths = optop_cache_new(&(struct optop_cache_options){ .name = "paths",
        .max_entries = 100 });
    struct optop_cache_figures total;
    int caches;
    for (int i = 0; i < 50; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        put(users, name, i);
        put(paths, name, i);
    }
    optop_caches_total(&total, &caches);
    ck_assert_int_eq(caches, 2);
    ck_assert_uint_eq(total.entries, 100);
    ck_assert_int_eq((int)optop_caches_remove_match("users", "1*"), 11);
    ck_assert_int_eq((int)optop_caches_remove_match(NULL, "2*"), 22);
    ck_assert_int_eq((int)optop_caches_clear("p*"), 39);
    ck_assert_int_eq(get(users, "3"), 3);
    size_t given = 0;
    registry_each(pressure, &given);
    ck_assert_uint_ge(given, 1000);
    ck_assert_uint_lt(given, 1200);
    ck_assert_uint_gt(figures(users).evicted, 5);
    optop_cache_free(users);
    optop_cache_free(paths);
}
END_TEST

START_TEST(off_is_off)
{
    struct maker maker = { .cache = new_cache(OPTOP_CACHE_S3FIFO, 10) };
    const void *value;
    optop_key(&maker.key, "s", "it");
    put(maker.cache, "it", 1);
    ck_assert(optop_caches_enabled());
    optop_caches_enable(false);
    ck_assert(!optop_caches_enabled());
    ck_assert_int_eq(get(maker.cache, "it"), -1);
    put(maker.cache, "it", 2);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(optop_cache_compute(maker.cache, &maker.key, make, &maker, &value, NULL), 0);
        ck_assert_int_eq(*(const int *)value, 40 + i);
        optop_cache_let_go(maker.cache, value);
    }
    ck_assert_uint_eq(figures(maker.cache).entries, 0);
    optop_caches_enable(true);
    ck_assert_int_eq(get(maker.cache, "it"), -1);
    put(maker.cache, "it", 3);
    ck_assert_int_eq(get(maker.cache, "it"), 3);
    optop_cache_free(maker.cache);
}
END_TEST

/* Memory. */

static int
use_all(enum optop_cache_policy policy)
{
    struct optop_cache *cache = optop_cache_new(&(struct optop_cache_options){ .name = "test",
        .policy = policy, .max_entries = policy == OPTOP_CACHE_UNBOUNDED ? 200 : 100,
        .ttl_ns = 1000000, .shards = 1 });
    if (!cache)
        return 1;
    int failed = 0;
    for (int64_t i = 0; i < 150; i++) {
        struct optop_key key;
        const void *held;
        int64_t value[2] = { i, -i };
        optop_key(&key, "i", i);
        if (i % 2)
            failed += optop_cache_put(cache, &key, value, sizeof value, NULL) < 0;
        else if (optop_cache_compute(cache, &key, make_number, value, &held, NULL) < 0)
            failed++;
        else
            optop_cache_let_go(cache, held);
        if (optop_cache_get(cache, &key, value, sizeof value) >= 0 &&
            (value[0] != i || value[1] != -i))
            abort();
    }
    optop_cache_free(cache);
    return failed;
}

START_TEST(no_memory_is_an_error_and_no_more)
{
    for (long nth = 1; nth < 60; nth++)
        for (int all = 0; all < 2; all++) {
            bool can_fail = test_fail_allocations(nth, all);
            int failed = use_all((enum optop_cache_policy)_i);
            test_fail_allocations(0, false);
            if (can_fail && all)
                ck_assert_int_gt(failed, 0);
            ck_assert_msg(all || failed <= 1, "%d failed of one allocation", failed);
        }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("cache");
    TCase *tcase = tcase_create("cache");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, keys_are_equal_when_their_arguments_are);
    tcase_add_test(tcase, keys_have_a_text);
    tcase_add_test(tcase, a_key_that_does_not_fit_is_refused);
    tcase_add_test(tcase, options_are_checked);
    tcase_add_loop_test(tcase, entries_are_bounded_in_every_policy_and_shard, 0, OPTOP_CACHE_POLICIES);
    tcase_add_loop_test(tcase, bytes_are_bounded, 0, OPTOP_CACHE_POLICIES);
    tcase_add_test(tcase, a_value_ends_with_its_time);
    tcase_add_loop_test(tcase, a_new_value_takes_the_place_of_the_old, 0, OPTOP_CACHE_POLICIES);
    tcase_add_loop_test(tcase, keys_prefixes_and_patterns_go, 0, OPTOP_CACHE_POLICIES);
    tcase_add_test(tcase, what_is_held_stays);
    tcase_add_test(tcase, an_owner_destroys_himself);
    tcase_add_test(tcase, a_value_is_made_when_it_is_not_there);
    tcase_add_test(tcase, a_maker_that_asks_for_itself_is_told);
    tcase_add_loop_test(tcase, who_asks_meanwhile_waits_for_the_one_making, 0, 2);
    tcase_add_loop_test(tcase, threads_share_a_cache, 0, OPTOP_CACHE_POLICIES);
    tcase_add_test(tcase, a_process_knows_its_caches);
    tcase_add_test(tcase, off_is_off);
    tcase_add_loop_test(tcase, no_memory_is_an_error_and_no_more, 0, OPTOP_CACHE_POLICIES);
    suite_add_tcase(suite, tcase);
    return suite;
}
