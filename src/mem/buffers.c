/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mem/buffers.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "optop/pool.h"

struct buffers {
    bool zeroes;
    struct optop_pool *pool[BUFFERS_CLASSES]; /* NULL: none of that class was needed yet */
};

struct buffers *
buffers_new(unsigned flags)
{
    struct buffers *buffers = XNEW(struct buffers);
    buffers->zeroes = flags & BUFFERS_ZERO;
    return buffers;
}

void
buffers_free(struct buffers *buffers)
{
    if (!buffers)
        return;
    for (int c = 0; c < BUFFERS_CLASSES; c++)
        optop_pool_free(buffers->pool[c]);
    free(buffers);
}

static size_t
class_size(int c)
{
    return (size_t)1 << (c + BUFFERS_MIN_BITS);
}

static int
class_of(size_t size)
{
    int c = 0;
    while (c < BUFFERS_CLASSES && class_size(c) < size)
        c++;
    return c;
}

static char *
take(struct buffers *buffers, int c)
{
    char name[32];
    if (!buffers->pool[c]) {
        snprintf(name, sizeof name, "buffers of %zu KiB", class_size(c) >> 10);
        buffers->pool[c] = optop_pool_new(
            &(struct optop_pool_options){ .name = name, .object_size = class_size(c) });
    }
    return buffers->pool[c] ? optop_pool_acquire(buffers->pool[c]) : NULL;
}

static size_t
resting_bytes(const struct buffers *buffers)
{
    size_t bytes = 0;
    struct optop_pool_figures figures;
    for (int c = 0; c < BUFFERS_CLASSES; c++)
        if (buffers->pool[c]) {
            optop_pool_figures(buffers->pool[c], &figures);
            bytes += figures.idle * class_size(c);
        }
    return bytes;
}

/* Before bytes in it are moved or dropped: whoever fills it only adds some. */
static void
note_written(struct buffer *buffer)
{
    if (buffer->start + buffer->len > buffer->written)
        buffer->written = buffer->start + buffer->len;
}

static void
give_back(struct buffers *buffers, struct buffer *buffer)
{
    struct optop_pool *pool = buffers->pool[class_of(buffer->capacity)];
    note_written(buffer);
    if (buffers->zeroes)
        explicit_bzero(buffer->data, buffer->written);
    if (resting_bytes(buffers) + buffer->capacity > BUFFERS_KEEP_BYTES)
        optop_pool_discard(pool, buffer->data);
    else
        optop_pool_release(pool, buffer->data);
}

int
buffer_reserve(struct buffers *buffers, struct buffer *buffer, size_t extra)
{
    if (buffer->data && buffer->start + buffer->len + extra <= buffer->capacity)
        return 0;
    if (buffer->data && buffer->start && buffer->len + extra <= buffer->capacity) {
        note_written(buffer);
        memmove(buffer->data, buffer->data + buffer->start, buffer->len);
        buffer->start = 0;
        return 0;
    }
    int c = class_of(buffer->len + extra);
    if (c == BUFFERS_CLASSES)
        return -ENOBUFS;
    char *data = take(buffers, c);
    if (!data)
        return -ENOMEM;
    if (buffer->data) {
        memcpy(data, buffer->data + buffer->start, buffer->len);
        give_back(buffers, buffer);
    }
    buffer->data = data;
    buffer->written = 0;
    buffer->capacity = class_size(c);
    buffer->start = 0;
    return 0;
}

int
buffer_append(struct buffers *buffers, struct buffer *buffer, const char *bytes, size_t len)
{
    int r = buffer_reserve(buffers, buffer, len);
    if (r < 0)
        return r;
    memcpy(buffer->data + buffer->start + buffer->len, bytes, len);
    buffer->len += len;
    return 0;
}

void
buffer_consume(struct buffers *buffers, struct buffer *buffer, size_t len)
{
    if (len >= buffer->len) {
        buffer_release(buffers, buffer);
        return;
    }
    note_written(buffer);
    buffer->start += len;
    buffer->len -= len;
}

void
buffer_release(struct buffers *buffers, struct buffer *buffer)
{
    if (buffer->data)
        give_back(buffers, buffer);
    memset(buffer, 0, sizeof *buffer);
}

struct pool_figures
buffers_figures(const struct buffers *buffers)
{
    struct pool_figures sum = { .name = "buffers" };
    struct optop_pool_figures figures;
    for (int c = 0; c < BUFFERS_CLASSES; c++)
        if (buffers->pool[c]) {
            optop_pool_figures(buffers->pool[c], &figures);
            sum.size += figures.size;
            sum.in_use += figures.in_use;
            sum.idle += figures.idle;
            sum.created += figures.created;
            sum.reused += figures.reused;
            sum.retired += figures.retired;
        }
    return sum;
}
