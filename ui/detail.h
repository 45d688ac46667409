/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the run view shows beyond the run object: the best trials, the curve of
 * scores, the last log lines. Plain data of fixed size, filled from the
 * answers of run.top, run.curve, run.logs, run.workers and run.failures.
 */
#ifndef OPTOP_UI_DETAIL_H
#define OPTOP_UI_DETAIL_H

#include "ui/view.h"

enum {
    DETAIL_TRIALS_MAX = 50,
    DETAIL_PARAMETERS_MAX = 12, /* columns; a run may have more */
    DETAIL_CURVE_MAX = 400,
    DETAIL_LINES_MAX = 200,
    DETAIL_LANES_MAX = 64,
    DETAIL_PAST_MAX = 300, /* points of a lane */
    DETAIL_FAILURES_MAX = 20,
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

/* A worker, and what stood in its place before it. Figures: NaN where there is none. */
struct detail_lane {
    char state[12];
    double worker, pid, threads, trial, seconds;
    int points;
    char past[DETAIL_PAST_MAX]; /* oldest first; see run.workers in PROTOCOL.md */
};

/* Of all its processes; NaN: not known, or no limit. */
struct detail_use {
    bool known; /* false: nothing of it runs */
    double processes, cpu_pct, rss_bytes, read_bytes, write_bytes;
    double memory_limit_bytes, cpu_limit_cores;
};

struct detail_failure {
    double count, first, last; /* trials */
    char reason[VIEW_TEXT_MAX];
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
    int lane_count;
    int64_t lane_newest; /* the number of the lanes' newest point */
    int64_t lane_others; /* workers without a lane */
    struct detail_lane lane[DETAIL_LANES_MAX];
    struct detail_use use;
    int failure_count;
    int64_t failure_kinds; /* reasons, those that are not shown too */
    struct detail_failure failure[DETAIL_FAILURES_MAX];
};

/* Forgets everything and begins with a run. */
void detail_start(struct detail *detail, const struct view_run *run);

void detail_apply_top(struct detail *detail, const json_t *result);
void detail_apply_curve(struct detail *detail, const json_t *result);
void detail_apply_workers(struct detail *detail, const json_t *result);
void detail_apply_failures(struct detail *detail, const json_t *result);
void detail_apply_logs(struct detail *detail, const json_t *result);

/* Line `age` (0: newest), NULL when there is none. */
const struct detail_line *detail_line_at(const struct detail *detail, int age);

#endif
