/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All published figures as a table, and beside it how the one under the cursor
 * has been since the view was first opened.
 */
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "ui/draw.h"
#include "ui/figure_list.h"

enum { SCALE_WIDTH = 9, GRAPH_ROWS = 10 };

static int
figures_want(const struct panel_context *context, int width)
{
    (void)width;
    return context->table->shown + 2;
}

static void
figures_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct view *view = context->view;
    int programs = 0;
    for (int i = 0; i < view->figure_count; i++)
        programs += view->figure[i].first;
    snprintf(buf, size, "%d figure%s of %d program%s", view->figure_count,
        view->figure_count == 1 ? "" : "s", programs, programs == 1 ? "" : "s");
    table_note(context->table, buf, size);
}

static void
figures_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    table_draw(context->table, canvas, inside, context);
}

const struct panel panel_figures = {
    .name = "figures",
    .title = "Figures",
    .priority = 1,
    .weight = 2,
    .want = figures_want,
    .note = figures_note,
    .draw = figures_draw,
};

/* The one under the cursor of the table beside it. */

static const struct view_figure *
chosen(const struct panel_context *context)
{
    const struct table *table = context->beside;
    int row = table ? table_row(table) : -1;
    return row >= 0 && row < context->view->figure_count ? &context->view->figure[row] : NULL;
}

static int
figure_want(const struct panel_context *context, int width)
{
    (void)width;
    return chosen(context) ? GRAPH_ROWS : 0;
}

static void
figure_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct view_figure *figure = chosen(context);
    char value[40], rate[40];
    if (!figure) {
        snprintf(buf, size, "-");
        return;
    }
    figure_text(figure, 12, value, sizeof value);
    if (figure->kind == VIEW_FIGURE_GAUGE)
        snprintf(buf, size, "%s %s · %s", figure->name, figure->labels, value);
    else
        snprintf(buf, size, "%s %s · %s, %s/s", figure->name, figure->labels, value,
            unit_format_count(figure->rate, rate, sizeof rate));
}

struct window {
    const struct figure_ring *ring;
    int columns; /* of dots */
    float low;
};

static float
ring_value(const void *context, int column)
{
    const struct window *window = context;
    int age = window->columns - 1 - column;
    if (age < 0 || age >= window->ring->count)
        return NAN;
    return window->ring->value[(window->ring->head - age + FIGURE_HISTORY) % FIGURE_HISTORY] - window->low;
}

static void
draw_scale(struct canvas *canvas, struct rect inside, const struct view_figure *figure, float low, float high)
{
    struct view_figure edge = *figure;
    char text[40];
    if (edge.kind != VIEW_FIGURE_GAUGE)
        edge.kind = VIEW_FIGURE_COUNTER;
    edge.value = (double)high;
    canvas_number(canvas, inside.x, inside.y, SCALE_WIDTH - 1, STYLE_DIM,
        edge.kind == VIEW_FIGURE_GAUGE ? figure_text(&edge, SCALE_WIDTH - 1, text, sizeof text)
                                       : unit_format_count(edge.value, text, sizeof text));
    edge.value = (double)low;
    if (inside.height > 1)
        canvas_number(canvas, inside.x, inside.y + inside.height - 1, SCALE_WIDTH - 1, STYLE_DIM,
            edge.kind == VIEW_FIGURE_GAUGE ? figure_text(&edge, SCALE_WIDTH - 1, text, sizeof text)
                                           : unit_format_count(edge.value, text, sizeof text));
}

static void
figure_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view_figure *figure = chosen(context);
    const struct figure_list *list = context->beside ? context->beside->rows : NULL;
    const struct figure_ring *ring = figure ? figure_list_ring(list, context->beside->cursor) : NULL;
    if (!ring || ring->count < 2) {
        panel_empty(canvas, inside, "its history begins now");
        return;
    }
    struct window window = { ring, 2 * (inside.width - SCALE_WIDTH), 0 };
    float high = 0;
    for (int i = 0; i < ring->count; i++) {
        high = ring->value[i] > high ? ring->value[i] : high;
        window.low = ring->value[i] < window.low ? ring->value[i] : window.low;
    }
    if (inside.width <= 2 * SCALE_WIDTH)
        return;
    draw_scale(canvas, inside, figure, window.low, high);
    inside.x += SCALE_WIDTH;
    inside.width -= SCALE_WIDTH;
    draw_graph(canvas, inside, STYLE_GRAPH, ring_value, &window, high > window.low ? high - window.low : 1);
}

const struct panel panel_figure_history = {
    .name = "history",
    .title = "History",
    .priority = 2,
    .weight = 1,
    .want = figure_want,
    .note = figure_note,
    .draw = figure_draw,
    .now_only = true,
};
