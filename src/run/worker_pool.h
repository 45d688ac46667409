/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The worker processes of all runs as a pool: created -> idle <-> in use ->
 * retired. Counts what happens to them and says when one has had its time.
 * Decides only: no I/O, no clock; times are monotonic, and not 0. Each trial that
 * is handed out is an acquisition; the first one of a worker created it.
 *
 *   acquire  from a trial being wanted to a worker having it: for a worker that
 *            was idle, some microseconds; for a new one, until it is ready
 */
#ifndef OPTOP_RUN_WORKER_POOL_H
#define OPTOP_RUN_WORKER_POOL_H

#include "model/run.h"
#include "stat/figures.h"

struct worker_pool {
    struct pool_figures figures;
    struct histogram acquire;
};

/* A member. Zeroed: not created yet. */
struct pool_worker {
    int64_t created_ns;
    int64_t idle_since_ns; /* 0: in use */
    int64_t free_ns; /* since when it could take more; 0: it waits for trials */
    int64_t wanted_ns; /* it was given trials before it was ready; 0: no */
    int64_t given; /* trials, so far */
    bool ready; /* has said so */
    enum pool_reason leaving; /* why it is let go; POOL_REASON_COUNT: it stays */
};

void worker_pool_init(struct worker_pool *pool, const char *name);

void worker_pool_create(struct worker_pool *pool, struct pool_worker *worker, int64_t now_ns);
void worker_pool_ready(struct worker_pool *pool, struct pool_worker *worker, int64_t now_ns);

/* It was given trials, 1 or more. pass_ns: when those who wait for trials were asked. */
void worker_pool_give(struct worker_pool *pool, struct pool_worker *worker, int trials,
    int64_t pass_ns, int64_t now_ns);

/* It has answered; so many are left. */
void worker_pool_answer(struct worker_pool *pool, struct pool_worker *worker, int outstanding,
    int64_t now_ns);

/* The process is gone. */
void worker_pool_retire(struct worker_pool *pool, const struct pool_worker *worker);

/* Trials that it may still be given. */
int64_t worker_pool_room(const struct pool_worker *worker, const struct run_pool *rules);

/* Why it is to be let go now: age, memory, or for being idle where others are
 * enough (may_idle). POOL_TIMEOUT: it is to be ended at once. */
enum pool_reason worker_pool_due(const struct pool_worker *worker, const struct run_pool *rules,
    int64_t rss_bytes, bool may_idle, int64_t now_ns);

const char *pool_reason_name(enum pool_reason reason);

#endif
