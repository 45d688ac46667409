/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/address.h"

#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

static enum address_kind
judge_v4(uint32_t a)
{
    static const struct {
        uint32_t net;
        int bits;
        enum address_kind denial;
    } nets[] = {
        { 0x00000000, 8, ADDRESS_NEVER }, /* unspecified, "this network" */
        { 0xA9FE0000, 16, ADDRESS_NEVER }, /* link-local; metadata services */
        { 0xE0000000, 3, ADDRESS_NEVER }, /* multicast, reserved, broadcast */
        { 0x7F000000, 8, ADDRESS_PRIVATE }, /* loopback */
        { 0x0A000000, 8, ADDRESS_PRIVATE },
        { 0xAC100000, 12, ADDRESS_PRIVATE },
        { 0xC0A80000, 16, ADDRESS_PRIVATE },
        { 0x64400000, 10, ADDRESS_PRIVATE }, /* carrier-grade NAT */
        { 0xC0000000, 24, ADDRESS_PRIVATE }, /* protocol assignments */
        { 0xC6120000, 15, ADDRESS_PRIVATE }, /* benchmarking */
    };
    for (size_t i = 0; i < sizeof nets / sizeof *nets; i++)
        if ((a ^ nets[i].net) >> (32 - nets[i].bits) == 0)
            return nets[i].denial;
    return ADDRESS_PUBLIC;
}

static uint32_t
read_be32(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Forms that carry an IPv4 address are judged by it. */
static enum address_kind
judge_v6(const unsigned char *a)
{
    static const unsigned char zero[16], nat64[12] = { 0x00, 0x64, 0xFF, 0x9B };
    static const unsigned char mapped[12] = { [10] = 0xFF, [11] = 0xFF };
    static const unsigned char nat64_local[6] = { 0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01 };
    if (!memcmp(a, zero, 15))
        return a[15] == 1 ? ADDRESS_PRIVATE : ADDRESS_NEVER;
    if (!memcmp(a, mapped, 12) || !memcmp(a, zero, 12) || !memcmp(a, nat64, 12))
        return judge_v4(read_be32(a + 12));
    if (a[0] == 0x20 && a[1] == 0x02) /* 6to4 */
        return judge_v4(read_be32(a + 2));
    if (!memcmp(a, nat64_local, 6) || (a[0] & 0xFE) == 0xFC) /* unique local */
        return ADDRESS_PRIVATE;
    if (a[0] == 0xFE && (a[1] & 0xC0) == 0xC0) /* site-local, old private */
        return ADDRESS_PRIVATE;
    if ((a[0] == 0xFE && (a[1] & 0xC0) == 0x80) || a[0] == 0xFF) /* link-local, multicast */
        return ADDRESS_NEVER;
    return ADDRESS_PUBLIC;
}

enum address_kind
address_kind(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        return judge_v4(ntohl(in.sin_addr.s_addr));
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof in6);
        return judge_v6(in6.sin6_addr.s6_addr);
    }
    return ADDRESS_NEVER;
}
