/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Removing goes in passes over the outermost folder: what is no folder is
 * unlinked; a folder in it is emptied, and those folders in there that are not
 * empty are moved up into the outermost one, where the next pass finds them. So
 * two descriptors do for any depth, and no path is ever made.
 */
#include "io/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"

enum { CLOCK_EVERY = 256 /* entries between two looks at the clock */ };

/* Permissions are changed through /proc: it names the folder that was opened,
 * whatever stands at its name by now. */
static int
let_owner_in(int path_fd, mode_t mode)
{
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", path_fd);
    return chmod(link, (mode & 07777) | 0700) < 0 ? -errno : 0;
}

int
folder_open(int at, const char *name, int *ret_fd)
{
    struct stat st;
    int path_fd = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (path_fd < 0)
        return errno == ELOOP ? -ENOTDIR : -errno;
    int r = fstat(path_fd, &st) < 0 ? -errno : 0;
    if (r == 0 && (st.st_mode & 0700) != 0700)
        r = let_owner_in(path_fd, st.st_mode);
    int fd = r == 0 ? openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (r == 0 && fd < 0)
        r = -errno;
    close(path_fd);
    if (r == 0)
        *ret_fd = fd;
    return r;
}

int
folder_make(const char *path, int *ret_fd)
{
    char *made = xstrdup(path);
    int r = 0;
    for (char *slash = made; r == 0 && slash;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(made, 0700) < 0 && errno != EEXIST && access(made, F_OK) < 0)
            r = -errno;
        if (slash)
            *slash = '/';
    }
    free(made);
    return r < 0 ? r : folder_open(AT_FDCWD, path, ret_fd);
}

/* Removing. */

struct removal {
    int root;
    dev_t device;
    int64_t until_ns;
    unsigned long long moved; /* number for the next one that is moved up */
    unsigned entries;
    bool progress; /* in this pass */
    int error; /* the last one */
};

static bool
is_late(struct removal *removal)
{
    if (!removal->until_ns || ++removal->entries % CLOCK_EVERY ||
        clock_mono_ns() < removal->until_ns)
        return false;
    removal->error = -ETIMEDOUT;
    return true;
}

static DIR *
list_folder(int fd)
{
    int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = copy < 0 ? NULL : fdopendir(copy);
    if (!list && copy >= 0)
        close(copy);
    return list;
}

static const struct dirent *
next_entry(DIR *list)
{
    const struct dirent *entry;
    while ((entry = readdir(list)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            break;
    return entry;
}

/* 1: it is gone; 0: a folder that is not empty; -errno. */
static int
remove_simple(int at, const char *name)
{
    if (unlinkat(at, name, 0) == 0 || errno == ENOENT)
        return 1;
    if (errno != EISDIR && errno != EPERM)
        return -errno;
    if (unlinkat(at, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 1;
    return errno == ENOTEMPTY || errno == EEXIST ? 0 : -errno;
}

/* A folder can only be moved by who may write in it. */
static int
move_up(struct removal *removal, int from, const char *name)
{
    char new_name[40];
    int fd, r = folder_open(from, name, &fd);
    if (r < 0)
        return r;
    close(fd);
    do {
        snprintf(new_name, sizeof new_name, ".removed-%llx", removal->moved++);
        r = renameat2(from, name, removal->root, new_name, RENAME_NOREPLACE);
    } while (r < 0 && errno == EEXIST);
    return r < 0 ? -errno : 0;
}

static void
note(struct removal *removal, int r)
{
    if (r < 0)
        removal->error = r;
    else
        removal->progress = true;
}

/* Empties a folder of the root. */
static void
empty_folder(struct removal *removal, const char *name)
{
    struct stat st;
    int fd, r = folder_open(removal->root, name, &fd);
    if (r < 0) {
        removal->error = r;
        return;
    }
    DIR *list = fstat(fd, &st) == 0 && st.st_dev == removal->device ? list_folder(fd) : NULL;
    const struct dirent *entry;
    while (list && !is_late(removal) && (entry = next_entry(list))) {
        r = remove_simple(fd, entry->d_name);
        note(removal, r ? r : move_up(removal, fd, entry->d_name));
    }
    if (list)
        closedir(list);
    else
        removal->error = -EXDEV;
    close(fd);
}

static void
remove_pass(struct removal *removal)
{
    DIR *list = list_folder(removal->root);
    const struct dirent *entry;
    removal->progress = false;
    if (!list)
        removal->error = -errno;
    while (list && !is_late(removal) && (entry = next_entry(list))) {
        int r = remove_simple(removal->root, entry->d_name);
        if (r == 0) {
            empty_folder(removal, entry->d_name);
            r = remove_simple(removal->root, entry->d_name);
        }
        if (r != 0)
            note(removal, r);
    }
    if (list)
        closedir(list);
}

int
folder_remove(int at, const char *name, int64_t until_ns)
{
    struct removal removal = { .until_ns = until_ns };
    struct stat st;
    int r = remove_simple(at, name);
    if (r)
        return r < 0 ? r : 0;
    r = folder_open(at, name, &removal.root);
    if (r < 0)
        return r;
    if (fstat(removal.root, &st) == 0)
        removal.device = st.st_dev;
    do {
        remove_pass(&removal);
        r = remove_simple(at, name);
    } while (r == 0 && removal.progress && removal.error != -ETIMEDOUT);
    close(removal.root);
    return r > 0 ? 0 : r < 0 ? r : removal.error ? removal.error : -ENOTEMPTY;
}

/* Measuring. */

struct measure {
    dev_t device;
    int64_t bytes;
    int entries, depth;
};

static int measure_folder(struct measure *measure, int at, const char *name);

static int
measure_entry(struct measure *measure, int at, const char *name)
{
    struct stat st;
    if (++measure->entries > FOLDER_ENTRIES_MAX)
        return -E2BIG;
    if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    measure->bytes += (int64_t)st.st_blocks * 512;
    if (!S_ISDIR(st.st_mode) || st.st_dev != measure->device)
        return 0;
    return measure_folder(measure, at, name);
}

static int
measure_folder(struct measure *measure, int at, const char *name)
{
    int fd, r = ++measure->depth > FOLDER_DEPTH_MAX ? -E2BIG : folder_open(at, name, &fd);
    if (r < 0)
        return r;
    struct stat st;
    if (measure->depth == 1 && fstat(fd, &st) == 0)
        measure->device = st.st_dev;
    DIR *list = list_folder(fd);
    const struct dirent *entry;
    while (list && r == 0 && (entry = next_entry(list)))
        r = measure_entry(measure, fd, entry->d_name);
    if (list)
        closedir(list);
    close(fd);
    measure->depth--;
    return r;
}

int
folder_measure(int at, const char *name, int64_t *ret_bytes)
{
    struct measure measure = { .bytes = 0 };
    int r = measure_folder(&measure, at, name);
    if (r == 0)
        *ret_bytes = measure.bytes;
    return r;
}
