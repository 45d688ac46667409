/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/score_level.h"

#include <math.h>
#include <stdlib.h>

static int
compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

void
score_levels_of(enum run_goal goal, double *cell, int count, struct score_levels *ret_levels)
{
    int full = 0;
    for (int i = 0; i < count; i++)
        if (!isnan(cell[i]))
            cell[full++] = cell[i];
    *ret_levels = (struct score_levels){ .goal = goal, .known = full > 0 };
    if (!full)
        return;
    qsort(cell, (size_t)full, sizeof *cell, compare_numbers);
    for (int level = 0; level < SCORE_LEVELS; level++) {
        int place = full * level / SCORE_LEVELS; /* from the worst */
        ret_levels->from[level] = cell[goal == RUN_MINIMIZE ? full - 1 - place : place];
    }
    ret_levels->best = cell[goal == RUN_MINIMIZE ? 0 : full - 1];
}

int
score_level(const struct score_levels *levels, double score)
{
    int level = -1;
    if (isnan(score))
        return -1;
    while (level + 1 < SCORE_LEVELS && !run_goal_better(levels->goal, levels->from[level + 1], score))
        level++;
    return level < 0 ? 0 : level;
}

const char *
score_level_sign(int level, bool ascii)
{
    static const char *const sign[SCORE_LEVELS] = { "·", "░", "▒", "▓", "█" };
    static const char *const plain[SCORE_LEVELS] = { ".", ":", "+", "x", "#" };
    return level < 0 || level >= SCORE_LEVELS ? " " : ascii ? plain[level] : sign[level];
}
