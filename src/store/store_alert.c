/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_alert.h"

#include "store/store_private.h"

int
store_notice_add(struct store *store, const struct store_notice *notice, int64_t *ret_id)
{
    static const char insert[] =
        "INSERT INTO notice(wall_ns, type, key, state, value, level, incident_wall_ns,"
        " sequence, text, labels) VALUES(?,?,?,?,?,?,?,?,?,?)";
    static const char prune[] = "DELETE FROM notice WHERE id <= ?";
    sqlite3_stmt *s = store_prepare(store, insert);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, notice->wall_ns);
    sqlite3_bind_text(s, 2, notice->type, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, notice->key, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 4, notice->state, -1, SQLITE_STATIC);
    store_bind_number(s, 5, notice->value);
    store_bind_number(s, 6, notice->level);
    sqlite3_bind_int64(s, 7, notice->incident_wall_ns);
    sqlite3_bind_int64(s, 8, notice->sequence);
    sqlite3_bind_text(s, 9, notice->text, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 10, notice->labels ? notice->labels : "", -1, SQLITE_STATIC);
    int r = store_run_statement(store, s);
    if (r < 0)
        return r;
    int64_t id = sqlite3_last_insert_rowid(store->db);
    s = store_prepare(store, prune);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id - STORE_NOTICES_MAX);
    r = store_run_statement(store, s);
    if (r == 0 && ret_id)
        *ret_id = id;
    return r;
}

#define NOTICE_COLUMNS                                                         \
    "id, wall_ns, type, key, state, value, level, incident_wall_ns, sequence, text, labels"

/* ERR_NOT_FOUND when there was none. */
static int
each_notice(sqlite3_stmt *s, store_notice_fn *fn, void *context)
{
    int step = SQLITE_DONE, r = 0;
    bool found = false;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_notice notice = {
            .id = sqlite3_column_int64(s, 0),
            .wall_ns = sqlite3_column_int64(s, 1),
            .type = store_column_text(s, 2),
            .key = store_column_text(s, 3),
            .state = store_column_text(s, 4),
            .value = store_column_number(s, 5),
            .level = store_column_number(s, 6),
            .incident_wall_ns = sqlite3_column_int64(s, 7),
            .sequence = (uint32_t)sqlite3_column_int64(s, 8),
            .text = store_column_text(s, 9),
            .labels = store_column_text(s, 10),
        };
        found = true;
        r = fn(context, &notice);
    }
    sqlite3_reset(s);
    if (r >= 0)
        r = store_error(step);
    return r < 0 ? r : found ? 0 : ERR_NOT_FOUND;
}

int
store_notice_list(struct store *store, int limit, store_notice_fn *fn, void *context)
{
    static const char sql[] = "SELECT " NOTICE_COLUMNS " FROM notice ORDER BY id DESC LIMIT ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int(s, 1, limit < 0 ? 0 : limit);
    int r = each_notice(s, fn, context);
    return r == ERR_NOT_FOUND ? 0 : r;
}

int
store_notice_get(struct store *store, int64_t id, store_notice_fn *fn, void *context)
{
    static const char sql[] = "SELECT " NOTICE_COLUMNS " FROM notice WHERE id = ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    return each_notice(s, fn, context);
}

/* Alerts. */

int
store_alert_put(struct store *store, const struct store_alert *alert)
{
    static const char sql[] =
        "INSERT OR REPLACE INTO alert(key, state, value, level, since_wall_ns,"
        " incident_wall_ns, sequence, acknowledged, rung, text, labels) VALUES(?,?,?,?,?,?,?,?,?,?,?)";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_text(s, 1, alert->key, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, alert->state, -1, SQLITE_STATIC);
    store_bind_number(s, 3, alert->value);
    store_bind_number(s, 4, alert->level);
    sqlite3_bind_int64(s, 5, alert->since_wall_ns);
    sqlite3_bind_int64(s, 6, alert->incident_wall_ns);
    sqlite3_bind_int64(s, 7, alert->sequence);
    sqlite3_bind_text(s, 8, alert->acknowledged ? alert->acknowledged : "", -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 9, alert->rung);
    sqlite3_bind_text(s, 10, alert->text ? alert->text : "", -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 11, alert->labels ? alert->labels : "", -1, SQLITE_STATIC);
    return store_run_statement(store, s);
}

int
store_alert_remove(struct store *store, const char *key)
{
    static const char sql[] = "DELETE FROM alert WHERE key = ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    return store_run_statement(store, s);
}

int
store_alert_list(struct store *store, store_alert_fn *fn, void *context)
{
    static const char sql[] =
        "SELECT key, state, value, level, since_wall_ns, incident_wall_ns, sequence,"
        " acknowledged, rung, text, labels FROM alert ORDER BY key";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    int step = SQLITE_DONE, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_alert alert = {
            .key = store_column_text(s, 0),
            .state = store_column_text(s, 1),
            .value = store_column_number(s, 2),
            .level = store_column_number(s, 3),
            .since_wall_ns = sqlite3_column_int64(s, 4),
            .incident_wall_ns = sqlite3_column_int64(s, 5),
            .sequence = (uint32_t)sqlite3_column_int64(s, 6),
            .acknowledged = store_column_text(s, 7),
            .rung = sqlite3_column_int(s, 8),
            .text = store_column_text(s, 9),
            .labels = store_column_text(s, 10),
        };
        r = fn(context, &alert);
    }
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}

/* Deliveries. */

int
store_delivery_add(struct store *store, const struct store_delivery *delivery, int64_t *ret_id)
{
    static const char sql[] =
        "INSERT INTO delivery(webhook, event_id, body, state, attempts, created_wall_ns,"
        " next_wall_ns, error, format, notice) VALUES(?,?,?,?,?,?,?,?,?,?)";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_text(s, 1, delivery->webhook, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, delivery->event_id, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, delivery->body, -1, SQLITE_STATIC);
    sqlite3_bind_int(s, 4, delivery->state);
    sqlite3_bind_int(s, 5, delivery->attempts);
    sqlite3_bind_int64(s, 6, delivery->created_wall_ns);
    sqlite3_bind_int64(s, 7, delivery->next_wall_ns);
    sqlite3_bind_text(s, 8, delivery->error ? delivery->error : "", -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 9, delivery->format, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 10, delivery->notice);
    int r = store_run_statement(store, s);
    if (r == 0 && ret_id)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return r;
}

/* Runs an update or delete of one waiting delivery: ERR_NOT_FOUND when it is
 * not waiting (any more). */
static int
change_one(struct store *store, sqlite3_stmt *s)
{
    int r = store_run_statement(store, s);
    return r < 0 ? r : sqlite3_changes(store->db) == 1 ? 0 : ERR_NOT_FOUND;
}

int
store_delivery_retry(struct store *store, int64_t id, int attempts, int64_t next_wall_ns,
    const char *error)
{
    static const char sql[] =
        "UPDATE delivery SET attempts = ?2, next_wall_ns = ?3, error = ?4"
        " WHERE id = ?1 AND state = 0";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_int(s, 2, attempts);
    sqlite3_bind_int64(s, 3, next_wall_ns);
    sqlite3_bind_text(s, 4, error, -1, SQLITE_STATIC);
    return change_one(store, s);
}

int
store_delivery_dead(struct store *store, int64_t id, int attempts, const char *error)
{
    static const char mark[] =
        "UPDATE delivery SET state = 1, attempts = ?2, error = ?3 WHERE id = ?1 AND state = 0";
    static const char prune[] =
        "DELETE FROM delivery WHERE state = 1 AND id <="
        " (SELECT id FROM delivery WHERE state = 1 ORDER BY id DESC LIMIT 1 OFFSET ?)";
    sqlite3_stmt *s = store_prepare(store, mark);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_int(s, 2, attempts);
    sqlite3_bind_text(s, 3, error, -1, SQLITE_STATIC);
    int r = change_one(store, s);
    if (r < 0)
        return r;
    s = store_prepare(store, prune);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int(s, 1, STORE_DEAD_MAX);
    return store_run_statement(store, s);
}

int
store_delivery_replace(struct store *store, int64_t id, const char *event_id, const char *format,
    const char *body)
{
    static const char sql[] =
        "UPDATE delivery SET event_id = ?2, format = ?3, body = ?4, notice = 0"
        " WHERE id = ?1 AND state = 0";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_text(s, 2, event_id, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, format, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 4, body, -1, SQLITE_STATIC);
    return change_one(store, s);
}

int
store_delivery_done(struct store *store, int64_t id)
{
    static const char sql[] = "DELETE FROM delivery WHERE id = ? AND state = 0";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    return change_one(store, s);
}

int
store_delivery_replay(struct store *store, int64_t id, int64_t wall_ns, int64_t *ret_count)
{
    static const char copy[] =
        "INSERT INTO delivery(webhook, event_id, format, body, state, attempts, created_wall_ns,"
        " next_wall_ns, error, notice) SELECT webhook, event_id, format, body, 0, 0, ?2, ?2, '', notice"
        " FROM delivery WHERE state = 1 AND (?1 = 0 OR id = ?1) ORDER BY id";
    static const char drop[] = "DELETE FROM delivery WHERE state = 1 AND (?1 = 0 OR id = ?1)";
    sqlite3_stmt *s = store_prepare(store, copy);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_int64(s, 2, wall_ns);
    int r = store_run_statement(store, s);
    int64_t count = r == 0 ? sqlite3_changes(store->db) : 0;
    if (r == 0 && id && !count)
        return ERR_NOT_FOUND;
    if (r < 0)
        return r;
    s = store_prepare(store, drop);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    r = store_run_statement(store, s);
    if (r == 0)
        *ret_count = count;
    return r;
}

#define DELIVERY_COLUMNS                                                       \
    "id, webhook, event_id, state, attempts, created_wall_ns, next_wall_ns, error, format, notice"

static int
each_delivery(sqlite3_stmt *s, bool body, store_delivery_fn *fn, void *context)
{
    int step = SQLITE_DONE, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_delivery delivery = {
            .id = sqlite3_column_int64(s, 0),
            .webhook = store_column_text(s, 1),
            .event_id = store_column_text(s, 2),
            .body = body ? store_column_text(s, 10) : "",
            .state = sqlite3_column_int(s, 3),
            .attempts = sqlite3_column_int(s, 4),
            .created_wall_ns = sqlite3_column_int64(s, 5),
            .next_wall_ns = sqlite3_column_int64(s, 6),
            .error = store_column_text(s, 7),
            .format = store_column_text(s, 8),
            .notice = sqlite3_column_int64(s, 9),
        };
        r = fn(context, &delivery);
    }
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}

int
store_delivery_list(struct store *store, int state, int limit, store_delivery_fn *fn,
    void *context)
{
    static const char sql[] = "SELECT " DELIVERY_COLUMNS ", body FROM delivery"
                              " WHERE ?1 < 0 OR state = ?1 ORDER BY id LIMIT ?2";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int(s, 1, state);
    sqlite3_bind_int(s, 2, limit < 0 ? 0 : limit);
    return each_delivery(s, true, fn, context);
}

int
store_delivery_waiting(struct store *store, int64_t after_id, store_delivery_fn *fn,
    void *context)
{
    static const char sql[] =
        "SELECT " DELIVERY_COLUMNS " FROM delivery WHERE state = 0 AND id > ? ORDER BY id";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, after_id);
    return each_delivery(s, false, fn, context);
}

struct one_delivery {
    store_delivery_fn *fn;
    void *context;
    bool found;
};

static int
take_one(void *context, const struct store_delivery *delivery)
{
    struct one_delivery *one = context;
    one->found = true;
    return one->fn(one->context, delivery);
}

int
store_delivery_get(struct store *store, int64_t id, store_delivery_fn *fn, void *context)
{
    static const char sql[] = "SELECT " DELIVERY_COLUMNS ", body FROM delivery WHERE id = ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    struct one_delivery one = { .fn = fn, .context = context };
    int r = each_delivery(s, true, take_one, &one);
    return r < 0 ? r : one.found ? 0 : ERR_NOT_FOUND;
}
