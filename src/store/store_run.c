/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_run.h"

#include <math.h>
#include <string.h>

#include "base/str.h"
#include "store/store_private.h"

/* Lines between two looks for old ones. A prime: of runs that share a counter
 * and take turns, each comes to look. */
enum { LOG_TRIM_EVERY = 251 };

#define RUN_COLUMNS                                                            \
    "id, name, state, reason, file, directory, created_wall_ns, started_wall_ns," \
    " finished_wall_ns, elapsed_ns, busy_ns, worker_ns, total, done, failed, best_trial," \
    " best_score, mark_trial, mark_cursor, cage, text, environment, feasible"

int
store_run_add(struct store *store, const struct store_run *run, int64_t *ret_id)
{
    static const char sql[] =
        "INSERT INTO run(name, state, file, text, directory, environment, created_wall_ns,"
        " total, reason) VALUES(?,?,?,?,?,?,?,?,?)";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_text(s, 1, run->name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, run_state_name(run->state), -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, run->file, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 4, run->text, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, run->directory, -1, SQLITE_STATIC);
    sqlite3_bind_blob(s, 6, run->environment_len ? run->environment : "",
        (int)run->environment_len, SQLITE_STATIC);
    sqlite3_bind_int64(s, 7, run->created_wall_ns);
    if (run->total >= 0)
        sqlite3_bind_int64(s, 8, run->total);
    sqlite3_bind_text(s, 9, run->reason, -1, SQLITE_STATIC);
    int r = store_run_statement(store, s);
    if (r == 0)
        *ret_id = sqlite3_last_insert_rowid(store->db);
    return r;
}

int
store_run_update(struct store *store, const struct store_run *run)
{
    static const char sql[] =
        "UPDATE run SET state=?2, reason=?3, started_wall_ns=?4, finished_wall_ns=?5,"
        " elapsed_ns=?6, busy_ns=?7, worker_ns=?8, total=?9, done=?10, failed=?11,"
        " best_trial=?12, best_score=?13, mark_trial=?14, mark_cursor=?15, cage=?16,"
        " feasible=?17 WHERE id=?1";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run->id);
    sqlite3_bind_text(s, 2, run_state_name(run->state), -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, run->reason, -1, SQLITE_STATIC);
    sqlite3_bind_int64(s, 4, run->started_wall_ns);
    sqlite3_bind_int64(s, 5, run->finished_wall_ns);
    sqlite3_bind_int64(s, 6, run->elapsed_ns);
    sqlite3_bind_int64(s, 7, run->busy_ns);
    sqlite3_bind_int64(s, 8, run->worker_ns);
    if (run->total >= 0)
        sqlite3_bind_int64(s, 9, run->total);
    sqlite3_bind_int64(s, 10, run->done);
    sqlite3_bind_int64(s, 11, run->failed);
    sqlite3_bind_int64(s, 12, run->best_trial);
    store_bind_number(s, 13, run->best_score);
    sqlite3_bind_int64(s, 14, run->mark_trial);
    sqlite3_bind_double(s, 15, run->mark_cursor);
    sqlite3_bind_text(s, 16, run->cage, -1, SQLITE_STATIC);
    if (run->feasible >= 0)
        sqlite3_bind_int64(s, 17, run->feasible);
    return store_run_statement(store, s);
}

int
store_run_set_text(struct store *store, int64_t id, const char *name, const char *text)
{
    static const char sql[] = "UPDATE run SET name=?2, text=?3 WHERE id=?1";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    sqlite3_bind_text(s, 2, name, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 3, text, -1, SQLITE_STATIC);
    return store_run_statement(store, s);
}

static void
read_run(sqlite3_stmt *s, struct store_run *run)
{
    memset(run, 0, sizeof *run);
    int state = run_state_parse(store_column_text(s, 2));
    run->id = sqlite3_column_int64(s, 0);
    run->name = store_column_text(s, 1);
    run->state = state < 0 ? RUN_FAILED : (enum run_state)state;
    run->reason = store_column_text(s, 3);
    run->file = store_column_text(s, 4);
    run->directory = store_column_text(s, 5);
    run->created_wall_ns = sqlite3_column_int64(s, 6);
    run->started_wall_ns = sqlite3_column_int64(s, 7);
    run->finished_wall_ns = sqlite3_column_int64(s, 8);
    run->elapsed_ns = sqlite3_column_int64(s, 9);
    run->busy_ns = sqlite3_column_int64(s, 10);
    run->worker_ns = sqlite3_column_int64(s, 11);
    run->total = sqlite3_column_type(s, 12) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, 12);
    run->done = sqlite3_column_int64(s, 13);
    run->failed = sqlite3_column_int64(s, 14);
    run->best_trial = sqlite3_column_int64(s, 15);
    run->best_score = store_column_number(s, 16);
    run->mark_trial = sqlite3_column_int64(s, 17);
    run->mark_cursor = sqlite3_column_double(s, 18);
    run->cage = store_column_text(s, 19);
    run->text = store_column_text(s, 20);
    run->environment = sqlite3_column_blob(s, 21);
    run->environment_len = (size_t)sqlite3_column_bytes(s, 21);
    run->feasible = sqlite3_column_type(s, 22) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, 22);
}

/* Calls fn for each row; stops at the first negative answer, which is returned. */
static int
each_run(sqlite3_stmt *s, store_run_fn *fn, void *context)
{
    int step, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_run run;
        read_run(s, &run);
        r = fn(context, &run);
    }
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}

int
store_run_list(struct store *store, int limit, store_run_fn *fn, void *context)
{
    static const char sql[] = "SELECT " RUN_COLUMNS " FROM run ORDER BY id DESC LIMIT ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int(s, 1, limit);
    return each_run(s, fn, context);
}

int
store_run_open_list(struct store *store, store_run_fn *fn, void *context)
{
    static const char sql[] =
        "SELECT " RUN_COLUMNS " FROM run WHERE state IN ('queued','running','paused') ORDER BY id";
    sqlite3_stmt *s = store_prepare(store, sql);
    return s ? each_run(s, fn, context) : ERR_STORE;
}

struct found {
    store_run_fn *fn;
    void *context;
    bool any;
};

static int
on_found(void *context, const struct store_run *run)
{
    struct found *found = context;
    found->any = true;
    return found->fn(found->context, run);
}

int
store_run_get(struct store *store, int64_t id, store_run_fn *fn, void *context)
{
    static const char sql[] = "SELECT " RUN_COLUMNS " FROM run WHERE id = ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, id);
    struct found found = { .fn = fn, .context = context };
    int r = each_run(s, on_found, &found);
    return r == 0 && !found.any ? ERR_NOT_FOUND : r;
}

int
store_trial_add(struct store *store, int64_t run, const struct store_trial *trial)
{
    static const char sql[] =
        "INSERT INTO trial(run, " STORE_TRIAL_COLUMNS ") VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
        " ON CONFLICT(run, trial) DO NOTHING";
    const struct trial_result *result = trial->result;
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, result->trial);
    sqlite3_bind_int(s, 3, result->state);
    store_bind_number(s, 4, result->score);
    sqlite3_bind_text(s, 5, trial->params, -1, SQLITE_STATIC);
    store_bind_number(s, 6, result->wall_seconds);
    store_bind_number(s, 7, result->cpu_seconds);
    store_bind_number(s, 8, result->max_rss_bytes);
    store_bind_number(s, 9, result->stdout_bytes);
    sqlite3_bind_int(s, 10, result->exit_code);
    sqlite3_bind_int(s, 11, result->signal_number);
    sqlite3_bind_int(s, 12, result->attempt);
    sqlite3_bind_int64(s, 13, trial->finished_wall_ns);
    sqlite3_bind_text(s, 14, result->reason, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 15, result->metrics, -1, SQLITE_STATIC); /* NULL binds as NULL */
    int r = store_run_statement(store, s);
    if (r == 0 && sqlite3_changes(store->db) == 0)
        return ERR_DUPLICATE;
    return r;
}

int
store_trial_remove(struct store *store, int64_t run, int64_t trial)
{
    static const char sql[] = "DELETE FROM trial WHERE run = ? AND trial = ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, trial);
    return store_run_statement(store, s);
}

static int
each_trial(sqlite3_stmt *s, store_trial_fn *fn, void *context, int *ret_count)
{
    int step, r = 0, count = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct trial_result result = {
            .trial = sqlite3_column_int64(s, 0),
            .state = sqlite3_column_int(s, 1) == TRIAL_DONE ? TRIAL_DONE : TRIAL_FAILED,
            .score = store_column_number(s, 2),
            .wall_seconds = store_column_number(s, 4),
            .cpu_seconds = store_column_number(s, 5),
            .max_rss_bytes = store_column_number(s, 6),
            .stdout_bytes = store_column_number(s, 7),
            .exit_code = sqlite3_column_int(s, 8),
            .signal_number = sqlite3_column_int(s, 9),
            .attempt = sqlite3_column_int(s, 10),
            .metrics = (char *)(uintptr_t)sqlite3_column_text(s, 13), /* as borrowed as params */
        };
        str_copy(result.reason, sizeof result.reason, store_column_text(s, 12));
        struct store_trial trial = { &result, store_column_text(s, 3), sqlite3_column_int64(s, 11) };
        r = fn(context, &trial);
        count++;
    }
    sqlite3_reset(s);
    if (ret_count)
        *ret_count = count;
    return r < 0 ? r : store_error(step);
}

int
store_trial_top(struct store *store, int64_t run, enum run_goal goal, int count,
    store_trial_fn *fn, void *context)
{
    static const char minimize[] = "SELECT " STORE_TRIAL_COLUMNS
        " FROM all_trial WHERE run = ? AND state = 0 AND score IS NOT NULL"
        " ORDER BY score, trial LIMIT ?";
    static const char maximize[] = "SELECT " STORE_TRIAL_COLUMNS
        " FROM all_trial WHERE run = ? AND state = 0 AND score IS NOT NULL"
        " ORDER BY score DESC, trial LIMIT ?";
    sqlite3_stmt *s = store_prepare(store, goal == RUN_MINIMIZE ? minimize : maximize);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int(s, 2, count);
    return each_trial(s, fn, context, NULL);
}

#define TOP_BY(name, order)                                                    \
    {                                                                          \
        name,                                                                  \
        {                                                                      \
            "SELECT " STORE_TRIAL_COLUMNS " FROM all_trial WHERE run = ?1 AND state = 0" \
            " AND trial <= ?3 ORDER BY " order " NULLS LAST, trial LIMIT ?2",  \
            "SELECT " STORE_TRIAL_COLUMNS " FROM all_trial WHERE run = ?1 AND state = 0" \
            " AND trial <= ?3 ORDER BY " order " DESC NULLS LAST, trial LIMIT ?2", \
        }                                                                      \
    }

/* Does some trial of the run tell of such a metric? Then its place in their JSON. */
static bool
is_reported(struct store *store, int64_t run, const char *metric, char *path, size_t size)
{
    static const char sql[] = "SELECT 1 FROM all_trial WHERE run = ?1 AND state = 0"
        " AND json_extract(metrics, ?2) IS NOT NULL LIMIT 1";
    if (!*metric || strchr(metric, '"') || (size_t)snprintf(path, size, "$.\"%s\"", metric) >= size)
        return false;
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return false;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_text(s, 2, path, -1, SQLITE_STATIC);
    bool found = sqlite3_step(s) == SQLITE_ROW;
    sqlite3_reset(s);
    return found;
}

int
store_trial_top_by(struct store *store, int64_t run, const char *metric, bool largest,
    int64_t last, int count, store_trial_fn *fn, void *context)
{
    static const struct {
        const char *name;
        const char *sql[2]; /* smallest first, largest first */
    } orders[] = { TOP_BY("wall_seconds", "wall_seconds"), TOP_BY("cpu_seconds", "cpu_seconds"),
        TOP_BY("max_rss_bytes", "max_rss_bytes"), TOP_BY("stdout_bytes", "stdout_bytes"),
        TOP_BY("score", "score"), TOP_BY("", "json_extract(metrics, ?4)") /* reported ones: the last */ };
    size_t i = 0;
    while (i < sizeof orders / sizeof *orders - 1 && strcmp(orders[i].name, metric))
        i++;
    char path[TRIAL_METRIC_NAME_MAX + 8] = "";
    bool reported = !*orders[i].name;
    if (reported && !is_reported(store, run, metric, path, sizeof path))
        return ERR_NOT_FOUND;
    sqlite3_stmt *s = store_prepare(store, orders[i].sql[largest]);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int(s, 2, count);
    sqlite3_bind_int64(s, 3, last);
    if (reported)
        sqlite3_bind_text(s, 4, path, -1, SQLITE_STATIC);
    return each_trial(s, fn, context, NULL);
}

int
store_trial_list(struct store *store, int64_t run, int64_t after, int limit,
    store_trial_fn *fn, void *context)
{
    static const char sql[] = "SELECT " STORE_TRIAL_COLUMNS
        " FROM all_trial WHERE run = ? AND trial > ? ORDER BY trial LIMIT ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, after);
    sqlite3_bind_int(s, 3, limit);
    return each_trial(s, fn, context, NULL);
}

int
store_trial_get(struct store *store, int64_t run, int64_t trial, store_trial_fn *fn,
    void *context)
{
    static const char sql[] = "SELECT " STORE_TRIAL_COLUMNS " FROM all_trial WHERE run = ? AND trial = ?";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, trial);
    int count;
    int r = each_trial(s, fn, context, &count);
    return r == 0 && count == 0 ? ERR_NOT_FOUND : r;
}

int
store_trial_scores(struct store *store, int64_t run, store_score_fn *fn, void *context)
{
    /* every column of the order is named, so that SQLite merges the two kinds of
     * trials instead of sorting them */
    static const char sql[] =
        "SELECT trial, score, finished_wall_ns FROM all_trial WHERE run = ? ORDER BY finished_wall_ns, trial";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    int step, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW)
        r = fn(context, sqlite3_column_int64(s, 0), store_column_number(s, 1));
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}

int
store_trial_failures(struct store *store, int64_t run, int limit, int64_t *ret_kinds,
    store_failure_fn *fn, void *context)
{
    /* only in table trial: trials of blocks have not failed. Of equal ones the earlier first. */
    static const char sql[] = "SELECT reason, count(*) AS n, min(trial), max(trial), max(finished_wall_ns),"
        " count(*) OVER () FROM trial WHERE run = ?1 AND state <> 0 GROUP BY reason"
        " ORDER BY n DESC, min(trial) LIMIT ?2";
    sqlite3_stmt *s = store_prepare(store, sql);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int(s, 2, limit);
    int step, r = 0;
    *ret_kinds = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        *ret_kinds = sqlite3_column_int64(s, 5);
        r = fn(context, &(struct store_failure){ .reason = store_column_text(s, 0),
            .count = sqlite3_column_int64(s, 1), .first = sqlite3_column_int64(s, 2),
            .last = sqlite3_column_int64(s, 3), .wall_ns = sqlite3_column_int64(s, 4) });
    }
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}

int
store_log_add(struct store *store, const struct store_log *line)
{
    static const char insert[] =
        "INSERT INTO log(run, trial, wall_ns, level, text) VALUES(?,?,?,?,?)";
    static const char trim[] =
        "DELETE FROM log WHERE run = ?1 AND id <= (SELECT id FROM log WHERE run = ?1"
        " ORDER BY id DESC LIMIT 1 OFFSET ?2)";
    sqlite3_stmt *s = store_prepare(store, insert);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, line->run);
    sqlite3_bind_int64(s, 2, line->trial);
    sqlite3_bind_int64(s, 3, line->wall_ns);
    sqlite3_bind_text(s, 4, line->level, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 5, line->text, -1, SQLITE_STATIC);
    int r = store_run_statement(store, s);
    /* the first line, and then one of many, looks whether old ones must go */
    if (r < 0 || store->log_lines[(uint64_t)line->run % STORE_LOG_COUNTERS]++ % LOG_TRIM_EVERY)
        return r;
    s = store_prepare(store, trim);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, line->run);
    sqlite3_bind_int(s, 2, STORE_RUN_LOG_MAX);
    return store_run_statement(store, s);
}

int
store_log_list(struct store *store, int64_t run, int64_t trial, int64_t after, int limit,
    bool newest, store_log_fn *fn, void *context)
{
#define LOG_LINES "SELECT id, run, trial, wall_ns, level, text FROM log"                \
    " WHERE run = ?1 AND id > ?2 AND (?3 = 0 OR trial = ?3) ORDER BY id "
    static const char *const sql[] = { LOG_LINES "LIMIT ?4",
        "SELECT * FROM (" LOG_LINES "DESC LIMIT ?4) ORDER BY id" };
    sqlite3_stmt *s = store_prepare(store, sql[newest]);
    if (!s)
        return ERR_STORE;
    sqlite3_bind_int64(s, 1, run);
    sqlite3_bind_int64(s, 2, after);
    sqlite3_bind_int64(s, 3, trial);
    sqlite3_bind_int(s, 4, limit);
    int step, r = 0;
    while (r >= 0 && (step = sqlite3_step(s)) == SQLITE_ROW) {
        struct store_log line = { sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1),
            sqlite3_column_int64(s, 2), sqlite3_column_int64(s, 3),
            store_column_text(s, 4), store_column_text(s, 5) };
        r = fn(context, &line);
    }
    sqlite3_reset(s);
    return r < 0 ? r : store_error(step);
}
