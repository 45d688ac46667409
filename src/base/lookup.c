/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/lookup.h"

#include <stdlib.h>

#include "base/xalloc.h"

struct lookup_slot {
    uint64_t hash;
    int value; /* + 1; 0: free */
};

void
lookup_release(struct lookup *lookup)
{
    free(lookup->slot);
    *lookup = (struct lookup){ 0 };
}

void
lookup_clear(struct lookup *lookup)
{
    for (int i = 0; i < lookup->capacity; i++)
        lookup->slot[i] = (struct lookup_slot){ 0 };
    lookup->count = 0;
}

uint64_t
lookup_hash(uint64_t seed, const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (seed * UINT64_C(0x9e3779b97f4a7c15));
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}

static unsigned
place(const struct lookup *lookup, uint64_t hash, int at)
{
    return ((unsigned)(hash ^ (hash >> 32)) + (unsigned)at) & (unsigned)(lookup->capacity - 1);
}

static void
put(struct lookup *lookup, uint64_t hash, int value)
{
    int at = 0;
    while (lookup->slot[place(lookup, hash, at)].value)
        at++;
    lookup->slot[place(lookup, hash, at)] = (struct lookup_slot){ hash, value };
}

static void
grow(struct lookup *lookup)
{
    struct lookup old = *lookup;
    lookup->capacity = old.capacity ? 2 * old.capacity : 16;
    lookup->slot = xcalloc((size_t)lookup->capacity, sizeof *lookup->slot);
    /* from a free slot on: those of one hash keep their order */
    int start = 0;
    while (start < old.capacity && old.slot[start].value)
        start++;
    for (int i = 0; i < old.capacity; i++) {
        const struct lookup_slot *slot = &old.slot[(start + i) & (old.capacity - 1)];
        if (slot->value)
            put(lookup, slot->hash, slot->value);
    }
    free(old.slot);
}

void
lookup_add(struct lookup *lookup, uint64_t hash, int value)
{
    if (2 * (lookup->count + 1) > lookup->capacity)
        grow(lookup);
    lookup->count++;
    put(lookup, hash, value + 1);
}

int
lookup_next(const struct lookup *lookup, uint64_t hash, int *at)
{
    while (lookup->capacity) {
        const struct lookup_slot *slot = &lookup->slot[place(lookup, hash, *at)];
        if (!slot->value)
            return -1;
        ++*at;
        if (slot->hash == hash)
            return slot->value - 1;
    }
    return -1;
}
