/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs, present and past, as the answer of run.list has them; kept up to date
 * by what the server tells of single runs. And how they look as a table.
 */
#ifndef OPTOP_UI_RUN_LIST_H
#define OPTOP_UI_RUN_LIST_H

#include "ui/table.h"

enum { RUN_LIST_MAX = 500 };

struct run_list {
    struct view_run *run; /* owned */
    int count, capacity;
};

void run_list_release(struct run_list *list);

/* Takes the answer of run.list. */
void run_list_apply(struct run_list *list, const json_t *result);

/* A run has changed, or is new. */
void run_list_take(struct run_list *list, const struct view_run *run);

const struct view_run *run_list_find(const struct run_list *list, int64_t run);

extern const struct table_class run_list_class;

#endif
