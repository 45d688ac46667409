/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The server's end of one optop-worker process: starts it (posix_spawn, never
 * fork), sends it chunks of trials, hears results, ends it. The other end is
 * worker_main.c; the two talk newline-delimited JSON over a socket pair, as
 * doc/PROTOCOL.md describes under "Workers".
 */
#ifndef OPTOP_EXEC_WORKER_H
#define OPTOP_EXEC_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "exec/cage.h"
#include "exec/limit.h"
#include "exec/warm.h"
#include "exec/worker_msg.h"
#include "io/capture.h"
#include "io/loop.h"
#include "model/run.h"
#include "model/trial.h"

struct worker;

struct worker_task {
    int64_t trial;
    int attempt;
    const double *values; /* one per dimension; borrowed during the call */
};

struct worker_options {
    const char *program; /* path of optop-worker */
    const struct run_spec *spec; /* borrowed while the worker lives */
    struct cage *cage; /* borrowed while the worker lives */
    struct limit_set *limits; /* borrowed while the worker lives; NULL: none */
    const char *mark; /* value of OPTOP_RUN */
    const char *directory; /* working directory of trials */
    const char *shelf; /* where they get one each instead; NULL: they do not */
    char *const *environment; /* NULL-ended; borrowed during the call */
    /* Of a warm objective: the run file's text, from which the worker makes its
     * own spec, and how many threads are to evaluate. NULL: a blocking one. */
    const char *text;
    int threads;
};

struct worker_events {
    /* It has taken in what it was started with, and will evaluate. */
    void (*ready)(void *context, struct worker *worker);
    /* A trial has started / ended in the worker. result is borrowed; its log
     * too. Results of trials that were not asked for never arrive here. */
    void (*started)(void *context, struct worker *worker, int64_t trial);
    /* It will not run that one: it was told to pause the one before it. */
    void (*returned)(void *context, struct worker *worker, int64_t trial);
    void (*result)(void *context, struct worker *worker, const struct trial_result *result);
    /* A range has ended: its results are in the block, its slot is free once
     * this returns. failures: array of [trial, reason], not checked. */
    void (*range_ended)(void *context, struct worker *worker, int slot, const json_t *failures);
    /* The process is gone and reaped. lost[] are trials it was given and did
     * not answer; text says how it ended ("killed by SIGSEGV"). The worker is
     * freed after this call. */
    void (*exited)(void *context, struct worker *worker, const int64_t *lost,
        int lost_count, const char *text);
};

int worker_start(struct loop *loop, const struct worker_options *options,
    const struct worker_events *events, void *context, struct worker **ret_worker,
    struct diag *diag);

/* Hands it trials; never blocks (what does not fit is queued). */
void worker_send(struct worker *worker, const struct worker_task *tasks, int count);

/* Hands it a range, into a free slot of a warm worker that is ready. */
void worker_send_range(struct worker *worker, const struct worker_range_order *order);

/* What there is of a warm worker; NULL: it is a blocking one. Borrowed. */
struct warm *worker_warm(struct worker *worker);

/* Trials given and not answered; of a warm worker, ranges. */
int worker_outstanding(const struct worker *worker);
pid_t worker_pid(const struct worker *worker);
int64_t worker_started_ns(const struct worker *worker); /* monotonic */

/* Asks it to end: no new trial; TERM to the running trial's whole tree, KILL
 * after grace_seconds, then exit. Without a running trial it exits at once. */
void worker_cancel(struct worker *worker, double grace_seconds);

/* What a user wants of the trial that runs in it. */
enum worker_order {
    WORKER_CANCEL_TRIAL, /* TERM, KILL after the grace time: it fails, the worker goes on */
    /* its processes stand still, its time limit does not count; the trials that
     * the worker was given beyond it are returned */
    WORKER_PAUSE_TRIAL,
    WORKER_RESUME_TRIAL,
    WORKER_ORDER_COUNT
};

/* Heard only while that trial runs: one that has just ended has its result. */
void worker_order(struct worker *worker, enum worker_order order, int64_t trial,
    double grace_seconds);

/* Memory is short: it gives back what it does not need. */
void worker_release_memory(struct worker *worker);

/* The time limits of trials in its spec have changed: they hold at once. */
void worker_tell_limits(struct worker *worker);

/* Lets it finish what it was given, then exit. */
void worker_finish(struct worker *worker);

/* What the trial that runs, or ran last, has written so far; -ENODATA: nothing
 * is known of that. */
int worker_output(const struct worker *worker, struct captured *ret_captured);

/* Forgets it: it ends as its connection closes, and nothing is heard of it. */
void worker_abandon(struct worker *worker);

/* KILL to the worker itself, now. Its trials are lost. */
void worker_kill(struct worker *worker);

#endif
