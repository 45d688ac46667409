/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run file asks for, or a past run asked for and got, in a few lines beside
 * the list of both.
 */
#ifndef OPTOP_UI_RUN_PREVIEW_H
#define OPTOP_UI_RUN_PREVIEW_H

#include "base/err.h"
#include "config/ini.h"
#include "ui/canvas.h"
#include "ui/view.h"

struct run_preview { /* all borrowed */
    const char *path, *directory; /* NULL: not known; directory: of a run */
    const char *unreadable; /* why the file cannot be read; NULL */
    const struct view_run *run; /* NULL: a file */
    const struct ini *ini; /* NULL: cannot be read, or has not come yet */
    const struct diag *fault; /* NULL: none is known */
    const char *points; /* what is said about their number */
    const char *expected; /* and about the time they take; NULL: nothing */
};

void run_preview_draw(struct canvas *canvas, struct rect rect, const struct run_preview *preview);

#endif
