/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "search/space.h"

#include <math.h>

#include "search/search.h"

/* A step that does not quite reach the high end by rounding still does. */
static const double STEP_SLACK = 1e-9;

double
dimension_size(const struct dimension *dimension)
{
    if (dimension->kind == DIMENSION_CHOICE)
        return dimension->choice_count;
    if (dimension->low == dimension->high)
        return 1;
    if (dimension->step <= 0)
        return INFINITY;
    if (dimension->kind == DIMENSION_INT)
        return (double)((int64_t)(dimension->high - dimension->low) / (int64_t)dimension->step + 1);
    return floor((dimension->high - dimension->low) / dimension->step + STEP_SLACK) + 1;
}

static bool
is_whole(double value)
{
    return fabs(value) < SPACE_EXACT_MAX && fabs(value - round(value)) < 1e-9 * (1 + fabs(value));
}

/* low + index * step. Where both have few decimals it is computed in units of
 * the last one and divided once, so that 0.1 steps give 0.3 and not
 * 0.30000000000000004. */
static double
step_value(double low, double step, double index)
{
    double scale = 1;
    for (int decimals = 0; decimals <= 12; decimals++, scale *= 10)
        if (is_whole(low * scale) && is_whole(step * scale)) {
            double units = round(low * scale) + index * round(step * scale);
            return fabs(units) < SPACE_EXACT_MAX ? units / scale : low + index * step;
        }
    return low + index * step;
}

double
space_value(const struct dimension *dimension, double index)
{
    if (dimension->kind == DIMENSION_CHOICE)
        return index;
    if (dimension->kind == DIMENSION_INT)
        return dimension->low + index * dimension->step;
    double value = step_value(dimension->low, dimension->step, index);
    return value > dimension->high ? dimension->high : value;
}

double
space_points(const struct run_spec *spec)
{
    double points = 1;
    for (int i = 0; i < spec->dimension_count; i++)
        points *= dimension_size(&spec->dimension[i]);
    return points;
}

void
space_point(const struct run_spec *spec, double index, double *values)
{
    for (int i = spec->dimension_count - 1; i >= 0; i--) {
        double size = dimension_size(&spec->dimension[i]);
        double digit = fmod(index, size);
        values[i] = space_value(&spec->dimension[i], digit);
        index = (index - digit) / size;
    }
}
