/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The heap arena beside glibc's malloc in the same run: pieces of random sizes,
 * 16 B to 16 KiB, small ones more often, come until the heap is 90 % full and go at
 * random until it is 60 % full, over and over; both do the same steps. Then how
 * full the heap gets before it refuses, and what malloc holds for as much. Medians of
 * 21 rounds, CPU time of the thread.
 */
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "optop/arena.h"
#include "timing.h"

enum { ROUNDS = 21, LIMIT = 64 << 20, PIECES_MAX = 1 << 16, SIZE_LEAST = 16, SIZE_MOST = 16 << 10 };

struct piece {
    char *at;
    size_t size;
};

struct side {
    void *(*take)(size_t size);
    void (*give)(void *memory);
    struct piece piece[PIECES_MAX];
    int count;
    size_t used;
    uint64_t seed, steps;
};

static struct optop_heap *heap;
static struct side ours, theirs;

static void *
take_of_heap(size_t size)
{
    return optop_heap_alloc(heap, size);
}

static void
give_to_heap(void *memory)
{
    optop_heap_give_back(heap, memory);
}

static uint64_t
next_random(struct side *side)
{
    side->seed ^= side->seed << 13;
    side->seed ^= side->seed >> 7;
    side->seed ^= side->seed << 17;
    return side->seed;
}

/* As many between 16 and 32 B as between 8 and 16 KiB. */
static size_t
random_size(struct side *side)
{
    static size_t table[1024];
    if (!table[0])
        for (int i = 0; i < 1024; i++)
            table[i] = (size_t)(SIZE_LEAST * pow((double)SIZE_MOST / SIZE_LEAST, i / 1024.0));
    return table[next_random(side) % 1024];
}

static bool
add(struct side *side)
{
    struct piece *piece = &side->piece[side->count];
    piece->size = random_size(side);
    piece->at = side->take(piece->size);
    if (!piece->at)
        return false;
    piece->at[0] = 1;
    side->used += piece->size;
    side->count++;
    side->steps++;
    return true;
}

static void
drop(struct side *side)
{
    struct piece *piece = &side->piece[next_random(side) % (uint64_t)side->count];
    side->give(piece->at);
    side->used -= piece->size;
    *piece = side->piece[--side->count];
    side->steps++;
}

static double
median_of_rounds(struct side *side)
{
    double round[ROUNDS];
    side->seed = 88172645463325252u;
    for (int r = 0; r < ROUNDS; r++) {
        uint64_t before = side->steps;
        double start = cpu_ns();
        while (side->used < LIMIT / 10 * 9)
            if (!add(side))
                abort(); /* refused below 90 % */
        while (side->used > LIMIT / 10 * 6)
            drop(side);
        round[r] = (cpu_ns() - start) / (double)(side->steps - before);
    }
    qsort(round, ROUNDS, sizeof *round, compare);
    return round[ROUNDS / 2];
}

static void
small_pairs(struct side *side, const char *name)
{
    double start = cpu_ns();
    for (int i = 0; i < 2000000; i++)
        side->give(side->take(48));
    printf("heap: 48 B taken and given back at once, %s: %.1f ns\n", name, (cpu_ns() - start) / 2e6);
}

int
main(void)
{
    heap = optop_heap_new(&(struct optop_heap_options){ .limit = LIMIT });
    if (!heap)
        abort();
    ours.take = take_of_heap;
    ours.give = give_to_heap;
    theirs.take = malloc;
    theirs.give = free;
    double our_ns = median_of_rounds(&ours), their_ns = median_of_rounds(&theirs);
    printf("heap: random sizes, 60 to 90 %% full, %.1f ns per step, malloc and free %.1f ns, %.2f times "
           "(at least 1)\n", our_ns, their_ns, their_ns / our_ns);
    while (add(&ours)) { }
    struct optop_heap_figures f;
    optop_heap_figures(heap, &f);
    printf("heap: refused first at %.1f %% full: fragmentation %.1f %% (at most 10)",
        100.0 * (double)ours.used / LIMIT, 100 - 100.0 * (double)ours.used / LIMIT);
    while (theirs.used < ours.used)
        add(&theirs);
    struct mallinfo2 info = mallinfo2();
    printf("; malloc holds %.1f %% more than asked for\n",
        100.0 * ((double)info.arena + (double)info.hblkhd) / (double)theirs.used - 100);
    small_pairs(&ours, "by the heap");
    small_pairs(&theirs, "by malloc and free");
    if (optop_heap_check(heap) != 0)
        abort();
    optop_heap_free(heap);
    return 0;
}
