/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One batch of a run: read from the store, encoded, sent. On a thread; touches
 * nothing but the job, its reader of the store and its peer's connections.
 */
#ifndef OPTOP_SINK_SINK_JOB_H
#define OPTOP_SINK_SINK_JOB_H

#include "sink/sink_peer.h"
#include "store/store_sink.h"

struct sink_job {
    struct sink_peer *peer;
    struct store *reader; /* borrowed */
    int64_t run;

    struct store_sink_sent sent; /* what came of it: to be committed */
    int64_t settled; /* events that are not behind any more: sent, or gone from the store */
    bool full; /* there is more */
    char error[PEER_ERROR_MAX]; /* why not all of it was sent; "" */
};

void sink_job_run(struct sink_job *job);

#endif
