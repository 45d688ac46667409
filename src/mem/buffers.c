/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mem/buffers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* A free buffer's first bytes link it to the next one of its class. */
struct free_buffer {
    struct free_buffer *next;
};

struct buffers {
    struct free_buffer *free[BUFFERS_CLASSES];
    size_t free_bytes;
    struct pool_figures figures;
};

struct buffers *
buffers_new(void)
{
    struct buffers *buffers = XNEW(struct buffers);
    buffers->figures.name = "buffers";
    return buffers;
}

void
buffers_free(struct buffers *buffers)
{
    if (!buffers)
        return;
    for (int c = 0; c < BUFFERS_CLASSES; c++)
        while (buffers->free[c]) {
            struct free_buffer *next = buffers->free[c]->next;
            free(buffers->free[c]);
            buffers->free[c] = next;
        }
    free(buffers);
}

static int
class_of(size_t size)
{
    int c = 0;
    while (c < BUFFERS_CLASSES && ((size_t)1 << (c + BUFFERS_MIN_BITS)) < size)
        c++;
    return c;
}

static char *
take(struct buffers *buffers, int c)
{
    size_t size = (size_t)1 << (c + BUFFERS_MIN_BITS);
    struct free_buffer *first = buffers->free[c];
    if (first) {
        buffers->free[c] = first->next;
        buffers->free_bytes -= size;
        buffers->figures.reused++;
        buffers->figures.idle--;
    } else {
        first = malloc(size);
        if (!first)
            return NULL;
        buffers->figures.created++;
        buffers->figures.size++;
    }
    buffers->figures.in_use++;
    return (char *)first;
}

static void
give_back(struct buffers *buffers, char *data, size_t size)
{
    buffers->figures.in_use--;
    if (buffers->free_bytes + size > BUFFERS_KEEP_BYTES) {
        buffers->figures.retired++;
        buffers->figures.size--;
        free(data);
        return;
    }
    int c = class_of(size);
    struct free_buffer *first = (struct free_buffer *)(void *)data;
    first->next = buffers->free[c];
    buffers->free[c] = first;
    buffers->free_bytes += size;
    buffers->figures.idle++;
}

int
buffer_reserve(struct buffers *buffers, struct buffer *buffer, size_t extra)
{
    if (buffer->data && buffer->start + buffer->len + extra <= buffer->capacity)
        return 0;
    if (buffer->data && buffer->start && buffer->len + extra <= buffer->capacity) {
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
        give_back(buffers, buffer->data, buffer->capacity);
    }
    buffer->data = data;
    buffer->capacity = (size_t)1 << (c + BUFFERS_MIN_BITS);
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
    buffer->start += len;
    buffer->len -= len;
}

void
buffer_release(struct buffers *buffers, struct buffer *buffer)
{
    if (buffer->data)
        give_back(buffers, buffer->data, buffer->capacity);
    memset(buffer, 0, sizeof *buffer);
}

struct pool_figures
buffers_figures(const struct buffers *buffers)
{
    return buffers->figures;
}
