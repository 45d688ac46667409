/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pages for those who ask over HTTP, and libmicrohttpd's only home. On the
 * loop, no thread of its own. GET and HEAD alone; a few connections at a time,
 * each with bounded memory and time; no request is read beyond its head.
 */
#ifndef OPTOP_IO_HTTP_LISTEN_H
#define OPTOP_IO_HTTP_LISTEN_H

#include "base/err.h"
#include "base/str.h"
#include "io/loop.h"

enum {
    HTTP_LISTEN_CONNECTIONS = 16,
    HTTP_LISTEN_SECONDS = 10, /* without a byte */
};

struct http_listener;

struct http_page {
    int status; /* 200 */
    const char *type; /* borrowed: a constant */
    struct str *body; /* to be filled */
};

/* path: as it was asked for, without a query; accept: what its asker can read, "". */
typedef void http_page_fn(void *context, const char *path, const char *accept,
    struct http_page *page);

/* address: as of base/endpoint.h; port 0 is any. Owned; http_listener_close. */
int http_listener_open(struct loop *loop, const char *address, http_page_fn *fn, void *context,
    struct http_listener **ret_listener, struct diag *diag);
void http_listener_close(struct http_listener *listener);

int http_listener_port(const struct http_listener *listener);

#endif
