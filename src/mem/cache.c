/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The cache itself: <optop/cache.h> over shards. An entry is one piece of
 * memory with its value and its key; the table has one reference to it, and so
 * has each who holds its value. Values are destroyed when no lock is held.
 */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "mem/cache_private.h"

enum {
    SHARD_ENTRIES = 512, /* a shard is worth having for so many */
    SHARD_BYTES = 1 << 20,
    SHARDS_AUTO = 16,
    OVERHEAD_BYTES = 24, /* of an entry: its slot, and what its allocation takes beside it */
    TEXT_MAX = 4096, /* of a key, for patterns */
    PRIORITY = 100, /* in the registry: caches are the first to give back */
};

_Atomic bool cache_off;
const char cache_kind[] = "cache";

static int64_t
now_of(const struct optop_cache *cache)
{
    struct timespec now;
    if (cache->options.now)
        return cache->options.now(cache->options.context);
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline struct cache_shard *
shard_of(const struct optop_cache *cache, uint32_t hash)
{
    /* bits that neither the places nor the marks of small tables are made of alone */
    return &cache->shard[(hash ^ hash >> 11) * UINT32_C(0x9E3779B1) >> 26 & (uint32_t)(cache->shards - 1)];
}

bool
cache_takes(const struct optop_cache *cache, const struct optop_key *key)
{
    return cache && key->size <= OPTOP_KEY_MAX &&
        !atomic_load_explicit(&cache_off, memory_order_relaxed);
}

uint32_t
cache_key_hash(const struct optop_cache *cache, const struct optop_key *key)
{
    return (uint32_t)cache_hash(key, cache->seed);
}

/* Entries. */

/* In units, rounded up. */
static uint32_t
cost_of(size_t bytes, size_t extra_bytes)
{
    size_t units;
    if (__builtin_add_overflow(bytes, extra_bytes, &units))
        units = SIZE_MAX;
    units = units / CACHE_UNIT + 1;
    return units > UINT32_MAX ? UINT32_MAX : (uint32_t)units;
}

struct cache_entry *
cache_entry_new(struct optop_cache *cache, const struct optop_key *key, uint32_t hash,
    const struct optop_cache_made *made)
{
    size_t value_room = (made->size + 7) & ~(size_t)7;
    size_t bytes = sizeof(struct cache_entry) + value_room + key->size;
    struct cache_entry *entry = malloc(bytes);
    if (!entry || (uintptr_t)entry >> CACHE_ADDRESS_BITS) {
        free(entry);
        atomic_fetch_add_explicit(&cache->failed, 1, memory_order_relaxed);
        return NULL;
    }
    int64_t ttl_ns = made->entry.ttl_ns ? made->entry.ttl_ns : cache->options.ttl_ns;
    *entry = (struct cache_entry){ .hash = hash, .refs = 1, .key_size = (uint16_t)key->size,
        .value_size = (uint32_t)made->size,
        .cost = cost_of(bytes + OVERHEAD_BYTES, made->entry.extra_bytes) };
    if (ttl_ns > 0 && __builtin_add_overflow(now_of(cache), ttl_ns, &entry->expires_ns))
        entry->expires_ns = 0;
    if (made->size)
        memcpy(cache_value(entry), made->value, made->size);
    memcpy(cache_key(entry), key->bytes, key->size);
    return entry;
}

static void
destroy(struct optop_cache *cache, struct cache_entry *entry)
{
    if (cache->options.destroy)
        cache->options.destroy(cache_value(entry), entry->value_size, cache->options.context);
    free(entry);
}

void
cache_unref(struct optop_cache *cache, struct cache_entry *entry)
{
    if (atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (!cache->options.destroy_by_owner) {
        destroy(cache, entry);
        return;
    }
    entry->next = atomic_load_explicit(&cache->left, memory_order_relaxed);
    while (!atomic_compare_exchange_weak_explicit(&cache->left, &entry->next, entry,
        memory_order_release, memory_order_relaxed))
        ;
}

void
optop_cache_sweep(struct optop_cache *cache)
{
    if (!cache || !atomic_load_explicit(&cache->left, memory_order_relaxed))
        return;
    struct cache_entry *entry = atomic_exchange_explicit(&cache->left, NULL, memory_order_acquire);
    while (entry) {
        struct cache_entry *next = entry->next;
        destroy(cache, entry);
        entry = next;
    }
}

static void
unref_all(struct optop_cache *cache, struct cache_entry *gone)
{
    while (gone) {
        struct cache_entry *next = gone->next;
        cache_unref(cache, gone);
        gone = next;
    }
}

/* Finding. */

static bool
is_over(const struct optop_cache *cache, const struct cache_entry *entry)
{
    return entry->expires_ns && entry->expires_ns <= now_of(cache);
}

/* Under a lane: the entry, counted as hit, or NULL. Where only the count of uses
 * is kept others may be writing it, too: one of two uses may be lost. */
static inline struct cache_entry *
use(struct optop_cache *cache, struct cache_shard *shard, struct cache_lane *lane,
    const struct optop_key *key, uint32_t hash)
{
    const struct cache_policy *policy = shard->policy;
    struct cache_entry *entry = cache_shard_find(shard, key->bytes, key->size, hash);
    if (entry && is_over(cache, entry)) {
        cache_count(&lane->expired, 1);
        entry = NULL;
    }
    if (!entry) {
        cache_count(&lane->misses, 1);
        if (policy->miss)
            policy->miss(shard, hash);
        return NULL;
    }
    cache_count(&lane->hits, 1);
    if (policy->orders) {
        policy->hit(shard, entry);
        return entry;
    }
    uint8_t uses = atomic_load_explicit(&entry->uses, memory_order_relaxed);
    if (uses < CACHE_USES_MAX)
        atomic_store_explicit(&entry->uses, (uint8_t)(uses + 1), memory_order_relaxed);
    return entry;
}

int64_t
optop_cache_get(struct optop_cache *cache, const struct optop_key *key, void *buf, size_t size)
{
    if (!cache_takes(cache, key))
        return -ENOENT;
    uint32_t hash = cache_key_hash(cache, key);
    struct cache_shard *shard = shard_of(cache, hash);
    struct cache_lane *lane = cache_lane_lock(shard);
    struct cache_entry *entry = use(cache, shard, lane, key, hash);
    int64_t found = entry ? (int64_t)entry->value_size : -ENOENT;
    if (entry && size == 8 && found == 8)
        memcpy(buf, cache_value(entry), 8); /* a pointer, a number: no call */
    else if (entry && size)
        memcpy(buf, cache_value(entry), size < entry->value_size ? size : entry->value_size);
    cache_lane_unlock(lane);
    return found;
}

struct cache_entry *
cache_find(struct optop_cache *cache, const struct optop_key *key, uint32_t hash)
{
    struct cache_shard *shard = shard_of(cache, hash);
    struct cache_lane *lane = cache_lane_lock(shard);
    struct cache_entry *entry = use(cache, shard, lane, key, hash);
    if (entry)
        atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
    cache_lane_unlock(lane);
    return entry;
}

struct cache_entry *
cache_peek(struct optop_cache *cache, const struct optop_key *key, uint32_t hash)
{
    if (!cache_takes(cache, key))
        return NULL;
    struct cache_shard *shard = shard_of(cache, hash);
    struct cache_lane *lane = cache_lane_lock(shard);
    struct cache_entry *entry = cache_shard_find(shard, key->bytes, key->size, hash);
    if (entry && is_over(cache, entry))
        entry = NULL;
    if (entry)
        atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
    cache_lane_unlock(lane);
    return entry;
}

const void *
optop_cache_hold(struct optop_cache *cache, const struct optop_key *key, size_t *ret_size)
{
    if (!cache_takes(cache, key))
        return NULL;
    struct cache_entry *entry = cache_find(cache, key, cache_key_hash(cache, key));
    if (entry && ret_size)
        *ret_size = entry->value_size;
    return entry ? cache_value(entry) : NULL;
}

void
optop_cache_let_go(struct optop_cache *cache, const void *value)
{
    if (value)
        cache_unref(cache, cache_entry_of(value));
}

/* Putting in. */

int
cache_keep(struct optop_cache *cache, struct cache_entry *entry)
{
    struct cache_entry *gone = NULL;
    struct cache_shard *shard = shard_of(cache, entry->hash);
    int64_t now_ns = cache->options.ttl_ns || entry->expires_ns ? now_of(cache) : 0;
    atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
    cache_shard_lock(shard);
    int r = cache_shard_insert(shard, entry, now_ns, &gone);
    cache_shard_unlock(shard);
    unref_all(cache, gone);
    if (r < 0)
        cache_unref(cache, entry);
    if (r == -ENOMEM)
        atomic_fetch_add_explicit(&cache->failed, 1, memory_order_relaxed);
    return r;
}

int
optop_cache_put(struct optop_cache *cache, const struct optop_key *key, const void *value,
    size_t size, const struct optop_cache_entry *entry)
{
    struct optop_cache_made made = { .value = value, .size = size };
    if (key->size > OPTOP_KEY_MAX)
        return -EINVAL;
    if (size > OPTOP_VALUE_MAX)
        return -EFBIG;
    if (!cache_takes(cache, key))
        return 0;
    if (entry)
        made.entry = *entry;
    struct cache_entry *fresh = cache_entry_new(cache, key, cache_key_hash(cache, key), &made);
    if (!fresh)
        return -ENOMEM;
    int r = cache_keep(cache, fresh);
    if (r < 0) {
        free(fresh); /* the value is the caller's still */
        return r;
    }
    cache_unref(cache, fresh);
    return 0;
}

/* Taking out. */

typedef bool choose(struct cache_entry *entry, const void *data);

static int64_t
remove_from(struct optop_cache *cache, struct cache_shard *shard, choose *chosen, const void *data)
{
    struct cache_entry *gone = NULL;
    int64_t count = 0;
    cache_shard_lock(shard);
    for (size_t at = 0; at <= shard->mask;) {
        struct cache_entry *entry = cache_slot_entry(shard->slot[at]);
        if (!entry || (chosen && !chosen(entry, data))) {
            at++;
            continue;
        }
        cache_shard_remove(shard, entry); /* another may have moved to its slot */
        entry->next = gone;
        gone = entry;
        count++;
    }
    cache_count(&shard->invalidated, (uint64_t)count);
    cache_shard_unlock(shard);
    unref_all(cache, gone);
    return count;
}

static int64_t
remove_chosen(struct optop_cache *cache, choose *chosen, const void *data)
{
    int64_t count = 0;
    for (int i = 0; cache && i < cache->shards; i++)
        count += remove_from(cache, &cache->shard[i], chosen, data);
    return count;
}

static bool
has_prefix(struct cache_entry *entry, const void *prefix)
{
    char text[TEXT_MAX];
    cache_key_text(cache_key(entry), entry->key_size, text, sizeof text);
    return !strncmp(text, prefix, strlen(prefix));
}

static bool
has_pattern(struct cache_entry *entry, const void *pattern)
{
    char text[TEXT_MAX];
    cache_key_text(cache_key(entry), entry->key_size, text, sizeof text);
    return !fnmatch(pattern, text, 0);
}

int
optop_cache_remove(struct optop_cache *cache, const struct optop_key *key)
{
    if (!cache || key->size > OPTOP_KEY_MAX)
        return 0;
    uint32_t hash = cache_key_hash(cache, key);
    struct cache_shard *shard = shard_of(cache, hash);
    cache_shard_lock(shard);
    struct cache_entry *entry = cache_shard_find(shard, key->bytes, key->size, hash);
    if (entry) {
        cache_shard_remove(shard, entry);
        cache_count(&shard->invalidated, 1);
    }
    cache_shard_unlock(shard);
    if (entry)
        cache_unref(cache, entry);
    return entry != NULL;
}

int64_t
optop_cache_remove_prefix(struct optop_cache *cache, const char *prefix)
{
    return remove_chosen(cache, has_prefix, prefix);
}

int64_t
optop_cache_remove_match(struct optop_cache *cache, const char *pattern)
{
    return remove_chosen(cache, has_pattern, pattern);
}

int64_t
optop_cache_clear(struct optop_cache *cache)
{
    return remove_chosen(cache, NULL, NULL);
}

/* Under pressure: what each policy would let go first, as much as is wanted. */
static size_t
give_back(struct resource *resource, size_t wanted)
{
    struct optop_cache *cache = (struct optop_cache *)resource;
    size_t given = 0;
    int64_t now_ns = now_of(cache);
    for (int i = 0; i < cache->shards && given < wanted; i++) {
        struct cache_shard *shard = &cache->shard[i];
        struct cache_entry *gone = NULL, *victim;
        cache_shard_lock(shard);
        while (given < wanted && (victim = cache_shard_evict(shard, now_ns, 0))) {
            given += (size_t)victim->cost * CACHE_UNIT;
            victim->next = gone;
            gone = victim;
        }
        cache_shard_unlock(shard);
        unref_all(cache, gone);
    }
    return given;
}

/* Figures. */

void
optop_cache_figures(struct optop_cache *cache, struct optop_cache_figures *ret_figures)
{
    struct optop_cache_figures f = { .policy = "" };
    if (cache) {
        snprintf(f.name, sizeof f.name, "%s", cache->resource.name);
        f.policy = cache->policy->name;
        f.max_entries = cache->options.max_entries;
        f.max_bytes = cache->options.max_bytes;
        f.waited = cache_counted(&cache->waited);
        f.failed = cache_counted(&cache->failed);
    }
    for (int i = 0; cache && i < cache->shards; i++) {
        const struct cache_shard *shard = &cache->shard[i];
        f.entries += cache_counted(&shard->shown_count);
        f.bytes += cache_counted(&shard->shown_cost) * CACHE_UNIT;
        f.inserted += cache_counted(&shard->inserted);
        f.evicted += cache_counted(&shard->evicted);
        f.expired += cache_counted(&shard->expired);
        f.invalidated += cache_counted(&shard->invalidated);
        for (int l = 0; l < shard->lanes; l++) {
            f.hits += cache_counted(&shard->lane[l].hits);
            f.misses += cache_counted(&shard->lane[l].misses);
            f.expired += cache_counted(&shard->lane[l].expired);
        }
    }
    *ret_figures = f;
}

static int
show(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct optop_cache_figures f;
    optop_cache_figures((struct optop_cache *)resource, &f);
    double asked = (double)(f.hits + f.misses);
    const struct resource_figure figure[] = {
        { "entries", "", RESOURCE_GAUGE, (double)f.entries },
        { "bytes", "bytes", RESOURCE_GAUGE, (double)f.bytes },
        { "hit_ratio", "percent", RESOURCE_GAUGE,
            asked > 0 ? 100 * (double)f.hits / asked : __builtin_nan("") },
        { "hits", "", RESOURCE_COUNTER, (double)f.hits },
        { "misses", "", RESOURCE_COUNTER, (double)f.misses },
        { "evicted", "", RESOURCE_COUNTER, (double)f.evicted },
        { "expired", "", RESOURCE_COUNTER, (double)f.expired },
        { "invalidated", "", RESOURCE_COUNTER, (double)f.invalidated },
        { "waited", "", RESOURCE_COUNTER, (double)f.waited },
        { "failed", "", RESOURCE_COUNTER, (double)f.failed },
    };
    memcpy(ret, figure, sizeof figure);
    return (int)(sizeof figure / sizeof *figure);
}

/* Life. */

static int
power_of_two(int64_t wanted, int most)
{
    int n = 1;
    while (n < most && n * 2 <= wanted)
        n *= 2;
    return n;
}

static int
shards_for(const struct optop_cache_options *options)
{
    if (options->shards)
        return power_of_two(options->shards, CACHE_SHARDS_MAX);
    size_t by_entries = options->max_entries ? options->max_entries / SHARD_ENTRIES : SHARDS_AUTO;
    size_t by_bytes = options->max_bytes ? options->max_bytes / SHARD_BYTES : SHARDS_AUTO;
    size_t wanted = by_entries < by_bytes ? by_entries : by_bytes;
    return power_of_two(wanted > SHARDS_AUTO ? SHARDS_AUTO : (int64_t)wanted, SHARDS_AUTO);
}

static int
lanes_for(const struct cache_policy *policy)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int lanes = policy->orders ? 1 : power_of_two(cores, CACHE_LANES_MAX);
    return lanes < cores && !policy->orders && lanes < CACHE_LANES_MAX ? 2 * lanes : lanes;
}

static int
open_shards(struct optop_cache *cache)
{
    const struct optop_cache_options *options = &cache->options;
    size_t shards = (size_t)cache->shards;
    cache->shard = calloc(shards, sizeof *cache->shard);
    if (!cache->shard)
        return -ENOMEM;
    int lanes = lanes_for(cache->policy), r = 0;
    for (size_t i = 0; i < shards && r == 0; i++) {
        struct cache_shard *shard = &cache->shard[i];
        r = cache_shard_init(shard, cache->policy, lanes);
        shard->max_count = options->max_entries / shards + (i < options->max_entries % shards);
        shard->max_cost = options->max_bytes / shards / CACHE_UNIT;
        if (options->max_bytes && !shard->max_cost)
            shard->max_cost = 1;
    }
    return r;
}

static void
close_shards(struct optop_cache *cache)
{
    for (int i = 0; cache->shard && i < cache->shards; i++)
        cache_shard_release(&cache->shard[i]);
    free(cache->shard);
}

struct optop_cache *
optop_cache_new(const struct optop_cache_options *options)
{
    bool bounded = options->max_entries || options->max_bytes;
    if ((unsigned)options->policy >= OPTOP_CACHE_POLICIES || options->shards < 0 ||
        (!bounded && options->policy != OPTOP_CACHE_UNBOUNDED) || options->ttl_ns < 0) {
        errno = EINVAL;
        return NULL;
    }
    struct optop_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return NULL;
    cache->options = *options;
    cache->policy = cache_policies[options->policy];
    cache->shards = shards_for(options);
    if (options->max_entries && (size_t)cache->shards > options->max_entries)
        cache->shards = power_of_two((int64_t)options->max_entries, CACHE_SHARDS_MAX);
    if (open_shards(cache) < 0) {
        close_shards(cache);
        free(cache);
        errno = ENOMEM;
        return NULL;
    }
    if (getrandom(&cache->seed, sizeof cache->seed, GRND_NONBLOCK) != sizeof cache->seed)
        cache->seed = (uint64_t)(uintptr_t)cache ^ (uint64_t)now_of(cache);
    pthread_mutex_init(&cache->making_lock, NULL);
    pthread_cond_init(&cache->made, NULL);
    cache->resource = (struct resource){ .kind = cache_kind, .priority = PRIORITY,
        .give_back = options->destroy_by_owner ? NULL : give_back, .figures = show };
    snprintf(cache->resource.name, sizeof cache->resource.name, "%s",
        options->name ? options->name : "cache");
    registry_add(&cache->resource);
    return cache;
}

void
optop_cache_free(struct optop_cache *cache)
{
    if (!cache)
        return;
    registry_remove(&cache->resource);
    optop_cache_clear(cache);
    optop_cache_sweep(cache);
    close_shards(cache);
    pthread_mutex_destroy(&cache->making_lock);
    pthread_cond_destroy(&cache->made);
    free(cache);
}
