/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `function`: the standard test functions, in the worker itself. The first
 * dimensions of the run are the function's, in their order.
 */
#include <stdlib.h>

#include "base/xalloc.h"
#include "model/function.h"
#include "objective/objective.h"

struct function_objective {
    struct batch_objective base;
    const struct test_function *function;
    int dimensions;
    double shift[RUN_DIMENSIONS_MAX];
};

static int
function_open(const struct batch_init *init, struct batch_objective **ret_objective,
    struct diag *diag)
{
    const struct run_spec *spec = init->spec;
    const struct test_function *function = function_find(spec->function ? spec->function : "");
    if (!function)
        return diag_set(diag, ERR_NOT_FOUND, "no such function");
    struct function_objective *made = XNEW(struct function_objective);
    made->base.type = objective_function.batch;
    made->base.threads = init->threads;
    made->function = function;
    made->dimensions = spec->dimension_count;
    for (int i = 0; i < spec->dimension_count && spec->shift; i++)
        made->shift[i] = function_shift(function, i);
    *ret_objective = &made->base;
    return 0;
}

static int
function_evaluate(struct batch_objective *objective, struct batch *batch)
{
    const struct function_objective *function = (const struct function_objective *)objective;
    double moved[RUN_DIMENSIONS_MAX];
    for (int i = 0; i < batch->count; i++) {
        const double *point = batch_point(batch, i);
        batch_begin(batch, i);
        for (int d = 0; d < function->dimensions; d++)
            moved[d] = point[d] - function->shift[d];
        batch_done(batch, i, function->function->value(moved, function->dimensions));
    }
    return 0;
}

static void
function_close(struct batch_objective *objective)
{
    free(objective);
}

static const struct batch_type_row function_batch = {
    .open = function_open,
    .evaluate = function_evaluate,
    .close = function_close,
};

const struct objective_type_row objective_function = {
    .name = "function",
    .batch = &function_batch,
};
