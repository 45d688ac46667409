/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The policies that are one list or one heap: LRU, LFU, TLRU, FIFO, UNBOUNDED.
 */
#include "mem/cache_private.h"

const struct cache_policy *const cache_policies[OPTOP_CACHE_POLICIES] = {
    [OPTOP_CACHE_S3FIFO] = &cache_policy_s3fifo,
    [OPTOP_CACHE_LRU] = &cache_policy_lru,
    [OPTOP_CACHE_LFU] = &cache_policy_lfu,
    [OPTOP_CACHE_TLRU] = &cache_policy_tlru,
    [OPTOP_CACHE_FIFO] = &cache_policy_fifo,
    [OPTOP_CACHE_UNBOUNDED] = &cache_policy_unbounded,
    [OPTOP_CACHE_WTINYLFU] = &cache_policy_wtinylfu,
};

/* A list: FIFO, UNBOUNDED (whose order is asked under pressure alone), LRU. */

static void
list_insert(struct cache_shard *shard, struct cache_entry *entry)
{
    cache_list_push(&shard->list[0], entry);
}

static struct cache_entry *
list_victim(struct cache_shard *shard, int64_t now_ns, size_t cost)
{
    (void)now_ns;
    (void)cost;
    return cache_list_pop(&shard->list[0]);
}

static void
list_remove(struct cache_shard *shard, struct cache_entry *entry)
{
    cache_list_remove(&shard->list[0], entry);
}

static void
lru_hit(struct cache_shard *shard, struct cache_entry *entry)
{
    cache_list_remove(&shard->list[0], entry);
    cache_list_push(&shard->list[0], entry);
}

const struct cache_policy cache_policy_fifo = {
    .name = "fifo",
    .insert = list_insert,
    .victim = list_victim,
    .remove = list_remove,
};

const struct cache_policy cache_policy_unbounded = {
    .name = "unbounded",
    .never_evicts = true,
    .insert = list_insert,
    .victim = list_victim,
    .remove = list_remove,
};

const struct cache_policy cache_policy_lru = {
    .name = "lru",
    .orders = true,
    .insert = list_insert,
    .hit = lru_hit,
    .victim = list_victim,
    .remove = list_remove,
};

/* LRU beside a heap by the end of each entry's time. */

static bool
ends_before(const struct cache_entry *a, const struct cache_entry *b)
{
    return a->expires_ns && (!b->expires_ns || a->expires_ns < b->expires_ns);
}

static int
heap_reserve(struct cache_shard *shard)
{
    return cache_heap_reserve(&shard->heap);
}

static void
tlru_insert(struct cache_shard *shard, struct cache_entry *entry)
{
    shard->heap.before = ends_before;
    cache_heap_push(&shard->heap, entry);
    cache_list_push(&shard->list[0], entry);
}

static void
tlru_remove(struct cache_shard *shard, struct cache_entry *entry)
{
    cache_heap_remove(&shard->heap, entry);
    cache_list_remove(&shard->list[0], entry);
}

static struct cache_entry *
tlru_victim(struct cache_shard *shard, int64_t now_ns, size_t cost)
{
    (void)cost;
    struct cache_entry *victim = shard->heap.count ? shard->heap.entry[0] : NULL;
    if (!victim || !victim->expires_ns || victim->expires_ns > now_ns)
        victim = shard->list[0].oldest;
    if (victim)
        tlru_remove(shard, victim);
    return victim;
}

const struct cache_policy cache_policy_tlru = {
    .name = "tlru",
    .orders = true,
    .reserve = heap_reserve,
    .insert = tlru_insert,
    .hit = lru_hit,
    .victim = tlru_victim,
    .remove = tlru_remove,
};

/* LFU: a heap by uses, then by the last of them. */

static bool
used_less(const struct cache_entry *a, const struct cache_entry *b)
{
    return a->times != b->times ? a->times < b->times : a->used_at < b->used_at;
}

static void
lfu_use(struct cache_shard *shard, struct cache_entry *entry)
{
    if (entry->times < UINT32_MAX)
        entry->times++;
    entry->used_at = ++shard->tick;
}

static void
lfu_insert(struct cache_shard *shard, struct cache_entry *entry)
{
    shard->heap.before = used_less;
    lfu_use(shard, entry);
    cache_heap_push(&shard->heap, entry);
}

static void
lfu_hit(struct cache_shard *shard, struct cache_entry *entry)
{
    lfu_use(shard, entry);
    cache_heap_moved(&shard->heap, entry);
}

static void
lfu_remove(struct cache_shard *shard, struct cache_entry *entry)
{
    cache_heap_remove(&shard->heap, entry);
}

static struct cache_entry *
lfu_victim(struct cache_shard *shard, int64_t now_ns, size_t cost)
{
    (void)now_ns;
    (void)cost;
    struct cache_entry *victim = shard->heap.count ? shard->heap.entry[0] : NULL;
    if (victim)
        cache_heap_remove(&shard->heap, victim);
    return victim;
}

const struct cache_policy cache_policy_lfu = {
    .name = "lfu",
    .orders = true,
    .reserve = heap_reserve,
    .insert = lfu_insert,
    .hit = lfu_hit,
    .victim = lfu_victim,
    .remove = lfu_remove,
};
