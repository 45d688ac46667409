/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file_handle.h"
#include "io/file_room.h"
#include "io/file_table.h"
#include "io/newfile.h"

enum {
    TELL_BYTES = 1024 * 1024, /* in buffers of ours: then the loop is told what there is so far */
    FINISH_LOOK_NS = NS_PER_MS, /* a thread may wait for buffers that only the loop can free */
};

struct files {
    struct loop *loop;
    struct optop_executor *executor; /* NULL: the end */
    struct room room[FILES_THREADS];
    int name[FILES_REPLACE + 1]; /* of tasks */
    uint64_t submitted, done; /* requests; loop thread */
    struct handles *handles;
};

/* A batch, on a thread. What costs as much as a small read is done once for several
 * requests: taking a handle, counting, waking the loop. */
struct batch {
    struct file_request *first, *last; /* have ended, and the loop has not heard; linked */
    size_t held; /* bytes of these in buffers of ours */
    struct opened opened;
    const char *path; /* of the request that took it; NULL: none has */
    enum file_access access;
    int64_t now_ns; /* 0: not looked at since something that may take long */
    struct file_tally tally;
};

/* What was told is the loop's, and may be gone: with it the path. */
static void
tell(struct batch *batch)
{
    struct file_request *first = batch->first, *last = batch->last;
    if (batch->path)
        handle_put(first->files->handles, &batch->opened);
    batch->path = NULL;
    file_tally_end(&batch->tally);
    batch->first = batch->last = NULL;
    batch->held = 0;
    if (!first)
        return;
    for (struct file_request *request = first; request->next; request = request->next)
        request->end.next = &request->next->end;
    loop_tell(first->files->loop, &first->end, &last->end);
}

/* Where there is no room the loop must hear of what was read: only it frees some. */
static int
take_buffer(struct batch *batch, struct file_request *request)
{
    struct room *room = &request->files->room[optop_thread()];
    if (!request->len)
        return 0;
    int r = room_take(room, request->len, false, &request->data);
    if (r == -EAGAIN) {
        tell(batch);
        r = room_take(room, request->len, true, &request->data);
        batch->now_ns = 0;
    }
    if (r == 0)
        request->room = room;
    return r;
}

static int64_t
time_of(struct batch *batch)
{
    if (!batch->now_ns)
        batch->now_ns = clock_mono_ns();
    return batch->now_ns;
}

static int
take_handle(struct batch *batch, struct file_request *request, enum file_access access)
{
    if (batch->path && batch->access == access && !strcmp(batch->path, request->path) &&
        handle_still(&batch->opened, time_of(batch)))
        return 0;
    if (batch->path)
        handle_put(request->files->handles, &batch->opened);
    batch->now_ns = 0;
    int r = handle_take(request->files->handles, request->path, request->counted_as, access,
        &batch->opened);
    batch->path = r == 0 ? request->path : NULL;
    batch->access = access;
    return r;
}

static void
count(struct batch *batch, enum file_operation operation, int64_t result)
{
    int64_t since = time_of(batch);
    batch->now_ns = clock_mono_ns();
    file_tally(&batch->tally, batch->opened.row, operation, result, batch->now_ns - since);
}

static ssize_t
move_some(int fd, const struct file_request *request, size_t at)
{
    switch (request->action) {
    case FILES_READ:
        return pread(fd, request->data + at, request->len - at, request->offset + (off_t)at);
    case FILES_WRITE:
        return pwrite(fd, request->bytes + at, request->len - at, request->offset + (off_t)at);
    default:
        return write(fd, request->bytes + at, request->len - at);
    }
}

/* All of it, or up to the end of what is read. */
static int64_t
move_bytes(struct batch *batch, const struct file_request *request)
{
    size_t at = 0;
    while (at < request->len) {
        time_of(batch);
        ssize_t n = move_some(batch->opened.fd, request, at);
        int code = n < 0 ? -errno : 0;
        if (code == -EINTR)
            continue;
        count(batch, request->action == FILES_READ ? FILE_READ : FILE_WRITE, n < 0 ? code : n);
        if (n < 0)
            return code;
        if (n == 0)
            break;
        at += (size_t)n;
    }
    return (int64_t)at;
}

static int64_t
sync_file(struct batch *batch)
{
    time_of(batch);
    int r = fsync(batch->opened.fd) < 0 ? -errno : 0;
    count(batch, FILE_SYNC, r);
    return r;
}

static int64_t
carry_out(struct batch *batch, struct file_request *request)
{
    static const enum file_access accesses[] = { [FILES_READ] = ACCESS_READ,
        [FILES_WRITE] = ACCESS_WRITE, [FILES_APPEND] = ACCESS_APPEND,
        [FILES_SYNC] = ACCESS_ANY };
    if (request->action == FILES_REPLACE) {
        batch->now_ns = 0;
        return newfile_replace(request->path, request->bytes, request->len);
    }
    int r = 0;
    if (request->action == FILES_READ && !request->bytes)
        r = take_buffer(batch, request);
    if (r == 0)
        r = take_handle(batch, request, accesses[request->action]);
    if (r < 0)
        return r;
    return request->action == FILES_SYNC ? sync_file(batch) : move_bytes(batch, request);
}

static void
add_ended(struct batch *batch, struct file_request *request)
{
    *(batch->last ? &batch->last->next : &batch->first) = request;
    batch->last = request;
    batch->held += request->room ? request->len : 0;
}

static int
run_batch(void *context)
{
    struct batch batch = { 0 };
    int r = 0;
    for (struct file_request *request = context, *next; request; request = next) {
        next = request->next;
        request->next = NULL;
        request->result = r < 0 ? -ECANCELED : carry_out(&batch, request);
        if (request->result < 0 && r == 0)
            r = (int)request->result;
        add_ended(&batch, request);
        if (!next || batch.held >= TELL_BYTES)
            tell(&batch);
    }
    return r;
}

static void
drop_batch(void *context)
{
    struct batch batch = { .first = context, .last = context };
    for (struct file_request *request = context; request; request = request->next) {
        request->result = -ECANCELED;
        batch.last = request;
    }
    tell(&batch);
}

/* On the loop. */

static void
on_done(void *context)
{
    struct file_request *request = context;
    struct files *files = request->files;
    struct room *room = request->room;
    size_t len = request->len;
    files->done++;
    request->done(request); /* it may be freed, or on its way again, behind this */
    if (room)
        room_give(room, len);
}

/* Links a batch. */
static int
prepare(struct files *files, struct file_request *const *batch, int count)
{
    int r = 0;
    for (int i = 0; i < count; i++) {
        struct file_request *request = batch[i];
        request->files = files;
        request->end = (struct loop_end){ .done = on_done, .context = request };
        request->next = i + 1 < count ? batch[i + 1] : NULL;
        request->room = NULL;
        request->data = request->bytes;
        if (request->action == FILES_READ && !request->bytes && request->len > FILES_READ_MAX)
            r = -EINVAL;
    }
    return r;
}

int
file_submit(struct files *files, struct file_request *const *request, int count, int priority)
{
    if (count < 1)
        return -EINVAL;
    int r = prepare(files, request, count);
    const struct optop_task task = { .run = run_batch, .dropped = drop_batch,
        .context = request[0], .name = files->name[request[0]->action], .priority = priority,
        .no_wait = 1 };
    for (int i = 0; i < count; i++)
        loop_expect(files->loop);
    if (r == 0)
        r = files->executor ? optop_submit(files->executor, &task, NULL) : -ECANCELED;
    if (r < 0) {
        loop_unexpect(files->loop, count);
        return r;
    }
    files->submitted += (uint64_t)count;
    return 0;
}

struct files *
files_new(struct loop *loop)
{
    static const char *const names[] = { "read files", "write files", "append to files",
        "sync files", "replace files" };
    struct files *files = calloc(1, sizeof *files);
    if (!files)
        return NULL;
    files->loop = loop;
    files->handles = handles_new();
    for (int i = 0; i < FILES_THREADS; i++)
        room_open(&files->room[i]);
    if (files->handles)
        files->executor = optop_executor_new("files", FILES_THREADS, FILES_WAITING_MAX);
    if (!files->executor) {
        files_free(files, true);
        return NULL;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int name = optop_executor_task(files->executor, names[i]);
        files->name[i] = name < 0 ? 0 : name;
    }
    return files;
}

/* Until no thread is at anything; what has ended is done. */
static void
settle(struct files *files, struct optop_executor *executor)
{
    while (optop_executor_wait(executor, FINISH_LOOK_NS) < 0)
        loop_hear(files->loop);
    loop_hear(files->loop);
}

void
files_forget(struct files *files, const char *path)
{
    handles_forget(files->handles, path);
}

void
files_finish(struct files *files)
{
    while (files->submitted != files->done)
        settle(files, files->executor);
}

void
files_free(struct files *files, bool cancel)
{
    if (!files)
        return;
    struct optop_executor *executor = files->executor;
    files->executor = NULL; /* what is done now starts nothing more */
    if (executor && cancel)
        optop_executor_cancel(executor);
    if (executor)
        settle(files, executor);
    optop_executor_free(executor);
    handles_free(files->handles);
    for (int i = 0; i < FILES_THREADS; i++)
        room_close(&files->room[i]);
    free(files);
}
