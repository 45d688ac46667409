/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Colours by their parts on a terminal that curses knows to have 256: curses is
 * told the nearest of those, or a free one beside it, and what it writes is
 * translated on its way out.
 */
#ifndef OPTOP_UI_TERM_PARTS_H
#define OPTOP_UI_TERM_PARTS_H

#include "base/str.h"
#include "ui/theme.h"

struct term_parts {
    uint32_t parts[256]; /* what a number stands for: THEME_RGB + parts; 0: itself; UINT32_MAX: taken */
    bool some; /* there are such */
    struct str text; /* owned; for term_parts_translate */
};

/* Forgets what was before; numbers that the theme itself uses are not given away. */
void term_parts_begin(struct term_parts *parts, const struct theme *theme);

/* The number that stands for a colour: itself below THEME_RGB. */
int term_parts_number(struct term_parts *parts, int colour);

/* "38;5;N" becomes "38;2;R;G;B" where N stands for parts. Allocates nothing once it has met
 * the longest picture. */
void term_parts_translate(struct term_parts *parts, struct str *bytes);

#endif
