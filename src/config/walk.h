/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a document to checked values: goes through the entries by an option
 * table, refuses what no row knows or allows, and stores the rest where the
 * row's binding says. Shared by config.c and runfile.c.
 */
#ifndef OPTOP_CONFIG_WALK_H
#define OPTOP_CONFIG_WALK_H

#include "config/ini.h"
#include "config/option.h"

/* Takes a value that is more than its type. entry is NULL when it is the row's default. */
typedef int walk_parse(void *target, const struct ini_entry *entry,
    const struct option_value *value, struct diag *diag);

/* Where the value of the option with the same index goes: by its type at
 * `offset` (int64_t for whole numbers and choices, double, bool, char * for
 * text), or by `parse`, which gets the target itself. */
struct binding {
    size_t offset;
    walk_parse *parse;
};

/* Takes one checked entry; option is NULL for a [section] line. */
typedef int walk_take(void *context, const struct ini_entry *entry, const struct option *option,
    const struct option_value *value, struct diag *diag);

/* Calls take for each entry in file order; stops at the first fault, which
 * gets the entry's place. */
int walk_document(const struct option *table, const struct ini *ini, walk_take *take,
    void *context, struct diag *diag);

/* Stores one value. Text that was there is freed. */
int walk_store(const struct option *option, const struct binding *binding, void *target,
    const struct ini_entry *entry, const struct option_value *value, struct diag *diag);

/* Stores the defaults of a section's rows (by its pattern, as in the table). */
int walk_defaults(const struct option *table, const struct binding *bindings,
    const char *pattern, void *target, struct diag *diag);

/* ERR_MISSING when a required row of this section has no value. */
int walk_required(const struct option *table, const struct ini *ini, const char *section,
    struct diag *diag);

/* The same for one row that only some documents need. */
int walk_required_key(const struct option *table, const struct ini *ini, const char *section,
    const char *key, struct diag *diag);

/* Sets place, code and text of a fault of an entry. */
int walk_fault(const struct ini *ini, const struct ini_entry *entry, struct diag *diag, int code,
    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The same of a key, or where that is not set of its section. */
int walk_section_fault(const struct ini *ini, const char *section, const char *key,
    struct diag *diag, int code, const char *text);

/* *place (owned) becomes a copy of the text. 0, or -ENOMEM. */
int walk_text(char **place, const char *text, struct diag *diag);

#endif
