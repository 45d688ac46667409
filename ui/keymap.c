/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/keymap.h"

#include <string.h>

#include "ui/key.h"

/* To add a key: one row. A new action also needs its case in screen.c.
 * Contexts stand together; within one, the order is that of the last line. */
static const struct key_row rows[] = {
    { "overview", "Enter", KEY_CODE_ENTER, ACTION_OPEN, "look at the selected run", "open" },
    { "overview", "n", 'n', ACTION_LAUNCH, "launch a run", "new run" },
    { "overview", "c", 'c', ACTION_CANCEL, "cancel the selected run (asks first)", "cancel" },
    { "overview", "p", 'p', ACTION_PAUSE, "pause the selected run", "pause" },
    { "overview", "r", 'r', ACTION_RESUME, "resume the selected run", "resume" },
    { "overview", "t", 't', ACTION_THRESHOLDS, "edit thresholds of alerts", "thresholds" },
    { "overview", "z", 'z', ACTION_ZOOM, "the focused panel over the whole screen, and back", "zoom" },
    { "overview", "Tab", KEY_CODE_TAB, ACTION_NEXT_PANEL, "focus the next panel", NULL },
    { "overview", "Backtab", KEY_CODE_BACKTAB, ACTION_PREVIOUS_PANEL, "focus the panel before", NULL },
    { "overview", "Esc", KEY_CODE_ESCAPE, ACTION_BACK, "leave the zoomed panel", NULL },

    { "run", "Esc", KEY_CODE_ESCAPE, ACTION_BACK, "back to the overview", "back" },
    { "run", "1", '1', ACTION_OVERVIEW, NULL, NULL },
    { "run", "c", 'c', ACTION_CANCEL, "cancel this run (asks first)", "cancel" },
    { "run", "p", 'p', ACTION_PAUSE, "pause this run", "pause" },
    { "run", "r", 'r', ACTION_RESUME, "resume this run", "resume" },
    { "run", "n", 'n', ACTION_LAUNCH, "launch a run", "new run" },
    { "run", "t", 't', ACTION_THRESHOLDS, "edit thresholds of alerts", NULL },
    { "run", "z", 'z', ACTION_ZOOM, "the focused panel over the whole screen, and back", "zoom" },
    { "run", "Tab", KEY_CODE_TAB, ACTION_NEXT_PANEL, "focus the next panel", NULL },
    { "run", "Backtab", KEY_CODE_BACKTAB, ACTION_PREVIOUS_PANEL, "focus the panel before", NULL },

    { "any", "Up", KEY_CODE_UP, ACTION_UP, "one row up", NULL },
    { "any", "k", 'k', ACTION_UP, NULL, NULL },
    { "any", "Down", KEY_CODE_DOWN, ACTION_DOWN, "one row down", NULL },
    { "any", "j", 'j', ACTION_DOWN, NULL, NULL },
    { "any", "PgUp", KEY_CODE_PAGE_UP, ACTION_PAGE_UP, "a page up", NULL },
    { "any", "PgDn", KEY_CODE_PAGE_DOWN, ACTION_PAGE_DOWN, "a page down", NULL },
    { "any", "Home", KEY_CODE_HOME, ACTION_FIRST, "the first row", NULL },
    { "any", "g", 'g', ACTION_FIRST, NULL, NULL },
    { "any", "End", KEY_CODE_END, ACTION_LAST, "the last row", NULL },
    { "any", "G", 'G', ACTION_LAST, NULL, NULL },
    { "any", "Space", ' ', ACTION_FREEZE, "hold the picture still, and go on", "hold" },
    { "any", "Ctrl-L", 'L' - '@', ACTION_REDRAW, "draw everything anew", NULL },
    { "any", "?", '?', ACTION_HELP, "help", "help" },
    { "any", "h", 'h', ACTION_HELP, NULL, NULL },
    { "any", "F1", KEY_CODE_F1, ACTION_HELP, NULL, NULL },
    { "any", "q", 'q', ACTION_QUIT, "leave; the server and its runs go on", "quit" },
};

const struct key_row *
keymap_rows(int *ret_count)
{
    *ret_count = (int)(sizeof rows / sizeof *rows);
    return rows;
}

enum action
keymap_find(const char *context, uint32_t code)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (code && rows[i].code == code &&
            (!strcmp(rows[i].context, context) || !strcmp(rows[i].context, "any")))
            return rows[i].action;
    return ACTION_NONE;
}
