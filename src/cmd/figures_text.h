/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures of a status object put into text by the metric table.
 */
#ifndef OPTOP_CMD_FIGURES_TEXT_H
#define OPTOP_CMD_FIGURES_TEXT_H

#include "base/json.h"
#include "base/str.h"
#include "model/metric.h"

/* A metric's value in a status object; NaN when not known. `instance` is an
 * element of the group's array, or NULL for a group that has none. */
double figures_value(const json_t *status, enum metric metric, const json_t *instance);

/* The sum over all instances of a group's metric; NaN when none is known. */
double figures_sum(const json_t *status, enum metric metric);

/* Appends `text` with every {metric.name} replaced by its value with unit,
 * {metric.name:N} right-aligned in N cells. A metric counted per something is
 * that of `instance`, or the sum where that is NULL. A name that the metric
 * table does not have stays as it is. */
void figures_expand(const json_t *status, const json_t *instance, const char *text,
    struct str *out);

#endif
