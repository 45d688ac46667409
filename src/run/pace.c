/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/pace.h"

#include <math.h>

#include "base/clock.h"

enum { LOOK_MIN_NS = 100 * 1000 * 1000 };

double
pace_rate(const struct pace *pace)
{
    return pace->rate > 0 ? pace->rate : (double)NAN;
}

void
pace_start(struct pace *pace, int64_t finished, int64_t now_ns)
{
    *pace = (struct pace){ .at_ns = now_ns, .finished = finished };
}

void
pace_step(struct pace *pace, int64_t finished, int64_t now_ns)
{
    if (!pace->at_ns || now_ns - pace->at_ns < LOOK_MIN_NS)
        return;
    double seconds = ns_to_sec(now_ns - pace->at_ns);
    double rate = fmax(0, (double)(finished - pace->finished)) / seconds; /* fewer: done again */
    pace->seconds += seconds;
    /* the newest look weighs what it has of the stretch while that is short */
    double memory = pace->rate > 0 ? fmax(PACE_SECONDS, PACE_TRIALS / pace->rate) : (double)INFINITY;
    double share = fmax(1 - exp(-seconds / memory), seconds / pace->seconds);
    double apart = rate - pace->rate;
    pace->rate += apart * share;
    pace->variance = (1 - share) * (pace->variance + share * apart * apart);
    pace->weights = (1 - share) * (1 - share) * pace->weights + share * share;
    pace->at_ns = now_ns;
    pace->finished = finished;
}

struct pace_left
pace_left(const struct pace *pace, double trials)
{
    double rate = pace_rate(pace);
    if (isnan(rate) || isnan(trials))
        return (struct pace_left){ NAN, NAN, NAN };
    double error = pace->weights < 0.99 /* one look says nothing of the others */
        ? 2 * sqrt(pace->variance * pace->weights / (1 - pace->weights)) : (double)NAN;
    return (struct pace_left){
        .seconds = trials / rate,
        .low = trials / (rate + error),
        .high = error < rate ? trials / (rate - error) : (double)NAN,
    };
}
