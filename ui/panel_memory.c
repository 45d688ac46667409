/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory by use, swap, the cgroup's limit where there is one, how short memory
 * is, who gave some back and who grows, and how long tasks had to wait for CPU, memory and
 * I/O (PSI).
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/unit.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum {
    LABEL = 9, /* "pressure " */
    LABELS_FROM = 34, /* columns: enough for label, amount and some bar */
    FIGURE = 6, /* "100.0" and a blank */
    WORD = 4, /* "some", "full" */
    SPANS = 4, /* now and three averages */
    BOTH_WIDTH = LABEL + 2 * (WORD + SPANS * FIGURE) + 3, /* some and full side by side */
    TABLE_ROWS = 4,
    GRAPH_ROWS = 3,
};

static const struct {
    enum metric metric;
    const char *label;
    enum draw_glyph glyph;
    enum style style;
} uses[] = {
    { METRIC_MEMORY_USED, "used", DRAW_BAR_FULL, STYLE_BAR_1 },
    { METRIC_MEMORY_SLAB_RECLAIMABLE, "slab", DRAW_BAR_DOTTED, STYLE_BAR_4 },
    { METRIC_MEMORY_BUFFERS, "buffers", DRAW_BAR_DOUBLE, STYLE_BAR_2 },
    { METRIC_MEMORY_CACHED, "cached", DRAW_BAR_DASHED, STYLE_BAR_3 },
    { METRIC_MEMORY_FREE, "free", DRAW_BAR_EMPTY, STYLE_BAR_EMPTY },
};
enum { USES = (int)sizeof uses / sizeof *uses };

/* some and full of one resource; the averages follow each in the table. */
static const struct {
    const char *label;
    enum metric some, full;
} pressures[] = {
    { "cpu", METRIC_PSI_CPU_SOME, METRIC_PSI_CPU_FULL },
    { "memory", METRIC_PSI_MEMORY_SOME, METRIC_PSI_MEMORY_FULL },
    { "io", METRIC_PSI_IO_SOME, METRIC_PSI_IO_FULL },
};

static double
scalar(const struct view *view, enum metric metric)
{
    return view->sample.scalar[metric];
}

/* "1.21G of 3.84G" at the right end of a bar's line. */
static void
draw_amount(struct canvas *canvas, struct rect inside, int y, int room, double used, double total)
{
    char text[48], left[16], right[16];
    snprintf(text, sizeof text, "%s of %s",
        isnan(used) ? "n/a" : unit_format_bytes(used, left, sizeof left),
        isnan(total) ? "n/a" : unit_format_bytes(total, right, sizeof right));
    canvas_number(canvas, inside.x + inside.width - room, y, room, STYLE_VALUE, text);
}

static void
draw_use_line(struct canvas *canvas, struct rect inside, int y, const char *label,
    const struct draw_segment *segment, int count, double used, double total)
{
    enum { AMOUNT = 16 };
    int left = inside.width >= LABELS_FROM ? LABEL : 0;
    if (left)
        canvas_text(canvas, inside.x, y, left - 1, STYLE_DIM, label);
    int bar = inside.width - left - AMOUNT - 1;
    if (isnan(used) || isnan(total))
        draw_progress(canvas, inside.x + left, y, bar, NAN, STYLE_DIM);
    else
        draw_bar(canvas, inside.x + left, y, bar, segment, count);
    draw_amount(canvas, inside, y, AMOUNT < inside.width ? AMOUNT : inside.width, used, total);
}

static void
draw_memory_line(struct canvas *canvas, struct rect inside, int y, const struct view *view)
{
    struct draw_segment segment[USES];
    double total = scalar(view, METRIC_MEMORY_TOTAL);
    for (int i = 0; i < USES; i++)
        segment[i] = (struct draw_segment){ scalar(view, uses[i].metric) / total, uses[i].glyph,
            uses[i].style };
    draw_use_line(canvas, inside, y, "memory", segment, USES - 1,
        scalar(view, METRIC_MEMORY_USED), total);
}

static void
draw_legend(struct canvas *canvas, struct rect inside, int y, const struct view *view)
{
    int x = inside.x, end = inside.x + inside.width;
    for (int i = 0; i < USES; i++) {
        char value[16] = "n/a";
        double bytes = scalar(view, uses[i].metric);
        if (!isnan(bytes))
            unit_format_bytes(bytes, value, sizeof value);
        if (x + (int)strlen(uses[i].label) + 3 + 5 > end)
            return;
        canvas_put(canvas, x, y, uses[i].glyph, uses[i].style);
        x += 2;
        x += canvas_text(canvas, x, y, end - x, STYLE_DIM, uses[i].label) + 1;
        canvas_text(canvas, x, y, end - x, STYLE_VALUE, value);
        x += 7;
    }
}

static void
draw_swap(struct canvas *canvas, struct rect inside, int y, const struct view *view)
{
    double used = scalar(view, METRIC_MEMORY_SWAP_USED);
    double total = scalar(view, METRIC_MEMORY_SWAP_TOTAL);
    if (total == 0) {
        canvas_text(canvas, inside.x, y, inside.width, STYLE_DIM,
            inside.width >= LABELS_FROM ? "swap     none" : "swap none");
        return;
    }
    struct draw_segment segment = { used / total, DRAW_BAR_FULL, STYLE_BAR_4 };
    draw_use_line(canvas, inside, y, "swap", &segment, 1, used, total);
}

static bool
has_limit(const struct view *view)
{
    return !isnan(scalar(view, METRIC_LIMIT_MEMORY));
}

static void
draw_limit(struct canvas *canvas, struct rect inside, int y, const struct view *view)
{
    double used = scalar(view, METRIC_LIMIT_MEMORY_USED);
    double total = scalar(view, METRIC_LIMIT_MEMORY);
    struct draw_segment segment = { used / total, DRAW_BAR_FULL, STYLE_BAR_1 };
    draw_use_line(canvas, inside, y, "limit", &segment, 1, used, total);
}

static bool
has_shortage(const struct view *view)
{
    return view->shortage.level > 0 || view->shortage.last_bytes > 0;
}

/* "shortage high (machine: 8.1% left)  gave back 12.0M: cache users 8.0M, heap 4.0M" */
static void
draw_shortage(struct canvas *canvas, struct rect inside, int y, const struct view *view)
{
    const struct view_shortage *shortage = &view->shortage;
    int x = inside.x, end = inside.x + inside.width;
    char last[16];
    if (inside.width >= LABELS_FROM) {
        canvas_text(canvas, x, y, LABEL - 1, STYLE_DIM, "shortage");
        x += LABEL;
    }
    if (shortage->level) {
        x += canvas_text(canvas, x, y, end - x, shortage->level > 2 ? STYLE_CRITICAL : STYLE_WARNING,
            shortage->name);
        x += canvas_textf(canvas, x, y, end - x, STYLE_TEXT, " (%s)  ", shortage->reason);
    }
    if (shortage->last_bytes > 0 && x < end)
        canvas_textf(canvas, x, y, end - x, STYLE_DIM, "gave back %s: %s",
            unit_format_bytes(shortage->last_bytes, last, sizeof last), shortage->givers);
}

/* "server   json 4.0K, sqlite 1.2M" */
static void
draw_types(struct canvas *canvas, struct rect inside, int y, const struct view *view)
{
    canvas_text(canvas, inside.x, y, LABEL - 1, STYLE_DIM, "server");
    canvas_text(canvas, inside.x + LABEL, y, inside.width - LABEL, STYLE_TEXT,
        view->shortage.types);
}

/* "leak     worker 3 of run 12 grows 1.8 MiB/min, R2 0.99, limit in 41 min" */
static void
draw_leak(struct canvas *canvas, struct rect inside, int y, const char *text)
{
    int left = inside.width >= LABELS_FROM ? LABEL : 0;
    if (left)
        canvas_text(canvas, inside.x, y, left - 1, STYLE_DIM, "leak");
    canvas_text(canvas, inside.x + left, y, inside.width - left, STYLE_WARNING, text);
}

/* A pressure's figure: now, or one of its averages. */
static void
draw_pressure(struct canvas *canvas, int x, int y, double value)
{
    char text[16];
    if (isnan(value))
        snprintf(text, sizeof text, "n/a");
    else
        snprintf(text, sizeof text, "%.1f", value);
    canvas_number(canvas, x, y, FIGURE, value >= 10 ? STYLE_WARNING : value > 0 ? STYLE_VALUE
        : STYLE_DIM, text);
}

/* A line of the table: a resource, or the titles when row is negative. */
static void
draw_pressure_row(struct canvas *canvas, struct rect inside, int y, int row,
    const struct view *view)
{
    static const char *const spans[SPANS] = { "now", "10s", "60s", "300s" };
    int groups = inside.width >= BOTH_WIDTH ? 2 : 1;
    int fit = (inside.width - LABEL - WORD) / FIGURE;
    int columns = fit < SPANS ? fit : SPANS;
    canvas_text(canvas, inside.x, y, LABEL - 1, STYLE_DIM, row < 0 ? "pressure" : pressures[row].label);
    for (int group = 0; group < groups; group++) {
        int x = inside.x + LABEL + group * (WORD + SPANS * FIGURE + 3);
        if (row < 0)
            canvas_text(canvas, x, y, WORD, STYLE_DIM, group ? "full" : "some");
        for (int i = 0; i < columns; i++) {
            int at = x + WORD + i * FIGURE;
            if (row < 0)
                canvas_number(canvas, at, y, FIGURE, STYLE_DIM, spans[i]);
            else
                draw_pressure(canvas, at, y,
                    scalar(view, (enum metric)((group ? pressures[row].full : pressures[row].some) + i)));
        }
    }
}

/* All resources in one line, where there is no room for the table. */
static void
draw_pressure_line(struct canvas *canvas, struct rect inside, int y, const struct view *view)
{
    int x = inside.x, end = inside.x + inside.width;
    if (inside.width >= LABEL + LABELS_FROM)
        x += canvas_text(canvas, x, y, LABEL, STYLE_DIM, "pressure") + 1;
    for (size_t i = 0; i < sizeof pressures / sizeof *pressures; i++) {
        int label = (int)strlen(pressures[i].label);
        if (x + label + FIGURE > end)
            return;
        canvas_text(canvas, x, y, label, STYLE_DIM, pressures[i].label);
        draw_pressure(canvas, x + label, y, scalar(view, pressures[i].some));
        x += label + FIGURE + 2;
    }
}

static int
memory_want(const struct panel_context *context, int width)
{
    (void)width;
    return 3 + has_limit(context->view) + has_shortage(context->view) +
        context->view->shortage.leak_count + 1 + TABLE_ROWS + GRAPH_ROWS;
}

static void
memory_note(const struct panel_context *context, char *buf, size_t size)
{
    double used = scalar(context->view, METRIC_MEMORY_USED_PCT);
    double available = scalar(context->view, METRIC_MEMORY_AVAILABLE);
    char text[16];
    if (isnan(used))
        snprintf(buf, size, "n/a");
    else
        snprintf(buf, size, "%.1f%% used · %s available", used,
            unit_format_bytes(available, text, sizeof text));
}

static void
memory_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view *view = context->view;
    int y = inside.y, end = inside.y + inside.height;
    int limit = has_limit(view), leaks = view->shortage.leak_count;
    int shortage = has_shortage(view) + leaks;
    /* what is there, by the rows that are left: see memory_want for all */
    bool swap = inside.height >= 3 + shortage, legend = inside.height >= 4 + limit + shortage;
    bool table = inside.height >= 3 + limit + shortage + TABLE_ROWS;
    if (inside.height < 1)
        return;
    draw_memory_line(canvas, inside, y++, view);
    if (legend)
        draw_legend(canvas, inside, y++, view);
    if (shortage > leaks && y < end)
        draw_shortage(canvas, inside, y++, view);
    for (int i = 0; i < leaks && y < end; i++)
        draw_leak(canvas, inside, y++, view->shortage.leak[i]);
    if (limit && y < end)
        draw_limit(canvas, inside, y++, view);
    if (swap && y < end)
        draw_swap(canvas, inside, y++, view);
    if (!table) {
        if (y < end)
            draw_pressure_line(canvas, inside, y, view);
        return;
    }
    if (view->shortage.types[0] && end - y > TABLE_ROWS + 1)
        draw_types(canvas, inside, y++, view);
    if (end - y > TABLE_ROWS)
        y++;
    for (int row = -1; row < TABLE_ROWS - 1; row++)
        draw_pressure_row(canvas, inside, y++, row, view);
    struct rect graph = { inside.x, y + 1, inside.width, end - y - 1 };
    if (graph.height >= 2)
        panel_series(canvas, graph, context, VIEW_SERIES_MEMORY, "used", STYLE_GRAPH_2);
}

const struct panel panel_memory = {
    .name = "memory",
    .title = "Memory and pressure",
    .priority = 3,
    .weight = 0,
    .want = memory_want,
    .note = memory_note,
    .draw = memory_draw,
};
