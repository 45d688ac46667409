/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finished trials on their way to where runs want them ([results] sink): what
 * the store still has to send (store/store_sink.h) goes out in batches, and
 * leaves the store when the other end has taken it. At least once, in order.
 *
 *   sink.c       on the loop: whose turn it is, what was sent, when to try again
 *   sink_job.c   on a thread: a batch from the store to the other end
 *   sink_peer.c  one place with a pool of connections: Redis, or lines
 *
 *   stored -> sinks_add -> job (read, encode, send, wait for the answer)
 *                -> committed as sent -> next job, or later when it has failed
 *
 * The run itself waits for nothing of this. A place that fails is left alone for
 * a time, longer each time and by chance; others go on. Loop thread only.
 */
#ifndef OPTOP_SINK_SINK_H
#define OPTOP_SINK_SINK_H

#include "run/live_run.h"

enum {
    SINK_THREADS = 4, /* places that are served at once */
    SINK_PLACES_MAX = 64, /* that have something to send; further ones fail */
    SINK_EVENTS_MAX = 1000, /* of a batch */
    SINK_BYTES_MAX = 512 * 1024, /* of it, and one event more */
    SINK_SECONDS = 10, /* of the whole exchange */
    SINK_CONNECT_SECONDS = 5,
    SINK_REST_SECONDS = 60, /* then a connection is closed */
    SINK_LIFE_SECONDS = 600,
    SINK_PAUSE_MS = 50, /* between batches that are not full */
};

struct sinks;

struct sinks_options {
    struct loop *loop;
    struct store *store;
    /* A run in memory, or loaded into *ret_loaded (owned); NULL: there is none. */
    const struct run *(*find)(void *context, int64_t id, struct run **ret_loaded);
    void (*changed)(void *context, int64_t run); /* sinks_describe says otherwise now */
    void *context;
};

/* Takes up what an earlier server has not sent. NULL when memory is out. */
struct sinks *sinks_new(const struct sinks_options *options);

/* Ends what is under way: what was not answered is sent again by the next server. */
void sinks_free(struct sinks *sinks);

/* So many more of a run are stored. */
void sinks_add(struct sinks *sinks, const struct run *run, int64_t count);

/* Once per tick: closes connections that have rested. */
void sinks_tick(struct sinks *sinks);

/* Fills run->sunk. */
void sinks_describe(struct sinks *sinks, struct run *run);

/* First and largest bound of the time before the next try (0.5 s, 60 s): tests
 * shorten them. */
void sinks_set_backoff(struct sinks *sinks, double base_seconds, double cap_seconds);

#endif
