/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mem/pressure.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#define SECOND_NS INT64_C(1000000000)

enum {
    STALL_SECONDS = 2,
    SLOPE_SECONDS = 1,
    CALM_SECONDS = 5, /* of ChromeOS: a level that flickers helps nobody */
    LEAST_MS = 10, /* readings closer together than this say nothing of a slope */
    WAIT_MS = 100,
    WAIT_FAR_MS = 500, /* at the most, where much is left */
    WAIT_FARTHEST_MS = 1000, /* where half of it would be left behind so long a wait, too */
    WAIT_SMALL_MS = 50, /* a small limit can be filled before the second reading */
    WAIT_ALARMED_MS = 25,
};

static const double small_bytes = 1073741824;
static const double fastest_bytes = 17179869184; /* that memory goes in a second, at the most, */
static const double core_bytes = 4294967296; /* and by a core, which touches one or two GiB, or more in huge pages */
static const double confirmed_seconds = 1; /* by two readings */
static const double sudden_seconds = 0.25; /* by one */
static const double eased = 1.2; /* how far away is away */

/* From the lowest level on. NaN: no rule. */
static const struct {
    double some_pct, full_pct, left_pct, seconds;
} rules[] = {
    { 3.5, (double)NAN, 20, (double)NAN },
    { 10, (double)NAN, 15, 30 },
    { 20, 5, 10, 10 },
    { (double)NAN, 60, 5, 2 },
};
static const double low_needs_left_pct = 50;

static const struct pressure_reading *
back(const struct pressure *pressure, int steps)
{
    return &pressure->point[(pressure->newest - steps + PRESSURE_POINTS) % PRESSURE_POINTS];
}

/* The newest reading that is at least so old, else the oldest. */
static const struct pressure_reading *
before(const struct pressure *pressure, double seconds)
{
    int64_t then = back(pressure, 0)->now_ns - (int64_t)(seconds * 1e9);
    int steps = 1;
    while (steps < pressure->count - 1 && back(pressure, steps)->now_ns > then)
        steps++;
    return back(pressure, steps);
}

static double
seconds_of(const struct pressure_reading *from, const struct pressure_reading *to)
{
    return (double)(to->now_ns - from->now_ns) / 1e9;
}

/* Share of the span; right after the start, of what the span will be. */
static double
stalled_pct(double from_us, double to_us, double seconds)
{
    double pct = (to_us - from_us) / 1e4 / fmax(seconds, STALL_SECONDS);
    return pct < 0 ? 0 : pct > 100 ? 100 : pct;
}

/* Until none is left, when it goes on as between the two. */
static double
until_none(const struct pressure_reading *from, const struct pressure_reading *to)
{
    double used = from->left_bytes - to->left_bytes, seconds = seconds_of(from, to);
    if (isnan(used) || used <= 0 || seconds * 1000 < LEAST_MS)
        return (double)INFINITY;
    return fmax(to->left_bytes, 0) * seconds / used;
}

/* By the slope of a second, or a shorter one that is sure enough. */
static double
seconds_left(const struct pressure *pressure)
{
    const struct pressure_reading *now = back(pressure, 0);
    if (pressure->count < 2)
        return (double)INFINITY;
    double last = until_none(back(pressure, 1), now), left = (double)INFINITY;
    if (last < sudden_seconds)
        return last;
    if (pressure->count > 2)
        left = fmax(last, until_none(back(pressure, 2), back(pressure, 1)));
    if (left >= confirmed_seconds)
        left = (double)INFINITY;
    const struct pressure_reading *then = before(pressure, SLOPE_SECONDS);
    if (seconds_of(then, now) >= 0.9 * SLOPE_SECONDS)
        left = fmin(left, until_none(then, now));
    return left;
}

static void
measure(struct pressure *pressure)
{
    const struct pressure_reading *now = back(pressure, 0);
    pressure->left_pct = now->limit_bytes > 0 ? 100 * now->left_bytes / now->limit_bytes
                                              : (double)NAN;
    if (pressure->left_pct < 0)
        pressure->left_pct = 0;
    pressure->seconds = seconds_left(pressure);
    pressure->some_pct = pressure->full_pct = (double)NAN;
    if (pressure->count < 2)
        return;
    const struct pressure_reading *then = before(pressure, STALL_SECONDS);
    double seconds = seconds_of(then, now);
    pressure->some_pct = stalled_pct(then->some_us, now->some_us, seconds);
    pressure->full_pct = stalled_pct(then->full_us, now->full_us, seconds);
}

/* A factor above 1 draws the rules nearer to the figures. */
static enum optop_pressure
level_of(const struct pressure *pressure, double factor)
{
    for (int level = OPTOP_PRESSURE_CRITICAL; level > OPTOP_PRESSURE_NONE; level--) {
        double some = rules[level - 1].some_pct, full = rules[level - 1].full_pct;
        bool stalls = pressure->some_pct * factor >= some;
        if (level == OPTOP_PRESSURE_LOW)
            stalls = stalls && pressure->left_pct < low_needs_left_pct;
        if (stalls || pressure->full_pct * factor >= full ||
            pressure->left_pct < rules[level - 1].left_pct * factor ||
            pressure->seconds < rules[level - 1].seconds * factor)
            return (enum optop_pressure)level;
    }
    return OPTOP_PRESSURE_NONE;
}

enum optop_pressure
pressure_step(struct pressure *pressure, const struct pressure_reading *reading)
{
    int64_t now_ns = reading->now_ns;
    if (pressure->count && now_ns <= back(pressure, 0)->now_ns)
        return pressure->level;
    pressure->newest = (pressure->newest + 1) % PRESSURE_POINTS;
    pressure->point[pressure->newest] = *reading;
    pressure->count += pressure->count < PRESSURE_POINTS;
    measure(pressure);
    enum optop_pressure level = level_of(pressure, 1);
    if (level > pressure->level)
        pressure->level = level;
    if (level_of(pressure, eased) >= pressure->level) {
        pressure->near_ns = now_ns;
    } else if (now_ns - pressure->near_ns >= CALM_SECONDS * SECOND_NS) {
        pressure->level--;
        pressure->near_ns = now_ns;
    }
    return pressure->level;
}

int
pressure_wait_ms(const struct pressure *pressure, int cores)
{
    if (pressure->count >= 2 && until_none(back(pressure, 1), back(pressure, 0)) < rules[3].seconds)
        return WAIT_ALARMED_MS;
    if (pressure->count && back(pressure, 0)->limit_bytes < small_bytes)
        return WAIT_SMALL_MS;
    if (!pressure->count || pressure->level)
        return WAIT_MS;
    /* a quarter of it, at the most, is gone before the next reading */
    double fastest = cores > 0 ? fmin(cores * core_bytes, fastest_bytes) : fastest_bytes;
    double far_ms = back(pressure, 0)->left_bytes / fastest * 250;
    if (2 * far_ms >= WAIT_FARTHEST_MS)
        return WAIT_FARTHEST_MS;
    return far_ms > WAIT_MS ? (int)fmin(far_ms, WAIT_FAR_MS) : WAIT_MS;
}

void
pressure_reason(const struct pressure *pressure, char *buf, size_t size)
{
    const struct {
        const char *before, *behind;
        double value;
        bool told;
    } part[] = {
        { "", "% left", pressure->left_pct, pressure->left_pct < rules[0].left_pct * eased },
        { "none in ", " s", pressure->seconds, pressure->seconds < rules[1].seconds * eased },
        { "some ", "%", pressure->some_pct, pressure->some_pct * eased >= rules[0].some_pct },
        { "full ", "%", pressure->full_pct, pressure->full_pct * eased >= rules[2].full_pct },
    };
    size_t len = 0;
    buf[0] = '\0';
    for (size_t i = 0; i < sizeof part / sizeof *part && pressure->level && len + 1 < size; i++) {
        if (!part[i].told)
            continue;
        int n = snprintf(buf + len, size - len, "%s%s%.1f%s", len ? ", " : "", part[i].before,
            part[i].value, part[i].behind);
        len += n > 0 ? (size_t)n : 0;
    }
}
