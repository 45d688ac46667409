/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The client's end of the socket: finds or starts the user's server, shakes
 * hands, calls methods. Two ways of use: client_call waits for its answer (the
 * command line); after client_attach answers and notifications arrive by
 * callback from a loop (the screen, `optop watch`). doc/PROTOCOL.md says what
 * the methods are.
 */
#ifndef OPTOP_WIRE_CLIENT_H
#define OPTOP_WIRE_CLIENT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "io/loop.h"

enum { WIRE_PROTOCOL = 1 };

struct client;

struct client_options {
    const char *socket; /* NULL: wire_socket_path() */
    bool start_server; /* start one in the background when none answers */
    bool any_version; /* for server.status and server.stop */
};

/* -ENOENT or -ECONNREFUSED: no server (and none asked for). ERR_DENIED: the
 * directory or the peer is not this user's. ERR_VERSION: diag says which side
 * is older and what to do. Owned; client_close. */
int client_open(const struct client_options *options, struct client **ret_client,
    struct diag *diag);
void client_close(struct client *client);

/* The server's answer to hello; borrowed. */
const char *client_server_version(const struct client *client);

/* Calls and waits, up to timeout_seconds (0: for ever). Takes params (may be
 * NULL). *ret_result is owned (json_decref). Notifications that arrive
 * meanwhile go to the attached callback, or are dropped. */
int client_call(struct client *client, const char *method, json_t *params,
    double timeout_seconds, json_t **ret_result, struct diag *diag);

/* Answers: result is borrowed, NULL on failure (then diag says why). */
typedef void client_answer_fn(void *context, const json_t *result, const struct diag *diag);

struct client_events {
    void (*notification)(void *context, const char *method, const json_t *params);
    void (*closed)(void *context, const struct diag *diag); /* the server has gone */
};

/* Watches the connection on a loop; events are borrowed. */
int client_attach(struct client *client, struct loop *loop,
    const struct client_events *events, void *context);

/* Sends a request; fn (may be NULL) is called once from the loop, unless the
 * connection closes first. Takes params. */
int client_request(struct client *client, const char *method, json_t *params,
    client_answer_fn *fn, void *context);

/* Blocks for one message (attached or not) up to timeout_seconds and hands it
 * out: 1 when something came, 0 on timeout, ERR_CLOSED at the end. With
 * `optop watch` and `optop run`, which have no screen to draw. */
int client_wait(struct client *client, double timeout_seconds,
    const struct client_events *events, void *context, struct diag *diag);

#endif
