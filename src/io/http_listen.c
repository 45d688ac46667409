/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/http_listen.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/endpoint.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "io/late.h"

enum {
    BACKLOG = 16,
    MEMORY_MAX = 16 * 1024, /* of a connection: the head of its request is in it */
};

struct http_listener {
    struct loop *loop;
    struct MHD_Daemon *daemon;
    struct loop_fd *watch;
    struct loop_timer *timer; /* NULL: nothing waits for a time */
    http_page_fn *fn;
    void *context;
    struct str body;
    int port;
};

/* A socket that listens, and its port; or -errno. */
static int
open_socket(union endpoint *address, int *ret_port)
{
    int on = 1, fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    socklen_t size = endpoint_size(address);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, &address->any, size) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, &address->any, &size) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    *ret_port = endpoint_port(address);
    return fd;
}

/* Requests. */

static enum MHD_Result
answer(struct http_listener *listener, struct MHD_Connection *connection,
    const struct http_page *page)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(listener->body.len,
        listener->body.data, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    enum MHD_Result r = MHD_add_response_header(response, "Content-Type", page->type);
    if (r == MHD_YES && page->status == MHD_HTTP_METHOD_NOT_ALLOWED)
        r = MHD_add_response_header(response, "Allow", "GET, HEAD");
    if (r == MHD_YES)
        r = MHD_queue_response(connection, (unsigned)page->status, response);
    MHD_destroy_response(response);
    return r;
}

/* Called when the head is there, and again when the whole request is: what has a
 * body is answered at once, which ends its connection. */
static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
    const char *version, const char *upload, size_t *upload_size, void **request)
{
    struct http_listener *listener = context;
    struct http_page page = { 200, "text/plain; charset=utf-8", &listener->body };
    bool read_only = !strcmp(method, "GET") || !strcmp(method, "HEAD");
    (void)version;
    (void)upload;
    if (read_only && !*request) {
        *request = listener;
        return MHD_YES;
    }
    *upload_size = 0;
    str_clear(&listener->body);
    if (read_only) {
        const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
        listener->fn(listener->context, path, accept ? accept : "", &page);
    } else {
        page.status = MHD_HTTP_METHOD_NOT_ALLOWED;
        str_puts(&listener->body, "GET and HEAD alone\n");
    }
    return answer(listener, connection, &page);
}

static void
on_log(void *context, const char *format, va_list args)
{
    char line[256];
    (void)context;
    vsnprintf(line, sizeof line, format, args);
    log_debug("http listener: %.*s", (int)strcspn(line, "\n"), line);
}

/* On the loop. */

static void on_time(void *context);

static void
run(struct http_listener *listener)
{
    MHD_UNSIGNED_LONG_LONG wait_ms;
    MHD_run(listener->daemon);
    loop_timer_stop(listener->timer);
    listener->timer = NULL;
    if (MHD_get_timeout(listener->daemon, &wait_ms) == MHD_YES)
        listener->timer = loop_timer_start(listener->loop, (int64_t)wait_ms * NS_PER_MS, 0,
            on_time, listener);
}

static void
on_time(void *context)
{
    run(context);
}

static void
on_ready(void *context, int fd, unsigned events)
{
    (void)fd;
    (void)events;
    run(context);
}

/* Takes the socket, on failure too. */
static int
start(struct http_listener *listener, int fd)
{
    int r = late_microhttpd();
    if (r < 0) {
        close(fd);
        return r;
    }
    listener->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_ERROR_LOG, 0, NULL, NULL,
        on_request, listener, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_LISTEN_CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_LISTEN_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_MAX, MHD_OPTION_END);
    if (!listener->daemon) {
        close(fd);
        return -ENOMEM;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(listener->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    return !info ? -ENOTSUP
        : loop_fd_start(listener->loop, info->epoll_fd, LOOP_READ, on_ready, listener,
              &listener->watch);
}

int
http_listener_open(struct loop *loop, const char *text, http_page_fn *fn, void *context,
    struct http_listener **ret_listener, struct diag *diag)
{
    union endpoint address;
    int port = 0, r = endpoint_parse(text, &address, diag);
    if (r < 0)
        return r;
    int fd = open_socket(&address, &port);
    if (fd < 0)
        return diag_set(diag, fd, "cannot listen on %s: %s", text, strerror(-fd));
    struct http_listener *listener = XNEW(struct http_listener);
    *listener = (struct http_listener){ .loop = loop, .fn = fn, .context = context, .port = port };
    str_init(&listener->body);
    r = start(listener, fd);
    if (r < 0) {
        http_listener_close(listener);
        return diag_set(diag, r, "cannot listen on %s: %s", text, strerror(-r));
    }
    *ret_listener = listener;
    return 0;
}

void
http_listener_close(struct http_listener *listener)
{
    if (!listener)
        return;
    loop_fd_stop(listener->watch);
    loop_timer_stop(listener->timer);
    if (listener->daemon)
        MHD_stop_daemon(listener->daemon); /* which closes the socket */
    str_release(&listener->body);
    free(listener);
}

int
http_listener_port(const struct http_listener *listener)
{
    return listener->port;
}
