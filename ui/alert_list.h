/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Alerts as two tables: what is not normal now, and what has been told, as the
 * answer of alerts.list has it.
 */
#ifndef OPTOP_UI_ALERT_LIST_H
#define OPTOP_UI_ALERT_LIST_H

#include "ui/table.h"

enum { NOTICE_LIST_MAX = 300 };

struct notice_list {
    struct view_notice *notice; /* owned; newest first */
    int count, capacity;
};

void notice_list_release(struct notice_list *list);

/* Takes the answer of alerts.list. */
void notice_list_apply(struct notice_list *list, const json_t *result);

/* Rows are a struct view; and a struct notice_list. */
extern const struct table_class alert_class, notice_class;

#endif
