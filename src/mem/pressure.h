/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How short memory is under one limit (the machine's, a cgroup's): readings go
 * in, a level comes out. Decides only: no I/O, no clock.
 *
 *   level      stalls of the last 2 s           left of the limit    until none is left
 *   low        some >= 3.5 % and left < 50 %    < 20 %
 *   moderate   some >= 10 %                     < 15 %               < 30 s
 *   high       some >= 20 % or full >= 5 %      < 10 %               < 10 s
 *   critical   full >= 60 %                     < 5 %                < 2 s
 *
 * The highest that is true counts at once; it goes down one step for 5 s in
 * which the figures were a fifth away from it. The time is by the slope of the
 * last second; growth that leaves less time than that to measure it is
 * critical when two readings one after the other agree that less than a second
 * is left, or one that it is less than a quarter.
 */
#ifndef OPTOP_MEM_PRESSURE_H
#define OPTOP_MEM_PRESSURE_H

#include "optop/memory.h"

enum { PRESSURE_POINTS = 128 }; /* 2 s of readings every 25 ms, and some */

struct pressure_reading {
    int64_t now_ns; /* monotonic */
    double limit_bytes, left_bytes; /* NaN: not known */
    double some_us, full_us; /* stalled so far, from PSI; NaN: not known */
};

struct pressure {
    struct pressure_reading point[PRESSURE_POINTS]; /* ring; the newest at newest */
    int newest, count;
    enum optop_pressure level;
    int64_t near_ns; /* when the figures were last near the level */
    double left_pct, seconds, some_pct, full_pct; /* as last seen; NaN: not known */
};

/* Zeroed: no reading yet. */
enum optop_pressure pressure_step(struct pressure *pressure,
    const struct pressure_reading *reading);

/* In how many milliseconds the next reading should come, on a machine of so many cores (0: not known). */
int pressure_wait_ms(const struct pressure *pressure, int cores);

/* "4.1% left, none in 1.2 s, some 22.0%, full 7.5%": what is worth a word. */
void pressure_reason(const struct pressure *pressure, char *buf, size_t size);

#endif
