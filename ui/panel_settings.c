/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The view of settings: all options, and below them all about the one under
 * the cursor: what it is, what it may be, and of a threshold how its metric has
 * been and when the level would have fired.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/dialog.h"
#include "ui/draw.h"
#include "ui/line.h"
#include "ui/settings.h"
#include "ui/threshold_live.h"

enum { DETAIL_ROWS = 12, WORDS_ROWS = 4, SCALE_WIDTH = 9, GRAPH_ROWS_MIN = 3 };

static int
settings_want(const struct panel_context *context, int width)
{
    (void)width;
    return context->table->shown + 2;
}

static void
settings_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct settings *settings = context->table->rows;
    const char *slash = strrchr(settings->file, '/');
    str_copy(buf, size, slash ? slash + 1 : settings->file);
    table_note(context->table, buf, size);
}

/* The field over the value in its row, and the fault behind it. */
static void
draw_field(struct canvas *canvas, struct rect inside, const struct panel_context *context,
    struct settings *settings)
{
    const struct table *table = context->table;
    struct layout_column column[SETTING_COLUMNS];
    int titles = inside.height > 1, y = inside.y + titles + table->at - context->list->top;
    const char *error = settings_error(settings);
    if (table->cursor != settings->edited || y < inside.y || y >= inside.y + inside.height)
        return;
    memcpy(column, setting_class.columns, sizeof column);
    layout_columns(column, SETTING_COLUMNS, inside.x, inside.width);
    const struct layout_column *value = &column[SETTING_VALUE];
    int x = value->x + value->width + 2, end = inside.x + inside.width;
    canvas_fill(canvas, (struct rect){ value->x, y, end - value->x, 1 }, ' ', STYLE_TEXT);
    form_draw_value(&settings->field.field[0], canvas, value->x, y, value->width, !settings->saving);
    if (settings->saving)
        canvas_text(canvas, x, y, end - x, STYLE_DIM, "saving: waiting for the server...");
    else if (error)
        canvas_textf(canvas, x, y, end - x, STYLE_ERROR, "! %s", error);
    else
        canvas_text(canvas, x, y, end - x, STYLE_DIM, "Enter saves it, Esc leaves it; empty: the default");
}

static void
settings_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    struct settings *settings = context->settings;
    if (*settings->fault) {
        int rows = inside.height < 3 ? inside.height : 3;
        canvas_text(canvas, inside.x, inside.y, 1, STYLE_ERROR, "!");
        rows = dialog_text(canvas, (struct rect){ inside.x + 2, inside.y, inside.width - 2, rows }, STYLE_ERROR,
            settings->fault, 0);
        rows = rows > 3 ? 3 : rows;
        inside.y += rows;
        inside.height -= rows;
    }
    if (inside.height < 1)
        return;
    if (!settings->count && !*settings->fault)
        panel_empty(canvas, inside, "waiting for the server...");
    else
        table_draw(context->table, canvas, inside, context);
    if (settings->editing && settings->count)
        draw_field(canvas, inside, context, settings);
}

const struct panel panel_settings = {
    .name = "settings",
    .title = "Settings",
    .priority = 1,
    .weight = 2,
    .want = settings_want,
    .note = settings_note,
    .draw = settings_draw,
    .now_only = true,
};

/* The one under the cursor. */

static const struct setting *
chosen(const struct panel_context *context)
{
    const struct settings *settings = context->settings;
    int row = context->beside ? table_row(context->beside) : -1;
    return row >= 0 && row < settings->count ? &settings->row[row] : NULL;
}

static int
setting_want(const struct panel_context *context, int width)
{
    (void)width;
    const struct setting *row = chosen(context);
    return !row ? 0 : row->threshold >= 0 ? DETAIL_ROWS : WORDS_ROWS;
}

static void
setting_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct settings *settings = context->settings;
    const struct setting *row = chosen(context);
    const struct config_threshold *threshold = settings_threshold(settings, row);
    char now[32];
    enum style style;
    if (!row)
        snprintf(buf, size, "-");
    else if (threshold)
        snprintf(buf, size, "%s now %s · %s", metric_info(threshold->metric)->name,
            metric_format(threshold->metric, threshold_live_value(&context->view->sample, threshold), now, sizeof now),
            threshold_live_state(context->view, threshold, &style));
    else
        settings_place(settings, row, buf, size);
}

/* At most `most` lines of a text; the rectangle becomes what is left. */
static void
take_text(struct canvas *canvas, struct rect *inside, enum style style, int most, const char *text)
{
    int rows = line_wrap_count(text, inside->width, most < inside->height ? most : inside->height);
    dialog_text(canvas, (struct rect){ inside->x, inside->y, inside->width, rows }, style, text, 0);
    inside->y += rows;
    inside->height -= rows;
}

static void
draw_words(struct canvas *canvas, struct rect *inside, const struct settings *settings, const struct setting *row)
{
    char allowed[256], text[900];
    const char *error = settings->edited == row->key ? settings_error(settings) : NULL;
    snprintf(text, sizeof text, "%s%s%s: %s", row->section, row->name ? "." : "", row->name ? row->name : "",
        row->option ? row->option->help : row->name ? "not an option: empty it to take it out"
        : row->threshold >= 0 ? metric_info(settings_threshold(settings, row)->metric)->help : "a section");
    take_text(canvas, inside, STYLE_TEXT, 2, text);
    if (row->option) {
        option_allowed(row->option, allowed, sizeof allowed);
        snprintf(text, sizeof text, "%s · %s%s%s%s%s", option_type_name(row->option->type),
            str_starts(allowed, "for example") || str_starts(allowed, "any") ? "" : "allowed: ", allowed,
            row->option->fallback && *row->option->fallback ? " · default: " : "",
            row->option->fallback ? row->option->fallback : "", row->option->required ? " · * required" : "");
        take_text(canvas, inside, STYLE_DIM, 2, text);
    }
    if (error) {
        snprintf(text, sizeof text, "! %s", error);
        take_text(canvas, inside, STYLE_ERROR, 3, text);
    } else if (*settings->replay) {
        take_text(canvas, inside, STYLE_VALUE, 2, settings->replay);
    }
}

struct window {
    const struct setting_history *history;
    int columns; /* of dots */
    float low;
};

static float
value_at(const void *context, int column)
{
    const struct window *window = context;
    int at = window->history->count - window->columns + column;
    return at < 0 ? NAN : window->history->value[at] - window->low;
}

/* The level as a line of its own across the graph. */
static void
draw_level_line(struct canvas *canvas, struct rect rect, double level, float low, float high, enum style style)
{
    double part = high > low ? (level - (double)low) / (double)(high - low) : 0;
    int y = rect.y + rect.height - 1 - (int)floor(part * rect.height);
    if (part < 0 || part > 1)
        return;
    y = y < rect.y ? rect.y : y;
    for (int x = rect.x; x < rect.x + rect.width; x += 2)
        canvas_put(canvas, x, y, style == STYLE_CRITICAL ? 0x2550 : 0x2500, style);
}

/* From the least to the greatest of values and levels; percents from 0 to 100 where that is near. */
static void
find_range(const struct setting_history *history, const struct config_threshold *threshold, float *ret_low,
    float *ret_high)
{
    float low = 0, high = 0;
    for (int i = 0; i < history->count; i++) {
        high = history->value[i] > high ? history->value[i] : high;
        low = history->value[i] < low ? history->value[i] : low;
    }
    if (threshold->of == ASPECT_VALUE && threshold->has_warning && (float)threshold->warning > high)
        high = (float)threshold->warning;
    if (threshold->of == ASPECT_VALUE && threshold->has_critical && (float)threshold->critical > high)
        high = (float)threshold->critical;
    *ret_low = low;
    *ret_high = high > low ? high * 1.02f : low + 1;
}

static void
draw_history(struct canvas *canvas, struct rect inside, const struct setting_history *history,
    const struct config_threshold *threshold)
{
    struct window window = { history, 2 * (inside.width - SCALE_WIDTH), 0 };
    char text[32];
    float high;
    if (inside.height < GRAPH_ROWS_MIN || inside.width <= 2 * SCALE_WIDTH)
        return;
    if (history->count < 2) {
        panel_empty(canvas, inside, history->asked ? "its history is asked for" : "no history of it is known");
        return;
    }
    find_range(history, threshold, &window.low, &high);
    canvas_number(canvas, inside.x, inside.y, SCALE_WIDTH - 1, STYLE_DIM,
        metric_format(threshold->metric, (double)high, text, sizeof text));
    canvas_number(canvas, inside.x, inside.y + inside.height - 1, SCALE_WIDTH - 1, STYLE_DIM,
        metric_format(threshold->metric, (double)window.low, text, sizeof text));
    inside.x += SCALE_WIDTH;
    inside.width -= SCALE_WIDTH;
    draw_graph(canvas, inside, STYLE_GRAPH, value_at, &window, high - window.low);
    if (threshold->of != ASPECT_VALUE)
        return; /* its levels are none of the value */
    if (threshold->has_warning)
        draw_level_line(canvas, inside, threshold->warning, window.low, high, STYLE_WARNING);
    if (threshold->has_critical)
        draw_level_line(canvas, inside, threshold->critical, window.low, high, STYLE_CRITICAL);
}

static void
setting_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    struct settings *settings = context->settings;
    const struct setting *row = chosen(context);
    if (!row)
        return;
    draw_words(canvas, &inside, settings, row);
    const struct config_threshold *threshold = settings->tried && settings->edited == row->key ? &settings->level
        : settings_threshold(settings, row);
    if (threshold)
        draw_history(canvas, inside, &settings->history, threshold);
}

const struct panel panel_setting = {
    .name = "setting",
    .title = "About it",
    .priority = 2,
    .weight = 1,
    .want = setting_want,
    .note = setting_note,
    .draw = setting_draw,
    .now_only = true,
};
