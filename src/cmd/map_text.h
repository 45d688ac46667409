/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The answer of run.map on paper: the picture, its legend, and whether the best
 * trial stands on a plateau.
 */
#ifndef OPTOP_CMD_MAP_TEXT_H
#define OPTOP_CMD_MAP_TEXT_H

#include <stdio.h>

#include "base/json.h"
#include "base/str.h"

/* "plateau: 24 neighbours within 1 step have 0.25, 98% of the best's lead over the
 * median 16.2"; nothing where there is no best trial. */
void map_text_plateau(const json_t *map, struct str *out);

void map_text_print(const json_t *map, FILE *file);

#endif
