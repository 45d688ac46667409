/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/unit.h"

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

/* "14:03[:07]" to the end of the text. */
static int
parse_time_of_day(const char *text, struct tm *tm)
{
    const char *rest = strptime(text, "%H:%M:%S", tm);
    if (!rest) {
        tm->tm_sec = 0;
        rest = strptime(text, "%H:%M", tm);
    }
    return rest && !*rest ? 0 : ERR_SYNTAX;
}

static int
parse_next(const char *text, int64_t now_wall_ns, int64_t *ret_wall_ns)
{
    time_t now = (time_t)(now_wall_ns / NS_PER_SEC), then;
    struct tm tm;
    if (!localtime_r(&now, &tm) || parse_time_of_day(text, &tm) < 0)
        return ERR_SYNTAX;
    tm.tm_isdst = -1;
    then = mktime(&tm);
    if (then <= now) {
        tm.tm_mday++;
        tm.tm_isdst = -1;
        then = mktime(&tm);
    }
    *ret_wall_ns = then * NS_PER_SEC;
    return 1;
}

static int
parse_date(const char *text, int64_t *ret_wall_ns)
{
    struct tm tm = { .tm_isdst = -1 };
    char time[16];
    const char *rest = strptime(text, "%Y-%m-%d", &tm);
    if (!rest || (*rest != ' ' && *rest != 'T') || strlen(rest) > sizeof time || tm.tm_year < 70 ||
        tm.tm_year > 300)
        return ERR_SYNTAX;
    size_t len = strlen(rest + 1);
    bool utc = len && rest[len] == 'Z';
    size_t dot = strcspn(rest + 1, ".");
    snprintf(time, sizeof time, "%.*s", (int)(dot < len ? dot : len - utc), rest + 1);
    if ((dot < len && !utc) || parse_time_of_day(time, &tm) < 0)
        return ERR_SYNTAX;
    *ret_wall_ns = (utc ? timegm(&tm) : mktime(&tm)) * NS_PER_SEC;
    return 0;
}

int
clock_parse(const char *text, int64_t now_wall_ns, int64_t *ret_wall_ns)
{
    double seconds;
    if (*text != '+')
        return strchr(text, '-') ? parse_date(text, ret_wall_ns)
                                 : parse_next(text, now_wall_ns, ret_wall_ns);
    if (unit_parse_duration(text + 1, &seconds) < 0 || !(seconds >= 0 && seconds < 4e9))
        return ERR_SYNTAX;
    *ret_wall_ns = now_wall_ns + sec_to_ns(seconds);
    return 1;
}

int
clock_parse_past(const char *text, int64_t now_wall_ns, int64_t *ret_wall_ns)
{
    const int64_t day_ns = 86400 * NS_PER_SEC;
    int64_t wall_ns;
    double seconds;
    if (*text == '-') {
        if (unit_parse_duration(text + 1, &seconds) < 0 || !(seconds >= 0 && seconds < 4e9))
            return ERR_SYNTAX;
        *ret_wall_ns = now_wall_ns - sec_to_ns(seconds);
        return 0;
    }
    if (*text == '+' || clock_parse(text, now_wall_ns, &wall_ns) < 0)
        return ERR_SYNTAX;
    if (wall_ns > now_wall_ns && !strchr(text, '-')) /* the day before; clocks that change are late by that */
        wall_ns -= day_ns;
    *ret_wall_ns = wall_ns;
    return 0;
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
