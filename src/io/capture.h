/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a trial writes to its two streams, kept in bounded memory: its first
 * bytes and its last ones, of however much there is.
 *
 * It is one sequence, in the order in which it was read: each piece stands
 * behind a mark that says which stream it is of, at most CAPTURE_PIECE bytes
 * apart; a NUL in it is doubled. Positions count in this sequence, so a reader
 * can ask for what came after what it has.
 *
 * The worker writes it into memory that it shares with the server (a memfd that
 * the server has made), so what a running trial writes, or what one wrote whose
 * worker was killed, is there to be read. The server only copies, and checks.
 */
#ifndef OPTOP_IO_CAPTURE_H
#define OPTOP_IO_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum {
    CAPTURE_FD = 4, /* in a worker */
    CAPTURE_HEAD = 16 * 1024, /* first bytes that are kept */
    CAPTURE_TAIL = 48 * 1024, /* last ones */
    CAPTURE_PIECE = 4096,
};

enum capture_stream { CAPTURE_NONE, CAPTURE_OUT, CAPTURE_ERR };

/* A copy. Of `bytes` in all, data has the first CAPTURE_HEAD (or all there are)
 * and then the last ones. */
struct captured {
    int64_t trial;
    int attempt;
    int64_t bytes;
    struct str data;
};

struct capture;

/* The memory, above descriptor 9. Owned. */
int capture_create(int *ret_fd);

int capture_map(int fd, struct capture **ret_capture);
void capture_unmap(struct capture *capture);

/* A trial begins; what another has written is forgotten. */
void capture_begin(struct capture *capture, int64_t trial, int attempt);
void capture_add(struct capture *capture, enum capture_stream stream, const char *bytes,
    size_t len);

/* The present one, by who writes it; into what captured_init has made. */
void capture_copy(const struct capture *capture, struct captured *captured);

/* By another process, while it may be written; then captured_release. -ENODATA:
 * no trial has begun. */
int capture_read(int fd, struct captured *ret_captured);

void captured_init(struct captured *captured);
void captured_release(struct captured *captured);

/* Can these be the bytes that are kept of so many? */
bool captured_valid(int64_t bytes, size_t len);

/* CAPTURE_NONE: so many bytes are left out here (bytes is NULL). */
typedef void captured_fn(void *context, enum capture_stream stream, const char *bytes, size_t len);

/* What stands behind position `after`, as pieces of raw bytes; unless it is
 * `whole`, only up to the last line's end. The position behind it. */
int64_t captured_each(const struct captured *captured, int64_t after, bool whole,
    captured_fn *fn, void *context);

#endif
