/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a panel shows, for a file or for the clipboard: a table's rows cell by
 * cell, whole, whatever the screen has room for; any other panel as text.
 */
#ifndef OPTOP_UI_EXPORT_H
#define OPTOP_UI_EXPORT_H

#include "ui/scene.h"

/* The cell of a column in a line of a table as it is shown, without blanks around it. */
void export_cell(struct table *table, int line, int column, struct str *out);

enum export_format { EXPORT_TEXT, EXPORT_CSV, EXPORT_JSON };

/* By the end of a file's name: .csv, .json, .txt. False: it is none of them. */
bool export_format_of(const char *path, enum export_format *ret_format);

/* All rows of a table (filtered and sorted as they are seen), or a panel as text. ERR_BAD_TYPE: a
 * panel without rows is no CSV or JSON. */
int export_panel(struct scene *scene, enum panel_id id, enum export_format format, struct str *out,
    struct diag *diag);

/* Writes a new file; one that is there stays as it is. */
int export_write(const char *path, const struct str *text, struct diag *diag);

/* What makes a terminal copy a text (OSC 52); inside tmux and screen both for them and for
 * the terminal around them. */
void export_clipboard(const char *text, bool tmux, bool screen, struct str *out);

#endif
