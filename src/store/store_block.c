/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The virtual table is eponymous: it exists in every connection that
 * store_block_register has seen, and only there. A cursor steps over the blocks
 * of one run with a statement of its own and over the trials of each; a column
 * is computed when SQLite asks for it, so that a search for the best thousand
 * reads scores alone.
 */
#include "store/store_block.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/str.h"
#include "base/unit.h"
#include "model/trial.h"
#include "store/store_private.h"

int
store_block_add(struct store *store, int64_t run, const struct store_block *block)
{
    static const char sql[] =
        "INSERT INTO block(run, first, count, finished_wall_ns, score, wall_seconds, point,"
        " metric_names, metric) VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT(run, first) DO NOTHING";
    size_t count = (size_t)block->count, metrics = (size_t)block->metric_count;
    struct str names, columns;
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    str_init(&names);
    str_init(&columns);
    for (size_t m = 0; m < metrics; m++) {
        str_append(&names, block->metric_name[m], strlen(block->metric_name[m]) + 1);
        str_append(&columns, (const char *)block->metric[m], count * sizeof(double));
    }
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, block->first);
    sqlite3_bind_int(s, 3, block->count);
    sqlite3_bind_int64(s, 4, block->finished_wall_ns);
    if (block->score) { /* what is not bound is NULL */
        size_t values = count * (size_t)block->dimensions;
        sqlite3_bind_blob64(s, 5, block->score, count * sizeof(double), SQLITE_STATIC);
        sqlite3_bind_blob64(s, 6, block->wall_seconds, count * sizeof(float), SQLITE_STATIC);
        sqlite3_bind_blob64(s, 7, block->values, values * sizeof(double), SQLITE_STATIC);
        sqlite3_bind_blob64(s, 8, names.data, names.len, SQLITE_STATIC);
        sqlite3_bind_blob64(s, 9, columns.data, columns.len, SQLITE_STATIC);
    }
    int r = store_run_statement(store, s);
    str_release(&names);
    str_release(&columns);
    return r == 0 && sqlite3_changes(store->db) == 0 ? ERR_DUPLICATE : r;
}

int
store_block_list(struct store *store, int64_t run, int64_t after, store_block_fn *fn,
    void *context)
{
    static const char sql[] = "SELECT first, count FROM block WHERE run = ?1 AND first > ?2"
                              " AND first + count > ?3 + 1 ORDER BY first";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, after - STORE_BLOCK_MAX);
    sqlite3_bind_int64(s, 3, after);
    int step, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW)
        r = fn(context, sqlite3_column_int64(s, 0), sqlite3_column_int(s, 1));
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}

int
store_block_forget(struct store *store, int64_t run, int64_t trial)
{
    static const char sql[] =
        "DELETE FROM block WHERE run = ? AND first + count <= ? AND score IS NULL";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, trial);
    return store_run_statement(store, s);
}

/* The virtual table. */

/* Its columns: those of table trial, under the same names. */
#define COLUMN_TABLE(X)                                                        \
    X(RUN, "run INTEGER")                                                      \
    X(TRIAL, "trial INTEGER")                                                  \
    X(STATE, "state INTEGER")                                                  \
    X(SCORE, "score REAL")                                                     \
    X(PARAMS, "params TEXT")                                                   \
    X(WALL, "wall_seconds REAL")                                               \
    X(CPU, "cpu_seconds REAL")                                                 \
    X(RSS, "max_rss_bytes REAL")                                               \
    X(STDOUT, "stdout_bytes REAL")                                             \
    X(EXIT_CODE, "exit_code INTEGER")                                          \
    X(SIGNAL, "signal INTEGER")                                                \
    X(ATTEMPT, "attempt INTEGER")                                              \
    X(FINISHED, "finished_wall_ns INTEGER")                                    \
    X(REASON, "reason TEXT")                                                   \
    X(METRICS, "metrics TEXT")

enum column {
#define X(id, text) COLUMN_##id,
    COLUMN_TABLE(X)
#undef X
};

static const char declaration[] = "CREATE TABLE x("
#define X(id, text) text ","
    COLUMN_TABLE(X)
#undef X
    " UNIQUE(run, trial))";

enum { SELECT_RUN, SELECT_COUNT, SELECT_FIRST, SELECT_FINISHED, SELECT_SCORE, SELECT_WALL,
    SELECT_POINT, SELECT_NAMES, SELECT_METRIC };

/* Blocks of a run that may hold trials from ?2 to ?3. */
#define SELECT_BLOCKS                                                          \
    "SELECT run, count, first, finished_wall_ns, score, wall_seconds, point, metric_names,"  \
    " metric FROM block WHERE run = ?1 AND first > ?2 - 65536 AND first <= ?3"  \
    " AND score IS NOT NULL ORDER BY "
_Static_assert(STORE_BLOCK_MAX == 65536, "the number stands in SELECT_BLOCKS");
static const char by_trial[] = SELECT_BLOCKS "first";
static const char by_time[] = SELECT_BLOCKS "finished_wall_ns, first";

struct table {
    sqlite3_vtab base; /* first: SQLite's */
    sqlite3 *db;
};

struct cursor {
    sqlite3_vtab_cursor base; /* first: SQLite's */
    sqlite3_stmt *statement; /* stands on the present block; NULL: not filtered yet */
    int64_t low, high; /* trials that are asked for */
    bool over;
    int at, count; /* the present trial in its block */
    int64_t first;
    double *copy; /* owned; its scores */
    size_t capacity; /* bytes of it */
};

static int
table_connect(sqlite3 *db, void *aux, int argc, const char *const *argv, sqlite3_vtab **ret_table,
    char **ret_error)
{
    (void)aux, (void)argc, (void)argv, (void)ret_error;
    int r = sqlite3_declare_vtab(db, declaration);
    if (r != SQLITE_OK)
        return r;
    struct table *table = sqlite3_malloc(sizeof *table);
    if (!table)
        return SQLITE_NOMEM;
    *table = (struct table){ .db = db };
    *ret_table = &table->base;
    return SQLITE_OK;
}

static int
table_disconnect(sqlite3_vtab *table)
{
    sqlite3_free(table);
    return SQLITE_OK;
}

enum { PLAN_EQUAL = 1, PLAN_ABOVE = 2, PLAN_BELOW = 4, PLAN_BY_TIME = 8 };

/* Blocks come in either order without sorting their trials, each of which has
 * the time of its block. */
static bool
orders_by(const sqlite3_index_info *info, int count, const int *columns)
{
    if (info->nOrderBy != count)
        return false;
    for (int i = 0; i < count; i++)
        if (info->aOrderBy[i].desc || info->aOrderBy[i].iColumn != columns[i])
            return false;
    return true;
}

/* Arguments of table_filter: the run, then the bounds of the plan in this
 * order. Only lookups by run are offered: nobody reads all runs. */
static int
table_plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
    int run = -1, bound[3] = { -1, -1, -1 };
    (void)table;
    for (int i = 0; i < info->nConstraint; i++) {
        int column = info->aConstraint[i].iColumn, op = info->aConstraint[i].op;
        if (!info->aConstraint[i].usable)
            continue;
        if (column == COLUMN_RUN && op == SQLITE_INDEX_CONSTRAINT_EQ)
            run = i;
        else if (column == COLUMN_TRIAL && op == SQLITE_INDEX_CONSTRAINT_EQ)
            bound[0] = i;
        else if (column == COLUMN_TRIAL &&
            (op == SQLITE_INDEX_CONSTRAINT_GT || op == SQLITE_INDEX_CONSTRAINT_GE))
            bound[1] = i;
        else if (column == COLUMN_TRIAL &&
            (op == SQLITE_INDEX_CONSTRAINT_LT || op == SQLITE_INDEX_CONSTRAINT_LE))
            bound[2] = i;
    }
    if (run < 0)
        return SQLITE_CONSTRAINT;
    int argument = 0;
    info->aConstraintUsage[run].argvIndex = ++argument;
    info->aConstraintUsage[run].omit = 1;
    for (int b = 0; b < 3; b++)
        if (bound[b] >= 0) {
            info->idxNum |= 1 << b;
            info->aConstraintUsage[bound[b]].argvIndex = ++argument; /* SQLite checks it again */
        }
    info->estimatedCost = info->idxNum & PLAN_EQUAL ? 10 : info->idxNum ? 1e5 : 1e6;
    info->estimatedRows = info->idxNum & PLAN_EQUAL ? 1 : 1000000;
    if (orders_by(info, 2, (const int[]){ COLUMN_FINISHED, COLUMN_TRIAL }))
        info->idxNum |= PLAN_BY_TIME;
    info->orderByConsumed =
        info->idxNum & PLAN_BY_TIME || orders_by(info, 1, (const int[]){ COLUMN_TRIAL });
    return SQLITE_OK;
}

static int
cursor_open(sqlite3_vtab *base, sqlite3_vtab_cursor **ret_cursor)
{
    struct cursor *cursor = sqlite3_malloc(sizeof *cursor);
    (void)base;
    if (!cursor)
        return SQLITE_NOMEM;
    *cursor = (struct cursor){ .over = true };
    *ret_cursor = &cursor->base;
    return SQLITE_OK;
}

static int
cursor_close(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    sqlite3_finalize(cursor->statement);
    sqlite3_free(cursor->copy);
    sqlite3_free(cursor);
    return SQLITE_OK;
}

/* Does a blob hold as many bytes as its block must have? A file that was
 * damaged must not be read beyond an end. */
static bool
has_bytes(const struct cursor *cursor, int column, size_t bytes)
{
    return (size_t)sqlite3_column_bytes(cursor->statement, column) >= bytes;
}

/* Blobs stand anywhere in a page: what is read often is copied to where
 * doubles may lie. */
static int
copy_scores(struct cursor *cursor)
{
    size_t bytes = (size_t)cursor->count * sizeof(double);
    if (cursor->capacity < bytes) {
        double *copy = sqlite3_realloc64(cursor->copy, bytes);
        if (!copy)
            return SQLITE_NOMEM;
        cursor->copy = copy;
        cursor->capacity = bytes;
    }
    memcpy(cursor->copy, sqlite3_column_blob(cursor->statement, SELECT_SCORE), bytes);
    return SQLITE_OK;
}

/* Steps to the next block that can be read. */
static int
next_block(struct cursor *cursor)
{
    for (;;) {
        int step = sqlite3_step(cursor->statement);
        cursor->over = step != SQLITE_ROW;
        if (step != SQLITE_ROW)
            return step == SQLITE_DONE ? SQLITE_OK : step;
        cursor->first = sqlite3_column_int64(cursor->statement, SELECT_FIRST);
        cursor->count = sqlite3_column_int(cursor->statement, SELECT_COUNT);
        int64_t skipped = cursor->low > cursor->first ? cursor->low - cursor->first : 0;
        if (cursor->count > 0 && cursor->count <= STORE_BLOCK_MAX && skipped < cursor->count &&
            has_bytes(cursor, SELECT_SCORE, (size_t)cursor->count * sizeof(double))) {
            cursor->at = (int)skipped - 1;
            return copy_scores(cursor);
        }
    }
}

/* The next trial that has a score: the others are rows of table trial. */
static int
cursor_next(sqlite3_vtab_cursor *base)
{
    struct cursor *cursor = (struct cursor *)base;
    while (!cursor->over) {
        while (++cursor->at < cursor->count)
            if (!isnan(cursor->copy[cursor->at]) && cursor->first + cursor->at <= cursor->high)
                return SQLITE_OK;
        int r = next_block(cursor);
        if (r != SQLITE_OK)
            return r;
    }
    return SQLITE_OK;
}

static int
cursor_filter(sqlite3_vtab_cursor *base, int plan, const char *name, int argc,
    sqlite3_value **argv)
{
    struct cursor *cursor = (struct cursor *)base;
    int argument = 1;
    (void)name, (void)argc;
    cursor->low = INT64_MIN + STORE_BLOCK_MAX;
    cursor->high = INT64_MAX;
    if (plan & PLAN_EQUAL)
        cursor->low = cursor->high = sqlite3_value_int64(argv[argument++]);
    if (plan & PLAN_ABOVE) {
        int64_t low = sqlite3_value_int64(argv[argument++]);
        cursor->low = low > cursor->low ? low : cursor->low;
    }
    if (plan & PLAN_BELOW) {
        int64_t high = sqlite3_value_int64(argv[argument++]);
        cursor->high = high < cursor->high ? high : cursor->high;
    }
    sqlite3_finalize(cursor->statement);
    int r = sqlite3_prepare_v2(((const struct table *)base->pVtab)->db,
        plan & PLAN_BY_TIME ? by_time : by_trial, -1, &cursor->statement, NULL);
    if (r != SQLITE_OK)
        return r;
    sqlite3_bind_value(cursor->statement, 1, argv[0]);
    sqlite3_bind_int64(cursor->statement, 2, cursor->low);
    sqlite3_bind_int64(cursor->statement, 3, cursor->high);
    r = next_block(cursor);
    return r == SQLITE_OK ? cursor_next(base) : r;
}

static int
cursor_eof(sqlite3_vtab_cursor *base)
{
    return ((const struct cursor *)base)->over;
}

/* Number `index` of a blob of doubles; NaN beyond its end. */
static double
blob_double(const struct cursor *cursor, int column, size_t index)
{
    double value = (double)NAN;
    if (has_bytes(cursor, column, (index + 1) * sizeof value))
        memcpy(&value, (const char *)sqlite3_column_blob(cursor->statement, column) +
            index * sizeof value, sizeof value);
    return value;
}

static void
result_text(sqlite3_context *context, struct str *text)
{
    sqlite3_result_text64(context, text->data, text->len, SQLITE_TRANSIENT, SQLITE_UTF8);
    str_release(text);
}

/* The point as table trial has it: a JSON array of numbers. */
static void
result_params(sqlite3_context *context, const struct cursor *cursor)
{
    size_t bytes = (size_t)sqlite3_column_bytes(cursor->statement, SELECT_POINT);
    size_t dimensions = bytes / sizeof(double) / (size_t)cursor->count;
    char number[40];
    struct str text;
    str_init(&text);
    str_putc(&text, '[');
    for (size_t d = 0; d < dimensions; d++) {
        double value = blob_double(cursor, SELECT_POINT, (size_t)cursor->at * dimensions + d);
        str_puts(&text, d ? "," : "");
        str_puts(&text, isfinite(value) ? unit_format_number(value, number, sizeof number) : "null");
    }
    str_putc(&text, ']');
    result_text(context, &text);
}

/* What was reported: a JSON object; NULL for nothing. */
static void
result_metrics(sqlite3_context *context, const struct cursor *cursor)
{
    const char *names = sqlite3_column_blob(cursor->statement, SELECT_NAMES);
    size_t left = (size_t)sqlite3_column_bytes(cursor->statement, SELECT_NAMES);
    struct json_writer w;
    struct str text;
    bool any = false;
    str_init(&text);
    jw_init(&w, &text);
    jw_object(&w, NULL);
    for (size_t m = 0, len; left && (len = strnlen(names, left)) < left; m++) {
        double value = blob_double(cursor, SELECT_METRIC,
            m * (size_t)cursor->count + (size_t)cursor->at);
        if (isfinite(value)) {
            jw_number(&w, names, value);
            any = true;
        }
        names += len + 1;
        left -= len + 1;
    }
    jw_end(&w);
    if (any)
        result_text(context, &text);
    else
        str_release(&text);
}

static void
result_wall(sqlite3_context *context, const struct cursor *cursor)
{
    float wall = (float)NAN;
    size_t at = (size_t)cursor->at;
    if (has_bytes(cursor, SELECT_WALL, (at + 1) * sizeof wall))
        memcpy(&wall, (const char *)sqlite3_column_blob(cursor->statement, SELECT_WALL) +
            at * sizeof wall, sizeof wall);
    if (isfinite(wall))
        sqlite3_result_double(context, (double)wall);
}

/* What is not set here is NULL. */
static int
cursor_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    const struct cursor *cursor = (const struct cursor *)base;
    switch ((enum column)column) {
    case COLUMN_RUN:
        sqlite3_result_value(context, sqlite3_column_value(cursor->statement, SELECT_RUN));
        break;
    case COLUMN_TRIAL:
        sqlite3_result_int64(context, cursor->first + cursor->at);
        break;
    case COLUMN_STATE:
        sqlite3_result_int(context, TRIAL_DONE);
        break;
    case COLUMN_SCORE:
        sqlite3_result_double(context, cursor->copy[cursor->at]);
        break;
    case COLUMN_PARAMS:
        result_params(context, cursor);
        break;
    case COLUMN_WALL:
        result_wall(context, cursor);
        break;
    case COLUMN_EXIT_CODE:
        sqlite3_result_int(context, -1); /* it was no process */
        break;
    case COLUMN_SIGNAL:
        sqlite3_result_int(context, 0);
        break;
    case COLUMN_ATTEMPT:
        sqlite3_result_int(context, 1);
        break;
    case COLUMN_FINISHED:
        sqlite3_result_value(context, sqlite3_column_value(cursor->statement, SELECT_FINISHED));
        break;
    case COLUMN_REASON:
        sqlite3_result_text(context, "", 0, SQLITE_STATIC);
        break;
    case COLUMN_METRICS:
        result_metrics(context, cursor);
        break;
    case COLUMN_CPU:
    case COLUMN_RSS:
    case COLUMN_STDOUT:
        break;
    }
    return SQLITE_OK;
}

static int
cursor_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *ret_rowid)
{
    const struct cursor *cursor = (const struct cursor *)base;
    *ret_rowid = cursor->first + cursor->at;
    return SQLITE_OK;
}

int
store_block_register(sqlite3 *db)
{
    static const sqlite3_module module = {
        .iVersion = 1,
        .xConnect = table_connect, /* no xCreate: eponymous */
        .xBestIndex = table_plan,
        .xDisconnect = table_disconnect,
        .xOpen = cursor_open,
        .xClose = cursor_close,
        .xFilter = cursor_filter,
        .xNext = cursor_next,
        .xEof = cursor_eof,
        .xColumn = cursor_column,
        .xRowid = cursor_rowid,
    };
    static const char view[] = "CREATE TEMP VIEW all_trial AS"
        " SELECT run, " STORE_TRIAL_COLUMNS " FROM trial UNION ALL"
        " SELECT run, " STORE_TRIAL_COLUMNS " FROM block_trial";
    int r = sqlite3_create_module(db, "block_trial", &module, NULL);
    if (r == SQLITE_OK)
        r = sqlite3_exec(db, view, NULL, NULL, NULL);
    return store_error(r);
}
