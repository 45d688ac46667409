/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From the standard output of a trial to its score, in bounded memory and at
 * the speed of a pipe: output comes in piece by piece, only what the score
 * needs is kept.
 *
 * stdout  the last number printed. A number is a word of its own: words are
 *         made of letters, digits, '.', '_', '+' and '-', so "3.5", "x=3.5",
 *         "(3.5)" and "3.5." have one, "3.5s", "v2" and "2024-01-02" have
 *         none. nan, inf and what overflows count as numbers that are not
 *         finite.
 * json    a field of the last line that holds a JSON object and nothing else;
 *         the object's other numbers are metrics (model/trial.h).
 */
#ifndef OPTOP_OBJECTIVE_SCORE_H
#define OPTOP_OBJECTIVE_SCORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "model/run.h"
#include "model/trial.h"

enum {
    SCORE_OBJECT_MAX = 64 * 1024, /* longer lines hold no object */
    SCORE_WORD_MAX = 512, /* longer words are no numbers */
    SCORE_READ_MAX = 128 * 1024, /* two full pipes of the usual size */
};

struct score {
    enum score_kind kind;
    char field[RUN_NAME_MAX]; /* of SCORE_JSON */

    uint64_t bytes; /* printed so far */
    char *buffer; /* owned; SCORE_OBJECT_MAX + SCORE_READ_MAX */
    size_t carried; /* bytes of an unfinished word or line in front */
    bool skipping; /* the unfinished word or line is too long to count */
    bool found;
    double number; /* the last one, when found */
    struct str object; /* the last line that looks like one, when found */
    struct str metrics; /* of SCORE_JSON, after score_end: its other numbers; "": none */
};

int score_init(struct score *score, enum score_kind kind, const char *field);
void score_release(struct score *score);

/* Forgets the last trial, keeps the memory. */
void score_reset(struct score *score);

/* Where to read the next output to, and how much fits; then how much came. */
char *score_room(struct score *score, size_t *ret_room);
void score_take(struct score *score, size_t len);

/* The output is complete: the score of a trial that ended well, taken from
 * the output or from its measured figures. ERR_NOT_FOUND and the reason when
 * there is none. */
int score_end(struct score *score, const struct trial_result *figures, double *ret_score,
    char reason[TRIAL_REASON_MAX]);

#endif
