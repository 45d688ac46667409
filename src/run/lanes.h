/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the workers of a run have done in the last minutes, second by second. A worker
 * has a lane while it lives; its successor takes the lowest free one, so that workers
 * of one trial each are one lane and not thousands. Pure: no clock, no workers; the
 * loop's thread.
 */
#ifndef OPTOP_RUN_LANES_H
#define OPTOP_RUN_LANES_H

#include <stdbool.h>
#include <stdint.h>

enum {
    LANES_MAX = 64, /* workers beyond have none */
    LANE_POINTS = 300,
};

/* A point: '0' to '9' are tenths of the time that it was busy ('9': nine tenths or
 * all), the others are what it was: */
enum {
    LANE_EMPTY = ' ', /* there was no worker */
    LANE_STARTING = 's',
    LANE_FAILED = 'f', /* a trial has failed in it */
    LANE_HELD = 'p', /* its trial stood still */
};

struct lane {
    bool taken;
    bool failed; /* since the last point */
    char at_rest; /* LANE_STARTING, LANE_HELD, or 0: neither */
    int threads; /* the most since the last point */
    int64_t busy_ns; /* of those that were in it, ended or not */
    int64_t ended_ns; /* of those that have ended */
    int64_t told_ns; /* busy_ns at the last point */
    char past[LANE_POINTS]; /* a ring */
};

struct lanes {
    int count; /* that were ever taken */
    int points, head; /* of all; head: where the newest is */
    int64_t steps; /* so far: the number of the newest point */
    int64_t stepped_ns; /* when the newest ended; 0: none yet */
    struct lane lane[LANES_MAX];
};

/* The lowest free lane; -1: all are taken. */
int lanes_take(struct lanes *lanes);

/* Its worker has ended, after so much work. lane -1: nothing, here and below. */
void lanes_leave(struct lanes *lanes, int lane, int64_t busy_ns);

/* A trial has failed. */
void lanes_fail(struct lanes *lanes, int lane);

/* How its worker stands; busy_ns: of its whole life, all threads together. at_rest
 * counts where it was not busy at all. */
void lanes_see(struct lanes *lanes, int lane, int64_t busy_ns, int threads, char at_rest);

/* One point more of every lane, after all that have a worker were seen. */
void lanes_step(struct lanes *lanes, int64_t now_ns);

/* The newest `most` points of a lane, oldest first, as a text. buf has most + 1 bytes. */
int lanes_read(const struct lanes *lanes, int lane, int most, char *buf);

#endif
