/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Does a run stand still? It does when no trial has ended for `factor` times what a
 * trial usually takes, and for a minute at least. No clock: the time is passed in.
 */
#ifndef OPTOP_RUN_STALL_H
#define OPTOP_RUN_STALL_H

#include <stdbool.h>
#include <stdint.h>

enum { STALL_LEAST_SECONDS = 60 };

struct stall {
    int64_t run; /* its number */
    int64_t finished; /* trials, when that last changed */
    int64_t since_ns; /* monotonic; 0: not looked at yet */
};

/* `works`: it is meant to get on. usual_seconds 0: not known, and nothing is said. */
bool stall_step(struct stall *stall, bool works, int64_t finished, double usual_seconds,
    double factor, int64_t now_ns);

#endif
