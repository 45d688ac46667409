/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each policy against a simulation of it that is as plain as can be: LRU, FIFO,
 * LFU and TLRU must agree in every request, S3-FIFO and W-TinyLFU (whose
 * ghosts and frequencies are approximations here, exact there) within a point.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "optop/cache.h"

enum { UNIVERSE = 20000, REQUESTS = 200000, ROOM = 500, TTL = 3000, SMALL_ROOM = ROOM / 10 };

/* The trace: Zipf draws with scans of keys that come once. */

static int trace[REQUESTS];
static int keys; /* of the trace */

static uint64_t
draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static void
make_trace(void)
{
    static double cumulated[UNIVERSE];
    double sum = 0;
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < UNIVERSE; i++)
        cumulated[i] = sum += pow(i + 1, -0.9);
    keys = UNIVERSE;
    for (int i = 0; i < REQUESTS; i++) {
        if (i % 10000 < 3000 && i % 2) {
            trace[i] = keys++;
            continue;
        }
        double unit = (double)(draw(&state) >> 11) * 0x1p-53 * sum;
        int low = 0, high = UNIVERSE - 1;
        while (low < high) {
            int middle = (low + high) / 2;
            if (cumulated[middle] < unit)
                low = middle + 1;
            else
                high = middle;
        }
        trace[i] = low;
    }
}

/* What is in a simulated cache: a row, looked through from end to end. */

struct item {
    int key, queue, times;
    long used_at, came_at, ends_at;
};

static struct item item[ROOM + 1];
static int items;

static int
find(int key)
{
    for (int i = 0; i < items; i++)
        if (item[i].key == key)
            return i;
    return -1;
}

static void
take(int i)
{
    item[i] = item[--items];
}

static int
least(long (*rank)(const struct item *), int queue)
{
    int at = -1;
    for (int i = 0; i < items; i++)
        if ((queue < 0 || item[i].queue == queue) &&
            (at < 0 || rank(&item[i]) < rank(&item[at])))
            at = i;
    return at;
}

static int
count(int queue)
{
    int n = 0;
    for (int i = 0; i < items; i++)
        n += item[i].queue == queue;
    return n;
}

static long
by_use(const struct item *i)
{
    return i->used_at;
}

static long
by_coming(const struct item *i)
{
    return i->came_at;
}

static long
by_times(const struct item *i)
{
    return i->times * (long)REQUESTS * 2 + i->used_at;
}

static long
by_end(const struct item *i)
{
    return i->ends_at;
}

/* A simulation: whether the request is a hit. */

static bool
simulate_plain(int key, long now, long (*rank)(const struct item *))
{
    int i = find(key);
    if (i >= 0) {
        item[i].used_at = now;
        item[i].times++;
        return true;
    }
    if (items == ROOM)
        take(least(rank, -1));
    item[items++] = (struct item){ .key = key, .times = 1, .used_at = now, .came_at = now };
    return false;
}

static bool
lru(int key, long now)
{
    return simulate_plain(key, now, by_use);
}

static bool
fifo(int key, long now)
{
    return simulate_plain(key, now, by_coming);
}

static bool
lfu(int key, long now)
{
    return simulate_plain(key, now, by_times);
}

static bool
tlru(int key, long now)
{
    int i = find(key);
    if (i >= 0 && item[i].ends_at > now) {
        item[i].used_at = now;
        return true;
    }
    if (i >= 0)
        take(i);
    if (items == ROOM) {
        int first = least(by_end, -1);
        take(item[first].ends_at <= now ? first : least(by_use, -1));
    }
    item[items++] = (struct item){ .key = key, .used_at = now, .ends_at = now + TTL };
    return false;
}

static bool
unbounded(int key, long now)
{
    static bool *seen;
    if (now == 0) {
        free(seen);
        seen = calloc((size_t)keys, sizeof *seen);
    }
    bool hit = seen[key];
    seen[key] = true;
    return hit;
}

/* S3-FIFO with an exact list of ghosts. */

static long ghost_number[UNIVERSE + REQUESTS];
static long ghosts, queue_place;

static bool
evict_small(void)
{
    for (int i; (i = least(by_coming, 0)) >= 0;) {
        if (item[i].times <= 1) {
            ghost_number[item[i].key] = ++ghosts;
            take(i);
            return true;
        }
        item[i].queue = 1;
        item[i].times = 0;
        item[i].came_at = ++queue_place;
    }
    return false;
}

static bool
evict_main(void)
{
    for (int i; (i = least(by_coming, 1)) >= 0;) {
        if (!item[i].times) {
            take(i);
            return true;
        }
        item[i].times--;
        item[i].came_at = ++queue_place;
    }
    return false;
}

static bool
s3fifo(int key, long now)
{
    if (now == 0) {
        memset(ghost_number, 0, sizeof ghost_number);
        ghosts = queue_place = 0;
    }
    int i = find(key);
    if (i >= 0) {
        if (item[i].times < 3)
            item[i].times++;
        return true;
    }
    if (items == ROOM) {
        bool gone = (count(0) >= SMALL_ROOM || !count(1)) && evict_small();
        if (!gone)
            evict_main();
    }
    bool known = ghost_number[key] && ghosts - ghost_number[key] < ROOM - SMALL_ROOM;
    ghost_number[key] = 0;
    item[items++] = (struct item){ .key = key, .queue = known, .came_at = ++queue_place };
    return false;
}

/* W-TinyLFU with exact frequencies. */

static unsigned char asked[UNIVERSE + REQUESTS];
static long asked_sum;

static void
count_asked(int key)
{
    if (asked[key] < 15) {
        asked[key]++;
        asked_sum++;
    }
    if (asked_sum >= 10L * ROOM) {
        for (int i = 0; i < keys; i++)
            asked[i] /= 2;
        asked_sum /= 2;
    }
}

static void
move_beyond(int from, int room, int to, long now)
{
    while (count(from) > room) {
        int i = least(by_use, from);
        item[i].queue = to;
        item[i].used_at = now;
    }
}

static bool
wtinylfu(int key, long now)
{
    enum { WINDOW, PROBATION, PROTECTED };
    if (now == 0) {
        memset(asked, 0, sizeof asked);
        asked_sum = 0;
    }
    count_asked(key);
    int i = find(key);
    if (i >= 0) {
        item[i].used_at = now;
        if (item[i].queue != WINDOW)
            item[i].queue = PROTECTED;
        move_beyond(PROTECTED, ROOM * 79 / 100, PROBATION, now);
        return true;
    }
    if (items == ROOM) {
        int candidate = least(by_use, WINDOW);
        int victim = least(by_use, count(PROBATION) ? PROBATION : PROTECTED);
        if (asked[item[candidate].key] > asked[item[victim].key]) {
            item[candidate].queue = PROBATION;
            item[candidate].used_at = now;
            take(victim);
        } else {
            take(candidate);
        }
    }
    item[items++] = (struct item){ .key = key, .queue = WINDOW, .used_at = now };
    move_beyond(WINDOW, ROOM / 100, PROBATION, now);
    return false;
}

static const struct {
    enum optop_cache_policy policy;
    bool (*simulate)(int key, long now);
    double points; /* that the hit ratios may be apart; 0: each request is the same */
} row[] = {
    { OPTOP_CACHE_S3FIFO, s3fifo, 1 },
    { OPTOP_CACHE_LRU, lru, 0 },
    { OPTOP_CACHE_LFU, lfu, 0 },
    { OPTOP_CACHE_TLRU, tlru, 0 },
    { OPTOP_CACHE_FIFO, fifo, 0 },
    { OPTOP_CACHE_UNBOUNDED, unbounded, 0 },
    { OPTOP_CACHE_WTINYLFU, wtinylfu, 1 },
};

static int64_t fake_now;

static int64_t
read_fake(void *context)
{
    (void)context;
    return fake_now;
}

static struct optop_cache *
cache_of(enum optop_cache_policy policy)
{
    return optop_cache_new(&(struct optop_cache_options){ .name = "trace", .policy = policy,
        .max_entries = policy == OPTOP_CACHE_UNBOUNDED ? 0 : ROOM, .shards = 1,
        .ttl_ns = policy == OPTOP_CACHE_TLRU ? TTL : 0, .now = read_fake });
}

static bool
request(struct optop_cache *cache, int number)
{
    struct optop_key key;
    int value = -1;
    optop_key(&key, "i", (int64_t)number);
    if (optop_cache_get(cache, &key, &value, sizeof value) >= 0) {
        ck_assert_int_eq(value, number);
        return true;
    }
    ck_assert_int_eq(optop_cache_put(cache, &key, &number, sizeof number, NULL), 0);
    return false;
}

static double
ratio_of(enum optop_cache_policy policy)
{
    struct optop_cache_figures f;
    struct optop_cache *cache = cache_of(policy);
    for (int i = 0; i < REQUESTS; i++)
        request(cache, trace[i]);
    optop_cache_figures(cache, &f);
    optop_cache_free(cache);
    return 100.0 * (double)f.hits / REQUESTS;
}

START_TEST(a_policy_is_what_its_simulation_says)
{
    make_trace();
    struct optop_cache *cache = cache_of(row[_i].policy);
    int hits = 0, simulated = 0;
    items = 0;
    for (int i = 0; i < REQUESTS; i++) {
        fake_now = i;
        bool hit = request(cache, trace[i]), expected = row[_i].simulate(trace[i], i);
        if (row[_i].points <= 0)
            ck_assert_msg(hit == expected, "request %d: %s", i, hit ? "a hit" : "a miss");
        hits += hit;
        simulated += expected;
    }
    double apart = 100.0 * (hits - simulated) / REQUESTS;
    ck_assert_msg(fabs(apart) <= row[_i].points, "%+.2f points", apart);
    struct optop_cache_figures f;
    optop_cache_figures(cache, &f);
    ck_assert_uint_eq(f.hits, (uint64_t)hits);
    ck_assert_uint_eq(f.hits + f.misses, REQUESTS);
    ck_assert_uint_eq(f.entries, row[_i].policy == OPTOP_CACHE_UNBOUNDED ? (uint64_t)(REQUESTS - hits) : ROOM);
    optop_cache_free(cache);
}
END_TEST

START_TEST(the_scan_resistant_ones_resist)
{
    make_trace();
    double plain = ratio_of(OPTOP_CACHE_LRU);
    ck_assert_double_ge(ratio_of(OPTOP_CACHE_S3FIFO), plain + 5);
    ck_assert_double_ge(ratio_of(OPTOP_CACHE_WTINYLFU), plain + 5);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("cache policy");
    TCase *tcase = tcase_create("policies");
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, a_policy_is_what_its_simulation_says, 0, sizeof row / sizeof *row);
    tcase_add_test(tcase, the_scan_resistant_ones_resist);
    suite_add_tcase(suite, tcase);
    return suite;
}
