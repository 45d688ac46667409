/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * W-TinyLFU (Einziger, Friedman, Manes, TinyLFU: A Highly Efficient Cache
 * Admission Policy, ACM TOS 2017). What comes lives in a small LRU window;
 * what falls out of it is let into the main part only when a sketch of all
 * that was asked for lately has seen it more often than what would have to go.
 * The main part is two LRU lists: on probation, and protected once used again.
 */
#include <errno.h>
#include <stdlib.h>

#include "mem/cache_private.h"

enum {
    WINDOW,
    PROBATION,
    PROTECTED,
    WINDOW_SHARE = 100, /* of the room: one in so many */
    PROTECTED_PCT = 80, /* of what is not the window */
    ROWS = 4,
    COUNTERS = 16, /* in a word */
    COUNT_MAX = 15,
    WORDS_MIN = 16,
    SAMPLE = 10, /* uses for each entry, then all counts are halved */
};

/* The sketch: the least of four counters. Each row has its counters in words of
 * its own; a word's row and the hash say which of its sixteen. */

static const uint64_t row_seed[ROWS] = { 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F,
    0x165667B19E3779F9, 0xD6E8FEB86659FD93 };

static uint64_t *
counter_of(const struct cache_sketch *sketch, uint32_t hash, int row, int *ret_shift)
{
    uint64_t x = (hash + UINT64_C(1)) * row_seed[row];
    x ^= x >> 32;
    *ret_shift = (int)(x & (COUNTERS - 1)) * 4;
    return &sketch->word[(x >> 4) & sketch->mask];
}

static unsigned
frequency(const struct cache_sketch *sketch, uint32_t hash)
{
    unsigned least = COUNT_MAX;
    for (int row = 0; row < ROWS && sketch->word; row++) {
        int shift;
        const uint64_t *word = counter_of(sketch, hash, row, &shift);
        unsigned count = (unsigned)(*word >> shift) & COUNT_MAX;
        if (count < least)
            least = count;
    }
    return least;
}

static void
halve(struct cache_sketch *sketch)
{
    for (size_t i = 0; i <= sketch->mask; i++)
        sketch->word[i] = sketch->word[i] >> 1 & UINT64_C(0x7777777777777777);
    sketch->added /= 2;
}

static void
count_use(struct cache_shard *shard, uint32_t hash)
{
    struct cache_sketch *sketch = &shard->sketch;
    bool added = false;
    for (int row = 0; row < ROWS && sketch->word; row++) {
        int shift;
        uint64_t *word = counter_of(sketch, hash, row, &shift);
        if ((*word >> shift & COUNT_MAX) < COUNT_MAX) {
            *word += UINT64_C(1) << shift;
            added = true;
        }
    }
    size_t most = shard->max_count ? shard->max_count : shard->count;
    if (added && ++sketch->added >= SAMPLE * (most + 1))
        halve(sketch);
}

/* A word, sixteen counters, for each entry that there may be: four for each
 * row. A sketch that grew has forgotten; one that cannot does as it is. */
static int
wtinylfu_reserve(struct cache_shard *shard)
{
    struct cache_sketch *sketch = &shard->sketch;
    size_t wanted = WORDS_MIN, most = shard->max_count ? shard->max_count : shard->count;
    while (wanted < most && wanted < (SIZE_MAX / 16))
        wanted *= 2;
    if (sketch->word && wanted <= sketch->mask + 1)
        return 0;
    uint64_t *word = calloc(wanted, sizeof *word);
    if (!word)
        return sketch->word ? 0 : -ENOMEM;
    free(sketch->word);
    *sketch = (struct cache_sketch){ .word = word, .mask = wanted - 1 };
    return 0;
}

static void
put(struct cache_shard *shard, struct cache_entry *entry, uint8_t list)
{
    entry->list = list;
    cache_list_push(&shard->list[list], entry);
}

static size_t
part_of(size_t count, size_t pct)
{
    size_t part = count / 100 * pct + count % 100 * pct / 100;
    return part ? part : 1;
}

/* A list beyond its part of the room, in entries or in bytes. */
static bool
is_beyond(const struct cache_shard *shard, const struct cache_list *list, size_t pct)
{
    return (shard->max_count && list->count > part_of(shard->max_count, pct)) ||
        (shard->max_cost && list->count > 1 && list->cost > shard->max_cost / 100 * pct);
}

static size_t
window_pct(void)
{
    return 100 / WINDOW_SHARE;
}

static void
wtinylfu_insert(struct cache_shard *shard, struct cache_entry *entry)
{
    put(shard, entry, WINDOW);
    while (is_beyond(shard, &shard->list[WINDOW], window_pct()))
        put(shard, cache_list_pop(&shard->list[WINDOW]), PROBATION);
}

static void
wtinylfu_remove(struct cache_shard *shard, struct cache_entry *entry)
{
    cache_list_remove(&shard->list[entry->list], entry);
}

static void
wtinylfu_hit(struct cache_shard *shard, struct cache_entry *entry)
{
    count_use(shard, entry->hash);
    cache_list_remove(&shard->list[entry->list], entry);
    put(shard, entry, entry->list == WINDOW ? WINDOW : PROTECTED);
    while (is_beyond(shard, &shard->list[PROTECTED],
        (100 - window_pct()) * PROTECTED_PCT / 100))
        put(shard, cache_list_pop(&shard->list[PROTECTED]), PROBATION);
}

static void
wtinylfu_miss(struct cache_shard *shard, uint32_t hash)
{
    count_use(shard, hash);
}

/* Whether something of that cost would push the window's oldest out. */
static bool
window_is_full(const struct cache_shard *shard, size_t cost)
{
    const struct cache_list *window = &shard->list[WINDOW];
    return window->count &&
        ((shard->max_count && window->count >= part_of(shard->max_count, window_pct())) ||
            (shard->max_cost && window->cost + cost > shard->max_cost / 100 * window_pct()));
}

/* What falls out of the window then is up against the main part's next victim. */
static struct cache_entry *
wtinylfu_victim(struct cache_shard *shard, int64_t now_ns, size_t cost)
{
    (void)now_ns;
    struct cache_entry *candidate = window_is_full(shard, cost) ? shard->list[WINDOW].oldest : NULL;
    struct cache_list *from = &shard->list[shard->list[PROBATION].count ? PROBATION : PROTECTED];
    struct cache_entry *victim = from->oldest;
    if (candidate && victim &&
        frequency(&shard->sketch, candidate->hash) > frequency(&shard->sketch, victim->hash)) {
        cache_list_remove(from, victim);
        cache_list_remove(&shard->list[WINDOW], candidate);
        put(shard, candidate, PROBATION);
        return victim;
    }
    return cache_list_pop(candidate || !victim ? &shard->list[WINDOW] : from);
}

const struct cache_policy cache_policy_wtinylfu = {
    .name = "w-tinylfu",
    .orders = true,
    .reserve = wtinylfu_reserve,
    .insert = wtinylfu_insert,
    .hit = wtinylfu_hit,
    .miss = wtinylfu_miss,
    .victim = wtinylfu_victim,
    .remove = wtinylfu_remove,
};
