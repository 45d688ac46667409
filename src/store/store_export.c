/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_export.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/xalloc.h"
#include "store/store_private.h"

enum {
    NAME_MAX_BYTES = RUN_NAME_MAX + 16,
    BEFORE = 3, /* columns before those of the parameters */
    COLUMNS_MAX = BEFORE + RUN_DIMENSIONS_MAX + 16,
    SLICE_MAX = 1000000, /* trials; the time ends a slice long before */
};

static const struct column {
    const char *name, *type;
} before[BEFORE] = {
    { "trial", "INTEGER PRIMARY KEY" }, { "state", "TEXT NOT NULL" }, { "score", "REAL" },
}, behind[] = {
    { "wall_seconds", "REAL" }, { "cpu_seconds", "REAL" }, { "max_rss_bytes", "REAL" },
    { "stdout_bytes", "REAL" }, { "exit_code", "INTEGER" }, { "signal", "INTEGER" },
    { "attempt", "INTEGER" }, { "finished", "REAL" }, { "reason", "TEXT NOT NULL" },
    { "metrics", "TEXT" }, /* what the trial reported: JSON object */
};
enum { BEHIND = sizeof behind / sizeof *behind };

static const char *const dimension_types[] = {
    [DIMENSION_INT] = "INTEGER", [DIMENSION_FLOAT] = "REAL", [DIMENSION_CHOICE] = "TEXT",
};

struct writer {
    const struct store_export *export;
    struct store_export_slice slice;
    sqlite3 *db;
    sqlite3_stmt *insert;
    int64_t began_ns;
    bool full; /* the time is over */
};

/* SQLite tells names of columns apart without case: a later one of two gets a
 * number. The own columns come first, so that it is the parameter's. */
static void
unique_name(char names[][NAME_MAX_BYTES], int count, const char *name, char *ret_name)
{
    snprintf(ret_name, NAME_MAX_BYTES, "%s", name);
    for (int n = 2, i = 0; i < count; i++)
        if (!strcasecmp(names[i], ret_name)) {
            snprintf(ret_name, NAME_MAX_BYTES, "%.*s_%d", RUN_NAME_MAX, name, n++);
            i = -1;
        }
}

static void
put_column(struct str *sql, const char *name, const char *type)
{
    char *column = sqlite3_mprintf("%s\"%w\" %s", sql->data[sql->len - 1] == '(' ? "" : ", ", name, type);
    str_puts(sql, column ? column : "");
    sqlite3_free(column);
}

static void
write_schema(const struct run_spec *spec, struct str *sql)
{
    char names[COLUMNS_MAX][NAME_MAX_BYTES];
    int count = 0;
    for (int i = 0; i < BEFORE; i++)
        unique_name(names, 0, before[i].name, names[count++]);
    for (int i = 0; i < BEHIND; i++)
        unique_name(names, 0, behind[i].name, names[count++]);
    str_puts(sql, "CREATE TABLE trial(");
    for (int i = 0; i < BEFORE; i++)
        put_column(sql, before[i].name, before[i].type);
    for (int d = 0; d < spec->dimension_count; d++, count++) {
        unique_name(names, count, spec->dimension[d].name, names[count]);
        put_column(sql, names[count], dimension_types[spec->dimension[d].kind]);
    }
    for (int i = 0; i < BEHIND; i++)
        put_column(sql, behind[i].name, behind[i].type);
    str_puts(sql, ");");
}

static void
write_run(const struct store_export *export, struct str *sql)
{
    const struct store_run *run = export->run;
    char score[40] = "NULL";
    if (run->best_trial && !isnan(run->best_score))
        snprintf(score, sizeof score, "%.17g", run->best_score);
    char *text = sqlite3_mprintf(
        "CREATE TABLE run(run INTEGER PRIMARY KEY, name TEXT, state TEXT, reason TEXT,"
        " goal TEXT, search TEXT, total INTEGER, done INTEGER, failed INTEGER,"
        " best_trial INTEGER, best_score REAL, elapsed_seconds REAL,"
        " created REAL, started REAL, finished REAL, file TEXT, file_text TEXT);"
        "INSERT INTO run VALUES(%lld, %Q, %Q, %Q, %Q, %Q, nullif(%lld, -1), %lld, %lld,"
        " nullif(%lld, 0), %s, %lld / 1e9, nullif(%lld / 1e9, 0), nullif(%lld / 1e9, 0),"
        " nullif(%lld / 1e9, 0), %Q, %Q);",
        (long long)run->id, run->name, run_state_name(run->state), run->reason,
        export->spec->goal == RUN_MINIMIZE ? "minimize" : "maximize",
        search_method_name(export->spec->search), (long long)run->total, (long long)run->done,
        (long long)run->failed, (long long)run->best_trial, score, (long long)run->elapsed_ns,
        (long long)run->created_wall_ns, (long long)run->started_wall_ns,
        (long long)run->finished_wall_ns, run->file, run->text);
    str_puts(sql, text ? text : "");
    sqlite3_free(text);
}

static int
open_database(struct writer *writer)
{
    struct str sql;
    int r = sqlite3_open_v2(writer->export->path, &writer->db,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
    str_init(&sql);
    /* a half-written file is thrown away by whoever made it */
    str_puts(&sql, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN;");
    if (!writer->export->after) {
        write_run(writer->export, &sql);
        write_schema(writer->export->spec, &sql);
    }
    if (r == SQLITE_OK)
        r = sqlite3_exec(writer->db, sql.data, NULL, NULL, NULL);
    str_clear(&sql);
    str_puts(&sql, "INSERT INTO trial VALUES(?");
    for (int i = 1; i < BEFORE + writer->export->spec->dimension_count + BEHIND; i++)
        str_puts(&sql, ",?");
    str_putc(&sql, ')');
    if (r == SQLITE_OK)
        r = sqlite3_prepare_v2(writer->db, sql.data, -1, &writer->insert, NULL);
    str_release(&sql);
    return r;
}

static void
bind_value(sqlite3_stmt *s, int column, const struct dimension *dimension, double value)
{
    char text[40];
    if (dimension->kind == DIMENSION_INT)
        sqlite3_bind_int64(s, column, (int64_t)value);
    else if (dimension->kind == DIMENSION_FLOAT)
        sqlite3_bind_double(s, column, value);
    else
        sqlite3_bind_text(s, column, dimension_format(dimension, value, text, sizeof text), -1,
            SQLITE_TRANSIENT);
}

static void
bind_params(struct writer *writer, const char *params, int *column)
{
    const struct run_spec *spec = writer->export->spec;
    json_t *values = json_parse(params, strlen(params), NULL);
    for (int d = 0; d < spec->dimension_count; d++, ++*column) {
        const json_t *value = json_array_get(values, (size_t)d);
        if (json_is_number(value))
            bind_value(writer->insert, *column, &spec->dimension[d], json_number_value(value));
        else
            sqlite3_bind_null(writer->insert, *column);
    }
    json_decref(values);
}

static int
write_trial(void *context, const struct store_trial *trial)
{
    struct writer *writer = context;
    const struct trial_result *result = trial->result;
    sqlite3_stmt *s = writer->insert;
    if (writer->slice.count &&
        ns_to_sec(clock_mono_ns() - writer->began_ns) >= writer->export->seconds) {
        writer->full = true;
        return ERR_EXHAUSTED;
    }
    int column = 1;
    sqlite3_bind_int64(s, column++, result->trial);
    sqlite3_bind_text(s, column++, result->state == TRIAL_DONE ? "done" : "failed", -1, SQLITE_STATIC);
    store_bind_number(s, column++, result->score);
    bind_params(writer, trial->params, &column);
    store_bind_number(s, column++, result->wall_seconds);
    store_bind_number(s, column++, result->cpu_seconds);
    store_bind_number(s, column++, result->max_rss_bytes);
    store_bind_number(s, column++, result->stdout_bytes);
    store_bind_number(s, column++, result->exit_code < 0 ? (double)NAN : result->exit_code);
    store_bind_number(s, column++, result->signal_number ? result->signal_number : (double)NAN);
    sqlite3_bind_int(s, column++, result->attempt);
    sqlite3_bind_double(s, column++, ns_to_sec(trial->finished_wall_ns));
    sqlite3_bind_text(s, column++, result->reason, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, column++, result->metrics, -1, SQLITE_STATIC); /* NULL binds as NULL */
    int r = sqlite3_step(s);
    sqlite3_reset(s);
    if (r != SQLITE_DONE)
        return store_error(r) < 0 ? store_error(r) : ERR_STORE;
    writer->slice.count++;
    writer->slice.after = result->trial;
    return 0;
}

int
store_export_slice(struct store *store, const struct store_export *export,
    struct store_export_slice *ret_slice, struct diag *diag)
{
    struct writer writer = { .export = export, .slice.after = export->after,
        .began_ns = clock_mono_ns() };
    int sqlite_code = open_database(&writer);
    int r = store_error(sqlite_code);
    if (r == 0)
        r = store_trial_list(store, export->run->id, export->after, SLICE_MAX, write_trial, &writer);
    if (writer.full)
        r = 0;
    if (r == 0)
        r = store_error(sqlite3_exec(writer.db, "COMMIT", NULL, NULL, NULL));
    if (r < 0) {
        diag_set(diag, r, "%s", sqlite3_errmsg(writer.db));
        diag_at(diag, export->path, 0, NULL);
    }
    sqlite3_finalize(writer.insert);
    sqlite3_close(writer.db);
    writer.slice.done = r == 0 && !writer.full;
    if (r == 0)
        *ret_slice = writer.slice;
    return r;
}
