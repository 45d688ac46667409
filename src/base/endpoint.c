/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/endpoint.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "base/unit.h"

static bool
parse_host(const char *text, size_t len, bool v6, in_port_t port, union endpoint *address)
{
    char host[INET6_ADDRSTRLEN];
    if (len < 1 || len >= sizeof host)
        return false;
    memcpy(host, text, len);
    host[len] = '\0';
    if (v6)
        address->v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = port };
    else
        address->v4 = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = port };
    return inet_pton(v6 ? AF_INET6 : AF_INET, host,
               v6 ? (void *)&address->v6.sin6_addr : (void *)&address->v4.sin_addr) == 1;
}

int
endpoint_parse(const char *text, union endpoint *ret_endpoint, struct diag *diag)
{
    const char *colon = strrchr(text, ':');
    int64_t port;
    bool v6 = *text == '[' && colon && colon > text + 1 && colon[-1] == ']';
    size_t len = colon ? (size_t)(colon - text) - 2 * v6 : 0;
    if (colon && unit_parse_int(colon + 1, &port) == 0 && port >= 0 && port <= UINT16_MAX &&
        parse_host(text + v6, len, v6, htons((in_port_t)port), ret_endpoint))
        return 0;
    return diag_set(diag, ERR_BAD_TYPE,
        "not an address and port (allowed: 127.0.0.1:9464 or [::1]:9464)");
}

socklen_t
endpoint_size(const union endpoint *address)
{
    return address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

int
endpoint_port(const union endpoint *address)
{
    return ntohs(address->any.sa_family == AF_INET6 ? address->v6.sin6_port
                                                    : address->v4.sin_port);
}
