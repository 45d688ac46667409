/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/client.h"

#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/version.h"
#include "base/xalloc.h"
#include "wire/path.h"

enum {
    ANSWER_SECONDS = 30, /* an answer to hello: the server may be in a commit */
    START_SECONDS = 20, /* a new server: sweeps what an earlier one left first */
    START_LINE_MAX = 64 * 1024, /* a line of a server that starts */
    MESSAGE_MAX = 16 * 1024 * 1024, /* from the server */
};

struct pending {
    int64_t id;
    client_answer_fn *fn;
    void *context;
};

struct client {
    int fd;
    int64_t next_id;
    char version[32];
    struct str in;
    size_t taken; /* bytes of `in` already handed out */
    size_t scanned; /* bytes of `in` known to hold no line end */
    struct str out; /* scratch for one request */
    struct pending *pending;
    int pending_count, pending_capacity;
    struct loop *loop; /* NULL: not attached */
    struct loop_fd *watch;
    struct loop_timer *rest_timer; /* set while whole lines wait in `in` */
    const struct client_events *events;
    void *context;
    bool closing; /* closed from within a callback: freed when it returns */
    bool dispatching;
};

/* Connecting. */

static int
connect_socket(const char *path, int *ret_fd)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    if (!str_copy(address.sun_path, sizeof address.sun_path, path))
        return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        int r = -errno;
        close(fd);
        return r;
    }
    *ret_fd = fd;
    return 0;
}

static int
check_peer(int fd, struct diag *diag)
{
    struct ucred peer;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        return diag_set(diag, -errno, "cannot tell who serves the socket");
    if (peer.uid != getuid())
        return diag_set(diag, ERR_DENIED, "the server runs as uid %u, not as this user",
            (unsigned)peer.uid);
    return 0;
}

/* Reads what a new server says: 0 once a line is "ready". Other lines are what
 * it logs while it starts; the last of them is the reason when it ends. */
static int
await_ready(int fd, struct diag *diag)
{
    struct str text;
    int r = -ETIMEDOUT;
    char reason[DIAG_TEXT_MAX] = "";
    int64_t deadline = clock_mono_ns() + START_SECONDS * NS_PER_SEC;
    str_init(&text);
    while (r == -ETIMEDOUT) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int64_t left = deadline - clock_mono_ns();
        int ready = left > 0 ? poll(&p, 1, (int)(left / NS_PER_MS) + 1) : 0;
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready <= 0)
            break;
        char bytes[DIAG_TEXT_MAX];
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            r = ERR_CLOSED;
        else
            str_append(&text, bytes, (size_t)n);
        for (char *end; r == -ETIMEDOUT && (end = memchr(text.data, '\n', text.len));) {
            *end = '\0';
            if (str_equal(text.data, "ready"))
                r = 0;
            else
                str_copy(reason, sizeof reason, text.data);
            str_consume(&text, (size_t)(end - text.data) + 1);
        }
        if (text.len > START_LINE_MAX)
            str_clear(&text);
    }
    str_release(&text);
    if (r < 0)
        diag_set(diag, r, "the server did not start%s%s", reason[0] ? ": " : "", reason);
    return r;
}

/* Starts optop-server in a session of its own and waits until it says that it
 * listens. The pipe's other end is the server's standard output and error. */
static int
spawn_server(const char *socket_path, struct diag *diag)
{
    char *program = wire_program_path("optop-server");
    char *const argv[] = { program, (char[]){ "--background" }, (char[]){ "--socket" },
        xstrdup(socket_path), NULL };
    int ready[2], r = 0;
    if (pipe2(ready, O_CLOEXEC) < 0) {
        r = -errno;
        goto out;
    }
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, ready[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ready[1], 2);
    pid_t pid;
    int e = posix_spawn(&pid, program, &actions, &attributes, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(ready[1]);
    if (e) {
        r = diag_set(diag, -e, "cannot start %s: %s", program, strerror(e));
    } else {
        r = await_ready(ready[0], diag);
        if (r < 0)
            waitpid(pid, NULL, WNOHANG);
    }
    close(ready[0]);
out:
    free(argv[3]);
    free(program);
    return r;
}

/* Only one client at a time starts a server; the others wait for the lock and
 * then find it listening. The lock file stays: removing it would let two
 * clients hold locks on two files of one name. */
static int
start_or_connect(const char *path, int *ret_fd, struct diag *diag)
{
    char *lock_path = xasprintf("%s.start", path);
    int lock = open(lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int r = 0;
    if (lock < 0 || flock(lock, LOCK_EX) < 0) {
        r = diag_set(diag, -errno, "%s: %s", lock_path, strerror(errno));
    } else {
        r = connect_socket(path, ret_fd);
        if (r == -ENOENT || r == -ECONNREFUSED) {
            r = spawn_server(path, diag);
            if (r == 0)
                r = connect_socket(path, ret_fd);
        }
    }
    if (lock >= 0)
        close(lock);
    free(lock_path);
    return r;
}

static void
free_client(struct client *client)
{
    loop_fd_stop(client->watch);
    loop_timer_stop(client->rest_timer);
    close(client->fd);
    str_release(&client->in);
    str_release(&client->out);
    free(client->pending);
    free(client);
}

static int
say_hello(struct client *client, bool any_version, struct diag *diag)
{
    json_t *hello = json_pack("{s:i, s:s}", "protocol", WIRE_PROTOCOL, "client",
        "optop " PACKAGE_VERSION);
    json_t *answer;
    int r = client_call(client, "hello", hello, ANSWER_SECONDS, &answer, diag);
    if (r == ERR_VERSION && any_version)
        return 0;
    if (r < 0)
        return r;
    str_copy(client->version, sizeof client->version, json_get_string(answer, "version", "?"));
    json_decref(answer);
    return 0;
}

int
client_open(const struct client_options *options, struct client **ret_client, struct diag *diag)
{
    char *path = options->socket ? xstrdup(options->socket) : wire_socket_path();
    struct client *client = NULL;
    int fd = -1;
    int r = wire_check_directory(path, diag);
    if (r < 0)
        goto out;
    diag_set(diag, 0, "%s", "");
    r = connect_socket(path, &fd);
    if ((r == -ENOENT || r == -ECONNREFUSED) && options->start_server)
        r = start_or_connect(path, &fd, diag);
    if (r < 0) {
        if (diag && !diag->text[0])
            diag_set(diag, r, r == -ENOENT || r == -ECONNREFUSED
                ? "no server is running (%s)" : "cannot reach the server: %s",
                r == -ENOENT || r == -ECONNREFUSED ? path : err_text(r));
        goto out;
    }
    r = check_peer(fd, diag);
    if (r < 0) {
        close(fd);
        goto out;
    }
    client = XNEW(struct client);
    client->fd = fd;
    client->next_id = 1;
    str_init(&client->in);
    str_init(&client->out);
    r = say_hello(client, options->any_version, diag);
    if (r < 0) {
        free_client(client);
        goto out;
    }
    *ret_client = client;
out:
    free(path);
    return r;
}

void
client_close(struct client *client)
{
    if (!client)
        return;
    if (client->dispatching) {
        client->closing = true;
        return;
    }
    free_client(client);
}

const char *
client_server_version(const struct client *client)
{
    return client->version;
}

/* Messages. */

static int
send_request(struct client *client, int64_t id, const char *method, json_t *params,
    struct diag *diag)
{
    struct json_writer w;
    str_clear(&client->out);
    jw_init(&w, &client->out);
    jw_object(&w, NULL);
    jw_string(&w, "jsonrpc", "2.0");
    jw_int(&w, "id", id);
    jw_string(&w, "method", method);
    if (params)
        jw_value(&w, "params", params);
    jw_end(&w);
    str_putc(&client->out, '\n');
    json_decref(params);
    for (size_t sent = 0; sent < client->out.len;) {
        ssize_t n = send(client->fd, client->out.data + sent, client->out.len - sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return diag_set(diag, ERR_CLOSED, "the server has gone: %s", strerror(errno));
        sent += (size_t)n;
    }
    return 0;
}

/* The next whole line in the buffer, NUL-terminated, or NULL. */
static char *
next_line(struct client *client, size_t *ret_len)
{
    char *start = client->in.data + client->taken;
    size_t len = client->in.len - client->taken;
    char *end = len > client->scanned
        ? memchr(start + client->scanned, '\n', len - client->scanned)
        : NULL;
    if (!end) {
        client->scanned = len;
        if (client->taken) {
            str_consume(&client->in, client->taken);
            client->taken = 0;
        }
        return NULL;
    }
    *end = '\0';
    *ret_len = (size_t)(end - start);
    client->taken += *ret_len + 1;
    client->scanned = 0;
    return start;
}

/* Reads once, waiting up to timeout_ms (-1: for ever): 1, 0 on timeout. */
static int
fill(struct client *client, int timeout_ms, struct diag *diag)
{
    struct pollfd p = { .fd = client->fd, .events = POLLIN };
    int ready = poll(&p, 1, timeout_ms);
    if (ready < 0)
        return errno == EINTR ? -EINTR : diag_set(diag, -errno, "poll: %s", strerror(errno));
    if (ready == 0)
        return 0;
    if (client->in.len > MESSAGE_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "the server sent an endless line");
    str_reserve(&client->in, 16 * 1024);
    ssize_t n = recv(client->fd, client->in.data + client->in.len,
        client->in.capacity - client->in.len - 1, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 1;
    if (n <= 0)
        return diag_set(diag, ERR_CLOSED, "the server has gone");
    client->in.len += (size_t)n;
    client->in.data[client->in.len] = '\0';
    return 1;
}

static int
read_error(const json_t *error, struct diag *diag)
{
    const json_t *data = json_object_get(error, "data");
    int64_t code = json_get_int(error, "code", ERR_PROTOCOL);
    if (code >= 0 || code < INT_MIN)
        code = ERR_PROTOCOL;
    diag_set(diag, (int)code, "%s", json_get_string(error, "message", "error without a text"));
    diag_at(diag, json_get_string(data, "file", NULL), (int)json_get_int(data, "line", 0),
        json_get_string(data, "key", NULL));
    return (int)code;
}

/* Hands a message to whom it concerns. Returns 1 when it is the answer with
 * id `wanted`, which then is *ret_message (owned). */
static int
dispatch(struct client *client, json_t *message, int64_t wanted,
    const struct client_events *events, void *context, json_t **ret_message)
{
    const json_t *id = json_object_get(message, "id");
    if (wanted >= 0 && json_is_null(id) && json_object_get(message, "error")) {
        *ret_message = message; /* the server could not tell which request: it is ours */
        return 1;
    }
    if (!json_is_integer(id)) {
        const char *method = json_get_string(message, "method", NULL);
        if (method && events && events->notification)
            events->notification(context, method, json_object_get(message, "params"));
        json_decref(message);
        return 0;
    }
    int64_t number = json_integer_value(id);
    if (number == wanted) {
        *ret_message = message;
        return 1;
    }
    for (int i = 0; i < client->pending_count; i++) {
        if (client->pending[i].id != number)
            continue;
        struct pending pending = client->pending[i];
        client->pending[i] = client->pending[--client->pending_count];
        const json_t *error = json_object_get(message, "error");
        struct diag diag = { 0 };
        if (error)
            read_error(error, &diag);
        pending.fn(pending.context, error ? NULL : json_object_get(message, "result"), &diag);
        break;
    }
    json_decref(message);
    return 0;
}

/* Takes all whole lines out of the buffer: 1 when the wanted answer was among
 * them; lines after it stay. `any` returns after the first message. */
static int
take_lines(struct client *client, int64_t wanted, bool any,
    const struct client_events *events, void *context, json_t **ret_message, struct diag *diag)
{
    char *line;
    size_t len;
    int r = 0;
    bool outer = client->dispatching; /* a callback may call a method itself */
    client->dispatching = true;
    while (r == 0 && !client->closing && (line = next_line(client, &len))) {
        json_t *message = json_parse(line, len, diag);
        if (!message) {
            r = ERR_PROTOCOL;
            break;
        }
        r = dispatch(client, message, wanted, events, context, ret_message);
        if (any && r == 0)
            r = 1;
    }
    client->dispatching = outer;
    if (client->closing) {
        if (r == 1 && ret_message && *ret_message)
            json_decref(*ret_message);
        if (!outer)
            free_client(client);
        return ERR_CLOSED;
    }
    return r;
}

static int
until_deadline_ms(int64_t deadline)
{
    if (deadline < 0)
        return -1;
    int64_t left = deadline - clock_mono_ns();
    return left <= 0 ? 0 : left > INT_MAX * NS_PER_MS ? INT_MAX : (int)(left / NS_PER_MS) + 1;
}

static void
tell_closed(struct client *client, const struct diag *diag)
{
    loop_fd_stop(client->watch);
    client->watch = NULL;
    if (client->events->closed)
        client->events->closed(client->context, diag);
}

static void
take_for_loop(struct client *client)
{
    struct diag diag = { 0 };
    int r = take_lines(client, -1, false, client->events, client->context, NULL, &diag);
    if (r < 0 && diag.code) /* without a diag the client closed itself */
        tell_closed(client, &diag);
}

/* What a blocking call has read behind its answer would wait for the next
 * bytes from the server: the loop sees to it at its next turn. */
static void
on_rest(void *context)
{
    struct client *client = context;
    loop_timer_stop(client->rest_timer);
    client->rest_timer = NULL;
    take_for_loop(client);
}

static void
leave_rest(struct client *client)
{
    size_t len = client->in.len - client->taken;
    if (client->loop && !client->rest_timer && memchr(client->in.data + client->taken, '\n', len))
        client->rest_timer = loop_timer_start(client->loop, 0, 0, on_rest, client);
}

int
client_call(struct client *client, const char *method, json_t *params,
    double timeout_seconds, json_t **ret_result, struct diag *diag)
{
    int64_t id = client->next_id++;
    int64_t deadline = timeout_seconds > 0 ? clock_mono_ns() + sec_to_ns(timeout_seconds) : -1;
    int r = send_request(client, id, method, params, diag);
    json_t *message = NULL;
    while (r >= 0) {
        r = take_lines(client, id, false, client->events, client->context, &message, diag);
        if (r != 0)
            break;
        /* a flood of notifications must not put the deadline off */
        int wait_ms = until_deadline_ms(deadline);
        r = wait_ms ? fill(client, wait_ms, diag) : 0;
        if (r == -EINTR)
            r = 1;
        else if (r == 0)
            r = diag_set(diag, -ETIMEDOUT, "the server does not answer");
    }
    if (r < 0)
        return r;
    leave_rest(client);
    const json_t *error = json_object_get(message, "error");
    r = error ? read_error(error, diag) : 0;
    if (!error) {
        json_t *result = json_object_get(message, "result");
        *ret_result = result ? json_incref(result) : json_null();
    }
    json_decref(message);
    return r;
}

static void
on_readable(void *context, int fd, unsigned events)
{
    struct client *client = context;
    struct diag diag = { 0 };
    (void)fd, (void)events;
    int r = fill(client, 0, &diag);
    if (r == -EINTR)
        return;
    if (r >= 0)
        take_for_loop(client);
    else
        tell_closed(client, &diag);
}

int
client_attach(struct client *client, struct loop *loop, const struct client_events *events,
    void *context)
{
    int r = loop_fd_start(loop, client->fd, LOOP_READ, on_readable, client, &client->watch);
    if (r < 0)
        return r;
    client->loop = loop;
    client->events = events;
    client->context = context;
    leave_rest(client);
    return 0;
}

static void
ignore_answer(void *context, const json_t *result, const struct diag *diag)
{
    (void)context, (void)result, (void)diag;
}

int
client_request(struct client *client, const char *method, json_t *params,
    client_answer_fn *fn, void *context)
{
    int64_t id = client->next_id++;
    int r = send_request(client, id, method, params, NULL);
    if (r < 0)
        return r;
    XGROW(client->pending, client->pending_count, client->pending_capacity);
    client->pending[client->pending_count++] =
        (struct pending){ id, fn ? fn : ignore_answer, context };
    return 0;
}

int
client_wait(struct client *client, double timeout_seconds, const struct client_events *events,
    void *context, struct diag *diag)
{
    int64_t deadline = clock_mono_ns() + sec_to_ns(timeout_seconds);
    for (;;) {
        int r = take_lines(client, -1, true, events, context, NULL, diag);
        if (r > 0)
            leave_rest(client);
        if (r != 0)
            return r;
        r = fill(client, until_deadline_ms(deadline), diag);
        if (r == -EINTR)
            return 0; /* a signal: the caller looks at its flags */
        if (r <= 0)
            return r;
    }
}
