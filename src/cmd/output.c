/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/output.h"

#include <langinfo.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"

enum {
    TEXT_MAX = 4096, /* longest text of one cell or line of people's output */
    COLUMN_LEAST = 4, /* a column is not cut below this */
    COLUMN_GAP = 2,
};

static const char *const paint_codes[] = {
    [PAINT_NONE] = "", [PAINT_STRONG] = "\033[1m", [PAINT_FAINT] = "\033[2m",
    [PAINT_GOOD] = "\033[32m", [PAINT_WARN] = "\033[33m", [PAINT_BAD] = "\033[31m",
};

bool
output_colour(FILE *file)
{
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(fileno(file)) && !(no_color && *no_color) && term && *term &&
        strcmp(term, "dumb");
}

bool
output_utf8(void)
{
    return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

int
output_width(FILE *file)
{
    struct winsize size;
    if (!isatty(fileno(file)))
        return 0;
    if (ioctl(fileno(file), TIOCGWINSZ, &size) || !size.ws_col)
        return 80;
    return size.ws_col;
}

static void
put_painted(FILE *file, enum paint paint, const char *clean)
{
    if (paint != PAINT_NONE && output_colour(file))
        fprintf(file, "%s%s\033[0m", paint_codes[paint], clean);
    else
        fputs(clean, file);
}

void
output_text(FILE *file, enum paint paint, const char *text)
{
    char clean[TEXT_MAX];
    put_painted(file, paint, text_clean(text, clean, sizeof clean));
}

static void
write_value(struct json_writer *w, const char *key, const json_t *value)
{
    const char *name;
    json_t *member;
    size_t i;
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        jw_object(w, key);
        json_object_foreach ((json_t *)(uintptr_t)value, name, member)
            write_value(w, name, member);
        jw_end(w);
        break;
    case JSON_ARRAY:
        jw_array(w, key);
        json_array_foreach (value, i, member)
            write_value(w, NULL, member);
        jw_end(w);
        break;
    case JSON_STRING:
        jw_stringn(w, key, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        jw_int(w, key, json_integer_value(value));
        break;
    case JSON_REAL:
        jw_number(w, key, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        jw_bool(w, key, json_is_true(value));
        break;
    case JSON_NULL:
        jw_null(w, key);
        break;
    }
}

/* Inside JSON such characters only occur in strings, where an escape means
 * the same character. */
static void
escape_hostile(struct str *out, const char *json)
{
    for (const char *p = json; *p;) {
        const char *start = p;
        uint32_t code = text_next(&p);
        if (code < 0x7F || text_clean_code(code) == code)
            str_append(out, start, (size_t)(p - start));
        else if (code < 0x10000)
            str_printf(out, "\\u%04x", code);
        else
            str_printf(out, "\\u%04x\\u%04x", 0xD7C0 + (code >> 10), 0xDC00 | (code & 0x3FF));
    }
}

void
output_json_to(struct str *out, const json_t *value)
{
    struct str plain;
    struct json_writer w;
    str_init(&plain);
    jw_init(&w, &plain);
    if (value)
        write_value(&w, NULL, value);
    else
        jw_null(&w, NULL);
    escape_hostile(out, plain.data);
    str_release(&plain);
}

void
output_json(const json_t *value)
{
    struct str out;
    str_init(&out);
    output_json_to(&out, value);
    str_putc(&out, '\n');
    fwrite(out.data, 1, out.len, stdout);
    fflush(stdout);
    str_release(&out);
}

const char *
output_scalar(const json_t *value, const char *none, char *buf, size_t size)
{
    if (json_is_string(value))
        return json_string_value(value);
    if (json_is_integer(value))
        snprintf(buf, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        unit_format_number(json_real_value(value), buf, size);
    else if (json_is_boolean(value))
        snprintf(buf, size, "%s", json_is_true(value) ? "true" : "false");
    else
        return none;
    return buf;
}

const char *
output_figure(const char *name, const json_t *value, char *buf, size_t size)
{
    if (json_is_number(value) && str_ends(name, "_seconds"))
        return unit_format_duration(json_number_value(value), buf, size);
    if (json_is_number(value) && str_ends(name, "_bytes"))
        return unit_format_bytes(json_number_value(value), buf, size);
    return output_scalar(value, "-", buf, size);
}

const char *
output_time(double wall_seconds, char *buf, size_t size)
{
    if (!(fabs(wall_seconds) < 9e9)) {
        snprintf(buf, size, "-");
        return buf;
    }
    return clock_format_local((int64_t)(wall_seconds * 1e9), buf, size);
}

struct column {
    char *title;
    enum table_align align;
    int width;
};

struct cell {
    char *text;
    enum paint paint;
};

struct table {
    int needed_count; /* columns that are never left out */
    int column_count, column_capacity;
    struct column *column;
    int cell_count, cell_capacity;
    struct cell *cell;
};

struct table *
table_new(void)
{
    return XNEW(struct table);
}

static char *
clean_copy(const char *text)
{
    char clean[TEXT_MAX];
    return xstrdup(text_clean(text, clean, sizeof clean));
}

void
table_column(struct table *table, const char *title, enum table_align align)
{
    XGROW(table->column, table->column_count, table->column_capacity);
    struct column *column = &table->column[table->column_count++];
    *column = (struct column){ clean_copy(title), align, 0 };
    column->width = text_width(column->title);
    table->needed_count = table->column_count;
}

void
table_spare_column(struct table *table, const char *title, enum table_align align)
{
    int needed = table->needed_count;
    table_column(table, title, align);
    table->needed_count = needed;
}

void
table_cell(struct table *table, enum paint paint, const char *text)
{
    XGROW(table->cell, table->cell_count, table->cell_capacity);
    struct column *column = &table->column[table->cell_count % table->column_count];
    struct cell *cell = &table->cell[table->cell_count++];
    *cell = (struct cell){ clean_copy(text), paint };
    int width = text_width(cell->text);
    if (width > column->width)
        column->width = width;
}

/* Leaves out spare columns, then takes cells from the widest ones, until the
 * line fits; returns how many columns are shown. */
static int
fit(struct table *table, int width)
{
    int total = -COLUMN_GAP, shown = table->column_count;
    for (int c = 0; c < shown; c++)
        total += table->column[c].width + COLUMN_GAP;
    while (total > width && shown > table->needed_count)
        total -= table->column[--shown].width + COLUMN_GAP;
    for (; total > width; total--) {
        struct column *widest = &table->column[0];
        for (int c = 1; c < shown; c++)
            if (table->column[c].width > widest->width)
                widest = &table->column[c];
        if (widest->width <= COLUMN_LEAST)
            break;
        widest->width--;
    }
    return shown;
}

/* Cuts a clean text in place so that it takes at most `width` cells; what was
 * cut is marked by "~", which every charset has. */
static void
cut(char *text, int width)
{
    if (text_width(text) <= width)
        return;
    const char *p = text, *keep = text;
    for (int used = 0;;) {
        keep = p;
        used += text_cell_width(text_next(&p));
        if (used > width - 1)
            break;
    }
    text[keep - text] = '~';
    text[keep - text + 1] = '\0';
}

static void
put_cell(FILE *file, const struct column *column, const struct cell *cell, bool last)
{
    cut(cell->text, column->width);
    int pad = column->width - text_width(cell->text);
    if (column->align == TABLE_RIGHT)
        fprintf(file, "%*s", pad, "");
    put_painted(file, cell->paint, cell->text);
    if (!last)
        fprintf(file, "%*s", (column->align == TABLE_LEFT ? pad : 0) + COLUMN_GAP, "");
}

void
table_print(struct table *table, FILE *file, int width, const char *indent)
{
    int columns = table->column_count;
    int shown = width > 0 ? fit(table, width - (int)strlen(indent)) : columns;
    fputs(indent, file);
    for (int c = 0; c < shown; c++) {
        struct cell title = { table->column[c].title, PAINT_FAINT };
        put_cell(file, &table->column[c], &title, c == shown - 1);
    }
    putc('\n', file);
    for (int i = 0; i < table->cell_count; i++) {
        int c = i % columns;
        if (c == 0)
            fputs(indent, file);
        if (c < shown)
            put_cell(file, &table->column[c], &table->cell[i], c == shown - 1);
        if (c == columns - 1)
            putc('\n', file);
        free(table->cell[i].text);
    }
    for (int c = 0; c < columns; c++)
        free(table->column[c].title);
    free(table->column);
    free(table->cell);
    free(table);
}
