/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points as the lines that a warm program reads, written by the hundred
 * thousand a second: {"trial":17,"params":{"lr":0.1,"opt":"adam","fast":true}}
 */
#ifndef OPTOP_OBJECTIVE_POINT_LINE_H
#define OPTOP_OBJECTIVE_POINT_LINE_H

#include <stdint.h>

#include "base/str.h"
#include "model/run.h"

/* What of a line is always the same; owned; point_lines_free. */
struct point_lines;

struct point_lines *point_lines_new(const struct run_spec *spec); /* borrowed while used */
void point_lines_free(struct point_lines *lines);

/* Appends the line of a trial. Numbers read back as the same double; choices
 * are strings, and those of a bool true and false. Any thread. */
void point_lines_put(const struct point_lines *lines, struct str *out, int64_t trial,
    const double *values);

/* Is it a bool: a choice of false and true? */
bool point_is_bool(const struct dimension *dimension);

#endif
