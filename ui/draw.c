/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/draw.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"

enum {
    LINE = 0x2500,
    SIDE = 0x2502,
    CORNER_TOP_LEFT = 0x256D,
    CORNER_TOP_RIGHT = 0x256E,
    CORNER_BOTTOM_RIGHT = 0x256F,
    CORNER_BOTTOM_LEFT = 0x2570,
    HALF_BAR = 0x2578,
    MIDDLE_DOT = 0xB7,
    LOWER_EIGHTH = 0x2581,
    FULL_BLOCK = 0x2588,
    BRAILLE = 0x2800,
};

static void
horizontal(struct canvas *canvas, int x, int y, int width, enum style style)
{
    for (int i = 0; i < width; i++)
        canvas_put(canvas, x + i, y, LINE, style);
}

/* " title " within an edge that starts at x; the corners and one dash of line
 * on either side are left. */
static void
edge_title(struct canvas *canvas, int x, int y, int width, const char *title)
{
    int room = width - 6;
    if (!title || !*title || room < 1)
        return;
    canvas_put(canvas, x + 2, y, ' ', STYLE_TITLE);
    int used = canvas_text(canvas, x + 3, y, room, STYLE_TITLE, title);
    canvas_put(canvas, x + 3 + used, y, ' ', STYLE_TITLE);
}

void
draw_rule(struct canvas *canvas, int x, int y, int width, const char *title, enum style style)
{
    horizontal(canvas, x, y, width, style);
    edge_title(canvas, x, y, width, title);
}

void
draw_box(struct canvas *canvas, struct rect rect, const char *title, enum style style)
{
    if (rect.width < 1 || rect.height < 1)
        return;
    if (rect.width < 2 || rect.height < 2) {
        draw_rule(canvas, rect.x, rect.y, rect.width, title, style);
        return;
    }
    int right = rect.x + rect.width - 1, bottom = rect.y + rect.height - 1;
    draw_rule(canvas, rect.x, rect.y, rect.width, title, style);
    horizontal(canvas, rect.x, bottom, rect.width, style);
    for (int y = rect.y + 1; y < bottom; y++) {
        canvas_put(canvas, rect.x, y, SIDE, style);
        canvas_put(canvas, right, y, SIDE, style);
    }
    canvas_put(canvas, rect.x, rect.y, CORNER_TOP_LEFT, style);
    canvas_put(canvas, right, rect.y, CORNER_TOP_RIGHT, style);
    canvas_put(canvas, rect.x, bottom, CORNER_BOTTOM_LEFT, style);
    canvas_put(canvas, right, bottom, CORNER_BOTTOM_RIGHT, style);
}

void
draw_box_note(struct canvas *canvas, struct rect rect, const char *title, const char *note,
    enum style style)
{
    static const char between[] = " · ";
    char shown[256];
    int taken = title && *title ? text_width(title) + 6 : 3;
    str_copy(shown, sizeof shown, note);
    int cells = text_width(shown);
    for (char *last; taken + cells + 4 > rect.width && (last = strstr(shown, between)); cells = text_width(shown)) {
        for (char *next = last; (next = strstr(next + 1, between));)
            last = next;
        *last = '\0';
    }
    if (!cells || rect.height < 1 || taken + cells + 4 > rect.width)
        return;
    int x = rect.x + rect.width - cells - 4;
    canvas_put(canvas, x, rect.y, ' ', style);
    canvas_text(canvas, x + 1, rect.y, cells, style, shown);
    canvas_put(canvas, x + 1 + cells, rect.y, ' ', style);
}

struct rect
draw_inside(struct rect rect)
{
    struct rect inside = { rect.x + 2, rect.y + 1, rect.width - 4, rect.height - 2 };
    if (inside.width < 0)
        inside.width = 0;
    if (inside.height < 0)
        inside.height = 0;
    return inside;
}

struct rect
draw_center(struct rect outer, int width, int height)
{
    struct rect rect = { .width = width < outer.width ? width : outer.width,
        .height = height < outer.height ? height : outer.height };
    rect.x = outer.x + (outer.width - rect.width) / 2;
    rect.y = outer.y + (outer.height - rect.height) / 2;
    return rect;
}

static double
bounded(double fraction)
{
    return fraction > 0 ? fraction < 1 ? fraction : 1 : 0; /* NaN: 0 */
}

void
draw_bar(struct canvas *canvas, int x, int y, int width, const struct draw_segment *segment,
    int count)
{
    double sum = 0;
    int at = 0;
    const struct draw_segment *last = NULL;
    for (int i = 0; i < count; i++) {
        sum += bounded(segment[i].part);
        int end = (int)lround(bounded(sum) * width);
        if (end > at)
            last = &segment[i];
        for (; at < end; at++)
            canvas_put(canvas, x + at, y, segment[i].glyph, segment[i].style);
    }
    /* the end of a bar of one kind is exact to half a cell */
    double rest = bounded(sum) * width - at;
    bool half = rest >= 0.25 && at < width;
    bool less = rest <= -0.25 && at > 0;
    if (count > 0 && (last ? last : segment)->glyph == DRAW_BAR_FULL && (half || less)) {
        at -= less;
        canvas_put(canvas, x + at, y, HALF_BAR, (last ? last : segment)->style);
        at++;
    }
    for (; at < width; at++)
        canvas_put(canvas, x + at, y, DRAW_BAR_EMPTY, STYLE_BAR_EMPTY);
}

void
draw_progress(struct canvas *canvas, int x, int y, int width, double fraction, enum style style)
{
    if (isnan(fraction)) {
        for (int i = 0; i < width; i++)
            canvas_put(canvas, x + i, y, MIDDLE_DOT, STYLE_BAR_EMPTY);
        return;
    }
    struct draw_segment segment = { fraction, DRAW_BAR_FULL, style };
    draw_bar(canvas, x, y, width, &segment, 1);
}

void
draw_level(struct canvas *canvas, int x, int y, double fraction, enum style style)
{
    double part = bounded(fraction);
    if (canvas->ascii) {
        int tenth = (int)(part * 10);
        canvas_put(canvas, x, y, (uint32_t)('0' + (tenth > 9 ? 9 : tenth)), style);
        return;
    }
    int eighth = (int)(part * 8);
    canvas_put(canvas, x, y, (uint32_t)(LOWER_EIGHTH + (eighth > 7 ? 7 : eighth)), style);
}

/* Dots of a braille cell from the bottom up, left and right column. */
static const uint8_t left_dots[4] = { 0x40, 0x04, 0x02, 0x01 };
static const uint8_t right_dots[4] = { 0x80, 0x20, 0x10, 0x08 };

/* Filled dots of one column; a known value always shows its lowest dot. */
static int
column_dots(float value, float max, int dots)
{
    if (isnan(value) || !(max > 0))
        return 0;
    int filled = (int)lround(bounded((double)(value / max)) * dots);
    return filled < 1 ? 1 : filled;
}

void
draw_graph(struct canvas *canvas, struct rect rect, enum style style, draw_value_fn *value,
    const void *context, float max)
{
    int dots = rect.height * 4;
    for (int x = 0; x < rect.width; x++) {
        int left = column_dots(value(context, 2 * x), max, dots);
        int right = column_dots(value(context, 2 * x + 1), max, dots);
        int top = left > right ? left : right;
        for (int cell = 0; cell * 4 < top; cell++) {
            uint32_t code = BRAILLE;
            for (int dot = 0; dot < 4; dot++) {
                if (left > cell * 4 + dot)
                    code |= left_dots[dot];
                if (right > cell * 4 + dot)
                    code |= right_dots[dot];
            }
            canvas_put(canvas, rect.x + x, rect.y + rect.height - 1 - cell, code, style);
        }
    }
}

void
draw_dot(struct canvas *canvas, struct rect rect, int x, int y, enum style style)
{
    if (x < 0 || y < 0 || x >= 2 * rect.width || y >= 4 * rect.height)
        return;
    int cell_x = rect.x + x / 2, cell_y = rect.y + y / 4;
    if (canvas->ascii) {
        canvas_put(canvas, cell_x, cell_y, style == STYLE_GRAPH ? '*' : '.', style);
        return;
    }
    const struct cell *cell = canvas_cell(canvas, cell_x, cell_y);
    uint32_t code = cell && cell->code >= BRAILLE && cell->code <= BRAILLE + 0xFF
        ? cell->code : BRAILLE;
    code |= (x % 2 ? right_dots : left_dots)[3 - y % 4];
    canvas_put(canvas, cell_x, cell_y, code, style);
}

void
draw_scrollbar(struct canvas *canvas, int x, int y, int height, int first, int visible, int total)
{
    if (height < 1 || total <= visible || visible < 1)
        return;
    int size = (int)((int64_t)height * visible / total);
    if (size < 1)
        size = 1;
    int room = height - size, travel = total - visible;
    if (first > travel)
        first = travel;
    int at = first > 0 ? (int)((int64_t)room * first / travel) : 0;
    for (int i = 0; i < height; i++)
        canvas_put(canvas, x, y + i, i >= at && i < at + size ? FULL_BLOCK : SIDE, STYLE_DIM);
}
