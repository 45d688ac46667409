/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one table of keys: what a key does in which context. The screen looks
 * keys up in it, the help dialog and the last line print it.
 */
#ifndef OPTOP_UI_KEYMAP_H
#define OPTOP_UI_KEYMAP_H

#include <stdint.h>

/* What a key of the screen does. Dialogs hear their keys themselves; their
 * rows have ACTION_NONE and are there to be read. */
enum action {
    ACTION_NONE,
    ACTION_QUIT,
    ACTION_HELP,
    ACTION_LAUNCH,
    ACTION_THRESHOLDS,
    ACTION_OVERVIEW,
    ACTION_OPEN, /* the selected run */
    ACTION_BACK,
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_NEXT_PANEL,
    ACTION_PREVIOUS_PANEL,
    ACTION_ZOOM, /* the focused panel, over the whole screen */
    ACTION_CANCEL,
    ACTION_PAUSE,
    ACTION_RESUME,
    ACTION_RETRY, /* its failed trials */
    ACTION_MORE_WORKERS,
    ACTION_FEWER_WORKERS,
    ACTION_SOONER, /* a higher priority */
    ACTION_LATER,
    ACTION_FREEZE, /* the picture stands still */
    ACTION_REDRAW,
};

struct key_row {
    const char *context; /* "overview", "run", "any" (both), or a dialog's name */
    const char *key; /* as people read it: "n", "Enter", "Up" */
    uint32_t code; /* what the terminal says; 0 in dialog rows */
    enum action action;
    const char *note; /* what it does, for the help; NULL: another key for the row above */
    const char *bar; /* its word on the last line, NULL: not there */
};

/* All rows, grouped by context. A row with no note is one more key for the
 * same thing. */
const struct key_row *keymap_rows(int *ret_count);

/* What a key does in a context ("any" rows count in both). */
enum action keymap_find(const char *context, uint32_t code);

#endif
