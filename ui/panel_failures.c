/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why trials of a run have failed: each reason with how many there are, and the
 * first and the last of them to look at.
 */
#include <math.h>
#include <stdio.h>

#include "ui/panel.h"

enum { ROWS_WANTED = 6 };

enum { COLUMN_COUNT, COLUMN_FIRST, COLUMN_LAST, COLUMN_REASON, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_COUNT] = { .title = "trials", .min = 6, .want = 8, .priority = 1 },
    [COLUMN_FIRST] = { .title = "first", .min = 8, .want = 9, .priority = 2 },
    [COLUMN_LAST] = { .title = "last", .min = 8, .want = 9, .priority = 3 },
    [COLUMN_REASON] = { .title = "reason", .min = 12, .want = 40, .priority = 1, .left = true, .stretch = true },
};

static int
failures_want(const struct panel_context *context, int width)
{
    int count = context->detail->failure_count;
    (void)width;
    return !count ? 0 : count + 1 < ROWS_WANTED ? count + 1 : ROWS_WANTED;
}

static void
failures_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct detail *detail = context->detail;
    char count[32];
    if (!detail->failure_kinds)
        snprintf(buf, size, "none");
    else
        snprintf(buf, size, "%s for %lld reason%s%s", panel_count(detail->run.failed, 12, count, sizeof count),
            (long long)detail->failure_kinds, detail->failure_kinds == 1 ? "" : "s",
            detail->failure_kinds > detail->failure_count ? ", some not shown" : "");
}

static void
failures_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct detail *detail = context->detail;
    struct layout_column column[COLUMNS];
    char text[32];
    if (!detail->failure_count) {
        panel_empty(canvas, inside, "no trial has failed");
        return;
    }
    panel_table(canvas, &inside, columns, column, COLUMNS);
    int first = panel_list_begin(canvas, context, inside, detail->failure_count);
    for (int i = 0; i < inside.height && first + i < detail->failure_count; i++) {
        const struct detail_failure *failure = &detail->failure[first + i];
        int y = inside.y + i;
        panel_figure(canvas, y, &column[COLUMN_COUNT], STYLE_WARNING,
            panel_count(failure->count, column[COLUMN_COUNT].width, text, sizeof text));
        panel_figure(canvas, y, &column[COLUMN_FIRST], STYLE_VALUE,
            panel_count(failure->first, column[COLUMN_FIRST].width, text, sizeof text));
        panel_figure(canvas, y, &column[COLUMN_LAST], STYLE_VALUE,
            panel_count(failure->last, column[COLUMN_LAST].width, text, sizeof text));
        panel_text(canvas, y, &column[COLUMN_REASON], STYLE_TEXT,
            *failure->reason ? failure->reason : "no reason was told");
    }
}

const struct panel panel_failures = {
    .name = "failures",
    .title = "Failures",
    .priority = 4,
    .weight = 0,
    .want = failures_want,
    .note = failures_note,
    .draw = failures_draw,
    .now_only = true,
};
