/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Warm runs (objective/batch.h) go by ranges where others go by the window: the
 * server hands out "the search stands here: walk on for n trials" and gets a
 * block of results back. A queue of 10^12 points is two numbers, and a range
 * costs the same whether it is one trial or 65536.
 *
 * Ranges are handed out in order and end in any order. Those that are not yet
 * below the mark are a list, by trial; what a dead worker leaves open comes
 * back into it as smaller ones. Of the runner.
 */
#ifndef OPTOP_RUN_RANGE_H
#define OPTOP_RUN_RANGE_H

#include <stdbool.h>

#include "run/runner_private.h"

/* Takes up what the store has of the run above its mark. */
int ranges_open(struct runner *runner, struct run *run, struct diag *diag);
void ranges_close(struct run *run); /* takes one that was never opened */

/* Something is handed back and waits for a worker. */
bool ranges_ready(const struct run *run);
/* Nothing is with a worker, waits for one, or waits for its commit. */
bool ranges_empty(const struct run *run);
/* Ranges that wait for their commit. */
int ranges_results(const struct run *run);

/* Threads of the next worker, when so many more are wanted. */
int ranges_threads(const struct run *run, int missing);

/* Fills the free slots of a worker. False: it may finish, for there is nothing
 * more for it. */
bool ranges_feed(struct runner *runner, struct run *run, struct run_worker *w);

/* A range of a worker has ended. */
void ranges_ended(struct runner *runner, struct run *run, struct run_worker *w, int slot,
    const json_t *failures);

/* A worker is gone; true when it had ended trials since its last answer, or was
 * in one (which has then failed): it is no worker that cannot start. */
bool ranges_lost(struct runner *runner, struct run *run, struct run_worker *w, const char *text);

/* Where the search may go on once everything that has ended is stored. */
struct search_position ranges_mark(const struct run *run);

/* Within the transaction: blocks, or the best trials; and what they add. */
int ranges_store(struct runner *runner, struct run *run, struct batch *batch);
/* It is on disk. Returns how many ranges waited for that. */
int ranges_accept(struct run *run);

/* Trials that its threads are at. */
int ranges_running(const struct run_worker *w);

/* How long its threads have been at work, all together; 0 when it is not warm. */
int64_t ranges_busy_ns(const struct run_worker *w, int64_t now_ns);

#endif
