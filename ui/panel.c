/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/panel.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unit.h"
#include "ui/draw.h"

enum { SCALE_WIDTH = 5 }; /* "100% " */

static const struct panel *const panels[PANEL_COUNT] = {
    [PANEL_CPU] = &panel_cpu,
    [PANEL_MEMORY] = &panel_memory,
    [PANEL_IO] = &panel_io,
    [PANEL_RUNS] = &panel_runs,
    [PANEL_TASKS] = &panel_tasks,
    [PANEL_POOLS] = &panel_pools,
    [PANEL_BOARDS] = &panel_boards,
    [PANEL_FILES] = &panel_files,
    [PANEL_ALERTS] = &panel_alerts,
    [PANEL_RUN] = &panel_run,
    [PANEL_CURVE] = &panel_curve,
    [PANEL_TOP] = &panel_top,
    [PANEL_WORKERS] = &panel_workers,
    [PANEL_USE] = &panel_use,
    [PANEL_FAILURES] = &panel_failures,
    [PANEL_LOG] = &panel_log,
    [PANEL_RUN_TABLE] = &panel_run_table,
    [PANEL_PROCESSES] = &panel_processes,
    [PANEL_FIGURES] = &panel_figures,
    [PANEL_FIGURE_HISTORY] = &panel_figure_history,
    [PANEL_ALERT_TABLE] = &panel_alert_table,
    [PANEL_NOTICES] = &panel_notices,
    [PANEL_WEBHOOKS] = &panel_webhooks,
    [PANEL_SETTINGS] = &panel_settings,
    [PANEL_SETTING] = &panel_setting,
    [PANEL_HELP] = &panel_help,
    [PANEL_SCORES] = &panel_scores,
    [PANEL_SCATTER] = &panel_scatter,
    [PANEL_MAP] = &panel_map,
};

const struct panel *
panel_info(enum panel_id id)
{
    return panels[id];
}

void
panel_titles(struct canvas *canvas, int y, const struct layout_column *column, int count)
{
    for (int i = 0; i < count; i++)
        if (column[i].left || text_width(column[i].title) > column[i].width)
            panel_text(canvas, y, &column[i], STYLE_DIM, column[i].title);
        else
            panel_figure(canvas, y, &column[i], STYLE_DIM, column[i].title);
}

void
panel_table(struct canvas *canvas, struct rect *inside, const struct layout_column *columns,
    struct layout_column *column, int count)
{
    memcpy(column, columns, (size_t)count * sizeof *column);
    layout_columns(column, count, inside->x, inside->width);
    if (inside->height < 2)
        return;
    panel_titles(canvas, inside->y, column, count);
    inside->y++;
    inside->height--;
}

void
panel_text(struct canvas *canvas, int y, const struct layout_column *column, enum style style,
    const char *text)
{
    canvas_text(canvas, column->x, y, column->width, style, text);
}

void
panel_figure(struct canvas *canvas, int y, const struct layout_column *column, enum style style,
    const char *text)
{
    canvas_number(canvas, column->x, y, column->width, style, text);
}

int
panel_list_begin(struct canvas *canvas, const struct panel_context *context, struct rect rect,
    int count)
{
    struct panel_list *list = context->list;
    list->count = count;
    list->page = rect.height > 0 ? rect.height : 0;
    list->body = rect;
    if (list->top > count - list->page)
        list->top = count - list->page;
    if (list->top < 0)
        list->top = 0;
    int first = list->from_end ? count - list->page - list->top : list->top;
    draw_scrollbar(canvas, context->scroll_x, rect.y, rect.height, first, list->page, count);
    return list->top;
}

void
panel_empty(struct canvas *canvas, struct rect rect, const char *text)
{
    struct rect place = draw_center(rect, text_width(text), 1);
    if (place.height > 0)
        canvas_text(canvas, place.x, place.y, place.width, STYLE_DIM, text);
}

const char *
panel_count(double value, int cells, char *buf, size_t size)
{
    if (isfinite(value) && value >= 0 && value < 1e15 &&
        snprintf(buf, size, "%.0f", value) <= cells)
        return buf;
    return unit_format_count(value, buf, size);
}

/* "1.40M" in a digit less: at most four cells. Cut, so that it is never more than there is. */
static const char *
cut_count(double value, char *buf, size_t size)
{
    unit_format_count(value, buf, size);
    char *point = strchr(buf, '.');
    size_t len = strlen(buf);
    if (!point || len < 2)
        return buf;
    size_t digit = len - 1 - (isalpha((unsigned char)buf[len - 1]) != 0); /* the last one */
    memmove(buf + digit, buf + digit + 1, len - digit);
    if (!isdigit((unsigned char)point[1]))
        memmove(point, point + 1, strlen(point));
    return buf;
}

const char *
panel_progress_text(double done, double total, int cells, char *buf, size_t size)
{
    char left[32], right[32];
    if (isnan(total))
        return panel_count(done, cells, buf, size);
    if (snprintf(buf, size, "%.0f/%.0f", done, total) <= cells)
        return buf;
    if (snprintf(buf, size, "%s/%s", unit_format_count(done, left, sizeof left),
            unit_format_count(total, right, sizeof right)) <= cells)
        return buf;
    if (snprintf(buf, size, "%s/%s", cut_count(done, left, sizeof left),
            cut_count(total, right, sizeof right)) > cells)
        unit_format_count(done, buf, size);
    return buf;
}

const char *
panel_score(double value, int cells, char *buf, size_t size)
{
    if (!isfinite(value)) {
        snprintf(buf, size, "-");
        return buf;
    }
    unit_format_number(value, buf, size);
    for (int digits = 6; digits > 1 && (int)strlen(buf) > cells; digits--)
        snprintf(buf, size, "%.*g", digits, value);
    return buf;
}

/* Part of "2026-11-29T14:03:07". */
static const char *
time_part(double time, int from, int len, char *buf, size_t size)
{
    char text[32];
    if (!isfinite(time) || time < 0 || time > 9e9) {
        snprintf(buf, size, "-");
        return buf;
    }
    clock_format_local((int64_t)(time * 1e9), text, sizeof text);
    snprintf(buf, size, "%.*s", len, strlen(text) > (size_t)from ? text + from : text);
    return buf;
}

const char *
panel_clock(double time, char *buf, size_t size)
{
    return time_part(time, 11, 12, buf, size);
}

const char *
panel_date(double time, char *buf, size_t size)
{
    return time_part(time, 5, 11, buf, size);
}

const char *
panel_run_state(const struct view_run *run, enum style *ret_style)
{
    static const enum style styles[RUN_STATE_COUNT] = {
        [RUN_QUEUED] = STYLE_DIM, [RUN_RUNNING] = STYLE_GOOD, [RUN_PAUSED] = STYLE_WARNING,
        [RUN_DONE] = STYLE_TEXT, [RUN_FAILED] = STYLE_CRITICAL, [RUN_CANCELLED] = STYLE_DIM,
    };
    /* set for a pause and for a failure, too */
    if (run->cancelling && !run_state_ended(run->state)) {
        *ret_style = STYLE_WARNING;
        return "stopping";
    }
    *ret_style = styles[run->state];
    return run_state_name(run->state);
}

double
panel_run_fraction(const struct view_run *run)
{
    if (isnan(run->total))
        return NAN;
    return run->total > 0 ? (run->done + run->failed) / run->total : 0;
}

struct series_window {
    const struct panel_context *context;
    int series, columns;
    int64_t leftmost; /* number of the point in dot column 0 */
};

static float
series_value(const void *context, int column)
{
    const struct series_window *window = context;
    const struct view *view = window->context->view;
    if (window->context->part->on)
        return graph_part_value(window->context->part, window->series, window->columns, column);
    int64_t age = (int64_t)view->ticks - (window->leftmost + column);
    return age < 0 || age > VIEW_HISTORY ? NAN : view_series_at(&view->series[window->series], (int)age);
}

void
panel_series(struct canvas *canvas, struct rect rect, const struct panel_context *context, int series,
    const char *label, enum style style)
{
    if (rect.width > 4 * SCALE_WIDTH && rect.height > 1) {
        if (rect.height > 2)
            canvas_number(canvas, rect.x, rect.y + rect.height / 2, SCALE_WIDTH - 1, STYLE_DIM, label);
        canvas_number(canvas, rect.x, rect.y, SCALE_WIDTH - 1, STYLE_DIM, "100%");
        canvas_number(canvas, rect.x, rect.y + rect.height - 1, SCALE_WIDTH - 1, STYLE_DIM, "0%");
        rect.x += SCALE_WIDTH;
        rect.width -= SCALE_WIDTH;
    }
    if (rect.width < 1)
        return;
    struct series_window window = { context, series, 2 * rect.width, graph_leftmost(context->view, rect.width) };
    context->list->graph = rect;
    draw_graph(canvas, rect, style, series_value, &window, 100);
}
