/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Follows a run in the foreground: progress on standard error until it has
 * ended, then its result on standard output. Ctrl-C cancels the run and waits
 * for that; a second Ctrl-C leaves at once.
 */
#ifndef OPTOP_CMD_FOLLOW_H
#define OPTOP_CMD_FOLLOW_H

#include "cmd/cmd.h"

/* `run` is the run object of submit or resume (borrowed). With --json given,
 * the result is the final run object alone. Returns the exit status. */
int follow_run(struct cmd_line *line, const json_t *run);

/* Waits until a run has ended or paused, without progress, and gives its last
 * object (owned). Tells faults; returns 0 or an exit status. */
int follow_until_still(struct cmd_line *line, int64_t run, json_t **ret_run);

#endif
