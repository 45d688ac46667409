/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tasks: what is done again and again, how often and how long it takes.
 */
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "ui/panel.h"

enum { ROWS_WANTED_MAX = 10 };

enum { COLUMN_NAME, COLUMN_COUNT, COLUMN_NOW, COLUMN_FAILED, COLUMN_MIN, COLUMN_MEAN, COLUMN_P99,
    COLUMN_MAX, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_NAME] = { .title = "task", .min = 10, .want = 32, .priority = 1, .left = true, .stretch = true },
    [COLUMN_COUNT] = { .title = "count", .min = 6, .want = 8, .priority = 2 },
    [COLUMN_NOW] = { .title = "now", .min = 4, .want = 4, .priority = 4 },
    [COLUMN_FAILED] = { .title = "failed", .min = 6, .want = 6, .priority = 5 },
    [COLUMN_MIN] = { .title = "min", .min = 6, .want = 6, .priority = 8 },
    [COLUMN_MEAN] = { .title = "mean", .min = 6, .want = 6, .priority = 3 },
    [COLUMN_P99] = { .title = "p99", .min = 6, .want = 6, .priority = 6 },
    [COLUMN_MAX] = { .title = "max", .min = 6, .want = 6, .priority = 7 },
};

static int
tasks_want(const struct panel_context *context, int width)
{
    (void)width;
    int rows = context->view->task_count;
    return 1 + (rows < 1 ? 1 : rows < ROWS_WANTED_MAX ? rows : ROWS_WANTED_MAX);
}

static void
tasks_note(const struct panel_context *context, char *buf, size_t size)
{
    double now = 0, failed = 0;
    for (int i = 0; i < context->view->task_count; i++) {
        now += fmax(context->view->task[i].in_progress, 0);
        failed += fmax(context->view->task[i].failed, 0);
    }
    if (failed > 0)
        snprintf(buf, size, "%.0f in progress · %.0f failed", now, failed);
    else
        snprintf(buf, size, "%.0f in progress", now);
}

static void
draw_duration(struct canvas *canvas, int y, const struct layout_column *column, double seconds)
{
    char text[32];
    panel_figure(canvas, y, column, STYLE_VALUE, unit_format_duration(seconds, text, sizeof text));
}

static void
draw_task(struct canvas *canvas, int y, const struct layout_column *column,
    const struct view_task *task)
{
    char text[40];
    panel_text(canvas, y, &column[COLUMN_NAME], STYLE_TEXT, task->name);
    panel_figure(canvas, y, &column[COLUMN_COUNT], STYLE_VALUE,
        panel_count(task->count, column[COLUMN_COUNT].width, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_NOW], task->in_progress > 0 ? STYLE_VALUE : STYLE_DIM,
        panel_count(task->in_progress, column[COLUMN_NOW].width, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_FAILED], task->failed > 0 ? STYLE_WARNING : STYLE_DIM,
        panel_count(task->failed, column[COLUMN_FAILED].width, text, sizeof text));
    draw_duration(canvas, y, &column[COLUMN_MIN], task->min_seconds);
    draw_duration(canvas, y, &column[COLUMN_MEAN], task->mean_seconds);
    draw_duration(canvas, y, &column[COLUMN_P99], task->p99_seconds);
    draw_duration(canvas, y, &column[COLUMN_MAX], task->max_seconds);
}

static void
tasks_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view *view = context->view;
    struct layout_column column[COLUMNS];
    panel_table(canvas, &inside, columns, column, COLUMNS);
    int first = panel_list_begin(canvas, context, inside, view->task_count);
    for (int i = 0; i < inside.height && first + i < view->task_count; i++)
        draw_task(canvas, inside.y + i, column, &view->task[first + i]);
    if (!view->task_count)
        panel_empty(canvas, inside, "no tasks yet");
}

const struct panel panel_tasks = {
    .name = "tasks",
    .title = "Tasks",
    .priority = 5,
    .weight = 1,
    .want = tasks_want,
    .note = tasks_note,
    .draw = tasks_draw,
};
