/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The places {name} in a run file's command, standard input and environment:
 * each must be known, and a command must use every dimension. Used by
 * runfile_check.
 */
#ifndef OPTOP_CONFIG_RUN_PLACES_H
#define OPTOP_CONFIG_RUN_PLACES_H

#include "config/ini.h"
#include "model/run.h"

/* Of a spec that has a command. */
int runfile_check_places(const struct run_spec *spec, const struct ini *ini, struct diag *diag);

#endif
