/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How the scores of a run are spread: a histogram of those that the curve has,
 * and the score against one parameter of the best trials. v goes to the next parameter.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum { ROWS_WANTED = 8, BINS_MAX = 200, SCALE_WIDTH = 11, COUNT_WIDTH = 6 };

static int
scores_want(const struct panel_context *context, int width)
{
    (void)width;
    return context->detail->curve_count ? ROWS_WANTED : 0;
}

/* Numbers of scores in equal steps from low to high; what lies further out is told in the note. */
static int
count_bins(const struct detail *detail, int bins, int *count)
{
    double span = detail->curve_high - detail->curve_low;
    int most = 0;
    for (int i = 0; i < bins; i++)
        count[i] = 0;
    for (int i = 0; i < detail->curve_count; i++) {
        double score = detail->curve_score[i];
        if (!isfinite(score))
            continue;
        double part = span > 0 ? (score - detail->curve_low) / span : 0.5;
        if (part < 0 || part > 1)
            continue;
        int bin = part < 1 ? (int)(part * bins) : bins - 1;
        count[bin]++;
        most = count[bin] > most ? count[bin] : most;
    }
    return most;
}

static int
compare_scores(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void
scores_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct detail *detail = context->detail;
    double sorted[DETAIL_CURVE_MAX];
    char middle[32];
    int count = 0, out = 0;
    for (int i = 0; i < detail->curve_count; i++)
        if (isfinite(detail->curve_score[i])) {
            sorted[count++] = detail->curve_score[i];
            out += detail->curve_score[i] < detail->curve_low || detail->curve_score[i] > detail->curve_high;
        }
    qsort(sorted, (size_t)count, sizeof *sorted, compare_scores);
    if (!count)
        snprintf(buf, size, "%s", detail_no_scores(detail));
    else
        snprintf(buf, size, "median %s of %d · %d further out",
            panel_score(sorted[count / 2], 12, middle, sizeof middle), count, out);
}

struct bins {
    const int *count;
    int bins, dots;
};

static float
bin_height(const void *context, int column)
{
    const struct bins *bins = context;
    return (float)bins->count[column * bins->bins / bins->dots];
}

static void
scores_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct detail *detail = context->detail;
    int count[BINS_MAX];
    char text[48];
    if (isnan(detail->curve_low) || inside.height < 2 || inside.width <= 2 * COUNT_WIDTH) {
        panel_empty(canvas, inside, detail_no_scores(detail));
        return;
    }
    struct rect plot = { inside.x + COUNT_WIDTH, inside.y, inside.width - COUNT_WIDTH, inside.height - 1 };
    int bins = plot.width < BINS_MAX ? plot.width : BINS_MAX;
    int most = count_bins(detail, bins, count);
    struct bins shown = { count, bins, 2 * plot.width };
    draw_graph(canvas, plot, STYLE_GRAPH, bin_height, &shown, (float)(most > 0 ? most : 1));
    snprintf(text, sizeof text, "%d", most);
    canvas_number(canvas, inside.x, inside.y, COUNT_WIDTH - 1, STYLE_DIM, text);
    int y = inside.y + inside.height - 1;
    int used = canvas_text(canvas, plot.x, y, plot.width / 2, STYLE_DIM,
        panel_score(detail->curve_low, SCALE_WIDTH, text, sizeof text));
    panel_score(detail->curve_high, SCALE_WIDTH, text, sizeof text);
    if (used + 2 + text_width(text) <= plot.width)
        canvas_number(canvas, plot.x, y, plot.width, STYLE_DIM, text);
}

const struct panel panel_scores = {
    .name = "scores",
    .title = "Spread of scores",
    .priority = 6,
    .weight = 1,
    .want = scores_want,
    .note = scores_note,
    .draw = scores_draw,
    .now_only = true,
};

/* The score against one parameter. */

static int
parameter_of(const struct panel_context *context)
{
    int count = context->detail->parameter_count;
    return count ? context->parameter % count : -1;
}

static int
scatter_want(const struct panel_context *context, int width)
{
    (void)width;
    return context->detail->trial_count && parameter_of(context) >= 0 ? ROWS_WANTED : 0;
}

static void
scatter_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct detail *detail = context->detail;
    int parameter = parameter_of(context);
    if (parameter < 0)
        snprintf(buf, size, "no parameters");
    else
        snprintf(buf, size, "%s (%d of %d, v: next) · best %d trials", detail->parameter[parameter],
            parameter + 1, detail->parameter_count, detail->trial_count);
}

/* A value as a number: itself, or for words its place among the different ones. */
static double
place_of_value(const struct detail *detail, int parameter, int trial)
{
    char *end;
    double number = strtod(detail->trial[trial].value[parameter], &end);
    if (!*end && end != detail->trial[trial].value[parameter])
        return number;
    for (int i = 0; i < trial; i++)
        if (str_equal(detail->trial[i].value[parameter], detail->trial[trial].value[parameter]))
            return i;
    return trial;
}

struct range {
    double low, high;
};

static void
widen(struct range *range, double value)
{
    if (!isfinite(value))
        return;
    range->low = value < range->low ? value : range->low;
    range->high = value > range->high ? value : range->high;
}

static int
dot_of(const struct range *range, double value, int dots)
{
    double span = range->high - range->low;
    return span > 0 ? (int)lround((value - range->low) / span * (dots - 1)) : dots / 2;
}

static void
scatter_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct detail *detail = context->detail;
    int parameter = parameter_of(context);
    struct range x = { INFINITY, -INFINITY }, y = { INFINITY, -INFINITY };
    char text[48];
    if (parameter < 0 || inside.height < 2 || inside.width <= 2 * SCALE_WIDTH)
        return;
    for (int i = 0; i < detail->trial_count; i++) {
        widen(&x, place_of_value(detail, parameter, i));
        widen(&y, detail->trial[i].score);
    }
    struct rect plot = { inside.x + SCALE_WIDTH, inside.y, inside.width - SCALE_WIDTH, inside.height - 1 };
    for (int i = detail->trial_count - 1; i >= 0; i--) {
        if (!isfinite(detail->trial[i].score))
            continue;
        int up = dot_of(&y, detail->trial[i].score, 4 * plot.height);
        draw_dot(canvas, plot, dot_of(&x, place_of_value(detail, parameter, i), 2 * plot.width),
            4 * plot.height - 1 - up, i ? STYLE_GRAPH_2 : STYLE_GOOD);
    }
    canvas_number(canvas, inside.x, inside.y, SCALE_WIDTH - 1, STYLE_DIM, panel_score(y.high, SCALE_WIDTH - 1, text, sizeof text));
    if (plot.height > 1)
        canvas_number(canvas, inside.x, inside.y + plot.height - 1, SCALE_WIDTH - 1, STYLE_DIM,
            panel_score(y.low, SCALE_WIDTH - 1, text, sizeof text));
    int bottom = inside.y + inside.height - 1;
    canvas_text(canvas, plot.x, bottom, plot.width / 2, STYLE_DIM, panel_score(x.low, SCALE_WIDTH, text, sizeof text));
    canvas_number(canvas, plot.x + plot.width / 2, bottom, plot.width - plot.width / 2, STYLE_DIM,
        panel_score(x.high, SCALE_WIDTH, text, sizeof text));
}

const struct panel panel_scatter = {
    .name = "scatter",
    .title = "Score by parameter",
    .priority = 7,
    .weight = 1,
    .want = scatter_want,
    .note = scatter_note,
    .draw = scatter_draw,
    .now_only = true,
};
