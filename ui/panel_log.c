/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The last log lines of a run, the newest at the bottom.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ui/panel.h"

enum { ROWS_LEAST = 3, ROWS_WANTED = 10, CLOCK_WIDTH = 10, TRIAL_WIDTH = 8 };

static int
log_want(const struct panel_context *context, int width)
{
    (void)width;
    int rows = context->detail->line_count; /* a filter leaves the panel where it is */
    return rows < ROWS_LEAST ? ROWS_LEAST : rows < ROWS_WANTED ? rows : ROWS_WANTED;
}

static void
log_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct detail *detail = context->detail;
    int shown = detail_log_count(detail);
    size_t len;
    if (*detail->log_filter)
        snprintf(buf, size, "%d of the last %d lines%s with \"%s\"", shown, detail->line_count,
            detail->log_trial ? " of one trial" : "", detail->log_filter);
    else
        snprintf(buf, size, "last %d lines", detail->line_count);
    len = strlen(buf);
    if (context->list->top > 0)
        snprintf(buf + len, size - len, " \u00b7 %d newer below, End follows", context->list->top);
}

static enum style
level_style(const char *level)
{
    return !strcmp(level, "error") ? STYLE_CRITICAL : !strncmp(level, "warn", 4) ? STYLE_WARNING
        : STYLE_TEXT;
}

static void
draw_line(struct canvas *canvas, struct rect line, const struct detail_line *entry, bool found)
{
    char clock[16], trial[24] = "";
    int x = line.x, end = line.x + line.width;
    if (line.width >= 40) {
        canvas_text(canvas, x, line.y, CLOCK_WIDTH, STYLE_DIM,
            panel_clock(entry->time, clock, sizeof clock));
        x += CLOCK_WIDTH;
        if (!isnan(entry->trial))
            snprintf(trial, sizeof trial, "%.0f", entry->trial);
        canvas_number(canvas, x, line.y, TRIAL_WIDTH - 2, STYLE_DIM, trial);
        x += TRIAL_WIDTH;
    }
    enum style style = level_style(entry->level);
    if (style != STYLE_TEXT)
        x += canvas_textf(canvas, x, line.y, end - x, style, "%s: ", entry->level);
    canvas_text(canvas, x, line.y, end - x, STYLE_TEXT, entry->text);
    if (found)
        canvas_style(canvas, line, STYLE_SELECTED);
}

/* The list counts from the newest, so that its first row is the bottom one. */
static void
log_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct detail *detail = context->detail;
    context->list->from_end = true;
    int count = detail_log_count(detail);
    int back = panel_list_begin(canvas, context, inside, count);
    int shown = count - back < inside.height ? count - back : inside.height;
    for (int i = 0; i < shown; i++) {
        struct rect line = { inside.x, inside.y + shown - 1 - i, inside.width, 1 };
        draw_line(canvas, line, detail_log_at(detail, back + i), back + i == detail->log_match);
    }
    if (!count)
        panel_empty(canvas, inside, *detail->log_filter ? "no such line among the last ones" : "no log lines");
}

const struct panel panel_log = {
    .name = "log",
    .title = "Log",
    .priority = 4,
    .weight = 0,
    .want = log_want,
    .note = log_note,
    .draw = log_draw,
    .now_only = true,
};
