/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include <stdio.h>
#include <time.h>

static int64_t
read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

int64_t
clock_mono_ns(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

int64_t
clock_wall_ns(void)
{
    return read_clock(CLOCK_REALTIME);
}

const char *
clock_format_local(int64_t wall_ns, char *buf, size_t size)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SEC);
    struct tm tm;
    if (!localtime_r(&seconds, &tm) ||
        !strftime(buf, size, "%Y-%m-%d %H:%M:%S", &tm))
        buf[0] = '\0';
    return buf;
}

const char *
clock_format_utc(int64_t wall_ns, char *buf, size_t size)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SEC);
    struct tm tm;
    char day[32];
    if (!gmtime_r(&seconds, &tm) ||
        !strftime(day, sizeof day, "%Y-%m-%dT%H:%M:%S", &tm)) {
        buf[0] = '\0';
        return buf;
    }
    snprintf(buf, size, "%s.%03dZ", day,
        (int)(wall_ns % NS_PER_SEC / NS_PER_MS));
    return buf;
}
