/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A grid of cells that panels draw into. It knows no terminal: ui/term.c copies
 * it to curses, tests read it as text. All drawing clips at the given
 * rectangle; a size of 0 draws nothing. Text is cleaned on the way in.
 */
#ifndef OPTOP_UI_CANVAS_H
#define OPTOP_UI_CANVAS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { CANVAS_COLUMNS_MAX = 500, CANVAS_ROWS_MAX = 200, CANVAS_MARKS_MAX = 2 };

/* What a cell means; ui/theme.c says how that looks. Meaning is never carried
 * by the style alone. */
enum style {
    STYLE_TEXT,
    STYLE_DIM, /* labels, frames, what is not the point */
    STYLE_TITLE,
    STYLE_KEY, /* a key that can be pressed */
    STYLE_VALUE, /* a figure */
    STYLE_GOOD,
    STYLE_WARNING,
    STYLE_CRITICAL,
    STYLE_SELECTED, /* the row or field under the cursor */
    STYLE_HEADER, /* first and last line */
    STYLE_BAR_1, /* bar segments: user, used, ... */
    STYLE_BAR_2, /* system, buffers, ... */
    STYLE_BAR_3, /* nice, cached, ... */
    STYLE_BAR_4, /* iowait, slab, ... */
    STYLE_BAR_EMPTY,
    STYLE_GRAPH,
    STYLE_GRAPH_2,
    STYLE_HEAT_1, /* shades of a map, from the worst to ... */
    STYLE_HEAT_2,
    STYLE_HEAT_3,
    STYLE_HEAT_4,
    STYLE_HEAT_5, /* ... the best */
    STYLE_INPUT, /* a field's text */
    STYLE_ERROR, /* a message about bad input */
    STYLE_COUNT
};

/* Eight bytes: a picture is cleared, compared and copied at every tick, and
 * comes from cold memory each time. */
struct cell {
    uint32_t code : 24; /* 0: right half of a wide character */
    uint32_t style : 8;
    uint16_t mark[CANVAS_MARKS_MAX]; /* combining marks; 0: none */
};

struct canvas {
    int columns, rows;
    bool ascii; /* only ASCII may be drawn: glyphs fall back */
    int cursor_x, cursor_y; /* -1: hidden */
    struct cell *cell; /* owned; rows * columns */
    int capacity;
};

struct rect {
    int x, y, width, height;
};

void canvas_init(struct canvas *canvas);
void canvas_release(struct canvas *canvas);

/* Sets the size and blanks everything; allocates only when growing. */
void canvas_resize(struct canvas *canvas, int columns, int rows);
void canvas_clear(struct canvas *canvas);

struct cell *canvas_cell(struct canvas *canvas, int x, int y); /* NULL outside */

/* One glyph; in ASCII mode box, block and braille glyphs become the nearest
 * ASCII sign ('|', '-', '+', '#', '.', ':'), other non-ASCII '?'. */
void canvas_put(struct canvas *canvas, int x, int y, uint32_t code, enum style style);

/* Cleaned text from x, at most `width` cells; a cut is marked with the
 * ellipsis (ASCII "~"). Returns the cells used. */
int canvas_text(struct canvas *canvas, int x, int y, int width, enum style style,
    const char *text);
int canvas_textf(struct canvas *canvas, int x, int y, int width, enum style style,
    const char *format, ...) __attribute__((format(printf, 6, 7)));

/* Right-aligned in [x, x + width). A number that does not fit is shown as a
 * row of '#': never a wrong number. */
void canvas_number(struct canvas *canvas, int x, int y, int width, enum style style,
    const char *text);

void canvas_fill(struct canvas *canvas, struct rect rect, uint32_t code, enum style style);
void canvas_style(struct canvas *canvas, struct rect rect, enum style style); /* keeps text */

/* The picture as lines of text, right-trimmed, and as an SVG in the colours
 * of a theme (see theme.h). */
void canvas_to_text(const struct canvas *canvas, struct str *out);

#endif
