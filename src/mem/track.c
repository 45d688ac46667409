/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mem/track.h"

#include <math.h>
#include <stdio.h>

static const double least_r2 = 0.8;
static const double least_bytes = 1048576; /* of growth in a window ... */
static const double least_share = 0.02; /* ... and of the size */
static const double sure = 1.96; /* standard errors: 95 % */
static const double goes_on = 0.25; /* of the slope of all, in the second half */

void
track_init(struct track *track, int64_t window_ns)
{
    *track = (struct track){ .window_ns = window_ns };
}

static int
place(const struct track *track, int i)
{
    return (track->first + i) % TRACK_POINTS;
}

bool
track_due(const struct track *track, int64_t now_ns)
{
    return !track->count || now_ns - track->point[place(track, track->count - 1)].now_ns >=
        track->window_ns / TRACK_POINTS;
}

void
track_add(struct track *track, int64_t now_ns, double value)
{
    if (track->count == TRACK_POINTS) {
        track->first = place(track, 1);
        track->count--;
    }
    int at = place(track, track->count++);
    track->point[at].now_ns = now_ns;
    track->point[at].value = value;
    while (track->count && now_ns - track->point[track->first].now_ns > track->window_ns) {
        track->first = place(track, 1);
        track->count--;
    }
}

/* Least squares from reading `from` on, around the means: exact for sizes of
 * terabytes, too. */
static bool
fit_from(const struct track *track, int from, struct track_fit *ret_fit)
{
    int n = track->count - from;
    if (n < 3)
        return false;
    int64_t start = track->point[place(track, from)].now_ns;
    double mean_x = 0, mean_y = 0, xx = 0, xy = 0, yy = 0;
    for (int i = from; i < track->count; i++) {
        mean_x += (double)(track->point[place(track, i)].now_ns - start) / 1e9 / n;
        mean_y += track->point[place(track, i)].value / n;
    }
    for (int i = from; i < track->count; i++) {
        double x = (double)(track->point[place(track, i)].now_ns - start) / 1e9 - mean_x;
        double y = track->point[place(track, i)].value - mean_y;
        xx += x * x;
        xy += x * y;
        yy += y * y;
    }
    int last = place(track, track->count - 1);
    double slope = xx > 0 ? xy / xx : 0, rest = fmax(yy - slope * xy, 0);
    *ret_fit = (struct track_fit){
        .per_second = slope,
        .error = xx > 0 ? sure * sqrt(rest / (n - 2) / xx) : 0,
        .r2 = yy > 0 ? 1 - rest / yy : 0,
        .seconds = (double)(track->point[last].now_ns - start) / 1e9,
        .value = track->point[last].value,
    };
    return xx > 0;
}

bool
track_fit(const struct track *track, struct track_fit *ret_fit)
{
    return fit_from(track, 0, ret_fit);
}

bool
track_grows(const struct track *track, struct track_fit *ret_fit)
{
    struct track_fit half;
    if (!track_fit(track, ret_fit) || !fit_from(track, track->count / 2, &half))
        return false;
    double window = (double)track->window_ns / 1e9;
    double growth = (ret_fit->per_second - ret_fit->error) * window;
    return ret_fit->seconds >= 0.9 * window && ret_fit->r2 >= least_r2 &&
        growth >= least_bytes && growth >= least_share * ret_fit->value &&
        half.per_second - half.error > goes_on * ret_fit->per_second;
}

/* "41 min", "3.2 h", "12 d" */
static void
span_text(double seconds, char *buf, size_t size)
{
    if (seconds < 90)
        snprintf(buf, size, "%.0f s", seconds);
    else if (seconds < 5400)
        snprintf(buf, size, "%.0f min", seconds / 60);
    else if (seconds < 172800)
        snprintf(buf, size, "%.1f h", seconds / 3600);
    else
        snprintf(buf, size, "%.0f d", seconds / 86400);
}

void
track_text(const struct track_fit *fit, const char *name, double left_bytes, char *buf, int size)
{
    char span[32];
    double rate = fit->per_second * 60;
    bool is_small = rate < 1048576;
    int n = snprintf(buf, (size_t)size, "%s grows %.1f %s/min, R2 %.2f", name,
        rate / (is_small ? 1024 : 1048576), is_small ? "KiB" : "MiB", fit->r2);
    if (isnan(left_bytes) || fit->per_second <= 0 || n < 0 || n >= size)
        return;
    span_text(fmax(left_bytes, 0) / fit->per_second, span, sizeof span);
    snprintf(buf + n, (size_t)(size - n), ", limit in %s", span);
}
