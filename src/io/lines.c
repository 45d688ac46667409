/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/xalloc.h"

/* One read takes at most this much, so that one busy peer does not keep the
 * loop from the others. */
enum { READ_SIZE = 64 * 1024 };

struct lines {
    struct loop *loop;
    struct buffers *buffers; /* borrowed */
    int fd;
    struct loop_fd *watch;
    unsigned watched; /* events watched now */
    struct lines_options options;
    const struct lines_events *events;
    void *context;
    struct buffer in, out;
    size_t scanned; /* bytes of `in` known to hold no line end */
    struct loop_timer *end_timer; /* tells an end that a send has found */
    int end; /* code to tell, 0: none yet */
    bool told, freed;
    int busy; /* callbacks under way: freeing waits for them */
};

static void
destroy(struct lines *lines)
{
    loop_fd_stop(lines->watch);
    loop_timer_stop(lines->end_timer);
    close(lines->fd);
    buffer_release(lines->buffers, &lines->in);
    buffer_release(lines->buffers, &lines->out);
    free(lines);
}

static void
enter(struct lines *lines)
{
    lines->busy++;
}

static void
leave(struct lines *lines)
{
    if (--lines->busy == 0 && lines->freed)
        destroy(lines);
}

static void
watch(struct lines *lines)
{
    unsigned events = lines->end ? 0 : LOOP_READ | (lines->out.len ? LOOP_WRITE : 0u);
    if (events != lines->watched)
        loop_fd_change(lines->watch, events);
    lines->watched = events;
}

static void
tell_end(struct lines *lines)
{
    if (lines->told || lines->freed)
        return;
    lines->told = true;
    watch(lines);
    lines->events->closed(lines->context, lines->end);
}

/* Hands out every whole line in the buffer; no more once the peer has asked for
 * more than it reads. */
static void
cut_lines(struct lines *lines)
{
    while (!lines->freed && lines->end != ERR_TOO_LARGE && lines->in.len > lines->scanned) {
        char *start = lines->in.data + lines->in.start;
        char *end = memchr(start + lines->scanned, '\n', lines->in.len - lines->scanned);
        if (!end) {
            lines->scanned = lines->in.len;
            if (lines->in.len > lines->options.max_line)
                lines->end = ERR_TOO_LARGE;
            return;
        }
        size_t len = (size_t)(end - start);
        lines->scanned = 0;
        if (len > lines->options.max_line) {
            lines->end = ERR_TOO_LARGE;
            return;
        }
        *end = '\0';
        lines->events->line(lines->context, start, len);
        if (!lines->freed)
            buffer_consume(lines->buffers, &lines->in, len + 1);
    }
}

static void
read_some(struct lines *lines)
{
    size_t room = READ_SIZE;
    if (lines->in.len + room > lines->options.max_line + 2)
        room = lines->options.max_line + 2 - lines->in.len;
    /* a quiet connection is probed with a page; a full read asks for more */
    if (lines->in.len == 0)
        room = 4096;
    int r = buffer_reserve(lines->buffers, &lines->in, room);
    if (r < 0) {
        lines->end = r;
        return;
    }
    ssize_t n = read(lines->fd, lines->in.data + lines->in.start + lines->in.len, room);
    if (n > 0) {
        lines->in.len += (size_t)n;
        cut_lines(lines);
    } else if (n == 0) {
        lines->end = ERR_CLOSED;
    } else if (errno != EAGAIN && errno != EINTR) {
        lines->end = errno == ECONNRESET || errno == EPIPE ? ERR_CLOSED : -errno;
    }
    if (lines->in.len == 0)
        buffer_release(lines->buffers, &lines->in);
}

static void
write_some(struct lines *lines)
{
    while (lines->out.len) {
        ssize_t n = write(lines->fd, lines->out.data + lines->out.start, lines->out.len);
        if (n < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN)
                lines->end = errno == EPIPE || errno == ECONNRESET ? ERR_CLOSED : -errno;
            return;
        }
        buffer_consume(lines->buffers, &lines->out, (size_t)n);
    }
}

static void
on_ready(void *context, int fd, unsigned events)
{
    struct lines *lines = context;
    (void)fd;
    enter(lines);
    if (events & LOOP_WRITE && !lines->end) {
        bool had = lines->out.len > 0;
        write_some(lines);
        if (had && !lines->out.len && !lines->end && lines->events->drained)
            lines->events->drained(lines->context);
    }
    if (events & (LOOP_READ | LOOP_HANGUP) && !lines->end && !lines->freed)
        read_some(lines);
    if (lines->end)
        tell_end(lines);
    if (!lines->freed)
        watch(lines);
    leave(lines);
}

static void
on_end_timer(void *context)
{
    struct lines *lines = context;
    enter(lines);
    tell_end(lines);
    leave(lines);
}

struct lines *
lines_new(struct loop *loop, struct buffers *buffers, int fd,
    const struct lines_options *options, const struct lines_events *events, void *context)
{
    struct lines *lines = XNEW(struct lines);
    lines->loop = loop;
    lines->buffers = buffers;
    lines->fd = fd;
    lines->options = *options;
    lines->events = events;
    lines->context = context;
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    lines->watched = LOOP_READ;
    if (loop_fd_start(loop, fd, LOOP_READ, on_ready, lines, &lines->watch) < 0)
        abort(); /* not a descriptor that can be watched: a fault of ours */
    return lines;
}

void
lines_free(struct lines *lines)
{
    if (!lines || lines->freed)
        return;
    lines->freed = true;
    if (!lines->busy)
        destroy(lines);
}

void
lines_send(struct lines *lines, const char *bytes, size_t len)
{
    if (lines->end || lines->freed)
        return;
    if (lines->out.len == 0) {
        /* the usual case: the socket takes it whole and nothing is copied */
        ssize_t n = write(lines->fd, bytes, len);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            lines->end = ERR_CLOSED;
        } else if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    if (len && !lines->end) {
        if (lines->out.len + len > lines->options.max_queue ||
            buffer_append(lines->buffers, &lines->out, bytes, len) < 0)
            lines->end = ERR_TOO_LARGE;
    }
    if (lines->end) {
        /* told from the loop, never from within a send; a timer, since a peer
         * that does not read may never make the descriptor ready again */
        if (!lines->told && !lines->end_timer)
            lines->end_timer = loop_timer_start(lines->loop, 0, 0, on_end_timer, lines);
        return;
    }
    if (!lines->busy)
        watch(lines);
}

size_t
lines_queued(const struct lines *lines)
{
    return lines->out.len;
}
