/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A list that is sorted by any of its columns, filtered, searched and marked.
 * Rows belong to someone else and may change at every tick; cursor and marks
 * stay on what they were put on, by a row's key, never by its line. Nothing
 * here allocates once the order has met the longest list.
 */
#ifndef OPTOP_UI_TABLE_H
#define OPTOP_UI_TABLE_H

#include "ui/layout.h"
#include "ui/panel.h"

enum {
    TABLE_COLUMNS_MAX = 24,
    TABLE_MARKS_MAX = 512,
    TABLE_TEXT_MAX = 96, /* bytes of a filter or of what is searched for */
    TABLE_DEPTH_MAX = 250,
};

/* What kind of rows; one constant per table. Rows go by their index. */
struct table_class {
    const struct layout_column *columns;
    int column_count;
    int (*count)(const void *rows);
    uint64_t (*key)(const void *rows, int row); /* not 0, and of no other row */
    /* By a column, as people want to see it first: < 0, 0, > 0. */
    int (*compare)(const void *rows, int a, int b, int column);
    bool (*matches)(const void *rows, int row, const char *text);
    void (*draw)(struct canvas *canvas, int y, int end, const struct layout_column *column,
        const void *rows, int row, int depth);
    uint64_t (*parent)(const void *rows, int row); /* key; 0: none. May be NULL: no tree */
    int copied; /* the column that `y` copies of the row under the cursor */
    const char *empty; /* what is said when there are no rows */
};

struct table {
    const struct table_class *class;
    const void *rows; /* borrowed */
    int sort; /* a column */
    unsigned hidden; /* bits: columns that are not shown */
    bool reverse, tree;
    char filter[TABLE_TEXT_MAX], search[TABLE_TEXT_MAX];
    uint64_t cursor; /* a key; 0: none yet, the first row */
    int at; /* its place in the order */
    bool moved; /* by a person: it stays on its row; else it stays at the top */
    uint64_t from; /* where a search began */
    uint64_t mark[TABLE_MARKS_MAX];
    int mark_count;
    int title_y; /* where the titles are, as last drawn; -1: nowhere */
    int title_x[TABLE_COLUMNS_MAX], title_width[TABLE_COLUMNS_MAX]; /* 0 wide: left out */
    int *order; /* owned; rows as they are shown, then room for the tree */
    uint8_t *depth; /* owned; of each in the tree */
    int shown, capacity;
    unsigned places; /* of the hash of keys, a power of two */
};

void table_init(struct table *table, const struct table_class *class, const void *rows);
void table_release(struct table *table);

/* Sorts and filters anew; to be called when the rows have changed. */
void table_update(struct table *table);

int table_row(const struct table *table); /* the row under the cursor; -1 */
void table_move(struct table *table, int by);
void table_go(struct table *table, uint64_t key); /* where it is shown */

void table_mark(struct table *table); /* the row under the cursor, or no longer */
bool table_marked(const struct table *table, uint64_t key);
void table_unmark(struct table *table); /* all */

/* Sorts by the next column, or by one with a title; false: there is none. */
void table_next_sort(struct table *table);
bool table_sort_by(struct table *table, const char *title);
int table_find_column(const struct table *table, const char *title, size_t len); /* -1 */
bool table_hides(const struct table *table, int column);
void table_columns(const struct table *table, struct layout_column *ret_columns); /* hidden ones take no room */

/* Sorts by the column whose title is at a place; by the one that it is sorted by
 * already: turned round. False: there is no title. */
bool table_click(struct table *table, int x, int y);

void table_filter(struct table *table, const char *text);

/* Goes to a row that matches what is searched for: from the cursor on
 * (step 0), after it (1), before it (-1). False: there is none. */
bool table_search(struct table *table, int step);

/* "12 of 580 with "py" · 3 marked · by cpu": around what `buf` holds. */
void table_note(const struct table *table, char *buf, size_t size);

void table_draw(struct table *table, struct canvas *canvas, struct rect inside,
    const struct panel_context *context);

/* Does a text contain another one, whatever the case of ASCII letters? */
bool table_contains(const char *text, const char *part);

/* For compare: numbers that are larger first, unknown ones last; texts as in a dictionary. */
int table_larger(double a, double b);

#endif
