/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/graph_part.h"

#include <math.h>

static int
known(const struct view *view)
{
    int count = 0;
    for (int i = 0; i < VIEW_SERIES_COUNT; i++)
        count = view->series[i].count > count ? view->series[i].count : count;
    return count;
}

/* The picture stands still while it fills an eighth of its width and then moves on by that
 * much, so that a tick changes one column and not all of them. */
int64_t
graph_leftmost(const struct view *view, int width)
{
    int64_t cell = (int64_t)view->ticks / 2, step = width / 8 + 1;
    int64_t last_cell = (cell / step + 1) * step - 1;
    return 2 * (last_cell - width + 1);
}

bool
graph_part_take(struct graph_part *part, const struct view *view, int oldest, int newest)
{
    int count = part->on ? part->count : known(view);
    double to = part->on ? part->to : view->time, step = part->on && part->count > 1
        ? (part->to - part->from) / (part->count - 1) : view->interval_seconds;
    oldest = oldest >= count ? count - 1 : oldest;
    newest = newest < 0 ? 0 : newest;
    int taken = oldest - newest + 1;
    if (taken < GRAPH_PART_MIN || !(step > 0))
        return false;
    for (int i = 0; i < VIEW_SERIES_COUNT; i++)
        for (int p = 0; p < taken; p++) /* forward: a part may be taken out of itself */
            part->value[i][p] = part->on ? part->value[i][part->count - 1 - (oldest - p)]
                                         : view_series_at(&view->series[i], oldest - p);
    part->on = true;
    part->count = taken;
    part->from = to - oldest * step;
    part->to = to - newest * step;
    return true;
}

void
graph_part_resize(struct graph_part *part, const struct view *view, int shown, int by)
{
    int all = known(view), count = part->on ? part->count : shown < all ? shown : all;
    int newest = part->on && view->interval_seconds > 0 ? (int)lround((view->time - part->to) / view->interval_seconds) : 0;
    if (by < 0) {
        graph_part_take(part, view, count / 2 - 1, 0);
        return;
    }
    bool longest = part->on && count >= all;
    part->on = false;
    if (!longest)
        graph_part_take(part, view, newest + 2 * count - 1, newest);
}

int
graph_part_point(const struct graph_part *part, const struct view *view, struct rect graph, int x)
{
    int columns = 2 * graph.width, column = 2 * (x - graph.x);
    if (part->on)
        return part->count - 1 - (int)((int64_t)column * part->count / (columns > 0 ? columns : 1));
    return (int)((int64_t)view->ticks - graph_leftmost(view, graph.width) - column);
}

/* The largest of the points that share a column: a peak is seen at any length. */
float
graph_part_value(const struct graph_part *part, int series, int columns, int column)
{
    int first = (int)((int64_t)column * part->count / columns);
    int end = (int)((int64_t)(column + 1) * part->count / columns);
    float most = NAN;
    for (int p = first; p < (end > first ? end : first + 1) && p < part->count; p++)
        if (!(part->value[series][p] <= most)) /* also when either is not known */
            most = isnan(part->value[series][p]) ? most : part->value[series][p];
    return most;
}
