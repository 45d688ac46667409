/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Failed trials that are to be done again, in the store: an entry lives beside
 * the trial's failed row until a later attempt has taken the row's place. Writes
 * go inside store_begin/store_commit. All functions answer 0 (or a count), or a
 * negative code.
 */
#ifndef OPTOP_STORE_STORE_RETRY_H
#define OPTOP_STORE_STORE_RETRY_H

#include <stdbool.h>

#include "store/store.h"

struct store_retry {
    int64_t trial;
    int attempt; /* the next one, from 2 */
    int64_t due_wall_ns;
    const char *params; /* of the trial's row; only when listed */
};

/* Adds or changes an entry. */
int store_retry_set(struct store *store, int64_t run, const struct store_retry *retry);
int store_retry_remove(struct store *store, int64_t run, int64_t trial);

/* Adds an entry, due now, for every failed trial of a run (entries that wait
 * are due now, too). Returns how many there are then. */
int64_t store_retry_all(struct store *store, int64_t run, int64_t now_wall_ns);
int64_t store_retry_count(struct store *store, int64_t run);

typedef int store_retry_fn(void *context, const struct store_retry *retry);
/* Those that are due first, at most limit. */
int store_retry_list(struct store *store, int64_t run, int limit, store_retry_fn *fn,
    void *context);

/* Removes the row of a trial that failed at an earlier attempt, so that a later
 * one can take its place; what is done is never touched. */
int store_retry_drop_failed(struct store *store, int64_t run, int64_t trial, int attempt,
    bool *ret_dropped);

#endif
