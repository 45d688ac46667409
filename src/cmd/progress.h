/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The progress of a run as one line of text.
 */
#ifndef OPTOP_CMD_PROGRESS_H
#define OPTOP_CMD_PROGRESS_H

#include <stdbool.h>

#include "base/json.h"
#include "base/str.h"

/* For a terminal, at most `width` cells: name, bar, done/total, rate, time
 * left, best so far; what does not fit is left out from the end. */
void progress_line(const json_t *run, int width, bool utf8, struct str *out);

/* For a log: "run 3 (xz): running, 100 of 750, 85.2/s, 7.6s left, best 11000". */
void progress_plain(const json_t *run, struct str *out);

#endif
