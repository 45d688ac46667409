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
    { "overview", "f", 'f', ACTION_RETRY, "do the failed trials of the selected run again", NULL },
    { "overview", "+", '+', ACTION_MORE_WORKERS, "one worker more for the selected run", "workers" },
    { "overview", "=", '=', ACTION_MORE_WORKERS, NULL, NULL },
    { "overview", "-", '-', ACTION_FEWER_WORKERS, "one worker fewer; what it is in, it finishes", NULL },
    { "overview", ">", '>', ACTION_SOONER, "a higher priority: earlier in the queue", NULL },
    { "overview", "<", '<', ACTION_LATER, "a lower priority", NULL },
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
    { "run", "f", 'f', ACTION_RETRY, "do the failed trials of this run again", "retry failed" },
    { "run", "+", '+', ACTION_MORE_WORKERS, "one worker more for this run", "workers" },
    { "run", "=", '=', ACTION_MORE_WORKERS, NULL, NULL },
    { "run", "-", '-', ACTION_FEWER_WORKERS, "one worker fewer; what it is in, it finishes", NULL },
    { "run", ">", '>', ACTION_SOONER, "a higher priority: earlier in the queue", NULL },
    { "run", "<", '<', ACTION_LATER, "a lower priority", NULL },
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

    { "launch", "Enter", 0, ACTION_NONE, "open the form of the chosen run file", "open" },
    { "launch", "/", 0, ACTION_NONE, "show only files with this in name or path", "filter" },
    { "launch", "Esc", 0, ACTION_NONE, "clear the filter, or close", "close" },
    { "launch", "q", 0, ACTION_NONE, NULL, NULL },
    { "launch", "j k", 0, ACTION_NONE, "choose another file (arrows, pages, Home and End too)", "choose" },
    { "launch", "?", 0, ACTION_NONE, "help", "help" },
    { "launch", "F1", 0, ACTION_NONE, NULL, NULL },

    { "launch form", "Ctrl-G", 0, ACTION_NONE, "launch the run as it stands here", "launch" },
    { "launch form", "Esc", 0, ACTION_NONE, "back to the list of files", "back" },
    { "launch form", "F1", 0, ACTION_NONE, "help", "help" },
    { "launch form", "Tab", 0, ACTION_NONE, "to the next field", "next field" },

    { "thresholds", "Enter", 0, ACTION_NONE, "edit the threshold", "edit" },
    { "thresholds", "a", 0, ACTION_NONE, "add a threshold", "add" },
    { "thresholds", "d", 0, ACTION_NONE, "switch it off, or on again", "off/on" },
    { "thresholds", "Esc", 0, ACTION_NONE, "close", "close" },
    { "thresholds", "q", 0, ACTION_NONE, NULL, NULL },
    { "thresholds", "j k", 0, ACTION_NONE, "choose another one (arrows, pages, Home and End too)", NULL },
    { "thresholds", "?", 0, ACTION_NONE, "help", "help" },
    { "thresholds", "F1", 0, ACTION_NONE, NULL, NULL },

    { "metrics", "Enter", 0, ACTION_NONE, "set a threshold on this metric", "choose" },
    { "metrics", "Up Down", 0, ACTION_NONE, "choose another metric", NULL },
    { "metrics", "any text", 0, ACTION_NONE, "show only metrics with this in name or help", "filter" },
    { "metrics", "Esc", 0, ACTION_NONE, "back", "back" },

    { "threshold form", "Ctrl-G", 0, ACTION_NONE, "write optop.ini; in effect at once", "save" },
    { "threshold form", "Esc", 0, ACTION_NONE, "back, nothing written", "back" },
    { "threshold form", "F1", 0, ACTION_NONE, "help", "help" },
    { "threshold form", "Tab", 0, ACTION_NONE, "to the next field", "next field" },

    { "form", "Tab", 0, ACTION_NONE, "the next field", "next field" },
    { "form", "Down", 0, ACTION_NONE, NULL, NULL },
    { "form", "Backtab", 0, ACTION_NONE, "the field before", NULL },
    { "form", "Up", 0, ACTION_NONE, NULL, NULL },
    { "form", "Enter", 0, ACTION_NONE, "the next field; presses a button", NULL },
    { "form", "Left Right", 0, ACTION_NONE, "along the text; through the choices", NULL },
    { "form", "Space", 0, ACTION_NONE, "the next choice", NULL },
    { "form", "Ctrl-A", 0, ACTION_NONE, "start of the text", NULL },
    { "form", "Home", 0, ACTION_NONE, NULL, NULL },
    { "form", "Ctrl-E", 0, ACTION_NONE, "end of the text", NULL },
    { "form", "End", 0, ACTION_NONE, NULL, NULL },
    { "form", "Ctrl-U", 0, ACTION_NONE, "delete all before the cursor", NULL },
    { "form", "Ctrl-K", 0, ACTION_NONE, "delete all behind the cursor", NULL },
    { "form", "Ctrl-W", 0, ACTION_NONE, "delete the word before the cursor", NULL },

    { "confirm", "y", 0, ACTION_NONE, "do it", "yes" },
    { "confirm", "n", 0, ACTION_NONE, "leave it as it is", "no" },
    { "confirm", "Enter", 0, ACTION_NONE, NULL, NULL },
    { "confirm", "Esc", 0, ACTION_NONE, NULL, NULL },

    { "message", "Esc", 0, ACTION_NONE, "close", "close" },
    { "message", "q", 0, ACTION_NONE, NULL, NULL },
    { "message", "Enter", 0, ACTION_NONE, NULL, NULL },
    { "message", "j k", 0, ACTION_NONE, "scroll (arrows, pages, Home and End too)", "scroll" },

    { "help", "Esc", 0, ACTION_NONE, "close", "close" },
    { "help", "q", 0, ACTION_NONE, NULL, NULL },
    { "help", "?", 0, ACTION_NONE, NULL, NULL },
    { "help", "j k", 0, ACTION_NONE, "scroll (arrows, pages, Home and End too)", "scroll" },
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
