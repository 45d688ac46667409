/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How a style looks, for each depth of colour. The background stays the
 * terminal's own: every colour is chosen to be legible on dark and light.
 */
#ifndef OPTOP_UI_THEME_H
#define OPTOP_UI_THEME_H

#include "ui/canvas.h"

/* As [screen] theme of optop.ini counts them. */
enum theme { THEME_DEFAULT, THEME_MONO };

enum theme_attribute {
    THEME_BOLD = 1,
    THEME_FAINT = 2,
    THEME_UNDERLINE = 4,
    THEME_REVERSE = 8,
};

enum { THEME_OWN = -1 }; /* the terminal's own colour */

struct theme_look {
    short foreground; /* a colour's number in the terminal's palette, or THEME_OWN */
    unsigned attributes;
};

/* colours: what the terminal has; below 8 the look is made of attributes. */
struct theme_look theme_look(enum theme theme, enum style style, int colours);

/* A palette colour as 0xRRGGBB (the 256 colours of xterm). */
uint32_t theme_rgb(int colour);

#endif
