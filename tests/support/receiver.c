/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "receiver.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { REQUEST_MAX = 4 << 20, PIECE = 16384 };

static const struct receiver_answer plain = { .status = 200 };

struct peer {
    struct receiver *receiver;
    struct peer *next, **link;
    int fd, number;
    struct loop_fd *watch;
    struct loop_timer *timer;
    struct str in, out;
    size_t sent;
    const struct receiver_answer *answer; /* being given; NULL: reading */
};

struct receiver {
    struct loop *loop;
    int fd, port;
    struct loop_fd *watch;
    struct peer *peers;
    const struct receiver_answer *answer;
    int answers;
    struct receiver_request *request;
    int count, capacity, connections;
    receiver_fn *fn;
    void *context;
    char url[512];
};

static void
drop_peer(struct peer *peer)
{
    *peer->link = peer->next;
    if (peer->next)
        peer->next->link = peer->link;
    loop_fd_stop(peer->watch);
    loop_timer_stop(peer->timer);
    close(peer->fd);
    str_release(&peer->in);
    str_release(&peer->out);
    free(peer);
}

static void
reset_peer(void *context)
{
    struct peer *peer = context;
    struct linger linger = { .l_onoff = 1 };
    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    drop_peer(peer);
}

static void
trickle(void *context)
{
    struct peer *peer = context;
    if (send(peer->fd, "x", 1, MSG_NOSIGNAL) < 0)
        drop_peer(peer);
}

static void read_requests(struct peer *peer);

/* Writes what waits; false when the peer is gone. */
static bool
flush_peer(struct peer *peer)
{
    bool endless = peer->answer && peer->answer->act == RECEIVER_ENDLESS;
    for (;;) {
        if (peer->sent == peer->out.len && endless) {
            static char filler[PIECE];
            memset(filler, 'x', sizeof filler);
            str_clear(&peer->out);
            str_append(&peer->out, filler, sizeof filler);
            peer->sent = 0;
        }
        if (peer->sent == peer->out.len)
            break;
        ssize_t n = send(peer->fd, peer->out.data + peer->sent, peer->out.len - peer->sent,
            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN) {
            loop_fd_change(peer->watch, LOOP_READ | LOOP_WRITE);
            return true;
        }
        if (n < 0) {
            drop_peer(peer);
            return false;
        }
        peer->sent += (size_t)n;
    }
    str_clear(&peer->out);
    peer->sent = 0;
    loop_fd_change(peer->watch, LOOP_READ);
    return true;
}

static void
give_answer(void *context)
{
    struct peer *peer = context;
    const struct receiver_answer *answer = peer->answer;
    const char *body = answer->body ? answer->body : "ok";
    size_t len = strlen(body);
    loop_timer_stop(peer->timer);
    peer->timer = NULL;
    if (answer->act == RECEIVER_HANG)
        return;
    if (answer->act == RECEIVER_RESET) {
        reset_peer(peer);
        return;
    }
    str_printf(&peer->out, "HTTP/1.1 %d Scripted\r\n%s", answer->status ? answer->status : 200,
        answer->headers ? answer->headers : "");
    if (answer->act == RECEIVER_RESET_MID_BODY)
        len += 1000;
    if (answer->act == RECEIVER_ENDLESS || answer->act == RECEIVER_TRICKLE)
        str_puts(&peer->out, "Connection: close\r\n\r\n");
    else
        str_printf(&peer->out, "Content-Length: %zu\r\n\r\n%s", len, body);
    if (!flush_peer(peer))
        return;
    if (answer->act == RECEIVER_RESET_MID_BODY) /* after the client has read what there is */
        peer->timer = loop_timer_start(peer->receiver->loop, 50 * NS_PER_MS, 0, reset_peer, peer);
    else if (answer->act == RECEIVER_TRICKLE)
        peer->timer = loop_timer_start(peer->receiver->loop, 0, 20 * NS_PER_MS, trickle, peer);
    else if (answer->act == RECEIVER_ANSWER) {
        peer->answer = NULL;
        read_requests(peer);
    }
}

static struct receiver_request *
add_request(struct receiver *receiver)
{
    XGROW(receiver->request, receiver->count, receiver->capacity);
    return &receiver->request[receiver->count++];
}

/* Keeps the request at the front of what has come; false: not whole yet. */
static bool
take_request(struct peer *peer)
{
    struct receiver *receiver = peer->receiver;
    char *end = memmem(peer->in.data, peer->in.len, "\r\n\r\n", 4);
    if (!end)
        return false;
    char *line_end = memmem(peer->in.data, peer->in.len, "\r\n", 2);
    struct receiver_request probe = {
        .headers = line_end < end ? xstrndup(line_end + 2, (size_t)(end - line_end - 2))
                                  : xstrdup(""),
    };
    size_t body_len = strtoul(receiver_header(&probe, "content-length"), NULL, 10);
    size_t head_len = (size_t)(end + 4 - peer->in.data);
    if (body_len > REQUEST_MAX || peer->in.len - head_len < body_len) {
        free(probe.headers);
        return false;
    }
    char *line = xstrndup(peer->in.data, (size_t)(line_end - peer->in.data));
    char *path = strchr(line, ' ');
    char *version = path ? strchr(path + 1, ' ') : NULL;
    struct receiver_request *request = add_request(receiver);
    *request = (struct receiver_request){
        .method = path ? xstrndup(line, (size_t)(path - line)) : xstrdup(line),
        .path = version ? xstrndup(path + 1, (size_t)(version - path - 1)) : xstrdup(""),
        .headers = probe.headers,
        .body = xstrndup(peer->in.data + head_len, body_len),
        .body_len = body_len,
        .connection = peer->number,
        .mono_ns = clock_mono_ns(),
    };
    free(line);
    str_consume(&peer->in, head_len + body_len);
    if (receiver->fn)
        receiver->fn(receiver->context, request);
    return true;
}

static void
read_requests(struct peer *peer)
{
    struct receiver *receiver = peer->receiver;
    if (peer->answer || !take_request(peer))
        return;
    int i = receiver->count - 1;
    peer->answer = !receiver->answers ? &plain
        : &receiver->answer[i < receiver->answers ? i : receiver->answers - 1];
    if (peer->answer->delay_seconds > 0)
        peer->timer = loop_timer_start(receiver->loop, sec_to_ns(peer->answer->delay_seconds), 0,
            give_answer, peer);
    else
        give_answer(peer);
}

static void
on_peer(void *context, int fd, unsigned events)
{
    struct peer *peer = context;
    if (events & LOOP_READ) {
        char piece[PIECE];
        ssize_t n = recv(fd, piece, sizeof piece, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EAGAIN) || peer->in.len > 2 * REQUEST_MAX) {
            drop_peer(peer);
            return;
        }
        if (n > 0)
            str_append(&peer->in, piece, (size_t)n);
    }
    if ((events & LOOP_WRITE) && !flush_peer(peer))
        return;
    read_requests(peer);
}

static void
on_listen(void *context, int fd, unsigned events)
{
    struct receiver *receiver = context;
    (void)events;
    int peer_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (peer_fd < 0)
        return;
    struct peer *peer = XNEW(struct peer);
    peer->receiver = receiver;
    peer->fd = peer_fd;
    peer->number = ++receiver->connections;
    str_init(&peer->in);
    str_init(&peer->out);
    peer->next = receiver->peers;
    peer->link = &receiver->peers;
    if (peer->next)
        peer->next->link = &peer->next;
    receiver->peers = peer;
    loop_fd_start(receiver->loop, peer_fd, LOOP_READ, on_peer, peer, &peer->watch);
}

static bool
start_listening(struct receiver *receiver)
{
    int one = 1;
    struct sockaddr_in in = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)receiver->port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    socklen_t len = sizeof in;
    receiver->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    setsockopt(receiver->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(receiver->fd, (struct sockaddr *)&in, sizeof in) < 0 ||
        listen(receiver->fd, 64) < 0 ||
        getsockname(receiver->fd, (struct sockaddr *)&in, &len) < 0 ||
        loop_fd_start(receiver->loop, receiver->fd, LOOP_READ, on_listen, receiver,
            &receiver->watch) < 0) {
        close(receiver->fd);
        receiver->fd = -1;
        return false;
    }
    receiver->port = ntohs(in.sin_port);
    return true;
}

struct receiver *
receiver_new(struct loop *loop, int port)
{
    struct receiver *receiver = XNEW(struct receiver);
    receiver->loop = loop;
    receiver->port = port;
    if (!start_listening(receiver)) {
        free(receiver);
        return NULL;
    }
    return receiver;
}

void
receiver_down(struct receiver *receiver)
{
    while (receiver->peers)
        drop_peer(receiver->peers);
    loop_fd_stop(receiver->watch);
    receiver->watch = NULL;
    if (receiver->fd >= 0)
        close(receiver->fd);
    receiver->fd = -1;
}

void
receiver_up(struct receiver *receiver)
{
    if (!start_listening(receiver))
        abort();
}

void
receiver_free(struct receiver *receiver)
{
    if (!receiver)
        return;
    receiver_down(receiver);
    for (int i = 0; i < receiver->count; i++) {
        free(receiver->request[i].method);
        free(receiver->request[i].path);
        free(receiver->request[i].headers);
        free(receiver->request[i].body);
    }
    free(receiver->request);
    free(receiver);
}

int
receiver_port(const struct receiver *receiver)
{
    return receiver->port;
}

const char *
receiver_url(struct receiver *receiver, const char *path)
{
    snprintf(receiver->url, sizeof receiver->url, "http://127.0.0.1:%d%s", receiver->port, path);
    return receiver->url;
}

void
receiver_script(struct receiver *receiver, const struct receiver_answer *answers, int count)
{
    receiver->answer = answers;
    receiver->answers = count;
}

void
receiver_on_request(struct receiver *receiver, receiver_fn *fn, void *context)
{
    receiver->fn = fn;
    receiver->context = context;
}

int
receiver_count(const struct receiver *receiver)
{
    return receiver->count;
}

int
receiver_connections(const struct receiver *receiver)
{
    return receiver->connections;
}

const struct receiver_request *
receiver_request(const struct receiver *receiver, int index)
{
    return &receiver->request[index];
}

const char *
receiver_header(const struct receiver_request *request, const char *name)
{
    static char value[1024];
    size_t len = strlen(name);
    for (const char *line = request->headers; line && *line;) {
        const char *end = strstr(line, "\r\n");
        size_t line_len = end ? (size_t)(end - line) : strlen(line);
        if (line_len > len && line[len] == ':' && !strncasecmp(line, name, len)) {
            const char *start = line + len + 1 + strspn(line + len + 1, " ");
            snprintf(value, sizeof value, "%.*s", (int)(line + line_len - start), start);
            return value;
        }
        line = end ? end + 2 : NULL;
    }
    return "";
}

struct wait {
    struct loop *loop;
    bool (*done)(void *context);
    void *context;
    int64_t deadline_ns;
    bool met;
};

static void
check_wait(void *context)
{
    struct wait *wait = context;
    wait->met = wait->done(wait->context);
    if (wait->met || clock_mono_ns() > wait->deadline_ns)
        loop_stop(wait->loop);
}

bool
receiver_wait(struct loop *loop, bool (*done)(void *context), void *context)
{
    struct wait wait = { .loop = loop, .done = done, .context = context };
    wait.deadline_ns = clock_mono_ns() + RECEIVER_WAIT_SECONDS * NS_PER_SEC;
    if (done(context))
        return true;
    struct loop_timer *timer = loop_timer_start(loop, NS_PER_MS, NS_PER_MS, check_wait, &wait);
    loop_run(loop);
    loop_timer_stop(timer);
    return wait.met;
}
