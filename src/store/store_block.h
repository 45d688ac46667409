/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Blocks: many trials of a warm objective in one row. A trial costs eight bytes
 * for its score, eight for each dimension and each metric, four for its time,
 * where a row of table `trial` costs some two hundred and a statement.
 *
 * Readers do not see the difference: block_trial is a virtual table that shows
 * each trial of a block as a row, and the view all_trial joins it with table
 * trial. Trials that failed are rows of table trial; in their block they have
 * no score, and the view leaves them out there.
 *
 * Numbers are stored as this machine has them in memory: a store does not move
 * between machines of different byte order.
 */
#ifndef OPTOP_STORE_STORE_BLOCK_H
#define OPTOP_STORE_STORE_BLOCK_H

#include "store/store.h"

enum {
    STORE_BLOCK_MAX = 65536, /* trials of a block */
    STORE_BLOCK_METRICS_MAX = 16,
};

/* Trials first to first + count - 1 of a run. Arrays are borrowed. */
struct store_block {
    int64_t first;
    int count; /* 1 to STORE_BLOCK_MAX */
    int dimensions;
    int64_t finished_wall_ns; /* when the last of them ended */
    const double *score; /* count; NaN: failed. NULL: the block only says that its
                          * trials have been counted (keep = top:N) */
    const float *wall_seconds; /* count; NaN: not known */
    const double *values; /* count x dimensions */
    int metric_count;
    const char *const *metric_name; /* metric_count, of letters, digits, '_', '.', '-' */
    const double *const *metric; /* metric_count arrays of count; NaN: not reported */
};

/* ERR_DUPLICATE when this run already has a block from that trial on. */
int store_block_add(struct store *store, int64_t run, const struct store_block *block);

/* Where the blocks lie that reach beyond trial `after`, by number. */
typedef int store_block_fn(void *context, int64_t first, int count);
int store_block_list(struct store *store, int64_t run, int64_t after, store_block_fn *fn,
    void *context);

/* Forgets blocks that say no more than that trials below `trial` were counted. */
int store_block_forget(struct store *store, int64_t run, int64_t trial);

#endif
