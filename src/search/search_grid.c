/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Grid: every point in order, the last dimension fastest. A point is computed
 * from its number; nothing is kept.
 */
#include <math.h>
#include <stdio.h>

#include "search/method.h"
#include "search/search.h"
#include "search/space.h"

static int
grid_points(const struct run_spec *spec, double *ret_points, struct diag *diag)
{
    for (int i = 0; i < spec->dimension_count; i++) {
        const struct dimension *dimension = &spec->dimension[i];
        if (isinf(dimension_size(dimension))) {
            char key[DIAG_KEY_MAX];
            snprintf(key, sizeof key, "space.%s", dimension->name);
            diag_at(diag, NULL, dimension->line, key);
            return diag_set(diag, ERR_CONFLICT, "a grid needs a step here");
        }
    }
    /* Beyond this, numbers are no longer exact; no walk gets there. */
    *ret_points = fmin(space_points(spec), SPACE_EXACT_MAX);
    return 0;
}

static void
grid_point(const struct run_spec *spec, const struct method_at *at, double *values)
{
    space_point(spec, at->cursor, values);
}

const struct method method_grid = {
    .id = SEARCH_GRID,
    .points = grid_points,
    .point = grid_point,
};
