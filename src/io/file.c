/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "io/file_table.h"
#include "io/newfile.h"
#include "mem/registry.h"

enum {
    BUFFER_ALIGN = 4096,
    TELL_BYTES = 1024 * 1024, /* in buffers of ours: then the loop is told what there is so far */
    FINISH_LOOK_NS = NS_PER_MS, /* a thread may wait for buffers that only the loop can free */
};

enum access { ACCESS_READ, ACCESS_WRITE, ACCESS_APPEND };

struct handle {
    char *path; /* owned; NULL: free */
    enum access access;
    int fd, users;
    bool stale; /* the name means another file: closed by its last user */
    dev_t device;
    ino_t inode;
    int64_t checked_ns, used_ns; /* monotonic */
    struct file_row *row;
};

/* Buffers of a thread: a ring in one piece of memory, since they come back in the
 * order in which they were taken. Empty, it begins anew, where the processor's cache
 * still has it; two huge pages, because a read into many small ones is a third
 * slower. */
struct room {
    struct resource resource;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t freed;
    char *bytes; /* owned, FILES_HELD_MAX of them; NULL: none was needed yet */
    size_t first, end; /* taken: from first to end, or round the edge at `edge' */
    size_t edge, held;
    bool waits; /* its thread, until half of it is free: else it would sleep again after each read */
};

struct files {
    struct loop *loop;
    struct optop_executor *executor; /* NULL: the end */
    struct room room[FILES_THREADS];
    int name[FILES_REPLACE + 1]; /* of tasks */
    uint64_t submitted, done; /* requests; loop thread */
    pthread_mutex_t lock; /* of handles */
    struct handle handle[FILES_HANDLES_MAX];
};

/* Handles: on any of the threads. What is used by nobody may go. */

struct opened {
    struct handle *handle; /* NULL: it is not kept */
    int fd;
    struct file_row *row;
};

static void
close_counted(int fd, struct file_row *row)
{
    int64_t since = clock_mono_ns();
    int r = close(fd) < 0 ? -errno : 0;
    file_count(row, FILE_CLOSE, r, since);
}

/* With the lock held. */
static void
drop(struct handle *handle)
{
    close_counted(handle->fd, handle->row);
    free(handle->path);
    *handle = (struct handle){ .fd = -1 };
}

static struct handle *
find(struct files *files, const char *path, enum access access, bool any_access)
{
    for (int i = 0; i < FILES_HANDLES_MAX; i++) {
        struct handle *handle = &files->handle[i];
        if (handle->path && !handle->stale && (any_access || handle->access == access) &&
            !strcmp(handle->path, path))
            return handle;
    }
    return NULL;
}

/* A place that is free, or that of the longest unused one; NULL: all are in use. */
static struct handle *
free_place(struct files *files)
{
    struct handle *oldest = NULL;
    for (int i = 0; i < FILES_HANDLES_MAX; i++) {
        struct handle *handle = &files->handle[i];
        if (!handle->path)
            return handle;
        if (!handle->users && (!oldest || handle->used_ns < oldest->used_ns))
            oldest = handle;
    }
    if (oldest)
        drop(oldest);
    return oldest;
}

static void
keep(struct files *files, const char *path, enum access access, struct opened *opened)
{
    struct stat st;
    char *copy = fstat(opened->fd, &st) == 0 ? strdup(path) : NULL;
    pthread_mutex_lock(&files->lock);
    struct handle *handle = copy ? free_place(files) : NULL;
    if (handle) {
        int64_t now = clock_mono_ns();
        *handle = (struct handle){ .path = copy, .access = access, .fd = opened->fd, .users = 1,
            .device = st.st_dev, .inode = st.st_ino, .checked_ns = now, .used_ns = now,
            .row = opened->row };
        opened->handle = handle;
    } else {
        free(copy);
    }
    pthread_mutex_unlock(&files->lock);
}

static bool
is_still(const char *path, const struct handle *handle)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_dev == handle->device && st.st_ino == handle->inode;
}

static void
put_back(struct files *files, const struct opened *opened)
{
    if (!opened->handle) {
        close_counted(opened->fd, opened->row);
        return;
    }
    pthread_mutex_lock(&files->lock);
    if (--opened->handle->users == 0 && opened->handle->stale)
        drop(opened->handle);
    pthread_mutex_unlock(&files->lock);
}

/* One that is open already, if its name still means it. */
static bool
take_kept(struct files *files, const char *path, enum access access, bool any_access,
    struct opened *ret_opened)
{
    int64_t now = clock_mono_ns();
    bool look = false;
    pthread_mutex_lock(&files->lock);
    struct handle *handle = find(files, path, access, any_access);
    if (handle) {
        handle->users++;
        handle->used_ns = now;
        look = now - handle->checked_ns > FILES_CHECK_MS * NS_PER_MS;
        *ret_opened = (struct opened){ handle, handle->fd, handle->row };
    }
    pthread_mutex_unlock(&files->lock);
    if (!look)
        return handle != NULL;
    bool same = is_still(path, handle);
    pthread_mutex_lock(&files->lock);
    handle->checked_ns = now;
    handle->stale |= !same;
    pthread_mutex_unlock(&files->lock);
    if (!same)
        put_back(files, ret_opened);
    return same;
}

static int
take_handle(struct files *files, const char *path, enum access access, bool any_access,
    struct opened *ret_opened)
{
    static const int flags[] = {
        [ACCESS_READ] = O_RDONLY | O_NONBLOCK, /* opening a FIFO must not wait for its writer */
        [ACCESS_WRITE] = O_WRONLY | O_CREAT | O_NOFOLLOW,
        [ACCESS_APPEND] = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW,
    };
    if (take_kept(files, path, access, any_access, ret_opened))
        return 0;
    int64_t since = clock_mono_ns();
    int fd = open(path, flags[access] | O_CLOEXEC | O_NOCTTY, 0600), r = fd < 0 ? -errno : 0;
    *ret_opened = (struct opened){ .fd = fd, .row = file_row(path) };
    file_count(ret_opened->row, FILE_OPEN, r, since);
    if (r == 0)
        keep(files, path, access, ret_opened);
    return r;
}

void
files_forget(struct files *files, const char *path)
{
    struct handle *handle;
    pthread_mutex_lock(&files->lock);
    while ((handle = find(files, path, ACCESS_READ, true))) {
        handle->stale = true;
        if (!handle->users)
            drop(handle);
    }
    pthread_mutex_unlock(&files->lock);
}

/* Buffers: taken on a thread, freed on the loop. */

static int
make_room(struct room *room)
{
    size_t huge = FILES_HELD_MAX / 2;
    if (room->bytes)
        return 0;
    char *map = mmap(NULL, FILES_HELD_MAX + huge, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return -ENOMEM;
    size_t before = (huge - (uintptr_t)map % huge) % huge;
    if (before)
        munmap(map, before);
    if (before < huge)
        munmap(map + before + FILES_HELD_MAX, huge - before);
    room->bytes = map + before;
    madvise(room->bytes, FILES_HELD_MAX, MADV_HUGEPAGE);
    return 0;
}

/* Where `size' bytes in a row are free; false: nowhere. */
static bool
find_room(struct room *room, size_t size, size_t *ret_at)
{
    if (!room->held) {
        room->first = room->end = 0;
        room->edge = FILES_HELD_MAX;
    }
    bool round = room->held && room->end <= room->first;
    if (!round && FILES_HELD_MAX - room->end < size) {
        if (room->first < size)
            return false;
        room->edge = room->end;
        room->end = 0;
    } else if (round && room->first - room->end < size) {
        return false;
    }
    *ret_at = room->end;
    return true;
}

/* Requests of a batch that have ended, and of which the loop has not heard. */
struct ended {
    struct file_request *first, *last; /* linked; NULL: none */
    size_t held; /* bytes in buffers of ours */
};

/* A wake costs as much as a read: the loop hears of several requests at once. What
 * was told is the loop's, and may be gone. */
static void
tell(struct ended *ended)
{
    for (struct file_request *request = ended->first; request->next; request = request->next)
        request->end.next = &request->next->end;
    loop_tell(ended->first->files->loop, &ended->first->end, &ended->last->end);
    *ended = (struct ended){ 0 };
}

/* Where there is no room the loop must hear of what was read: only it frees some. */
static void
wait_for_room(struct room *room, struct ended *ended)
{
    if (ended->first) {
        pthread_mutex_unlock(&room->lock);
        tell(ended);
        pthread_mutex_lock(&room->lock);
        return;
    }
    room->waits = true;
    while (room->waits)
        pthread_cond_wait(&room->freed, &room->lock);
}

static int
take_buffer(struct file_request *request, struct ended *ended)
{
    struct room *room = &request->files->room[optop_thread()];
    size_t size = (request->len + BUFFER_ALIGN - 1) / BUFFER_ALIGN * BUFFER_ALIGN, at;
    if (!size)
        return 0;
    pthread_mutex_lock(&room->lock);
    int r = make_room(room);
    while (r == 0 && !find_room(room, size, &at))
        wait_for_room(room, ended);
    if (r == 0) {
        room->end = at + size;
        room->held += size;
        request->room = room;
        request->data = room->bytes + at;
    }
    pthread_mutex_unlock(&room->lock);
    return r;
}

static void
free_buffer(struct room *room, size_t len)
{
    if (!room)
        return;
    size_t size = (len + BUFFER_ALIGN - 1) / BUFFER_ALIGN * BUFFER_ALIGN;
    pthread_mutex_lock(&room->lock);
    room->held -= size;
    if (room->first == room->edge) {
        room->first = 0;
        room->edge = FILES_HELD_MAX;
    }
    room->first += size;
    if (room->waits && room->held <= FILES_HELD_MAX / 2) {
        room->waits = false;
        pthread_cond_signal(&room->freed);
    }
    pthread_mutex_unlock(&room->lock);
}

/* Any thread: what rests, when memory is short. */
static size_t
give_back_room(struct resource *resource, size_t wanted)
{
    struct room *room = (struct room *)(void *)resource;
    (void)wanted;
    pthread_mutex_lock(&room->lock);
    bool rests = room->bytes && !room->held;
    if (rests) {
        munmap(room->bytes, FILES_HELD_MAX);
        room->bytes = NULL;
    }
    pthread_mutex_unlock(&room->lock);
    return rests ? FILES_HELD_MAX : 0;
}

static int
room_figures(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct room *room = (struct room *)(void *)resource;
    pthread_mutex_lock(&room->lock);
    ret[0] = (struct resource_figure){ "bytes", "bytes", RESOURCE_GAUGE,
        room->bytes ? FILES_HELD_MAX : 0 };
    ret[1] = (struct resource_figure){ "held", "bytes", RESOURCE_GAUGE, (double)room->held };
    pthread_mutex_unlock(&room->lock);
    return 2;
}

static void
open_room(struct room *room)
{
    pthread_mutex_init(&room->lock, NULL);
    pthread_cond_init(&room->freed, NULL);
    room->resource.kind = "buffer";
    str_copy(room->resource.name, sizeof room->resource.name, "files");
    room->resource.give_back = give_back_room;
    room->resource.figures = room_figures;
    registry_add(&room->resource);
}

static void
close_room(struct room *room)
{
    registry_remove(&room->resource);
    give_back_room(&room->resource, 0);
    pthread_cond_destroy(&room->freed);
    pthread_mutex_destroy(&room->lock);
}

/* Requests, on a thread. */

static ssize_t
move_some(const struct opened *opened, const struct file_request *request, size_t at)
{
    switch (request->action) {
    case FILES_READ:
        return pread(opened->fd, request->data + at, request->len - at,
            request->offset + (off_t)at);
    case FILES_WRITE:
        return pwrite(opened->fd, request->bytes + at, request->len - at,
            request->offset + (off_t)at);
    default:
        return write(opened->fd, request->bytes + at, request->len - at);
    }
}

/* All of it, or up to the end of what is read. */
static int64_t
move_bytes(const struct opened *opened, const struct file_request *request)
{
    enum file_operation operation = request->action == FILES_READ ? FILE_READ : FILE_WRITE;
    size_t at = 0;
    while (at < request->len) {
        int64_t since = clock_mono_ns();
        ssize_t n = move_some(opened, request, at);
        int code = n < 0 ? -errno : 0;
        if (code == -EINTR)
            continue;
        file_count(opened->row, operation, n < 0 ? code : n, since);
        if (n < 0)
            return code;
        if (n == 0)
            break;
        at += (size_t)n;
    }
    return (int64_t)at;
}

static int64_t
sync_file(const struct opened *opened)
{
    int64_t since = clock_mono_ns();
    int r = fsync(opened->fd) < 0 ? -errno : 0;
    file_count(opened->row, FILE_SYNC, r, since);
    return r;
}

static int64_t
carry_out(struct file_request *request, struct ended *ended)
{
    static const enum access accesses[] = { [FILES_READ] = ACCESS_READ,
        [FILES_WRITE] = ACCESS_WRITE, [FILES_APPEND] = ACCESS_APPEND,
        [FILES_SYNC] = ACCESS_READ };
    struct opened opened;
    bool sync = request->action == FILES_SYNC;
    if (request->action == FILES_REPLACE)
        return newfile_replace(request->path, request->bytes, request->len);
    int r = take_handle(request->files, request->path, accesses[request->action], sync, &opened);
    if (r < 0)
        return r;
    if (request->action == FILES_READ && !request->bytes)
        r = take_buffer(request, ended);
    int64_t result = r < 0 ? r : sync ? sync_file(&opened) : move_bytes(&opened, request);
    put_back(request->files, &opened);
    return result;
}

static void
add_ended(struct ended *ended, struct file_request *request)
{
    *(ended->last ? &ended->last->next : &ended->first) = request;
    ended->last = request;
    ended->held += request->room ? request->len : 0;
}

static int
run_batch(void *context)
{
    struct ended ended = { 0 };
    int r = 0;
    for (struct file_request *request = context, *next; request; request = next) {
        next = request->next;
        request->next = NULL;
        request->result = r < 0 ? -ECANCELED : carry_out(request, &ended);
        if (request->result < 0 && r == 0)
            r = (int)request->result;
        add_ended(&ended, request);
        if (!next || ended.held >= TELL_BYTES)
            tell(&ended);
    }
    return r;
}

static void
drop_batch(void *context)
{
    struct ended ended = { .first = context, .last = context };
    for (struct file_request *request = context; request; request = request->next) {
        request->result = -ECANCELED;
        ended.last = request;
    }
    tell(&ended);
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
    free_buffer(room, len);
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
    pthread_mutex_init(&files->lock, NULL);
    for (int i = 0; i < FILES_THREADS; i++)
        open_room(&files->room[i]);
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
    for (int i = 0; i < FILES_HANDLES_MAX; i++)
        if (files->handle[i].path)
            drop(&files->handle[i]);
    pthread_mutex_destroy(&files->lock);
    for (int i = 0; i < FILES_THREADS; i++)
        close_room(&files->room[i]);
    free(files);
}
