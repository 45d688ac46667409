/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "search/score_map.h"

#include <math.h>
#include <stdlib.h>

#include "base/random.h"
#include "search/search.h"
#include "search/space.h"

static const double TWENTIETHS = 20;
static const double PLATEAU_FROM = 0.8, SLOPE_FROM = 0.5; /* of the lead that neighbours keep */

/* Axes. */

/* Where a value lies in its parameter's range, on its scale: 0 to 1. */
static double
share_of(const struct dimension *dimension, double value)
{
    double low = dimension->low, high = dimension->high;
    if (dimension->log_scale && low > 0 && value > 0)
        low = log(low), high = log(high), value = log(value);
    return high > low ? (value - low) / (high - low) : 0;
}

/* The number of a value on an axis that has steps. */
static double
index_of(const struct dimension *dimension, double value)
{
    return dimension->kind == DIMENSION_CHOICE ? value
        : dimension->step > 0 ? (value - dimension->low) / dimension->step : 0;
}

struct score_map_axis
score_map_axis(const struct dimension *dimension, int most)
{
    double size = dimension_size(dimension);
    bool ranges = size > most;
    return (struct score_map_axis){ dimension, ranges ? most : (int)size, ranges };
}

int
score_map_cell(const struct score_map_axis *axis, double value)
{
    const struct dimension *dimension = axis->dimension;
    bool even = isfinite(dimension_size(dimension)) && !dimension->log_scale; /* parts of as many values each */
    double at = !axis->ranges ? round(index_of(dimension, value))
        : even ? floor(round(index_of(dimension, value)) * axis->cells / dimension_size(dimension))
        : floor(share_of(dimension, value) * axis->cells);
    return at >= axis->cells ? axis->cells - 1 : at > 0 ? (int)at : 0;
}

double
score_map_from(const struct score_map_axis *axis, int cell)
{
    const struct dimension *dimension = axis->dimension;
    double size = dimension_size(dimension), share = (double)cell / axis->cells;
    if (cell >= axis->cells)
        return dimension->kind == DIMENSION_CHOICE ? size - 1 : dimension->high;
    if (!axis->ranges)
        return space_value(dimension, cell);
    if (isfinite(size) && !dimension->log_scale)
        return space_value(dimension, ceil(size * cell / axis->cells));
    double value = dimension->log_scale && dimension->low > 0
        ? dimension->low * pow(dimension->high / dimension->low, share)
        : dimension->low + share * (dimension->high - dimension->low);
    return dimension->kind == DIMENSION_INT ? ceil(value) : value;
}

/* Trials. */

void
score_map_init(struct score_map *map, const struct run_spec *spec)
{
    *map = (struct score_map){ .spec = spec };
}

/* In steps along one parameter. */
static double
steps_between(const struct dimension *dimension, double a, double b)
{
    if (dimension->kind == DIMENSION_CHOICE)
        return a != b;
    double twentieths = fabs(share_of(dimension, a) - share_of(dimension, b)) * TWENTIETHS;
    double own = dimension->step > 0 ? fabs(a - b) / dimension->step : (double)INFINITY;
    return fmin(own, twentieths);
}

static void
add_neighbour(struct score_map *map, double score, const double *values)
{
    double distance = 0;
    for (int d = 0; d < map->spec->dimension_count && distance <= SCORE_MAP_REACH; d++)
        distance += steps_between(&map->spec->dimension[d], values[d], map->peak[d]);
    int ring = (int)ceil(fmin(distance, SCORE_MAP_REACH + 1) - 1e-9); /* a step of 0.1 is one, whatever its last bits */
    if (ring > SCORE_MAP_REACH)
        return;
    map->near[ring]++;
    map->near_sum[ring] += score;
}

/* Each trial is in it with the same chance (every n-th would fall in step with a grid),
 * and the same ones are each time. */
static void
add_sample(struct score_map *map, double score)
{
    if (map->sampled < SCORE_MAP_SAMPLE) {
        map->sample[map->sampled++] = score;
        return;
    }
    uint64_t place = random_mix((uint64_t)map->trials) % (uint64_t)map->trials;
    if (place < SCORE_MAP_SAMPLE)
        map->sample[place] = score;
}

void
score_map_add(struct score_map *map, double score, const double *values)
{
    if (!isfinite(score))
        return;
    map->trials++;
    add_sample(map, score);
    if (map->peak)
        add_neighbour(map, score, values);
    if (!map->cell)
        return;
    int x = score_map_cell(&map->x, values[map->x.dimension - map->spec->dimension]);
    int y = score_map_cell(&map->y, values[map->y.dimension - map->spec->dimension]);
    double *cell = &map->cell[y * map->x.cells + x];
    if (isnan(*cell) || run_goal_better(map->spec->goal, score, *cell))
        *cell = score;
}

/* The peak. */

static int
compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double
median(double *number, int count)
{
    if (!count)
        return NAN;
    qsort(number, (size_t)count, sizeof *number, compare_numbers);
    return count % 2 ? number[count / 2] : number[count / 2 - 1] / 2 + number[count / 2] / 2;
}

void
score_map_plateau(struct score_map *map, struct score_map_plateau *ret_plateau)
{
    int64_t count = 0;
    double sum = 0, middle = median(map->sample, map->sampled);
    int ring = 0, wanted = 0;
    for (int d = 0; d < map->spec->dimension_count; d++)
        wanted += dimension_size(&map->spec->dimension[d]) > 1 ? 2 : 0;
    while (ring < SCORE_MAP_REACH && count < wanted) {
        count += map->near[++ring];
        sum += map->near_sum[ring];
    }
    double mean = count ? sum / (double)count : (double)NAN;
    double lead = map->peak_score - middle;
    double kept = count && lead != 0 ? (mean - middle) / lead : (double)NAN;
    *ret_plateau = (struct score_map_plateau){ .neighbours = count, .reach = ring, .mean = mean, .median = middle,
        .kept = kept, .shape = isnan(kept) ? NULL : kept >= PLATEAU_FROM ? "plateau"
            : kept >= SLOPE_FROM ? "slope" : "spike" };
}
