/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/data_file.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { NUMBER_MAX = 63 };

struct data_file {
    struct optop_lazy *bytes; /* the file; dropped once it is parsed */
    struct optop_lazy *table;
};

/* Parsing: lines of the text, cells of a line. */

static bool
is_separator(char c)
{
    return c == ',' || c == ';' || c == '\t' || c == ' ' || c == '\r';
}

static bool
next_line(const char **at, const char *end, const char **ret_line, const char **ret_end)
{
    while (*at < end && (**at == '\n' || **at == '\r'))
        (*at)++;
    if (*at >= end)
        return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    *ret_line = *at;
    *ret_end = stop ? stop : end;
    *at = *ret_end;
    return true;
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

static int
parse(const char *text, size_t size, void **ret_data, size_t *ret_size)
{
    const char *at = text, *end = text + size, *line = text, *stop = text;
    size_t lines = 0;
    int columns = 0;
    while (next_line(&at, end, &line, &stop))
        if (!lines++)
            columns = count_columns(line, stop);
    size_t bytes;
    if (__builtin_mul_overflow(lines, (size_t)columns * sizeof(double), &bytes) ||
        bytes > DATA_BYTES_MAX)
        return -EFBIG;
    bytes += sizeof(struct data_table);
    struct data_table *table = malloc(bytes);
    if (!table)
        return -ENOMEM;
    memset(table, 0, sizeof *table);
    table->columns = columns;
    at = text;
    for (bool first = true; next_line(&at, end, &line, &stop); first = false)
        if (first && is_header(line, stop))
            take_names(table, line, stop);
        else
            take_row(table, line, stop);
    *ret_data = table;
    *ret_size = bytes;
    return 0;
}

static int
load(void *context, void **ret_data, size_t *ret_size)
{
    struct data_file *file = context;
    const void *text;
    size_t size;
    int r = optop_lazy_use(file->bytes, &text, &size);
    if (r < 0)
        return r;
    r = parse(size ? text : "", size, ret_data, ret_size);
    optop_lazy_done(file->bytes);
    optop_lazy_drop(file->bytes); /* the table is all that is wanted of it */
    return r;
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
    file->bytes = optop_lazy_file("data.file", path, DATA_BYTES_MAX);
    file->table = optop_lazy_new(&(struct optop_lazy_options){ .name = "data.table",
        .load = load, .unload = unload, .context = file });
    if (!file->bytes || !file->table) {
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
    optop_lazy_free(file->bytes);
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
