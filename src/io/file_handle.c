/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/file_handle.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

struct handle {
    char *path; /* owned; NULL: free */
    enum file_access access;
    int fd, users;
    atomic_bool stale; /* the name means another file: closed by its last user */
    dev_t device;
    ino_t inode;
    int64_t checked_ns, used_ns; /* monotonic */
    struct file_row *row;
};

struct handles {
    pthread_mutex_t lock; /* of all below; stale is read without it, too */
    struct handle handle[HANDLES_MAX];
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
    handle->path = NULL;
}

static struct handle *
find(struct handles *handles, const char *path, enum file_access access)
{
    for (int i = 0; i < HANDLES_MAX; i++) {
        struct handle *handle = &handles->handle[i];
        if (handle->path && !handle->stale &&
            (access == ACCESS_ANY || handle->access == access) && !strcmp(handle->path, path))
            return handle;
    }
    return NULL;
}

/* A place that is free, or that of the longest unused one; NULL: all are in use. */
static struct handle *
free_place(struct handles *handles)
{
    struct handle *oldest = NULL;
    for (int i = 0; i < HANDLES_MAX; i++) {
        struct handle *handle = &handles->handle[i];
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
keep(struct handles *handles, const char *path, enum file_access access, struct opened *opened)
{
    struct stat st;
    char *copy = fstat(opened->fd, &st) == 0 ? strdup(path) : NULL;
    pthread_mutex_lock(&handles->lock);
    struct handle *handle = copy ? free_place(handles) : NULL;
    if (handle) {
        int64_t now = clock_mono_ns();
        *handle = (struct handle){ .path = copy, .access = access, .fd = opened->fd, .users = 1,
            .device = st.st_dev, .inode = st.st_ino, .checked_ns = now, .used_ns = now,
            .row = opened->row };
        opened->handle = handle;
        opened->checked_ns = now;
    } else {
        free(copy);
    }
    pthread_mutex_unlock(&handles->lock);
}

static bool
is_same(const char *path, const struct handle *handle)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_dev == handle->device && st.st_ino == handle->inode;
}

void
handle_put(struct handles *handles, const struct opened *opened)
{
    if (!opened->handle) {
        close_counted(opened->fd, opened->row);
        return;
    }
    pthread_mutex_lock(&handles->lock);
    if (--opened->handle->users == 0 && opened->handle->stale)
        drop(opened->handle);
    pthread_mutex_unlock(&handles->lock);
}

/* One that is open already, if its name still means it. */
static bool
take_kept(struct handles *handles, const char *path, enum file_access access,
    struct opened *ret_opened)
{
    int64_t now = clock_mono_ns();
    bool look = false;
    pthread_mutex_lock(&handles->lock);
    struct handle *handle = find(handles, path, access);
    if (handle) {
        handle->users++;
        handle->used_ns = now;
        look = now - handle->checked_ns > HANDLE_CHECK_MS * NS_PER_MS;
        *ret_opened = (struct opened){ handle, handle->fd, handle->row, handle->checked_ns };
    }
    pthread_mutex_unlock(&handles->lock);
    if (!look)
        return handle != NULL;
    bool same = is_same(path, handle);
    pthread_mutex_lock(&handles->lock);
    handle->checked_ns = ret_opened->checked_ns = now;
    if (!same)
        handle->stale = true;
    pthread_mutex_unlock(&handles->lock);
    if (!same)
        handle_put(handles, ret_opened);
    return same;
}

int
handle_take(struct handles *handles, const char *path, const char *counted_as,
    enum file_access access, struct opened *ret_opened)
{
    static const int flags[] = {
        [ACCESS_READ] = O_RDONLY | O_NONBLOCK, /* opening a FIFO must not wait for its writer */
        [ACCESS_WRITE] = O_WRONLY | O_CREAT | O_NOFOLLOW,
        [ACCESS_APPEND] = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW,
    };
    if (take_kept(handles, path, access, ret_opened))
        return 0;
    if (access == ACCESS_ANY)
        access = ACCESS_READ;
    int64_t since = clock_mono_ns();
    int fd = open(path, flags[access] | O_CLOEXEC | O_NOCTTY, 0600), r = fd < 0 ? -errno : 0;
    *ret_opened = (struct opened){ .fd = fd, .row = file_row(counted_as ? counted_as : path) };
    file_count(ret_opened->row, FILE_OPEN, r, since);
    if (r == 0)
        keep(handles, path, access, ret_opened);
    return r;
}

int
handle_take_now(struct handles *handles, const char *path, int64_t now_ns,
    struct opened *ret_opened)
{
    if (pthread_mutex_trylock(&handles->lock) != 0)
        return -EAGAIN;
    struct handle *handle = find(handles, path, ACCESS_READ);
    if (handle && now_ns - handle->checked_ns > HANDLE_CHECK_MS * NS_PER_MS)
        handle = NULL;
    if (handle) {
        handle->users++;
        handle->used_ns = now_ns;
        *ret_opened = (struct opened){ handle, handle->fd, handle->row, handle->checked_ns };
    }
    pthread_mutex_unlock(&handles->lock);
    return handle ? 0 : -EAGAIN;
}

bool
handle_still(const struct opened *opened, const char *path, int64_t now_ns)
{
    return opened->handle && !strcmp(opened->handle->path, path) && now_ns - opened->checked_ns <= HANDLE_CHECK_MS * NS_PER_MS &&
        !opened->handle->stale;
}

void
handles_forget(struct handles *handles, const char *path)
{
    struct handle *handle;
    pthread_mutex_lock(&handles->lock);
    while ((handle = find(handles, path, ACCESS_ANY))) {
        handle->stale = true;
        if (!handle->users)
            drop(handle);
    }
    pthread_mutex_unlock(&handles->lock);
}

struct handles *
handles_new(void)
{
    struct handles *handles = calloc(1, sizeof *handles);
    if (handles)
        pthread_mutex_init(&handles->lock, NULL);
    return handles;
}

void
handles_free(struct handles *handles)
{
    if (!handles)
        return;
    for (int i = 0; i < HANDLES_MAX; i++)
        if (handles->handle[i].path)
            drop(&handles->handle[i]);
    pthread_mutex_destroy(&handles->lock);
    free(handles);
}
