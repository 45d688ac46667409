/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Requests that would hold the loop up: each is a job of a queue (optop/queue.h),
 * done on a thread, or in a process that a thread calls; the loop goes on meanwhile,
 * and who pipelines requests tells answers apart by their ids. `optop requests'
 * shows and cancels them. Loop thread only.
 */
#ifndef OPTOP_SERVER_BESIDE_H
#define OPTOP_SERVER_BESIDE_H

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "optop/queue.h"

enum { BESIDE_MAX = 32 }; /* requests of one client in a queue that were not answered */

struct call;
struct server;
struct session;

enum beside_queue {
    BESIDE_READS, /* on threads, one of each client at a time, in the order in which they came */
    BESIDE_CHECKS, /* in processes, in any order */
    BESIDE_SAVES, /* on a thread, one of all */
    BESIDE_REPLAYS, /* on threads, one of each client at a time: a past is some megabytes */
    BESIDE_QUEUES
};

struct beside_request {
    int (*run)(void *context, struct optop_reply *reply); /* on a thread; touches context alone */
    /* On the loop, where run came to its end and the client is still there: a line. */
    void (*answer)(void *context, const json_t *request, int result, struct optop_reply *reply,
        struct str *out);
    void (*release)(void *context); /* on the loop, whatever has become of it */
    void *context;
    int64_t timeout_ns; /* 0: none */
    bool always; /* answer is called also where the client has gone: it does something */
};

/* Takes the request (owned) and the context when it answers 0; its answer
 * ends the server's task of it. ERR_TOO_LARGE: too many wait; or why no
 * thread can be had. */
int beside_add(struct session *session, enum beside_queue queue, json_t *request,
    const struct beside_request *asked, struct diag *diag);

/* A client has read all that waited for it. */
void beside_wake(struct session *session);

/* The session has gone: its answers have nowhere to go. */
void beside_forget(struct session *session);

/* Ends what runs; nothing is answered. After the sessions. */
void beside_release(struct server *server);

/* Methods. */
int handle_requests(struct call *call);
int handle_requests_cancel(struct call *call);

#endif
