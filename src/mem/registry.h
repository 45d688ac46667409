/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Everything of a process that holds memory or work on somebody's behalf:
 * pools, caches, arenas, lazy handles, executors, files. Each is a resource in
 * one list for the whole process, lowest priority number first. The memory
 * manager asks along the list who can give memory back; the board shows what
 * they count.
 *
 * The list's lock is not held during a visit: a visit may take the resource's
 * own lock, and add or remove other resources, but not the one it is visiting.
 */
#ifndef OPTOP_MEM_REGISTRY_H
#define OPTOP_MEM_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RESOURCE_FIGURES_MAX = 16,
    RESOURCE_NAME_MAX = 32,
};

enum resource_figure_kind { RESOURCE_GAUGE, RESOURCE_COUNTER };

/* Shown as KIND.NAME with the label KIND=RESOURCE: "pool.size", "pool=buffers". */
struct resource_figure {
    const char *name, *unit; /* of static life; units as in optop/board.h */
    enum resource_figure_kind kind;
    double value; /* NaN: nothing to tell yet */
};

/* Lies inside of the thing itself. What stands above `next` is filled before
 * registry_add and not changed until it was removed. */
struct resource {
    const char *kind; /* "pool" "cache" "arena" "lazy" "executor" "file"; static */
    char name[RESOURCE_NAME_MAX]; /* one that is taken gets a number behind it */
    int priority; /* lower gives back first */

    /* Any thread: gives up to about `wanted` bytes back (SIZE_MAX: all that can be
     * spared), returns how many. NULL: has nothing to give. */
    size_t (*give_back)(struct resource *resource, size_t wanted);

    /* Any thread, no allocation: fills and counts; the same ones in the same order
     * each time, further ones behind them. NULL: nothing to show. */
    int (*figures)(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX]);

    struct resource *next, *previous; /* from here on the registry's */
    uint64_t id; /* never given twice in a process */
    int visits; /* under way */
    bool leaving;
};

void registry_add(struct resource *resource);

/* Returns when no visit of it is under way; no other comes after. One that was
 * not added, or NULL, is fine. */
void registry_remove(struct resource *resource);

void registry_each(void (*visit)(struct resource *resource, void *data), void *data);

#endif
