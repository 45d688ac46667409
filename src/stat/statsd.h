/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What programs in any language send as StatsD lines, kept on a board:
 *
 *     NAME:VALUE|TYPE[|@RATE][|#TAG:VALUE,TAG]
 *
 *   c   counts VALUE up (divided by the rate)     -> counter
 *   g   sets VALUE; with a sign: changes by it    -> gauge
 *   ms  took VALUE milliseconds                   -> histogram
 *   s   saw VALUE: how many different ones in ten seconds -> gauge
 *
 * Tags become labels "TAG=VALUE,TAG". Everything has a cap; what does not fit
 * or cannot be read is counted as `statsd.dropped'. One thread.
 */
#ifndef OPTOP_STAT_STATSD_H
#define OPTOP_STAT_STATSD_H

#include <stddef.h>
#include <stdint.h>

#include "optop/arena.h"
#include "optop/board.h"

enum {
    STATSD_FIGURES_MAX = 1024,
    STATSD_SETS_MAX = 32,
    STATSD_IDLE_SECONDS = 300, /* a figure gives its place to a new one when it rests so long */
    STATSD_SET_SECONDS = 10,
};

enum statsd_type { STATSD_COUNTER, STATSD_GAUGE, STATSD_TIMING, STATSD_SET };

struct statsd_line {
    enum statsd_type type;
    char name[OPTOP_NAME_MAX], labels[OPTOP_LABELS_MAX];
    double value; /* of a set: not used */
    double rate; /* above 0, at most 1 */
    int sign; /* of a gauge: -1 or 1 where it changes, else 0 */
    struct optop_slice member; /* of a set; of the text */
};

/* Reads a line; 0 or ERR_SYNTAX. */
int statsd_parse(struct optop_slice text, struct statsd_line *ret_line);

struct statsd;

/* Its board is opened by the first line. Owned; NULL when memory is out. */
struct statsd *statsd_new(void);
void statsd_free(struct statsd *statsd); /* NULL is fine */

/* One datagram: lines. */
void statsd_take(struct statsd *statsd, struct optop_slice text, int64_t now_ns);

/* A datagram that was cut. */
void statsd_drop(struct statsd *statsd);

/* Once per tick: sets are counted when their time is over. */
void statsd_tick(struct statsd *statsd, int64_t now_ns);

#endif
