/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chance: for times of waiting, and for what has to be the same each time.
 */
#ifndef OPTOP_BASE_RANDOM_H
#define OPTOP_BASE_RANDOM_H

#include <stdint.h>

/* 0 to below 1, even; 1 when the kernel gives none. */
double random_share(void);

/* 64 bits that follow from x alone and look like chance: the output function of
 * SplitMix64 (Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators,
 * OOPSLA 2014). Here, because searches ask for some of them per point. */
static inline uint64_t
random_mix(uint64_t x)
{
    x += UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

#endif
