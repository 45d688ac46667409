/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory in slots of one size, cut from slabs: mappings of their own, aligned
 * to their size, so that a slot finds its slab by its address. A slot is a head and an
 * object, which is aligned for anything. A slot's first
 * word is ours while it is free. Pages are touched when they are used first.
 * The caller locks.
 */
#ifndef OPTOP_MEM_SLAB_H
#define OPTOP_MEM_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slab;

struct slabs {
    struct slab *room, *full; /* all of them; those with a free slot, those without */
    size_t stride; /* from slot to slot; a multiple of 16 */
    size_t first; /* of a slab: where its first slot begins */
    size_t bytes; /* of a slab */
    uint32_t slots; /* of a slab; 1: it is as long as it must be */
    _Atomic size_t mapped; /* bytes of all slabs; read by any thread */
};

/* Of zeroed memory. head: a multiple of 8. -EINVAL: no slot can be that large. */
int slabs_init(struct slabs *slabs, size_t head, size_t object);
void slabs_release(struct slabs *slabs); /* all slots with them */

/* A slot, or NULL when memory is out. *ret_fresh: it is all zero. */
void *slabs_take(struct slabs *slabs, bool *ret_fresh);

/* One slab of free slots is kept (none where a slab is one slot), others go. */
void slabs_put(struct slabs *slabs, void *slot);

/* Unmaps slabs of free slots; returns the bytes. */
size_t slabs_trim(struct slabs *slabs);

/* Whether it is the address of a slot that has been taken once. */
bool slabs_own(const struct slabs *slabs, const void *slot);

#endif
