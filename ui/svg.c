/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/svg.h"

#include <stdbool.h>

#include "base/text.h"

enum { CELL_WIDTH = 8, CELL_HEIGHT = 16, MARGIN = 8, BASELINE = 12, COLOURS = 256 };

#define GROUND "#16181d"
#define INK "#d4d7dd"

static const char *
ink(const struct theme *theme, enum style style, char buf[8])
{
    struct theme_look look = theme_look(theme, style, COLOURS);
    if (look.foreground == THEME_OWN)
        return INK;
    struct str text;
    str_init(&text);
    str_printf(&text, "#%06x", theme_rgb(look.foreground));
    str_copy(buf, 8, text.data);
    str_release(&text);
    return buf;
}

static void
box(struct str *out, double x, double y, double width, double height, const char *colour)
{
    str_printf(out, "<rect x=\"%g\" y=\"%g\" width=\"%g\" height=\"%g\" fill=\"%s\"/>\n", x, y,
        width, height, colour);
}

static void
arc(struct str *out, int x, int y, uint32_t code, const char *colour)
{
    double cx = x + CELL_WIDTH / 2.0, cy = y + CELL_HEIGHT / 2.0;
    bool right = code == 0x256D || code == 0x2570, down = code == 0x256D || code == 0x256E;
    str_printf(out,
        "<path d=\"M%g %g Q%g %g %g %g\" fill=\"none\" stroke=\"%s\" stroke-width=\"1\"/>\n", cx,
        down ? y + (double)CELL_HEIGHT : (double)y, cx, cy,
        right ? x + (double)CELL_WIDTH : (double)x, cy, colour);
}

static void
braille(struct str *out, int x, int y, uint32_t code, const char *colour)
{
    static const uint8_t dots[4][2] = { { 0x01, 0x08 }, { 0x02, 0x10 }, { 0x04, 0x20 },
        { 0x40, 0x80 } };
    for (int row = 0; row < 4; row++)
        for (int column = 0; column < 2; column++)
            if (code & dots[row][column])
                box(out, x + 0.75 + 4 * column, y + 0.75 + 4 * row, 2.5, 2.5, colour);
}

/* Draws `count` equal cells as shapes; false when the glyph is a letter. */
static bool
shape(struct str *out, int x, int y, uint32_t code, int count, const char *colour)
{
    double width = CELL_WIDTH * count, middle = y + CELL_HEIGHT / 2.0;
    if (code > 0x2800 && code <= 0x28FF) {
        for (int i = 0; i < count; i++)
            braille(out, x + i * CELL_WIDTH, y, code, colour);
    } else if (code == 0x2500) {
        box(out, x, middle - 0.5, width, 1, colour);
    } else if (code == 0x2501) {
        box(out, x, middle - 2, width, 4, colour);
    } else if (code == 0x2550) {
        box(out, x, middle - 2, width, 1.5, colour);
        box(out, x, middle + 0.5, width, 1.5, colour);
    } else if (code == 0x254D || code == 0x2505) {
        int parts = code == 0x254D ? 2 : 4;
        for (int i = 0; i < parts * count; i++)
            box(out, x + (double)i * CELL_WIDTH / parts, middle - 2,
                (double)CELL_WIDTH / parts - 1, 4, colour);
    } else if (code == 0x2578) {
        box(out, x, middle - 2, CELL_WIDTH / 2.0, 4, colour);
    } else if (code == 0x2502) {
        for (int i = 0; i < count; i++)
            box(out, x + i * CELL_WIDTH + CELL_WIDTH / 2.0 - 0.5, y, 1, CELL_HEIGHT, colour);
    } else if (code >= 0x2581 && code <= 0x2588) {
        double height = (code - 0x2580) * CELL_HEIGHT / 8.0;
        for (int i = 0; i < count; i++)
            box(out, x + i * CELL_WIDTH, y + CELL_HEIGHT - height,
                code == 0x2588 ? CELL_WIDTH : CELL_WIDTH - 1, height, colour);
    } else if (code >= 0x256D && code <= 0x2570) {
        for (int i = 0; i < count; i++)
            arc(out, x + i * CELL_WIDTH, y, code, colour);
    } else {
        return false;
    }
    return true;
}

static void
append_letter(struct str *out, const struct cell *cell)
{
    static const struct {
        char sign;
        const char *entity;
    } entities[] = { { '<', "&lt;" }, { '>', "&gt;" }, { '&', "&amp;" } };
    char utf8[4];
    for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
        if (cell->code == (uint32_t)entities[i].sign) {
            str_puts(out, entities[i].entity);
            return;
        }
    str_append(out, utf8, (size_t)text_encode(cell->code, utf8));
    for (int i = 0; i < CANVAS_MARKS_MAX && cell->mark[i]; i++)
        str_append(out, utf8, (size_t)text_encode(cell->mark[i], utf8));
}

/* Letters of one style that follow each other, spread over their cells. */
static void
letters(struct str *out, int x, int y, const struct cell *cell, int count, const struct theme *theme)
{
    char colour[8];
    struct theme_look look = theme_look(theme, cell->style, COLOURS);
    bool reverse = look.attributes & THEME_REVERSE;
    str_printf(out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"%s\"%s%s>", x, y + BASELINE,
        count * CELL_WIDTH, reverse ? GROUND : ink(theme, cell->style, colour),
        look.attributes & THEME_BOLD ? " font-weight=\"bold\"" : "",
        look.attributes & THEME_UNDERLINE ? " text-decoration=\"underline\"" : "");
    for (int i = 0; i < count; i++)
        if (cell[i].code)
            append_letter(out, &cell[i]);
    str_puts(out, "</text>\n");
}

/* Cells from `x` that are drawn together: equal shapes, or letters up to the
 * next blank. */
static int
stretch(const struct cell *cell, int room)
{
    struct str nowhere;
    str_init(&nowhere);
    bool shaped = shape(&nowhere, 0, 0, cell->code, 1, "");
    int count = 1;
    for (; count < room && cell[count].style == cell->style; count++) {
        if (shaped ? cell[count].code != cell->code : cell[count].code == ' ')
            break;
        if (!shaped && shape(&nowhere, 0, 0, cell[count].code, 1, ""))
            break;
    }
    str_release(&nowhere);
    return count;
}

static void
write_row(const struct canvas *canvas, const struct theme *theme, int row, struct str *out)
{
    char colour[8];
    const struct cell *cell = &canvas->cell[row * canvas->columns];
    int y = MARGIN + row * CELL_HEIGHT;
    for (int x = 0; x < canvas->columns;) {
        int left = MARGIN + x * CELL_WIDTH;
        int count = cell[x].code == ' ' || cell[x].code == 0x2800
            ? 1 : stretch(&cell[x], canvas->columns - x);
        bool reverse = theme_look(theme, cell[x].style, COLOURS).attributes & THEME_REVERSE;
        if (reverse)
            box(out, left, y, count * CELL_WIDTH, CELL_HEIGHT, ink(theme, cell[x].style, colour));
        if (cell[x].code != ' ' && cell[x].code != 0x2800 &&
            !shape(out, left, y, cell[x].code, count,
                reverse ? GROUND : ink(theme, cell[x].style, colour)))
            letters(out, left, y, &cell[x], count, theme);
        x += count;
    }
}

void
svg_write(const struct canvas *canvas, const struct theme *theme, struct str *out)
{
    int width = canvas->columns * CELL_WIDTH + 2 * MARGIN;
    int height = canvas->rows * CELL_HEIGHT + 2 * MARGIN;
    str_printf(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
        "viewBox=\"0 0 %d %d\">\n"
        "<g font-family=\"DejaVu Sans Mono, Menlo, Consolas, monospace\" font-size=\"13\" "
        "xml:space=\"preserve\">\n",
        width, height, width, height);
    str_printf(out, "<rect width=\"%d\" height=\"%d\" rx=\"6\" fill=\"" GROUND "\"/>\n", width,
        height);
    for (int row = 0; row < canvas->rows; row++)
        write_row(canvas, theme, row, out);
    str_puts(out, "</g>\n</svg>\n");
}
