/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A part of the graphs' past, taken out of them so that it stays while they go on: all
 * graphs over time show it then, as wide as they are. Points are counted from the newest
 * one back.
 */
#ifndef OPTOP_UI_GRAPH_PART_H
#define OPTOP_UI_GRAPH_PART_H

#include "ui/canvas.h"
#include "ui/view.h"

enum { GRAPH_PART_MIN = 4 }; /* points */

struct graph_part {
    bool on;
    int count;
    double from, to; /* wall seconds of the oldest and the newest */
    float value[VIEW_SERIES_COUNT][VIEW_HISTORY]; /* oldest first */
};

/* Takes points out of what is shown: the view's, or of the part itself. False: too few of them are known. */
bool graph_part_take(struct graph_part *part, const struct view *view, int oldest, int newest);

/* As many points more (by 1: twice as many) that end where these do, or half of them (-1). `shown`: how many
 * a graph shows without a part. At the longest the part is left. */
void graph_part_resize(struct graph_part *part, const struct view *view, int shown, int by);

/* The point at a cell of a graph's width, and the value of a column of dots. */
int graph_part_point(const struct graph_part *part, const struct view *view, struct rect graph, int x);
float graph_part_value(const struct graph_part *part, int series, int columns, int column);

/* The number of the point in dot column 0 of a graph that shows no part. */
int64_t graph_leftmost(const struct view *view, int width);

#endif
