/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/keymap.h"

#include <stdbool.h>
#include <string.h>

#include "ui/key.h"

/* To add a key: one row. Contexts stand together; within one, the order is
 * that of the last line. */
static const struct key_row rows[] = {
    { "overview", "Enter", KEY_CODE_ENTER, ACTION_OPEN, "open", NULL },
    { "overview", "L", 'L', ACTION_LAYOUT, NULL, NULL },
    { "overview", "x", 'x', ACTION_HIDE, NULL, NULL },
    { "overview", "X", 'X', ACTION_UNHIDE, NULL, NULL },
    { "overview", ",", ',', ACTION_PANEL_UP, NULL, NULL },
    { "overview", ".", '.', ACTION_PANEL_DOWN, NULL, NULL },
    { "overview", "|", '|', ACTION_PANEL_BESIDE, NULL, NULL },
    { "overview", "(", '(', ACTION_SHORTER, NULL, NULL },
    { "overview", ")", ')', ACTION_LONGER, NULL, NULL },
    { "overview", "W", 'W', ACTION_SAVE_LAYOUT, NULL, NULL },

    { "all runs", "Enter", KEY_CODE_ENTER, ACTION_OPEN, "open", NULL },

    { "processes", "Enter", KEY_CODE_ENTER, ACTION_DETAILS, "details", NULL },
    { "processes", "t", 't', ACTION_TREE, "tree", NULL },
    { "processes", "K", 'K', ACTION_SIGNAL, "signal", NULL },
    { "processes", "i", 'i', ACTION_RENICE, "nice", NULL },
    { "processes", "a", 'a', ACTION_AFFINITY, NULL, NULL },
    { "processes", "I", 'I', ACTION_IO_PRIORITY, NULL, NULL },
    { "processes", "F", 'F', ACTION_FOLLOW, "follow", NULL },
    { "processes", "C", 'C', ACTION_COLUMNS, "columns", NULL },
    { "processes", ".", '.', ACTION_OF_RUN, "its run", NULL },
    { "processes", "o", 'o', ACTION_OPEN, NULL, NULL },

    { "alerts", "a", 'a', ACTION_ACKNOWLEDGE, "acknowledge", NULL },
    { "alerts", "m", 'm', ACTION_SILENCE, "silence", NULL },
    { "alerts", "T", 'T', ACTION_TEST, "test", NULL },
    { "alerts", "r", 'r', ACTION_REPLAY, "replay", NULL },

    { "settings", "Enter", KEY_CODE_ENTER, ACTION_EDIT, "edit", NULL },
    { "settings", "a", 'a', ACTION_ADD, "add", NULL },
    { "settings", "d", 'd', ACTION_DEFAULT, "default", NULL },
    { "settings", "o", 'o', ACTION_SWITCH, "off/on", NULL },
    { "settings", "e", 'e', ACTION_EDITOR, "$EDITOR", NULL },

    { "help", "Esc", KEY_CODE_ESCAPE, ACTION_BACK, "back", NULL },
    { "help", "?", '?', ACTION_BACK, NULL, NULL },
    { "help", "q", 'q', ACTION_BACK, NULL, NULL },

    { "run", "Esc", KEY_CODE_ESCAPE, ACTION_BACK, "back", NULL },
    { "run", "m", 'm', ACTION_METRIC, "metric", NULL },
    { "run", "M", 'M', ACTION_WORST, NULL, NULL },
    { "run", "v", 'v', ACTION_PARAMETER, NULL, NULL },
    { "run", "V", 'V', ACTION_SECOND_PARAMETER, NULL, NULL },
    { "run", "f", 'f', ACTION_FILTER, NULL, NULL },
    { "run", "/", '/', ACTION_SEARCH, "search log", NULL },
    { "run", "Ctrl-N", 'N' - '@', ACTION_NEXT_MATCH, NULL, NULL },
    { "run", "Ctrl-P", 'P' - '@', ACTION_PREVIOUS_MATCH, NULL, NULL },

    { "table", "Space", ' ', ACTION_MARK, "mark", NULL },
    { "table", "U", 'U', ACTION_UNMARK, NULL, NULL },
    { "table", "s", 's', ACTION_SORT, "sort", NULL },
    { "table", "S", 'S', ACTION_REVERSE, NULL, NULL },
    { "table", "f", 'f', ACTION_FILTER, "filter", NULL },
    { "table", "/", '/', ACTION_SEARCH, "search", NULL },
    { "table", "Ctrl-N", 'N' - '@', ACTION_NEXT_MATCH, NULL, NULL },
    { "table", "Ctrl-P", 'P' - '@', ACTION_PREVIOUS_MATCH, NULL, NULL },

    { "runs", "n", 'n', ACTION_LAUNCH, "new run", NULL },
    { "runs", "e", 'e', ACTION_CLONE, NULL, NULL },
    { "runs", "c", 'c', ACTION_CANCEL, "cancel", NULL },
    { "runs", "p", 'p', ACTION_PAUSE, "pause", NULL },
    { "runs", "r", 'r', ACTION_RESUME, "resume", NULL },
    { "runs", "R", 'R', ACTION_RETRY, "retry failed", NULL },
    { "runs", "+", '+', ACTION_MORE_WORKERS, "workers", NULL },
    { "runs", "=", '=', ACTION_MORE_WORKERS, NULL, NULL },
    { "runs", "-", '-', ACTION_FEWER_WORKERS, NULL, NULL },
    { "runs", "]", ']', ACTION_SOONER, NULL, NULL },
    { "runs", "[", '[', ACTION_LATER, NULL, NULL },

    { "panels", "z", 'z', ACTION_ZOOM, "zoom", NULL },
    { "panels", "Space", ' ', ACTION_FREEZE, "hold", NULL },
    { "panels", "H", 'H', ACTION_FREEZE, NULL, NULL },
    { "panels", "<", '<', ACTION_EARLIER, NULL, NULL },
    { "panels", ">", '>', ACTION_FORTH, "later", NULL },
    { "panels", "{", '{', ACTION_MUCH_EARLIER, NULL, NULL },
    { "panels", "}", '}', ACTION_MUCH_FORTH, NULL, NULL },
    { "panels", "Tab", KEY_CODE_TAB, ACTION_NEXT_PANEL, NULL, NULL },
    { "panels", "Backtab", KEY_CODE_BACKTAB, ACTION_PREVIOUS_PANEL, NULL, NULL },

    { "any", "1", '1', ACTION_OVERVIEW, NULL, NULL },
    { "any", "2", '2', ACTION_RUNS, NULL, NULL },
    { "any", "3", '3', ACTION_RUN, NULL, NULL },
    { "any", "4", '4', ACTION_PROCESSES, NULL, NULL },
    { "any", "5", '5', ACTION_FIGURES, NULL, NULL },
    { "any", "6", '6', ACTION_ALERTS, NULL, NULL },
    { "any", "7", '7', ACTION_SETTINGS, NULL, NULL },
    { "any", "8", '8', ACTION_HELP, NULL, NULL },
    { "any", "Up", KEY_CODE_UP, ACTION_UP, NULL, NULL },
    { "any", "k", 'k', ACTION_UP, NULL, NULL },
    { "any", "Down", KEY_CODE_DOWN, ACTION_DOWN, NULL, NULL },
    { "any", "j", 'j', ACTION_DOWN, NULL, NULL },
    { "any", "PgUp", KEY_CODE_PAGE_UP, ACTION_PAGE_UP, NULL, NULL },
    { "any", "PgDn", KEY_CODE_PAGE_DOWN, ACTION_PAGE_DOWN, NULL, NULL },
    { "any", "Home", KEY_CODE_HOME, ACTION_FIRST, NULL, NULL },
    { "any", "g", 'g', ACTION_FIRST, NULL, NULL },
    { "any", "End", KEY_CODE_END, ACTION_LAST, NULL, NULL },
    { "any", "G", 'G', ACTION_LAST, NULL, NULL },
    { "any", "Esc", KEY_CODE_ESCAPE, ACTION_BACK, NULL, NULL },
    { "any", "u", 'u', ACTION_UNDO, NULL, NULL },
    { "any", "y", 'y', ACTION_COPY, NULL, NULL },
    { "any", "E", 'E', ACTION_EXPORT, NULL, NULL },
    { "any", "t", 't', ACTION_THEME, NULL, NULL },
    { "any", "Ctrl-L", 'L' - '@', ACTION_REDRAW, NULL, NULL },
    { "any", ":", ':', ACTION_COMMAND, "command", NULL },
    { "any", "?", '?', ACTION_HELP, "help", NULL },
    { "any", "h", 'h', ACTION_HELP, NULL, NULL },
    { "any", "F1", KEY_CODE_F1, ACTION_HELP, NULL, NULL },
    { "any", "q", 'q', ACTION_QUIT, "quit", NULL },

    { "launch", "Enter", 0, ACTION_NONE, "open", "open the form of the chosen run file or run" },
    { "launch", "Tab", 0, ACTION_NONE, "runs", "from the files to the recent runs, and back" },
    { "launch", "/", 0, ACTION_NONE, "filter", "show only files and runs with this in name, path, number or state" },
    { "launch", "Esc", 0, ACTION_NONE, "close", "clear the filter, or close" },
    { "launch", "q", 0, ACTION_NONE, NULL, NULL },
    { "launch", "j k", 0, ACTION_NONE, "choose", "choose another one (arrows, pages, Home and End too)" },
    { "launch", "?", 0, ACTION_NONE, "help", "help" },
    { "launch", "F1", 0, ACTION_NONE, NULL, NULL },

    { "launch form", "Ctrl-G", 0, ACTION_NONE, "launch", "launch the run as it stands here" },
    { "launch form", "Ctrl-O", 0, ACTION_NONE, "save as", "write it into a run file" },
    { "launch form", "Esc", 0, ACTION_NONE, "back", "back to the list of files" },
    { "launch form", "F1", 0, ACTION_NONE, "help", "help" },
    { "launch form", "Tab", 0, ACTION_NONE, "next field", "completes a path, or goes to the next field" },

    { "save as", "Enter", 0, ACTION_NONE, "save", "write the file; one that is there is replaced after a second Enter" },
    { "save as", "Tab", 0, ACTION_NONE, "complete", "complete the path" },
    { "save as", "Esc", 0, ACTION_NONE, "back", "back to the form" },
    { "save as", "F1", 0, ACTION_NONE, "help", "help" },

    { "value", "Enter", 0, ACTION_NONE, "save", "write optop.ini; in effect at once" },
    { "value", "Esc", 0, ACTION_NONE, "leave", "leave it as it was" },
    { "value", "Left Right", 0, ACTION_NONE, "choose", "along the text; through the choices" },
    { "value", "Ctrl-U", 0, ACTION_NONE, "empty", "delete all before the cursor; an empty value is the default" },

    { "metrics", "Enter", 0, ACTION_NONE, "choose", "set a threshold on this metric" },
    { "metrics", "Up Down", 0, ACTION_NONE, NULL, "choose another metric" },
    { "metrics", "any text", 0, ACTION_NONE, "filter", "show only metrics with this in name or help" },
    { "metrics", "Esc", 0, ACTION_NONE, "back", "back" },

    { "form", "Tab", 0, ACTION_NONE, "next field", "the next field" },
    { "form", "Down", 0, ACTION_NONE, NULL, NULL },
    { "form", "Backtab", 0, ACTION_NONE, NULL, "the field before" },
    { "form", "Up", 0, ACTION_NONE, NULL, NULL },
    { "form", "Enter", 0, ACTION_NONE, NULL, "the next field; presses a button" },
    { "form", "Left Right", 0, ACTION_NONE, NULL, "along the text; through the choices" },
    { "form", "Space", 0, ACTION_NONE, NULL, "the next choice" },
    { "form", "Ctrl-A", 0, ACTION_NONE, NULL, "start of the text" },
    { "form", "Home", 0, ACTION_NONE, NULL, NULL },
    { "form", "Ctrl-E", 0, ACTION_NONE, NULL, "end of the text" },
    { "form", "End", 0, ACTION_NONE, NULL, NULL },
    { "form", "Ctrl-U", 0, ACTION_NONE, NULL, "delete all before the cursor" },
    { "form", "Ctrl-K", 0, ACTION_NONE, NULL, "delete all behind the cursor" },
    { "form", "Ctrl-W", 0, ACTION_NONE, NULL, "delete the word before the cursor" },

    { "command", "Tab", 0, ACTION_NONE, "complete", "the next command that begins so" },
    { "command", "Backtab", 0, ACTION_NONE, NULL, "the one before" },
    { "command", "Enter", 0, ACTION_NONE, "do it", "do it; of a search or filter: keep it" },
    { "command", "Esc", 0, ACTION_NONE, "leave", "leave everything as it was" },

    { "process", "Esc", 0, ACTION_NONE, "close", "close" },
    { "process", "q", 0, ACTION_NONE, NULL, NULL },
    { "process", "Enter", 0, ACTION_NONE, NULL, NULL },
    { "process", "j k", 0, ACTION_NONE, "scroll", "scroll (arrows, pages, Home and End too)" },

    { "confirm", "y", 0, ACTION_NONE, "yes", "do it" },
    { "confirm", "n", 0, ACTION_NONE, "no", "leave it as it is" },
    { "confirm", "Enter", 0, ACTION_NONE, NULL, NULL },
    { "confirm", "Esc", 0, ACTION_NONE, NULL, NULL },

    { "message", "Esc", 0, ACTION_NONE, "close", "close" },
    { "message", "q", 0, ACTION_NONE, NULL, NULL },
    { "message", "Enter", 0, ACTION_NONE, NULL, NULL },
    { "message", "j k", 0, ACTION_NONE, "scroll", "scroll (arrows, pages, Home and End too)" },

    { "keys", "Esc", 0, ACTION_NONE, "close", "close" },
    { "keys", "q", 0, ACTION_NONE, NULL, NULL },
    { "keys", "?", 0, ACTION_NONE, NULL, NULL },
    { "keys", "j k", 0, ACTION_NONE, "scroll", "scroll (arrows, pages, Home and End too)" },
};

/* Whose keys count where; each context of above stands at the head of one row. */
static const char *const contexts[][6] = {
    { "overview", "runs", "panels", "any" },
    { "all runs", "runs", "table", "panels", "any" },
    { "run", "runs", "panels", "any" },
    { "processes", "table", "panels", "any" },
    { "figures", "table", "panels", "any" },
    { "alerts", "table", "panels", "any" },
    { "settings", "table", "panels", "any" },
    { "help", "table", "panels", "any" },
    { "launch form", "form" },
    { "save as" }, { "launch" }, { "value" }, { "metrics" }, { "confirm" }, { "message" }, { "command" },
    { "process" },
    { "keys" },
};

const struct key_row *
keymap_rows(int *ret_count)
{
    *ret_count = (int)(sizeof rows / sizeof *rows);
    return rows;
}

const char *
keymap_note(const struct key_row *row)
{
    if (row->action == ACTION_NONE)
        return row->note;
    bool again = row > rows && row[-1].action == row->action && !strcmp(row[-1].context, row->context);
    return again ? NULL : action_info(row->action)->note;
}

const char *const *
keymap_contexts(const char *context)
{
    static const char *const none[1];
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++)
        if (!strcmp(contexts[i][0], context))
            return contexts[i];
    return none;
}

enum action
keymap_find(const char *context, uint32_t code)
{
    for (const char *const *c = keymap_contexts(context); *c; c++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (code && rows[i].code == code && !strcmp(rows[i].context, *c))
                return rows[i].action;
    return ACTION_NONE;
}

const char *
keymap_key(const char *context, enum action action)
{
    for (const char *const *c = keymap_contexts(context); *c; c++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (rows[i].action == action && !strcmp(rows[i].context, *c))
                return rows[i].key;
    return "";
}
