/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The worker's half of a warm run: evaluator threads that walk the search over
 * the ranges they are given and write results into the block (block.h). All
 * functions are the main thread's, which talks with the server and watches.
 */
#ifndef OPTOP_EXEC_WORKER_RANGE_H
#define OPTOP_EXEC_WORKER_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "objective/batch.h"

struct worker_range;

/* Opens what the init object asks for: the run's text is parsed anew, so that
 * server and worker compute the same points. Owned; worker_range_close. */
int worker_range_open(const json_t *init, const struct batch_type_row *row,
    struct worker_range **ret_range, struct diag *diag);

/* Starts the threads. Apart from open, since limits are applied between. */
int worker_range_start(struct worker_range *range, struct diag *diag);

/* What may evaluate side by side, and what each trial reports beside its score. */
const struct batch_objective *worker_range_objective(const struct worker_range *range);

/* Takes the "range" of a line; ERR_PROTOCOL when its slot is in use, or it has
 * no sense. */
int worker_range_add(struct worker_range *range, const json_t *given);

/* Readable when ranges have ended. */
int worker_range_fd(const struct worker_range *range);

/* Appends a line for each range that has ended since; a negative code when the
 * objective is of no more use. */
int worker_range_collect(struct worker_range *range, struct str *out);

/* No range is left. */
bool worker_range_idle(struct worker_range *range);

/* Milliseconds until the next trial is over its limit, as poll takes them (-1:
 * never). One that is over it now is marked, and the process is to exit:
 * ERR_EXHAUSTED. */
int worker_range_watch(struct worker_range *range);

/* Takes no more points, asks the objective to come back and waits for it. True
 * when all threads have ended: only then may it be closed. */
bool worker_range_stop(struct worker_range *range, double grace_seconds);

void worker_range_close(struct worker_range *range);

#endif
