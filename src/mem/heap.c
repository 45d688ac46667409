/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A heap in one range of addresses, reserved at once and made memory from its
 * beginning on, chunk by chunk. heap_private.h says how it lies there.
 */
#include "mem/heap_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
    PRIORITY = 30,
    CHUNK = 256 * 1024, /* it grows by a quarter, in multiples of this */
    KEEP = 1024 * 1024,
    HEAD = offsetof(struct block, next),
    COST = sizeof(size_t), /* of a taken block; the other word is the next one's */
};

static void
count_add(heap_count *count, uint64_t amount)
{
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + amount,
        memory_order_relaxed);
}

static uint64_t
count_get(const heap_count *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

static void
lock_heap(struct optop_heap *heap)
{
    if (heap->locks)
        pthread_mutex_lock(&heap->lock);
}

static void
unlock_heap(struct optop_heap *heap)
{
    if (heap->locks)
        pthread_mutex_unlock(&heap->lock);
}

static size_t
round_up(size_t size, size_t to)
{
    return (size + to - 1) / to * to;
}

/* Its end grows and shrinks. */

UNCHECKED static void
set_top(struct optop_heap *heap, struct block *top)
{
    size_t left = (size_t)(heap->base + count_get(&heap->bytes) - (char *)top);
    top->size = left | HEAP_TAKEN | HEAP_BEFORE_TAKEN;
    heap->top = top;
}

static void
set_bytes(struct optop_heap *heap, size_t bytes)
{
    size_t before = count_get(&heap->bytes);
    if (before)
        ROOT_REMOVE(heap->base, before);
    if (bytes)
        ROOT_ADD(heap->base, bytes);
    atomic_store_explicit(&heap->bytes, bytes, memory_order_relaxed);
}

/* Until top holds a block of that size and a head behind it. */
static int
grow(struct optop_heap *heap, size_t size)
{
    size_t bytes = count_get(&heap->bytes);
    size_t least = (size_t)((char *)heap->top - heap->base) + size + HEAD;
    size_t wanted = round_up(least > bytes + bytes / 4 ? least : bytes + bytes / 4, CHUNK);
    if (wanted > heap->limit)
        wanted = heap->limit;
    if (least > wanted || mprotect(heap->base + bytes, wanted - bytes, PROT_READ | PROT_WRITE) != 0)
        return -ENOMEM;
    POISON(heap->base + bytes, wanted - bytes);
    set_bytes(heap, wanted);
    set_top(heap, heap->top);
    return 0;
}

/* What of top is more than `keep` goes to the kernel. */
static size_t
shrink(struct optop_heap *heap, size_t keep)
{
    size_t bytes = count_get(&heap->bytes);
    size_t wanted = round_up((size_t)((char *)heap->top - heap->base) + HEAD + keep, CHUNK);
    if (wanted >= bytes)
        return 0;
    char *from = heap->base + wanted;
    UNPOISON(from, bytes - wanted);
    /* mapped anew: one call drops its pages and shuts it */
    if (mmap(from, bytes - wanted, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE,
            -1, 0) == MAP_FAILED)
        return 0;
    set_bytes(heap, wanted);
    set_top(heap, heap->top);
    return bytes - wanted;
}

static void
shrink_perhaps(struct optop_heap *heap)
{
    if (atomic_load_explicit(&heap->drop, memory_order_relaxed)) {
        atomic_store_explicit(&heap->drop, false, memory_order_relaxed);
        shrink(heap, 0);
    } else if (block_size(heap->top) > 2 * heap->keep) {
        shrink(heap, heap->keep);
    }
}

/* Blocks. */

/* The length of a block for so many bytes; 0: there is none. */
static size_t
block_for(const struct optop_heap *heap, size_t size)
{
    if (size > heap->limit)
        return 0;
    size_t whole = round_up(size + COST, OPTOP_ARENA_ALIGN);
    return whole < HEAP_BLOCK_MIN ? HEAP_BLOCK_MIN : whole;
}

static void *
memory_of(struct block *block)
{
    return (char *)block + HEAD;
}

/* Free again, and in its list; its neighbours are taken. */
UNCHECKED static void
set_free(struct optop_heap *heap, struct block *block, size_t size)
{
    struct block *next = block_at(block, size);
    block->size = size | HEAP_BEFORE_TAKEN;
    next->before = size;
    next->size &= ~(size_t)HEAP_BEFORE_TAKEN;
    heap_bins_add(heap, block);
    count_add(&heap->holes, size);
}

UNCHECKED static void
set_taken(struct block *block, size_t size)
{
    block->size = (block->size & HEAP_BEFORE_TAKEN) | size | HEAP_TAKEN;
    block_at(block, size)->size |= HEAP_BEFORE_TAKEN;
}

/* Of a taken block whose next one is taken, what is more than `size`. */
UNCHECKED static void
cut(struct optop_heap *heap, struct block *block, size_t size)
{
    size_t more = block_size(block) - size;
    if (more < HEAP_BLOCK_MIN)
        return;
    block->size -= more;
    set_free(heap, block_at(block, size), more);
}

static struct block *
take_top(struct optop_heap *heap, size_t size)
{
    if (block_size(heap->top) < size + HEAD && grow(heap, size) < 0)
        return NULL;
    struct block *block = heap->top;
    set_top(heap, block_at(block, size));
    set_taken(block, size);
    return block;
}

static struct block *
take(struct optop_heap *heap, size_t size)
{
    struct block *block = heap_bins_take(heap, size);
    if (!block)
        return take_top(heap, size);
    size_t has = block_size(block);
    count_add(&heap->holes, -has);
    set_taken(block, has);
    cut(heap, block, size);
    return block;
}

static void
count_used(struct optop_heap *heap, size_t more, size_t less)
{
    uint64_t used = count_get(&heap->used) + more - less;
    atomic_store_explicit(&heap->used, used, memory_order_relaxed);
    if (used > count_get(&heap->peak))
        atomic_store_explicit(&heap->peak, used, memory_order_relaxed);
}

UNCHECKED static struct block *
free_before(const struct block *block)
{
    if (block->size & HEAP_BEFORE_TAKEN)
        return NULL;
    return (struct block *)(uintptr_t)((const char *)block - block->before);
}

static void
take_out(struct optop_heap *heap, struct block *block)
{
    heap_bins_remove(heap, block);
    count_add(&heap->holes, -block_size(block));
}

/* A block becomes free, and one with its free neighbours. */
UNCHECKED static void
put(struct optop_heap *heap, struct block *block)
{
    size_t size = block_size(block);
    struct block *before = free_before(block), *next = block_at(block, size);
    block->size &= ~(size_t)HEAP_TAKEN; /* so that a second time is seen */
    if (before) {
        size += block_size(before);
        take_out(heap, before);
        block = before;
    }
    if (next == heap->top) {
        set_top(heap, block);
        shrink_perhaps(heap);
        return;
    }
    if (!(next->size & HEAP_TAKEN)) {
        size += block_size(next);
        take_out(heap, next);
    }
    set_free(heap, block, size);
}

/* The taken block that this is the memory of, or NULL. */
UNCHECKED static struct block *
taken_of(const struct optop_heap *heap, const void *memory)
{
    uintptr_t at = (uintptr_t)memory, from = (uintptr_t)heap->base;
    if (at % OPTOP_ARENA_ALIGN || at < from + HEAD || at >= (uintptr_t)heap->top)
        return NULL;
    struct block *block = (struct block *)(at - HEAD);
    size_t size = block_size(block);
    bool sane = size >= HEAP_BLOCK_MIN && size <= (uintptr_t)heap->top - (uintptr_t)block;
    return sane && block->size & HEAP_TAKEN ? block : NULL;
}

/* Of a taken block: makes it longer where it lies. */
UNCHECKED static bool
extend(struct optop_heap *heap, struct block *block, size_t size)
{
    size_t has = block_size(block), more = size - has;
    struct block *next = block_at(block, has);
    if (next == heap->top) {
        if (block_size(next) < more + HEAD && grow(heap, more) < 0)
            return false;
        set_top(heap, block_at(block, size));
        set_taken(block, size);
        return true;
    }
    if (next->size & HEAP_TAKEN || block_size(next) < more)
        return false;
    take_out(heap, next);
    set_taken(block, has + block_size(next));
    cut(heap, block, size);
    return true;
}

UNCHECKED static void
shorten(struct optop_heap *heap, struct block *block, size_t size)
{
    size_t more = block_size(block) - size;
    if (more < HEAP_BLOCK_MIN)
        return;
    struct block *rest = block_at(block, size);
    block->size -= more;
    rest->size = more | HEAP_TAKEN | HEAP_BEFORE_TAKEN;
    put(heap, rest); /* with what is free behind it */
}

/* The registry's side: any thread. */

static int
show(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct optop_heap_figures f;
    optop_heap_figures((struct optop_heap *)(void *)((char *)resource -
                           offsetof(struct optop_heap, resource)), &f);
    ret[0] = (struct resource_figure){ "bytes", "bytes", RESOURCE_GAUGE, (double)f.bytes };
    ret[1] = (struct resource_figure){ "used", "bytes", RESOURCE_GAUGE, (double)f.used };
    ret[2] = (struct resource_figure){ "peak", "bytes", RESOURCE_GAUGE, (double)f.peak };
    ret[3] = (struct resource_figure){ "blocks", "", RESOURCE_GAUGE, (double)f.count };
    ret[4] = (struct resource_figure){ "utilization", "percent", RESOURCE_GAUGE, f.utilization_pct };
    ret[5] = (struct resource_figure){ "fragmentation", "percent", RESOURCE_GAUGE,
        f.fragmentation_pct };
    ret[6] = (struct resource_figure){ "allocations", "", RESOURCE_COUNTER, (double)f.allocations };
    ret[7] = (struct resource_figure){ "refused", "", RESOURCE_COUNTER, (double)f.refused };
    ret[8] = (struct resource_figure){ "faults", "", RESOURCE_COUNTER, (double)f.faults };
    return 9;
}

static size_t
give_back(struct resource *resource, size_t wanted)
{
    struct optop_heap *heap = (struct optop_heap *)(void *)((char *)resource -
        offsetof(struct optop_heap, resource));
    (void)wanted;
    if (heap->locks)
        return optop_heap_trim(heap);
    atomic_store_explicit(&heap->drop, true, memory_order_relaxed);
    return 0; /* its user does, with the next piece that comes back at its end */
}

static void
show_in_registry(struct optop_heap *heap, const char *name)
{
    strncpy(heap->resource.name, name, sizeof heap->resource.name - 1);
    heap->resource.kind = "heap";
    heap->resource.priority = PRIORITY;
    heap->resource.figures = show;
    heap->resource.give_back = give_back;
    registry_add(&heap->resource);
}

/* What others call. */

struct optop_heap *
optop_heap_new(const struct optop_heap_options *options)
{
    if (!options->limit || options->limit > OPTOP_HEAP_LIMIT_MAX) {
        errno = EINVAL;
        return NULL;
    }
    struct optop_heap *heap = calloc(1, sizeof *heap);
    if (!heap)
        return NULL;
    heap->limit = round_up(options->limit, CHUNK);
    heap->keep = options->keep ? options->keep : KEEP;
    heap->locks = options->flags & OPTOP_HEAP_THREADS;
    pthread_mutex_init(&heap->lock, NULL);
    void *map = mmap(NULL, heap->limit, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    heap->base = map == MAP_FAILED ? NULL : map;
    heap->top = map == MAP_FAILED ? NULL : map;
    if (!heap->base || grow(heap, 0) < 0) {
        optop_heap_free(heap);
        errno = ENOMEM;
        return NULL;
    }
    if (options->name)
        show_in_registry(heap, options->name);
    return heap;
}

void
optop_heap_free(struct optop_heap *heap)
{
    if (!heap)
        return;
    registry_remove(&heap->resource);
    if (heap->base) {
        UNPOISON(heap->base, count_get(&heap->bytes));
        set_bytes(heap, 0);
        munmap(heap->base, heap->limit);
    }
    pthread_mutex_destroy(&heap->lock);
    free(heap);
}

static void *
refuse(struct optop_heap *heap)
{
    count_add(&heap->refused, 1);
    unlock_heap(heap);
    errno = ENOMEM;
    return NULL;
}

void *
optop_heap_alloc(struct optop_heap *heap, size_t size)
{
    size_t whole = block_for(heap, size);
    lock_heap(heap);
    struct block *block = whole ? take(heap, whole) : NULL;
    if (!block)
        return refuse(heap);
    count_add(&heap->allocations, 1);
    count_add(&heap->count, 1);
    count_used(heap, block_size(block), 0);
    UNPOISON(memory_of(block), size);
    unlock_heap(heap);
    return memory_of(block);
}

void
optop_heap_give_back(struct optop_heap *heap, void *memory)
{
    if (!memory)
        return;
    lock_heap(heap);
    struct block *block = taken_of(heap, memory);
    if (block) {
        POISON(memory, block_size(block) - COST);
        count_add(&heap->count, (uint64_t)-1);
        count_used(heap, 0, block_size(block));
        put(heap, block);
    } else {
        count_add(&heap->faults, 1);
    }
    unlock_heap(heap);
}

void *
optop_heap_realloc(struct optop_heap *heap, void *memory, size_t size)
{
    if (!memory)
        return optop_heap_alloc(heap, size);
    size_t whole = block_for(heap, size), has = 0;
    lock_heap(heap);
    struct block *block = taken_of(heap, memory);
    has = block ? block_size(block) : 0;
    if (!whole || !block)
        return refuse(heap);
    bool stays = whole <= has || extend(heap, block, whole);
    if (stays) {
        if (whole < has)
            shorten(heap, block, whole);
        count_used(heap, block_size(block), has);
        POISON(memory, block_size(block) - COST);
        UNPOISON(memory, size);
    }
    unlock_heap(heap);
    if (stays)
        return memory;
    void *moved = optop_heap_alloc(heap, size);
    if (moved) {
        UNPOISON(memory, has - COST); /* all of it, whatever of it was asked for */
        memcpy(moved, memory, has - COST < size ? has - COST : size);
        optop_heap_give_back(heap, memory);
    }
    return moved;
}

size_t
optop_heap_trim(struct optop_heap *heap)
{
    lock_heap(heap);
    size_t given = shrink(heap, 0);
    unlock_heap(heap);
    return given;
}

void
optop_heap_figures(struct optop_heap *heap, struct optop_heap_figures *ret)
{
    double holes = (double)count_get(&heap->holes);
    *ret = (struct optop_heap_figures){ .bytes = count_get(&heap->bytes),
        .used = count_get(&heap->used), .peak = count_get(&heap->peak),
        .count = count_get(&heap->count), .allocations = count_get(&heap->allocations),
        .refused = count_get(&heap->refused), .faults = count_get(&heap->faults) };
    ret->utilization_pct = 100 * (double)ret->used / (double)ret->bytes;
    ret->fragmentation_pct = holes > 0 ? 100 * holes / (holes + (double)ret->used) : 0;
}

/* Each block says the same of itself as its neighbours. */
UNCHECKED static int
check_blocks(const struct optop_heap *heap, int64_t *ret_free)
{
    const struct block *at = (const struct block *)(const void *)heap->base;
    uint64_t used = 0, holes = 0;
    bool before_taken = true;
    for (*ret_free = 0; at != heap->top;) {
        size_t size = block_size(at), left = (size_t)((const char *)heap->top - (const char *)at);
        bool taken = at->size & HEAP_TAKEN;
        const struct block *next = block_at(at, size);
        if (size < HEAP_BLOCK_MIN || size > left || !(at->size & HEAP_BEFORE_TAKEN) == before_taken ||
            (!taken && (!before_taken || next->before != size)))
            return -EBADMSG;
        *(taken ? &used : &holes) += size;
        *ret_free += !taken;
        before_taken = taken;
        at = next;
    }
    bool whole = before_taken && (const char *)at + block_size(at) == heap->base + heap->bytes;
    return whole && used == heap->used && holes == heap->holes ? 0 : -EBADMSG;
}

int
optop_heap_check(struct optop_heap *heap)
{
    int64_t free_blocks;
    lock_heap(heap);
    int r = check_blocks(heap, &free_blocks);
    if (r == 0 && heap_bins_check(heap) != free_blocks)
        r = -EBADMSG;
    unlock_heap(heap);
    return r;
}
