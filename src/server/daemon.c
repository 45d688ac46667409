/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "exec/cage.h"
#include "mem/json_heap.h"
#include "server/server.h"
#include "wire/path.h"

enum {
    EXIT_REFUSED = 1,
    EXIT_INPUT = 2, /* the INI cannot be used */
    LISTEN_BACKLOG = 128,
    LOG_BYTES_MAX = 4 * 1024 * 1024, /* of server.log, looked at when a server starts */
    LOCK_TRIES = 50, /* of 0.1 s */
};

struct daemon_state {
    struct loop *loop;
    struct server *server;
    char *socket_path;
    int lock_fd, listen_fd;
    int reserve_fd; /* given up for a moment to refuse when descriptors are out */
    struct loop_fd *listen_watch;
    struct loop_signal *term, *interrupt, *hangup, *child;
};

/* flock lives and dies with the process: no stale lock, no pid file. The file
 * stays, so that two servers never lock two files of one name. */
static int
take_lock(struct daemon_state *d, struct diag *diag)
{
    char *path = xasprintf("%s.lock", d->socket_path);
    int r = 0;
    d->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (d->lock_fd < 0)
        r = diag_set(diag, -errno, "%s: %s", path, strerror(errno));
    for (int tries = 0; r == 0 && flock(d->lock_fd, LOCK_EX | LOCK_NB) < 0; tries++) {
        /* one that has taken its socket away is on its way out: wait for it */
        if (tries == LOCK_TRIES || access(d->socket_path, F_OK) == 0)
            r = diag_set(diag, ERR_BAD_STATE, "a server is running already (%s)", d->socket_path);
        else
            usleep(100000);
    }
    free(path);
    return r;
}

static int
listen_socket(struct daemon_state *d, struct diag *diag)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (!str_copy(address.sun_path, sizeof address.sun_path, d->socket_path))
        return diag_set(diag, -ENAMETOOLONG, "%s: longer than a socket's path may be (%zu bytes)",
            d->socket_path, sizeof address.sun_path - 1);
    d->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (d->listen_fd < 0)
        return diag_set(diag, -errno, "socket: %s", strerror(errno));
    /* we hold the lock: a socket that stands there is a dead server's */
    if (unlink(d->socket_path) < 0 && errno != ENOENT)
        return diag_set(diag, -errno, "%s: %s", d->socket_path, strerror(errno));
    /* files of our own are made with their modes: trials get the user's mask */
    mode_t mask = umask(077);
    int bound = bind(d->listen_fd, (struct sockaddr *)&address, sizeof address);
    int bind_error = errno;
    umask(mask);
    errno = bind_error;
    if (bound < 0 || listen(d->listen_fd, LISTEN_BACKLOG) < 0)
        return diag_set(diag, -errno, "%s: %s", d->socket_path, strerror(errno));
    return 0;
}

static bool
peer_is_user(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == getuid();
}

static void
on_connection(void *context, int listen_fd, unsigned events)
{
    struct daemon_state *d = context;
    (void)events;
    int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE) && d->reserve_fd >= 0) {
        /* without this the loop would wake for the same connection for ever */
        close(d->reserve_fd);
        fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0)
            close(fd);
        d->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        return;
    }
    if (fd < 0)
        return;
    if (!peer_is_user(fd)) {
        log_warn("a connection of another user was refused");
        close(fd);
        return;
    }
    server_accept(d->server, fd);
}

static void
on_stop_signal(void *context, int signal_number)
{
    struct daemon_state *d = context;
    (void)signal_number;
    server_stop(d->server);
}

static void
on_hangup(void *context, int signal_number)
{
    struct daemon_state *d = context;
    struct diag diag = { 0 };
    char text[1024];
    (void)signal_number;
    if (server_reload(d->server, &diag) < 0)
        log_error("the old configuration stays: %s", diag_format(&diag, text, sizeof text));
}

static void
on_child(void *context, int signal_number)
{
    (void)context, (void)signal_number;
    cage_reap();
}

static void
watch_signals(struct daemon_state *d)
{
    d->term = loop_signal_start(d->loop, SIGTERM, on_stop_signal, d);
    d->interrupt = loop_signal_start(d->loop, SIGINT, on_stop_signal, d);
    d->hangup = loop_signal_start(d->loop, SIGHUP, on_hangup, d);
    d->child = loop_signal_start(d->loop, SIGCHLD, on_child, d);
}

/* Descriptors that the starter forgot to close must not live on in a daemon,
 * and 0 to 2 must be open, or a database would become standard error. */
static void
settle_descriptors(void)
{
    close_range(3, ~0U, 0);
    for (int fd = open("/dev/null", O_RDWR); fd >= 0 && fd <= 2;)
        fd = open("/dev/null", O_RDWR);
    close_range(3, ~0U, 0);
}

static int
refuse(const struct diag *diag, int status)
{
    char text[1024];
    fprintf(stderr, "optop-server: %s\n", diag_format(diag, text, sizeof text));
    return status;
}

/* Tells the client that started us, then lets go of its terminal and, where no
 * path counts from there, of the directory it was in. */
static void
go_background(struct server *server, const char *state_directory, bool leave)
{
    char path[PATH_MAX], old[PATH_MAX + 8];
    struct stat st;
    snprintf(path, sizeof path, "%s/server.log", state_directory);
    snprintf(old, sizeof old, "%s.1", path);
    if (lstat(path, &st) == 0 && st.st_size > LOG_BYTES_MAX && rename(path, old) < 0)
        log_debug("server.log stays as long as it is: %s", strerror(errno));
    int log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (write(1, "ready\n", 6) < 0)
        log_debug("the client that started us has gone");
    dup2(null_fd, 0);
    dup2(null_fd, 1);
    dup2(log_fd >= 0 ? log_fd : null_fd, 2);
    close(null_fd);
    if (leave && chdir("/") < 0)
        log_debug("/: %s", strerror(errno));
    if (log_fd >= 0 && state_directory[0] == '/') /* from anywhere the same file */
        server_log_to(server, path);
    if (log_fd >= 0)
        close(log_fd);
}

static int
serve(struct daemon_state *d, const struct daemon_options *options, struct diag *diag)
{
    char *state = wire_state_directory(), *config = config_default_path();
    struct server_options server_options = { d->socket_path, state, config, "/proc", "/sys" };
    int r = server_new(d->loop, &server_options, &d->server, diag);
    if (r == 0)
        r = listen_socket(d, diag);
    if (r == 0)
        r = loop_fd_start(d->loop, d->listen_fd, LOOP_READ, on_connection, d, &d->listen_watch);
    if (r == 0) {
        watch_signals(d);
        log_open(STDERR_FILENO, (enum log_level)d->server->config->log_level);
        if (options->background)
            go_background(d->server, state, d->socket_path[0] == '/' && config[0] == '/');
        log_info("serving on %s, store in %s", d->socket_path, state);
        loop_run(d->loop);
        unlink(d->socket_path);
    }
    free(state);
    free(config);
    return r;
}

static void
release(struct daemon_state *d)
{
    loop_fd_stop(d->listen_watch);
    loop_signal_stop(d->term);
    loop_signal_stop(d->interrupt);
    loop_signal_stop(d->hangup);
    loop_signal_stop(d->child);
    server_free(d->server);
    loop_free(d->loop);
    if (d->listen_fd >= 0)
        close(d->listen_fd);
    if (d->reserve_fd >= 0)
        close(d->reserve_fd);
    if (d->lock_fd >= 0)
        close(d->lock_fd);
    free(d->socket_path);
}

int
daemon_run(const struct daemon_options *options)
{
    struct daemon_state d = { .lock_fd = -1, .listen_fd = -1, .reserve_fd = -1 };
    struct diag diag = { 0 };
    json_heap_use(JSON_HEAP_MAX);
    settle_descriptors();
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a full quota is an error code, not a death */
    d.socket_path = options->socket_path ? xstrdup(options->socket_path) : wire_socket_path();
    int r = wire_check_directory(d.socket_path, &diag);
    if (r == 0)
        r = take_lock(&d, &diag);
    if (r < 0) {
        if (d.lock_fd >= 0)
            close(d.lock_fd);
        free(d.socket_path);
        return refuse(&diag, EXIT_REFUSED);
    }
    d.loop = loop_new();
    d.reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    r = serve(&d, options, &diag);
    release(&d);
    if (r < 0)
        return refuse(&diag, diag.key[0] || diag.line ? EXIT_INPUT : EXIT_REFUSED);
    return 0;
}
