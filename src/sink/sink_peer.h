/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One place that results go to, with its connections: they rest in a pool, are
 * asked whether they still live before they are used again, and are closed after
 * a time. Used by one job at a time, which runs on a thread.
 */
#ifndef OPTOP_SINK_SINK_PEER_H
#define OPTOP_SINK_SINK_PEER_H

#include "config/url.h"
#include "io/redis.h"
#include "mem/registry.h"
#include "model/run.h"
#include "optop/pool.h"

enum { PEER_ERROR_MAX = 200 };

struct sink_peer {
    struct sink_peer *next;
    int users; /* runs with something to send */
    struct run_sink options; /* owned */
    struct sink_place place;
    char name[RESOURCE_NAME_MAX]; /* "127.0.0.1:6379/0" */
    struct optop_pool *pool;
    int cancel_fd; /* borrowed */
    char error[PEER_ERROR_MAX]; /* of the job under way: why a connection could not be made */

    /* On the loop. */
    bool busy;
    int failures; /* in a row */
    int64_t failing_since_ns; /* monotonic; 0: not */
    int64_t due_ns; /* not before */
    _Atomic int64_t behind; /* from here on also read by who shows figures */
    _Atomic uint64_t sent, failed;
    _Atomic bool failing;
    struct resource resource; /* "sink" */
};

/* NULL with errno. */
struct sink_peer *peer_new(const struct run_sink *options, int cancel_fd);
void peer_free(struct sink_peer *peer); /* none of its connections is in use */
bool peer_is(const struct sink_peer *peer, const struct run_sink *options);

/* A connection of the peer's, on a thread. */
struct peer_link {
    struct sink_peer *peer;
    struct redis *redis; /* of lines the stream alone is used */
    struct str lines;
    int64_t used_ns;
};

/* NULL: peer->error says why. */
struct peer_link *peer_take(struct sink_peer *peer);
void peer_give(struct peer_link *link, bool good);

/* Adds one event to those that are sent together. */
int peer_add(struct peer_link *link, const char *id, const char *type, const char *json, size_t len);

/* Sends them and waits for the answers: how many were taken, from the first on. When
 * that is not all of them, `error' says why. ids: as they were added. */
int peer_send(struct peer_link *link, const char (*ids)[48], int count, char *error, size_t size);

#endif
