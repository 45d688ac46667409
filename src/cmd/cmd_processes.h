/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of processes as commands print it.
 */
#ifndef OPTOP_CMD_CMD_PROCESSES_H
#define OPTOP_CMD_CMD_PROCESSES_H

#include "cmd/cmd.h"

/* By the options of `processes` that the line has; an exit status. */
int cmd_processes_print(struct cmd_line *line);

#endif
