/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/figure_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/unit.h"
#include "base/xalloc.h"

/* To add a column: a number, a row here, its case in compare_figures and draw_figure. */
enum { COLUMN_PROGRAM, COLUMN_PID, COLUMN_NAME, COLUMN_LABELS, COLUMN_KIND, COLUMN_VALUE, COLUMN_RATE,
    COLUMN_P50, COLUMN_P99, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_PROGRAM] = { .title = "program", .min = 9, .want = 20, .priority = 4, .left = true },
    [COLUMN_PID] = { .title = "pid", .min = 7, .want = 7, .priority = 7 },
    [COLUMN_NAME] = { .title = "figure", .min = 14, .want = 30, .priority = 1, .left = true, .stretch = true },
    [COLUMN_LABELS] = { .title = "labels", .min = 8, .want = 26, .priority = 6, .left = true },
    [COLUMN_KIND] = { .title = "kind", .min = 9, .want = 9, .priority = 9, .left = true },
    [COLUMN_VALUE] = { .title = "value", .min = 8, .want = 9, .priority = 1 },
    [COLUMN_RATE] = { .title = "per s", .min = 7, .want = 8, .priority = 3 },
    [COLUMN_P50] = { .title = "p50", .min = 6, .want = 7, .priority = 8 },
    [COLUMN_P99] = { .title = "p99", .min = 6, .want = 7, .priority = 5 },
};

void
figure_list_release(struct figure_list *list)
{
    free(list->ring);
    list->ring = NULL;
}

static uint64_t
hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001B3u;
    return (hash ^ 0xFF) * 0x100000001B3u;
}

static uint64_t
key_of(const struct view_figure *figure)
{
    uint64_t hash = hash_text(0xCBF29CE484222325u, figure->program);
    hash = hash_text(hash_text(hash ^ (uint64_t)figure->pid, figure->name), figure->labels);
    return hash ? hash : 1;
}

const struct figure_ring *
figure_list_ring(const struct figure_list *list, uint64_t key)
{
    for (int i = 0; list->ring && i < VIEW_FIGURES_MAX; i++)
        if (list->ring[i].key == key)
            return &list->ring[i];
    return NULL;
}

/* The figure's own ring, else a free one, else that which has not been told of for longest. Figures
 * mostly keep their places, so that the first look finds it. */
static struct figure_ring *
ring_for(struct figure_list *list, int place)
{
    uint64_t key = list->key[place];
    struct figure_ring *oldest = &list->ring[0];
    if (list->ring[place].key == key)
        return &list->ring[place];
    for (int i = 0; i < VIEW_FIGURES_MAX; i++) {
        if (list->ring[i].key == key)
            return &list->ring[i];
        if (list->ring[i].pushed < oldest->pushed)
            oldest = &list->ring[i];
    }
    if (!list->ring[place].key)
        oldest = &list->ring[place];
    oldest->key = key;
    oldest->count = oldest->head = 0;
    return oldest;
}

void
figure_list_update(struct figure_list *list, bool remember, bool now)
{
    const struct view *view = list->view;
    if (remember && !list->ring)
        list->ring = xcalloc(VIEW_FIGURES_MAX, sizeof *list->ring);
    for (int i = 0; i < view->figure_count; i++)
        list->key[i] = key_of(&view->figure[i]);
    for (int i = 0; list->ring && now && i < view->figure_count; i++) {
        const struct view_figure *figure = &view->figure[i];
        struct figure_ring *ring = ring_for(list, i);
        if (ring->count && ring->pushed == view->ticks)
            continue;
        ring->pushed = view->ticks;
        ring->head = ring->count ? (ring->head + 1) % FIGURE_HISTORY : 0;
        ring->count += ring->count < FIGURE_HISTORY;
        ring->value[ring->head] = (float)(figure->kind == VIEW_FIGURE_GAUGE ? figure->value : figure->rate);
    }
}

/* As a table. */

static const struct view_figure *
figure_at(const void *rows, int row)
{
    return &((const struct figure_list *)rows)->view->figure[row];
}

static int
count_figures(const void *rows)
{
    return ((const struct figure_list *)rows)->view->figure_count;
}

static uint64_t
figure_key(const void *rows, int row)
{
    return ((const struct figure_list *)rows)->key[row];
}

static bool
figure_matches(const void *rows, int row, const char *text)
{
    const struct view_figure *figure = figure_at(rows, row);
    return table_contains(figure->name, text) || table_contains(figure->program, text) ||
        table_contains(figure->labels, text);
}

static int
compare_names(const struct view_figure *a, const struct view_figure *b)
{
    int order = strcmp(a->name, b->name);
    return order ? order : strcmp(a->labels, b->labels);
}

static double
rate_of(const struct view_figure *figure)
{
    return figure->kind == VIEW_FIGURE_GAUGE ? (double)NAN : figure->rate;
}

static double
p99_of(const struct view_figure *figure)
{
    return figure->kind == VIEW_FIGURE_HISTOGRAM ? figure->p99_seconds : (double)NAN;
}

static double
p50_of(const struct view_figure *figure)
{
    return figure->kind == VIEW_FIGURE_HISTOGRAM ? figure->p50_seconds : (double)NAN;
}

static int
compare_figures(const void *rows, int left, int right, int column)
{
    const struct view_figure *a = figure_at(rows, left), *b = figure_at(rows, right);
    int order = 0;
    switch (column) {
    case COLUMN_PROGRAM:
        order = strcmp(a->program, b->program);
        order = order ? order : (a->pid > b->pid) - (a->pid < b->pid);
        break;
    case COLUMN_PID:
        order = (a->pid > b->pid) - (a->pid < b->pid);
        break;
    case COLUMN_LABELS:
        order = strcmp(a->labels, b->labels);
        break;
    case COLUMN_KIND:
        order = (int)a->kind - (int)b->kind;
        break;
    case COLUMN_VALUE:
        order = table_larger(a->value, b->value);
        break;
    case COLUMN_RATE:
        order = table_larger(rate_of(a), rate_of(b));
        break;
    case COLUMN_P50:
        order = table_larger(p50_of(a), p50_of(b));
        break;
    case COLUMN_P99:
        order = table_larger(p99_of(a), p99_of(b));
        break;
    default:
        break;
    }
    return order ? order : compare_names(a, b);
}

const char *
figure_text(const struct view_figure *figure, int cells, char *buf, size_t size)
{
    bool gauge = figure->kind == VIEW_FIGURE_GAUGE;
    if (gauge && !strcmp(figure->unit, "percent") && isfinite(figure->value))
        snprintf(buf, size, "%.1f%%", figure->value);
    else if (gauge && !strcmp(figure->unit, "seconds"))
        unit_format_duration(figure->value, buf, size);
    else if (figure->kind != VIEW_FIGURE_HISTOGRAM && !strcmp(figure->unit, "bytes"))
        unit_format_bytes(figure->value, buf, size);
    else if (gauge)
        panel_score(figure->value, cells, buf, size);
    else
        panel_count(figure->value, cells, buf, size);
    return buf;
}

static void
draw_figure(struct canvas *canvas, int y, int end, const struct layout_column *column, const void *rows,
    int row, int depth)
{
    static const char *const kinds[] = { "counter", "gauge", "histogram" };
    const struct view_figure *figure = figure_at(rows, row);
    char text[96];
    (void)end, (void)depth;
    panel_text(canvas, y, &column[COLUMN_PROGRAM], STYLE_TEXT, figure->program);
    snprintf(text, sizeof text, "%lld", (long long)figure->pid);
    panel_figure(canvas, y, &column[COLUMN_PID], STYLE_DIM, text);
    panel_text(canvas, y, &column[COLUMN_NAME], STYLE_TEXT, figure->name);
    panel_text(canvas, y, &column[COLUMN_LABELS], STYLE_DIM, figure->labels);
    panel_text(canvas, y, &column[COLUMN_KIND], STYLE_DIM, kinds[figure->kind]);
    panel_figure(canvas, y, &column[COLUMN_VALUE], STYLE_VALUE,
        figure_text(figure, column[COLUMN_VALUE].width, text, sizeof text));
    if (figure->kind != VIEW_FIGURE_GAUGE)
        panel_figure(canvas, y, &column[COLUMN_RATE], STYLE_VALUE, unit_format_count(figure->rate, text, sizeof text));
    if (figure->kind != VIEW_FIGURE_HISTOGRAM)
        return;
    panel_figure(canvas, y, &column[COLUMN_P50], STYLE_VALUE,
        unit_format_duration(figure->p50_seconds, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_P99], STYLE_VALUE,
        unit_format_duration(figure->p99_seconds, text, sizeof text));
}

const struct table_class figure_list_class = {
    .columns = columns,
    .column_count = COLUMNS,
    .count = count_figures,
    .key = figure_key,
    .compare = compare_figures,
    .matches = figure_matches,
    .draw = draw_figure,
    .copied = COLUMN_VALUE,
    .empty = "no program publishes figures",
};
