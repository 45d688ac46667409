/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pools: how many of each there are and are in use, and how often one could be
 * used again instead of made anew.
 */
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum { ROWS_WANTED_MAX = 8 };

enum { COLUMN_NAME, COLUMN_BAR, COLUMN_USE, COLUMN_CREATED, COLUMN_REUSED, COLUMN_SHARE, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_NAME] = { .title = "pool", .min = 8, .want = 20, .priority = 1, .left = true },
    [COLUMN_BAR] = { .title = "", .min = 4, .want = 8, .priority = 6, .left = true, .stretch = true },
    [COLUMN_USE] = { .title = "in use", .min = 7, .want = 9, .priority = 2 },
    [COLUMN_CREATED] = { .title = "created", .min = 7, .want = 7, .priority = 5 },
    [COLUMN_REUSED] = { .title = "reused", .min = 6, .want = 7, .priority = 4 },
    [COLUMN_SHARE] = { .title = "reuse", .min = 6, .want = 6, .priority = 3 },
};

static int
pools_want(const struct panel_context *context, int width)
{
    (void)width;
    int rows = context->view->pool_count;
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
}

static void
pools_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view *view = context->view;
    struct layout_column column[COLUMNS];
    panel_table(canvas, &inside, columns, column, COLUMNS);
    int first = panel_list_begin(canvas, context, inside, view->pool_count);
    for (int i = 0; i < inside.height && first + i < view->pool_count; i++)
        draw_pool(canvas, inside.y + i, column, &view->pool[first + i]);
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
