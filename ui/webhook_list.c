/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/webhook_list.h"

#include <string.h>

#include "base/text.h"

static void
take_text(const json_t *object, const char *key, char *buf, size_t size)
{
    text_clean(json_get_string(object, key, ""), buf, size);
}

void
webhook_list_apply(struct webhook_list *list, const json_t *result)
{
    size_t i;
    const json_t *object;
    list->count = 0;
    json_array_foreach (json_object_get(json_object_get(result, "deliveries"), "webhooks"), i, object) {
        if (list->count == WEBHOOK_LIST_MAX)
            return;
        struct webhook_row *row = &list->webhook[list->count++];
        take_text(object, "name", row->name, sizeof row->name);
        take_text(object, "state", row->state, sizeof row->state);
        take_text(object, "error", row->error, sizeof row->error);
        row->waiting = json_get_number(object, "waiting", 0);
        row->failures = json_get_number(object, "failures", 0);
    }
}

/* To add a column: a number, a row, its cases. */
enum { COLUMN_NAME, COLUMN_STATE, COLUMN_WAITING, COLUMN_FAILURES, COLUMN_ERROR, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_NAME] = { .title = "webhook", .min = 10, .want = 20, .priority = 1, .left = true },
    [COLUMN_STATE] = { .title = "state", .min = 10, .want = 12, .priority = 1, .left = true },
    [COLUMN_WAITING] = { .title = "waiting", .min = 7, .want = 8, .priority = 3 },
    [COLUMN_FAILURES] = { .title = "failures", .min = 8, .want = 9, .priority = 4 },
    [COLUMN_ERROR] = { .title = "last error", .min = 16, .want = 40, .priority = 2, .left = true, .stretch = true },
};

static const struct webhook_row *
row_at(const void *rows, int row)
{
    return &((const struct webhook_list *)rows)->webhook[row];
}

static int
count_rows(const void *rows)
{
    return ((const struct webhook_list *)rows)->count;
}

/* Names are no other's, and rows do not move. */
static uint64_t
key_of(const void *rows, int row)
{
    (void)rows;
    return (uint64_t)row + 1;
}

static int
compare(const void *rows, int left, int right, int column)
{
    const struct webhook_row *a = row_at(rows, left), *b = row_at(rows, right);
    int order = column == COLUMN_STATE ? strcmp(a->state, b->state)
        : column == COLUMN_WAITING ? table_larger(a->waiting, b->waiting)
        : column == COLUMN_FAILURES ? table_larger(a->failures, b->failures)
        : column == COLUMN_ERROR ? strcmp(a->error, b->error) : strcmp(a->name, b->name);
    return order ? order : left - right;
}

static bool
matches(const void *rows, int row, const char *text)
{
    const struct webhook_row *webhook = row_at(rows, row);
    return table_contains(webhook->name, text) || table_contains(webhook->state, text) ||
        table_contains(webhook->error, text);
}

static void
draw_row(struct canvas *canvas, int y, int end, const struct layout_column *column, const void *rows, int row,
    int depth)
{
    const struct webhook_row *webhook = row_at(rows, row);
    char text[32];
    bool well = !strcmp(webhook->state, "ok");
    enum style style = well ? STYLE_GOOD : !strcmp(webhook->state, "failing") ? STYLE_WARNING : STYLE_CRITICAL;
    (void)end, (void)depth;
    panel_text(canvas, y, &column[COLUMN_NAME], STYLE_TEXT, webhook->name);
    panel_text(canvas, y, &column[COLUMN_STATE], style, webhook->state);
    panel_figure(canvas, y, &column[COLUMN_WAITING], STYLE_VALUE,
        panel_count(webhook->waiting, column[COLUMN_WAITING].width, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_FAILURES], well ? STYLE_DIM : style,
        panel_count(webhook->failures, column[COLUMN_FAILURES].width, text, sizeof text));
    panel_text(canvas, y, &column[COLUMN_ERROR], STYLE_TEXT, webhook->error);
}

const struct table_class webhook_class = {
    .columns = columns,
    .column_count = COLUMNS,
    .count = count_rows,
    .key = key_of,
    .compare = compare,
    .matches = matches,
    .draw = draw_row,
    .copied = COLUMN_ERROR,
    .empty = "no webhook is set: 7, then :add webhook NAME",
};
