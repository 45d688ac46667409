/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs: how far each is, how fast, and the best so far. The cursor is kept by
 * the run's number, never by its line: the list may move under it.
 */
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum { ROWS_WANTED_MAX = 12, PERCENT_WIDTH = 5 };

enum { COLUMN_RUN, COLUMN_NAME, COLUMN_STATE, COLUMN_PROGRESS, COLUMN_DONE, COLUMN_FAILED,
    COLUMN_RATE, COLUMN_LEFT, COLUMN_BEST, COLUMN_WORKERS, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_RUN] = { .title = "run", .min = 4, .want = 5, .priority = 1 },
    [COLUMN_NAME] = { .title = "name", .min = 6, .want = 20, .priority = 3, .left = true },
    [COLUMN_STATE] = { .title = "state", .min = 10, .want = 10, .priority = 1, .left = true },
    [COLUMN_PROGRESS] = { .title = "progress", .min = 8, .want = 16, .priority = 2, .left = true, .stretch = true },
    [COLUMN_DONE] = { .title = "done", .min = 9, .want = 15, .priority = 4 },
    [COLUMN_FAILED] = { .title = "failed", .min = 6, .want = 6, .priority = 9 },
    [COLUMN_RATE] = { .title = "rate", .min = 7, .want = 8, .priority = 7 },
    [COLUMN_LEFT] = { .title = "left", .min = 6, .want = 7, .priority = 5 },
    [COLUMN_BEST] = { .title = "best", .min = 8, .want = 12, .priority = 6 },
    [COLUMN_WORKERS] = { .title = "workers", .min = 7, .want = 7, .priority = 8 },
};

static int
runs_want(const struct panel_context *context, int width)
{
    (void)width;
    int rows = context->view->run_count;
    return 1 + (rows < 2 ? 2 : rows < ROWS_WANTED_MAX ? rows : ROWS_WANTED_MAX);
}

static void
runs_note(const struct panel_context *context, char *buf, size_t size)
{
    int running = 0, queued = 0;
    for (int i = 0; i < context->view->run_count; i++) {
        running += context->view->run[i].state == RUN_RUNNING;
        queued += context->view->run[i].state == RUN_QUEUED;
    }
    if (running || queued)
        snprintf(buf, size, "%d running · %d queued", running, queued);
    else
        snprintf(buf, size, "none running");
}

/* What a run that does not move has to say, else its bar. */
static void
draw_progress_cell(struct canvas *canvas, int y, const struct layout_column *column,
    const struct view_run *run)
{
    if (!column->width)
        return;
    const char *why = run->state == RUN_QUEUED ? run->waiting
        : run->state == RUN_FAILED ? run->reason : "";
    if (*why) {
        panel_text(canvas, y, column, STYLE_DIM, why);
        return;
    }
    double fraction = panel_run_fraction(run);
    int bar = column->width;
    if (bar >= 12 && !isnan(fraction)) {
        char text[16];
        bar -= PERCENT_WIDTH;
        snprintf(text, sizeof text, "%.0f%%", floor(fraction * 100));
        canvas_number(canvas, column->x + bar, y, PERCENT_WIDTH, STYLE_VALUE, text);
    }
    draw_progress(canvas, column->x, y, bar, fraction,
        run_state_ended(run->state) || run->state == RUN_PAUSED ? STYLE_DIM : STYLE_BAR_1);
}

static void
draw_rate(struct canvas *canvas, int y, const struct layout_column *column, double rate)
{
    char text[32], number[32];
    if (isnan(rate))
        snprintf(text, sizeof text, "-");
    else
        snprintf(text, sizeof text, "%s/s", unit_format_count(rate, number, sizeof number));
    panel_figure(canvas, y, column, STYLE_VALUE, text);
}

static void
draw_figures(struct canvas *canvas, int y, const struct layout_column *column,
    const struct view_run *run)
{
    char text[80];
    bool moves = run->state == RUN_RUNNING;
    panel_figure(canvas, y, &column[COLUMN_DONE], STYLE_VALUE,
        panel_progress_text(run->done + run->failed, run->total, column[COLUMN_DONE].width, text,
            sizeof text));
    panel_figure(canvas, y, &column[COLUMN_FAILED], run->failed > 0 ? STYLE_WARNING : STYLE_DIM,
        panel_count(run->failed, column[COLUMN_FAILED].width, text, sizeof text));
    draw_rate(canvas, y, &column[COLUMN_RATE], moves ? run->rate : (double)NAN);
    panel_figure(canvas, y, &column[COLUMN_LEFT], STYLE_VALUE,
        unit_format_duration(moves ? run->eta_seconds : (double)NAN, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_BEST], STYLE_VALUE,
        panel_score(run->has_best ? run->best_score : (double)NAN, column[COLUMN_BEST].width, text,
            sizeof text));
    if (isnan(run->workers) || (!moves && run->workers == 0))
        snprintf(text, sizeof text, "-");
    else
        panel_progress_text(run->workers, run->workers_target, column[COLUMN_WORKERS].width, text,
            sizeof text);
    panel_figure(canvas, y, &column[COLUMN_WORKERS], STYLE_VALUE, text);
}

static void
draw_run(struct canvas *canvas, int y, int end, const struct layout_column *column,
    const struct view_run *run)
{
    char text[32];
    enum style style;
    const char *state = panel_run_state(run, &style);
    snprintf(text, sizeof text, "%lld", (long long)run->run);
    panel_figure(canvas, y, &column[COLUMN_RUN], STYLE_TEXT, text);
    panel_text(canvas, y, &column[COLUMN_NAME], STYLE_TEXT, run->name);
    panel_text(canvas, y, &column[COLUMN_STATE], style, state);
    if (run->state == RUN_QUEUED && *run->waiting && run->done + run->failed == 0) {
        int x = column[COLUMN_PROGRESS].x; /* no figures yet: the line is the reason's */
        if (column[COLUMN_PROGRESS].width)
            canvas_text(canvas, x, y, end - x, STYLE_DIM, run->waiting);
        return;
    }
    draw_progress_cell(canvas, y, &column[COLUMN_PROGRESS], run);
    draw_figures(canvas, y, column, run);
}

static int
selected_row(const struct panel_context *context)
{
    for (int i = 0; i < context->view->run_count; i++)
        if (context->view->run[i].run == context->selected)
            return i;
    return -1;
}

/* Scrolls so that the cursor is seen. */
static void
follow_cursor(const struct panel_context *context, int row, int height)
{
    if (row < 0)
        return;
    if (context->list->top > row)
        context->list->top = row;
    if (context->list->top < row - height + 1)
        context->list->top = row - height + 1;
}

static void
runs_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view *view = context->view;
    struct layout_column column[COLUMNS];
    panel_table(canvas, &inside, columns, column, COLUMNS);
    int cursor = selected_row(context);
    follow_cursor(context, cursor, inside.height);
    int first = panel_list_begin(canvas, context, inside, view->run_count);
    for (int i = 0; i < inside.height && first + i < view->run_count; i++) {
        struct rect line = { inside.x - 1, inside.y + i, context->scroll_x - inside.x + 1, 1 };
        draw_run(canvas, line.y, inside.x + inside.width, column, &view->run[first + i]);
        if (first + i == cursor) {
            canvas_style(canvas, line, STYLE_SELECTED);
            canvas_put(canvas, line.x, line.y, '>', STYLE_SELECTED);
        }
    }
    if (!view->run_count)
        panel_empty(canvas, inside, "no runs yet: press n to launch one");
}

const struct panel panel_runs = {
    .name = "runs",
    .title = "Runs",
    .priority = 1,
    .weight = 2,
    .want = runs_want,
    .note = runs_note,
    .draw = runs_draw,
};
