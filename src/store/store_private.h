/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of this folder share: the connection and its prepared
 * statements. Nobody else includes this.
 */
#ifndef OPTOP_STORE_STORE_PRIVATE_H
#define OPTOP_STORE_STORE_PRIVATE_H

#include <pthread.h>
#include <sqlite3.h>

#include "mem/registry.h"
#include "optop/cache.h"
#include "store/store.h"

enum { STORE_STATEMENTS_MAX = 256, STORE_LOG_COUNTERS = 256 };

struct store {
    sqlite3 *db;
    struct resource resource; /* of the one that writes: its page cache */
    pthread_t thread; /* whose it is */
    uint64_t id;
    int lock_fd; /* held for the store's life: one server per store */
    uint32_t log_lines[STORE_LOG_COUNTERS]; /* added since the start, by run */
    uint32_t outputs; /* added since the start */
    struct optop_cache *statements; /* sqlite3_stmt * by SQL; owned */
};

/* The prepared statement of some SQL, reset and without bindings; the store keeps
 * it at least until the next store_sweep. NULL when SQLite refuses it (a fault of
 * ours, or no memory). */
sqlite3_stmt *store_prepare(struct store *store, const char *sql);

/* Runs a statement that gives no rows and resets it: 0, or ERR_STORE, or
 * -ENOSPC when the disk is full. */
int store_run_statement(struct store *store, sqlite3_stmt *statement);

/* Columns of a trial, in table trial and in the view all_trial, which also has
 * the trials of blocks. */
#define STORE_TRIAL_COLUMNS                                                    \
    "trial, state, score, params, wall_seconds, cpu_seconds, max_rss_bytes, stdout_bytes," \
    " exit_code, signal, attempt, finished_wall_ns, reason, metrics"

/* store_block.c: makes the view all_trial in a connection. */
int store_block_register(sqlite3 *db);

/* store_memory.c: SQLite's memory as a type, before the first connection; and the
 * cache of a connection as a resource, until registry_remove. */
void store_memory_use(void);
void store_memory_add(struct store *store);

/* SQLite's code as one of ours. */
int store_error(int sqlite_code);

/* NaN is stored as NULL and read back as NaN. */
void store_bind_number(sqlite3_stmt *statement, int index, double value);
double store_column_number(sqlite3_stmt *statement, int index);

/* Never NULL. */
const char *store_column_text(sqlite3_stmt *statement, int index);

#endif
