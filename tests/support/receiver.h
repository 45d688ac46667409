/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A webhook receiver for tests: HTTP/1.1 on 127.0.0.1, on the test's own loop.
 * Answers follow a script, requests are kept as they came.
 */
#ifndef OPTOP_TESTS_RECEIVER_H
#define OPTOP_TESTS_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"

enum receiver_act {
    RECEIVER_ANSWER,
    RECEIVER_RESET, /* no answer, connection reset */
    RECEIVER_RESET_MID_BODY, /* status and some of the promised body, then reset */
    RECEIVER_HANG, /* never answers */
    RECEIVER_ENDLESS, /* status, then a body without end, as fast as it is read */
    RECEIVER_TRICKLE, /* status, then one byte of body every 20 ms */
};

struct receiver_answer {
    int status; /* 0: 200 */
    const char *headers; /* whole lines, each with \r\n; NULL: none */
    const char *body; /* NULL: "ok" */
    double delay_seconds;
    enum receiver_act act;
};

struct receiver_request {
    char *method, *path;
    char *headers; /* the header lines, \r\n between them */
    char *body;
    size_t body_len;
    int connection; /* which accepted connection, from 1 */
    int64_t mono_ns;
};

struct receiver;
typedef void receiver_fn(void *context, const struct receiver_request *request);

/* Listens at once; port 0: any. NULL when the port is taken. */
struct receiver *receiver_new(struct loop *loop, int port);
void receiver_free(struct receiver *receiver);
int receiver_port(const struct receiver *receiver);
const char *receiver_url(struct receiver *receiver, const char *path); /* until the next call */

/* The answers in turn, the last one for ever; borrowed; 0: always 200. */
void receiver_script(struct receiver *receiver, const struct receiver_answer *answers, int count);
void receiver_on_request(struct receiver *receiver, receiver_fn *fn, void *context);

/* Refuses connections and drops those it has; and listens again, same port. */
void receiver_down(struct receiver *receiver);
void receiver_up(struct receiver *receiver);

int receiver_count(const struct receiver *receiver);
int receiver_connections(const struct receiver *receiver); /* accepted so far */
const struct receiver_request *receiver_request(const struct receiver *receiver, int index);

/* Runs the loop until done says so; false when that takes longer than
 * RECEIVER_WAIT_SECONDS, which a busy machine does not need either. */
enum { RECEIVER_WAIT_SECONDS = 120 };
bool receiver_wait(struct loop *loop, bool (*done)(void *context), void *context);

/* A header's value, "" when missing; until the next call. */
const char *receiver_header(const struct receiver_request *request, const char *name);

#endif
