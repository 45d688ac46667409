/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stat/tasks.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

struct task_stat *
tasks_add(struct tasks *tasks, const char *name)
{
    if (tasks->count == TASKS_MAX)
        return NULL;
    struct task_stat *task = XNEW(struct task_stat);
    text_clean(name, task->name, sizeof task->name);
    tasks->task[tasks->count++] = task;
    return task;
}

void
tasks_remove(struct tasks *tasks, struct task_stat *task)
{
    for (int i = 0; i < tasks->count; i++)
        if (tasks->task[i] == task) {
            tasks->count--;
            memmove(&tasks->task[i], &tasks->task[i + 1],
                (size_t)(tasks->count - i) * sizeof *tasks->task);
            free(task);
            return;
        }
}

void
tasks_release(struct tasks *tasks)
{
    while (tasks->count)
        free(tasks->task[--tasks->count]);
}
