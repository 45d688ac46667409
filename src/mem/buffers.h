/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Byte buffers in power-of-two classes, for lines on sockets, each class a pool
 * (optop/pool.h, "buffers of 4 KiB" and so on): a connection holds a buffer
 * only while it has bytes in it. Free buffers are kept up to a limit, so that a
 * burst does not stay in memory; all go when memory is short. One thread.
 */
#ifndef OPTOP_MEM_BUFFERS_H
#define OPTOP_MEM_BUFFERS_H

#include <stddef.h>

#include "stat/figures.h"

enum {
    BUFFERS_MIN_BITS = 12, /* 4 KiB: a page, and most messages */
    BUFFERS_MAX_BITS = 21, /* 2 MiB: a line at its limit, twice */
    BUFFERS_CLASSES = BUFFERS_MAX_BITS - BUFFERS_MIN_BITS + 1,
    BUFFERS_KEEP_BYTES = 256 * 1024, /* free bytes kept of all classes */
};

struct buffer {
    char *data; /* NULL: no buffer */
    size_t capacity;
    size_t start, len; /* bytes in it: data[start .. start + len) */
    size_t written; /* how far there have been some, as far as the pool has seen */
};

struct buffers;

/* What was in a buffer is cleared before anybody else gets it, or it rests: for
 * what may hold secrets. */
enum { BUFFERS_ZERO = 1 };

struct buffers *buffers_new(unsigned flags);
void buffers_free(struct buffers *buffers); /* after all buffers were put back */

/* Makes room for `extra` bytes behind what is in the buffer, by taking a
 * larger one from the pool when needed. -ENOBUFS above the largest class. */
int buffer_reserve(struct buffers *buffers, struct buffer *buffer, size_t extra);

int buffer_append(struct buffers *buffers, struct buffer *buffer, const char *bytes, size_t len);

/* Drops bytes at the front; an empty buffer goes back to the pool. */
void buffer_consume(struct buffers *buffers, struct buffer *buffer, size_t len);
void buffer_release(struct buffers *buffers, struct buffer *buffer);

struct pool_figures buffers_figures(const struct buffers *buffers);

#endif
