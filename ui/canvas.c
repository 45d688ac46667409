/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/canvas.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"

enum { ELLIPSIS = 0x2026 };

void
canvas_init(struct canvas *canvas)
{
    memset(canvas, 0, sizeof *canvas);
    canvas->cursor_x = canvas->cursor_y = -1;
}

void
canvas_release(struct canvas *canvas)
{
    free(canvas->cell);
    canvas_init(canvas);
}

static int
clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

void
canvas_resize(struct canvas *canvas, int columns, int rows)
{
    columns = clamp(columns, 0, CANVAS_COLUMNS_MAX);
    rows = clamp(rows, 0, CANVAS_ROWS_MAX);
    int need = columns * rows;
    if (need > canvas->capacity) {
        free(canvas->cell);
        canvas->cell = xcalloc((size_t)need, sizeof *canvas->cell);
        canvas->capacity = need;
    }
    canvas->columns = columns;
    canvas->rows = rows;
    canvas_clear(canvas);
}

void
canvas_clear(struct canvas *canvas)
{
    canvas->cursor_x = canvas->cursor_y = -1;
    int count = canvas->columns * canvas->rows;
    for (int i = 0; i < count; i++)
        canvas->cell[i] = (struct cell){ .code = ' ', .style = STYLE_TEXT };
}

struct cell *
canvas_cell(struct canvas *canvas, int x, int y)
{
    if (x < 0 || y < 0 || x >= canvas->columns || y >= canvas->rows)
        return NULL;
    return &canvas->cell[y * canvas->columns + x];
}

/* The same for a place that is known to be inside. */
static struct cell *
inner_cell(struct canvas *canvas, int x, int y)
{
    return &canvas->cell[y * canvas->columns + x];
}

/* The nearest ASCII sign of glyphs that have no rule of their own.
 * To add a glyph: one row, by code point. */
static const struct {
    uint16_t code;
    char sign;
} ascii_signs[] = {
    { 0x00B5, 'u' }, /* micro sign */
    { 0x00B7, '.' }, /* middle dot */
    { 0x00D7, 'x' }, /* multiplication sign */
    { 0x2013, '-' }, { 0x2014, '-' }, /* dashes */
    { 0x2018, '\'' }, { 0x2019, '\'' }, { 0x201C, '"' }, { 0x201D, '"' },
    { 0x2022, '*' }, /* bullet */
    { 0x2026, '~' }, /* ellipsis */
    { 0x2190, '<' }, { 0x2191, '^' }, { 0x2192, '>' }, { 0x2193, 'v' },
    { 0x2264, '<' }, { 0x2265, '>' },
    { 0x2500, '-' }, /* light line */
    { 0x2501, '=' }, /* heavy line */
    { 0x2502, '|' }, { 0x2503, '|' },
    { 0x2504, '.' }, /* light line, three dashes */
    { 0x2505, ':' }, /* heavy line, three dashes */
    { 0x254D, '+' }, /* heavy line, two dashes */
    { 0x2550, '#' }, /* double line */
    { 0x2551, '|' },
    { 0x2574, '-' }, { 0x2576, '-' },
    { 0x2578, '-' }, /* left half of a heavy line */
    { 0x257A, '-' }, /* right half of a heavy line */
    { 0x25A0, '#' }, { 0x25A1, '.' }, { 0x25AA, '#' },
    { 0x25B2, '^' }, { 0x25B6, '>' }, { 0x25B8, '>' }, { 0x25BA, '>' },
    { 0x25BC, 'v' }, { 0x25C0, '<' }, { 0x25C2, '<' }, { 0x25C6, '*' },
    { 0x25CB, 'o' }, { 0x25CF, '*' },
    { 0x2713, '+' }, { 0x2717, 'x' },
};

static char
ascii_braille(uint32_t code)
{
    int dots = __builtin_popcount(code & 0xFF);
    return dots == 0 ? ' ' : dots <= 2 ? '.' : dots <= 5 ? ':' : '#';
}

static char
ascii_block(uint32_t code)
{
    if (code <= 0x2588) /* upper half, lower eighths, full */
        return code <= 0x2582 && code != 0x2580 ? '.' : code <= 0x2585 ? ':' : '#';
    if (code <= 0x258F) /* left eighths, from seven down to one */
        return code <= 0x258C ? '#' : '|';
    return code == 0x2591 ? '.' : code == 0x2592 ? ':' : '#';
}

static uint32_t
ascii_sign(uint32_t code)
{
    if (code < 0x7F)
        return code;
    if (code >= 0x2800 && code <= 0x28FF)
        return (uint32_t)ascii_braille(code);
    for (size_t i = 0; i < sizeof ascii_signs / sizeof *ascii_signs; i++)
        if (ascii_signs[i].code == code)
            return (uint32_t)ascii_signs[i].sign;
    if (code >= 0x2580 && code <= 0x259F)
        return (uint32_t)ascii_block(code);
    if (code >= 0x2500 && code <= 0x257F) /* corners and crossings */
        return '+';
    return '?';
}

/* Most glyphs are ASCII, frames, blocks or braille: clean and one cell wide. */
static bool
is_plain(uint32_t code)
{
    return (code >= 0x20 && code < 0x7F) || (code >= 0x2500 && code < 0x25FD) ||
        (code >= 0x2800 && code <= 0x28FF);
}

/* Cutting a wide character in half leaves a blank in its other half. */
static void
mend_halves(struct canvas *canvas, int x, int y)
{
    struct cell *cell = inner_cell(canvas, x, y);
    if (cell->code == 0 && x > 0)
        cell[-1].code = ' ';
    if (x + 1 < canvas->columns && cell[1].code == 0)
        cell[1].code = ' ';
}

static void
set_cell(struct canvas *canvas, int x, int y, uint32_t code, enum style style)
{
    struct cell *cell = canvas_cell(canvas, x, y);
    if (!cell)
        return;
    if (cell->code == 0 || (x + 1 < canvas->columns && cell[1].code == 0))
        mend_halves(canvas, x, y);
    *cell = (struct cell){ .code = code & 0xFFFFFF, .style = (uint8_t)style };
}

/* Puts a clean code of 1 or 2 cells. What crosses an edge becomes blank. */
static void
put_clean(struct canvas *canvas, int x, int y, uint32_t code, int width, enum style style)
{
    if (canvas->ascii && code >= 0x7F) {
        code = ascii_sign(code);
        set_cell(canvas, x, y, code, style);
        if (width == 2)
            set_cell(canvas, x + 1, y, code, style);
        return;
    }
    if (width == 1) {
        set_cell(canvas, x, y, code, style);
        return;
    }
    bool whole = x >= 0 && x + 1 < canvas->columns;
    set_cell(canvas, x, y, whole ? code : ' ', style);
    set_cell(canvas, x + 1, y, ' ', style);
    if (whole && y >= 0 && y < canvas->rows)
        inner_cell(canvas, x + 1, y)->code = 0;
}

void
canvas_put(struct canvas *canvas, int x, int y, uint32_t code, enum style style)
{
    if (is_plain(code)) {
        put_clean(canvas, x, y, code, 1, style);
        return;
    }
    code = text_clean_code(code);
    int width = text_cell_width(code);
    if (width > 0)
        put_clean(canvas, x, y, code, width, style);
}

static void
add_mark(struct canvas *canvas, int x, int y, uint32_t code)
{
    struct cell *cell = canvas_cell(canvas, x, y);
    if (cell && cell->code == 0)
        cell = canvas_cell(canvas, x - 1, y);
    if (!cell || canvas->ascii || code > UINT16_MAX)
        return;
    for (int i = 0; i < CANVAS_MARKS_MAX; i++)
        if (!cell->mark[i]) {
            cell->mark[i] = (uint16_t)code;
            return;
        }
}

int
canvas_text(struct canvas *canvas, int x, int y, int width, enum style style, const char *text)
{
    int used = 0;
    if (width <= 0)
        return 0;
    for (uint32_t code; (code = text_next(&text));) {
        int cells = 1;
        if (!is_plain(code)) {
            code = text_clean_code(code);
            cells = text_cell_width(code);
        }
        if (cells == 0) {
            if (used > 0)
                add_mark(canvas, x + used - 1, y, code);
            continue;
        }
        if (used + cells > width) {
            if (used < width)
                used++;
            put_clean(canvas, x + used - 1, y, ELLIPSIS, 1, style);
            return used;
        }
        put_clean(canvas, x + used, y, code, cells, style);
        used += cells;
    }
    return used;
}

int
canvas_textf(struct canvas *canvas, int x, int y, int width, enum style style,
    const char *format, ...)
{
    char text[4 * CANVAS_COLUMNS_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return canvas_text(canvas, x, y, width, style, text);
}

void
canvas_number(struct canvas *canvas, int x, int y, int width, enum style style, const char *text)
{
    if (width <= 0)
        return;
    int cells = text_width(text);
    if (cells <= width) {
        canvas_text(canvas, x + width - cells, y, cells, style, text);
        return;
    }
    for (int i = 0; i < width; i++)
        set_cell(canvas, x + i, y, '#', style);
}

/* The part of a rectangle that lies on the canvas. */
static struct rect
clip(const struct canvas *canvas, struct rect rect)
{
    int left = clamp(rect.x, 0, canvas->columns), top = clamp(rect.y, 0, canvas->rows);
    int64_t right = (int64_t)rect.x + (rect.width > 0 ? rect.width : 0);
    int64_t bottom = (int64_t)rect.y + (rect.height > 0 ? rect.height : 0);
    if (right > canvas->columns)
        right = canvas->columns;
    if (bottom > canvas->rows)
        bottom = canvas->rows;
    return (struct rect){ left, top, right > left ? (int)right - left : 0,
        bottom > top ? (int)bottom - top : 0 };
}

void
canvas_fill(struct canvas *canvas, struct rect rect, uint32_t code, enum style style)
{
    rect = clip(canvas, rect);
    for (int y = rect.y; y < rect.y + rect.height; y++)
        for (int x = rect.x; x < rect.x + rect.width; x++)
            canvas_put(canvas, x, y, code, style);
}

void
canvas_style(struct canvas *canvas, struct rect rect, enum style style)
{
    rect = clip(canvas, rect);
    for (int y = rect.y; y < rect.y + rect.height; y++)
        for (int x = rect.x; x < rect.x + rect.width; x++)
            inner_cell(canvas, x, y)->style = (uint8_t)style;
}

static void
append_code(struct str *out, uint32_t code)
{
    char utf8[4];
    str_append(out, utf8, (size_t)text_encode(code, utf8));
}

void
canvas_to_text(const struct canvas *canvas, struct str *out)
{
    for (int y = 0; y < canvas->rows; y++) {
        const struct cell *row = &canvas->cell[y * canvas->columns];
        int end = canvas->columns;
        while (end > 0 && row[end - 1].code == ' ' && !row[end - 1].mark[0])
            end--;
        for (int x = 0; x < end; x++) {
            if (!row[x].code)
                continue;
            append_code(out, row[x].code);
            for (int i = 0; i < CANVAS_MARKS_MAX && row[x].mark[i]; i++)
                append_code(out, row[x].mark[i]);
        }
        str_putc(out, '\n');
    }
}
