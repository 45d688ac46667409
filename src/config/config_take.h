/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How values of optop.ini that are more than a number or a word get into a struct
 * config, and the bindings of all. Used by the option table (config_options.c) and
 * config_from_ini alone.
 */
#ifndef OPTOP_CONFIG_CONFIG_TAKE_H
#define OPTOP_CONFIG_CONFIG_TAKE_H

#include "config/walk.h"

extern const struct binding config_bindings[]; /* as config_options */

walk_parse config_take_slots, config_take_listen, config_take_theme, config_take_url,
    config_take_ca_file, config_take_pin, config_take_template, config_take_secret_file,
    config_take_secret_env, config_take_alerts, config_take_runs, config_take_layout, config_take_panels;

#endif
