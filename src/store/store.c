/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "optop/executor.h"
#include "store/store_private.h"

enum { CANCEL_EVERY = 10000 }; /* steps of a reading statement: then it looks whether it is still wanted */

/* Migration k brings a database of version k to k + 1. Append rows; never edit
 * one that has been released. */
static const char *const migrations[] = {
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE run("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " name TEXT NOT NULL,"
    " state TEXT NOT NULL,"
    " reason TEXT NOT NULL DEFAULT '',"
    " file TEXT NOT NULL," /* name of the run file */
    " text TEXT NOT NULL," /* the run file with its changes */
    " directory TEXT NOT NULL,"
    " environment BLOB NOT NULL," /* K=V, each ended by a NUL */
    " created_wall_ns INTEGER NOT NULL,"
    " started_wall_ns INTEGER NOT NULL DEFAULT 0,"
    " finished_wall_ns INTEGER NOT NULL DEFAULT 0,"
    " elapsed_ns INTEGER NOT NULL DEFAULT 0," /* time spent running */
    " busy_ns INTEGER NOT NULL DEFAULT 0," /* sum of its trials' wall time */
    " worker_ns INTEGER NOT NULL DEFAULT 0," /* sum of its workers' lives */
    " total INTEGER," /* NULL: not known */
    " done INTEGER NOT NULL DEFAULT 0,"
    " failed INTEGER NOT NULL DEFAULT 0,"
    " best_trial INTEGER NOT NULL DEFAULT 0,"
    " best_score REAL,"
    " mark_trial INTEGER NOT NULL DEFAULT 1," /* all trials below are stored ... */
    " mark_cursor REAL NOT NULL DEFAULT 0," /* ... and here the search stood then */
    " cage TEXT NOT NULL DEFAULT '');"
    "CREATE TABLE trial("
    " run INTEGER NOT NULL,"
    " trial INTEGER NOT NULL,"
    " state INTEGER NOT NULL," /* enum trial_state */
    " score REAL,"
    " params TEXT NOT NULL," /* JSON array of the values, as numbers */
    " wall_seconds REAL, cpu_seconds REAL, max_rss_bytes REAL, stdout_bytes REAL,"
    " exit_code INTEGER NOT NULL,"
    " signal INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL,"
    " finished_wall_ns INTEGER NOT NULL,"
    " reason TEXT NOT NULL,"
    " PRIMARY KEY(run, trial)) WITHOUT ROWID;"
    "CREATE INDEX trial_score ON trial(run, score) WHERE state = 0;"
    "CREATE TABLE log("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " run INTEGER NOT NULL,"
    " trial INTEGER NOT NULL," /* 0: about the run */
    " wall_ns INTEGER NOT NULL,"
    " level TEXT NOT NULL,"
    " text TEXT NOT NULL);"
    "CREATE INDEX log_run ON log(run, id);"
    "CREATE TABLE notice("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " wall_ns INTEGER NOT NULL,"
    " type TEXT NOT NULL,"
    " key TEXT NOT NULL,"
    " state TEXT NOT NULL,"
    " value REAL,"
    " level REAL,"
    " incident_wall_ns INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL,"
    " text TEXT NOT NULL);"
    "CREATE TABLE alert("
    " key TEXT PRIMARY KEY,"
    " state TEXT NOT NULL,"
    " value REAL,"
    " level REAL,"
    " since_wall_ns INTEGER NOT NULL,"
    " incident_wall_ns INTEGER NOT NULL,"
    " sequence INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE delivery("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " webhook TEXT NOT NULL,"
    " event_id TEXT NOT NULL,"
    " body TEXT NOT NULL,"
    " state INTEGER NOT NULL DEFAULT 0,"
    " attempts INTEGER NOT NULL DEFAULT 0,"
    " created_wall_ns INTEGER NOT NULL,"
    " next_wall_ns INTEGER NOT NULL,"
    " error TEXT NOT NULL DEFAULT '');",
    "CREATE TABLE retry(" /* failed trials that are to be done again */
    " run INTEGER NOT NULL,"
    " trial INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL," /* the next one */
    " due_wall_ns INTEGER NOT NULL,"
    " PRIMARY KEY(run, trial)) WITHOUT ROWID;",
    "ALTER TABLE trial ADD COLUMN metrics TEXT;", /* JSON object; NULL: none */
    "CREATE TABLE block("
    " run INTEGER NOT NULL,"
    " first INTEGER NOT NULL," /* number of its first trial */
    " count INTEGER NOT NULL,"
    " finished_wall_ns INTEGER NOT NULL,"
    " score BLOB," /* double[count]; NULL: counted, not kept */
    " wall_seconds BLOB," /* float[count] */
    " point BLOB," /* double[count][dimensions] */
    " metric_names BLOB," /* each ended by a NUL */
    " metric BLOB," /* double[metrics][count] */
    " UNIQUE(run, first));",
    "ALTER TABLE run ADD COLUMN feasible INTEGER;", /* points that the constraints leave */
    "CREATE TABLE output(" /* what trials wrote */
    " run INTEGER NOT NULL,"
    " trial INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL,"
    " failed INTEGER NOT NULL,"
    " wall_ns INTEGER NOT NULL," /* when it ended */
    " bytes INTEGER NOT NULL," /* in all */
    " data BLOB NOT NULL," /* those that are kept (io/capture.h) */
    " UNIQUE(run, failed, trial, attempt));",
    "ALTER TABLE delivery ADD COLUMN format TEXT NOT NULL DEFAULT 'standard';",
    "ALTER TABLE notice ADD COLUMN labels TEXT NOT NULL DEFAULT '';",
    "CREATE TABLE sink(" /* what is still to be sent (store_sink.h) */
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " run INTEGER NOT NULL,"
    " first INTEGER NOT NULL," /* trials; 0: the end */
    " last INTEGER NOT NULL,"
    " attempt INTEGER NOT NULL,"
    " remaining INTEGER NOT NULL);"
    "CREATE INDEX sink_run ON sink(run);"
    "CREATE TABLE sunk(" /* and how many were */
    " run INTEGER PRIMARY KEY,"
    " sent INTEGER NOT NULL);",
    "ALTER TABLE alert ADD COLUMN acknowledged TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE alert ADD COLUMN rung INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE silence("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " matcher TEXT NOT NULL,"
    " from_wall_ns INTEGER NOT NULL,"
    " until_wall_ns INTEGER NOT NULL,"
    " reason TEXT NOT NULL,"
    " author TEXT NOT NULL);",
    "ALTER TABLE alert ADD COLUMN text TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE alert ADD COLUMN labels TEXT NOT NULL DEFAULT '';",
    "ALTER TABLE delivery ADD COLUMN notice INTEGER NOT NULL DEFAULT 0;", /* 0: of none, or of many */
};

struct store_preparing {
    struct store *store;
    const char *sql;
    sqlite3_stmt *statement;
};

enum { SCHEMA_VERSION = sizeof migrations / sizeof *migrations };

int
store_error(int sqlite_code)
{
    switch (sqlite_code & 0xFF) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return 0;
    case SQLITE_FULL:
        return -ENOSPC;
    case SQLITE_NOMEM:
        return -ENOMEM;
    case SQLITE_READONLY:
        return -EROFS;
    default:
        return ERR_STORE;
    }
}

/* Prepared statements. */

static int
prepare(void *context, const struct optop_key *key, struct optop_cache_made *ret_made)
{
    struct store_preparing *preparing = context;
    (void)key;
    int code = sqlite3_prepare_v3(preparing->store->db, preparing->sql, -1,
        SQLITE_PREPARE_PERSISTENT, &preparing->statement, NULL);
    if (code) {
        log_debug("store: %s in: %s", sqlite3_errmsg(preparing->store->db), preparing->sql);
        return store_error(code);
    }
    *ret_made = (struct optop_cache_made){ .value = &preparing->statement,
        .size = sizeof preparing->statement,
        .entry.extra_bytes = (size_t)sqlite3_stmt_status(preparing->statement,
            SQLITE_STMTSTATUS_MEMUSED, 0) };
    return 0;
}

static void
finalize(void *value, size_t size, void *context)
{
    (void)size;
    (void)context;
    sqlite3_finalize(*(sqlite3_stmt **)value);
}

/* Connections are one thread's, caches may be cleared by any: the statements
 * are destroyed by their owner. None goes by itself, since one may be in use. */
static struct optop_cache *
new_statements(void)
{
    return optop_cache_new(&(struct optop_cache_options){ .name = "statements",
        .policy = OPTOP_CACHE_UNBOUNDED, .max_entries = STORE_STATEMENTS_MAX, .shards = 1,
        .destroy = finalize, .destroy_by_owner = true });
}

void
store_sweep(struct store *store)
{
    for (sqlite3_stmt *at = NULL; (at = sqlite3_next_stmt(store->db, at));)
        if (sqlite3_stmt_busy(at))
            return;
    optop_cache_sweep(store->statements);
}

sqlite3_stmt *
store_prepare(struct store *store, const char *sql)
{
    struct store_preparing preparing = { .store = store, .sql = sql };
    struct optop_key key;
    const void *value;
    optop_key_start(&key);
    optop_key_string(&key, sql);
    if (optop_cache_compute(store->statements, &key, prepare, &preparing, &value, NULL) < 0)
        return NULL;
    sqlite3_stmt *statement = *(sqlite3_stmt *const *)value;
    optop_cache_let_go(store->statements, value);
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return statement;
}

int
store_run_statement(struct store *store, sqlite3_stmt *statement)
{
    (void)store;
    if (!statement)
        return ERR_STORE;
    int r = sqlite3_step(statement);
    sqlite3_reset(statement);
    return store_error(r);
}

void
store_bind_number(sqlite3_stmt *statement, int index, double value)
{
    if (isnan(value))
        sqlite3_bind_null(statement, index);
    else
        sqlite3_bind_double(statement, index, value);
}

double
store_column_number(sqlite3_stmt *statement, int index)
{
    return sqlite3_column_type(statement, index) == SQLITE_NULL
        ? (double)NAN
        : sqlite3_column_double(statement, index);
}

const char *
store_column_text(sqlite3_stmt *statement, int index)
{
    const unsigned char *text = sqlite3_column_text(statement, index);
    return text ? (const char *)text : "";
}

static int
query_int(struct store *store, const char *sql, int64_t *ret_value)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL))
        return ERR_STORE;
    int r = sqlite3_step(statement);
    if (r == SQLITE_ROW)
        *ret_value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return r == SQLITE_ROW ? 0 : ERR_NOT_FOUND;
}

static int
execute(struct store *store, const char *sql)
{
    return store_error(sqlite3_exec(store->db, sql, NULL, NULL, NULL));
}

static int
migrate(struct store *store, struct diag *diag)
{
    int64_t version = 0;
    int r = query_int(store, "PRAGMA user_version", &version);
    if (r < 0)
        return diag_set(diag, ERR_STORE, "not a database: %s", sqlite3_errmsg(store->db));
    if (version > SCHEMA_VERSION)
        return diag_set(diag, ERR_VERSION,
            "the store was written by a newer optop (schema %lld, this program knows %d)",
            (long long)version, SCHEMA_VERSION);
    if (version == SCHEMA_VERSION)
        return 0;
    r = execute(store, "BEGIN IMMEDIATE");
    for (; r == 0 && version < SCHEMA_VERSION; version++) {
        char set_version[64];
        snprintf(set_version, sizeof set_version, "PRAGMA user_version = %lld",
            (long long)version + 1);
        r = execute(store, migrations[version]);
        if (r == 0)
            r = execute(store, set_version);
    }
    if (r == 0)
        r = execute(store, "COMMIT");
    if (r < 0) {
        diag_set(diag, r, "cannot prepare the store: %s", sqlite3_errmsg(store->db));
        execute(store, "ROLLBACK");
    }
    return r;
}

static int
load_id(struct store *store, struct diag *diag)
{
    int64_t id = 0;
    int r = query_int(store, "SELECT value FROM meta WHERE key = 'id'", &id);
    if (r == ERR_NOT_FOUND) {
        if (getrandom(&id, sizeof id, 0) != sizeof id)
            return diag_set(diag, -errno, "no random number: %s", strerror(errno));
        id &= INT64_MAX;
        char sql[80];
        snprintf(sql, sizeof sql, "INSERT INTO meta VALUES('id', %lld)", (long long)id);
        r = execute(store, sql);
    }
    if (r < 0)
        return diag_set(diag, r, "cannot read the store: %s", sqlite3_errmsg(store->db));
    store->id = (uint64_t)id;
    return 0;
}

/* Makes every missing part of a path, 0700. */
static int
make_directories(const char *path)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part)
        return -ENAMETOOLONG;
    for (const char *slash = path; (slash = strchr(slash + 1, '/'));) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return -errno;
    }
    return mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* Two servers with different sockets must not share a store: flock holds
 * exactly as long as the process lives. */
static int
lock_directory(struct store *store, const char *directory, struct diag *diag)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/lock", directory);
    store->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock_fd < 0)
        return diag_set(diag, -errno, "%s: %s", path, strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return diag_set(diag, ERR_BAD_STATE, "%s: another server uses this store", directory);
    return 0;
}

int
store_open(const char *directory, struct store **ret_store, struct diag *diag)
{
    int r = make_directories(directory);
    if (r < 0)
        return diag_set(diag, r, "%s: %s", directory, strerror(-r));
    struct store *store = XNEW(struct store);
    char path[PATH_MAX];
    store_memory_use();
    snprintf(path, sizeof path, "%s/optop.db", directory);
    store->lock_fd = -1;
    store->statements = new_statements();
    r = store->statements ? lock_directory(store, directory, diag) : -ENOMEM;
    if (r < 0)
        goto fail;
    mode_t mask = umask(077); /* the database and its journal are private */
    int sqlite_code = sqlite3_open_v2(path, &store->db,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
    umask(mask);
    if (sqlite_code != SQLITE_OK) {
        r = diag_set(diag, ERR_STORE, "%s: %s", path, sqlite3_errstr(sqlite_code));
        goto fail;
    }
    /* FULL: a commit that was acknowledged survives a power cut. The cache is
     * kept at 1 MiB: the server must stay small. */
    r = execute(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
                       "PRAGMA cache_size = -1024; PRAGMA foreign_keys = ON;");
    if (r < 0) {
        diag_set(diag, r, "%s: %s", path, sqlite3_errmsg(store->db));
        goto fail;
    }
    r = migrate(store, diag);
    if (r == 0)
        r = load_id(store, diag);
    if (r == 0)
        r = store_block_register(store->db);
    if (r < 0)
        goto fail;
    store_memory_add(store);
    *ret_store = store;
    return 0;
fail:
    diag_at(diag, path, 0, NULL);
    store_close(store);
    return r;
}

/* A job whose client has gone, or whose time is over, reads no further. */
static int
is_cancelled(void *context)
{
    (void)context;
    return optop_cancelled();
}

int
store_open_reader(const struct store *store, struct store **ret_reader)
{
    struct store *reader = XNEW(struct store);
    reader->lock_fd = -1;
    reader->id = store->id;
    reader->statements = new_statements();
    int r = !reader->statements ? -ENOMEM : store_error(sqlite3_open_v2(sqlite3_db_filename(store->db, "main"), &reader->db,
        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
    if (r == 0)
        r = store_block_register(reader->db);
    if (r == 0)
        r = execute(reader, "PRAGMA query_only = ON; PRAGMA cache_size = -256;"); /* it reads on, not again */
    if (r < 0) {
        store_close(reader);
        return r;
    }
    sqlite3_progress_handler(reader->db, CANCEL_EVERY, is_cancelled, NULL);
    *ret_reader = reader;
    return 0;
}

bool
store_reader_usable(const struct store *reader)
{
    int moved = 0;
    for (sqlite3_stmt *s = NULL; (s = sqlite3_next_stmt(reader->db, s));)
        if (sqlite3_stmt_busy(s))
            return false;
    return sqlite3_file_control(reader->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
        !moved;
}

void
store_close(struct store *store)
{
    if (!store)
        return;
    registry_remove(&store->resource);
    optop_cache_free(store->statements);
    sqlite3_close(store->db);
    if (store->lock_fd >= 0)
        close(store->lock_fd);
    free(store);
}

uint64_t
store_id(const struct store *store)
{
    return store->id;
}

int
store_begin(struct store *store)
{
    static const char sql[] = "BEGIN IMMEDIATE";
    store_sweep(store);
    return store_run_statement(store, store_prepare(store, sql));
}

int
store_commit(struct store *store, struct diag *diag)
{
    static const char sql[] = "COMMIT";
    int r = store_run_statement(store, store_prepare(store, sql));
    if (r < 0) {
        diag_set(diag, r, "%s", sqlite3_errmsg(store->db));
        store_rollback(store);
    }
    return r;
}

void
store_rollback(struct store *store)
{
    static const char sql[] = "ROLLBACK";
    if (!sqlite3_get_autocommit(store->db))
        store_run_statement(store, store_prepare(store, sql));
}

int
store_probe(struct store *store)
{
    static const char sql[] = "UPDATE meta SET value = value WHERE key = 'id'";
    return store_run_statement(store, store_prepare(store, sql));
}
