/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file in the person's own editor.
 */
#ifndef OPTOP_UI_EDITOR_H
#define OPTOP_UI_EDITOR_H

#include "base/err.h"

/* Runs $VISUAL, else $EDITOR, else vi, split into words with no shell, on a file and waits
 * for its end; the terminal must have been left. 0, or a negative code and why. */
int editor_run(const char *path, struct diag *diag);

#endif
