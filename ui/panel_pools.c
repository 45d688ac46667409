/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pools: how many of each there are and are in use, and how often one could be
 * used again instead of made anew; of workers also how long it takes until one is
 * had, and how many were replaced before their run's end.
 */
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum { ROWS_WANTED_MAX = 8 };

enum { COLUMN_NAME, COLUMN_BAR, COLUMN_USE, COLUMN_CREATED, COLUMN_REUSED, COLUMN_SHARE,
    COLUMN_P50, COLUMN_P99, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_NAME] = { .title = "pool", .min = 12, .want = 20, .priority = 1, .left = true },
    [COLUMN_BAR] = { .title = "", .min = 4, .want = 8, .priority = 6, .left = true, .stretch = true },
    [COLUMN_USE] = { .title = "in use", .min = 7, .want = 9, .priority = 2 },
    [COLUMN_CREATED] = { .title = "created", .min = 7, .want = 7, .priority = 5 },
    [COLUMN_REUSED] = { .title = "reused", .min = 6, .want = 7, .priority = 4 },
    [COLUMN_SHARE] = { .title = "reuse", .min = 6, .want = 6, .priority = 3 },
    [COLUMN_P50] = { .title = "acquire", .min = 7, .want = 7, .priority = 8 },
    [COLUMN_P99] = { .title = "p99", .min = 6, .want = 6, .priority = 7 },
};

/* A pool has a second row when some of it were recycled. */
static int
count_rows(const struct view *view)
{
    int rows = view->pool_count;
    for (int i = 0; i < view->pool_count; i++)
        rows += view->pool[i].recycled[0] != '\0';
    return rows;
}

static int
pools_want(const struct panel_context *context, int width)
{
    (void)width;
    int rows = count_rows(context->view);
    return 1 + (rows < 1 ? 1 : rows < ROWS_WANTED_MAX ? rows : ROWS_WANTED_MAX);
}

static void
pools_note(const struct panel_context *context, char *buf, size_t size)
{
    double used = 0, all = 0;
    for (int i = 0; i < context->view->pool_count; i++) {
        used += fmax(context->view->pool[i].in_use, 0);
        all += fmax(context->view->pool[i].size, 0);
    }
    snprintf(buf, size, "%.0f of %.0f in use", used, all);
}

static void
draw_pool(struct canvas *canvas, int y, const struct layout_column *column,
    const struct view_pool *pool)
{
    char text[40];
    panel_text(canvas, y, &column[COLUMN_NAME], STYLE_TEXT, pool->name);
    if (column[COLUMN_BAR].width)
        draw_progress(canvas, column[COLUMN_BAR].x, y, column[COLUMN_BAR].width,
            pool->size > 0 ? pool->in_use / pool->size : 0, STYLE_BAR_1);
    panel_figure(canvas, y, &column[COLUMN_USE], STYLE_VALUE,
        panel_progress_text(pool->in_use, pool->size, column[COLUMN_USE].width, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_CREATED], STYLE_VALUE,
        panel_count(pool->created, column[COLUMN_CREATED].width, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_REUSED], STYLE_VALUE,
        panel_count(pool->reused, column[COLUMN_REUSED].width, text, sizeof text));
    if (isnan(pool->reuse_pct))
        snprintf(text, sizeof text, "-");
    else
        snprintf(text, sizeof text, "%.1f%%", pool->reuse_pct);
    panel_figure(canvas, y, &column[COLUMN_SHARE], STYLE_VALUE, text);
    panel_figure(canvas, y, &column[COLUMN_P50], STYLE_VALUE,
        unit_format_duration(pool->acquire_p50_seconds, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_P99], STYLE_VALUE,
        unit_format_duration(pool->acquire_p99_seconds, text, sizeof text));
}

static void
draw_recycled(struct canvas *canvas, struct rect inside, int y, const struct view_pool *pool)
{
    char text[VIEW_TEXT_MAX + 16];
    struct layout_column line = { .x = inside.x, .width = inside.width };
    snprintf(text, sizeof text, "  recycled: %s", pool->recycled);
    panel_text(canvas, y, &line, STYLE_DIM, text);
}

static void
pools_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view *view = context->view;
    struct layout_column column[COLUMNS];
    panel_table(canvas, &inside, columns, column, COLUMNS);
    int y = inside.y - panel_list_begin(canvas, context, inside, count_rows(view));
    for (int i = 0; i < view->pool_count && y < inside.y + inside.height; i++) {
        const struct view_pool *pool = &view->pool[i];
        if (y >= inside.y)
            draw_pool(canvas, y, column, pool);
        y++;
        if (pool->recycled[0] && y >= inside.y && y < inside.y + inside.height)
            draw_recycled(canvas, inside, y, pool);
        y += pool->recycled[0] != '\0';
    }
    if (!view->pool_count)
        panel_empty(canvas, inside, "no pools yet");
}

const struct panel panel_pools = {
    .name = "pools",
    .title = "Pools",
    .priority = 6,
    .weight = 1,
    .want = pools_want,
    .note = pools_note,
    .draw = pools_draw,
};
