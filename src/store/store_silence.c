/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_silence.h"

#include "store/store_private.h"

int
store_silence_add(struct store *store, const struct store_silence *silence, int64_t *ret_id)
{
    static const char sql[] =
        "INSERT INTO silence(matcher, from_wall_ns, until_wall_ns, reason, author) VALUES(?,?,?,?,?)";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_text(s, 1, silence->matcher, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 2, silence->from_wall_ns);
    sqlite3_bind_int64(s, 3, silence->until_wall_ns);
    sqlite3_bind_text(s, 4, silence->reason, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, silence->author, -1, SQLITE_STATIC);
    int r = store_run_statement(store, s);
    if (r == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return r;
}

int
store_silence_remove(struct store *store, int64_t id)
{
    static const char sql[] = "DELETE FROM silence WHERE id = ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    int r = store_run_statement(store, s);
    return r < 0 ? r : sqlite3_changes(store->db) ? 0 : ERR_NOT_FOUND;
}

int
store_silence_list(struct store *store, store_silence_fn *fn, void *context)
{
    static const char sql[] =
        "SELECT id, matcher, from_wall_ns, until_wall_ns, reason, author FROM silence ORDER BY id";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    int step = SQLITE_DONE, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_silence silence = {
            .id = sqlite3_column_int64(s, 0),
            .matcher = store_column_text(s, 1),
            .from_wall_ns = sqlite3_column_int64(s, 2),
            .until_wall_ns = sqlite3_column_int64(s, 3),
            .reason = store_column_text(s, 4),
            .author = store_column_text(s, 5),
        };
        r = fn(context, &silence);
    }
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}
