/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run file asks for, in a few lines beside the list of files.
 */
#ifndef OPTOP_UI_RUN_PREVIEW_H
#define OPTOP_UI_RUN_PREVIEW_H

#include "base/err.h"
#include "config/ini.h"
#include "ui/canvas.h"
#include "ui/run_files.h"

/* ini is NULL when the file cannot be read, fault when none is known; points
 * is what is said about their number. */
void run_preview_draw(struct canvas *canvas, struct rect rect, const struct run_file *file,
    const struct ini *ini, const struct diag *fault, const char *points);

#endif
