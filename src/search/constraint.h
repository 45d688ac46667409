/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Constraints: Lua expressions that say which points are allowed. Lua's
 * home in the search; its bounds are lua/sandbox.h.
 *
 * An expression sees the dimensions (numbers; choices as strings, a bool as
 * true or false), the parameters (numbers where they read as one, else
 * strings), the pure functions of math, and abs ceil exp floor log max min
 * sqrt by their bare names. It has nothing else: no libraries, no metatables,
 * no way to keep a value from one point to the next; its memory and its steps
 * are bounded.
 */
#ifndef OPTOP_SEARCH_CONSTRAINT_H
#define OPTOP_SEARCH_CONSTRAINT_H

#include <stdint.h>

#include "base/err.h"
#include "model/run.h"

enum {
    CONSTRAINT_COMPILE_BYTES_MAX = 8 * 1024 * 1024, /* of all of a run's, with parameters */
    CONSTRAINT_EXTRA_BYTES_MAX = 256 * 1024, /* more while evaluating */
    CONSTRAINT_STEPS_MAX = 10, /* of SANDBOX_STEP instructions, of one evaluation */
};

struct constraint_set;

/* Compiles the constraints of a spec (borrowed, must outlive the set) and
 * tries them at the first point of the space. A fault has the line and
 * "constraints.NAME" in diag. Owned; constraint_set_free. */
int constraint_set_new(const struct run_spec *spec, struct constraint_set **ret_set,
    struct diag *diag);
void constraint_set_free(struct constraint_set *set);

/* 1: allowed, 0: not; negative with diag: an expression failed. */
int constraint_set_check(struct constraint_set *set, const double *values, struct diag *diag);

/* Steps (of SANDBOX_STEP instructions) of all evaluations so far. */
int64_t constraint_set_steps(const struct constraint_set *set);

#endif
