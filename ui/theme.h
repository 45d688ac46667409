/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How styles look. A theme is an INI file: for each style a colour, where that
 * is none of the 16 one of those too, and attributes; what a terminal with fewer
 * colours shows is the nearest. Those that come with optop are texts of such files
 * (theme_builtin.c, printed to conf/themes/); a user's stand in themes/ beside
 * optop.ini and go before them. Without colour a style is made of attributes
 * alone, the same in every theme: meaning is never carried by colour.
 */
#ifndef OPTOP_UI_THEME_H
#define OPTOP_UI_THEME_H

#include "base/err.h"
#include "ui/canvas.h"

enum { THEME_NAME_MAX = 32 /* CONFIG_THEME_MAX */, THEMES_MAX = 64 };

enum theme_attribute {
    THEME_BOLD = 1,
    THEME_FAINT = 2,
    THEME_UNDERLINE = 4,
    THEME_REVERSE = 8,
};

enum {
    THEME_OWN = -1, /* the terminal's own colour */
    THEME_NEAREST = -2, /* of 16: what is nearest to the other one */
    THEME_RGB = 0x1000000, /* added to 0xRRGGBB; below, a number of the 256 colours of xterm */
    THEME_TRUE = 0x1000000, /* how many colours a terminal has that takes them by their parts */
};

struct theme_colour {
    int colour; /* THEME_OWN, a number, or THEME_RGB + 0xRRGGBB */
    int of_16; /* THEME_OWN, THEME_NEAREST, 0 to 15 */
};

struct theme {
    char name[THEME_NAME_MAX];
    struct theme_colour background;
    struct theme_colour colour[STYLE_COUNT];
    unsigned attributes[STYLE_COUNT];
};

struct theme_look {
    int foreground, background; /* THEME_OWN, a colour's number; with THEME_TRUE colours THEME_RGB + parts too */
    unsigned attributes;
};

/* colours: what the terminal has; below 8 the look is made of attributes. */
struct theme_look theme_look(const struct theme *theme, enum style style, int colours);

/* A colour as 0xRRGGBB; and the nearest of the 256. */
uint32_t theme_rgb(int colour);
int theme_nearest(uint32_t rgb);

/* Reads a theme; `file` names it in faults. 0, or a negative code and file:line: key: why. */
int theme_parse(const char *text, size_t len, const char *file, const char *name, struct theme *ret_theme,
    struct diag *diag);

/* By its name: folder/NAME.ini (folder may be NULL), else the one that comes with optop. */
int theme_load(const char *folder, const char *name, struct theme *ret_theme, struct diag *diag);

/* The default; always there. */
void theme_default(struct theme *ret_theme);

/* The names of all themes: optop's own, then the user's. Returns how many. */
int theme_names(const char *folder, char names[THEMES_MAX][THEME_NAME_MAX]);

/* Those that come with optop, by number; NULL behind the last. */
struct theme_text {
    const char *name, *text;
};

const struct theme_text *theme_builtin(int index);

/* What a style is called in a theme: "warning"; NULL behind the last. */
const char *theme_style_name(int style);

#endif
