/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What all executors of the process have counted of their tasks, as rows of the
 * list that status and screen show.
 */
#ifndef OPTOP_TASK_TASK_ROWS_H
#define OPTOP_TASK_TASK_ROWS_H

#include "mem/registry.h"
#include "stat/tasks.h"

/* Of a resource of the kind "task". */
void executor_task_stat(const struct resource *resource, struct task_stat *ret_stat);

/* Brings the row of each name up to date, and adds it where it is new. */
void task_rows_update(struct tasks *tasks);

#endif
