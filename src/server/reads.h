/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Requests that may read a whole run: answered beside the loop (server/beside.h), each
 * with a read-only connection to the store.
 */
#ifndef OPTOP_SERVER_READS_H
#define OPTOP_SERVER_READS_H

#include "base/json.h"
#include "base/str.h"
#include "optop/arena.h"

enum {
    READS_MAX = 2, /* at a time; each has a connection */
    READS_SECONDS = 60, /* for one */
    READER_REST_SECONDS = 60, /* then its connection is closed */
    READER_LIFE_SECONDS = 3600,
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
typedef int read_fn(const void *what, const json_t *request, struct reader *reader,
    struct str *answer);

/* The pool of connections, "store readers". */
int reads_open(struct server *server);
void reads_close(struct server *server); /* when no read is under way */

/* Once per tick: closes what has rested. */
void reads_tick(struct server *server);

/* As beside_add. */
int reads_add(struct session *session, read_fn *fn, const void *what, json_t *request,
    struct diag *diag);

#endif
