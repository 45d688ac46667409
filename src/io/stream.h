/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A connection for a thread that may wait: each call has a time by which it
 * ends, and all of them end at once when a descriptor becomes readable that
 * tells to give up. The process must ignore SIGPIPE.
 */
#ifndef OPTOP_IO_STREAM_H
#define OPTOP_IO_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stream {
    int fd; /* owned; -1: not open */
    int cancel_fd; /* borrowed; -1: nobody tells */
};

struct stream_place {
    const char *path; /* of a Unix socket; NULL: host and port */
    const char *host, *port;
};

/* deadline_ns: by clock_mono_ns. 0 or: -ETIMEDOUT, -ECANCELED, -EACCES (the
 * address is link-local or none of a host), -EHOSTUNREACH (no such name), -errno.
 * Only the look-up of a name cannot be cut short. */
int stream_open(struct stream *stream, const struct stream_place *place, int cancel_fd,
    int64_t deadline_ns);
void stream_close(struct stream *stream); /* one that is not open is fine */

/* All of it: 0, or as above. */
int stream_write(struct stream *stream, const char *bytes, size_t len, int64_t deadline_ns);

/* Some bytes, at least one; -EPIPE at the other's end. */
int64_t stream_read(struct stream *stream, char *buf, size_t size, int64_t deadline_ns);

/* Until the other end's kernel (of a Unix socket: the other end) has taken all. */
int stream_drain(struct stream *stream, int64_t deadline_ns);

/* Still open, and nothing came unasked. */
bool stream_usable(const struct stream *stream);

#endif
