/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file_table.h"
#include "io/newfile.h"

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

struct files {
    struct loop *loop;
    struct optop_executor *executor; /* NULL: the end */
    struct buffers *buffers; /* loop thread */
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
carry_out(const struct file_request *request)
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
    int64_t result = sync ? sync_file(&opened) : move_bytes(&opened, request);
    put_back(request->files, &opened);
    return result;
}

/* The loop hears of a batch once, when it is over: a wake costs as much as a read. */
static void
tell(struct file_request *first)
{
    struct file_request *last = first;
    for (; last->next; last = last->next)
        last->end.next = &last->next->end;
    loop_tell(first->files->loop, &first->end, &last->end);
}

static int
run_batch(void *context)
{
    int r = 0;
    for (struct file_request *request = context; request; request = request->next) {
        request->result = r < 0 ? -ECANCELED : carry_out(request);
        if (request->result < 0 && r == 0)
            r = (int)request->result;
    }
    tell(context);
    return r;
}

static void
drop_batch(void *context)
{
    for (struct file_request *request = context; request; request = request->next)
        request->result = -ECANCELED;
    tell(context);
}

/* On the loop. */

static void
on_done(void *context)
{
    struct file_request *request = context;
    struct files *files = request->files;
    struct buffer buffer = request->buffer;
    files->done++;
    request->done(request); /* it may be freed, or on its way again, behind this */
    buffer_release(files->buffers, &buffer);
}

/* Links a batch; a read that brings no room gets some. */
static int
prepare(struct files *files, struct file_request *const *batch, int count)
{
    int r = 0;
    for (int i = 0; i < count; i++) {
        struct file_request *request = batch[i];
        request->files = files;
        request->end = (struct loop_end){ .done = on_done, .context = request };
        request->next = i + 1 < count ? batch[i + 1] : NULL;
        request->buffer = (struct buffer){ 0 };
        request->data = request->bytes;
        if (request->action == FILES_READ && !request->bytes && r == 0) {
            r = request->len > FILES_READ_MAX ? -EINVAL
                : buffer_reserve(files->buffers, &request->buffer, request->len);
            request->data = request->buffer.data;
        }
    }
    return r;
}

static void
undo(struct files *files, struct file_request *const *batch, int count)
{
    for (int i = 0; i < count; i++)
        buffer_release(files->buffers, &batch[i]->buffer);
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
        undo(files, request, count);
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
    files->buffers = buffers_new();
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

void
files_finish(struct files *files)
{
    while (files->submitted != files->done) {
        optop_executor_wait(files->executor, -1);
        loop_hear(files->loop);
    }
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
    optop_executor_free(executor);
    loop_hear(files->loop);
    for (int i = 0; i < FILES_HANDLES_MAX; i++)
        if (files->handle[i].path)
            drop(&files->handle[i]);
    pthread_mutex_destroy(&files->lock);
    buffers_free(files->buffers);
    free(files);
}
