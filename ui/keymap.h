/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one table of keys: what a key does in which context. The screen looks
 * keys up in it, the help dialog and the last line print it.
 */
#ifndef OPTOP_UI_KEYMAP_H
#define OPTOP_UI_KEYMAP_H

#include <stdint.h>

#include "ui/action.h"

struct key_row {
    const char *context; /* of a view, "runs", "table", "any", or a dialog's name */
    const char *key; /* as people read it: "n", "Enter", "Up" */
    uint32_t code; /* what the terminal says; 0 in dialog rows */
    enum action action; /* NONE in dialog rows: they are there to be read */
    const char *bar; /* its word in the last line; NULL: not there */
    const char *note; /* of dialog rows: what it does */
};

/* All rows, grouped by context. */
const struct key_row *keymap_rows(int *ret_count);

/* What a row's key does, for people; NULL: one more key for what the row before does. */
const char *keymap_note(const struct key_row *row);

/* The contexts whose keys count where one context is: itself, then others,
 * the first ones before the later ones. Ends with NULL. */
const char *const *keymap_contexts(const char *context);

/* What a key does in a context and in those that count there. */
enum action keymap_find(const char *context, uint32_t code);

/* The key of an action where a context is; "" when it has none. */
const char *keymap_key(const char *context, enum action action);

#endif
