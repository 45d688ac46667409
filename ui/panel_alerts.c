/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Alerts: what is not normal now, then what has been told lately.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "ui/panel.h"

enum { ROWS_WANTED_MAX = 8, CLOCK_WIDTH = 10, STATE_WIDTH = 10 };

/* A state or type of notice by how it looks; the first that the text contains. */
static const struct {
    const char *word;
    const char *mark;
    enum style style;
} levels[] = {
    { "critical", "!!", STYLE_CRITICAL },
    { "failed", "!!", STYLE_CRITICAL },
    { "warning", "!", STYLE_WARNING },
    { "pending", "?", STYLE_DIM },
    { "cancelled", "x", STYLE_DIM },
    { "resolved", "+", STYLE_GOOD },
    { "finished", "+", STYLE_GOOD },
};
enum { LEVELS = (int)(sizeof levels / sizeof *levels) };

static int
level_of(const char *text)
{
    for (int i = 0; i < LEVELS; i++)
        if (strstr(text, levels[i].word))
            return i;
    return -1;
}

const char *
panel_level_mark(const char *state, enum style *ret_style)
{
    int level = level_of(state);
    *ret_style = level < 0 ? STYLE_TEXT : levels[level].style;
    return level < 0 ? "" : levels[level].mark;
}

static int
alerts_want(const struct panel_context *context, int width)
{
    (void)width;
    int rows = context->view->alert_count + context->view->notice_count;
    return rows < 1 ? 1 : rows < ROWS_WANTED_MAX ? rows : ROWS_WANTED_MAX;
}

static void
alerts_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct view *view = context->view;
    int critical = (int)fmax(view->alerts_critical, 0), warning = (int)fmax(view->alerts_warning, 0);
    int used = 0;
    if (critical)
        used = snprintf(buf, size, "!! %d critical", critical);
    if (warning)
        used += snprintf(buf + used, size - (size_t)used, "%s! %d warning", used ? " · " : "", warning);
    int pending = 0;
    for (int i = 0; i < view->alert_count; i++)
        pending += !strcmp(view->alert[i].state, "pending");
    if (!used && pending)
        used = snprintf(buf, size, "%d pending", pending);
    if (!used)
        used = snprintf(buf, size, "all normal");
    if (view->deliveries_waiting > 0)
        used += snprintf(buf + used, size - (size_t)used, " · %.0f waiting", view->deliveries_waiting);
    if (view->deliveries_dead > 0)
        snprintf(buf + used, size - (size_t)used, " · %.0f undelivered", view->deliveries_dead);
}

static int
draw_mark(struct canvas *canvas, struct rect line, int level)
{
    if (level < 0)
        return line.x + 3;
    canvas_text(canvas, line.x, line.y, 2 < line.width ? 2 : line.width, levels[level].style,
        levels[level].mark);
    return line.x + 3;
}

/* "91.2%" with a unit that is %, bytes, seconds or a word. */
const char *
panel_unit_text(double value, const char *unit, char *buf, size_t size)
{
    char text[40];
    if (isnan(value))
        snprintf(buf, size, "n/a");
    else if (!strcmp(unit, "B") || !strcmp(unit, "B/s"))
        snprintf(buf, size, "%s%s", unit_format_bytes(value, text, sizeof text), unit[1] ? "/s" : "");
    else if (!strcmp(unit, "s"))
        unit_format_duration(value, buf, size);
    else if (!strcmp(unit, "%"))
        snprintf(buf, size, "%.1f%%", value);
    else
        snprintf(buf, size, "%s%s", unit_format_count(value, text, sizeof text), unit);
    return buf;
}

static void
draw_alert(struct canvas *canvas, struct rect line, const struct view *view,
    const struct view_alert *alert)
{
    char value[64], limit[64], age[24];
    int level = level_of(alert->state), end = line.x + line.width;
    int x = draw_mark(canvas, line, level);
    canvas_text(canvas, x, line.y, end - x < STATE_WIDTH - 1 ? end - x : STATE_WIDTH - 1,
        level < 0 ? STYLE_TEXT : levels[level].style, alert->state);
    x += STATE_WIDTH;
    panel_unit_text(alert->value, alert->unit, value, sizeof value);
    panel_unit_text(alert->level, alert->unit, limit, sizeof limit);
    if (isnan(alert->value) || isnan(alert->level)) {
        canvas_textf(canvas, x, line.y, end - x, STYLE_TEXT, "%s %s", alert->key, value);
        return;
    }
    unit_format_duration(view->time - alert->since, age, sizeof age);
    canvas_textf(canvas, x, line.y, end - x, STYLE_TEXT, "%s %s (%s %s) for %s", alert->key, value,
        alert->value < alert->level ? "below" : "above", limit, age);
}

static void
draw_notice(struct canvas *canvas, struct rect line, const struct view_notice *notice)
{
    char clock[16];
    int end = line.x + line.width;
    int x = draw_mark(canvas, line, level_of(notice->type));
    canvas_text(canvas, x, line.y, end - x, STYLE_DIM, panel_clock(notice->time, clock, sizeof clock));
    x += CLOCK_WIDTH;
    canvas_text(canvas, x, line.y, end - x, STYLE_TEXT, notice->text);
}

static void
alerts_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view *view = context->view;
    int count = view->alert_count + view->notice_count;
    int first = panel_list_begin(canvas, context, inside, count);
    for (int i = 0; i < inside.height && first + i < count; i++) {
        struct rect line = { inside.x, inside.y + i, inside.width, 1 };
        int row = first + i;
        if (row < view->alert_count)
            draw_alert(canvas, line, view, &view->alert[row]);
        else
            draw_notice(canvas, line, &view->notice[row - view->alert_count]);
    }
    if (!count)
        panel_empty(canvas, inside, "nothing to tell");
}

const struct panel panel_alerts = {
    .name = "alerts",
    .title = "Alerts",
    .priority = 4,
    .weight = 1,
    .want = alerts_want,
    .note = alerts_note,
    .draw = alerts_draw,
};
