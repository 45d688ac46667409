/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The answer of run.map as the run view keeps it: a shade for each cell.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/detail.h"
#include "ui/panel.h"

enum { EDGE_CELLS = 10 };

static void
edge_text(const json_t *value, char *buf, size_t size)
{
    char number[40];
    if (json_is_string(value))
        text_clean(json_string_value(value), buf, size);
    else
        str_copy(buf, size, panel_score(json_number_value(value), EDGE_CELLS, number, sizeof number));
}

/* Ranges have the highest value of all behind them. */
static bool
take_axis(const json_t *object, int most, struct detail_axis *axis)
{
    const json_t *from = json_object_get(object, "from");
    bool ranges = json_get_bool(object, "ranges", false);
    size_t count = json_array_size(from);
    if (count < 1 + (size_t)ranges || count - ranges > (size_t)most)
        return false;
    text_clean(json_get_string(object, "name", ""), axis->name, sizeof axis->name);
    axis->cells = (int)count - ranges;
    axis->log = json_get_bool(object, "log", false);
    edge_text(json_array_get(from, 0), axis->low, sizeof axis->low);
    edge_text(json_array_get(from, count - 1), axis->high, sizeof axis->high);
    return true;
}

static void
take_cells(struct detail *detail, const json_t *cells)
{
    struct detail_map *map = &detail->map;
    size_t count = (size_t)map->x.cells * (size_t)map->y.cells;
    double *score = xcalloc(2 * count, sizeof *score);
    for (size_t i = 0; i < count; i++) {
        const json_t *value = json_array_get(cells, i);
        score[i] = score[count + i] = json_is_number(value) ? json_number_value(value) : (double)NAN;
    }
    score_levels_of(detail->run.goal, score + count, (int)count, &map->levels);
    for (size_t i = 0; i < count; i++)
        map->level[i] = (signed char)score_level(&map->levels, score[i]);
    free(score);
}

void
detail_apply_map(struct detail *detail, const json_t *result)
{
    struct detail_map *map = &detail->map;
    const json_t *best = json_object_get(result, "best_cell"), *plateau = json_object_get(result, "plateau");
    struct detail_axis x, y;
    if (json_get_int(result, "run", detail->run.run) != detail->run.run ||
        !take_axis(json_object_get(result, "x"), DETAIL_MAP_COLUMNS_MAX, &x) ||
        !take_axis(json_object_get(result, "y"), DETAIL_MAP_ROWS_MAX, &y))
        return;
    map->known = true;
    map->x = x;
    map->y = y;
    bool peak = json_array_size(best) == 2;
    map->best_x = peak ? (int)json_integer_value(json_array_get(best, 0)) : -1;
    map->best_y = peak ? (int)json_integer_value(json_array_get(best, 1)) : -1;
    map->neighbours = json_get_number(plateau, "neighbours", NAN);
    map->steps = json_get_number(plateau, "steps", NAN);
    map->mean = json_get_number(plateau, "mean", NAN);
    map->kept = json_get_number(plateau, "kept", NAN);
    text_clean(json_get_string(plateau, "shape", ""), map->shape, sizeof map->shape);
    take_cells(detail, json_object_get(result, "cells"));
}

const char *
detail_plateau(const struct detail_map *map, bool full, char *buf, size_t size)
{
    char mean[40], kept[32] = "", count[64] = "";
    *buf = '\0';
    if (!map->known || isnan(map->neighbours))
        return buf;
    if (!(map->neighbours > 0)) {
        str_copy(buf, size, "none near");
        return buf;
    }
    if (full && isfinite(map->kept))
        snprintf(kept, sizeof kept, ", %.0f%% kept", 100 * map->kept);
    if (full)
        snprintf(count, sizeof count, " of %.0f within %.0f step%s", map->neighbours, map->steps, map->steps == 1 ? "" : "s");
    snprintf(buf, size, "%s%s%s%s%s", panel_score(map->mean, 12, mean, sizeof mean), count, kept,
        *map->shape ? ": " : "", map->shape);
    return buf;
}
