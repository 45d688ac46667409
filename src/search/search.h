/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Search methods: ask for the next point. Pure: no I/O,
 * no clock, no threads; trial k of a run depends on (spec, seed, k) alone for
 * grid and random, so a run resumed from its store goes on as if it had never
 * stopped.
 *
 * To add a method: one file search_<name>.c and one row in search.c.
 */
#ifndef OPTOP_SEARCH_SEARCH_H
#define OPTOP_SEARCH_SEARCH_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "model/run.h"

struct search;

/* Where a search stands: enough to go on from. Trials are numbered from 1. */
struct search_position {
    int64_t next_trial; /* number of the next trial to propose */
    double cursor; /* method's own: the grid's next raw index; exact to 2^53 */
};

/* spec is borrowed and must outlive the search. Compiles the constraints:
 * a fault in one is told with its line. Owned; search_free. */
int search_new(const struct run_spec *spec, struct search **ret_search, struct diag *diag);
void search_free(struct search *search);

/* Proposes the next trial: its number, and one value per dimension in
 * values[]. ERR_EXHAUSTED at the end of the space or of the trial budget.
 * May evaluate at most SEARCH_SLICE points per call: -EAGAIN means call again
 * (a long stretch of points that the constraints refuse). A constraint that
 * fails at run time ends the search with its error and diag. */
enum { SEARCH_SLICE = 10000 };
int search_ask(struct search *search, int64_t *ret_trial, double *values, struct diag *diag);

/* Walks on over at most count trials without computing their points: the number
 * of them (they start at the position before), ERR_EXHAUSTED as search_ask.
 * Only where no constraint leaves points out; takes no time. */
int search_advance(struct search *search, int count, struct diag *diag);

/* The position before the next ask, and going on from one. */
struct search_position search_position(const struct search *search);
void search_seek(struct search *search, struct search_position position);

/* How many trials there will be. Counting a constrained grid takes time: each
 * call evaluates at most SEARCH_SLICE points; -EAGAIN until it is known. Not
 * countable (more than SEARCH_COUNT_MAX raw points): ERR_TOO_LARGE, for good. */
#define SEARCH_COUNT_MAX 10000000.0
int search_count(struct search *search, int64_t *ret_total);

/* How many points the constraints leave, beyond the trial budget, too; counted
 * like that. Not countable: more than SEARCH_FEASIBLE_MAX raw points with
 * constraints, or a method that draws. */
#define SEARCH_FEASIBLE_MAX 1000000.0
int search_feasible(struct search *search, int64_t *ret_points);

/* Number of values on an axis (a grid's), or INFINITY for a continuous one. */
double dimension_size(const struct dimension *dimension);

#endif
