/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `--trial N` of cancel, pause and resume: one trial of a run, not the run.
 */
#ifndef OPTOP_CMD_ONE_TRIAL_H
#define OPTOP_CMD_ONE_TRIAL_H

#include "cmd/cmd.h"

/* Calls the method for the trial of --trial, of the run that the line names,
 * and tells the trial's state; with `wait` once it does not run any more.
 * Returns an exit status. */
int one_trial_steer(struct cmd_line *line, const char *method, bool wait);

#endif
