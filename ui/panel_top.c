/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The best trials: score, parameters, and what they cost.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "ui/panel.h"

enum { ROWS_WANTED = 10, VALUE_WIDTH_MAX = 20, NAME_WIDTH_MIN = 10 };

/* Parameters stand between score and costs. */
enum { COLUMN_PLACE, COLUMN_TRIAL, COLUMN_SCORE, COLUMN_BY, COLUMN_PARAMETERS,
    COLUMNS_BEFORE = COLUMN_PARAMETERS, COLUMNS_AFTER = 3,
    COLUMNS_MAX = COLUMNS_BEFORE + DETAIL_PARAMETERS_MAX + COLUMNS_AFTER };

static int
top_want(const struct panel_context *context, int width)
{
    (void)width;
    int rows = context->detail->trial_count;
    return 1 + (rows < 3 ? 3 : rows < ROWS_WANTED ? rows : ROWS_WANTED);
}

/* Is it sorted by what has no column of its own? */
static bool
needs_column(const struct detail *detail)
{
    static const char *const shown[] = { "", "wall_seconds", "cpu_seconds", "max_rss_bytes" };
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
        if (!strcmp(detail->trials_by, shown[i]))
            return false;
    return true;
}

static void
top_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct detail *detail = context->detail;
    int left_out = detail->parameters - detail->parameter_count;
    if (*detail->trials_by)
        snprintf(buf, size, "%d by %s, %s first", detail->trial_count, detail->trials_by,
            detail->trials_reverse ? "largest" : "smallest");
    else
        snprintf(buf, size, "%s %d", detail->trials_reverse ? "worst" : "best", detail->trial_count);
    size_t len = strlen(buf);
    if (left_out > 0)
        snprintf(buf + len, size - len, " \u00b7 %d parameters not shown", left_out);
}

/* A long name may be cut, as long as it can be told from others. */
static int
widest_value(const struct detail *detail, int parameter)
{
    int width = text_width(detail->parameter[parameter]);
    width = width > NAME_WIDTH_MIN ? NAME_WIDTH_MIN : width;
    for (int i = 0; i < detail->trial_count; i++) {
        int cells = text_width(detail->trial[i].value[parameter]);
        width = cells > width ? cells : width;
    }
    return width < 3 ? 3 : width > VALUE_WIDTH_MAX ? VALUE_WIDTH_MAX : width;
}

static int
make_columns(const struct detail *detail, struct layout_column *column)
{
    int count = 0;
    column[count++] = (struct layout_column){ .title = "#", .min = 2, .want = 2, .priority = 5 };
    column[count++] = (struct layout_column){ .title = "trial", .min = 6, .want = 9, .priority = 2 };
    column[count++] = (struct layout_column){ .title = "score", .min = 8, .want = 14, .priority = 1 };
    int by = needs_column(detail) ? 8 : 0; /* of 0 it is left out */
    column[count++] = (struct layout_column){ .title = detail->trials_by, .min = by, .want = by ? 14 : 0,
        .priority = 2 };
    for (int p = 0; p < detail->parameter_count; p++) {
        int width = widest_value(detail, p), name = text_width(detail->parameter[p]);
        name = name > VALUE_WIDTH_MAX ? VALUE_WIDTH_MAX : name;
        column[count++] = (struct layout_column){ .title = detail->parameter[p], .min = width,
            .want = (name > width ? name : width) + 2, .priority = 3 };
    }
    column[count++] = (struct layout_column){ .title = "wall", .min = 6, .want = 7, .priority = 4 };
    column[count++] = (struct layout_column){ .title = "cpu", .min = 6, .want = 7, .priority = 6 };
    column[count++] = (struct layout_column){ .title = "memory", .min = 6, .want = 7, .priority = 7 };
    return count;
}

static void
draw_trial(struct canvas *canvas, int y, const struct layout_column *column,
    const struct detail *detail, int place)
{
    const struct detail_trial *trial = &detail->trial[place];
    char text[48];
    snprintf(text, sizeof text, "%d", place + 1);
    panel_figure(canvas, y, &column[COLUMN_PLACE], STYLE_DIM, text);
    panel_figure(canvas, y, &column[COLUMN_TRIAL], STYLE_TEXT,
        panel_count(trial->trial, column[COLUMN_TRIAL].width, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_SCORE], place ? STYLE_VALUE : STYLE_GOOD,
        panel_score(trial->score, column[COLUMN_SCORE].width, text, sizeof text));
    if (column[COLUMN_BY].width)
        panel_figure(canvas, y, &column[COLUMN_BY], STYLE_VALUE,
            panel_score(trial->by, column[COLUMN_BY].width, text, sizeof text));
    const struct layout_column *cost = &column[COLUMN_PARAMETERS + detail->parameter_count];
    for (int p = 0; p < detail->parameter_count; p++) {
        const struct layout_column *value = &column[COLUMN_PARAMETERS + p];
        int cells = text_width(trial->value[p]);
        if (cells <= value->width)
            panel_figure(canvas, y, value, STYLE_TEXT, trial->value[p]);
        else
            panel_text(canvas, y, value, STYLE_TEXT, trial->value[p]);
    }
    panel_figure(canvas, y, &cost[0], STYLE_VALUE,
        unit_format_duration(trial->wall_seconds, text, sizeof text));
    panel_figure(canvas, y, &cost[1], STYLE_VALUE,
        unit_format_duration(trial->cpu_seconds, text, sizeof text));
    panel_figure(canvas, y, &cost[2], STYLE_VALUE,
        unit_format_bytes(trial->max_rss_bytes, text, sizeof text));
}

static void
top_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct detail *detail = context->detail;
    struct layout_column column[COLUMNS_MAX];
    int count = make_columns(detail, column);
    layout_columns(column, count, inside.x, inside.width);
    if (inside.height >= 2) {
        panel_titles(canvas, inside.y, column, count);
        inside.y++;
        inside.height--;
    }
    int first = panel_list_begin(canvas, context, inside, detail->trial_count);
    for (int i = 0; i < inside.height && first + i < detail->trial_count; i++)
        draw_trial(canvas, inside.y + i, column, detail, first + i);
    if (!detail->trial_count)
        panel_empty(canvas, inside, "no finished trials yet");
}

const struct panel panel_top = {
    .name = "top",
    .title = "Top trials",
    .priority = 2,
    .weight = 2,
    .want = top_want,
    .note = top_note,
    .draw = top_draw,
    .now_only = true,
};
