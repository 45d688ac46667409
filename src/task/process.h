/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The processes of an executor (include/optop/process.h): one belongs to each of
 * its threads, which starts it, calls it, and buries it; so there is nothing to
 * lock, and queue, order, priorities and counts are those of threads.
 */
#ifndef OPTOP_TASK_PROCESS_H
#define OPTOP_TASK_PROCESS_H

#include "optop/process.h"

struct processes;

struct process_figures {
    uint64_t running, started, died, killed; /* killed: by us, in the middle of a call */
};

int processes_new(const struct optop_process_options *options, int count,
    struct processes **ret_processes);
void processes_free(struct processes *processes); /* NULL is fine; ends them */

/* On thread `number' of the executor. */
int processes_call(struct processes *processes, int number, struct optop_call *call);

void processes_figures(const struct processes *processes, struct process_figures *ret_figures);

#endif
