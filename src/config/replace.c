/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/replace.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"

static int
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

static int
sync_directory(const char *directory)
{
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = fsync(fd) < 0 ? -errno : 0;
    close(fd);
    /* Some file systems cannot sync a directory: the rename is all there is. */
    return r == -EINVAL ? 0 : r;
}

static int
write_beside(const char *path, mode_t mode, const char *bytes, size_t len)
{
    char temporary[PATH_MAX], directory[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
        return -ENAMETOOLONG;
    str_copy(directory, sizeof directory, path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, bytes, len);
    if (r == 0 && (fchmod(fd, mode) < 0 || fsync(fd) < 0))
        r = -errno;
    if (close(fd) < 0 && r == 0)
        r = -errno;
    if (r == 0 && rename(temporary, path) < 0)
        r = -errno;
    if (r < 0) {
        unlink(temporary);
        return r;
    }
    return sync_directory(dirname(directory));
}

/* Makes the directories above path, as private as a new file. */
static void
make_parents(const char *path)
{
    char directory[PATH_MAX];
    if (!str_copy(directory, sizeof directory, path))
        return;
    for (char *slash = directory; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(directory, 0700);
        *slash = '/';
    }
}

int
replace_file(const char *path, const char *bytes, size_t len)
{
    char real[PATH_MAX];
    struct stat st;
    mode_t mode = 0600;
    if (!realpath(path, real)) {
        make_parents(path);
        if (!str_copy(real, sizeof real, path))
            return -ENAMETOOLONG;
    } else if (stat(real, &st) == 0) {
        mode = st.st_mode & 07777;
    }
    return write_beside(real, mode, bytes, len);
}
