/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the server has of a worker beside its socket when the objective is warm:
 * the block (block.h), what is in its slots, what its trials report, and the
 * last of its standard error, for the day it crashes. Loop thread only.
 */
#ifndef OPTOP_EXEC_WARM_H
#define OPTOP_EXEC_WARM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "exec/block.h"
#include "io/loop.h"

struct warm {
    struct block *block; /* owned */
    int block_fd, error_fd; /* for the worker, until warm_started; then -1 */
    struct {
        bool used;
        int64_t trial; /* the range in it */
        int count;
    } slot[BLOCK_SLOTS];

    bool known; /* it has said how many threads it has */
    int threads;
    int metric_count; /* as of the last warm_look */
    char metric_name[BLOCK_METRICS_MAX][RUN_NAME_MAX];

    int read_fd; /* its standard error */
    struct loop_fd *watch;
    struct str error; /* raw; the end of it */
};

int warm_new(struct loop *loop, struct warm **ret_warm);
void warm_free(struct warm *warm);

/* The worker has its descriptors. */
void warm_started(struct warm *warm);

/* Takes the "warm" of its answer; ERR_PROTOCOL when it has no sense. */
int warm_hear(struct warm *warm, const json_t *said);

/* Takes note of the metrics that have become known in the block. */
void warm_look(struct warm *warm);

/* A slot that is free, or -1. */
int warm_free_slot(const struct warm *warm);
int warm_used_slots(const struct warm *warm);

/* Fills a slot: its states are open again. */
void warm_fill(struct warm *warm, int slot, int64_t trial, int count);

/* Reads what is left of standard error, and appends its last lines, cleaned. */
void warm_last_words(struct warm *warm, struct str *out);

#endif
