/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The datagram socket beside the server's, for StatsD lines of this user's
 * programs. The directory and the socket's mode keep others out.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "server/server.h"

enum {
    DATAGRAM_MAX = 8192,
    DATAGRAMS_PER_TURN = 256, /* then the loop's others have their turn */
};

static void
on_datagram(void *context, int fd, unsigned events)
{
    struct server *server = context;
    char text[DATAGRAM_MAX];
    (void)events;
    for (int n = 0; n < DATAGRAMS_PER_TURN; n++) {
        ssize_t len = recv(fd, text, sizeof text, MSG_DONTWAIT | MSG_TRUNC);
        if (len < 0)
            return;
        if ((size_t)len > sizeof text)
            statsd_drop(server->statsd);
        else
            statsd_take(server->statsd, (struct optop_slice){ text, (size_t)len },
                loop_now(server->loop));
    }
}

/* The path beside the server's socket; -ENAMETOOLONG. */
static int
find_path(const struct server *server, struct sockaddr_un *address)
{
    const char *slash = strrchr(server->socket_path, '/');
    int len = slash ? (int)(slash - server->socket_path) + 1 : 0;
    int n = snprintf(address->sun_path, sizeof address->sun_path, "%.*s%s", len,
        server->socket_path, "statsd.sock");
    address->sun_family = AF_UNIX;
    return n < 0 || (size_t)n >= sizeof address->sun_path ? -ENAMETOOLONG : 0;
}

static int
bind_socket(struct server *server)
{
    struct sockaddr_un address = { 0 };
    int r = find_path(server, &address);
    if (r < 0)
        return r;
    server->statsd_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (server->statsd_fd < 0)
        return -errno;
    /* one server at a time holds the lock: what stands there is a dead one's */
    unlink(address.sun_path);
    mode_t mask = umask(077);
    int bound = bind(server->statsd_fd, (struct sockaddr *)&address, sizeof address);
    r = bound < 0 ? -errno : 0;
    umask(mask);
    if (r < 0)
        return r;
    server->statsd_path = strdup(address.sun_path);
    if (address.sun_path[0] == '/')
        setenv("OPTOP_STATSD", address.sun_path, 1);
    return loop_fd_start(server->loop, server->statsd_fd, LOOP_READ, on_datagram, server,
        &server->statsd_watch);
}

void
statsd_socket_open(struct server *server)
{
    server->statsd = statsd_new();
    int r = server->statsd ? bind_socket(server) : -ENOMEM;
    if (r < 0)
        log_error("no StatsD socket: %s", err_text(r));
}

void
statsd_socket_close(struct server *server)
{
    loop_fd_stop(server->statsd_watch);
    if (server->statsd_fd >= 0)
        close(server->statsd_fd);
    if (server->statsd_path)
        unlink(server->statsd_path);
    free(server->statsd_path);
    statsd_free(server->statsd);
}
