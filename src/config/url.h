/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which addresses a webhook may have, and which a sink of results.
 */
#ifndef OPTOP_CONFIG_URL_H
#define OPTOP_CONFIG_URL_H

#include <stdbool.h>

#include "base/err.h"

enum { URL_LENGTH_MAX = 2048 };

/* 0 when text is http:// or https:// with a host, without user or password,
 * blanks or control characters. Messages never repeat the url: it may hold a
 * secret. */
int url_check(const char *text, struct diag *diag);

enum { SINK_HOST_MAX = 256, SINK_PATH_MAX = 108 /* of a socket's address */, SINK_DATABASE_MAX = 65535 };

/* Where results go. */
struct sink_place {
    bool redis; /* else lines of JSON */
    bool local; /* a socket at `path', else `host' and `port' */
    char host[SINK_HOST_MAX], port[6], path[SINK_PATH_MAX];
    int database; /* of Redis */
};

/* redis://HOST[:PORT][/DATABASE], redis+unix:///PATH[?db=DATABASE],
 * tcp://HOST:PORT, unix:///PATH; else a code, with what is wrong. */
int url_sink(const char *text, struct sink_place *ret_place, struct diag *diag);

#endif
