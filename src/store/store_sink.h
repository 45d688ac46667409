/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is still to be sent to the sinks of runs: one row per trial (of a block:
 * one for all of it), written in the transaction that stores the trial, and removed
 * when it was sent. Rows have the order in which trials were stored. All
 * functions answer 0, or a negative code.
 */
#ifndef OPTOP_STORE_STORE_SINK_H
#define OPTOP_STORE_STORE_SINK_H

#include "store/store.h"

/* Trials `first' to `last'; first 0: the run has ended. */
struct store_sink {
    int64_t id; /* given by the store; never twice */
    int64_t run;
    int64_t first, last;
    int attempt; /* of a single trial */
    int64_t left; /* how many of them are to be sent: those that are done */
};

/* Within a transaction. */
int store_sink_add(struct store *store, const struct store_sink *row);

typedef int store_sink_fn(void *context, const struct store_sink *row);
/* Of a run, from the oldest on, at most limit. */
int store_sink_list(struct store *store, int64_t run, int limit, store_sink_fn *fn, void *context);

/* Each run that has rows, once: `left' is the sum of them. */
int store_sink_runs(struct store *store, store_sink_fn *fn, void *context);

/* Within a transaction: rows up to `upto' are done with; of the one behind
 * (0: none) trials up to `partial_last', `partial_count' of them. `sent' were sent. */
struct store_sink_sent {
    int64_t run, upto;
    int64_t partial, partial_last, partial_count;
    int64_t sent;
};
int store_sink_sent(struct store *store, const struct store_sink_sent *sent);

/* How many were sent of a run, ever. */
int store_sink_count(struct store *store, int64_t run, int64_t *ret_sent);

#endif
