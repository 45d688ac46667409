/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/data_file.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "io/file_chunks.h"

enum {
    NUMBER_MAX = 63,
    LINE_MAX_BYTES = 1024 * 1024, /* of one that two chunks share */
    FIRST_BYTES = 64 * 1024, /* more than a row: DATA_COLUMNS_MAX numbers */
};

struct data_file {
    char *path; /* owned */
    struct optop_lazy *table;
};

/* Parsing: lines of the text, cells of a line. */

static bool
is_separator(char c)
{
    return c == ',' || c == ';' || c == '\t' || c == ' ' || c == '\r';
}

/* Blanks go with a separator; two commas have an empty cell between them. */
static bool
next_cell(const char **at, const char *end, const char **ret_cell, size_t *ret_len)
{
    while (*at < end && (**at == ' ' || **at == '\r'))
        (*at)++;
    if (*at >= end)
        return false;
    const char *cell = *at;
    while (*at < end && !is_separator(**at))
        (*at)++;
    *ret_cell = cell;
    *ret_len = (size_t)(*at - cell);
    while (*at < end && (**at == ' ' || **at == '\r'))
        (*at)++;
    if (*at < end && is_separator(**at))
        (*at)++;
    return true;
}

static double
number_of(const char *cell, size_t len)
{
    char text[NUMBER_MAX + 1], *end;
    if (!len || len > NUMBER_MAX)
        return (double)NAN;
    memcpy(text, cell, len);
    text[len] = '\0';
    double value = strtod(text, &end);
    return end == text || *end ? (double)NAN : value;
}

static int
count_columns(const char *line, const char *end)
{
    const char *cell;
    size_t len;
    int columns = 0;
    while (columns < DATA_COLUMNS_MAX && next_cell(&line, end, &cell, &len))
        columns++;
    return columns;
}

static bool
is_header(const char *line, const char *end)
{
    const char *cell;
    size_t len;
    return next_cell(&line, end, &cell, &len) && isnan(number_of(cell, len));
}

static void
take_names(struct data_table *table, const char *line, const char *end)
{
    const char *cell;
    size_t len;
    for (int i = 0; i < table->columns && next_cell(&line, end, &cell, &len); i++) {
        size_t most = len < DATA_NAME_MAX - 1 ? len : DATA_NAME_MAX - 1;
        memcpy(table->name[i], cell, most);
    }
}

static void
take_row(struct data_table *table, const char *line, const char *end)
{
    double *row = table->value + table->rows++ * (size_t)table->columns;
    const char *cell;
    size_t len;
    for (int i = 0; i < table->columns; i++)
        row[i] = next_cell(&line, end, &cell, &len) ? number_of(cell, len) : (double)NAN;
}

/* A table in the making, and the beginning of a line whose end is still to come. */
struct parsing {
    struct data_table *table; /* NULL: no line yet */
    size_t bytes; /* room for the table */
    char *part; /* owned */
    size_t part_len;
};

static int
make_table(struct parsing *parsing, int columns)
{
    parsing->bytes = sizeof *parsing->table + FIRST_BYTES;
    parsing->table = malloc(parsing->bytes);
    if (!parsing->table)
        return -ENOMEM;
    memset(parsing->table, 0, sizeof *parsing->table);
    parsing->table->columns = columns;
    return 0;
}

/* Room for one row more. */
static int
grow_table(struct parsing *parsing)
{
    const struct data_table *table = parsing->table;
    size_t wanted = (table->rows + 1) * (size_t)table->columns * sizeof(double);
    if (wanted > DATA_BYTES_MAX)
        return -EFBIG;
    if (wanted + sizeof *table <= parsing->bytes)
        return 0;
    size_t bytes = parsing->bytes + parsing->bytes / 2;
    struct data_table *grown = realloc(parsing->table, bytes);
    if (!grown)
        return -ENOMEM;
    parsing->table = grown;
    parsing->bytes = bytes;
    return 0;
}

static int
take_line(struct parsing *parsing, const char *line, const char *end)
{
    while (line < end && *line == '\r')
        line++;
    if (line == end)
        return 0;
    if (!parsing->table) {
        int r = make_table(parsing, count_columns(line, end));
        if (r < 0)
            return r;
        if (is_header(line, end)) {
            take_names(parsing->table, line, end);
            return 0;
        }
    }
    int r = grow_table(parsing);
    if (r == 0)
        take_row(parsing->table, line, end);
    return r;
}

static int
keep_part(struct parsing *parsing, const char *bytes, size_t len)
{
    if (parsing->part_len + len > LINE_MAX_BYTES)
        return -EFBIG;
    if (!parsing->part && !(parsing->part = malloc(LINE_MAX_BYTES)))
        return -ENOMEM;
    memcpy(parsing->part + parsing->part_len, bytes, len);
    parsing->part_len += len;
    return 0;
}

static int
take_part(struct parsing *parsing)
{
    size_t len = parsing->part_len;
    parsing->part_len = 0;
    return take_line(parsing, parsing->part, parsing->part + len);
}

static int
take_chunk(struct parsing *parsing, const char *at, const char *end)
{
    int r = 0;
    for (const char *stop; r == 0 && (stop = memchr(at, '\n', (size_t)(end - at))); at = stop + 1) {
        if (!parsing->part_len) {
            r = take_line(parsing, at, stop);
            continue;
        }
        r = keep_part(parsing, at, (size_t)(stop - at));
        if (r == 0)
            r = take_part(parsing);
    }
    return r == 0 && at < end ? keep_part(parsing, at, (size_t)(end - at)) : r;
}

static int
parse(struct file_chunks *chunks, struct parsing *parsing)
{
    const char *bytes;
    size_t len;
    int r;
    while ((r = file_chunks_next(chunks, &bytes, &len)) > 0) {
        r = take_chunk(parsing, bytes, bytes + len);
        if (r < 0)
            return r;
    }
    if (r == 0 && parsing->part_len)
        r = take_part(parsing);
    if (r == 0 && !parsing->table)
        r = make_table(parsing, 0);
    return r;
}

static int
load(void *context, void **ret_data, size_t *ret_size)
{
    struct data_file *file = context;
    struct file_chunks *chunks;
    struct parsing parsing = { 0 };
    int r = file_chunks_open(file->path, (int64_t)DATA_BYTES_MAX, &chunks);
    if (r < 0)
        return r;
    r = parse(chunks, &parsing);
    file_chunks_close(chunks);
    free(parsing.part);
    if (r < 0) {
        free(parsing.table);
        return r;
    }
    const struct data_table *table = parsing.table;
    size_t bytes = sizeof *table + table->rows * (size_t)table->columns * sizeof(double);
    struct data_table *fitting = realloc(parsing.table, bytes);
    *ret_data = fitting ? fitting : parsing.table;
    *ret_size = bytes;
    return 0;
}

static void
unload(void *data, size_t size, void *context)
{
    (void)size;
    (void)context;
    free(data);
}

struct data_file *
data_file_new(const char *path)
{
    struct data_file *file = calloc(1, sizeof *file);
    if (!file)
        return NULL;
    file->path = strdup(path);
    file->table = optop_lazy_new(&(struct optop_lazy_options){ .name = "data.table",
        .load = load, .unload = unload, .context = file });
    if (!file->path || !file->table) {
        data_file_free(file);
        return NULL;
    }
    return file;
}

void
data_file_free(struct data_file *file)
{
    if (!file)
        return;
    optop_lazy_free(file->table);
    free(file->path);
    free(file);
}

int
data_file_use(struct data_file *file, const struct data_table **ret_table)
{
    const void *data;
    int r = optop_lazy_use(file->table, &data, NULL);
    if (r == 0)
        *ret_table = data;
    return r;
}

void
data_file_done(struct data_file *file)
{
    optop_lazy_done(file->table);
}
