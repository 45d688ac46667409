/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What commands print: values and text made safe for a terminal, colour where
 * it is wanted, one JSON value on a line, and tables with aligned columns.
 */
#ifndef OPTOP_CMD_OUTPUT_H
#define OPTOP_CMD_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/json.h"
#include "base/str.h"

enum paint { PAINT_NONE, PAINT_STRONG, PAINT_FAINT, PAINT_GOOD, PAINT_WARN, PAINT_BAD };

/* A terminal that takes colour: NO_COLOR is not set and TERM is not "dumb". */
bool output_colour(FILE *file);
bool output_utf8(void);

/* Columns of the terminal behind a stream; 80 when it does not say, 0 when
 * there is no terminal (nothing is cut then). */
int output_width(FILE *file);

/* Cleaned text, painted where colour is on. */
void output_text(FILE *file, enum paint paint, const char *text);

/* The value compact on one line, flushed. Numbers print as the shortest text
 * that reads back the same; characters that could steer a terminal as \uXXXX. */
void output_json(const json_t *value);
void output_json_to(struct str *out, const json_t *value);

/* A JSON scalar as people and CSV read it: "9", "0.25", "hc4"; null: `none`.
 * Returns buf, or borrowed text of the value. */
const char *output_scalar(const json_t *value, const char *none, char *buf, size_t size);

/* A member's number by what its name says: "wall_seconds" as a duration,
 * "max_rss_bytes" as bytes, else plain. "-" when it is not known. */
const char *output_figure(const char *name, const json_t *value, char *buf, size_t size);

/* "2026-11-21 14:03:07" from wall seconds; "-" when NaN. */
const char *output_time(double wall_seconds, char *buf, size_t size);

/* A table: columns first, then cells row by row, then print and free. */
struct table;
enum table_align { TABLE_LEFT, TABLE_RIGHT };

struct table *table_new(void);
void table_column(struct table *table, const char *title, enum table_align align);
/* A column that is left out, the last one first, where lines would be cut; only
 * such columns may follow it. */
void table_spare_column(struct table *table, const char *title, enum table_align align);
void table_cell(struct table *table, enum paint paint, const char *text); /* copied, cleaned */

/* Prints the rows, cut to `width` cells by narrowing the widest columns (0:
 * never cut), each line behind `indent`, and frees the table. */
void table_print(struct table *table, FILE *file, int width, const char *indent);

#endif
