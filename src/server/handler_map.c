/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * run.map: what a run's scores look like over two of its parameters, and whether
 * its best trial stands on a plateau. Beside the loop: every trial is read.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "search/score_map.h"
#include "server/call.h"

/* The parameter that a member names, or the number-th. */
static int
find_axis(struct call *call, const struct run_spec *spec, const char *member, int number, int cells,
    struct score_map_axis *ret_axis)
{
    const char *name = json_get_string(call->params, member, NULL);
    for (int d = 0; d < spec->dimension_count; d++)
        if (name ? str_equal(spec->dimension[d].name, name) : d == number) {
            *ret_axis = score_map_axis(&spec->dimension[d], cells);
            return 0;
        }
    if (!name)
        return diag_set(call->diag, JSONRPC_PARAMS, "a map takes two parameters, this run has %d", spec->dimension_count);
    return diag_set(call->diag, JSONRPC_PARAMS, "%s: there is no parameter `%.60s'", member, name);
}

/* The cells that are asked for; none where there are no columns. */
static int
open_map(struct call *call, const struct run *run, struct score_map *map)
{
    int columns = call_limit(call, "columns", 60, SCORE_MAP_COLUMNS_MAX);
    int rows = call_limit(call, "rows", 20, SCORE_MAP_ROWS_MAX);
    score_map_init(map, &run->spec);
    if (!columns || !rows)
        return 0;
    bool first = json_get_string(call->params, "y", NULL) &&
        str_equal(json_get_string(call->params, "y", ""), run->spec.dimension[0].name); /* it is taken */
    int r = find_axis(call, &run->spec, "x", first, columns, &map->x);
    if (r == 0)
        r = find_axis(call, &run->spec, "y", map->x.dimension == run->spec.dimension, rows, &map->y);
    if (r == 0 && map->x.dimension == map->y.dimension)
        r = diag_set(call->diag, JSONRPC_PARAMS, "x and y are the same parameter");
    if (r < 0)
        return r;
    size_t count = (size_t)map->x.cells * (size_t)map->y.cells;
    map->cell = optop_arena_zero(call->arena, count, sizeof *map->cell);
    for (size_t i = 0; map->cell && i < count; i++)
        map->cell[i] = NAN;
    return map->cell ? 0 : -ENOMEM;
}

/* The best trial, where there is one. */
struct peak {
    struct call *call;
    const struct run *run;
    struct score_map *map;
    double *values;
};

static int
keep_best_number(void *context, const struct store_run *row)
{
    int64_t *trial = context;
    *trial = row->best_trial;
    return 0;
}

static int
take_peak(void *context, const struct store_trial *trial)
{
    struct peak *peak = context;
    struct score_map *map = peak->map;
    json_t *values = json_parse(trial->params, strlen(trial->params), NULL), *value;
    size_t i;
    json_array_foreach (values, i, value)
        if (i < RUN_DIMENSIONS_MAX)
            peak->values[i] = json_number_value(value);
    map->peak_score = trial->result->score;
    map->peak = peak->values;
    run_write_trial(peak->call->w, "best", peak->run, trial);
    if (map->cell) {
        jw_array(peak->call->w, "best_cell");
        jw_int(peak->call->w, NULL, score_map_cell(&map->x, peak->values[map->x.dimension - map->spec->dimension]));
        jw_int(peak->call->w, NULL, score_map_cell(&map->y, peak->values[map->y.dimension - map->spec->dimension]));
        jw_end(peak->call->w);
    }
    json_decref(values);
    return 0;
}

static int
find_peak(struct peak *peak)
{
    int64_t trial = 0;
    int r = store_run_get(peak->call->store, peak->run->id, keep_best_number, &trial);
    return r == 0 && trial ? store_trial_get(peak->call->store, peak->run->id, trial, take_peak, peak) : r;
}

static int
add_point(void *context, double score, const double *values)
{
    score_map_add(context, score, values);
    return 0;
}

/* The answer. */

static void
write_axis(struct json_writer *w, const char *key, const struct score_map_axis *axis)
{
    static const char *const kinds[] = { "int", "float", "choice" };
    const struct dimension *dimension = axis->dimension;
    char text[40];
    jw_object(w, key);
    jw_string(w, "name", dimension->name);
    jw_string(w, "kind", kinds[dimension->kind]);
    jw_bool(w, "log", dimension->log_scale);
    jw_bool(w, "ranges", axis->ranges);
    jw_array(w, "from");
    for (int i = 0; i < axis->cells + axis->ranges; i++)
        if (dimension->kind == DIMENSION_CHOICE)
            jw_string(w, NULL, dimension_format(dimension, score_map_from(axis, i), text, sizeof text));
        else
            jw_number(w, NULL, score_map_from(axis, i));
    jw_end(w);
    jw_end(w);
}

static void
write_cells(struct json_writer *w, const struct score_map *map)
{
    write_axis(w, "x", &map->x);
    write_axis(w, "y", &map->y);
    jw_array(w, "cells");
    for (int i = 0; i < map->x.cells * map->y.cells; i++)
        jw_number(w, NULL, map->cell[i]);
    jw_end(w);
}

static void
write_plateau(struct json_writer *w, struct score_map *map)
{
    struct score_map_plateau plateau;
    score_map_plateau(map, &plateau);
    jw_int(w, "trials", map->trials);
    jw_number(w, "median", plateau.median);
    if (!map->peak) {
        jw_null(w, "plateau");
        return;
    }
    jw_object(w, "plateau");
    jw_int(w, "neighbours", plateau.neighbours);
    jw_int(w, "steps", plateau.reach);
    jw_number(w, "mean", plateau.mean);
    jw_number(w, "kept", plateau.kept);
    jw_string(w, "shape", plateau.shape);
    jw_end(w);
}

int
handle_run_map(struct call *call)
{
    const struct run *run;
    struct run *loaded;
    double values[RUN_DIMENSIONS_MAX] = { 0 };
    int r = call_find_run(call, &run, &loaded);
    if (r < 0)
        return r;
    struct score_map *map = optop_arena_zero(call->arena, 1, sizeof *map);
    r = map ? open_map(call, run, map) : -ENOMEM;
    if (r == 0) {
        jw_int(call->w, "run", run->id);
        jw_string(call->w, "goal", run->spec.goal == RUN_MINIMIZE ? "minimize" : "maximize");
        r = find_peak(&(struct peak){ call, run, map, values });
    }
    if (r == 0 || r == ERR_NOT_FOUND)
        r = store_trial_points(call->store, run->id, run->spec.dimension_count, add_point, map);
    if (r == 0 && map->cell)
        write_cells(call->w, map);
    if (r == 0)
        write_plateau(call->w, map);
    run_free(loaded);
    return r;
}
