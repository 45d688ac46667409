/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * "Did you mean": the known name that is closest to what was written.
 */
#ifndef OPTOP_CONFIG_SUGGEST_H
#define OPTOP_CONFIG_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/* Is `name` nearer to `wanted` than *best (start with SIZE_MAX), and near
 * enough to be meant? Updates *best when it is. */
bool suggest_closer(const char *wanted, const char *name, size_t *best);

#endif
