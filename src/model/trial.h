/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A trial: one evaluation of the objective at one point, numbered from 1
 * within its run in the order in which the search proposed it.
 */
#ifndef OPTOP_MODEL_TRIAL_H
#define OPTOP_MODEL_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/str.h"

enum trial_state { TRIAL_DONE, TRIAL_FAILED };

enum {
    TRIAL_REASON_MAX = 128,
    TRIAL_LOG_MAX = 4096, /* last bytes of standard error that are kept */
    TRIAL_METRICS_MAX = 4096, /* bytes of the text of what a trial reports of itself */
    TRIAL_METRIC_NAME_MAX = 64, /* with its end; longer names are cut */
};

/* What a worker says of a trial. NaN: not known. */
struct trial_result {
    int64_t trial;
    int attempt; /* from 1 */
    enum trial_state state;
    double score; /* NaN when failed */
    double wall_seconds;
    double cpu_seconds; /* user and system, the whole process tree reaped */
    double max_rss_bytes;
    double stdout_bytes;
    int exit_code; /* -1 when it ended by a signal or never started */
    int signal_number; /* 0: none */
    bool cancelled; /* it failed because its user wanted it to: no retry by itself */
    char reason[TRIAL_REASON_MAX]; /* "" when done; cleaned */
    bool kept_directory; /* it ran in a directory of its own, which is still there */
    char *log; /* last of standard error, cleaned; owned; NULL: none */
    char *output; /* what it wrote, as it is kept (io/capture.h); owned; NULL: none */
    size_t output_len;
    int64_t output_bytes; /* of it in all */
    char *metrics; /* what it reported besides the score: JSON object; owned; NULL: none */
};

/* Names of what is measured of every trial: wall_seconds, cpu_seconds,
 * max_rss_bytes, stdout_bytes; ended by NULL. */
extern const char *const trial_measure_names[];

/* Appends the metrics among an object's members as the text of a JSON object;
 * nothing when there are none. A metric is a finite number. Names are cleaned,
 * the first of equal ones counts; `except` (NULL: none) and the names of
 * measures are left out, and so is what does not fit in TRIAL_METRICS_MAX. */
void trial_metrics_read(const json_t *object, const char *except, struct str *out);

#endif
