/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The settings as rows of a table: sections with their options below them.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/settings.h"
#include "ui/threshold_live.h"

static const struct layout_column columns[SETTING_COLUMNS] = {
    [SETTING_NAME] = { .title = "option", .min = 20, .want = 34, .priority = 1, .left = true },
    [SETTING_VALUE] = { .title = "value", .min = 16, .want = 28, .priority = 1, .left = true },
    [SETTING_NOW] = { .title = "now", .min = 8, .want = 9, .priority = 2 },
    [SETTING_PLACE] = { .title = "set in", .min = 12, .want = 14, .priority = 3, .left = true },
    [SETTING_DEFAULT] = { .title = "default", .min = 8, .want = 12, .priority = 5, .left = true },
    [SETTING_ALLOWED] = { .title = "allowed", .min = 16, .want = 30, .priority = 6, .left = true },
    [SETTING_HELP] = { .title = "what it is", .min = 20, .want = 40, .priority = 4, .left = true, .stretch = true },
};

static const struct setting *
row_at(const void *rows, int row)
{
    return &((const struct settings *)rows)->row[row];
}

static int
count_rows(const void *rows)
{
    return ((const struct settings *)rows)->count;
}

static uint64_t
key_of(const void *rows, int row)
{
    return row_at(rows, row)->key;
}

static uint64_t
parent_of(const void *rows, int row)
{
    return row_at(rows, row)->parent;
}

static int
compare_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* By option: the order of the option table, which is that of the rows. */
static int
compare(const void *rows, int left, int right, int column)
{
    const struct setting *a = row_at(rows, left), *b = row_at(rows, right);
    int order = 0;
    if (column == SETTING_VALUE)
        order = compare_text(a->value, b->value);
    else if (column == SETTING_PLACE)
        order = (a->line == 0) - (b->line == 0);
    else if (column == SETTING_HELP)
        order = compare_text(a->option ? a->option->help : NULL, b->option ? b->option->help : NULL);
    return order ? order : left - right;
}

static bool
matches(const void *rows, int row, const char *text)
{
    const struct setting *setting = row_at(rows, row);
    char whole[SETTING_SECTION_MAX + 64];
    snprintf(whole, sizeof whole, "%s.%s", setting->section, setting->name ? setting->name : "");
    return table_contains(whole, text) || (setting->value && table_contains(setting->value, text)) ||
        (setting->option && table_contains(setting->option->help, text));
}

/* "warning 90 · critical 98 for 30s", of a threshold's section */
static void
describe_threshold(const struct config_threshold *threshold, char *buf, size_t size)
{
    char level[32];
    const char *below = threshold->below ? "< " : "";
    int used = 0;
    buf[0] = '\0';
    if (threshold->has_warning)
        used = snprintf(buf, size, "! %s%s", below, metric_aspect_format(threshold->metric, threshold->of, threshold->warning, level, sizeof level));
    if (threshold->has_critical && used >= 0 && (size_t)used < size)
        snprintf(buf + used, size - (size_t)used, "%s!! %s%s", used ? "  " : "", below,
            metric_aspect_format(threshold->metric, threshold->of, threshold->critical, level, sizeof level));
}

static void
draw_section(struct canvas *canvas, int y, const struct layout_column *column, const struct settings *settings,
    const struct setting *row)
{
    const struct config_threshold *threshold = settings_threshold(settings, row);
    char text[SETTING_SECTION_MAX + 2];
    enum style style;
    snprintf(text, sizeof text, "[%s]", row->section);
    panel_text(canvas, y, &column[SETTING_NAME], STYLE_TITLE, text);
    panel_text(canvas, y, &column[SETTING_PLACE], STYLE_WARNING, settings_place(settings, row, text, sizeof text));
    if (!threshold)
        return;
    describe_threshold(threshold, text, sizeof text);
    panel_text(canvas, y, &column[SETTING_VALUE], STYLE_DIM, text);
    metric_format(threshold->metric, threshold_live_value(&settings->view->sample, threshold), text, sizeof text);
    panel_figure(canvas, y, &column[SETTING_NOW], STYLE_VALUE, text);
    const char *state = threshold_live_state(settings->view, threshold, &style);
    panel_text(canvas, y, &column[SETTING_PLACE], style, state);
    panel_text(canvas, y, &column[SETTING_HELP], STYLE_DIM, metric_info(threshold->metric)->help);
}

static void
draw_option(struct canvas *canvas, int y, const struct layout_column *column, const struct settings *settings,
    const struct setting *row)
{
    const struct option *option = row->option;
    char text[300];
    snprintf(text, sizeof text, "  %s%s", row->name, option && option->required ? "*" : "");
    panel_text(canvas, y, &column[SETTING_NAME], STYLE_TEXT, text);
    panel_text(canvas, y, &column[SETTING_VALUE], row->line ? STYLE_VALUE : STYLE_DIM, row->value ? row->value : "-");
    panel_text(canvas, y, &column[SETTING_PLACE], row->line ? STYLE_TEXT : STYLE_DIM,
        settings_place(settings, row, text, sizeof text));
    if (!option) {
        panel_text(canvas, y, &column[SETTING_HELP], STYLE_ERROR, "! not an option");
        return;
    }
    panel_text(canvas, y, &column[SETTING_DEFAULT], STYLE_DIM, option->fallback ? option->fallback : "");
    panel_text(canvas, y, &column[SETTING_ALLOWED], STYLE_DIM, option_allowed(option, text, sizeof text));
    panel_text(canvas, y, &column[SETTING_HELP], STYLE_DIM, option->help);
}

static void
draw_row(struct canvas *canvas, int y, int end, const struct layout_column *column, const void *rows, int row,
    int depth)
{
    const struct setting *setting = row_at(rows, row);
    (void)end, (void)depth;
    if (setting->name)
        draw_option(canvas, y, column, rows, setting);
    else
        draw_section(canvas, y, column, rows, setting);
}

const struct table_class setting_class = {
    .columns = columns,
    .column_count = SETTING_COLUMNS,
    .count = count_rows,
    .key = key_of,
    .compare = compare,
    .matches = matches,
    .draw = draw_row,
    .copied = SETTING_VALUE,
    .parent = parent_of,
    .empty = "",
};
