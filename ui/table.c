/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/table.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "base/xalloc.h"

void
table_init(struct table *table, const struct table_class *class, const void *rows)
{
    *table = (struct table){ .class = class, .rows = rows, .title_y = -1 };
}

void
table_release(struct table *table)
{
    free(table->order);
    free(table->depth);
    table->order = NULL;
    table->depth = NULL;
    table->shown = table->capacity = 0;
}

bool
table_contains(const char *text, const char *part)
{
    return !*part || strcasestr(text, part) != NULL;
}

int
table_larger(double a, double b)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    return (a < b) - (a > b);
}

static uint64_t
key_of(const struct table *table, int row)
{
    return table->class->key(table->rows, row);
}

/* Rows that are equal stand by their keys, so that none changes its place
 * with another for nothing. */
static bool
before(const struct table *table, int a, int b)
{
    int order = table->class->compare(table->rows, a, b, table->sort);
    if (table->reverse)
        order = -order;
    return order ? order < 0 : key_of(table, a) < key_of(table, b);
}

/* Shell's sort, in place. From one tick to the next little moves, and then it is one pass. */
static void
sort_rows(struct table *table)
{
    static const int gaps[] = { 1750, 701, 301, 132, 57, 23, 10, 4, 1 };
    for (size_t g = 0; g < sizeof gaps / sizeof *gaps; g++)
        for (int i = gaps[g]; i < table->shown; i++) {
            int row = table->order[i], at = i;
            for (; at >= gaps[g] && before(table, row, table->order[at - gaps[g]]); at -= gaps[g])
                table->order[at] = table->order[at - gaps[g]];
            table->order[at] = row;
        }
}

static void
reserve(struct table *table, int count)
{
    if (count <= table->capacity)
        return;
    table->capacity = count + count / 4 + 64;
    for (table->places = 128; table->places < 2 * (unsigned)table->capacity;)
        table->places *= 2;
    size_t cells = 5 * (size_t)table->capacity + table->places; /* what struct tree has behind it */
    table->order = xrealloc(table->order, cells, sizeof *table->order);
    table->depth = xrealloc(table->depth, (size_t)table->capacity, sizeof *table->depth);
}

/* A tree of what is shown, siblings in the order of the sort. Keys are looked
 * up in a hash of places; children hang in lists that are built from the last
 * to the first. What cannot be reached (its parents go round in a circle)
 * stands at the end, so that no row is lost. */
struct tree {
    struct table *table;
    int *rows, *head, *next, *up, *place; /* place: the hash */
    unsigned mask;
    int used;
};

static int
find_place(const struct tree *tree, uint64_t key)
{
    for (unsigned slot = (unsigned)(key * 0x9E3779B97F4A7C15u >> 32) & tree->mask;;
         slot = (slot + 1) & tree->mask)
        if (tree->place[slot] < 0 || key_of(tree->table, tree->rows[tree->place[slot]]) == key)
            return (int)slot;
}

static void
link_rows(struct tree *tree, int count)
{
    const struct table *table = tree->table;
    for (unsigned i = 0; i <= tree->mask; i++)
        tree->place[i] = -1;
    for (int i = 0; i < count; i++) {
        tree->head[i] = -1;
        tree->place[find_place(tree, key_of(table, tree->rows[i]))] = i;
    }
    for (int i = count - 1; i >= 0; i--) {
        uint64_t parent = table->class->parent(table->rows, tree->rows[i]);
        int up = parent ? tree->place[find_place(tree, parent)] : -1;
        tree->up[i] = up == i ? -1 : up;
        if (tree->up[i] >= 0) {
            tree->next[i] = tree->head[up];
            tree->head[up] = i;
        } else {
            tree->next[i] = -1;
        }
    }
}

static void
put_row(struct tree *tree, int i, int depth)
{
    struct table *table = tree->table;
    table->depth[tree->used] = (uint8_t)(depth > TABLE_DEPTH_MAX ? TABLE_DEPTH_MAX : depth);
    table->order[tree->used++] = tree->rows[i];
    tree->rows[i] = -1;
}

static void
put_below(struct tree *tree, int top)
{
    int i = top, depth = 0;
    put_row(tree, i, depth);
    for (;;) {
        if (tree->head[i] >= 0) { /* down; the list is used up on the way */
            int child = tree->head[i];
            tree->head[i] = tree->next[child];
            i = child;
            put_row(tree, i, ++depth);
        } else if (i == top) {
            return;
        } else {
            i = tree->up[i];
            depth--;
        }
    }
}

static void
arrange_tree(struct table *table)
{
    int count = table->shown, room = table->capacity;
    int *rows = table->order + room;
    struct tree tree = { table, rows, rows + room, rows + 2 * room, rows + 3 * room,
        rows + 4 * room, table->places - 1, 0 };
    memcpy(rows, table->order, (size_t)count * sizeof *rows);
    link_rows(&tree, count);
    for (int i = 0; i < count; i++)
        if (rows[i] >= 0 && tree.up[i] < 0)
            put_below(&tree, i);
    for (int i = 0; i < count; i++)
        if (rows[i] >= 0)
            put_row(&tree, i, 0);
}

/* The cursor's row keeps it; when that has gone, the one in its place gets it. */
static void
keep_cursor(struct table *table)
{
    for (int i = 0; i < table->shown && table->cursor && table->moved; i++)
        if (key_of(table, table->order[i]) == table->cursor) {
            table->at = i;
            return;
        }
    if (!table->moved)
        table->at = 0;
    if (table->at >= table->shown)
        table->at = table->shown ? table->shown - 1 : 0;
    table->cursor = table->shown ? key_of(table, table->order[table->at]) : 0;
}

/* Is the order still a list of the same rows? Then it is what sorting begins with. */
static bool
order_holds(const struct table *table, int count)
{
    return table->shown == count && !*table->filter;
}

void
table_update(struct table *table)
{
    int count = table->class->count(table->rows);
    reserve(table, count);
    if (!order_holds(table, count)) {
        table->shown = 0;
        for (int row = 0; row < count; row++)
            if (!*table->filter || table->class->matches(table->rows, row, table->filter))
                table->order[table->shown++] = row;
    }
    sort_rows(table);
    if (table->tree && table->class->parent && table->shown > 0)
        arrange_tree(table);
    else if (table->shown)
        memset(table->depth, 0, (size_t)table->shown);
    keep_cursor(table);
}

int
table_row(const struct table *table)
{
    return table->at < table->shown ? table->order[table->at] : -1;
}

void
table_move(struct table *table, int by)
{
    int64_t at = (int64_t)table->at + by;
    at = at >= table->shown ? table->shown - 1 : at;
    table->at = at < 0 ? 0 : (int)at;
    table->moved = true;
    int row = table_row(table);
    table->cursor = row < 0 ? 0 : key_of(table, row);
}

void
table_go(struct table *table, uint64_t key)
{
    table->cursor = key;
    table->moved = true;
    keep_cursor(table);
}

bool
table_marked(const struct table *table, uint64_t key)
{
    for (int i = 0; i < table->mark_count; i++)
        if (table->mark[i] == key)
            return true;
    return false;
}

void
table_mark(struct table *table)
{
    uint64_t key = table->cursor;
    for (int i = 0; i < table->mark_count; i++)
        if (table->mark[i] == key) {
            table->mark[i] = table->mark[--table->mark_count];
            return;
        }
    if (key && table->mark_count < TABLE_MARKS_MAX)
        table->mark[table->mark_count++] = key;
}

void
table_unmark(struct table *table)
{
    table->mark_count = 0;
}

void
table_next_sort(struct table *table)
{
    do
        table->sort = (table->sort + 1) % table->class->column_count;
    while (table_hides(table, table->sort));
    table_update(table);
}

bool
table_hides(const struct table *table, int column)
{
    return table->hidden >> column & 1;
}

void
table_columns(const struct table *table, struct layout_column *ret_columns)
{
    for (int i = 0; i < table->class->column_count; i++) {
        ret_columns[i] = table->class->columns[i];
        if (table_hides(table, i))
            ret_columns[i].min = ret_columns[i].want = 0;
    }
}

int
table_find_column(const struct table *table, const char *title, size_t len)
{
    for (int i = 0; i < table->class->column_count; i++)
        if (strlen(table->class->columns[i].title) == len &&
            !strncasecmp(table->class->columns[i].title, title, len))
            return i;
    return -1;
}

/* One that is sorted by is seen. */
bool
table_sort_by(struct table *table, const char *title)
{
    int column = table_find_column(table, title, strlen(title));
    if (column < 0)
        return false;
    table->sort = column;
    table->hidden &= ~(1u << column);
    table_update(table);
    return true;
}

bool
table_click(struct table *table, int x, int y)
{
    if (y != table->title_y)
        return false;
    for (int i = 0; i < table->class->column_count; i++) {
        if (!table->title_width[i] || x < table->title_x[i] - 1 || x > table->title_x[i] + table->title_width[i])
            continue;
        table->reverse = i == table->sort && !table->reverse;
        table->sort = i;
        table_update(table);
        return true;
    }
    return false;
}

void
table_filter(struct table *table, const char *text)
{
    str_copy(table->filter, sizeof table->filter, text);
    table->shown = -1; /* the order begins anew */
    table_update(table);
}

bool
table_search(struct table *table, int step)
{
    if (!*table->search)
        return false;
    for (int i = 0; i < table->shown; i++) {
        int by = step < 0 ? -1 - i : step + i;
        int at = ((table->at + by) % table->shown + table->shown) % table->shown;
        if (!table->class->matches(table->rows, table->order[at], table->search))
            continue;
        table_move(table, at - table->at);
        return true;
    }
    return false;
}

static void __attribute__((format(printf, 3, 4)))
add_part(char *buf, size_t size, const char *format, ...)
{
    size_t used = strlen(buf);
    va_list args;
    va_start(args, format);
    if (used && used < size)
        used += (size_t)snprintf(buf + used, size - used, " · ");
    if (used < size)
        vsnprintf(buf + used, size - used, format, args);
    va_end(args);
}

/* What hides or marks rows stands first: where it is narrow, the last parts go first. */
void
table_note(const struct table *table, char *buf, size_t size)
{
    char before[160];
    str_copy(before, sizeof before, buf);
    buf[0] = '\0';
    if (*table->filter)
        add_part(buf, size, "%d of %d with \"%.40s\"", table->shown > 0 ? table->shown : 0,
            table->class->count(table->rows), table->filter);
    if (table->mark_count)
        add_part(buf, size, "%d marked", table->mark_count);
    if (*before)
        add_part(buf, size, "%s", before);
    add_part(buf, size, "by %s%s%s", table->class->columns[table->sort].title, table->reverse ? ", turned" : "",
        table->tree ? ", tree" : "");
}

static void
follow_cursor(const struct table *table, struct panel_list *list, int height)
{
    if (list->top > table->at)
        list->top = table->at;
    if (list->top < table->at - height + 1)
        list->top = table->at - height + 1;
}

/* The title of the column that is sorted by has an arrow where there is room beside it. */
static void
draw_arrow(const struct table *table, struct canvas *canvas, int y, const struct layout_column *column)
{
    const struct layout_column *sorted = &column[table->sort];
    int width = text_width(sorted->title);
    if (!sorted->width || width > sorted->width)
        return;
    int x = sorted->left ? sorted->x + width : sorted->x + sorted->width - width - 1;
    canvas_style(canvas, (struct rect){ sorted->x, y, sorted->width, 1 }, STYLE_TITLE);
    canvas_put(canvas, x, y, table->reverse ? 0x25B2 : 0x25BC, STYLE_TITLE);
}

void
table_draw(struct table *table, struct canvas *canvas, struct rect inside,
    const struct panel_context *context)
{
    struct layout_column column[TABLE_COLUMNS_MAX], shown[TABLE_COLUMNS_MAX];
    int title_y = inside.y;
    table_columns(table, shown);
    panel_table(canvas, &inside, shown, column, table->class->column_count);
    table->title_y = inside.y > title_y ? title_y : -1;
    for (int i = 0; i < table->class->column_count; i++) {
        table->title_x[i] = column[i].x;
        table->title_width[i] = column[i].width;
    }
    if (inside.y > title_y)
        draw_arrow(table, canvas, title_y, column);
    follow_cursor(table, context->list, inside.height);
    int first = panel_list_begin(canvas, context, inside, table->shown);
    for (int i = 0; i < inside.height && first + i < table->shown; i++) {
        struct rect line = { inside.x - 1, inside.y + i, context->scroll_x - inside.x + 1, 1 };
        int row = table->order[first + i];
        bool marked = table_marked(table, key_of(table, row)), here = first + i == table->at;
        table->class->draw(canvas, line.y, inside.x + inside.width, column, table->rows, row,
            table->depth[first + i]);
        if (here)
            canvas_style(canvas, line, STYLE_SELECTED);
        if (here || marked)
            canvas_put(canvas, line.x, line.y, marked ? '*' : '>', here ? STYLE_SELECTED : STYLE_KEY);
    }
    if (table->shown <= 0)
        panel_empty(canvas, inside, *table->filter ? "nothing has this in it" : table->class->empty);
}
