/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run's scores look like over its space: the best score in each cell of two
 * parameters, and whether the best trial stands on a plateau or is a spike. Trials
 * are added one by one, any number of them, into memory of fixed size. Pure.
 *
 * The neighbours of the best trial are those at the smallest distance from it:
 * distance counts steps, summed over the parameters. A step of a parameter is its
 * own step, or a twentieth of its range (on its scale) where that is larger; a
 * different choice is one step, as choices have no order. The distance grows from 1
 * until there are twice as many neighbours as parameters that vary, or to SCORE_MAP_REACH.
 */
#ifndef OPTOP_SEARCH_SCORE_MAP_H
#define OPTOP_SEARCH_SCORE_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "model/run.h"

enum {
    SCORE_MAP_COLUMNS_MAX = 200,
    SCORE_MAP_ROWS_MAX = 100,
    SCORE_MAP_REACH = 10, /* steps: what is further away says nothing of the peak */
    SCORE_MAP_SAMPLE = 4096, /* scores that the median is of; all of them up to here */
};

/* Cells in the order of values: one value each, or as many equal parts of the
 * range (of a logarithmic parameter: of its logarithm). */
struct score_map_axis {
    const struct dimension *dimension; /* borrowed */
    int cells;
    bool ranges;
};

struct score_map {
    const struct run_spec *spec; /* borrowed */
    struct score_map_axis x, y; /* cells 0: no map is asked for */
    double *cell; /* owned by whoever made the map: best score, by rows; NaN: empty */
    const double *peak; /* borrowed; the best trial's point, NULL: there is none */
    double peak_score;
    int64_t trials;
    int64_t near[SCORE_MAP_REACH + 1]; /* by distance; 0: at the same point */
    double near_sum[SCORE_MAP_REACH + 1];
    int sampled;
    double sample[SCORE_MAP_SAMPLE];
};

struct score_map_plateau {
    int64_t neighbours; /* 0: none near enough; then the figures are NaN */
    int reach; /* steps within which they lie */
    double mean; /* of their scores */
    double median; /* of all trials */
    double kept; /* of the peak's lead over the median, by the neighbours: 1 plateau, 0 spike */
    const char *shape; /* "plateau", "slope", "spike"; NULL: not known */
};

/* An axis of at most so many cells. */
struct score_map_axis score_map_axis(const struct dimension *dimension, int most);

/* The cell of a value; and the first value in a cell (of `cells`: the highest of all). */
int score_map_cell(const struct score_map_axis *axis, double value);
double score_map_from(const struct score_map_axis *axis, int cell);

void score_map_init(struct score_map *map, const struct run_spec *spec);

/* A trial that has a score. */
void score_map_add(struct score_map *map, double score, const double *values);

/* Sorts the sample: once, at the end. */
void score_map_plateau(struct score_map *map, struct score_map_plateau *ret_plateau);

#endif
