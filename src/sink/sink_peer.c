/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sink/sink_peer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "config/secret.h"
#include "sink/sink.h"

enum {
    CONNECTIONS_MAX = 1, /* one job at a time; threads take it from each other */
    ASK_AFTER_MS = 1000, /* a connection that rested so long is asked whether it lives */
    ASK_SECONDS = 2,
    ANSWER_MAX = 64, /* bytes of a receiver's answer to one line */
};

/* What a failure is called. */
static void
describe(int code, const char *what, char *buf, size_t size)
{
    const char *why = code == -EPIPE ? "the other end has closed"
        : code == -EACCES ? "the address is link-local, multicast or none, and never called"
        : code == -EHOSTUNREACH ? "the host's address is not known"
        : code == -EPROTO ? "it answers something that is no answer of Redis"
        : code == -EMSGSIZE ? "its answer is too large"
        : code == -EBADMSG ? "it answers something else than the ids of the lines"
        : err_text(code);
    snprintf(buf, size, "%s: %s", what, why);
}

/* Connections. */

/* One command and its reply: 0, or the code with peer->error. */
static int
ask(struct peer_link *link, const char *what, int count, const char *const *word,
    int64_t deadline_ns)
{
    struct redis_reply reply;
    int r = redis_add(link->redis, count, word, NULL);
    if (r == 0)
        r = redis_send(link->redis, deadline_ns);
    if (r == 0)
        r = redis_reply(link->redis, &reply, deadline_ns);
    if (r < 0) {
        describe(r, what, link->peer->error, sizeof link->peer->error);
        return r;
    }
    if (reply.kind != REDIS_ERROR)
        return 0;
    snprintf(link->peer->error, sizeof link->peer->error, "%s: %s", what, reply.text);
    return -EACCES;
}

static int
read_password(struct sink_peer *peer, struct secret *secret)
{
    const struct run_sink *options = &peer->options;
    struct diag why = { 0 };
    const char *text = options->password_env ? getenv(options->password_env) : NULL;
    if (options->password_env && !text) {
        snprintf(peer->error, sizeof peer->error, "password_env: the server has no such variable");
        return -ENOENT;
    }
    int r = text ? secret_read_text(secret, text, &why)
                 : secret_read_file(secret, options->password_file, &why);
    if (r < 0)
        snprintf(peer->error, sizeof peer->error, "%s: %.150s", text ? "password_env" : "password_file",
            why.text);
    return r;
}

static int
greet(struct peer_link *link, int64_t deadline_ns)
{
    struct sink_peer *peer = link->peer;
    const char *words[3] = { "AUTH" };
    int r = 0, count = 1;
    if (peer->options.password_file || peer->options.password_env) {
        struct secret secret = { .count = 0 };
        r = read_password(peer, &secret);
        if (peer->options.user)
            words[count++] = peer->options.user;
        words[count++] = secret.line[0];
        if (r == 0)
            r = ask(link, "AUTH", count, words, deadline_ns);
        secret_wipe(&secret);
    }
    if (r == 0 && peer->place.database) {
        char number[16];
        snprintf(number, sizeof number, "%d", peer->place.database);
        r = ask(link, "SELECT", 2, (const char *const[]){ "SELECT", number }, deadline_ns);
    }
    return r;
}

static void
close_link(void *object, void *context)
{
    struct peer_link *link = object;
    (void)context;
    redis_free(link->redis);
    str_release(&link->lines);
    link->redis = NULL;
}

static int
open_link(void *object, void *context)
{
    struct peer_link *link = object;
    struct sink_peer *peer = context;
    const struct sink_place *place = &peer->place;
    const struct stream_place to = { .path = place->local ? place->path : NULL,
        .host = place->host, .port = place->port };
    int64_t deadline_ns = clock_mono_ns() + SINK_CONNECT_SECONDS * NS_PER_SEC;
    *link = (struct peer_link){ .peer = peer, .redis = redis_new() };
    if (!link->redis)
        return -ENOMEM;
    str_init(&link->lines);
    int r = stream_open(redis_stream(link->redis), &to, peer->cancel_fd, deadline_ns);
    if (r < 0)
        describe(r, "cannot connect", peer->error, sizeof peer->error);
    else if (place->redis)
        r = greet(link, deadline_ns);
    link->used_ns = clock_mono_ns();
    if (r < 0)
        close_link(link, NULL);
    return r;
}

static bool
is_usable(void *object, void *context)
{
    struct peer_link *link = object;
    const struct sink_peer *peer = context;
    int64_t now = clock_mono_ns();
    if (!stream_usable(redis_stream(link->redis)))
        return false;
    if (!peer->place.redis || now - link->used_ns < ASK_AFTER_MS * NS_PER_MS)
        return true;
    return ask(link, "PING", 1, (const char *const[]){ "PING" }, now + ASK_SECONDS * NS_PER_SEC) == 0;
}

struct peer_link *
peer_take(struct sink_peer *peer)
{
    peer->error[0] = '\0';
    struct peer_link *link = optop_pool_acquire(peer->pool);
    if (!link && !peer->error[0])
        describe(-errno, "no connection", peer->error, sizeof peer->error);
    return link;
}

void
peer_give(struct peer_link *link, bool good)
{
    link->used_ns = clock_mono_ns();
    str_clear(&link->lines);
    if (good)
        optop_pool_release(link->peer->pool, link);
    else
        optop_pool_discard(link->peer->pool, link);
}

/* Events. */

int
peer_add(struct peer_link *link, const char *id, const char *type, const char *json, size_t len)
{
    const struct run_sink *options = &link->peer->options;
    if (!link->peer->place.redis) {
        str_append(&link->lines, json, len);
        str_putc(&link->lines, '\n');
        return 0;
    }
    char most[24];
    const char *words[12] = { "XADD", options->key };
    size_t lens[12] = { 0 };
    int count = 2;
    snprintf(most, sizeof most, "%lld", (long long)options->max_entries);
    if (options->max_entries) {
        words[count++] = "MAXLEN";
        words[count++] = "~";
        words[count++] = most;
    }
    const char *const fields[] = { "*", "id", id, "type", type, "data", json };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        words[count++] = fields[i];
    for (int i = 0; i < count - 1; i++)
        lens[i] = strlen(words[i]);
    lens[count - 1] = len;
    return redis_add(link->redis, count, words, lens);
}

static int
send_entries(struct peer_link *link, int count, int64_t deadline_ns, char *error, size_t size)
{
    struct redis_reply reply;
    int r = redis_send(link->redis, deadline_ns);
    for (int i = 0; i < count; i++) {
        if (r == 0)
            r = redis_reply(link->redis, &reply, deadline_ns);
        if (r == 0 && reply.kind == REDIS_TEXT)
            continue;
        if (r == 0)
            snprintf(error, size, "XADD: %s",
                reply.kind == REDIS_ERROR ? reply.text : "it answers something else");
        else
            describe(r, "XADD", error, size);
        return i;
    }
    return count;
}

/* Answers are ids in order, each on a line; the last of several counts for all
 * before it. */
static int
take_answers(struct peer_link *link, const char (*ids)[48], int count, int64_t deadline_ns,
    int *ret_code)
{
    char buf[4096], line[ANSWER_MAX];
    size_t len = 0;
    int taken = 0;
    while (taken < count) {
        int64_t n = stream_read(redis_stream(link->redis), buf, sizeof buf, deadline_ns);
        if (n < 0) {
            *ret_code = (int)n;
            return taken;
        }
        for (int64_t i = 0; i < n; i++) {
            if (buf[i] != '\n' && len + 1 < sizeof line) {
                line[len++] = buf[i];
                continue;
            }
            int at = taken;
            line[buf[i] == '\n' && len && line[len - 1] == '\r' ? len - 1 : len] = '\0';
            while (at < count && strcmp(ids[at], line))
                at++;
            if (buf[i] != '\n' || at == count) {
                *ret_code = -EBADMSG;
                return taken;
            }
            taken = at + 1;
            len = 0;
        }
    }
    return taken;
}

static int
send_lines(struct peer_link *link, const char (*ids)[48], int count, int64_t deadline_ns, char *error,
    size_t size)
{
    struct stream *stream = redis_stream(link->redis);
    int taken = 0, r = stream_write(stream, link->lines.data, link->lines.len, deadline_ns);
    if (r == 0 && link->peer->options.ack) {
        taken = take_answers(link, ids, count, deadline_ns, &r);
    } else if (r == 0) {
        r = stream_drain(stream, deadline_ns);
        taken = r == 0 ? count : 0;
    }
    if (r < 0)
        describe(r, "sending", error, size);
    return taken;
}

int
peer_send(struct peer_link *link, const char (*ids)[48], int count, char *error, size_t size)
{
    int64_t deadline_ns = clock_mono_ns() + SINK_SECONDS * NS_PER_SEC;
    if (!count)
        return 0;
    return link->peer->place.redis ? send_entries(link, count, deadline_ns, error, size)
                                   : send_lines(link, ids, count, deadline_ns, error, size);
}

/* The peer. */

static char *
copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static int
show(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct sink_peer *peer = (struct sink_peer *)((char *)resource -
        offsetof(struct sink_peer, resource));
    const struct resource_figure figures[] = {
        { "sent", "", RESOURCE_COUNTER, (double)peer->sent },
        { "behind", "", RESOURCE_GAUGE, (double)peer->behind },
        { "failed", "", RESOURCE_COUNTER, (double)peer->failed },
        { "failing", "", RESOURCE_GAUGE, peer->failing },
    };
    memcpy(ret, figures, sizeof figures);
    return sizeof figures / sizeof *figures;
}

/* A long name is cut at its beginning: its end tells more. */
static void
name_peer(struct sink_peer *peer)
{
    const struct sink_place *place = &peer->place;
    char all[SINK_HOST_MAX + 32];
    if (place->local)
        snprintf(all, sizeof all, "%s", place->path);
    else
        snprintf(all, sizeof all, strchr(place->host, ':') ? "[%s]:%s" : "%s:%s", place->host,
            place->port);
    if (place->database)
        snprintf(all + strlen(all), sizeof all - strlen(all), "/%d", place->database);
    size_t len = strlen(all), most = sizeof peer->name - 4; /* the registry may put a number behind */
    str_copy(peer->name, sizeof peer->name, len > most ? all + len - most : all);
}

struct sink_peer *
peer_new(const struct run_sink *options, int cancel_fd)
{
    struct sink_peer *peer = XNEW(struct sink_peer);
    struct diag diag = { 0 };
    peer->cancel_fd = cancel_fd;
    peer->options = (struct run_sink){ .place = copy(options->place), .key = copy(options->key),
        .user = copy(options->user), .password_file = copy(options->password_file),
        .password_env = copy(options->password_env), .max_entries = options->max_entries,
        .ack = options->ack };
    int r = url_sink(peer->options.place, &peer->place, &diag);
    name_peer(peer);
    char name[RESOURCE_NAME_MAX];
    snprintf(name, sizeof name, "%s", peer->name);
    peer->pool = r < 0 ? NULL : optop_pool_new(&(struct optop_pool_options){
        .name = name,
        .object_size = sizeof(struct peer_link),
        .flags = OPTOP_POOL_THREADS,
        .max = CONNECTIONS_MAX,
        .idle_ns = SINK_REST_SECONDS * NS_PER_SEC,
        .life_ns = SINK_LIFE_SECONDS * NS_PER_SEC,
        .create = open_link,
        .validate = is_usable,
        .destroy = close_link,
        .context = peer,
    });
    if (!peer->pool) {
        int code = r < 0 ? EINVAL : errno;
        peer_free(peer);
        errno = code;
        return NULL;
    }
    peer->resource.kind = "sink";
    peer->resource.figures = show;
    str_copy(peer->resource.name, sizeof peer->resource.name, peer->name);
    registry_add(&peer->resource);
    return peer;
}

void
peer_free(struct sink_peer *peer)
{
    if (!peer)
        return;
    registry_remove(&peer->resource);
    optop_pool_free(peer->pool);
    free(peer->options.place);
    free(peer->options.key);
    free(peer->options.user);
    free(peer->options.password_file);
    free(peer->options.password_env);
    free(peer);
}

bool
peer_is(const struct sink_peer *peer, const struct run_sink *options)
{
    const struct run_sink *own = &peer->options;
    return str_equal(own->place, options->place) && str_equal(own->key, options->key) &&
        str_equal(own->user, options->user) &&
        str_equal(own->password_file, options->password_file) &&
        str_equal(own->password_env, options->password_env) &&
        own->max_entries == options->max_entries && own->ack == options->ack;
}
