/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One threshold beside what is measured now, as a line of a list.
 */
#ifndef OPTOP_UI_THRESHOLD_ROW_H
#define OPTOP_UI_THRESHOLD_ROW_H

#include <stdbool.h>

#include "config/config.h"
#include "ui/canvas.h"
#include "ui/view.h"

struct threshold_row {
    struct config_threshold threshold;
    bool in_file; /* else a default of optop's own */
};

/* The metric's value now; of a threshold for every instance, the one nearest
 * to its level. NaN when not known. */
double threshold_live_value(const struct sample *sample, const struct config_threshold *threshold);

void threshold_header_draw(struct canvas *canvas, struct rect rect);
void threshold_row_draw(const struct threshold_row *row, struct canvas *canvas, struct rect rect,
    bool current, const struct view *view);

#endif
