/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tab in a field that names a file: the folder is read beside the keys, and what comes
 * is dropped where the field has changed meanwhile. Tab is never stuck: while a folder
 * is read, and where nothing can be completed, it goes to the next field as ever.
 */
#ifndef OPTOP_UI_PATH_FIELD_H
#define OPTOP_UI_PATH_FIELD_H

#include "ui/dialog.h"
#include "ui/form.h"

struct path_search;

struct path_field {
    struct dialog *dialog; /* borrowed */
    struct path_search *search; /* under way; NULL: none */
    char *stuck; /* owned; what could not be completed further; NULL */
    /* The text of the form's current field has been completed; or it was complete, and
     * Tab is to go on. */
    void (*completed)(struct dialog *dialog, struct form *form, bool changed);
};

void path_field_release(struct path_field *paths);

/* Completes what stands before the cursor of the form's current field: all of it, or (word)
 * its last word where that looks like a path. False: there is nothing to complete, the key
 * is the form's. directory: see struct path_completion. */
bool path_field_tab(struct path_field *paths, struct form *form, bool word, const char *directory);

#endif
