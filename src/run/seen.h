/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * "Seen this point already": finished trials of commands by what they evaluated,
 * for runs with search.reuse. A cache, bounded by its bytes: what it has dropped,
 * or what was evaluated before the server started, is evaluated again.
 */
#ifndef OPTOP_RUN_SEEN_H
#define OPTOP_RUN_SEEN_H

#include <stdbool.h>
#include <stdint.h>

struct run;
struct runner;
struct str;
struct trial_result;

/* Sets the mark that says what the run evaluates: its [objective], [parameters] and
 * [environment], its directory, and the files that its command names, as they are
 * now. Runs of the same mark share their results. */
void seen_mark(struct run *run);

/* Whether a point of these values was evaluated: then its result as one of `trial',
 * whose metrics (text is for them) say which one it was. */
bool seen_find(struct runner *runner, const struct run *run, int64_t trial, const double *values,
    struct str *text, struct trial_result *ret_result);

/* A trial is stored; only one that is done is of use. */
void seen_add(struct runner *runner, const struct run *run, const struct trial_result *result,
    const double *values);

#endif
