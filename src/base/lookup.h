/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Small numbers found by the hash of a name: for those who keep the names
 * themselves, in an array, and compare what is found with what was meant. Open
 * addressing, never more than half full. Memory for it is aborted for, as for
 * the array that it goes with.
 */
#ifndef OPTOP_BASE_LOOKUP_H
#define OPTOP_BASE_LOOKUP_H

#include <stdint.h>

struct lookup {
    int capacity, count;
    struct lookup_slot *slot; /* owned */
};

void lookup_release(struct lookup *lookup);

/* Empty; what memory it has is kept. */
void lookup_clear(struct lookup *lookup);

/* FNV-1a; seed: what else the name belongs to. */
uint64_t lookup_hash(uint64_t seed, const char *text);

void lookup_add(struct lookup *lookup, uint64_t hash, int value); /* value >= 0 */

/* What was added under a hash, the first added first; *at is 0 before the first
 * call. -1: no more. */
int lookup_next(const struct lookup *lookup, uint64_t hash, int *at);

#endif
