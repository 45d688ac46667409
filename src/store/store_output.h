/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What trials wrote, in the store: of each run the newest trials' and the newest
 * failed ones', of runs the newest ones'. Writes go inside
 * store_begin/store_commit. All functions answer 0, or a negative code.
 */
#ifndef OPTOP_STORE_STORE_OUTPUT_H
#define OPTOP_STORE_STORE_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "store/store.h"

enum {
    STORE_OUTPUT_TRIALS = 1000, /* of a run; and as many that failed */
    STORE_OUTPUT_RUNS = 100, /* older ones have none */
};

struct store_output {
    int64_t run, trial;
    int attempt;
    bool failed;
    int64_t wall_ns; /* when it ended */
    int64_t bytes; /* in all, and those that are kept: io/capture.h */
    const char *data;
    size_t data_len;
};

int store_output_add(struct store *store, const struct store_output *output);

typedef int store_output_fn(void *context, const struct store_output *output);
/* A trial's attempts from one on, oldest first. */
int store_output_list(struct store *store, int64_t run, int64_t trial, int attempt,
    store_output_fn *fn, void *context);

#endif
