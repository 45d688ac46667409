/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/stream.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <linux/sockios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/address.h"

enum { DRAIN_LOOK_MS = 2, DRAIN_LOOK_MOST_MS = 50 };

/* Until the descriptor is ready for `events' (none: until it is at its end), or
 * most_ms have passed (< 0: the deadline alone). 0: ready. */
static int
wait_for(const struct stream *stream, short events, int64_t deadline_ns, int64_t most_ms)
{
    for (;;) {
        int64_t left_ms = (deadline_ns - clock_mono_ns() + NS_PER_MS - 1) / NS_PER_MS;
        struct pollfd fd[] = { { .fd = stream->fd, .events = events },
            { .fd = stream->cancel_fd, .events = POLLIN } };
        if (left_ms <= 0)
            return -ETIMEDOUT;
        left_ms = most_ms >= 0 && most_ms < left_ms ? most_ms : left_ms;
        int n = poll(fd, 2, left_ms < 1000000 ? (int)left_ms : 1000000);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0 && fd[1].revents)
            return -ECANCELED;
        if (n > 0 && fd[0].revents)
            return 0;
        if (n == 0 && most_ms >= 0)
            return -EAGAIN;
    }
}

static int
pending_error(const struct stream *stream)
{
    int error = 0;
    socklen_t len = sizeof error;
    return getsockopt(stream->fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0 ? -errno : -error;
}

static int
connect_to(struct stream *stream, const struct sockaddr *address, socklen_t len,
    int64_t deadline_ns)
{
    int on = 1;
    stream->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (stream->fd < 0)
        return -errno;
    if (address->sa_family != AF_UNIX) {
        setsockopt(stream->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        setsockopt(stream->fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    }
    int r = connect(stream->fd, address, len) < 0 ? -errno : 0;
    if (r == -EINPROGRESS) {
        r = wait_for(stream, POLLOUT, deadline_ns, -1);
        if (r == 0)
            r = pending_error(stream);
    }
    if (r < 0)
        stream_close(stream);
    return r;
}

static int
open_local(struct stream *stream, const char *path, int64_t deadline_ns)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    return str_copy(address.sun_path, sizeof address.sun_path, path)
        ? connect_to(stream, (const struct sockaddr *)&address, sizeof address, deadline_ns)
        : -ENAMETOOLONG;
}

static int
open_remote(struct stream *stream, const char *host, const char *port, int64_t deadline_ns)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG };
    struct addrinfo *list;
    int r = getaddrinfo(host, port, &wanted, &list);
    if (r)
        return r == EAI_MEMORY ? -ENOMEM : -EHOSTUNREACH;
    r = -EHOSTUNREACH;
    for (const struct addrinfo *at = list; at; at = at->ai_next) {
        r = address_kind(at->ai_addr) == ADDRESS_NEVER
            ? -EACCES : connect_to(stream, at->ai_addr, at->ai_addrlen, deadline_ns);
        if (r == 0 || r == -ETIMEDOUT || r == -ECANCELED)
            break;
    }
    freeaddrinfo(list);
    return r;
}

int
stream_open(struct stream *stream, const struct stream_place *place, int cancel_fd,
    int64_t deadline_ns)
{
    *stream = (struct stream){ .fd = -1, .cancel_fd = cancel_fd };
    return place->path ? open_local(stream, place->path, deadline_ns)
                       : open_remote(stream, place->host, place->port, deadline_ns);
}

void
stream_close(struct stream *stream)
{
    if (stream->fd >= 0)
        close(stream->fd);
    stream->fd = -1;
}

int
stream_write(struct stream *stream, const char *bytes, size_t len, int64_t deadline_ns)
{
    while (len) {
        ssize_t n = send(stream->fd, bytes, len, MSG_NOSIGNAL);
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        } else if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return -errno;
        } else {
            int r = wait_for(stream, POLLOUT, deadline_ns, -1);
            if (r < 0)
                return r;
        }
    }
    return 0;
}

int64_t
stream_read(struct stream *stream, char *buf, size_t size, int64_t deadline_ns)
{
    for (;;) {
        ssize_t n = recv(stream->fd, buf, size, 0);
        if (n >= 0)
            return n ? n : -EPIPE;
        if (errno != EAGAIN && errno != EINTR)
            return -errno;
        int r = wait_for(stream, POLLIN, deadline_ns, -1);
        if (r < 0)
            return r;
    }
}

int
stream_drain(struct stream *stream, int64_t deadline_ns)
{
    for (int ms = 0, queued = 0;; ms = ms ? ms * 2 : DRAIN_LOOK_MS) {
        int r = pending_error(stream);
        if (r == 0 && ioctl(stream->fd, SIOCOUTQ, &queued) < 0)
            r = -errno;
        if (r < 0 || !queued)
            return r;
        /* the end of the other side wakes; that all was taken does not */
        r = ms ? wait_for(stream, 0, deadline_ns, ms < DRAIN_LOOK_MOST_MS ? ms : DRAIN_LOOK_MOST_MS)
               : -EAGAIN;
        if (r == 0)
            return -EPIPE;
        if (r != -EAGAIN)
            return r;
    }
}

bool
stream_usable(const struct stream *stream)
{
    char byte;
    return stream->fd >= 0 && recv(stream->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
        errno == EAGAIN;
}
