/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/alert_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"

void
notice_list_release(struct notice_list *list)
{
    free(list->notice);
    *list = (struct notice_list){ 0 };
}

void
notice_list_apply(struct notice_list *list, const json_t *result)
{
    size_t i;
    const json_t *object;
    list->count = 0;
    json_array_foreach(json_object_get(result, "history"), i, object)
    {
        if (list->count == NOTICE_LIST_MAX)
            return;
        XGROW(list->notice, list->count, list->capacity);
        list->count += view_parse_notice(object, &list->notice[list->count]);
    }
}

/* What is not normal now. To add a column: a number, a row, its cases. */
enum { ALERT_STATE, ALERT_KEY, ALERT_VALUE, ALERT_LEVEL, ALERT_FOR, ALERT_SINCE, ALERT_HANDLED, ALERT_COLUMNS };

static const struct layout_column alert_columns[ALERT_COLUMNS] = {
    [ALERT_STATE] = { .title = "state", .min = 12, .want = 12, .priority = 1, .left = true },
    [ALERT_KEY] = { .title = "what", .min = 16, .want = 40, .priority = 1, .left = true, .stretch = true },
    [ALERT_VALUE] = { .title = "value", .min = 9, .want = 10, .priority = 2 },
    [ALERT_LEVEL] = { .title = "level", .min = 9, .want = 16, .priority = 3 },
    [ALERT_FOR] = { .title = "for", .min = 7, .want = 8, .priority = 4 },
    [ALERT_SINCE] = { .title = "since", .min = 11, .want = 11, .priority = 6 },
    [ALERT_HANDLED] = { .title = "handled", .min = 12, .want = 24, .priority = 5, .left = true },
};

static const struct view_alert *
alert_at(const void *rows, int row)
{
    return &((const struct view *)rows)->alert[row];
}

static int
count_alerts(const void *rows)
{
    return ((const struct view *)rows)->alert_count;
}

static uint64_t
alert_key(const void *rows, int row)
{
    uint64_t hash = 0xCBF29CE484222325u;
    for (const char *at = alert_at(rows, row)->key; *at; at++)
        hash = (hash ^ (unsigned char)*at) * 0x100000001B3u;
    return hash ? hash : 1;
}

static bool
alert_matches(const void *rows, int row, const char *text)
{
    const struct view_alert *alert = alert_at(rows, row);
    return table_contains(alert->key, text) || table_contains(alert->state, text) ||
        table_contains(alert->hold, text) || table_contains(alert->acknowledged, text);
}

static int
gravity(const char *state)
{
    return !strcmp(state, "critical") ? 0 : !strcmp(state, "warning") ? 1 : 2;
}

static int
compare_alerts(const void *rows, int left, int right, int column)
{
    const struct view_alert *a = alert_at(rows, left), *b = alert_at(rows, right);
    int order = 0;
    if (column == ALERT_STATE)
        order = gravity(a->state) - gravity(b->state);
    else if (column == ALERT_VALUE)
        order = table_larger(a->value, b->value);
    else if (column == ALERT_LEVEL)
        order = table_larger(a->level, b->level);
    else if (column == ALERT_FOR || column == ALERT_SINCE)
        order = table_larger(a->since, b->since);
    else if (column == ALERT_HANDLED)
        order = (*a->acknowledged || *a->hold) - (*b->acknowledged || *b->hold);
    return order ? order : strcmp(a->key, b->key);
}

static void
draw_alert(struct canvas *canvas, int y, int end, const struct layout_column *column, const void *rows,
    int row, int depth)
{
    const struct view *view = rows;
    const struct view_alert *alert = alert_at(rows, row);
    char text[VIEW_TEXT_MAX + 32], level[64];
    enum style style;
    (void)end, (void)depth;
    const char *mark = panel_level_mark(alert->state, &style);
    snprintf(text, sizeof text, "%-2s %s", mark, alert->state);
    panel_text(canvas, y, &column[ALERT_STATE], style, text);
    panel_text(canvas, y, &column[ALERT_KEY], STYLE_TEXT, alert->key);
    panel_figure(canvas, y, &column[ALERT_VALUE], STYLE_VALUE, panel_unit_text(alert->value, alert->unit, text, sizeof text));
    panel_unit_text(alert->level, alert->unit, level, sizeof level);
    snprintf(text, sizeof text, "%s%s", isnan(alert->level) || isnan(alert->value) ? ""
        : alert->value < alert->level ? "< " : "> ", level);
    panel_figure(canvas, y, &column[ALERT_LEVEL], STYLE_DIM, text);
    panel_figure(canvas, y, &column[ALERT_FOR], STYLE_VALUE,
        unit_format_duration(view->time - alert->since, text, sizeof text));
    panel_figure(canvas, y, &column[ALERT_SINCE], STYLE_DIM, panel_date(alert->since, text, sizeof text));
    if (*alert->hold)
        snprintf(text, sizeof text, "%s%s%s", alert->hold, *alert->cause ? ": " : "", alert->cause);
    else
        snprintf(text, sizeof text, "%s%s", *alert->acknowledged ? "ack " : "", alert->acknowledged);
    panel_text(canvas, y, &column[ALERT_HANDLED], STYLE_TEXT, text);
}

const struct table_class alert_class = {
    .columns = alert_columns,
    .column_count = ALERT_COLUMNS,
    .count = count_alerts,
    .key = alert_key,
    .compare = compare_alerts,
    .matches = alert_matches,
    .draw = draw_alert,
    .copied = ALERT_KEY,
    .empty = "everything is normal",
};

/* What has been told. */
enum { NOTICE_TIME, NOTICE_TYPE, NOTICE_KEY, NOTICE_TEXT, NOTICE_COLUMNS };

static const struct layout_column notice_columns[NOTICE_COLUMNS] = {
    [NOTICE_TIME] = { .title = "time", .min = 11, .want = 11, .priority = 1, .left = true },
    [NOTICE_TYPE] = { .title = "type", .min = 18, .want = 18, .priority = 2, .left = true },
    [NOTICE_KEY] = { .title = "of", .min = 14, .want = 30, .priority = 3, .left = true },
    [NOTICE_TEXT] = { .title = "text", .min = 20, .want = 60, .priority = 1, .left = true, .stretch = true },
};

static const struct view_notice *
notice_at(const void *rows, int row)
{
    return &((const struct notice_list *)rows)->notice[row];
}

static int
count_notices(const void *rows)
{
    return ((const struct notice_list *)rows)->count;
}

static uint64_t
notice_key(const void *rows, int row)
{
    return (uint64_t)notice_at(rows, row)->id + 1;
}

static bool
notice_matches(const void *rows, int row, const char *text)
{
    const struct view_notice *notice = notice_at(rows, row);
    return table_contains(notice->text, text) || table_contains(notice->type, text) || table_contains(notice->key, text);
}

static int
compare_notices(const void *rows, int left, int right, int column)
{
    const struct view_notice *a = notice_at(rows, left), *b = notice_at(rows, right);
    int order = column == NOTICE_TYPE ? strcmp(a->type, b->type)
        : column == NOTICE_KEY ? strcmp(a->key, b->key)
        : column == NOTICE_TEXT ? strcmp(a->text, b->text) : table_larger(a->time, b->time);
    return order ? order : table_larger((double)a->id, (double)b->id);
}

static void
draw_notice(struct canvas *canvas, int y, int end, const struct layout_column *column, const void *rows,
    int row, int depth)
{
    const struct view_notice *notice = notice_at(rows, row);
    char text[48];
    enum style style;
    (void)end, (void)depth;
    const char *mark = panel_level_mark(notice->type, &style);
    panel_text(canvas, y, &column[NOTICE_TIME], STYLE_DIM, panel_date(notice->time, text, sizeof text));
    snprintf(text, sizeof text, "%-2s %s", mark, notice->type);
    panel_text(canvas, y, &column[NOTICE_TYPE], style, text);
    panel_text(canvas, y, &column[NOTICE_KEY], STYLE_TEXT, notice->key);
    panel_text(canvas, y, &column[NOTICE_TEXT], STYLE_TEXT, notice->text);
}

const struct table_class notice_class = {
    .columns = notice_columns,
    .column_count = NOTICE_COLUMNS,
    .count = count_notices,
    .key = notice_key,
    .compare = compare_notices,
    .matches = notice_matches,
    .draw = draw_notice,
    .copied = NOTICE_TEXT,
    .empty = "nothing has been told yet",
};
