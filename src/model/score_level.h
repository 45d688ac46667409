/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shades of a map of scores: each level has a fifth of the cells, so that one far
 * away does not press all others into one shade. What a shade means in numbers
 * stands in the legend. Pure.
 */
#ifndef OPTOP_MODEL_SCORE_LEVEL_H
#define OPTOP_MODEL_SCORE_LEVEL_H

#include "model/run.h"

enum { SCORE_LEVELS = 5 };

struct score_levels {
    enum run_goal goal;
    bool known; /* there is a cell with a score */
    double from[SCORE_LEVELS]; /* the worst score of each level; of level 0 that of all cells */
    double best;
};

/* Of cells, NaN: empty. Sorts `cell`: it must be a copy. */
void score_levels_of(enum run_goal goal, double *cell, int count, struct score_levels *ret_levels);

/* 0 (worst) to SCORE_LEVELS - 1; -1: an empty cell. */
int score_level(const struct score_levels *levels, double score);

/* "-": the sign of a level (-1: empty), from faint to dense. */
const char *score_level_sign(int level, bool ascii);

#endif
