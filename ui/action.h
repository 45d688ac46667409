/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a person can have the screen do: one table for keys, for the command
 * line (`:` and the name) and for help. Dialogs hear their keys themselves.
 *
 * To add one: a number here, a row in action.c, and a key in keymap.c if it is
 * to have one; scene_can (scene.c) says when it would do nothing.
 */
#ifndef OPTOP_UI_ACTION_H
#define OPTOP_UI_ACTION_H

#include <stdbool.h>

struct screen;

enum action {
    ACTION_NONE,
    /* views; in the order of their numbers */
    ACTION_OVERVIEW,
    ACTION_RUNS,
    ACTION_RUN,
    ACTION_PROCESSES,
    ACTION_FIGURES,
    ACTION_ALERTS,
    ACTION_SETTINGS,
    ACTION_HELP,
    ACTION_OPEN, /* the selected run */
    ACTION_BACK,
    ACTION_LAUNCH,
    ACTION_CLONE, /* an edited copy of a run */
    /* runs */
    ACTION_CANCEL,
    ACTION_PAUSE,
    ACTION_RESUME,
    ACTION_RETRY, /* its failed trials */
    ACTION_MORE_WORKERS,
    ACTION_FEWER_WORKERS,
    ACTION_SOONER, /* a higher priority */
    ACTION_LATER,
    ACTION_PARAMETER, /* the next one, against the score */
    ACTION_SECOND_PARAMETER, /* of the map */
    ACTION_METRIC, /* the next one, of the best trials */
    ACTION_WORST, /* or the best ones again */
    /* processes */
    ACTION_DETAILS,
    ACTION_TREE,
    ACTION_SIGNAL,
    ACTION_RENICE,
    ACTION_AFFINITY,
    ACTION_IO_PRIORITY,
    ACTION_FOLLOW, /* the cursor stays on its process, or no longer */
    ACTION_COLUMNS, /* other ones */
    ACTION_OF_RUN, /* only processes of the same run, or all again */
    /* alerts */
    ACTION_ACKNOWLEDGE,
    ACTION_SILENCE,
    ACTION_TEST, /* a notice to a webhook */
    ACTION_REPLAY, /* of what was not delivered */
    /* settings */
    ACTION_EDIT,
    ACTION_DEFAULT, /* takes it out of the file */
    ACTION_SWITCH, /* a threshold off, or on again */
    ACTION_ADD,
    ACTION_EDITOR,
    /* tables */
    ACTION_MARK,
    ACTION_UNMARK,
    ACTION_SORT,
    ACTION_REVERSE,
    ACTION_FILTER,
    ACTION_SEARCH,
    ACTION_NEXT_MATCH,
    ACTION_PREVIOUS_MATCH,
    /* moving */
    ACTION_UP,
    ACTION_DOWN,
    ACTION_PAGE_UP,
    ACTION_PAGE_DOWN,
    ACTION_FIRST,
    ACTION_LAST,
    ACTION_NEXT_PANEL,
    ACTION_PREVIOUS_PANEL,
    ACTION_LAYOUT, /* the next one of the overview */
    ACTION_HIDE, /* the focused panel */
    ACTION_UNHIDE, /* the first that is hidden */
    ACTION_PANEL_UP,
    ACTION_PANEL_DOWN,
    ACTION_PANEL_BESIDE,
    ACTION_SAVE_LAYOUT,
    ACTION_SHORTER, /* the time that graphs show */
    ACTION_LONGER,
    ACTION_ZOOM, /* the focused panel, over the whole screen */
    ACTION_COMMAND,
    ACTION_FREEZE, /* the picture stands still */
    ACTION_EARLIER, /* the whole screen, as recorded */
    ACTION_FORTH,
    ACTION_MUCH_EARLIER,
    ACTION_MUCH_FORTH,
    ACTION_AT,
    ACTION_NOW,
    ACTION_UNDO, /* what was changed last */
    ACTION_COPY, /* the selected value */
    ACTION_EXPORT, /* the panel with the focus, to a file */
    ACTION_THEME,
    ACTION_REDRAW,
    ACTION_QUIT,
    ACTION_COUNT
};

struct action_row {
    const char *name; /* as it is typed */
    const char *argument; /* what may follow it; NULL: nothing */
    const char *note; /* what it does, for help */
    /* text: what was typed behind the name; NULL by a key. by: of the row. */
    void (*act)(struct screen *screen, int by, const char *text);
    int by;
    bool changes; /* something that goes on: refused while an earlier time is shown */
};

const struct action_row *action_info(enum action action);

/* By its name, or a beginning of it that is no other's; ACTION_NONE. */
enum action action_find(const char *name);

#endif
