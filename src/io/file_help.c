/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loop as a reader. With all reads on threads it would be a thread more than there
 * are cores, which only hands on what has left the processor's cache by then. So of
 * what is in memory it reads itself, a slice in each turn, always into the same
 * buffer. Nothing here waits: no file is opened, RWF_NOWAIT; what it cannot have so is
 * left to the threads. 10,000 warm reads cost a fifth less so (tests/bench/bench_file.c).
 */
#include <errno.h>
#include <sched.h>
#include <sys/uio.h>

#include "base/clock.h"
#include "io/file_private.h"

enum {
    SLICE_NS = 100 * 1000, /* of a turn, whose own cost is small beside it; then others have theirs */
    PIECE_BYTES = 256 * 1024, /* in one call */
};

/* A turn's part. */
struct slice {
    struct opened opened; /* no handle: none was taken yet */
    int64_t now_ns;
    bool any; /* was read */
    struct file_tally tally;
};

static int
take_handle(struct slice *slice, struct file_request *request)
{
    struct handles *handles = request->files->handles;
    if (handle_still(&slice->opened, request->path, slice->now_ns))
        return 0;
    if (slice->opened.handle)
        handle_put(handles, &slice->opened);
    slice->opened.handle = NULL;
    return handle_take_now(handles, request->path, slice->now_ns, &slice->opened);
}

/* Some of it. 1: there is no more; 0; or why it is not to be had here. */
static int
read_some(struct slice *slice, struct file_request *request, size_t at)
{
    size_t left = request->len - at;
    struct iovec into = { request->data + at, left < PIECE_BYTES ? left : PIECE_BYTES };
    ssize_t n = preadv2(slice->opened.fd, &into, 1, request->offset + (off_t)at, RWF_NOWAIT);
    if (n < 0)
        return -errno;
    int64_t since = slice->now_ns;
    slice->now_ns = clock_mono_ns();
    file_tally(&slice->tally, slice->opened.row, FILE_READ, n, slice->now_ns - since);
    slice->any = true;
    request->files->help.got += (size_t)n;
    return n == 0 || (size_t)n == left;
}

static void
end_request(struct slice *slice, struct file_request *request)
{
    struct files *files = request->files;
    struct file_help *help = &files->help;
    request->result = (int64_t)help->got;
    help->at = request->next;
    help->got = 0;
    loop_unexpect(files->loop, 1);
    files_done(request);
    slice->now_ns = clock_mono_ns();
}

static int
read_on(struct slice *slice, struct file_request *request)
{
    struct file_help *help = &request->files->help;
    int r = take_handle(slice, request);
    if (r == 0 && !request->data && request->len) {
        r = room_take(&help->room, request->len, false, &request->data);
        request->room = r == 0 ? &help->room : NULL;
    }
    if (r == 0)
        r = request->len ? read_some(slice, request, help->got) : 1;
    if (r > 0)
        end_request(slice, request);
    return r < 0 ? r : 0;
}

void
file_help_leave(struct files *files)
{
    struct file_help *help = &files->help;
    struct file_request *request = help->at;
    if (request && request->room) {
        room_give(request->room, request->len);
        request->room = NULL;
        request->data = NULL;
    }
    if (request)
        files_put_back(files, request);
    help->at = NULL;
    help->got = 0;
    /* where none is to be had they are asked for again with the next turn */
    help->cold = files_set_readers(files, FILES_THREADS) == 0;
}

/* false: nothing waits. */
static bool
read_slice(struct files *files, struct slice *slice)
{
    struct file_help *help = &files->help;
    int r = 0;
    slice->now_ns = clock_mono_ns();
    int64_t until = slice->now_ns + SLICE_NS;
    while (r == 0 && slice->now_ns < until) {
        if (!help->at && !(help->at = files_next(files)))
            return false;
        r = read_on(slice, help->at);
    }
    if (r < 0)
        file_help_leave(files);
    return true;
}

/* While it reads it has a core, and as many threads as there are others read beside it. */
static void
on_idle(void *context)
{
    struct files *files = context;
    struct file_help *help = &files->help;
    struct slice slice = { 0 };
    bool rests = !read_slice(files, &slice) || help->cold;
    if (slice.opened.handle)
        handle_put(files->handles, &slice.opened);
    file_tally_end(&slice.tally);
    int readers = rests ? FILES_THREADS : help->readers_max;
    if ((rests || slice.any) && readers != files->readers_max)
        files_set_readers(files, readers);
    if (rests)
        loop_idle_rest(help->idle);
}

void
file_help_look(struct files *files)
{
    if (!files->help.cold)
        loop_idle_wake(files->help.idle);
}

void
file_help_open(struct files *files)
{
    cpu_set_t set;
    int left = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) - 1 : 1;
    files->help.readers_max = left < 1 ? 1 : left < FILES_THREADS ? left : FILES_THREADS;
    files->help.idle = loop_idle_start(files->loop, on_idle, files);
    room_open(&files->help.room);
}

void
file_help_close(struct files *files)
{
    loop_idle_stop(files->help.idle);
    room_close(&files->help.room);
}
