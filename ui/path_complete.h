/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the beginning of a path may go on as. Reads one folder, so it may wait for a
 * disk or a network: on a thread where keys must not. Any thread; touches nothing else.
 */
#ifndef OPTOP_UI_PATH_COMPLETE_H
#define OPTOP_UI_PATH_COMPLETE_H

#include <stdbool.h>

enum {
    PATH_NAMES_MAX = 64, /* that are kept, to be shown */
    PATH_ENTRIES_MAX = 50000, /* looked at in one folder */
    PATH_SECONDS_MAX = 5, /* spent on one */
};

struct path_completion {
    char *directory; /* owned; what a relative path begins at; NULL: where the program stands */
    char *text; /* owned; the beginning; "~/" is the user's own directory */
    /* the answer */
    char *completed; /* owned; as far as all that fit agree, "~/" replaced; NULL: none fits */
    int count; /* how many fit */
    int name_count;
    char *name[PATH_NAMES_MAX]; /* owned; sorted; directories with a "/" at their end */
    bool cut; /* the folder was not read to its end: there may be more */
    int code; /* why it could not be read at all: negative */
};

/* Hidden names fit only what begins with a dot; names that cannot be typed, because
 * they are not UTF-8 or have control characters in them, never do. */
void path_complete(struct path_completion *completion);
void path_completion_release(struct path_completion *completion);

#endif
