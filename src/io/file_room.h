/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Buffers for what a thread of the file manager (file.h) reads: taken on that
 * thread, given back by the loop in the order in which they were taken. A resource:
 * buffer.bytes and so on, on the board; what rests goes when memory is short.
 */
#ifndef OPTOP_IO_FILE_ROOM_H
#define OPTOP_IO_FILE_ROOM_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "mem/registry.h"

enum { ROOM_BYTES = 4 * 1024 * 1024 };

struct room {
    struct resource resource;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t freed;
    char *bytes; /* owned, ROOM_BYTES of them; NULL: none was needed yet */
    size_t first, end; /* taken: from first to end, or round the edge at `edge' */
    size_t edge, held;
    size_t wake_at; /* its thread waits until no more than that is held */
    bool waits;
};

void room_open(struct room *room);
void room_close(struct room *room); /* all was given back */

/* Bytes for `len' (up to half of ROOM_BYTES). Where none are free: waits for them, or
 * -EAGAIN. 0; or -ENOMEM. */
int room_take(struct room *room, size_t len, bool wait, char **ret_data);
void room_give(struct room *room, size_t len); /* the oldest that was taken */

#endif
