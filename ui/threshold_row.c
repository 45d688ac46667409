/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/threshold_row.h"

#include <math.h>

#include "base/str.h"
#include "base/unit.h"

enum { NAME_MIN = 16 };

/* Without an instance the one nearest to the level counts. */
double
threshold_live_value(const struct sample *sample, const struct config_threshold *threshold)
{
    const struct metric_info *info = metric_info(threshold->metric);
    double worst = NAN;

    if (!metric_group_info(info->group)->per_instance)
        return sample_value(sample, threshold->metric, 0);
    if (!metric_is_wildcard(threshold->metric, threshold->instance)) {
        int row = sample_find_row(sample, info->group, threshold->instance);
        return sample_value(sample, threshold->metric, row);
    }
    for (int row = 0; row < sample->rows[info->group].count; row++) {
        double value = sample_value(sample, threshold->metric, row);
        if (metric_covers(threshold->metric, threshold->instance,
                sample->rows[info->group].row[row].name) && isfinite(value) && (!isfinite(worst) ||
            (threshold->below ? value < worst : value > worst)))
            worst = value;
    }
    return worst;
}

static const char *
format_level(const struct config_threshold *threshold, bool has, double level, char *buf,
    size_t size)
{
    char text[32];
    if (!has)
        return str_copy(buf, size, "-"), buf;
    metric_format(threshold->metric, level, text, sizeof text);
    snprintf(buf, size, "%s%s", threshold->below ? "< " : "", text);
    return buf;
}

/* What the server says; an alert of one instance counts for them all. */
static const char *
state_of(const struct view *view, const struct config_threshold *threshold, enum style *ret_style)
{
    const char *found = NULL;
    size_t length = strlen(threshold->name);

    *ret_style = STYLE_DIM;
    if (!threshold->enabled)
        return "off";
    if (!view->connected || !isfinite(threshold_live_value(&view->sample, threshold)))
        return "-";
    for (int i = 0; i < view->alert_count; i++) {
        const struct view_alert *alert = &view->alert[i];
        if (strncmp(alert->key, threshold->name, length) ||
            (alert->key[length] && alert->key[length] != ':'))
            continue;
        if (!found || str_equal(alert->state, "critical") ||
            (str_equal(alert->state, "warning") && !str_equal(found, "critical")))
            found = alert->state;
    }
    *ret_style = !found ? STYLE_GOOD
        : str_equal(found, "critical") ? STYLE_CRITICAL
        : str_equal(found, "warning") ? STYLE_WARNING : STYLE_TEXT;
    return found ? found : "ok";
}

enum column { COLUMN_LIVE, COLUMN_WARNING, COLUMN_CRITICAL, COLUMN_STATE, COLUMN_FOR, COLUMN_FROM,
    COLUMN_COUNT };

/* Columns that do not fit go from the end; the name takes what is left. */
static const struct {
    const char *title;
    int width;
} columns[COLUMN_COUNT] = {
    [COLUMN_LIVE] = { "now", 9 },
    [COLUMN_WARNING] = { "warning", 10 },
    [COLUMN_CRITICAL] = { "critical", 10 },
    [COLUMN_STATE] = { "state", 9 },
    [COLUMN_FOR] = { "for", 6 },
    [COLUMN_FROM] = { "set in", 9 },
};

static int
columns_that_fit(int width, int *ret_name)
{
    int count = 0, rest = width - 3 - NAME_MIN;
    while (count < COLUMN_COUNT && rest >= columns[count].width + 1)
        rest -= columns[count++].width + 1;
    *ret_name = NAME_MIN + rest;
    if (*ret_name > width - 3)
        *ret_name = width - 3;
    return count;
}

void
threshold_row_draw(const struct threshold_row *row, struct canvas *canvas, struct rect rect, bool current,
    const struct view *view)
{
    const struct config_threshold *threshold = &row->threshold;
    int name, shown = columns_that_fit(rect.width, &name);
    enum style state_style, style = current ? STYLE_SELECTED
        : threshold->enabled ? STYLE_TEXT : STYLE_DIM;
    char live[32], warning[40], critical[40], hold[32];
    const char *text[COLUMN_COUNT] = {
        [COLUMN_LIVE] = metric_format(threshold->metric, threshold_live_value(&view->sample, threshold),
            live, sizeof live),
        [COLUMN_WARNING] = format_level(threshold, threshold->has_warning, threshold->warning,
            warning, sizeof warning),
        [COLUMN_CRITICAL] = format_level(threshold, threshold->has_critical, threshold->critical,
            critical, sizeof critical),
        [COLUMN_STATE] = state_of(view, threshold, &state_style),
        [COLUMN_FOR] = unit_format_duration(threshold->for_seconds, hold, sizeof hold),
        [COLUMN_FROM] = row->in_file ? "optop.ini" : "default",
    };

    canvas_fill(canvas, (struct rect){ rect.x, rect.y, rect.width - 1, 1 }, ' ', style);
    canvas_text(canvas, rect.x, rect.y, rect.width < 2 ? rect.width : 2, style,
        current ? "> " : "  ");
    canvas_text(canvas, rect.x + 2, rect.y, name, style, threshold->name);
    int x = rect.x + 2 + name;
    for (int i = 0; i < shown; i++) {
        enum style own = current ? STYLE_SELECTED : i == COLUMN_STATE ? state_style
            : i == COLUMN_LIVE && threshold->enabled ? STYLE_VALUE : style;
        canvas_number(canvas, x + 1, rect.y, columns[i].width, own, text[i]);
        x += columns[i].width + 1;
    }
}

void
threshold_header_draw(struct canvas *canvas, struct rect rect)
{
    int name, shown = columns_that_fit(rect.width, &name), x = rect.x + 2 + name;
    canvas_text(canvas, rect.x + 2, rect.y, name, STYLE_DIM, "metric");
    for (int i = 0; i < shown; i++) {
        canvas_number(canvas, x + 1, rect.y, columns[i].width, STYLE_DIM, columns[i].title);
        x += columns[i].width + 1;
    }
}
