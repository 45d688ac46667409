/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A stream of lines in both directions over a descriptor, on the loop: reads
 * are cut at line ends, writes are queued and never block. Both directions
 * have a cap, so a peer that floods or never reads costs bounded memory.
 */
#ifndef OPTOP_IO_LINES_H
#define OPTOP_IO_LINES_H

#include <stddef.h>

#include "io/loop.h"
#include "mem/buffers.h"

struct lines;

struct lines_events {
    /* One line without its end, NUL-terminated, writable, borrowed. */
    void (*line)(void *context, char *text, size_t len);
    /* Everything queued has been written. May be NULL. */
    void (*drained)(void *context);
    /* The end, told once: ERR_CLOSED, -errno, or ERR_TOO_LARGE (a line over the
     * cap, or a peer that does not read). Call lines_free from it or later. */
    void (*closed)(void *context, int code);
};

struct lines_options {
    size_t max_line; /* bytes of one line from the peer */
    size_t max_queue; /* bytes waiting for the peer */
};

/* Takes fd (made non-blocking; closed by lines_free). events are borrowed. */
struct lines *lines_new(struct loop *loop, struct buffers *buffers, int fd,
    const struct lines_options *options, const struct lines_events *events, void *context);

/* May be called from any callback of these lines. */
void lines_free(struct lines *lines);

/* Queues bytes (with their line end) and writes what goes at once. */
void lines_send(struct lines *lines, const char *bytes, size_t len);

/* Bytes not yet written. */
size_t lines_queued(const struct lines *lines);

#endif
