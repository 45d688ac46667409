/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * CPU: one bar of all cores by kind of time, a meter for each core (or, for
 * many cores, one glyph each), and the history.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/unit.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum {
    METER_MIN = 17, /* " 0 ━━━━━━━━  100%" */
    METER_ROWS = 8, /* core rows that are asked for */
    GRAPH_ROWS = 6,
    VALUE = 4, /* "71.2", "100" */
    HEAT_LABEL = 5, /* "1023 " */
    GROUP = 8, /* heat glyphs without a blank */
    CORES_MAX = SAMPLE_ROWS_MAX,
};

/* Kinds of CPU time in the order of the bar. */
static const struct {
    enum metric all, core;
    const char *label;
    enum draw_glyph glyph;
    enum style style;
} kinds[] = {
    { METRIC_CPU_USER, METRIC_CORE_USER, "user", DRAW_BAR_FULL, STYLE_BAR_1 },
    { METRIC_CPU_NICE, METRIC_CORE_NICE, "nice", DRAW_BAR_DASHED, STYLE_BAR_3 },
    { METRIC_CPU_SYSTEM, METRIC_CORE_SYSTEM, "system", DRAW_BAR_DOUBLE, STYLE_BAR_2 },
    { METRIC_CPU_IRQ, METRIC_CORE_IRQ, "irq", DRAW_BAR_DOTTED, STYLE_BAR_2 },
    { METRIC_CPU_STEAL, METRIC_CORE_STEAL, "steal", DRAW_BAR_CROSSES, STYLE_CRITICAL },
    { METRIC_CPU_IOWAIT, METRIC_CORE_IOWAIT, "iowait", DRAW_BAR_LIGHT, STYLE_BAR_4 },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int
core_count(const struct view *view)
{
    return view->sample.rows[GROUP_CORE].count;
}

static void
draw_split(struct canvas *canvas, int x, int y, int width, const struct sample *sample, int core)
{
    struct draw_segment segment[KINDS];
    for (int i = 0; i < KINDS; i++)
        segment[i] = (struct draw_segment){
            sample_value(sample, core < 0 ? kinds[i].all : kinds[i].core, core) / 100,
            kinds[i].glyph, kinds[i].style };
    draw_bar(canvas, x, y, width, segment, KINDS);
}

static void
draw_percent(struct canvas *canvas, int x, int y, int width, double value)
{
    char text[16];
    if (isnan(value))
        snprintf(text, sizeof text, "n/a");
    else
        snprintf(text, sizeof text, width < 6 ? "%.0f%%" : "%.1f%%", value);
    canvas_number(canvas, x, y, width, STYLE_VALUE, text);
}

static void
draw_total(struct canvas *canvas, struct rect inside, const struct sample *sample)
{
    int label = inside.width >= 24 ? canvas_text(canvas, inside.x, inside.y, 6, STYLE_DIM, "all") + 3
                                   : 0;
    int bar = inside.width - label - 7;
    if (isnan(sample->scalar[METRIC_CPU_TOTAL]))
        draw_progress(canvas, inside.x + label, inside.y, bar, NAN, STYLE_DIM);
    else
        draw_split(canvas, inside.x + label, inside.y, bar, sample, -1);
    draw_percent(canvas, inside.x + inside.width - 6, inside.y, 6,
        sample->scalar[METRIC_CPU_TOTAL]);
}

/* "━ user 9.0  ═ system 2.1": what the bar's glyphs mean, and how much. */
static void
draw_legend(struct canvas *canvas, struct rect inside, int y, const struct sample *sample)
{
    int x = inside.x, end = inside.x + inside.width;
    for (int i = 0; i < KINDS; i++) {
        char value[16] = "n/a";
        double percent = sample->scalar[kinds[i].all];
        if (!isnan(percent))
            snprintf(value, sizeof value, percent < 99.95 ? "%.1f" : "%.0f", percent);
        int need = (int)strlen(kinds[i].label) + 3 + VALUE;
        if (x + need > end)
            return;
        canvas_put(canvas, x, y, kinds[i].glyph, kinds[i].style);
        x += 2;
        x += canvas_text(canvas, x, y, end - x, STYLE_DIM, kinds[i].label) + 1;
        canvas_text(canvas, x, y, end - x, STYLE_VALUE, value);
        x += VALUE + 1;
    }
}

static int
digits(int number)
{
    return number < 10 ? 1 : number < 100 ? 2 : number < 1000 ? 3 : 4;
}

/* Columns of meters so that all cores fit in `rows`, or 0. */
static int
meter_columns(int cores, int width, int rows)
{
    for (int columns = 1; columns * METER_MIN - 2 <= width; columns++)
        if ((cores + columns - 1) / columns <= rows)
            return columns;
    return 0;
}

static void
draw_meter(struct canvas *canvas, int x, int y, int width, const struct sample *sample, int core,
    int label)
{
    const struct sample_row *row = &sample->rows[GROUP_CORE].row[core];
    canvas_number(canvas, x, y, label, STYLE_DIM, row->name);
    if (!row->present) {
        canvas_text(canvas, x + label + 1, y, width - label - 1, STYLE_DIM, "offline");
        return;
    }
    double total = sample_value(sample, METRIC_CORE_TOTAL, core);
    if (isnan(total))
        draw_progress(canvas, x + label + 1, y, width - label - 6, NAN, STYLE_DIM);
    else
        draw_split(canvas, x + label + 1, y, width - label - 6, sample, core);
    draw_percent(canvas, x + width - 4, y, 4, total);
}

static void
draw_meters(struct canvas *canvas, struct rect rect, const struct view *view, int columns)
{
    int cores = core_count(view);
    int rows = (cores + columns - 1) / columns;
    int width = (rect.width - 2 * (columns - 1)) / columns;
    int label = digits(cores - 1);
    for (int i = 0; i < cores; i++)
        draw_meter(canvas, rect.x + i / rows * (width + 2), rect.y + i % rows, width,
            &view->sample, i, label);
}

/* Glyphs in a row of heat: groups of eight, so that cores can be counted. */
static int
heat_columns(int width)
{
    int groups = (width + 1) / (GROUP + 1);
    return groups > 0 ? groups * GROUP : width;
}

static int
heat_rows(int cores, int width)
{
    int columns = heat_columns(width - HEAT_LABEL);
    return columns > 0 ? (cores + columns - 1) / columns : 0;
}

/* Mean use of the cores from first on, NaN when none of them is there. */
static double
mean_use(const struct sample *sample, int first, int count)
{
    double sum = 0;
    int known = 0;
    for (int i = first; i < first + count && i < sample->rows[GROUP_CORE].count; i++) {
        double total = sample_value(sample, METRIC_CORE_TOTAL, i);
        if (isnan(total))
            continue;
        sum += total;
        known++;
    }
    return known ? sum / known : (double)NAN;
}

/* One glyph for each core. Where even that is too much, one for several: the
 * label of the first row is then the scale, as on a map. */
static void
draw_heat(struct canvas *canvas, struct rect rect, const struct view *view)
{
    const struct sample_rows *rows = &view->sample.rows[GROUP_CORE];
    int columns = heat_columns(rect.width - HEAT_LABEL);
    int room = columns * rect.height, per = room > 0 ? (rows->count + room - 1) / room : 0;
    for (int i = 0; per && i * per < rows->count; i++) {
        int y = rect.y + i / columns, place = i % columns, x = rect.x + HEAT_LABEL + place + place / GROUP;
        char scale[16];
        snprintf(scale, sizeof scale, "1:%d", per);
        if (!place)
            canvas_number(canvas, rect.x, y, HEAT_LABEL - 1, STYLE_DIM,
                per > 1 && !i ? scale : rows->row[i * per].name);
        double use = mean_use(&view->sample, i * per, per);
        if (isnan(use))
            canvas_put(canvas, x, y, 'x', STYLE_DIM);
        else
            draw_level(canvas, x, y, use / 100, use < 1 ? STYLE_BAR_EMPTY : STYLE_BAR_1);
    }
}

/* Rows for the cores out of those that are left. */
static int
core_rows(const struct view *view, int width, int room)
{
    int cores = core_count(view);
    int columns = cores ? meter_columns(cores, width, room) : 0;
    if (columns)
        return (cores + columns - 1) / columns;
    int heat = heat_rows(cores, width);
    return heat < room ? heat : room;
}

/* How much of the inside the cores may take: on a whole screen most of it,
 * else the history has its place too. */
static int
core_room(int room)
{
    if (room < METER_ROWS)
        return room;
    int most = room - GRAPH_ROWS > room / 2 ? room - GRAPH_ROWS : room / 2;
    return room < 3 * METER_ROWS && most > METER_ROWS ? METER_ROWS : most;
}

static int
cpu_want(const struct panel_context *context, int width)
{
    return 2 + core_rows(context->view, width, METER_ROWS) + GRAPH_ROWS;
}

static void
cpu_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct view *view = context->view;
    double total = view->sample.scalar[METRIC_CPU_TOTAL];
    double online = view->sample.scalar[METRIC_CPU_ONLINE];
    double megahertz = view->sample.scalar[METRIC_CPU_FREQUENCY];
    int cores = isnan(online) ? view->cores : (int)online;
    double celsius = view->sample.scalar[METRIC_CPU_TEMPERATURE];
    char frequency[24] = "", heat[24] = "";
    if (!isnan(megahertz))
        snprintf(frequency, sizeof frequency, " · %.2f GHz", megahertz / 1000);
    if (!isnan(celsius))
        snprintf(heat, sizeof heat, " · %.0fC", celsius);
    if (isnan(total))
        snprintf(buf, size, "n/a");
    else
        snprintf(buf, size, "%.1f%% of %d core%s%s%s", total, cores, cores == 1 ? "" : "s", frequency, heat);
}

static void
cpu_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view *view = context->view;
    int y = inside.y, end = inside.y + inside.height;
    if (inside.height < 1)
        return;
    draw_total(canvas, inside, &view->sample);
    y++;
    if (inside.height >= 4)
        draw_legend(canvas, inside, y++, &view->sample);
    int room = end - y;
    int rows = core_rows(view, inside.width, core_room(room));
    struct rect place = { inside.x, y, inside.width, rows };
    int columns = rows ? meter_columns(core_count(view), inside.width, rows) : 0;
    if (columns)
        draw_meters(canvas, place, view, columns);
    else
        draw_heat(canvas, place, view);
    y += rows;
    struct rect graph = { inside.x, y, inside.width, end - y };
    if (graph.height > 0)
        panel_series(canvas, graph, context, VIEW_SERIES_CPU, "all", STYLE_GRAPH);
}

const struct panel panel_cpu = {
    .name = "cpu",
    .title = "CPU",
    .priority = 2,
    .weight = 2,
    .want = cpu_want,
    .note = cpu_note,
    .draw = cpu_draw,
};
