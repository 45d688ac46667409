/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A form over an INI document: one field for every option of a table and for
 * every entry that stands in the document. What is typed goes into the
 * document at once; an empty field takes its entry out. Faults come back as
 * diags and find their field by "section.key".
 */
#ifndef OPTOP_UI_OPTION_FORM_H
#define OPTOP_UI_OPTION_FORM_H

#include "config/ini.h"
#include "config/option.h"
#include "ui/form.h"

/* What a field stands for; by field index. */
struct option_place {
    char *section, *key; /* owned; NULL on headings and buttons */
    const struct option *option; /* NULL: the table does not know the key */
    bool adds; /* "name = value" typed here makes a new entry */
};

struct option_form {
    struct form form;
    struct ini *ini; /* owned */
    const struct option *table;
    int capacity;
    struct option_place *place; /* owned; form.count of them */
};

/* Takes the document. */
void option_form_init(struct option_form *form, const struct option *table, struct ini *ini);
void option_form_release(struct option_form *form);

/* Every section of the table in its order, then those that only the document
 * has. */
void option_form_add_all(struct option_form *form);

/* One section: the options of `pattern`'s rows ("threshold *" or the name
 * itself) and the document's other entries. */
void option_form_add_section(struct option_form *form, const char *section, const char *pattern);

void option_form_add_button(struct option_form *form, const char *label, const char *help);

/* The field of "section.key", or -1. */
int option_form_find(const struct option_form *form, const char *name);

/* Brings every text into the document and sets the faults of single values.
 * An empty field takes its entry out once another field has the keys, or when
 * all is `finished`: typed anew before that, the entry keeps its place. */
void option_form_check(struct option_form *form, bool finished);

/* Makes an entry of what stands in an adding field; false when it is at fault
 * (told beside it). Other fields and empty ones are fine. */
bool option_form_take_new(struct option_form *form, int index);

/* Sets a fault at its field, unless one stands there; false when it has none. */
bool option_form_place_fault(struct option_form *form, const struct diag *diag);

#endif
