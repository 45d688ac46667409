/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Caches: a hit among 100,000 keys with one thread and with two, beside
 * hsearch_r under a mutex; the hit ratio of the policies on a trace of Zipf
 * draws with scans in between, beside LRU's. CPU time of the threads, medians;
 * of two threads those rounds in which both had a processor.
 */
#include <math.h>
#include <pthread.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "optop/cache.h"
#include "timing.h"

enum { KEYS = 100000, HITS = 400000, ROUNDS = 9, TRACE = 2000000, ROOM = 2000, UNIVERSE = 100000,
    SCAN_EVERY = 20000, SCAN = 10000 };

static double
clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
median(double *value, int count)
{
    qsort(value, (size_t)count, sizeof *value, compare);
    return value[count / 2];
}

static uint64_t
draw(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

/* Hits. */

static struct optop_cache *cache;
static struct hsearch_data table;
static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;

/* What is asked for: evenly, or as a Zipf draw says. */
static uint32_t wanted[HITS];

static void
hit_ours(int start)
{
    struct optop_key key;
    int64_t value;
    for (int i = 0; i < HITS; i++) {
        optop_key_start(&key);
        optop_key_int(&key, wanted[(start + i) % HITS]);
        if (optop_cache_get(cache, &key, &value, sizeof value) < 0)
            abort();
    }
}

static void
hold_ours(int start)
{
    struct optop_key key;
    for (int i = 0; i < HITS; i++) {
        optop_key_start(&key);
        optop_key_int(&key, wanted[(start + i) % HITS]);
        optop_cache_let_go(cache, optop_cache_hold(cache, &key, NULL));
    }
}

static char names[KEYS][8];

static void
hit_table(int start)
{
    for (int i = 0; i < HITS; i++) {
        ENTRY *found, entry = { .key = names[wanted[(start + i) % HITS]] };
        pthread_mutex_lock(&table_lock);
        if (!hsearch_r(entry, FIND, &found, &table))
            abort();
        pthread_mutex_unlock(&table_lock);
    }
}

struct turn {
    void (*run)(int start);
    int start;
    double cpu_ns, wall_ns;
};

static void *
take_turn(void *data)
{
    struct turn *turn = data;
    pthread_barrier_wait(&barrier);
    double cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID), wall = clock_ns(CLOCK_MONOTONIC);
    turn->run(turn->start);
    turn->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    turn->wall_ns = clock_ns(CLOCK_MONOTONIC) - wall;
    return NULL;
}

/* ns of CPU for a hit while so many threads hit. */
static double
measure(void (*run)(int), int threads)
{
    double round[ROUNDS], quiet[ROUNDS];
    int quiet_count = 0;
    pthread_barrier_init(&barrier, NULL, (unsigned)threads);
    for (int r = 0; r < ROUNDS; r++) {
        struct turn turn[2];
        pthread_t thread[2];
        double cpu = 0, wall = 0;
        for (int t = 0; t < threads; t++) {
            turn[t] = (struct turn){ .run = run, .start = (r * 2 + t) * 7919 };
            if (pthread_create(&thread[t], NULL, take_turn, &turn[t]))
                abort();
        }
        for (int t = 0; t < threads; t++) {
            pthread_join(thread[t], NULL);
            cpu += turn[t].cpu_ns / threads;
            wall = turn[t].wall_ns > wall ? turn[t].wall_ns : wall;
        }
        round[r] = cpu / HITS;
        if (wall < cpu * 1.15)
            quiet[quiet_count++] = round[r];
    }
    pthread_barrier_destroy(&barrier);
    return quiet_count >= 3 ? median(quiet, quiet_count) : median(round, ROUNDS);
}

static void
fill(enum optop_cache_policy policy)
{
    struct optop_key key;
    cache = optop_cache_new(&(struct optop_cache_options){
        .name = "bench", .policy = policy, .max_entries = KEYS * 2 });
    for (int64_t i = 0; i < KEYS; i++) {
        optop_key(&key, "i", i);
        if (optop_cache_put(cache, &key, &i, sizeof i, NULL) < 0)
            abort();
    }
}

/* Hit ratios. */

static double *cumulated;

static void
prepare_zipf(double exponent)
{
    double sum = 0;
    free(cumulated);
    cumulated = malloc(UNIVERSE * sizeof *cumulated);
    if (!cumulated)
        abort();
    for (int i = 0; i < UNIVERSE; i++)
        cumulated[i] = sum += pow(i + 1, -exponent);
    for (int i = 0; i < UNIVERSE; i++)
        cumulated[i] /= sum;
}

static int64_t
draw_zipf(uint64_t *state)
{
    double unit = (double)(draw(state) >> 11) * 0x1p-53;
    int low = 0, high = UNIVERSE - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (cumulated[middle] < unit)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static double
hit_ratio(enum optop_cache_policy policy)
{
    struct optop_cache *one = optop_cache_new(&(struct optop_cache_options){
        .name = "trace", .policy = policy, .max_entries = ROOM, .shards = 1 });
    uint64_t state = 42;
    int64_t scanned = UNIVERSE, value;
    int hits = 0, scan_left = 0;
    for (int i = 0; i < TRACE; i++) {
        struct optop_key key;
        if (i % SCAN_EVERY == 0)
            scan_left = SCAN;
        /* a scan is every second request while it lasts */
        bool scans = scan_left > 0 && i % 2;
        scan_left -= scans;
        optop_key(&key, "i", scans ? scanned++ : draw_zipf(&state));
        if (optop_cache_get(one, &key, &value, sizeof value) >= 0)
            hits++;
        else if (optop_cache_put(one, &key, &state, sizeof value, NULL) < 0)
            abort();
    }
    optop_cache_free(one);
    return 100.0 * hits / TRACE;
}

static void
bench_ratios(void)
{
    double lru = hit_ratio(OPTOP_CACHE_LRU), lfu = hit_ratio(OPTOP_CACHE_LFU),
           fifo = hit_ratio(OPTOP_CACHE_FIFO), s3 = hit_ratio(OPTOP_CACHE_S3FIFO),
           tiny = hit_ratio(OPTOP_CACHE_WTINYLFU);
    printf("cache: hit ratio with room for %d of %d keys, Zipf 0.9 and scans: lru %.1f%%, fifo %.1f%%, lfu %.1f%%,"
           " s3-fifo %.1f%% (%+.1f), w-tinylfu %.1f%% (%+.1f) (at least +5)\n",
        ROOM, UNIVERSE, lru, fifo, lfu, s3, s3 - lru, tiny, tiny - lru);
    free(cumulated);
}

static void
bench_hits(const char *how)
{
    static const struct {
        enum optop_cache_policy policy;
        const char *name;
    } row[] = { { OPTOP_CACHE_S3FIFO, "s3-fifo" }, { OPTOP_CACHE_LRU, "lru" } };
    double table_1 = measure(hit_table, 1), table_2 = measure(hit_table, 2);
    printf("cache: %s hits among %d keys: hsearch_r under a mutex %.1f ns, two threads %.1f ns each:"
           " %.2f times one\n",
        how, KEYS, table_1, table_2, 2 * table_1 / table_2);
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        fill(row[i].policy);
        double one = measure(hit_ours, 1), two = measure(hit_ours, 2), held = measure(hold_ours, 1);
        printf("cache: %s hits, %s: %.1f ns, held %.1f ns, ratio to hsearch_r %.2f; two threads %.1f ns"
               " each: %.2f times one%s\n",
            how, row[i].name, one, held, one / table_1, two, 2 * one / two,
            i ? "" : " (at most 50 ns, at least 1.5)");
        optop_cache_free(cache);
    }
}

static void
fill_table(void)
{
    hcreate_r(KEYS * 2, &table);
    for (int i = 0; i < KEYS; i++) {
        ENTRY *entered;
        snprintf(names[i], sizeof names[i], "%d", i);
        hsearch_r((ENTRY){ .key = names[i], .data = names[i] }, ENTER, &entered, &table);
    }
}

int
main(void)
{
    uint64_t state = 7;
    fill_table();
    prepare_zipf(1.0);
    for (int i = 0; i < HITS; i++)
        wanted[i] = (uint32_t)draw_zipf(&state);
    bench_hits("Zipf 1.0");
    for (int i = 0; i < HITS; i++)
        wanted[i] = (uint32_t)(draw(&state) % KEYS);
    bench_hits("even");
    hdestroy_r(&table);
    prepare_zipf(0.9);
    bench_ratios();
    return 0;
}
