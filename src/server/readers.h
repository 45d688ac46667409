/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Requests that may read a whole run: they are answered beside the loop, each
 * on a thread with a read-only connection to the store, a few at a time, one of
 * each client and in the order in which they came. The loop goes on meanwhile; who
 * pipelines requests tells answers apart by their ids.
 */
#ifndef OPTOP_SERVER_READERS_H
#define OPTOP_SERVER_READERS_H

#include "base/json.h"
#include "base/str.h"
#include "optop/arena.h"

enum {
    READERS_MAX = 2, /* at a time; each has a cache of 1 MiB */
    READER_REST_SECONDS = 60, /* then its connection is closed */
    READER_LIFE_SECONDS = 3600,
    READERS_WAITING_MAX = 32, /* requests of one client that were not answered */
};

struct server;
struct session;
struct store;

struct reader {
    struct store *store; /* a connection of its own */
    struct optop_arena arena; /* for one request */
};

/* Writes the whole answer line; on a thread: it must touch nothing but what it
 * is given. Returns the error's code, or 0. */
typedef int reader_fn(const void *what, const json_t *request, struct reader *reader,
    struct str *answer);

/* The pool of connections, "store readers". */
int readers_open(struct server *server);

/* Once per tick: closes what has rested. */
void readers_tick(struct server *server);

/* Takes the request when it answers 0. ERR_TOO_LARGE: too many wait. */
int readers_add(struct session *session, reader_fn *fn, const void *what, json_t *request);

/* A client has read all that waited for it. */
void readers_wake(struct server *server);

/* The session has gone: its answers have nowhere to go. */
void readers_forget(struct session *session);

/* What runs ends by itself and is forgotten. */
void readers_release(struct server *server);

#endif
