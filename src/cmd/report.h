/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the server's run, trial and alert objects look like on paper: one
 * function per form, used by every command that shows it.
 */
#ifndef OPTOP_CMD_REPORT_H
#define OPTOP_CMD_REPORT_H

#include <stdio.h>

#include "base/json.h"
#include "base/str.h"
#include "cmd/output.h"

/* "cancelling" where a run is being cancelled, else its state. */
const char *report_run_state(const json_t *run);
enum paint report_state_paint(const char *state);

/* "750 of 750", "100" when the total is not known; with failed ones. */
void report_counts(const json_t *run, struct str *out);

/* "preset=9 lc=4" */
void report_params(const json_t *params, struct str *out);

/* "750 feasible points of 1250, exhaustive", of an object with points, feasible
 * and exhaustive; nothing for a space without end. */
void report_space(const json_t *space, struct str *out);

/* "16s left (14s-18s)", and with the best trial: "best 11000 (trial 12, after
 * 0.7s)"; nothing where it is not known. full: what stands in parentheses, too. */
void report_left(const json_t *run, bool full, struct str *out);
void report_best(const json_t *run, bool full, struct str *out);

/* "run 3 (xz) done: 750 trials in 8.8s (85.2/s), 0 failed, best 11000" */
void report_run_line(const json_t *run, struct str *out);

void report_runs(const json_t *runs, FILE *file, const char *indent);
/* With the answer of run.map as its member `map', what is around the best trial, too. */
void report_run(const json_t *run, FILE *file);

/* The answer of run.top. */
void report_top(const json_t *top, FILE *file);

/* The same as CSV (RFC 4180, lines end with LF): trial, score, parameters,
 * metrics. */
void report_csv(const json_t *top, struct str *out);

void report_alerts(const json_t *active, FILE *file, const char *indent);
void report_notices(const json_t *notices, FILE *file, const char *indent);

#endif
