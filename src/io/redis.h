/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands to a Redis server over a stream; libhiredis's only home, which
 * writes commands and reads replies. Commands are gathered, sent together, and
 * their replies taken one by one. A reply costs bounded memory whatever the
 * server sends: text is cut, lists are refused, and so is more than
 * REDIS_REPLY_MAX bytes of one reply. One thread at a time.
 */
#ifndef OPTOP_IO_REDIS_H
#define OPTOP_IO_REDIS_H

#include "base/str.h"
#include "io/stream.h"

enum { REDIS_TEXT_MAX = 160, REDIS_REPLY_MAX = 64 * 1024 };

enum redis_kind { REDIS_TEXT, REDIS_NUMBER, REDIS_NOTHING, REDIS_ERROR };

struct redis_reply {
    enum redis_kind kind;
    char text[REDIS_TEXT_MAX]; /* of TEXT and ERROR; the head, cleaned */
    long long number;
};

struct redis; /* not connected: it has a stream that is not open */

struct redis *redis_new(void); /* NULL: memory is out */
void redis_free(struct redis *redis); /* NULL is fine */
struct stream *redis_stream(struct redis *redis);

/* Adds one command of `count' words, NULL-ended strings where len is NULL. 0 or
 * -ENOMEM. */
int redis_add(struct redis *redis, int count, const char *const *word, const size_t *len);
size_t redis_gathered(const struct redis *redis); /* bytes */

/* Sends what was gathered, and forgets it. 0 or as stream_write. */
int redis_send(struct redis *redis, int64_t deadline_ns);

/* The next reply: 0, or as stream_read, or -EPROTO for what is none, and -EMSGSIZE. */
int redis_reply(struct redis *redis, struct redis_reply *ret_reply, int64_t deadline_ns);

#endif
