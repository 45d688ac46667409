/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Convergence: each score as a dot, the best so far as a line, in the order of
 * completion. Scores far from the best lie at the edge.
 */
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum { SCALE_WIDTH = 11, ROWS_WANTED = 10 };

static int
curve_want(const struct panel_context *context, int width)
{
    (void)context, (void)width;
    return ROWS_WANTED;
}

static void
curve_note(const struct panel_context *context, char *buf, size_t size)
{
    char count[32];
    const struct detail *detail = context->detail;
    if (!detail->curve_count) {
        snprintf(buf, size, "%s", detail_no_scores(detail));
        return;
    }
    snprintf(buf, size, "%s trials · best %s", panel_count(detail->run.done, 9, count, sizeof count),
        detail->run.goal == RUN_MAXIMIZE ? "is high" : "is low");
}

/* Dot row of a score, 0 at the top; out of range ones at the edges. */
static int
dot_row(const struct detail *detail, double score, int dots)
{
    double span = detail->curve_high - detail->curve_low;
    double part = span > 0 ? (detail->curve_high - score) / span : 0.5;
    part = part > 0 ? part < 1 ? part : 1 : 0;
    return (int)lround(part * (dots - 1));
}

static int
dot_column(const struct detail *detail, int point, int dots)
{
    return detail->curve_count < 2 ? 0
        : (int)((int64_t)point * (dots - 1) / (detail->curve_count - 1));
}

/* The best so far as steps: across until it changes, then up or down. */
static void
draw_best(struct canvas *canvas, struct rect plot, const struct detail *detail)
{
    int last_x = -1, last_y = -1;
    for (int i = 0; i < detail->curve_count; i++) {
        if (!isfinite(detail->curve_best[i]))
            continue;
        int x = dot_column(detail, i, 2 * plot.width);
        int y = dot_row(detail, detail->curve_best[i], 4 * plot.height);
        for (int across = last_x < 0 ? x : last_x; across <= x; across++)
            draw_dot(canvas, plot, across, last_y < 0 ? y : last_y, STYLE_GRAPH);
        int from = last_y < 0 ? y : last_y, step = from < y ? 1 : -1;
        for (int down = from; down != y; down += step)
            draw_dot(canvas, plot, x, down, STYLE_GRAPH);
        draw_dot(canvas, plot, x, y, STYLE_GRAPH);
        last_x = x;
        last_y = y;
    }
}

static void
draw_scale(struct canvas *canvas, struct rect inside, const struct detail *detail)
{
    char text[48];
    canvas_number(canvas, inside.x, inside.y, SCALE_WIDTH - 1, STYLE_DIM,
        panel_score(detail->curve_high, SCALE_WIDTH - 1, text, sizeof text));
    if (inside.height > 1)
        canvas_number(canvas, inside.x, inside.y + inside.height - 1, SCALE_WIDTH - 1, STYLE_DIM,
            panel_score(detail->curve_low, SCALE_WIDTH - 1, text, sizeof text));
}

static void
curve_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct detail *detail = context->detail;
    if (inside.height < 1 || inside.width < 1)
        return;
    if (isnan(detail->curve_low)) {
        panel_empty(canvas, inside, detail_no_scores(detail));
        return;
    }
    struct rect plot = inside;
    if (inside.width > 3 * SCALE_WIDTH) {
        draw_scale(canvas, inside, detail);
        plot.x += SCALE_WIDTH;
        plot.width -= SCALE_WIDTH;
    }
    for (int i = 0; i < detail->curve_count; i++)
        if (isfinite(detail->curve_score[i]))
            draw_dot(canvas, plot, dot_column(detail, i, 2 * plot.width),
                dot_row(detail, detail->curve_score[i], 4 * plot.height), STYLE_GRAPH_2);
    draw_best(canvas, plot, detail);
}

const struct panel panel_curve = {
    .name = "curve",
    .title = "Convergence",
    .priority = 3,
    .weight = 2,
    .want = curve_want,
    .note = curve_note,
    .draw = curve_draw,
    .now_only = true,
};
