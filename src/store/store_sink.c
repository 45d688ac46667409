/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_sink.h"

#include "store/store_private.h"

int
store_sink_add(struct store *store, const struct store_sink *row)
{
    static const char sql[] =
        "INSERT INTO sink(run, first, last, attempt, remaining) VALUES(?,?,?,?,?)";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, row->run);
    sqlite3_bind_int64(s, 2, row->first);
    sqlite3_bind_int64(s, 3, row->last);
    sqlite3_bind_int(s, 4, row->attempt);
    sqlite3_bind_int64(s, 5, row->left);
    return store_run_statement(store, s);
}

static int
each_row(sqlite3_stmt *s, store_sink_fn *fn, void *context)
{
    int step, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        const struct store_sink row = { .id = sqlite3_column_int64(s, 0),
            .run = sqlite3_column_int64(s, 1), .first = sqlite3_column_int64(s, 2),
            .last = sqlite3_column_int64(s, 3), .attempt = sqlite3_column_int(s, 4),
            .left = sqlite3_column_int64(s, 5) };
        r = fn(context, &row);
    }
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}

int
store_sink_list(struct store *store, int64_t run, int limit, store_sink_fn *fn, void *context)
{
    static const char sql[] = "SELECT id, run, first, last, attempt, remaining FROM sink"
        " WHERE run = ? ORDER BY id LIMIT ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int(s, 2, limit);
    return each_row(s, fn, context);
}

int
store_sink_runs(struct store *store, store_sink_fn *fn, void *context)
{
    static const char sql[] = "SELECT 0, run, 0, 0, 0, sum(remaining) FROM sink GROUP BY run";
    sqlite3_stmt *s = store_prepare(store, sql);
    return s ? each_row(s, fn, context) : ERR_STORE;
}

static int
shorten(struct store *store, const struct store_sink_sent *sent)
{
    static const char sql[] =
        "UPDATE sink SET first = ?2 + 1, remaining = max(remaining - ?3, 0) WHERE id = ?1";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, sent->partial);
    sqlite3_bind_int64(s, 2, sent->partial_last);
    sqlite3_bind_int64(s, 3, sent->partial_count);
    return store_run_statement(store, s);
}

int
store_sink_sent(struct store *store, const struct store_sink_sent *sent)
{
    static const char forget[] = "DELETE FROM sink WHERE run = ? AND id <= ?";
    static const char count[] = "INSERT INTO sunk(run, sent) VALUES(?1, ?2)"
        " ON CONFLICT(run) DO UPDATE SET sent = sent + ?2";
    sqlite3_stmt *s = store_prepare(store, forget);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, sent->run);
    sqlite3_bind_int64(s, 2, sent->upto);
    int r = store_run_statement(store, s);
    if (r == 0 && sent->partial)
        r = shorten(store, sent);
    if (r < 0)
        return r;
    s = store_prepare(store, count);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, sent->run);
    sqlite3_bind_int64(s, 2, sent->sent);
    return store_run_statement(store, s);
}

int
store_sink_count(struct store *store, int64_t run, int64_t *ret_sent)
{
    static const char sql[] = "SELECT sent FROM sunk WHERE run = ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    int step = sqlite3_step(s);
    *ret_sent = step == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
    sqlite3_reset(s);
    return store_error(step);
}
