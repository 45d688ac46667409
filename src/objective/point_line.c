/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/point_line.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/xalloc.h"

enum {
    NUMBER_MAX = 32, /* bytes of one */
    DECIMALS = 9,
};

#define EXACT_MAX 9007199254740992.0 /* 2^53 */
#define DECIMALS_POWER 1e9

/* One dimension. */
struct column {
    struct str name; /* `,"name":` */
    int choice_count;
    struct str *choice; /* owned; as JSON */
};

struct point_lines {
    const struct run_spec *spec;
    struct column *column; /* owned */
};

bool
point_is_bool(const struct dimension *dimension)
{
    return dimension->choice_count == 2 && !strcmp(dimension->choice[0], "false") &&
        !strcmp(dimension->choice[1], "true");
}

struct point_lines *
point_lines_new(const struct run_spec *spec)
{
    struct point_lines *lines = XNEW(struct point_lines);
    lines->spec = spec;
    lines->column = xcalloc((size_t)spec->dimension_count + 1, sizeof *lines->column);
    for (int i = 0; i < spec->dimension_count; i++) {
        const struct dimension *dimension = &spec->dimension[i];
        struct column *column = &lines->column[i];
        str_init(&column->name);
        str_puts(&column->name, i ? "," : "");
        json_quote(&column->name, dimension->name, strlen(dimension->name));
        str_putc(&column->name, ':');
        column->choice_count = dimension->choice_count;
        column->choice = xcalloc((size_t)dimension->choice_count + 1, sizeof *column->choice);
        for (int c = 0; c < dimension->choice_count; c++) {
            str_init(&column->choice[c]);
            if (point_is_bool(dimension))
                str_puts(&column->choice[c], dimension->choice[c]);
            else
                json_quote(&column->choice[c], dimension->choice[c], strlen(dimension->choice[c]));
        }
    }
    return lines;
}

void
point_lines_free(struct point_lines *lines)
{
    if (!lines)
        return;
    for (int i = 0; i < lines->spec->dimension_count; i++) {
        for (int c = 0; c < lines->column[i].choice_count; c++)
            str_release(&lines->column[i].choice[c]);
        free(lines->column[i].choice);
        str_release(&lines->column[i].name);
    }
    free(lines->column);
    free(lines);
}

/* Numbers. */

static char *
put_digits(char *end, uint64_t value)
{
    do
        *--end = (char)('0' + value % 10);
    while (value /= 10);
    return end;
}

static void
put_int(struct str *out, int64_t value)
{
    char text[NUMBER_MAX], *end = text + sizeof text;
    char *start = put_digits(end, value < 0 ? -(uint64_t)value : (uint64_t)value);
    if (value < 0)
        *--start = '-';
    str_append(out, start, (size_t)(end - start));
}

/* A number of few decimals, without the search for the shortest text: whole
 * billionths of it, divided again, give the same double. False: it has more. */
static bool
put_decimal(struct str *out, double value)
{
    char text[NUMBER_MAX], *end = text + sizeof text;
    double scaled = fabs(value) * DECIMALS_POWER;
    if (!(scaled < EXACT_MAX))
        return false;
    uint64_t billionths = (uint64_t)(scaled + 0.5), fraction = billionths % 1000000000;
    if ((double)billionths / DECIMALS_POWER != fabs(value))
        return false;
    char *start = end;
    int decimals = fraction ? DECIMALS : 0;
    for (; decimals && fraction % 10 == 0; decimals--)
        fraction /= 10;
    for (int i = 0; i < decimals; i++, fraction /= 10)
        *--start = (char)('0' + fraction % 10);
    if (decimals)
        *--start = '.';
    start = put_digits(start, billionths / 1000000000);
    if (value < 0)
        *--start = '-';
    str_append(out, start, (size_t)(end - start));
    return true;
}

static void
put_float(struct str *out, double value)
{
    char text[NUMBER_MAX];
    if (put_decimal(out, value))
        return;
    int len = snprintf(text, sizeof text, "%.17g", value);
    str_append(out, text, (size_t)len);
}

static void
put_value(const struct column *column, const struct dimension *dimension, struct str *out,
    double value)
{
    if (dimension->kind == DIMENSION_FLOAT) {
        put_float(out, value);
    } else if (dimension->kind == DIMENSION_INT) {
        put_int(out, (int64_t)value);
    } else {
        int choice = value >= 0 && value < column->choice_count ? (int)value : 0;
        str_append(out, column->choice[choice].data, column->choice[choice].len);
    }
}

void
point_lines_put(const struct point_lines *lines, struct str *out, int64_t trial,
    const double *values)
{
    static const char head[] = "{\"trial\":", middle[] = ",\"params\":{";
    str_append(out, head, sizeof head - 1);
    put_int(out, trial);
    str_append(out, middle, sizeof middle - 1);
    for (int i = 0; i < lines->spec->dimension_count; i++) {
        const struct column *column = &lines->column[i];
        str_append(out, column->name.data, column->name.len);
        put_value(column, &lines->spec->dimension[i], out, values[i]);
    }
    str_append(out, "}}\n", 3);
}
