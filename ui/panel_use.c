/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the processes of one run use, against its limits, else against the machine.
 */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "base/unit.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum { ROWS = 4, LABEL_WIDTH = 8, BAR_LEAST = 8 };

static int
use_want(const struct panel_context *context, int width)
{
    (void)width;
    return context->detail->use.known ? ROWS : 0;
}

static void
use_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct detail_use *use = &context->detail->use;
    if (!use->known || isnan(use->processes))
        snprintf(buf, size, "nothing of it runs");
    else
        snprintf(buf, size, "%.0f process%s", use->processes, use->processes == 1 ? "" : "es");
}

/* A label, a bar where there is room, and at the right the figures: all of them, or
 * the first alone. */
static void
draw_use_line(struct canvas *canvas, struct rect line, const char *label, double part, const char *text,
    const char *shorter)
{
    text = LABEL_WIDTH + text_width(text) <= line.width ? text : shorter;
    int width = text_width(text), left = line.width >= LABEL_WIDTH + width ? LABEL_WIDTH : 0;
    canvas_text(canvas, line.x, line.y, left, STYLE_DIM, label);
    int right = width < line.width - left ? width : line.width - left;
    canvas_number(canvas, line.x + line.width - right, line.y, right, STYLE_VALUE, text);
    int bar = line.width - left - right - 2;
    if (bar >= BAR_LEAST)
        draw_progress(canvas, line.x + left, line.y, bar, part,
            part >= 0.95 ? STYLE_CRITICAL : part >= 0.8 ? STYLE_WARNING : STYLE_BAR_1);
}

/* "153.0% of 200%, its limit", "153.0% of 400%" of all processors. */
static void
draw_cpu(struct canvas *canvas, struct rect line, const struct panel_context *context)
{
    const struct detail_use *use = &context->detail->use;
    bool limited = !isnan(use->cpu_limit_cores);
    double most = 100 * (limited ? use->cpu_limit_cores : (double)context->view->cores);
    char text[80] = "-", used[24] = "-";
    if (isfinite(use->cpu_pct)) {
        snprintf(used, sizeof used, "%.1f%%", use->cpu_pct);
        snprintf(text, sizeof text, "%s of %.0f%%%s", used, most, limited ? ", its limit" : "");
    }
    draw_use_line(canvas, line, "cpu", most > 0 ? use->cpu_pct / most : (double)NAN, text, used);
}

static void
draw_memory(struct canvas *canvas, struct rect line, const struct panel_context *context)
{
    const struct detail_use *use = &context->detail->use;
    bool limited = !isnan(use->memory_limit_bytes);
    double most = limited ? use->memory_limit_bytes : context->view->sample.scalar[METRIC_MEMORY_TOTAL];
    char text[80], used[24], all[24];
    snprintf(text, sizeof text, "%s of %s%s", unit_format_bytes(use->rss_bytes, used, sizeof used),
        unit_format_bytes(most, all, sizeof all), limited ? ", its limit" : "");
    draw_use_line(canvas, line, "memory", most > 0 ? use->rss_bytes / most : (double)NAN, text, used);
}

static void
draw_rate(struct canvas *canvas, struct rect line, const char *label, double rate)
{
    char text[40] = "-", bytes[24];
    if (isfinite(rate))
        snprintf(text, sizeof text, "%s/s", unit_format_bytes(rate, bytes, sizeof bytes));
    canvas_text(canvas, line.x, line.y, line.width, STYLE_DIM, label);
    int left = text_width(label) + 1;
    if (line.width > left)
        canvas_number(canvas, line.x + left, line.y, line.width - left, STYLE_VALUE, text);
}

static void
use_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct detail_use *use = &context->detail->use;
    struct rect line = { inside.x, inside.y, inside.width, 1 };
    int end = inside.y + inside.height;
    if (!use->known) {
        panel_empty(canvas, inside, "nothing of it runs");
        return;
    }
    if (line.y < end)
        draw_cpu(canvas, line, context);
    line.y++;
    if (line.y < end)
        draw_memory(canvas, line, context);
    line.y++;
    if (line.y < end)
        draw_rate(canvas, line, "read", use->read_bytes);
    line.y++;
    if (line.y < end)
        draw_rate(canvas, line, "written", use->write_bytes);
}

const struct panel panel_use = {
    .name = "use",
    .title = "Resources of this run",
    .priority = 5,
    .weight = 0,
    .want = use_want,
    .note = use_note,
    .draw = use_draw,
    .now_only = true,
};
