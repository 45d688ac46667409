/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The boards of all programs of this user: found in their directory, read at
 * every tick, removed when their program has died. One thread.
 */
#ifndef OPTOP_STAT_BOARDS_H
#define OPTOP_STAT_BOARDS_H

#include <limits.h>

#include "base/err.h"
#include "stat/board_reader.h"

enum {
    BOARDS_MAX = 128, /* later ones wait until one goes */
    BOARDS_FIGURES_MAX = 16384, /* of all; a board beyond stays empty */
};

struct boards {
    char path[PATH_MAX];
    int directory; /* -1: none */
    int count;
    struct board_reader *board[BOARDS_MAX]; /* by program, then pid */
    int next; /* where the next step goes on reading */
    int64_t scanned_ns; /* monotonic; 0: never */
    int64_t changed_ns; /* the directory's time when it was scanned */
};

/* The directory is made when it is not there; 0, or why there are no boards. */
int boards_open(struct boards *boards, const char *directory, struct diag *diag);
void boards_release(struct boards *boards);

/* Looks for new and dead ones and reads them, for `budget_ns` at most: what is
 * left is read by the next step. Allocates only when boards or figures come. */
void boards_step(struct boards *boards, int64_t now_ns, int64_t budget_ns);

#endif
