/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the two halves of ranges share: dispatch_range.c hands ranges out and
 * takes back what is left of them, range_result.c reads results out of a block
 * and brings them into the store.
 */
#ifndef OPTOP_RUN_RANGE_RESULT_H
#define OPTOP_RUN_RANGE_RESULT_H

#include "run/best_list.h"
#include "run/range.h"
#include "store/store_block.h"

enum range_state {
    RANGE_READY, /* to be handed out (again) */
    RANGE_SENT, /* with a worker */
    RANGE_RESULT, /* waits for its commit */
};

/* Trials first to first + count - 1. */
struct range {
    struct range *next; /* by first, rising */
    enum range_state state;
    int64_t first;
    int count;
    int losses; /* workers that were lost in it; from the first on it goes alone */
    double cursor; /* where the search stands before its first */
    /* Of a run with constraints, whose points can only be walked to: where the
     * search stands before each trial, and the points. NULL: cursor says it. */
    double *cursors, *values;

    /* when it has ended */
    int done;
    int failed; /* that are counted only; others are among the run's results */
    struct store_block block; /* keep = all: arrays owned, metric names too */
    const char *metric_names[STORE_BLOCK_METRICS_MAX];
    double *metrics[STORE_BLOCK_METRICS_MAX];
};

/* Trials that the store already has, above the mark. */
struct range_skip {
    int64_t first;
    int count;
};

struct ranges {
    struct range *first; /* those above the mark, by trial */
    int ready, results; /* in these states */
    int last_count; /* of the range that was made last: they grow by steps */
    bool many_failures; /* ranges stay small: each failure is a row */
    struct range_skip *skip;
    int skip_count, skip_next, skip_capacity;
    int64_t pending_bytes; /* of results that wait for their commit */
    bool markers; /* the store has blocks that only say what was counted */
    struct best_list best; /* keep = top:N; limit 0: all are kept */
    struct run_result champion; /* best of those that wait; trial 0: none; its texts owned */
};

/* A stretch of a range that has ended, and where its results are. */
struct range_source {
    const struct warm *warm;
    int slot, at; /* trial `first` of the range is element `at` */
    bool whole; /* the worker ended it in order: times are there, too */
    const json_t *failures; /* array of [trial, reason, log], not checked; NULL: none */
};

/* Reads the results of a range, none of which is open; makes it RANGE_RESULT. */
void range_take(struct runner *runner, struct run *run, struct range *range,
    const struct range_source *source);

/* A range of one trial that failed with its worker. */
void range_take_failure(struct runner *runner, struct run *run, struct range *range,
    const struct trial_result *result);

/* Its point `i`; values has room for all dimensions. */
void range_point(struct run *run, const struct range *range, int i, double *values);

void range_free(struct range *range);

#endif
