/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Runs, their trials and their log lines in the store. Writes go inside
 * store_begin/store_commit. Strings handed to callbacks are borrowed for the
 * call. All functions answer 0, or a negative code.
 */
#ifndef OPTOP_STORE_STORE_RUN_H
#define OPTOP_STORE_STORE_RUN_H

#include "model/run.h"
#include "model/trial.h"
#include "store/store.h"

enum { STORE_RUN_LOG_MAX = 10000 }; /* newest lines kept of each run */

/* A run as stored. */
struct store_run {
    int64_t id;
    const char *name;
    enum run_state state;
    const char *reason;
    const char *file, *text, *directory;
    const char *environment; /* K=V, each ended by NUL */
    size_t environment_len;
    int64_t created_wall_ns, started_wall_ns, finished_wall_ns; /* 0: not yet */
    int64_t elapsed_ns, busy_ns, worker_ns;
    int64_t total; /* -1: not known */
    int64_t feasible; /* points that the constraints leave; -1: not counted */
    int64_t done, failed;
    int64_t best_trial; /* 0: none */
    double best_score;
    int64_t mark_trial; /* every trial below is stored */
    double mark_cursor;
    const char *cage;
};

/* Adds a run; its id is returned and never used again. */
int store_run_add(struct store *store, const struct store_run *run, int64_t *ret_id);

/* Writes what changes while a run lives: state, reason, times, counts, best,
 * mark, cage. */
int store_run_update(struct store *store, const struct store_run *run);

/* The run file with its changes. */
int store_run_set_text(struct store *store, int64_t id, const char *name, const char *text);

typedef int store_run_fn(void *context, const struct store_run *run);

/* Newest first, at most limit. */
int store_run_list(struct store *store, int limit, store_run_fn *fn, void *context);
int store_run_get(struct store *store, int64_t id, store_run_fn *fn, void *context);
/* Those that have not ended, oldest first. */
int store_run_open_list(struct store *store, store_run_fn *fn, void *context);

/* A trial as stored; params is a JSON array of numbers. */
struct store_trial {
    const struct trial_result *result;
    const char *params;
    int64_t finished_wall_ns;
};

/* ERR_DUPLICATE when this run already has the trial: the first result stays. */
int store_trial_add(struct store *store, int64_t run, const struct store_trial *trial);

/* Forgets a trial that is not among the best any more (keep.trials = top:N). */
int store_trial_remove(struct store *store, int64_t run, int64_t trial);

typedef int store_trial_fn(void *context, const struct store_trial *trial);
/* Best first; only those that are done. */
int store_trial_top(struct store *store, int64_t run, enum run_goal goal, int count,
    store_trial_fn *fn, void *context);
/* The same by a metric, trials without it last: smallest first, or largest;
 * only trials numbered up to `last`. ERR_NOT_FOUND: there is no such metric. */
int store_trial_top_by(struct store *store, int64_t run, const char *metric, bool largest,
    int64_t last, int count, store_trial_fn *fn, void *context);
/* By number, from after + 1; failed ones too. */
int store_trial_list(struct store *store, int64_t run, int64_t after, int limit,
    store_trial_fn *fn, void *context);
int store_trial_get(struct store *store, int64_t run, int64_t trial,
    store_trial_fn *fn, void *context);

/* Numbers and scores (NaN: failed) in order of completion. */
typedef int store_score_fn(void *context, int64_t trial, double score);
int store_trial_scores(struct store *store, int64_t run, store_score_fn *fn, void *context);

/* Score and point (one value per dimension) of each trial that has a score, in no
 * order; a million take some 50 ms where they lie in blocks (store_points.c). */
typedef int store_point_fn(void *context, double score, const double *values);
int store_trial_points(struct store *store, int64_t run, int dimensions, store_point_fn *fn,
    void *context);

/* Trials that failed for the same reason; the reasons of most trials first. */
struct store_failure {
    const char *reason;
    int64_t count, first, last; /* trials */
    int64_t wall_ns; /* when the newest of them ended */
};
typedef int store_failure_fn(void *context, const struct store_failure *failure);
/* ret_kinds: how many reasons there are, those beyond `limit` too. */
int store_trial_failures(struct store *store, int64_t run, int limit, int64_t *ret_kinds,
    store_failure_fn *fn, void *context);

struct store_log {
    int64_t id;
    int64_t run;
    int64_t trial; /* 0: about the run */
    int64_t wall_ns;
    const char *level; /* "info", "warn", "error"; "stderr": a trial's own last words */
    const char *text;
};
int store_log_add(struct store *store, const struct store_log *line);
typedef int store_log_fn(void *context, const struct store_log *line);
/* Lines with an id above `after`, oldest first; trial 0: of all. The first `limit` of
 * them, or the newest. */
int store_log_list(struct store *store, int64_t run, int64_t trial, int64_t after,
    int limit, bool newest, store_log_fn *fn, void *context);

#endif
