/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How fast a run goes on, and how sure that is. Pure: the time is passed in.
 *
 * The rate is the mean over the stretch at first, later one in which the older
 * looks weigh less: over PACE_SECONDS, or over PACE_TRIALS where those take
 * longer. What the single looks differ by says how far the mean may be off.
 */
#ifndef OPTOP_RUN_PACE_H
#define OPTOP_RUN_PACE_H

#include <stdint.h>

#define PACE_SECONDS 5.0
#define PACE_TRIALS 20.0

/* Zeroed: nothing known. */
struct pace {
    int64_t at_ns; /* monotonic, of the last look; 0: none yet */
    int64_t finished; /* then */
    double seconds; /* from the first look to the last */
    double rate, variance; /* per second; of the looks */
    double weights; /* sum of the squared weights of the looks: 1/n for n alike */
};

/* Trials per second; NaN: not known. */
double pace_rate(const struct pace *pace);

/* Forgets what was: finished trials are counted from here. */
void pace_start(struct pace *pace, int64_t finished, int64_t now_ns);

/* A look, about once a second; one too soon after the last changes nothing. */
void pace_step(struct pace *pace, int64_t finished, int64_t now_ns);

/* Seconds that so many trials take, and the range within which that is in 19
 * of 20 cases while nothing changes. NaN: not known (high alone: too unsure). */
struct pace_left {
    double seconds, low, high;
};
struct pace_left pace_left(const struct pace *pace, double trials);

#endif
