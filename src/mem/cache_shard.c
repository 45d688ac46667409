/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A shard: its lanes, and its table, open addressing with linear probing.
 * Removing moves later ones up, so that there are no tombstones.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "mem/cache_private.h"

enum {
    SLOTS_MIN = 16,
    SPINS = 100, /* looks at a lane before the processor is given away */
};

/* Lanes. */

static _Atomic uint32_t threads_seen;
static _Thread_local uint32_t thread_number __attribute__((tls_model("initial-exec"))); /* + 1 */

static void __attribute__((noinline))
wait_for(_Atomic uint32_t *locked)
{
    for (int spin = 0;; spin++) {
        if (!atomic_load_explicit(locked, memory_order_relaxed) &&
            !atomic_exchange_explicit(locked, 1, memory_order_acquire))
            return;
        if (spin >= SPINS)
            sched_yield();
    }
}

static inline void
lock(_Atomic uint32_t *locked)
{
    if (atomic_exchange_explicit(locked, 1, memory_order_acquire))
        wait_for(locked);
}

struct cache_lane *
cache_lane_lock(struct cache_shard *shard)
{
    if (!thread_number)
        thread_number = 1 + atomic_fetch_add_explicit(&threads_seen, 1, memory_order_relaxed);
    struct cache_lane *lane = &shard->lane[thread_number & (uint32_t)(shard->lanes - 1)];
    lock(&lane->locked);
    return lane;
}

void
cache_lane_unlock(struct cache_lane *lane)
{
    atomic_store_explicit(&lane->locked, 0, memory_order_release);
}

void
cache_shard_lock(struct cache_shard *shard)
{
    for (int i = 0; i < shard->lanes; i++)
        lock(&shard->lane[i].locked);
}

void
cache_shard_unlock(struct cache_shard *shard)
{
    atomic_store_explicit(&shard->shown_count, shard->count, memory_order_relaxed);
    atomic_store_explicit(&shard->shown_cost, shard->cost, memory_order_relaxed);
    for (int i = shard->lanes; i-- > 0;)
        cache_lane_unlock(&shard->lane[i]);
}

/* The table. */

int
cache_shard_init(struct cache_shard *shard, const struct cache_policy *policy, int lanes)
{
    shard->policy = policy;
    shard->lanes = lanes;
    shard->mask = SLOTS_MIN - 1;
    shard->slot = calloc(SLOTS_MIN, sizeof *shard->slot);
    shard->lane = aligned_alloc(CACHE_LINE, (size_t)lanes * sizeof *shard->lane);
    if (!shard->slot || !shard->lane)
        return -ENOMEM;
    memset(shard->lane, 0, (size_t)lanes * sizeof *shard->lane);
    return 0;
}

void
cache_shard_release(struct cache_shard *shard)
{
    free(shard->slot);
    free(shard->lane);
    free(shard->heap.entry);
    free(shard->ghost.cell);
    free(shard->sketch.word);
}

/* Whole words: a call of memcmp is as dear as all the rest here. */
static inline bool
is_key(struct cache_entry *entry, const unsigned char *key, size_t size)
{
    const unsigned char *own = cache_key(entry);
    if (entry->key_size != size)
        return false;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t a, b;
        memcpy(&a, own + at, 8);
        memcpy(&b, key + at, 8);
        if (a != b)
            return false;
    }
    return true;
}

/* The upper half of the hash: the table's places are of the lower one. */
static inline cache_slot
mark_of(uint32_t hash)
{
    return (cache_slot)(hash >> 16) << CACHE_ADDRESS_BITS;
}

static inline bool
has_mark(cache_slot slot, cache_slot mark)
{
    return (slot ^ mark) >> CACHE_ADDRESS_BITS == 0;
}

struct cache_entry *
cache_shard_find(const struct cache_shard *shard, const unsigned char *key, size_t key_size,
    uint32_t hash)
{
    cache_slot mark = mark_of(hash);
    for (size_t at = hash & shard->mask; shard->slot[at]; at = (at + 1) & shard->mask) {
        if (!has_mark(shard->slot[at], mark))
            continue;
        struct cache_entry *entry = cache_slot_entry(shard->slot[at]);
        __builtin_prefetch((const char *)entry + CACHE_LINE); /* the end of the key, most often */
        if (is_key(entry, key, key_size))
            return entry;
    }
    return NULL;
}

static void
put_slot(cache_slot *slot, size_t mask, struct cache_entry *entry)
{
    size_t at = entry->hash & mask;
    while (slot[at])
        at = (at + 1) & mask;
    slot[at] = mark_of(entry->hash) | (uintptr_t)entry;
}

/* One slot in eight stays free; where there is no memory for more, one. */
static int
reserve_slot(struct cache_shard *shard)
{
    size_t slots = shard->mask + 1;
    if (shard->count + 1 <= slots / 8 * 7)
        return 0;
    cache_slot *grown = slots > UINT32_MAX / 2 ? NULL : calloc(2 * slots, sizeof *grown);
    if (!grown)
        return shard->count + 1 < slots ? 0 : -ENOMEM;
    for (size_t i = 0; i < slots; i++)
        if (shard->slot[i])
            put_slot(grown, 2 * slots - 1, cache_slot_entry(shard->slot[i]));
    free(shard->slot);
    shard->slot = grown;
    shard->mask = 2 * slots - 1;
    return 0;
}

static void
take_slot(struct cache_shard *shard, const struct cache_entry *entry)
{
    size_t mask = shard->mask, hole = entry->hash & mask;
    while (cache_slot_entry(shard->slot[hole]) != entry)
        hole = (hole + 1) & mask;
    for (size_t at = (hole + 1) & mask; shard->slot[at]; at = (at + 1) & mask) {
        size_t home = cache_slot_entry(shard->slot[at])->hash;
        if (((at - home) & mask) >= ((at - hole) & mask)) { /* its way leads over the hole */
            shard->slot[hole] = shard->slot[at];
            hole = at;
        }
    }
    shard->slot[hole] = 0;
    shard->count--;
    shard->cost -= entry->cost;
}

void
cache_shard_remove(struct cache_shard *shard, struct cache_entry *entry)
{
    shard->policy->remove(shard, entry);
    take_slot(shard, entry);
}

struct cache_entry *
cache_shard_evict(struct cache_shard *shard, int64_t now_ns, size_t cost)
{
    struct cache_entry *victim = shard->policy->victim(shard, now_ns, cost);
    if (!victim)
        return NULL;
    take_slot(shard, victim);
    bool expired = victim->expires_ns && victim->expires_ns <= now_ns;
    cache_count(expired ? &shard->expired : &shard->evicted, 1);
    return victim;
}

static bool
has_room(const struct cache_shard *shard, const struct cache_entry *entry,
    const struct cache_entry *instead)
{
    size_t count = shard->count + 1 - (instead ? 1 : 0);
    size_t cost = shard->cost + entry->cost - (instead ? instead->cost : 0);
    return (!shard->max_count || count <= shard->max_count) &&
        (!shard->max_cost || cost <= shard->max_cost);
}

static void
add_gone(struct cache_entry **gone, struct cache_entry *entry)
{
    entry->next = *gone;
    *gone = entry;
}

int
cache_shard_insert(struct cache_shard *shard, struct cache_entry *entry, int64_t now_ns,
    struct cache_entry **gone)
{
    struct cache_entry *before = cache_shard_find(shard, cache_key(entry), entry->key_size,
        entry->hash);
    if (shard->max_cost && entry->cost > shard->max_cost)
        return -EFBIG;
    if (shard->policy->never_evicts && !has_room(shard, entry, before))
        return -ENOSPC;
    int r = reserve_slot(shard);
    if (r == 0 && shard->policy->reserve)
        r = shard->policy->reserve(shard);
    if (r < 0)
        return r;
    if (before) {
        cache_shard_remove(shard, before);
        add_gone(gone, before);
    }
    while (!has_room(shard, entry, NULL)) {
        struct cache_entry *victim = cache_shard_evict(shard, now_ns, entry->cost);
        if (!victim)
            break;
        add_gone(gone, victim);
    }
    put_slot(shard->slot, shard->mask, entry);
    shard->count++;
    shard->cost += entry->cost;
    shard->policy->insert(shard, entry);
    cache_count(&shard->inserted, 1);
    return 0;
}
