/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/reads.h"

#include <errno.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "optop/pool.h"
#include "server/beside.h"
#include "server/server.h"

struct read {
    struct server *server;
    read_fn *fn;
    const void *what;
    const json_t *request; /* borrowed */
    struct str answer;
};

/* Connections. */

static void
close_one(void *object, void *context)
{
    struct reader *reader = object;
    (void)context;
    optop_arena_release(&reader->arena);
    store_close(reader->store);
}

static int
open_one(void *object, void *context)
{
    const struct server *server = context;
    struct reader *reader = object;
    int r = store_open_reader(server->store, &reader->store);
    if (r < 0)
        return r < -1000 ? -EIO : r;
    optop_arena_init(&reader->arena, &(struct optop_arena_options){ .name = "reader" });
    return 0;
}

static int
reset_one(void *object, void *context)
{
    struct reader *reader = object;
    (void)context;
    optop_arena_reset(&reader->arena);
    return 0;
}

static bool
validate_one(void *object, void *context)
{
    const struct reader *reader = object;
    (void)context;
    return store_reader_usable(reader->store);
}

int
reads_open(struct server *server)
{
    server->readers = optop_pool_new(&(struct optop_pool_options){
        .name = "store readers",
        .object_size = sizeof(struct reader),
        .max = READS_MAX,
        .flags = OPTOP_POOL_THREADS,
        .idle_ns = READER_REST_SECONDS * NS_PER_SEC,
        .life_ns = READER_LIFE_SECONDS * NS_PER_SEC,
        .create = open_one,
        .reset = reset_one,
        .validate = validate_one,
        .destroy = close_one,
        .context = server,
    });
    return server->readers ? 0 : -errno;
}

void
reads_tick(struct server *server)
{
    optop_pool_trim(server->readers, false);
}

void
reads_close(struct server *server)
{
    optop_pool_free(server->readers);
    server->readers = NULL;
}

/* Reads. */

static int
run_read(void *context, struct optop_reply *reply)
{
    struct read *read = context;
    (void)reply;
    struct reader *reader = optop_pool_acquire(read->server->readers);
    if (!reader)
        return -EMFILE;
    int r = read->fn(read->what, read->request, reader, &read->answer);
    store_sweep(reader->store);
    optop_pool_release(read->server->readers, reader);
    return r;
}

/* There is no descriptor for a connection: the server's own must do. */
static void
read_here(struct read *read)
{
    struct reader reader = { .store = read->server->store };
    optop_arena_init(&reader.arena, &(struct optop_arena_options){ 0 });
    read->fn(read->what, read->request, &reader, &read->answer);
    optop_arena_release(&reader.arena);
}

static void
answer_read(void *context, const json_t *request, int result, struct optop_reply *reply,
    struct str *out)
{
    struct read *read = context;
    (void)request, (void)result, (void)reply;
    if (!read->answer.len)
        read_here(read);
    str_append(out, read->answer.data, read->answer.len);
}

static void
release_read(void *context)
{
    struct read *read = context;
    str_release(&read->answer);
    free(read);
}

int
reads_add(struct session *session, read_fn *fn, const void *what, json_t *request,
    struct diag *diag)
{
    struct read *read = XNEW(struct read);
    *read = (struct read){ .server = session->server, .fn = fn, .what = what, .request = request };
    str_init(&read->answer);
    int r = beside_add(session, BESIDE_READS, request, &(struct beside_request){ .run = run_read,
        .answer = answer_read, .release = release_read, .context = read,
        .timeout_ns = READS_SECONDS * NS_PER_SEC }, diag);
    if (r < 0)
        release_read(read);
    return r;
}
