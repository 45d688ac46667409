/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/trend.h"

#include <math.h>

#include "base/clock.h"

static const double enough = 0.5; /* of the window */
static const double least_r2 = 0.5; /* of what varies, the line explains half */

void
trend_follow(struct trend *trend, const struct config_threshold *rule)
{
    int64_t window_ns = sec_to_ns(rule->window_seconds);
    trend->rule = rule;
    if (trend->track.window_ns == window_ns)
        return;
    track_init(&trend->track, window_ns);
    trend->value = NAN;
}

static double
time_left(const struct config_threshold *rule, const struct track_fit *fit)
{
    double left = rule->limit_below ? fit->value - rule->limit : rule->limit - fit->value;
    double nearer = rule->limit_below ? -fit->per_second : fit->per_second;
    if (left <= 0)
        return 0;
    return nearer > fit->error && fit->r2 >= least_r2 ? left / nearer : (double)INFINITY;
}

static double
value_of(const struct trend *trend)
{
    struct track_fit fit;
    if (!track_fit(&trend->track, &fit) || fit.seconds < enough * trend->rule->window_seconds)
        return NAN;
    return trend->rule->of == ASPECT_RATE ? fit.per_second : time_left(trend->rule, &fit);
}

double
trend_step(struct trend *trend, double reading, int64_t mono_ns)
{
    if (isnan(reading)) {
        int last = (trend->track.first + trend->track.count - 1) % TRACK_POINTS;
        if (!trend->track.count ||
            mono_ns - trend->track.point[last].now_ns > trend->track.window_ns / 2)
            trend->value = NAN; /* it has been gone for too long */
        return trend->value;
    }
    if (track_due(&trend->track, mono_ns)) {
        track_add(&trend->track, mono_ns, reading);
        trend->value = value_of(trend);
    }
    return trend->value;
}
