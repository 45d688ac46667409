/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/help_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "ui/keymap.h"

/* What the contexts of the key table are called. One that is not here goes by
 * its own name. To add a context: one row. */
static const struct context_title {
    const char *context, *title;
} titles[] = {
    { "overview", "The overview" },
    { "all runs", "All runs" },
    { "run", "Looking at a run" },
    { "processes", "Processes" },
    { "figures", "Figures" },
    { "alerts", "Alerts" },
    { "process", "Details of a process" },
    { "runs", "Runs" },
    { "table", "Any table" },
    { "panels", "Panels" },
    { "any", "Any view" },
    { "command", "The line at the bottom" },
    { "launch", "Choosing a run file" },
    { "launch form", "The form of a run" },
    { "settings", "Settings" },
    { "value", "Editing a setting" },
    { "metrics", "Choosing a metric" },
    { "form", "Any form" },
    { "confirm", "A question" },
    { "message", "A message" },
    { "help", "This help" },
    { "keys", "Help before a dialog" },
};

/* Signs and the styles that go with them; a style never stands for something
 * alone. To add one: a row. */
static const struct sign {
    const char *sign;
    enum style style;
    const char *meaning;
} signs[] = {
    { ">", STYLE_SELECTED, "the chosen row or field" },
    { "!", STYLE_ERROR, "at fault: the text beside it says why" },
    { "ok", STYLE_GOOD, "within its levels; done" },
    { "warning", STYLE_WARNING, "over the warning level of a threshold" },
    { "critical", STYLE_CRITICAL, "over the critical level; failed" },
    { "*", STYLE_TEXT, "behind a label: this field must be filled" },
    { "-", STYLE_DIM, "not known" },
    { "####", STYLE_VALUE, "a number that does not fit its column" },
    { "\u2501\u2501\u2501", STYLE_BAR_1, "bars: user time; memory in use" },
    { "\u2550\u2550\u2550", STYLE_BAR_2, "bars: system time; buffers" },
    { "\u254D\u254D\u254D", STYLE_BAR_3, "bars: niced time and steal; page cache" },
    { "\u2505\u2505\u2505", STYLE_BAR_4, "bars: interrupts and I/O wait; reclaimable slab" },
    { "\u2500\u2500\u2500", STYLE_BAR_EMPTY, "bars: idle; free" },
    { "\u2591\u2592\u2593\u2588", STYLE_HEAT_3, "map of scores: a fifth of the cells each, worst to best; blank: no trial" },
    { "\u25C6", STYLE_GOOD, "map of scores: the best trial" },
    { "plateau", STYLE_VALUE, "trials next to the best keep 80% of its lead over the median" },
    { "spike", STYLE_WARNING, "they keep less than 50%; between them: slope (see optop map)" },
};

const char *
help_title(const char *context)
{
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (str_equal(titles[i].context, context))
            return titles[i].title;
    return context;
}

static struct help_row *
add_row(struct help_list *list)
{
    XGROW(list->row, list->count, list->capacity);
    struct help_row *row = &list->row[list->count++];
    *row = (struct help_row){ .command = "" };
    return row;
}

/* Keys that do the same stand together in one row. */
static void
add_context(struct help_list *list, const char *context)
{
    int count;
    const struct key_row *key = keymap_rows(&count), *end = key + count;
    while (key < end) {
        const struct key_row *named = key++;
        if (!str_equal(named->context, context) || !keymap_note(named))
            continue;
        struct help_row *row = add_row(list);
        int used = snprintf(row->keys, sizeof row->keys, "%s", named->key);
        for (; key < end && !keymap_note(key) && str_equal(key->context, context); key++)
            if (used < (int)sizeof row->keys)
                used += snprintf(row->keys + used, sizeof row->keys - (size_t)used, ", %s", key->key);
        row->where = help_title(context);
        row->command = named->action == ACTION_NONE ? "" : action_info(named->action)->name;
        row->note = keymap_note(named);
        row->style = STYLE_KEY;
    }
}

static void
add_signs(struct help_list *list)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        struct help_row *row = add_row(list);
        row->where = "Signs and colours";
        str_copy(row->keys, sizeof row->keys, signs[i].sign);
        row->note = signs[i].meaning;
        row->style = signs[i].style;
    }
}

static bool
counts_in(const char *context, const char *other)
{
    for (const char *const *c = keymap_contexts(context); *c; c++)
        if (str_equal(*c, other))
            return true;
    return false;
}

/* Contexts of the table that stand further up are not told twice. */
static void
add_others(struct help_list *list, const char *context)
{
    int count;
    const struct key_row *row = keymap_rows(&count);
    for (int i = 0; i < count; i++) {
        const char *other = row[i].context;
        if (!counts_in(context, other) && (i == 0 || !str_equal(other, row[i - 1].context)))
            add_context(list, other);
    }
}

void
help_list_fill(struct help_list *list, const char *context)
{
    list->count = 0;
    for (const char *const *c = keymap_contexts(context); *c; c++)
        add_context(list, *c);
    add_signs(list);
    add_others(list, context);
}

void
help_list_release(struct help_list *list)
{
    free(list->row);
    *list = (struct help_list){ 0 };
}

/* To add a column: a number, a row, its cases. */
enum { HELP_KEYS, HELP_NOTE, HELP_COMMAND, HELP_WHERE, HELP_COLUMNS };

static const struct layout_column columns[HELP_COLUMNS] = {
    [HELP_KEYS] = { .title = "keys", .min = 10, .want = 18, .priority = 1, .left = true },
    [HELP_NOTE] = { .title = "what it does", .min = 46, .want = 60, .priority = 1, .left = true, .stretch = true },
    [HELP_COMMAND] = { .title = ": command", .min = 14, .want = 16, .priority = 3, .left = true },
    [HELP_WHERE] = { .title = "where", .min = 17, .want = 22, .priority = 2, .left = true },
};

static const struct help_row *
row_at(const void *rows, int row)
{
    return &((const struct help_list *)rows)->row[row];
}

static int
count_rows(const void *rows)
{
    return ((const struct help_list *)rows)->count;
}

static uint64_t
key_of(const void *rows, int row)
{
    (void)rows;
    return (uint64_t)row + 1;
}

/* By keys: as they stand in the key table. */
static int
compare(const void *rows, int left, int right, int column)
{
    const struct help_row *a = row_at(rows, left), *b = row_at(rows, right);
    int order = column == HELP_NOTE ? strcmp(a->note, b->note)
        : column == HELP_COMMAND ? strcmp(a->command, b->command)
        : column == HELP_WHERE ? strcmp(a->where, b->where) : 0;
    return order ? order : left - right;
}

static bool
matches(const void *rows, int row, const char *text)
{
    const struct help_row *help = row_at(rows, row);
    return table_contains(help->keys, text) || table_contains(help->note, text) ||
        table_contains(help->command, text) || table_contains(help->where, text);
}

static void
draw_row(struct canvas *canvas, int y, int end, const struct layout_column *column, const void *rows, int row,
    int depth)
{
    const struct help_row *help = row_at(rows, row);
    bool first = row == 0 || !str_equal(row_at(rows, row - 1)->where, help->where);
    (void)end, (void)depth;
    panel_text(canvas, y, &column[HELP_KEYS], help->style, help->keys);
    panel_text(canvas, y, &column[HELP_NOTE], STYLE_TEXT, help->note);
    panel_text(canvas, y, &column[HELP_COMMAND], STYLE_DIM, help->command);
    panel_text(canvas, y, &column[HELP_WHERE], first ? STYLE_TITLE : STYLE_DIM, help->where);
}

const struct table_class help_class = {
    .columns = columns,
    .column_count = HELP_COLUMNS,
    .count = count_rows,
    .key = key_of,
    .compare = compare,
    .matches = matches,
    .draw = draw_row,
    .copied = HELP_COMMAND,
    .empty = "",
};
