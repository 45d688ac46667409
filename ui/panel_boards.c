/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Boards: the figures that programs publish, and workers among them. Of what
 * the server publishes itself its caches: the rest stands in panels of its own.
 * The panel takes no room while there is nothing to show.
 */
#include <stdio.h>

#include "base/unit.h"
#include "ui/figure_list.h"
#include "ui/panel.h"

enum { ROWS_WANTED_MAX = 8 };

enum { COLUMN_PROGRAM, COLUMN_NAME, COLUMN_LABELS, COLUMN_VALUE, COLUMN_RATE, COLUMN_P50,
    COLUMN_P99, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_PROGRAM] = { .title = "program", .min = 10, .want = 24, .priority = 3, .left = true },
    [COLUMN_NAME] = { .title = "figure", .min = 12, .want = 28, .priority = 1, .left = true, .stretch = true },
    [COLUMN_LABELS] = { .title = "", .min = 8, .want = 24, .priority = 7, .left = true },
    [COLUMN_VALUE] = { .title = "value", .min = 7, .want = 8, .priority = 2 },
    [COLUMN_RATE] = { .title = "per s", .min = 6, .want = 7, .priority = 4 },
    [COLUMN_P50] = { .title = "p50", .min = 6, .want = 6, .priority = 6 },
    [COLUMN_P99] = { .title = "p99", .min = 6, .want = 6, .priority = 5 },
};

static int
boards_want(const struct panel_context *context, int width)
{
    (void)width;
    int rows = context->view->figure_count;
    return !rows ? 0 : 1 + (rows < ROWS_WANTED_MAX ? rows : ROWS_WANTED_MAX);
}

static void
boards_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct view *view = context->view;
    int programs = 0;
    for (int i = 0; i < view->figure_count; i++)
        programs += view->figure[i].first;
    snprintf(buf, size, "%d figure%s of %d program%s", view->figure_count,
        view->figure_count == 1 ? "" : "s", programs, programs == 1 ? "" : "s");
}

static void
draw_figure(struct canvas *canvas, int y, const struct layout_column *column,
    const struct view_figure *figure, bool first)
{
    char text[96];
    if (first) {
        snprintf(text, sizeof text, "%s %lld", figure->program, (long long)figure->pid);
        panel_text(canvas, y, &column[COLUMN_PROGRAM], STYLE_TEXT, text);
    }
    panel_text(canvas, y, &column[COLUMN_NAME], STYLE_TEXT, figure->name);
    panel_text(canvas, y, &column[COLUMN_LABELS], STYLE_DIM, figure->labels);
    panel_figure(canvas, y, &column[COLUMN_VALUE], STYLE_VALUE,
        figure_text(figure, column[COLUMN_VALUE].width, text, sizeof text));
    if (figure->kind != VIEW_FIGURE_GAUGE)
        panel_figure(canvas, y, &column[COLUMN_RATE], STYLE_VALUE,
            unit_format_count(figure->rate, text, sizeof text));
    if (figure->kind != VIEW_FIGURE_HISTOGRAM)
        return;
    panel_figure(canvas, y, &column[COLUMN_P50], STYLE_VALUE,
        unit_format_duration(figure->p50_seconds, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_P99], STYLE_VALUE,
        unit_format_duration(figure->p99_seconds, text, sizeof text));
}

static void
boards_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view *view = context->view;
    struct layout_column column[COLUMNS];
    panel_table(canvas, &inside, columns, column, COLUMNS);
    int first = panel_list_begin(canvas, context, inside, view->figure_count);
    for (int i = 0; i < inside.height && first + i < view->figure_count; i++)
        draw_figure(canvas, inside.y + i, column, &view->figure[first + i],
            i == 0 || view->figure[first + i].first);
    if (!view->figure_count)
        panel_empty(canvas, inside, "no program publishes figures");
}

const struct panel panel_boards = {
    .name = "boards",
    .title = "Boards",
    .priority = 7,
    .weight = 1,
    .want = boards_want,
    .note = boards_note,
    .draw = boards_draw,
};
