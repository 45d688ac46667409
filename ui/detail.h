/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the run view shows beyond the run object: the best trials, the curve of
 * scores, the last log lines. Plain data of fixed size, filled from the
 * answers of run.top, run.curve and run.logs.
 */
#ifndef OPTOP_UI_DETAIL_H
#define OPTOP_UI_DETAIL_H

#include "ui/view.h"

enum {
    DETAIL_TRIALS_MAX = 50,
    DETAIL_PARAMETERS_MAX = 12, /* columns; a run may have more */
    DETAIL_CURVE_MAX = 400,
    DETAIL_LINES_MAX = 200,
    DETAIL_VALUE_MAX = 64, /* bytes; more than a column shows, so that a cut is seen */
};

struct detail_trial {
    double trial, score, wall_seconds, cpu_seconds, max_rss_bytes;
    char value[DETAIL_PARAMETERS_MAX][DETAIL_VALUE_MAX]; /* as text */
};

struct detail_line {
    double time;
    double trial; /* NaN: the run's own */
    char level[8];
    char text[VIEW_TEXT_MAX];
};

struct detail {
    struct view_run run; /* as last seen; run.run 0: none */
    int trial_count, parameter_count;
    int parameters; /* all of them; more than parameter_count when some are left out */
    char parameter[DETAIL_PARAMETERS_MAX][RUN_NAME_MAX];
    struct detail_trial trial[DETAIL_TRIALS_MAX];
    int curve_count;
    double curve_trial[DETAIL_CURVE_MAX]; /* trials completed at the point */
    double curve_score[DETAIL_CURVE_MAX], curve_best[DETAIL_CURVE_MAX];
    double curve_low, curve_high; /* of what is worth drawing; NaN: nothing */
    int line_count, line_head; /* ring; head: index of the newest */
    struct detail_line line[DETAIL_LINES_MAX];
    int64_t last_line; /* number of the newest, for the next request */
};

/* Forgets everything and begins with a run. */
void detail_start(struct detail *detail, const struct view_run *run);

void detail_apply_top(struct detail *detail, const json_t *result);
void detail_apply_curve(struct detail *detail, const json_t *result);
void detail_apply_logs(struct detail *detail, const json_t *result);

/* Line `age` (0: newest), NULL when there is none. */
const struct detail_line *detail_line_at(const struct detail *detail, int age);

#endif
