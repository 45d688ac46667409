/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The only place that reads a clock. Durations and deadlines use the monotonic
 * clock that also counts suspend (CLOCK_BOOTTIME); wall time is for showing
 * and storing. Layers that decide are passed `now` and never call this.
 */
#ifndef OPTOP_BASE_CLOCK_H
#define OPTOP_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define NS_PER_SEC INT64_C(1000000000)
#define NS_PER_MS INT64_C(1000000)

int64_t clock_mono_ns(void);
int64_t clock_wall_ns(void);

static inline double
ns_to_sec(int64_t ns)
{
    return (double)ns / 1e9;
}

/* Saturates, so that a huge duration from a file stays far in the future. */
static inline int64_t
sec_to_ns(double sec)
{
    if (sec >= 9e9)
        return INT64_MAX / 2;
    return (int64_t)(sec * 1e9);
}

/* "2026-11-21 14:03:07" in local time; returns buf (20 bytes or more). */
const char *clock_format_local(int64_t wall_ns, char *buf, size_t size);

/* A point in time that a person gives: "2026-11-21 14:03[:07]" (or with T for
 * the blank) in local time, the same with Z behind it in UTC, "14:03" for the
 * next time that the day comes to it, "+2h30m" for so long from now. Returns 0;
 * 1 when it is one that goes by `now`; ERR_SYNTAX. */
int clock_parse(const char *text, int64_t now_wall_ns, int64_t *ret_wall_ns);

/* The same of one that has been: "14:03[:07]" is the last time that the day came to it,
 * "-2h30m" so long ago; dates as above. 0 or ERR_SYNTAX. */
int clock_parse_past(const char *text, int64_t now_wall_ns, int64_t *ret_wall_ns);

/* "2026-11-21T14:03:07.123Z"; returns buf (25 bytes or more). */
const char *clock_format_utc(int64_t wall_ns, char *buf, size_t size);

#endif
