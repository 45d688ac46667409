/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_output.h"

#include "store/store_private.h"

enum { TRIM_EVERY = 61 };

/* Those that are older than the newest ones of their kind. */
static int
trim(struct store *store, const struct store_output *output)
{
    static const char trials[] =
        "DELETE FROM output WHERE run = ?1 AND failed = ?2 AND trial <= (SELECT trial FROM output"
        " WHERE run = ?1 AND failed = ?2 ORDER BY trial DESC LIMIT 1 OFFSET ?3)";
    static const char runs[] = "DELETE FROM output WHERE run <= ?";
    sqlite3_stmt *s = store_prepare(store, trials);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, output->run);
    sqlite3_bind_int(s, 2, output->failed);
    sqlite3_bind_int(s, 3, STORE_OUTPUT_TRIALS);
    int r = store_run_statement(store, s);
    if (r < 0)
        return r;
    s = store_prepare(store, runs);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, output->run - STORE_OUTPUT_RUNS);
    return store_run_statement(store, s);
}

int
store_output_add(struct store *store, const struct store_output *output)
{
    static const char insert[] =
        "INSERT OR REPLACE INTO output(run, trial, attempt, failed, wall_ns, bytes, data)"
        " VALUES(?,?,?,?,?,?,?)";
    sqlite3_stmt *s = store_prepare(store, insert);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, output->run);
    sqlite3_bind_int64(s, 2, output->trial);
    sqlite3_bind_int(s, 3, output->attempt);
    sqlite3_bind_int(s, 4, output->failed);
    sqlite3_bind_int64(s, 5, output->wall_ns);
    sqlite3_bind_int64(s, 6, output->bytes);
    sqlite3_bind_blob64(s, 7, output->data, output->data_len, SQLITE_STATIC);
    int r = store_run_statement(store, s);
    /* the first, and then one of many, looks whether old ones must go */
    return r < 0 || store->outputs++ % TRIM_EVERY ? r : trim(store, output);
}

int
store_output_list(struct store *store, int64_t run, int64_t trial, int attempt,
    store_output_fn *fn, void *context)
{
    static const char sql[] =
        "SELECT run, trial, attempt, failed, wall_ns, bytes, data FROM output"
        " WHERE run = ?1 AND failed IN (0, 1) AND trial = ?2 AND attempt >= ?3 ORDER BY attempt";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, trial);
    sqlite3_bind_int(s, 3, attempt);
    int step, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_output output = { sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
            sqlite3_column_int(s, 2), sqlite3_column_int(s, 3), sqlite3_column_int64(s, 4),
            sqlite3_column_int64(s, 5), sqlite3_column_blob(s, 6), 0 };
        output.data_len = (size_t)sqlite3_column_bytes(s, 6);
        r = fn(context, &output);
    }
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}
