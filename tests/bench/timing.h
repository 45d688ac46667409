/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What benchmarks share: the CPU time of a thread and of a process, which other
 * programs on the machine disturb less than the clock, and an order for medians.
 */
#ifndef OPTOP_BENCH_TIMING_H
#define OPTOP_BENCH_TIMING_H

#include <sys/types.h>
#include <time.h>

/* Of the calling thread, in nanoseconds. */
static inline double
cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Of all threads of a process, also of those that have ended, in seconds. (Its
 * schedstat is that of its first thread; its stat counts ticks of 10 ms.) */
static inline double
cpu_seconds(pid_t pid)
{
    clockid_t clock;
    struct timespec t = { 0, 0 };
    if (clock_getcpuclockid(pid, &clock) == 0)
        clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* For qsort of doubles. */
static inline int
compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

#endif
