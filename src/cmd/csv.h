/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Trials as CSV: RFC 4180, except that lines end with LF. Numbers in full
 * precision; what is not known is empty.
 */
#ifndef OPTOP_CMD_CSV_H
#define OPTOP_CMD_CSV_H

#include <stdbool.h>

#include "base/json.h"
#include "base/str.h"

/* `table` is an answer of run.top or run.trials: it names the columns of
 * parameters and metrics. With `all`, how each trial ended stands there too. */
void csv_header(const json_t *table, bool all, struct str *out);
void csv_trial(const json_t *table, const json_t *trial, bool all, struct str *out);

#endif
