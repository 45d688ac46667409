/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The points of a space, by number: value i of an axis, point i of a grid.
 */
#ifndef OPTOP_SEARCH_SPACE_H
#define OPTOP_SEARCH_SPACE_H

#include "model/run.h"

/* Whole numbers up to here are exact in a double. */
#define SPACE_EXACT_MAX 9007199254740992.0

/* Value `index` (from 0) of an axis that has steps. */
double space_value(const struct dimension *dimension, double index);

/* Number of points of the grid, or INFINITY when an axis is continuous. */
double space_points(const struct run_spec *spec);

/* Point `index` of the grid, up to SPACE_EXACT_MAX: the last dimension
 * changes fastest. */
void space_point(const struct run_spec *spec, double index, double *values);

#endif
