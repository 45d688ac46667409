/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file_private.h"
#include "io/newfile.h"

enum { TELL_BYTES = 1024 * 1024 }; /* in buffers of ours: then the loop is told what there is so far */

/* A batch, on a thread. What costs as much as a small read is done once for several
 * requests: taking a handle, counting, waking the loop. */
struct batch {
    struct file_request *first, *last; /* have ended, and the loop has not heard; linked */
    size_t held; /* bytes of these in buffers of ours */
    struct opened opened;
    bool taken;
    enum file_access access;
    int64_t now_ns; /* 0: not looked at since something that may take long */
    struct file_tally tally;
};

/* What was told is the loop's, and may be gone. */
static void
tell(struct batch *batch)
{
    struct file_request *first = batch->first, *last = batch->last;
    if (batch->taken)
        handle_put(first->files->handles, &batch->opened);
    batch->taken = false;
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
    if (batch->taken && batch->access == access &&
        handle_still(&batch->opened, request->path, time_of(batch)))
        return 0;
    if (batch->taken)
        handle_put(request->files->handles, &batch->opened);
    batch->now_ns = 0;
    int r = handle_take(request->files->handles, request->path, request->counted_as, access,
        &batch->opened);
    batch->taken = r == 0;
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

int
file_batch_run(struct file_request *first)
{
    struct batch batch = { 0 };
    int r = 0;
    for (struct file_request *request = first, *next; request; request = next) {
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

void
file_batch_drop(struct file_request *first)
{
    struct batch batch = { .first = first, .last = first };
    for (struct file_request *request = first; request; request = request->next) {
        request->result = -ECANCELED;
        batch.last = request;
    }
    tell(&batch);
}
