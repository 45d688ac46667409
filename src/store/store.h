/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What must not be lost: runs, trials, alerts and the notices that are still
 * to be delivered. SQLite (WAL, synchronous FULL) lives in this folder only.
 *
 * Writes happen between store_begin and store_commit; after store_commit has
 * returned 0 they are on disk. A failure rolls all of it back, and the caller
 * keeps what it wanted to write. Loop thread only.
 */
#ifndef OPTOP_STORE_STORE_H
#define OPTOP_STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

struct store;

/* Opens or makes the database in a directory (made, 0700). A newer schema than
 * this program's is refused (ERR_VERSION). */
int store_open(const char *directory, struct store **ret_store, struct diag *diag);
void store_close(struct store *store);

/* Gives back the pages that it keeps for what may be asked next; on its own thread. */
void store_release_memory(struct store *store);

/* One more connection to the same database, which only reads what has been
 * committed; for another thread than the one of `store`. What it reads fails soon
 * when the task that reads is cancelled (optop/executor.h). Owned; store_close. */
int store_open_reader(const struct store *store, struct store **ret_reader);

/* Whether a reader still reads the store's file, and rests: no statement is under way. */
bool store_reader_usable(const struct store *reader);

/* A random number that names this database for ever. */
uint64_t store_id(const struct store *store);

/* Drops the statements that have left the cache of them (`optop caches clear'):
 * between requests, on the store's thread. store_begin does it, too. */
void store_sweep(struct store *store);

int store_begin(struct store *store);
int store_commit(struct store *store, struct diag *diag);
void store_rollback(struct store *store);

/* Within a transaction: writes something that changes nothing, so that its
 * commit tells whether the store takes writes. */
int store_probe(struct store *store);

#endif
