/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The list of task statistics of a process: rows are added when a kind of work
 * begins and removed when nobody will ask for it any more.
 */
#ifndef OPTOP_STAT_TASKS_H
#define OPTOP_STAT_TASKS_H

#include "stat/figures.h"

enum { TASKS_MAX = 64 };

struct tasks {
    int count;
    struct task_stat *task[TASKS_MAX]; /* owned */
};

/* A new row; NULL when there are TASKS_MAX (the work is then not counted). The
 * name is cleaned and cut. Borrowed until tasks_remove or tasks_release. */
struct task_stat *tasks_add(struct tasks *tasks, const char *name);
void tasks_remove(struct tasks *tasks, struct task_stat *task);
void tasks_release(struct tasks *tasks);

#endif
