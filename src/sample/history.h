/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The past of every metric whose row says `history`: rings of 1 s for 1 h,
 * 10 s for 6 h and 1 min for 7 d (by default). A coarse point holds the mean
 * and the maximum of the known values in it; NaN where none was known. Rings
 * of an instance are made when it is first seen and memory is touched as it
 * fills.
 */
#ifndef OPTOP_SAMPLE_HISTORY_H
#define OPTOP_SAMPLE_HISTORY_H

#include "model/sample.h"

enum { HISTORY_TIERS = 3 };

struct history;

struct history_point {
    int64_t wall_ns; /* end of the point */
    float mean, max;
};

/* step_seconds and length_seconds per tier, finest first; each step a multiple
 * of the one before. Owned; history_free. */
struct history *history_new(const double step_seconds[HISTORY_TIERS],
    const double length_seconds[HISTORY_TIERS]);
void history_free(struct history *history);

void history_push(struct history *history, const struct sample *sample);

/* The newest `max_points` of a series, oldest first; returns how many were
 * written (0 for a metric without history or an unknown row). */
int history_read(const struct history *history, enum metric metric, int row,
    int tier, struct history_point *points, int max_points);

#endif
