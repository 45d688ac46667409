/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the server wants to know of a run file before it accepts it, and better
 * learns in a process of its own: how many trials there will be, which may take
 * a second of counting, and whether the objective can be opened, which runs the
 * file's Lua or loads its plugin. A call (optop/process.h) of the server
 * (server/checks.c), answered by a worker process that does nothing else.
 */
#ifndef OPTOP_EXEC_RUN_CHECK_H
#define OPTOP_EXEC_RUN_CHECK_H

#include "optop/process.h"

#define RUN_CHECK_FUNCTION "check a run file"
#define RUN_CHECK_ARGUMENT "check" /* the worker's only one: it is started for calls */

/* Argument: {"text","file","directory" (null: the objective is not opened)}. Reply:
 * {"trials":n,"feasible":n} (-1: not counted), or {"error":{"code","message","file",
 * "line","key"}}. */
int run_check(const void *argument, size_t size, struct optop_reply *reply);

#endif
