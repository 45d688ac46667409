/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a threshold's metric is now, and what the server says of it.
 */
#ifndef OPTOP_UI_THRESHOLD_LIVE_H
#define OPTOP_UI_THRESHOLD_LIVE_H

#include "config/config.h"
#include "ui/canvas.h"
#include "ui/view.h"

/* The metric's value now; of a threshold for every instance, the one nearest
 * to its level. NaN when not known. */
double threshold_live_value(const struct sample *sample, const struct config_threshold *threshold);

/* Whose value that is: "disk.busy:vda", for the method `history`. */
void threshold_live_name(const struct sample *sample, const struct config_threshold *threshold,
    char *buf, size_t size);

/* "ok", "warning", "critical", "pending", "off", "-"; an alert of one instance counts for all. */
const char *threshold_live_state(const struct view *view, const struct config_threshold *threshold,
    enum style *ret_style);

#endif
