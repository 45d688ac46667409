/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a search method is to search.c: the order in which raw points are
 * tried. Constraints, numbering, budgets and slices are search.c's.
 */
#ifndef OPTOP_SEARCH_METHOD_H
#define OPTOP_SEARCH_METHOD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/run.h"

/* Which raw point is meant. Walking methods go by `cursor` alone, drawing
 * methods by (trial, draw). */
struct method_at {
    double cursor; /* raw points before it */
    int64_t trial;
    int64_t draw; /* from 0: refused draws of this trial */
    double points; /* as `points` below has said */
};

struct method {
    enum search_method id;

    /* Raw points when the method walks a finite order without repeating a
     * point; INFINITY when it draws each trial anew. Or a refusal. */
    int (*points)(const struct run_spec *spec, double *ret_points, struct diag *diag);

    /* The raw point; pure. */
    void (*point)(const struct run_spec *spec, const struct method_at *at, double *values);
};

extern const struct method method_grid;
extern const struct method method_random;

/* For tests: the permutation that random search walks a finite space in. */
double method_random_permute(uint64_t seed, double points, double index);

#endif
