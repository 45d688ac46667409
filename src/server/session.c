/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One attached client. A client that does not read costs one queue of bounded
 * size; of ticks only the newest waits for it.
 */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_change.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "server/beside.h"
#include "server/server.h"

#define HANDSHAKE_NS (SERVER_HANDSHAKE_SECONDS * NS_PER_SEC)

static void
unlink_session(struct session *session)
{
    struct session **link = &session->server->sessions;
    while (*link != session)
        link = &(*link)->next;
    *link = session->next;
    session->server->session_count--;
}

void
session_close(struct session *session)
{
    beside_forget(session);
    lines_free(session->lines);
    unlink_session(session);
    free(session);
}

static void
on_line(void *context, char *text, size_t len)
{
    struct session *session = context;
    if (len)
        handler_line(session, text, len);
}

static void
send_notification(struct session *session, const char *method, const struct str *params)
{
    struct str *line = &session->server->scratch;
    str_clear(line);
    str_puts(line, "{\"jsonrpc\":\"2.0\",\"method\":\"");
    str_puts(line, method);
    str_puts(line, "\",\"params\":");
    str_append(line, params->data, params->len);
    str_puts(line, "}\n");
    lines_send(session->lines, line->data, line->len);
}

/* Who watches changes and has the status of the tick before gets what is new since; a
 * newcomer, or who was too slow for a tick, gets all of it, as all who watch ticks do. */
static void
send_tick(struct session *session)
{
    struct server *server = session->server;
    session->tick_waiting = false;
    if (!(session->topics & TOPIC_CHANGES)) {
        send_notification(session, "tick", server_status(server));
        return;
    }
    if (session->told && session->told + 1 == server->told_number)
        send_notification(session, "change", &server->change);
    else if (session->told != server->told_number)
        send_notification(session, "tick", &server->told);
    session->told = server->told_number;
}

/* Once per tick. */
static void
take_told(struct server *server)
{
    const struct str *status = server_status(server);
    str_clear(&server->change);
    if (server->told.len && !json_change_write(&server->told, status, &server->change))
        str_puts(&server->change, "{}");
    str_clear(&server->told);
    str_append(&server->told, status->data, status->len);
    server->told_number++;
}

static void
on_drained(void *context)
{
    struct session *session = context;
    if (session->tick_waiting)
        send_tick(session);
    beside_wake(session);
}

static void
on_closed(void *context, int code)
{
    struct session *session = context;
    if (code != ERR_CLOSED)
        log_info("a client was dropped: %s", err_text(code));
    session_close(session);
}

static const struct lines_events session_events = { on_line, on_drained, on_closed };

void
session_open(struct server *server, int fd)
{
    static const char full[] =
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-2007,"
        "\"message\":\"the server has too many clients\"}}\n";
    static const struct lines_options options = { SERVER_LINE_MAX, SERVER_QUEUE_MAX };
    if (server->session_count >= SERVER_SESSIONS_MAX) {
        send(fd, full, sizeof full - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(fd);
        return;
    }
    struct session *session = XNEW(struct session);
    struct ucred peer = { 0 };
    socklen_t size = sizeof peer;
    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    session->server = server;
    session->number = ++server->sessions_opened;
    session->pid = peer.pid;
    session->opened_ns = loop_now(server->loop);
    session->lines =
        lines_new(server->loop, server->buffers, fd, &options, &session_events, session);
    session->next = server->sessions;
    server->sessions = session;
    server->session_count++;
    /* only when it is at rest: newcomers must not put it off */
    if (!server->sweep_due)
        loop_timer_change(server->session_timer, HANDSHAKE_NS, 0);
    server->sweep_due = true;
}

void
session_send(struct session *session, const struct str *line)
{
    lines_send(session->lines, line->data, line->len);
}

size_t
session_queued(const struct session *session)
{
    return lines_queued(session->lines);
}

void
session_sweep(void *context)
{
    struct server *server = context;
    struct session *next;
    int64_t oldest = loop_now(server->loop) - HANDSHAKE_NS, first = INT64_MAX;
    for (struct session *session = server->sessions; session; session = next) {
        next = session->next;
        if (session->greeted)
            continue;
        if (session->opened_ns <= oldest)
            session_close(session);
        else if (session->opened_ns < first)
            first = session->opened_ns;
    }
    server->sweep_due = first != INT64_MAX;
    if (server->sweep_due)
        loop_timer_change(server->session_timer, first - oldest, 0);
}

void
session_tick(struct server *server)
{
    bool told = false;
    for (struct session *session = server->sessions; session; session = session->next) {
        if (!(session->topics & (TOPIC_TICK | TOPIC_CHANGES)))
            continue;
        if (session->topics & TOPIC_CHANGES && !told) {
            take_told(server);
            told = true;
        }
        if (lines_queued(session->lines))
            session->tick_waiting = true;
        else
            send_tick(session);
    }
}

void
session_notify(struct server *server, enum session_topic topic, int64_t run, const char *method,
    const struct str *params)
{
    struct str *line = &server->scratch;
    bool made = false;
    for (struct session *session = server->sessions; session; session = session->next) {
        if (!(session->topics & topic) || (run && session->watched_run && session->watched_run != run))
            continue;
        if (!made) {
            str_clear(line);
            str_printf(line, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":", method);
            str_append(line, params->data, params->len);
            str_puts(line, "}\n");
            made = true;
        }
        lines_send(session->lines, line->data, line->len);
    }
}
