/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A table of numbers in a file (`[objective] data'), for functions that score a
 * point by it: read by the first trial that looks at it, shared by all threads
 * of a worker, dropped between trials when memory is short.
 *
 * A line is a row; columns stand between commas, semicolons, tabs or blanks. A
 * first line that does not begin with a number has the columns' names. What is
 * no number is NaN.
 */
#ifndef OPTOP_OBJECTIVE_DATA_FILE_H
#define OPTOP_OBJECTIVE_DATA_FILE_H

#include <stddef.h>

#include "optop/lazy.h"

enum {
    DATA_COLUMNS_MAX = 256,
    DATA_NAME_MAX = 64,
};
#define DATA_BYTES_MAX ((size_t)4 << 30)

struct data_table {
    size_t rows;
    int columns;
    char name[DATA_COLUMNS_MAX][DATA_NAME_MAX]; /* "": it has none */
    double value[]; /* row by row */
};

/* Reads nothing yet; path is copied. NULL: no memory. What is used are struct
 * data_table; a use fails with -errno, or -EFBIG above DATA_BYTES_MAX. */
struct data_file *data_file_new(const char *path);
void data_file_free(struct data_file *file);

int data_file_use(struct data_file *file, const struct data_table **ret_table);
void data_file_done(struct data_file *file);

#endif
