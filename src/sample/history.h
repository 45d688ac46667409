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

#include "base/str.h"
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

/* The finest tier that has a point of the metric near that time; the coarsest where none has. */
int history_tier_at(const struct history *history, enum metric metric, int row, int64_t wall_ns);

/* The newest `max_points` of a series, or those that end at a time or before it, oldest first;
 * returns how many were written (0 for a metric without history or an unknown row). */
int history_read_to(const struct history *history, enum metric metric, int row, int tier,
    int64_t wall_ns, struct history_point *points, int max_points);
int history_read(const struct history *history, enum metric metric, int row,
    int tier, struct history_point *points, int max_points);

/* For a recording (history_points.c). */

/* The number of the newest whole point of a tier; INT64_MIN before any. */
int64_t history_whole(const struct history *history, int tier);

/* Appends a point of all series that know something then; returns the wall time at
 * its end. Nothing is appended for one that is no longer, or not yet, known. What a
 * series is called is said where it comes first behind `begins'. */
int64_t history_write(struct history *history, int tier, int64_t point, bool begins,
    struct str *out);

/* Takes what history_write made, oldest first, from whoever wrote it: metrics that there
 * are no longer are passed over, instances that there are no longer get a row that is not
 * present. Behind the first history_push; seen behind history_recalled. -EBADMSG: that is
 * not what was written. */
int history_recall(struct history *history, struct sample *sample, int tier, bool begins,
    int64_t wall_ns, const char *bytes, size_t len);
void history_recalled(struct history *history, int tier);

#endif
