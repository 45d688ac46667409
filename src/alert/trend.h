/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What thresholds with `of = rate` and `of = time_left` look at: the slope of a
 * figure over their window (mem/track.h), and the time until the figure meets their
 * limit. Pure; no clock.
 */
#ifndef OPTOP_ALERT_TREND_H
#define OPTOP_ALERT_TREND_H

#include "config/config.h"
#include "mem/track.h"

struct trend {
    const struct config_threshold *rule; /* borrowed */
    double value;
    struct track track;
};

/* Goes on with its readings when that fits the rule. */
void trend_follow(struct trend *trend, const struct config_threshold *rule);

/* Per second; or seconds, 0 when the limit is met and INFINITY when the figure does not
 * surely approach it (95 %, R2 of a half). NaN before half of the window has been seen. A reading
 * that is not known is none. */
double trend_step(struct trend *trend, double reading, int64_t mono_ns);

#endif
