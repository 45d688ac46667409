/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * POSTs JSON over one curl multi handle on the loop; libcurl's home.
 * curl is loaded and set up at the first post (io/late.h), so that a server without
 * webhooks does not pay for it. http and https only, HTTP/1.1, no redirects (3xx is an answer
 * like any other), no proxy from the environment, answers read up to
 * HTTP_BODY_MAX, TLS verified (ca_file, pin), connections kept and reused. Link-local
 * addresses are never called, private and loopback ones only when allowed: the
 * check is made on the resolved address of each new connection. The process
 * must ignore SIGPIPE.
 */
#ifndef OPTOP_IO_HTTP_H
#define OPTOP_IO_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"

enum { HTTP_BODY_MAX = 16 * 1024, HTTP_HEADERS_MAX = 16, HTTP_ERROR_MAX = 256 };

struct http;
struct http_request;

struct http_answer {
    int status; /* HTTP status; 0: none came */
    double retry_after_seconds; /* 0: not given */
    char error[HTTP_ERROR_MAX]; /* why no whole answer came, "" when one did; never the URL.
                                   An answer above HTTP_BODY_MAX counts as whole */
    char body[512]; /* first bytes of the answer, cleaned */
    int64_t duration_ns;
    bool reused; /* no new connection was made */
};

struct http_figures {
    uint64_t requests, connections_made, connections_reused;
    int in_flight;
    int idle_connections; /* curl's pool holds them; best known count */
};

struct http_post {
    const char *url;
    const char *const *headers; /* "name: value", NULL-ended; refused with CR, LF */
    const char *body; /* copied */
    size_t body_len;
    double timeout_seconds; /* of the whole exchange */
    bool allow_private;
    const char *ca_file; /* PEM: these authorities and no others; NULL: the system's */
    const char *pin; /* "sha256//BASE64" of the key that the receiver must have, or several with
                        ; between; NULL: any key */
};

typedef void http_fn(void *context, const struct http_answer *answer);

struct http *http_new(struct loop *loop);
void http_free(struct http *http); /* requests in flight are dropped, fn not called */

/* Loads libcurl, which the first post does else: where there will be posts, before memory
 * is short or something is urgent. What fails is told by the log, and by each post. */
void http_prepare(void);

/* Starts; fn is called once, from the loop, never from within this call.
 * -EINVAL for a URL or header that may not be sent, -ELIBACC without libcurl. */
int http_post(struct http *http, const struct http_post *post, http_fn *fn,
    void *context, struct http_request **ret_request);
void http_cancel(struct http_request *request); /* fn is not called */

struct http_figures http_figures(const struct http *http);

#endif
