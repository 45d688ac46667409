/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_retry.h"

#include "model/trial.h"
#include "store/store_private.h"

int
store_retry_set(struct store *store, int64_t run, const struct store_retry *retry)
{
    static const char sql[] = "INSERT OR REPLACE INTO retry VALUES(?,?,?,?)";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, retry->trial);
    sqlite3_bind_int(s, 3, retry->attempt);
    sqlite3_bind_int64(s, 4, retry->due_wall_ns);
    return store_run_statement(store, s);
}

int
store_retry_remove(struct store *store, int64_t run, int64_t trial)
{
    static const char sql[] = "DELETE FROM retry WHERE run = ? AND trial = ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, trial);
    return store_run_statement(store, s);
}

int64_t
store_retry_all(struct store *store, int64_t run, int64_t now_wall_ns)
{
    static const char sql[] =
        "INSERT INTO retry SELECT run, trial, attempt + 1, ?2 FROM trial WHERE run = ?1 AND state = 1"
        " ON CONFLICT(run, trial) DO UPDATE SET due_wall_ns = min(due_wall_ns, ?2)";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, now_wall_ns);
    int r = store_run_statement(store, s);
    return r < 0 ? r : store_retry_count(store, run);
}

int64_t
store_retry_count(struct store *store, int64_t run)
{
    static const char sql[] = "SELECT count(*) FROM retry WHERE run = ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    int step = sqlite3_step(s);
    int64_t count = step == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    int r = store_error(step);
    sqlite3_reset(s);
    return r < 0 ? r : count;
}

int
store_retry_list(struct store *store, int64_t run, int limit, store_retry_fn *fn, void *context)
{
    static const char sql[] =
        "SELECT r.trial, r.attempt, r.due_wall_ns, t.params FROM retry AS r"
        " JOIN trial AS t ON t.run = r.run AND t.trial = r.trial"
        " WHERE r.run = ? ORDER BY r.due_wall_ns, r.trial LIMIT ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int(s, 2, limit);
    int step, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_retry retry = { sqlite3_column_int64(s, 0), sqlite3_column_int(s, 1),
            sqlite3_column_int64(s, 2), store_column_text(s, 3) };
        r = fn(context, &retry);
    }
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}

int
store_retry_drop_failed(struct store *store, int64_t run, int64_t trial, int attempt,
    bool *ret_dropped)
{
    static const char sql[] =
        "DELETE FROM trial WHERE run = ? AND trial = ? AND state = ? AND attempt < ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, trial);
    sqlite3_bind_int(s, 3, TRIAL_FAILED);
    sqlite3_bind_int(s, 4, attempt);
    int r = store_run_statement(store, s);
    if (r == 0)
        *ret_dropped = sqlite3_changes(store->db) > 0;
    return r;
}
