/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Webhooks as a table: whether they take what they are sent, and the last
 * reason why not, as the answer of alerts.list has it.
 */
#ifndef OPTOP_UI_WEBHOOK_LIST_H
#define OPTOP_UI_WEBHOOK_LIST_H

#include "base/json.h"
#include "ui/table.h"

enum { WEBHOOK_LIST_MAX = 64 };

struct webhook_row {
    char name[64], state[16], error[VIEW_TEXT_MAX];
    double waiting, failures;
};

struct webhook_list {
    int count;
    struct webhook_row webhook[WEBHOOK_LIST_MAX];
};

void webhook_list_apply(struct webhook_list *list, const json_t *result);

/* Rows are a struct webhook_list. */
extern const struct table_class webhook_class;

#endif
