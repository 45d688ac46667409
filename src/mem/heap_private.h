/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What heap.c and heap_bins.c share. Nobody else includes this.
 *
 * Blocks lie one behind the other; the last one, `top`, is what is free at the
 * end and in no list:
 *
 *     block: before | size and bits | memory ...                | the next block
 *                                     next | previous | ... free     its `before`
 *
 * `before` is the length of the block in front of it while that is free; while
 * it is taken, those 8 bytes are its memory's last. So a block costs 8 bytes.
 *
 * With AddressSanitizer all is poisoned but what was asked for; whoever touches
 * the rest is UNCHECKED.
 */
#ifndef OPTOP_MEM_HEAP_PRIVATE_H
#define OPTOP_MEM_HEAP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mem/poison.h"
#include "mem/registry.h"
#include "optop/arena.h"

enum {
    HEAP_TAKEN = 1, /* the block itself; also of top, whom nobody may merge */
    HEAP_BEFORE_TAKEN = 2,
    HEAP_BITS = 15,
    HEAP_BLOCK_MIN = 32,
    HEAP_EXACT_BITS = 10, /* below 1 KiB each size has a list of its own, */
    HEAP_EXACT = (1 << HEAP_EXACT_BITS) / OPTOP_ARENA_ALIGN,
    HEAP_SPLIT_BITS = 5, /* above 32 of each power of two */
    HEAP_BINS = HEAP_EXACT + ((38 - HEAP_EXACT_BITS + 1) << HEAP_SPLIT_BITS),
    HEAP_WORDS = (HEAP_BINS + 63) / 64,
    HEAP_LOOKS = 16, /* blocks of a list that the best one is looked for among */
};
_Static_assert(HEAP_WORDS < 64, "one word says which words have bits");

struct block {
    size_t before;
    size_t size; /* and the bits */
    struct block *next, *previous; /* of its list; memory begins here */
};

typedef _Atomic uint64_t heap_count; /* written under the lock, read by anyone */

struct optop_heap {
    pthread_mutex_t lock; /* with OPTOP_HEAP_THREADS */
    bool locks;
    char *base;
    struct block *top;
    size_t limit, keep;
    _Atomic bool drop; /* another thread's wish */

    uint64_t words; /* which of the next are not 0 */
    uint64_t word[HEAP_WORDS]; /* which bins are not empty */
    struct block *bin[HEAP_BINS];

    heap_count bytes, used, peak, holes, count, allocations, refused, faults;
    struct resource resource;
};

UNCHECKED static inline size_t
block_size(const struct block *block)
{
    return block->size & ~(size_t)HEAP_BITS;
}

static inline struct block *
block_at(const void *from, size_t offset)
{
    return (struct block *)(uintptr_t)((const char *)from + offset);
}

/* heap_bins.c: what is free and not top. */
void heap_bins_add(struct optop_heap *heap, struct block *block);
void heap_bins_remove(struct optop_heap *heap, struct block *block);

/* Takes out the best one of at least that size; NULL: none. */
struct block *heap_bins_take(struct optop_heap *heap, size_t size);

/* How many there are, each in its own list; -1: something is wrong. */
int64_t heap_bins_check(const struct optop_heap *heap);

#endif
