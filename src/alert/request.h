/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A request to a receiver while it is put together: header lines and a body.
 */
#ifndef OPTOP_ALERT_REQUEST_H
#define OPTOP_ALERT_REQUEST_H

#include "base/str.h"

enum { REQUEST_HEADERS_MAX = 14 };

struct webhook_request {
    int count;
    struct str line[REQUEST_HEADERS_MAX]; /* "name: value" */
    const char *header[REQUEST_HEADERS_MAX + 1]; /* of `line`, NULL-ended, for http_post */
    struct str body;
};

void request_init(struct webhook_request *request);
void request_release(struct webhook_request *request);

/* Another line; its value is printed, and must be of one line. */
void request_header(struct webhook_request *request, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
