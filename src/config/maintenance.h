/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The section [silence NAME]: a recurring maintenance window. The rows of its
 * options are in config.c.
 */
#ifndef OPTOP_CONFIG_MAINTENANCE_H
#define OPTOP_CONFIG_MAINTENANCE_H

#include "config/config.h"

/* For the bindings of options; the target is a struct config_window. */
typedef int window_take(void *target, const struct ini_entry *entry,
    const struct option_value *value, struct diag *diag);
window_take window_take_match, window_take_days, window_take_from, window_take_to;

#endif
