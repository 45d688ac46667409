/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory that the server shares with a worker of a warm objective: results
 * appear here while they are computed, and the socket only says that a range
 * has ended. What a worker leaves behind when it crashes is thus known to the
 * trial: which ones are complete, and which one each thread was in.
 *
 * The server makes it, sealed so that no worker can shrink it under the
 * server's feet, and gives it to the worker as descriptor BLOCK_FD. It believes
 * nothing in it: states, times and scores are read once and checked. Pages
 * that nobody touches cost nothing: the arrays have room for the largest range.
 */
#ifndef OPTOP_EXEC_BLOCK_H
#define OPTOP_EXEC_BLOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "model/run.h"

enum {
    BLOCK_FD = 4, /* in the worker */
    BLOCK_SLOTS = 2, /* ranges a worker has: one it is at, and one so that it need not wait */
    BLOCK_TRIALS_MAX = 65536, /* of a range */
    BLOCK_METRICS_MAX = 16,
    BLOCK_FATE_LIMIT = -1, /* the trial was over its time limit */
};

/* State of a trial: as in enum batch_state of the objective. */
enum block_state { BLOCK_OPEN, BLOCK_DONE, BLOCK_FAILED };

/* What an evaluator thread is at. A line of the cache each: they are written at
 * every trial. */
struct block_cell {
    _Alignas(64) _Atomic int64_t running; /* number of its trial; 0: none */
    _Atomic int32_t running_count; /* trials from there on that it is at; 0 is 1 */
    _Atomic int64_t since_ns; /* monotonic: since when it evaluates */
    _Atomic int64_t busy_ns; /* with what it has ended: points and evaluations */
    _Atomic int32_t fate; /* 0, or what ended the process in this thread: a signal,
                           * or BLOCK_FATE_LIMIT */
};

struct block_slot {
    double score[BLOCK_TRIALS_MAX];
    float wall_seconds[BLOCK_TRIALS_MAX];
    _Atomic uint8_t state[BLOCK_TRIALS_MAX]; /* enum block_state; written last */
    double metric[BLOCK_METRICS_MAX][BLOCK_TRIALS_MAX];
};

struct block {
    /* What trials report beside their score. Names only come behind those that
     * are there; the count says so after the name is. */
    _Atomic int32_t metric_count;
    char metric_name[BLOCK_METRICS_MAX][RUN_NAME_MAX];
    struct block_cell cell[RUN_THREADS_MAX];
    struct block_slot slot[BLOCK_SLOTS];
};

/* The server's: a new one and its descriptor (owned, close-on-exec). */
int block_create(struct block **ret_block, int *ret_fd);

/* The worker's: the one behind a descriptor; ERR_PROTOCOL when it is too small. */
int block_map(int fd, struct block **ret_block);

void block_unmap(struct block *block); /* takes NULL */

#endif
