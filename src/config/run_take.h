/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How values of a run file that are more than a number or a word get into a struct
 * run_spec, and the bindings of all. Used by the option table (run_options.c) and
 * runfile_check alone.
 */
#ifndef OPTOP_CONFIG_RUN_TAKE_H
#define OPTOP_CONFIG_RUN_TAKE_H

#include "config/walk.h"

extern const struct binding run_bindings[]; /* as run_options */

walk_parse run_take_name, run_take_goal, run_take_after, run_take_start, run_take_type,
    run_take_score, run_take_codes, run_take_variable, run_take_parameter, run_take_dimension,
    run_take_constraint, run_take_method, run_take_mode, run_take_workers,
    run_take_keep_output, run_take_keep_directory, run_take_keep, run_take_io_priority,
    run_take_affinity;

#endif
