/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Points and scores alone, of every trial that has one: rows of table trial, and
 * blocks as they lie there, without making a row of each of their trials.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_block.h"
#include "store/store_private.h"
#include "store/store_run.h"

/* "[1,0.5]": as many numbers as there are dimensions, or it is not one of ours. */
static bool
parse_point(const char *text, int dimensions, double *values)
{
    for (int d = 0; d < dimensions; d++) {
        char *end;
        if (*text != '[' && *text != ',')
            return false;
        values[d] = strtod(text + 1, &end);
        if (end == text + 1)
            return false;
        text = end + strspn(end, " ");
    }
    return true;
}

struct points {
    int dimensions;
    store_point_fn *fn;
    void *context;
};

static int
each_row(sqlite3_stmt *s, const struct points *points, double *values)
{
    int step, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW)
        if (parse_point(store_column_text(s, 1), points->dimensions, values))
            r = points->fn(points->context, store_column_number(s, 0), values);
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}

/* Numbers are copied out: blobs stand anywhere in a page. A block that was damaged
 * is passed over. */
static int
one_block(sqlite3_stmt *s, const struct points *points, double *values)
{
    const char *score = sqlite3_column_blob(s, 1), *point = sqlite3_column_blob(s, 2);
    size_t bytes = sizeof(double) * (size_t)points->dimensions;
    int64_t count = sqlite3_column_int64(s, 0);
    if (count < 1 || count > STORE_BLOCK_MAX || !score || !point ||
        sqlite3_column_bytes(s, 1) < count * (int64_t)sizeof(double) ||
        sqlite3_column_bytes(s, 2) < count * (int64_t)bytes)
        return 0;
    int r = 0;
    for (int64_t i = 0; i < count && r >= 0; i++) {
        double number;
        memcpy(&number, score + i * (int64_t)sizeof number, sizeof number);
        if (isnan(number))
            continue; /* failed: a row, if it has come to a score since */
        memcpy(values, point + i * (int64_t)bytes, bytes);
        r = points->fn(points->context, number, values);
    }
    return r;
}

static int
each_block(sqlite3_stmt *s, const struct points *points, double *values)
{
    int step, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW)
        r = one_block(s, points, values);
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}

int
store_trial_points(struct store *store, int64_t run, int dimensions, store_point_fn *fn, void *context)
{
    static const char rows[] = "SELECT score, params FROM trial WHERE run = ? AND state = 0 AND score IS NOT NULL";
    static const char blocks[] = "SELECT count, score, point FROM block WHERE run = ? AND score IS NOT NULL";
    double values[RUN_DIMENSIONS_MAX];
    const struct points points = { dimensions, fn, context };
    sqlite3_stmt *s = store_prepare(store, rows);
    if (!s || dimensions < 0 || dimensions > RUN_DIMENSIONS_MAX)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    int r = each_row(s, &points, values);
    if (r < 0)
        return r;
    s = store_prepare(store, blocks);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    return each_block(s, &points, values);
}
