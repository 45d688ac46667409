/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lines between the server and a worker, as doc/PROTOCOL.md ("Workers")
 * describes them: both ends write and read them here. Writers append one line
 * with its end to a str.
 */
#ifndef OPTOP_EXEC_WORKER_MSG_H
#define OPTOP_EXEC_WORKER_MSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"
#include "exec/limit.h"
#include "model/run.h"
#include "model/trial.h"

enum {
    WORKER_FD = 3, /* the worker's end of the socket pair */
    WORKER_LINE_MAX = 1024 * 1024, /* with its end; longer: protocol error */
    WORKER_QUEUE_MAX = 65536, /* trials that a worker has been given */
    WORKER_FAILURES_MAX = 256, /* of a range, whose reasons are told */
    WORKER_LOGS_MAX = WORKER_LINE_MAX / 2, /* bytes of them behind which no more logs go along */
};

struct worker_init {
    const struct run_spec *spec;
    const char *directory; /* NULL: the server's */
    const char *cage; /* name of the cage's kind */
    char *const *cgroups; /* cgroup.procs files that it joins by */
    int cgroup_count;
    const struct limit_set *limits; /* NULL: none */
    const char *text; /* the run file's, for a warm objective; NULL: none */
    int threads; /* that are to evaluate in it */
    bool capture; /* CAPTURE_FD is there (io/capture.h) */
    const char *shelf; /* where trials' own directories are; NULL: they have none */
};

/* To the worker. */
void worker_msg_init(struct str *out, const struct worker_init *init);
void worker_msg_cancel(struct str *out, double grace_seconds);
void worker_msg_finish(struct str *out);
void worker_msg_release(struct str *out);
void worker_msg_order(struct str *out, const char *order, int64_t trial, double grace_seconds);
void worker_msg_limits(struct str *out, const struct run_spec *spec);

/* A trials line is opened, filled and closed. */
void worker_msg_trials_begin(struct str *out);
void worker_msg_trial(struct str *out, const struct run_spec *spec, int64_t trial,
    int attempt, const double *values, bool first);
void worker_msg_trials_end(struct str *out);

/* A range of a warm run: trials from `trial` on, the search standing at cursor. */
struct worker_range_order {
    int slot;
    int64_t trial;
    int count;
    double cursor;
};
void worker_msg_range(struct str *out, const struct worker_range_order *order);

/* From the worker. */
/* refused: limits that could not be applied, name and why. */
void worker_msg_ready(struct str *out, const json_t *refused);
/* Says before it is ready how many threads evaluate. */
void worker_msg_warm(struct str *out, int threads);
/* failures: items that worker_msg_failure has made, or "". */
void worker_msg_range_ended(struct str *out, int slot, int64_t trial, const char *failures);
/* log: raw end of standard error, cleaned here; len 0: none */
void worker_msg_failure(struct str *list, int64_t trial, const char *text, const char *log,
    size_t log_len);
void worker_msg_error(struct str *out, const char *text);
/* Trials that were given and will not be run: opened, filled, closed. */
void worker_msg_returned_begin(struct str *out);
void worker_msg_returned(struct str *out, int64_t trial, bool first);
void worker_msg_returned_end(struct str *out);
void worker_msg_started(struct str *out, int64_t trial);
void worker_msg_result(struct str *out, const struct trial_result *result);

/* Reads a result line. Everything in it is checked and cleaned: a score that
 * is missing or not finite makes a failed trial. log, metrics and output are where
 * result's will point when there are some. ERR_PROTOCOL when it is no result
 * line. */
int worker_msg_read_result(const json_t *line, struct trial_result *result, struct str *log,
    struct str *metrics, struct str *output);

/* Makes the raw end of standard error fit to be shown: lines stay lines, the
 * rest is cleaned (base/text.h); the last TRIAL_LOG_MAX - 1 bytes are kept. */
void worker_msg_clean_log(const char *bytes, size_t len, struct str *out);

#endif
