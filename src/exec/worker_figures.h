/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a worker publishes of itself: `trials' and `trials.failed', and how long
 * a trial takes (`trial.duration'; of warm objectives `piece.duration', the
 * pieces that a thread evaluates at once). Any thread.
 *
 * The board is opened when the worker has lived for a second: one that is there
 * for a single trial leaves the file system alone.
 */
#ifndef OPTOP_EXEC_WORKER_FIGURES_H
#define OPTOP_EXEC_WORKER_FIGURES_H

#include <stdatomic.h>
#include <stdint.h>

#include "optop/board.h"

struct worker_figures {
    const char *duration_name; /* borrowed */
    int64_t started_ns; /* monotonic */
    _Atomic int state; /* 0: not opened, 1: being opened, 2: open, if it could be */
    _Atomic uint64_t early_trials, early_failed; /* before it was open */
    struct optop_board *board; /* owned */
    int64_t published_ns; /* resources, as of then; main thread */
    struct optop_figure *trials, *failed, *duration;
};

void worker_figures_init(struct worker_figures *figures, const char *duration_name,
    int64_t now_ns);
void worker_figures_release(struct worker_figures *figures); /* when no thread counts any more */

void worker_figures_add(struct worker_figures *figures, uint64_t trials, uint64_t failed,
    int64_t duration_ns, int64_t now_ns);

/* Looks how short memory is, and puts the process's resources on its board, each second at most. Main thread. */
void worker_figures_tick(struct worker_figures *figures, int64_t now_ns);

#endif
