/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/action.h"

#include <limits.h>
#include <string.h>

#include "ui/screen_act.h"

static const struct action_row rows[ACTION_COUNT] = {
    [ACTION_OVERVIEW] = { "overview", NULL, "everything at one glance", act_view, SCENE_OVERVIEW, false },
    [ACTION_RUNS] = { "runs", NULL, "all runs, present and past", act_view, SCENE_RUNS, false },
    [ACTION_RUN] = { "run", "<number>", "one run: that under the cursor", act_open, 0, false },
    [ACTION_PROCESSES] = { "processes", NULL, "all processes of the machine", act_view, SCENE_PROCESSES, false },
    [ACTION_FIGURES] = { "figures", NULL, "figures of all programs, pools, tasks and files", act_view, SCENE_FIGURES, false },
    [ACTION_ALERTS] = { "alerts", NULL, "what is not normal, and what has been told", act_view, SCENE_ALERTS, false },
    [ACTION_SETTINGS] = { "settings", NULL, "thresholds and all other options: look, edit, add", act_view, SCENE_SETTINGS, false },
    [ACTION_HELP] = { "help", NULL, "keys of this view, signs, and all other keys", act_help, 0, false },
    [ACTION_OPEN] = { "open", NULL, "look at the run under the cursor", act_open, 0, false },
    [ACTION_BACK] = { "back", NULL, "leave the part of the graphs, the zoomed panel, the earlier time; else this view", act_back, 0, false },
    [ACTION_LAUNCH] = { "new", NULL, "launch a run", act_launch, 0, true },
    [ACTION_CLONE] = { "clone", NULL, "edit a copy of the run, and launch that", act_clone, 0, true },

    [ACTION_CANCEL] = { "cancel", NULL, "cancel the run, or the marked ones (asks first)", act_cancel, 0, true },
    [ACTION_PAUSE] = { "pause", NULL, "pause the run, or the marked ones", act_pause, 0, true },
    [ACTION_RESUME] = { "resume", NULL, "resume the run, or the marked ones", act_resume, 0, true },
    [ACTION_RETRY] = { "retry", NULL, "do failed trials again", act_retry, 0, true },
    [ACTION_MORE_WORKERS] = { "more-workers", NULL, "one worker more for the run", act_workers, 1, true },
    [ACTION_FEWER_WORKERS] = { "fewer-workers", NULL, "one worker fewer; what it is in, it finishes", act_workers, -1, true },
    [ACTION_SOONER] = { "sooner", NULL, "a higher priority: earlier in the queue", act_priority, 1, true },
    [ACTION_LATER] = { "later", NULL, "a lower priority", act_priority, -1, true },

    [ACTION_PARAMETER] = { "parameter", NULL, "the next parameter against the score", act_parameter, 1, false },
    [ACTION_SECOND_PARAMETER] = { "second-parameter", NULL, "the next parameter for the map's other edge", act_second_parameter, 1, false },
    [ACTION_METRIC] = { "metric", "<name>", "the best trials by the next metric, or by one with a name", act_metric, 0, false },
    [ACTION_WORST] = { "worst", NULL, "the worst trials (of a metric: the largest) first, or the best again", act_worst, 0, false },

    [ACTION_DETAILS] = { "details", NULL, "all about the process: files, limits, environment", act_details, 0, false },
    [ACTION_TREE] = { "tree", NULL, "below the processes that have started them, or as a list", act_tree, 0, false },
    [ACTION_SIGNAL] = { "signal", "<name>", "a signal to the process, or the marked ones (asks first)", act_process, ACTION_SIGNAL, true },
    [ACTION_RENICE] = { "renice", "<-20..19>", "another nice value (asks first)", act_process, ACTION_RENICE, true },
    [ACTION_AFFINITY] = { "affinity", "<0-3,6>", "the processors that it may run on (asks first)", act_process, ACTION_AFFINITY, true },
    [ACTION_IO_PRIORITY] = { "io-priority", "<idle, best-effort/7>", "another I/O priority (asks first)", act_process, ACTION_IO_PRIORITY, true },
    [ACTION_FOLLOW] = { "follow", NULL, "the cursor goes with its process, or stays at the top again", act_follow, 0, false },
    [ACTION_COLUMNS] = { "columns", "<pss,swap,oom>", "other columns: memory and faults, switches, the usual ones; or those named", act_columns, 0, false },
    [ACTION_OF_RUN] = { "of-run", NULL, "only processes of the run under the cursor, or all again", act_of_run, 0, false },

    [ACTION_ACKNOWLEDGE] = { "acknowledge", NULL, "the alert, or the marked ones, is not repeated until it gets worse", act_acknowledge, 0, true },
    [ACTION_SILENCE] = { "silence", "<1h why>", "nothing is told of the alert, or the marked ones, for so long", act_silence, 0, true },
    [ACTION_TEST] = { "test", "<webhook>", "send a test notice to the webhook under the cursor", act_test, 0, true },
    [ACTION_REPLAY] = { "replay", NULL, "try again what could not be delivered", act_replay, 0, true },

    [ACTION_EDIT] = { "edit", NULL, "edit the value under the cursor", act_edit, 0, true },
    [ACTION_DEFAULT] = { "default", NULL, "take the value out of the file: its default holds", act_default, 0, true },
    [ACTION_SWITCH] = { "switch", NULL, "switch the threshold off, or on again", act_switch, 0, true },
    [ACTION_ADD] = { "add", "<threshold disk.busy>", "add a threshold, `webhook NAME`, `silence NAME` or `layout NAME`", act_add, 0, true },
    [ACTION_EDITOR] = { "editor", NULL, "open the file in $EDITOR, and read it again", act_editor, 0, true },

    [ACTION_MARK] = { "mark", NULL, "mark the row, or no longer, and go on to the next", act_mark, 0, false },
    [ACTION_UNMARK] = { "unmark", NULL, "unmark all rows", act_unmark, 0, false },
    [ACTION_SORT] = { "sort", "<column>", "sort by the next column", act_sort, 0, false },
    [ACTION_REVERSE] = { "reverse", NULL, "turn the order round", act_reverse, 0, false },
    [ACTION_FILTER] = { "filter", "<text>", "show only rows with a text in them; of a run's log lines with a text, or of a trial", act_filter, 0, false },
    [ACTION_SEARCH] = { "search", "<text>", "go to the next row with a text in it; of a run: to a line of its log", act_search, 0, false },
    [ACTION_NEXT_MATCH] = { "next-match", NULL, "the next row that was searched for", act_match, 1, false },
    [ACTION_PREVIOUS_MATCH] = { "previous-match", NULL, "the one before", act_match, -1, false },

    [ACTION_UP] = { "up", NULL, "one row up", act_move, -1, false },
    [ACTION_DOWN] = { "down", NULL, "one row down", act_move, 1, false },
    [ACTION_PAGE_UP] = { "page-up", NULL, "a page up", act_page, -1, false },
    [ACTION_PAGE_DOWN] = { "page-down", NULL, "a page down", act_page, 1, false },
    [ACTION_FIRST] = { "first", NULL, "the first row", act_move, -INT_MAX / 2, false },
    [ACTION_LAST] = { "last", NULL, "the last row; of an earlier time, where no list has the focus, back to now", act_last, 0, false },
    [ACTION_NEXT_PANEL] = { "next-panel", NULL, "focus the next panel", act_focus, 1, false },
    [ACTION_PREVIOUS_PANEL] = { "previous-panel", NULL, "focus the panel before", act_focus, -1, false },
    [ACTION_LAYOUT] = { "layout", "<name>", "the next layout of the overview, or one by its name", act_layout, 0, false },
    [ACTION_HIDE] = { "hide", "<panel>", "the focused panel leaves the overview", act_hide, 0, false },
    [ACTION_UNHIDE] = { "show", "<panel>", "a panel that is hidden comes back", act_unhide, 0, false },
    [ACTION_PANEL_UP] = { "panel-up", NULL, "the focused panel one place to the front: left, or up", act_panel, -1, false },
    [ACTION_PANEL_DOWN] = { "panel-down", NULL, "the focused panel one place back: right, or down", act_panel, 1, false },
    [ACTION_PANEL_BESIDE] = { "beside", NULL, "the focused panel beside those above it, or into a row of its own", act_beside, 0, false },
    [ACTION_SAVE_LAYOUT] = { "save-layout", "<name>", "write the layout into optop.ini; the console begins with it then", act_save_layout, 0, true },
    [ACTION_SHORTER] = { "shorter", NULL, "graphs show the newer half of their time, and stay there", act_part, -1, false },
    [ACTION_LONGER] = { "longer", NULL, "twice as much of it; behind all there is, what goes on", act_part, 1, false },
    [ACTION_ZOOM] = { "zoom", NULL, "the focused panel over the whole screen, and back", act_zoom, 0, false },
    [ACTION_COMMAND] = { "command", NULL, "type what to do; Tab completes", act_command, 0, false },
    [ACTION_FREEZE] = { "hold", NULL, "hold the picture still, and go on", act_hold, 0, false },
    [ACTION_EARLIER] = { "earlier", NULL, "the whole screen as it was one record earlier; held, in ever longer steps", act_past, -1, false },
    [ACTION_FORTH] = { "forth", NULL, "one record later; behind the newest is now", act_past, 1, false },
    [ACTION_MUCH_EARLIER] = { "much-earlier", NULL, "ten minutes earlier", act_past, -600, false },
    [ACTION_MUCH_FORTH] = { "much-forth", NULL, "ten minutes later", act_past, 600, false },
    [ACTION_AT] = { "at", "<-2h, 03:15>", "as it was at a time", act_at, 0, false },
    [ACTION_NOW] = { "now", NULL, "back to what goes on", act_now, 0, false },
    [ACTION_UNDO] = { "undo", NULL, "undo what was changed last: a pause, workers, a priority, a silence, a setting, a cancellation", act_undo, 0, true },
    [ACTION_COPY] = { "copy", "<column>", "copy the selected value to the clipboard", act_copy, 0, false },
    [ACTION_EXPORT] = { "export", "<file.csv>", "the focused panel to a new file: .csv, .json or .txt", act_export, 0, false },
    [ACTION_THEME] = { "theme", "<name>", "the next theme of colours, or one by its name", act_theme, 0, false },
    [ACTION_REDRAW] = { "redraw", NULL, "draw everything anew", act_redraw, 0, false },
    [ACTION_QUIT] = { "quit", NULL, "leave; the server and its runs go on", act_quit, 0, false },
};

const struct action_row *
action_info(enum action action)
{
    return &rows[action];
}

enum action
action_find(const char *name)
{
    size_t len = strlen(name);
    int found = ACTION_NONE;
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT && len; i++) {
        if (strncmp(rows[i].name, name, len) != 0)
            continue;
        if (!rows[i].name[len])
            return (enum action)i;
        found = found == ACTION_NONE ? i : ACTION_COUNT;
    }
    return found == ACTION_COUNT ? ACTION_NONE : (enum action)found;
}
