/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * S3-FIFO (Yang and others, FIFO Queues are All You Need for Cache Eviction,
 * SOSP 2023). What comes waits in a small queue, a tenth of the room; what is
 * not used twice there goes again, and only its fingerprint stays for a while.
 * What is used, or comes back while its fingerprint is known, lives in the
 * main queue, where each use (three count) is worth one more turn.
 *
 * A hit writes at most the entry's count of uses: no order changes, so hits
 * need no lock of their own.
 */
#include <errno.h>
#include <stdlib.h>

#include "mem/cache_private.h"

enum {
    SMALL,
    MAIN,
    SMALL_SHARE = 10, /* of the room: one in so many */
    MAIN_USES = 1, /* more than so many: to the main queue */
    WAYS = 4, /* cells in which a fingerprint may lie */
    CELLS_MIN = 64,
};

/* Ghosts: cells are overwritten oldest first, and one is good while no more
 * have come after it than the main queue has entries. */

static uint64_t *
cells_of(const struct cache_ghost *ghost, uint32_t hash)
{
    return ghost->cell + ((size_t)hash * WAYS & ghost->mask);
}

static void
ghost_add(struct cache_ghost *ghost, uint32_t hash)
{
    if (!ghost->cell)
        return;
    uint64_t *cell = cells_of(ghost, hash), *oldest = cell;
    uint32_t number = ++ghost->came;
    for (int i = 0; i < WAYS; i++) {
        if (cell[i] && (uint32_t)(cell[i] >> 32) == hash) {
            oldest = &cell[i];
            break;
        }
        if (*oldest && (!cell[i] || number - (uint32_t)cell[i] > number - (uint32_t)*oldest))
            oldest = &cell[i];
    }
    *oldest = (uint64_t)hash << 32 | number;
}

static bool
ghost_take(struct cache_ghost *ghost, uint32_t hash, size_t good)
{
    if (!ghost->cell)
        return false;
    uint64_t *cell = cells_of(ghost, hash);
    for (int i = 0; i < WAYS; i++)
        if (cell[i] && (uint32_t)(cell[i] >> 32) == hash) {
            bool known = ghost->came - (uint32_t)cell[i] < good;
            cell[i] = 0;
            return known;
        }
    return false;
}

/* Two cells for each entry that the table has room for: grows with it. */
static int
s3fifo_reserve(struct cache_shard *shard)
{
    struct cache_ghost *ghost = &shard->ghost;
    size_t wanted = CELLS_MIN;
    while (wanted < 2 * shard->count)
        wanted *= 2;
    if (ghost->cell && wanted <= ghost->mask + 1)
        return 0;
    uint64_t *cell = calloc(wanted, sizeof *cell);
    if (!cell)
        return ghost->cell ? 0 : -ENOMEM; /* a small one does */
    free(ghost->cell);
    ghost->cell = cell;
    ghost->mask = wanted - 1;
    return 0;
}

static void
put(struct cache_shard *shard, struct cache_entry *entry, uint8_t list)
{
    entry->list = list;
    cache_list_push(&shard->list[list], entry);
}

static size_t
good_ghosts(const struct cache_shard *shard)
{
    size_t most = shard->max_count ? shard->max_count : shard->count;
    return most - most / SMALL_SHARE;
}

static void
s3fifo_insert(struct cache_shard *shard, struct cache_entry *entry)
{
    put(shard, entry, ghost_take(&shard->ghost, entry->hash, good_ghosts(shard)) ? MAIN : SMALL);
}

static void
s3fifo_remove(struct cache_shard *shard, struct cache_entry *entry)
{
    cache_list_remove(&shard->list[entry->list], entry);
}

static bool
small_is_full(const struct cache_shard *shard)
{
    const struct cache_list *small = &shard->list[SMALL];
    if (!small->count)
        return false;
    return !shard->list[MAIN].count ||
        (shard->max_count && small->count >= shard->max_count / SMALL_SHARE) ||
        (shard->max_cost && small->cost >= shard->max_cost / SMALL_SHARE);
}

/* NULL: all of them moved on. */
static struct cache_entry *
small_victim(struct cache_shard *shard)
{
    for (struct cache_entry *entry; (entry = cache_list_pop(&shard->list[SMALL]));) {
        if (atomic_load_explicit(&entry->uses, memory_order_relaxed) <= MAIN_USES) {
            ghost_add(&shard->ghost, entry->hash);
            return entry;
        }
        atomic_store_explicit(&entry->uses, 0, memory_order_relaxed);
        put(shard, entry, MAIN);
    }
    return NULL;
}

/* Ends: each turn costs an entry one of its uses. */
static struct cache_entry *
main_victim(struct cache_shard *shard)
{
    for (struct cache_entry *entry; (entry = cache_list_pop(&shard->list[MAIN]));) {
        uint8_t uses = atomic_load_explicit(&entry->uses, memory_order_relaxed);
        if (!uses)
            return entry;
        atomic_store_explicit(&entry->uses, (uint8_t)(uses - 1), memory_order_relaxed);
        put(shard, entry, MAIN);
    }
    return NULL;
}

static struct cache_entry *
s3fifo_victim(struct cache_shard *shard, int64_t now_ns, size_t cost)
{
    (void)now_ns;
    (void)cost;
    struct cache_entry *victim = small_is_full(shard) ? small_victim(shard) : NULL;
    if (!victim)
        victim = main_victim(shard);
    return victim ? victim : small_victim(shard);
}

const struct cache_policy cache_policy_s3fifo = {
    .name = "s3-fifo",
    .reserve = s3fifo_reserve,
    .insert = s3fifo_insert,
    .victim = s3fifo_victim,
    .remove = s3fifo_remove,
};
