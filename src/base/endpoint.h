/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A numeric address with a port, as users write it: 127.0.0.1:9464, [::1]:9464.
 */
#ifndef OPTOP_BASE_ENDPOINT_H
#define OPTOP_BASE_ENDPOINT_H

#include <netinet/in.h>

#include "base/err.h"

union endpoint {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* 0, or ERR_BAD_TYPE with what is allowed. Names are not looked up. */
int endpoint_parse(const char *text, union endpoint *ret_endpoint, struct diag *diag);

socklen_t endpoint_size(const union endpoint *address);
int endpoint_port(const union endpoint *address);

#endif
