/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Help as a table: the keys of where the person came from, from the key table,
 * then what signs and colours mean, then the keys of everything else.
 */
#ifndef OPTOP_UI_HELP_LIST_H
#define OPTOP_UI_HELP_LIST_H

#include "ui/table.h"

struct help_row {
    const char *where; /* a constant; the title of its context */
    char keys[48]; /* "Up, k"; or a sign */
    const char *command; /* as it is typed behind ':'; "" */
    const char *note;
    enum style style; /* of the keys */
};

struct help_list {
    struct help_row *row; /* owned */
    int count, capacity;
};

/* Fills the list for a context of the key table. */
void help_list_fill(struct help_list *list, const char *context);
void help_list_release(struct help_list *list);

/* What a context is called. */
const char *help_title(const char *context);

/* Rows are a struct help_list. */
extern const struct table_class help_class;

#endif
