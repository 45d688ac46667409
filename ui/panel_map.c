/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The best scores over two parameters: a shade for each cell, of which each has a
 * fifth, and a sign of its own for the best trial. v and V go to the next parameters.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum { ROWS_WANTED = 8, SCALE_WIDTH = 11, LEGEND_FROM = 5 /* rows; below, cells are worth more */, BEST_SIGN = 0x25C6 };

int
panel_second(const struct detail *detail, int parameter, int second)
{
    int others = detail->parameter_count - 1;
    int other = others > 0 ? second % others : 0;
    return other < parameter ? other : other + 1;
}

static int
map_want(const struct panel_context *context, int width)
{
    (void)width;
    return context->detail->trial_count && context->detail->parameter_count > 1 ? ROWS_WANTED : 0;
}

static void
map_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct detail *detail = context->detail;
    if (detail->parameter_count < 2) {
        snprintf(buf, size, "needs two parameters");
        return;
    }
    int x = context->parameter % detail->parameter_count;
    snprintf(buf, size, "%s \u00d7 %s · v, V: next", detail->parameter[x],
        detail->parameter[panel_second(detail, x, context->second)]);
}

/* The best of the cells that share a place: where there is less room than there are cells. */
static int
level_at(const struct detail_map *map, const struct rect *plot, int x, int y, bool *ret_best)
{
    int left = x * map->x.cells / plot->width, right = (x + 1) * map->x.cells / plot->width;
    int low = y * map->y.cells / plot->height, high = (y + 1) * map->y.cells / plot->height;
    int level = -1;
    right = right > left ? right : left + 1;
    high = high > low ? high : low + 1;
    for (int row = low; row < high; row++)
        for (int column = left; column < right; column++)
            if (map->level[row * map->x.cells + column] > level)
                level = map->level[row * map->x.cells + column];
    *ret_best = map->best_x >= left && map->best_x < right && map->best_y >= low && map->best_y < high;
    return level;
}

static enum style
style_of(int level)
{
    return level < 0 ? STYLE_TEXT : (enum style)(STYLE_HEAT_1 + level);
}

static void
draw_cells(struct canvas *canvas, struct rect plot, const struct detail_map *map)
{
    bool best, marked = false;
    for (int y = 0; y < plot.height; y++)
        for (int x = 0; x < plot.width; x++) {
            int level = level_at(map, &plot, x, y, &best);
            int at = plot.y + plot.height - 1 - y;
            if (level >= 0)
                canvas_text(canvas, plot.x + x, at, 1, style_of(level), score_level_sign(level, canvas->ascii));
            if (best && !marked) /* once, where a cell is wider than a sign */
                canvas_put(canvas, plot.x + x, at, BEST_SIGN, STYLE_GOOD);
            marked = marked || best;
        }
}

/* "· 18 ░ 12 ▒ 8 ▓ 4 █ 1 ◆ 0": where each shade begins; what does not fit is left out from the worst. */
static void
draw_legend(struct canvas *canvas, struct rect line, const struct detail_map *map)
{
    char text[SCORE_LEVELS][24], best[24];
    int first = 0, width = 0;
    panel_score(map->levels.best, 10, best, sizeof best);
    for (int i = 0; i < SCORE_LEVELS; i++)
        width += text_width(panel_score(map->levels.from[i], 10, text[i], sizeof text[i])) + 4;
    width += text_width(best) + 2;
    while (first < SCORE_LEVELS && width > line.width)
        width -= text_width(text[first++]) + 4;
    int x = line.x, end = line.x + line.width;
    for (int i = first; i < SCORE_LEVELS; i++) {
        canvas_text(canvas, x, line.y, 1, style_of(i), score_level_sign(i, canvas->ascii));
        x += 2 + canvas_text(canvas, x + 2, line.y, end - x - 2, STYLE_DIM, text[i]) + 2;
    }
    if (width <= line.width) {
        canvas_put(canvas, x, line.y, BEST_SIGN, STYLE_GOOD);
        canvas_text(canvas, x + 2, line.y, end - x - 2, STYLE_GOOD, best);
    }
}

/* What is longer than its place is seen to be cut. */
static void
edge(struct canvas *canvas, int x, int y, int width, bool right, const char *text)
{
    int cells = text_width(text);
    cells = cells < width ? cells : width;
    canvas_text(canvas, right ? x + width - cells : x, y, cells, STYLE_DIM, text);
}

static void
draw_edges(struct canvas *canvas, struct rect plot, const struct detail_map *map)
{
    edge(canvas, plot.x - SCALE_WIDTH, plot.y, SCALE_WIDTH - 1, true, map->y.high);
    if (plot.height > 1)
        edge(canvas, plot.x - SCALE_WIDTH, plot.y + plot.height - 1, SCALE_WIDTH - 1, true, map->y.low);
    if (plot.height > 2)
        edge(canvas, plot.x - SCALE_WIDTH, plot.y + plot.height / 2, SCALE_WIDTH - 1, true, map->y.name);
    int y = plot.y + plot.height, third = plot.width / 3;
    edge(canvas, plot.x, y, third, false, map->x.low);
    edge(canvas, plot.x + plot.width - third, y, third, true, map->x.high);
    int name = text_width(map->x.name);
    if (name < plot.width - 2 * third)
        edge(canvas, plot.x + (plot.width - name) / 2, y, name, false, map->x.name);
}

static void
map_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct detail_map *map = &context->detail->map;
    if (!map->known || !map->levels.known) {
        panel_empty(canvas, inside, map->known ? "no scores yet" : context->detail->parameter_count < 2
            ? "a map takes two parameters" : "reading the scores");
        return;
    }
    bool legend = inside.height >= LEGEND_FROM;
    struct rect plot = { inside.x + SCALE_WIDTH, inside.y, inside.width - SCALE_WIDTH, inside.height - 1 - legend };
    if (plot.height < 1 || plot.width < 4)
        return;
    draw_cells(canvas, plot, map);
    draw_edges(canvas, plot, map);
    if (legend)
        draw_legend(canvas, (struct rect){ inside.x, inside.y + inside.height - 1, inside.width, 1 }, map);
}

const struct panel panel_map = {
    .name = "map",
    .title = "Map of scores",
    .priority = 8,
    .weight = 1,
    .want = map_want,
    .note = map_note,
    .draw = map_draw,
    .now_only = true,
};
