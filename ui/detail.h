/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the run view shows beyond the run object: the best trials, the curve of
 * scores, the last log lines. Plain data of fixed size, filled from the
 * answers of run.top, run.curve, run.map, run.logs, run.workers and run.failures.
 */
#ifndef OPTOP_UI_DETAIL_H
#define OPTOP_UI_DETAIL_H

#include "model/score_level.h"
#include "ui/view.h"

enum {
    DETAIL_TRIALS_MAX = 50,
    DETAIL_PARAMETERS_MAX = 12, /* columns; a run may have more */
    DETAIL_CURVE_MAX = 400,
    DETAIL_LINES_MAX = 400,
    DETAIL_METRICS_MAX = 32, /* names; a run may report more */
    DETAIL_NAME_MAX = 64,
    DETAIL_FILTER_MAX = 96,
    DETAIL_LANES_MAX = 64,
    DETAIL_PAST_MAX = 300, /* points of a lane */
    DETAIL_FAILURES_MAX = 20,
    DETAIL_MAP_COLUMNS_MAX = 160,
    DETAIL_MAP_ROWS_MAX = 60,
    DETAIL_VALUE_MAX = 64, /* bytes; more than a column shows, so that a cut is seen */
};

struct detail_trial {
    double trial, score, wall_seconds, cpu_seconds, max_rss_bytes;
    double by; /* what it is sorted by, where that has no column of its own */
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

/* A parameter along an edge of the map. */
struct detail_axis {
    char name[RUN_NAME_MAX];
    int cells;
    bool log;
    char low[DETAIL_VALUE_MAX], high[DETAIL_VALUE_MAX]; /* as text */
};

/* The best scores over two parameters; and what is around the best trial. */
struct detail_map {
    bool known;
    struct detail_axis x, y;
    int best_x, best_y; /* cells; -1: there is no best trial */
    struct score_levels levels;
    signed char level[DETAIL_MAP_COLUMNS_MAX * DETAIL_MAP_ROWS_MAX]; /* by rows from below; -1: empty */
    double neighbours, steps, mean, kept; /* see run.map in PROTOCOL.md */
    char shape[12]; /* "plateau", "slope", "spike"; "" */
};

struct detail {
    struct view_run run; /* as last seen; run.run 0: none */
    /* The best trials, by a metric: what is asked for, and what `trial` is by. */
    char by[DETAIL_NAME_MAX], trials_by[DETAIL_NAME_MAX]; /* "": the score */
    bool reverse, trials_reverse;
    int metric_count;
    char metric[DETAIL_METRICS_MAX][DETAIL_NAME_MAX];
    int trial_count, parameter_count;
    int parameters; /* all of them; more than parameter_count when some are left out */
    char parameter[DETAIL_PARAMETERS_MAX][RUN_NAME_MAX];
    struct detail_trial trial[DETAIL_TRIALS_MAX];
    bool curve_known; /* it was answered; of a long run that takes a while */
    int curve_count;
    double curve_trial[DETAIL_CURVE_MAX]; /* trials completed at the point */
    double curve_score[DETAIL_CURVE_MAX], curve_best[DETAIL_CURVE_MAX];
    double curve_low, curve_high; /* of what is worth drawing; NaN: nothing */
    struct detail_map map;
    int line_count, line_head; /* ring; head: index of the newest */
    struct detail_line line[DETAIL_LINES_MAX];
    int64_t last_line; /* number of the newest, for the next request */
    char log_filter[DETAIL_FILTER_MAX]; /* a text in a line, or a trial's number; "": all */
    char log_search[DETAIL_FILTER_MAX];
    int64_t log_trial; /* only its lines are asked for; 0: those of all */
    int log_round; /* counts restarts: answers of an earlier one are dropped */
    int log_match; /* of the lines that are shown; -1: none */
    int log_from; /* where a search began */
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
/* What stands in place of a curve without points. */
const char *detail_no_scores(const struct detail *detail);
void detail_apply_curve(struct detail *detail, const json_t *result);
void detail_apply_map(struct detail *detail, const json_t *result);

/* What is around the best trial: "10824 at 9 neighbours, plateau"; "". */
const char *detail_plateau(const struct detail_map *map, bool full, char *buf, size_t size);
void detail_apply_workers(struct detail *detail, const json_t *result);
void detail_apply_failures(struct detail *detail, const json_t *result);
/* How many of the new lines are shown. */
int detail_apply_logs(struct detail *detail, const json_t *result);

/* Forgets the lines, before those of one trial, or of all, are asked for. */
void detail_restart_log(struct detail *detail, int64_t trial);

/* Of the lines that the filter leaves: how many, and the index-th from the newest. */
int detail_log_count(const struct detail *detail);
const struct detail_line *detail_log_at(const struct detail *detail, int index);

/* Has the line what is searched for? */
bool detail_log_matches(const struct detail_line *line, const char *text);

/* By the next metric there is; behind the last one by the score again. */
void detail_next_metric(struct detail *detail);

#endif
