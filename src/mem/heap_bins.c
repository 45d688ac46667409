/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Free blocks by size: see optop/arena.h for the method.
 */
#include "mem/heap_private.h"

static int
highest_bit(uint64_t value)
{
    return 63 - __builtin_clzll(value);
}

/* Blocks of a bin are at least as long as those of the bins before it. */
static int
bin_of(size_t size)
{
    if (size < (size_t)1 << HEAP_EXACT_BITS)
        return (int)(size / OPTOP_ARENA_ALIGN);
    int top = highest_bit(size);
    int part = (int)(size >> (top - HEAP_SPLIT_BITS)) & ((1 << HEAP_SPLIT_BITS) - 1);
    return HEAP_EXACT + ((top - HEAP_EXACT_BITS) << HEAP_SPLIT_BITS) + part;
}

UNCHECKED void
heap_bins_add(struct optop_heap *heap, struct block *block)
{
    int bin = bin_of(block_size(block));
    block->previous = NULL;
    block->next = heap->bin[bin];
    if (block->next)
        block->next->previous = block;
    heap->bin[bin] = block;
    heap->word[bin / 64] |= UINT64_C(1) << bin % 64;
    heap->words |= UINT64_C(1) << bin / 64;
}

UNCHECKED static void
unlink_block(struct optop_heap *heap, struct block *block, int bin)
{
    if (block->next)
        block->next->previous = block->previous;
    if (block->previous) {
        block->previous->next = block->next;
        return;
    }
    heap->bin[bin] = block->next;
    if (block->next)
        return;
    heap->word[bin / 64] &= ~(UINT64_C(1) << bin % 64);
    if (!heap->word[bin / 64])
        heap->words &= ~(UINT64_C(1) << bin / 64);
}

void
heap_bins_remove(struct optop_heap *heap, struct block *block)
{
    unlink_block(heap, block, bin_of(block_size(block)));
}

/* The first bin from this one on that is not empty, or -1. */
static int
filled_from(const struct optop_heap *heap, int bin)
{
    if (bin >= HEAP_BINS)
        return -1;
    int at = bin / 64;
    uint64_t word = heap->word[at] & ~UINT64_C(0) << bin % 64;
    if (!word) {
        uint64_t words = heap->words & ~UINT64_C(0) << (at + 1);
        if (!words)
            return -1;
        at = __builtin_ctzll(words);
        word = heap->word[at];
    }
    return at * 64 + __builtin_ctzll(word);
}

UNCHECKED static struct block *
best_of(const struct optop_heap *heap, int bin, size_t size)
{
    struct block *best = NULL;
    size_t best_size = SIZE_MAX;
    int looks = HEAP_LOOKS;
    for (struct block *at = heap->bin[bin]; at && looks-- > 0 && best_size > size; at = at->next) {
        size_t has = block_size(at);
        if (has >= size && has < best_size) {
            best = at;
            best_size = has;
        }
    }
    return best;
}

struct block *
heap_bins_take(struct optop_heap *heap, size_t size)
{
    int bin = filled_from(heap, bin_of(size));
    struct block *best = bin < 0 ? NULL : best_of(heap, bin, size);
    if (!best && bin >= 0) { /* of its own list, too short ones; any of the next will do */
        bin = filled_from(heap, bin + 1);
        best = bin < 0 ? NULL : best_of(heap, bin, size);
    }
    if (best)
        unlink_block(heap, best, bin);
    return best;
}

UNCHECKED static int64_t
check_bin(const struct optop_heap *heap, int bin)
{
    int64_t count = 0;
    const struct block *previous = NULL;
    for (const struct block *at = heap->bin[bin]; at; at = at->next) {
        if (at->previous != previous || at->size & HEAP_TAKEN || bin_of(block_size(at)) != bin)
            return -1;
        previous = at;
        count++;
    }
    bool filled = heap->word[bin / 64] >> bin % 64 & 1;
    return filled == (count > 0) ? count : -1;
}

int64_t
heap_bins_check(const struct optop_heap *heap)
{
    int64_t sum = 0;
    for (int bin = 0; bin < HEAP_BINS; bin++) {
        int64_t count = check_bin(heap, bin);
        if (count < 0)
            return -1;
        sum += count;
    }
    for (int at = 0; at < HEAP_WORDS; at++)
        if ((heap->words >> at & 1) != (heap->word[at] != 0))
            return -1;
    return sum;
}
