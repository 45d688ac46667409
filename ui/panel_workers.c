/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The workers of a run over time: a lane for each, a sign for each second. How high a
 * sign is says how busy the worker was; what it was instead has a sign of its own,
 * which the frame explains.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/unit.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum { ROWS_WANTED = 9 };

enum { COLUMN_WORKER, COLUMN_STATE, COLUMN_TRIAL, COLUMN_SECONDS, COLUMN_PID, COLUMN_PAST, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_WORKER] = { .title = "worker", .min = 6, .want = 6, .priority = 4 },
    [COLUMN_STATE] = { .title = "state", .min = 8, .want = 8, .priority = 2, .left = true },
    [COLUMN_TRIAL] = { .title = "trial", .min = 8, .want = 9, .priority = 3 },
    [COLUMN_SECONDS] = { .title = "for", .min = 6, .want = 6, .priority = 5 },
    [COLUMN_PID] = { .title = "pid", .min = 7, .want = 7, .priority = 6 },
    [COLUMN_PAST] = { .title = "", .min = 8, .want = 20, .priority = 1, .left = true, .stretch = true },
};

/* Seconds that are not told by a height: '0' to '9' are. */
static const struct mark {
    char point;
    uint32_t sign;
    enum style style;
} marks[] = {
    { 'f', 'x', STYLE_CRITICAL },
    { 's', '~', STYLE_WARNING },
    { 'p', '=', STYLE_WARNING },
    { '0', 0xB7, STYLE_DIM },
};

static int
workers_want(const struct panel_context *context, int width)
{
    int lanes = context->detail->lane_count;
    (void)width;
    return !lanes ? 0 : lanes + 1 < ROWS_WANTED ? lanes + 1 : ROWS_WANTED;
}

/* How much of the time that is seen there was work, of that in which there were workers. */
static double
busy_share(const struct detail *detail)
{
    int busy = 0, all = 0;
    for (int i = 0; i < detail->lane_count; i++)
        for (int p = 0; p < detail->lane[i].points; p++) {
            char point = detail->lane[i].past[p];
            busy += point == 'f' || point == '9' ? 10 : point > '0' && point < '9' ? point - '0' : 0;
            all += point == ' ' ? 0 : 10;
        }
    return all ? 100.0 * busy / all : (double)NAN;
}

static void
workers_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct detail *detail = context->detail;
    char seconds[24] = "", share[24] = "", others[40] = "";
    double busy = busy_share(detail);
    int points = 0;
    for (int i = 0; i < detail->lane_count; i++)
        points = detail->lane[i].points > points ? detail->lane[i].points : points;
    if (isfinite(busy))
        snprintf(share, sizeof share, "busy %.0f%% of ", busy);
    if (detail->lane_others > 0)
        snprintf(others, sizeof others, "%lld more not shown · ", (long long)detail->lane_others);
    snprintf(buf, size, "%s%s%s", others, share, unit_format_duration(points, seconds, sizeof seconds));
}

static void
draw_point(struct canvas *canvas, int x, int y, char point)
{
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (marks[i].point == point) {
            canvas_put(canvas, x, y, marks[i].sign, marks[i].style);
            return;
        }
    if (point >= '1' && point <= '9')
        draw_level(canvas, x, y, point == '9' ? 1 : (point - '0') / 10.0, STYLE_GRAPH);
}

/* Like the graphs it stands still while it fills an eighth of its width. */
static void
draw_past(struct canvas *canvas, int y, const struct layout_column *column, const struct detail *detail,
    const struct detail_lane *lane)
{
    if (column->width < 1)
        return;
    int64_t step = column->width / 8 + 1;
    int64_t last = (detail->lane_newest / step + 1) * step - 1, first = last - column->width + 1;
    for (int p = 0; p < lane->points; p++) {
        int64_t number = detail->lane_newest - (lane->points - 1 - p);
        if (number >= first && number <= last)
            draw_point(canvas, column->x + (int)(number - first), y, lane->past[p]);
    }
}

static enum style
state_style(const char *state)
{
    return !strcmp(state, "busy") ? STYLE_GOOD : !strcmp(state, "idle") || !strcmp(state, "none") ? STYLE_DIM
        : STYLE_WARNING;
}

static void
draw_lane(struct canvas *canvas, int y, const struct layout_column *column, const struct detail *detail,
    const struct detail_lane *lane)
{
    char text[40];
    panel_figure(canvas, y, &column[COLUMN_WORKER], STYLE_TEXT,
        isnan(lane->worker) ? "-" : panel_count(lane->worker, column[COLUMN_WORKER].width, text, sizeof text));
    panel_text(canvas, y, &column[COLUMN_STATE], state_style(lane->state), lane->state);
    if (!isnan(lane->trial))
        panel_figure(canvas, y, &column[COLUMN_TRIAL], STYLE_VALUE,
            panel_count(lane->trial, column[COLUMN_TRIAL].width, text, sizeof text));
    if (!isnan(lane->seconds))
        panel_figure(canvas, y, &column[COLUMN_SECONDS], STYLE_VALUE,
            unit_format_duration(lane->seconds, text, sizeof text));
    if (!isnan(lane->pid))
        panel_figure(canvas, y, &column[COLUMN_PID], STYLE_DIM,
            panel_count(lane->pid, column[COLUMN_PID].width, text, sizeof text));
    draw_past(canvas, y, &column[COLUMN_PAST], detail, lane);
}

/* What the signs are, in the line of titles. */
static void
draw_legend(struct canvas *canvas, int y, const struct layout_column *column)
{
    static const char *const words[] = { "failed", "starting", "paused", "idle" };
    int x = column->x, end = column->x + column->width;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (x + 2 + (int)strlen(words[i]) > end)
            return;
        canvas_put(canvas, x, y, marks[i].sign, marks[i].style);
        x += 2 + canvas_text(canvas, x + 2, y, end - x - 2, STYLE_DIM, words[i]) + 2;
    }
}

static void
workers_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct detail *detail = context->detail;
    struct layout_column column[COLUMNS];
    int titles = inside.height >= 2 ? inside.y : -1;
    panel_table(canvas, &inside, columns, column, COLUMNS);
    if (titles >= 0)
        draw_legend(canvas, titles, &column[COLUMN_PAST]);
    int first = panel_list_begin(canvas, context, inside, detail->lane_count);
    for (int i = 0; i < inside.height && first + i < detail->lane_count; i++)
        draw_lane(canvas, inside.y + i, column, detail, &detail->lane[first + i]);
    if (!detail->lane_count)
        panel_empty(canvas, inside, "no workers since the server's start");
}

const struct panel panel_workers = {
    .name = "workers",
    .title = "Workers",
    .priority = 3,
    .weight = 0,
    .want = workers_want,
    .note = workers_note,
    .draw = workers_draw,
    .now_only = true,
};
