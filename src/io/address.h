/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which addresses of the network a program may call that others can tell where
 * to call.
 */
#ifndef OPTOP_IO_ADDRESS_H
#define OPTOP_IO_ADDRESS_H

#include <sys/socket.h>

enum address_kind {
    ADDRESS_PUBLIC,
    ADDRESS_PRIVATE, /* and loopback */
    ADDRESS_NEVER, /* link-local (metadata services), multicast, unspecified, of another family */
};

/* Forms of IPv6 that carry an IPv4 address are judged by that. */
enum address_kind address_kind(const struct sockaddr *address);

#endif
