/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task/task_rows.h"

#include <string.h>

static void
update(struct resource *resource, void *data)
{
    struct tasks *tasks = data;
    struct task_stat *row = NULL;
    if (strcmp(resource->kind, "task") != 0)
        return;
    for (int i = 0; i < tasks->count && !row; i++)
        if (!strcmp(tasks->task[i]->name, resource->name))
            row = tasks->task[i];
    if (!row)
        row = tasks_add(tasks, resource->name);
    if (row)
        executor_task_stat(resource, row);
}

void
task_rows_update(struct tasks *tasks)
{
    registry_each(update, tasks);
}
