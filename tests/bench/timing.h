/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What benchmarks share: the CPU time of a thread, which other programs on the
 * machine disturb less than the clock, and an order for medians.
 */
#ifndef OPTOP_BENCH_TIMING_H
#define OPTOP_BENCH_TIMING_H

#include <time.h>

/* Of the calling thread, in nanoseconds. */
static inline double
cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* For qsort of doubles. */
static inline int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#endif
