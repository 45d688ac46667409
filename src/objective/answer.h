/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line of what a warm program says, as values. A line is a JSON object:
 *
 *     {"trial":17,"score":0.5,"metrics":{"loss":0.1}}   its result
 *     {"trial":17,"error":"diverged"}                   it failed
 *     {"trial":17,"step":3,"value":0.9}                 a report on the way
 *
 * or a list of such objects, which saves a program the cost of a line for each.
 * Keys come in any order; other keys are ignored. NaN, Infinity and -Infinity are
 * read as numbers, since common writers print them, and are never a score.
 *
 * Lines of the usual shape are read by hand: they come by the hundred thousand
 * a second. All others are given to jansson.
 */
#ifndef OPTOP_OBJECTIVE_ANSWER_H
#define OPTOP_OBJECTIVE_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/run.h"
#include "model/trial.h"

enum {
    ANSWER_LINE_MAX = 64 * 1024, /* bytes of a line; longer: no answer */
    ANSWER_METRICS_MAX = 16, /* more of one answer are left out */
};

enum answer_kind { ANSWER_SCORE, ANSWER_ERROR, ANSWER_REPORT };

struct answer_metric {
    char name[RUN_NAME_MAX]; /* of letters, digits, '.', '_', '-'; others become '_' */
    double value; /* finite */
};

struct answer {
    int64_t trial; /* at least 1 */
    enum answer_kind kind;
    double score; /* of a score; finite */
    int64_t step; /* of a report */
    double value; /* of a report; finite */
    char error[TRIAL_REASON_MAX]; /* of an error; cleaned, never empty */
    int metric_count;
    struct answer_metric metric[ANSWER_METRICS_MAX];
};

/* A line taken apart: what is left of it. */
struct answer_line {
    const char *at, *end; /* borrowed; *end is '\n' or NUL */
    bool list, ended;
};

struct answer_line answer_line(const char *line, size_t len);

/* The text of its next answer, for answer_read; NULL behind the last. */
const char *answer_line_next(struct answer_line *line, size_t *ret_len);

/* Reads the len bytes of an answer; behind them is a byte that is no part of any
 * number or word, such as '\n', NUL or ','. What has a trial and nothing else
 * of use is an error of that trial. ERR_SYNTAX, with a fault that a person can
 * read (cleaned), when it cannot be said whose answer it is. */
int answer_read(const char *line, size_t len, struct answer *ret_answer,
    char fault[TRIAL_REASON_MAX]);

/* The quick half of it: false when it is not of the usual shape. For tests. */
bool answer_scan(const char *line, size_t len, struct answer *ret_answer);

#endif
