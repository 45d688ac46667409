/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shapes that panels and dialogs share, drawn on a canvas: frames, bars,
 * graphs, scroll bars. Everything clips; sizes of 0 draw nothing.
 */
#ifndef OPTOP_UI_DRAW_H
#define OPTOP_UI_DRAW_H

#include "ui/canvas.h"

/* A frame with the title in its top edge. Less than two rows or columns: a
 * rule with the title. */
void draw_box(struct canvas *canvas, struct rect rect, const char *title, enum style style);

/* A text at the right of a frame's or rule's top edge: of its parts (" · " between them)
 * as many as fit beside the title, the first ones first. */
void draw_box_note(struct canvas *canvas, struct rect rect, const char *title,
    const char *note, enum style style);

/* One line across: "- title -----". */
void draw_rule(struct canvas *canvas, int x, int y, int width, const char *title,
    enum style style);

/* What is inside a frame, with one blank column on both sides. */
struct rect draw_inside(struct rect rect);

/* Puts a rectangle of this size in the middle, cut to what there is. */
struct rect draw_center(struct rect outer, int width, int height);

/* Kinds of bar segments differ in their glyph as well as in their style. */
enum draw_glyph {
    DRAW_BAR_FULL = 0x2501,
    DRAW_BAR_DOUBLE = 0x2550,
    DRAW_BAR_DASHED = 0x254D,
    DRAW_BAR_DOTTED = 0x2505,
    DRAW_BAR_LIGHT = 0x2504,
    DRAW_BAR_CROSSES = 0x00D7,
    DRAW_BAR_EMPTY = 0x2500,
};

struct draw_segment {
    double part; /* of the whole bar, 0 to 1; NaN counts 0 */
    enum draw_glyph glyph;
    enum style style;
};

/* A bar of one line. Segments follow each other; the rest is empty. */
void draw_bar(struct canvas *canvas, int x, int y, int width,
    const struct draw_segment *segment, int count);

/* The bar of one fraction, 0 to 1; NaN: dots, for not known. */
void draw_progress(struct canvas *canvas, int x, int y, int width, double fraction,
    enum style style);

/* A glyph of eight heights for one fraction (ASCII: a digit 0 to 9). */
void draw_level(struct canvas *canvas, int x, int y, double fraction, enum style style);

/* Value of a dot column, 0 being the leftmost of 2 * width; NaN: nothing. */
typedef float draw_value_fn(const void *context, int column);

/* A filled graph, two columns and four rows of dots in a cell. */
void draw_graph(struct canvas *canvas, struct rect rect, enum style style,
    draw_value_fn *value, const void *context, float max);

/* One dot of the grid of 2 * width by 4 * height; dots add up within a cell. */
void draw_dot(struct canvas *canvas, struct rect rect, int x, int y, enum style style);

/* A column that shows which part of `total` is seen; nothing when all is. */
void draw_scrollbar(struct canvas *canvas, int x, int y, int height, int first, int visible,
    int total);

#endif
