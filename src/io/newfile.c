/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/newfile.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "io/file_table.h"

static int
fault(struct diag *diag, const char *path, int code)
{
    diag_at(diag, path, 0, NULL);
    return diag_set(diag, code, "%s", code == -EEXIST ? "exists" : strerror(-code));
}

static int
open_as_it_is(const char *path, struct newfile *ret_file, struct diag *diag)
{
    int fd = strcmp(path, "-") ? open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY) : STDOUT_FILENO;
    if (fd < 0)
        return fault(diag, path, -errno);
    *ret_file = (struct newfile){ .fd = fd };
    return 0;
}

/* The mode that open(2) would give: umask can only be read by setting it. */
static mode_t
new_mode(void)
{
    mode_t mask = umask(077);
    umask(mask);
    return 0666 & ~mask;
}

/* Takes `place`, the path. */
static int
open_beside(char *place, mode_t mode, struct newfile *ret_file)
{
    struct newfile file = { .path = place, .temporary = xasprintf("%s.XXXXXX", place),
        .row = file_row(place) };
    int64_t since = clock_mono_ns();
    file.fd = mkostemp(file.temporary, O_CLOEXEC);
    int code = file.fd < 0 || fchmod(file.fd, mode) < 0 ? -errno : 0;
    file_count(file.row, FILE_OPEN, code, since);
    if (code < 0) {
        if (file.fd < 0) { /* nothing of that name is ours */
            free(file.temporary);
            file.temporary = NULL;
        }
        newfile_discard(&file);
        return code;
    }
    *ret_file = file;
    return 0;
}

int
newfile_open(const char *path, bool force, struct newfile *ret_file, struct diag *diag)
{
    struct stat st;
    bool exists = strcmp(path, "-") && lstat(path, &st) == 0;
    /* a link to nothing exists, too: what it names is not ours to make */
    if (exists && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return fault(diag, path, -EISDIR);
    if (!strcmp(path, "-") || (exists && !S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)))
        return open_as_it_is(path, ret_file, diag);
    if (exists && !force)
        return fault(diag, path, -EEXIST);
    char *place = exists ? realpath(path, NULL) : xstrdup(path);
    int r = place ? open_beside(place, exists ? st.st_mode & 0777 : new_mode(), ret_file) : -errno;
    if (r < 0)
        return fault(diag, path, r);
    ret_file->force = force;
    return 0;
}

int
write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

int
newfile_write(struct newfile *file, const char *bytes, size_t len)
{
    int64_t since = clock_mono_ns();
    int r = write_all(file->fd, bytes, len);
    if (file->row)
        file_count(file->row, FILE_WRITE, r < 0 ? r : (int64_t)len, since);
    return r;
}

/* Without force the name must still be free: link(2) refuses where rename(2)
 * would replace. A file system without links has only the look before. */
static int
put_in_place(const struct newfile *file)
{
    struct stat st;
    if (!file->force) {
        if (link(file->temporary, file->path) == 0)
            return unlink(file->temporary) < 0 ? -errno : 0;
        if (errno == EEXIST || lstat(file->path, &st) == 0)
            return -EEXIST;
    }
    return rename(file->temporary, file->path) < 0 ? -errno : 0;
}

static void
sync_directory(const char *path)
{
    char *copy = xstrdup(path);
    int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd); /* not every file system can: the name is all there is then */
        close(fd);
    }
    free(copy);
}

static int
finish_place(struct newfile *file)
{
    int64_t since = clock_mono_ns();
    int r = fsync(file->fd) < 0 ? -errno : 0;
    file_count(file->row, FILE_SYNC, r, since);
    since = clock_mono_ns();
    if (close(file->fd) < 0 && r == 0)
        r = -errno;
    file_count(file->row, FILE_CLOSE, r, since);
    file->fd = -1;
    if (r == 0)
        r = put_in_place(file);
    if (r < 0)
        return r;
    free(file->temporary);
    file->temporary = NULL;
    sync_directory(file->path);
    return 0;
}

int
newfile_finish(struct newfile *file, struct diag *diag)
{
    int r = 0;
    if (file->path) {
        r = finish_place(file);
        if (r < 0)
            fault(diag, file->path, r);
    } else if (file->fd > STDERR_FILENO && close(file->fd) < 0) {
        r = diag_set(diag, -errno, "%s", strerror(errno));
        file->fd = -1;
    } else {
        file->fd = -1;
    }
    newfile_discard(file);
    return r;
}

void
newfile_discard(struct newfile *file)
{
    if (file->fd > STDERR_FILENO)
        close(file->fd);
    if (file->temporary)
        unlink(file->temporary);
    free(file->temporary);
    free(file->path);
    *file = (struct newfile){ .fd = -1 };
}

/* Makes the directories above path, as private as a new file. */
static void
make_parents(const char *path)
{
    char *directory = xstrdup(path);
    for (char *slash = directory; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(directory, 0700);
        *slash = '/';
    }
    free(directory);
}

int
newfile_replace(const char *path, const char *bytes, size_t len)
{
    struct newfile file;
    struct stat st;
    char *real = realpath(path, NULL);
    if (!real)
        make_parents(path);
    mode_t mode = real && stat(real, &st) == 0 ? st.st_mode & 07777 : 0600;
    int r = open_beside(real ? real : xstrdup(path), mode, &file);
    if (r < 0)
        return r;
    file.force = true;
    r = newfile_write(&file, bytes, len);
    if (r == 0)
        r = finish_place(&file);
    newfile_discard(&file);
    return r;
}
