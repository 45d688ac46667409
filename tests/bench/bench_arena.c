/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Arenas beside malloc in the same run: small pieces and a reset, the reset alone
 * after few and many pieces, and 1.5 GiB that comes and goes. Medians of 21
 * rounds, CPU time of the thread.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "optop/arena.h"
#include "timing.h"

enum { ROUNDS = 21, PIECES = 256, REPEATS = 8000, GROWN_MIB = 1536 };

#define KEEP(p) __asm__ volatile("" : : "g"(p) : "memory")

static struct optop_arena arena;

static double
median(double *round)
{
    qsort(round, ROUNDS, sizeof *round, compare);
    return round[ROUNDS / 2];
}

static double
pieces_of_arena(void)
{
    double round[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        double start = cpu_ns();
        for (int n = 0; n < REPEATS; n++) {
            for (int i = 0; i < PIECES; i++) {
                char *piece = optop_arena_alloc(&arena, 64);
                piece[0] = 1;
                KEEP(piece);
            }
            optop_arena_reset(&arena);
        }
        round[r] = (cpu_ns() - start) / REPEATS / PIECES;
    }
    return median(round);
}

static double
pieces_of_malloc(void)
{
    static char *piece[PIECES];
    double round[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        double start = cpu_ns();
        for (int n = 0; n < REPEATS / 8; n++) {
            for (int i = 0; i < PIECES; i++) {
                piece[i] = malloc(64);
                piece[i][0] = 1;
                KEEP(piece[i]);
            }
            for (int i = 0; i < PIECES; i++)
                free(piece[i]);
        }
        round[r] = (cpu_ns() - start) / (REPEATS / 8) / PIECES;
    }
    return median(round);
}

static double
reset_after(int pieces)
{
    double round[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < pieces; i++)
            KEEP(optop_arena_alloc(&arena, 64));
        double start = cpu_ns();
        optop_arena_reset(&arena);
        round[r] = cpu_ns() - start;
    }
    return median(round);
}

/* Resident memory in MiB. */
static double
resident(void)
{
    long pages = 0, held = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%ld %ld", &pages, &held) != 2)
        abort();
    fclose(file);
    return (double)held * (double)sysconf(_SC_PAGESIZE) / (1 << 20);
}

static void
grow(void)
{
    double before = resident(), start = cpu_ns();
    for (int i = 0; i < GROWN_MIB * 1024; i++) {
        char *piece = optop_arena_alloc(&arena, 1024);
        if (!piece) {
            printf("arena: there is no memory for %d MiB here\n", GROWN_MIB);
            optop_arena_release(&arena);
            return;
        }
        piece[0] = 1;
    }
    double each = (cpu_ns() - start) / GROWN_MIB / 1024, most = resident();
    start = cpu_ns();
    optop_arena_reset(&arena);
    printf("arena: %d MiB grown in pieces of 1 KiB, %.0f ns each with their page faults; resident "
           "%.0f MiB more, %.1f after the reset, which took %.0f ms\n", GROWN_MIB, each,
        most - before, resident() - before, (cpu_ns() - start) / 1e6);
}

int
main(void)
{
    optop_arena_init(&arena, &(struct optop_arena_options){ .keep = 64 << 20 });
    double ours = pieces_of_arena(), theirs = pieces_of_malloc();
    printf("arena: pieces of 64 B %.2f ns (at most 1.5), malloc and free %.1f ns, %.1f times\n", ours,
        theirs, theirs / ours);
    double few = reset_after(100), many = reset_after(200000);
    printf("arena: reset after 100 pieces %.0f ns, after 200,000 %.0f ns (the same: two readings of "
           "the clock)\n", few, many);
    optop_arena_release(&arena);
    optop_arena_init(&arena, &(struct optop_arena_options){ 0 });
    grow();
    optop_arena_release(&arena);
    return 0;
}
