/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What writers and readers of boards share: who lives, what is left over.
 */
#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "stat/board.h"

enum {
    SWEEP_MAX = 4096, /* names looked at */
    NEW_SECONDS = 60, /* an unpublished file is made and published in a millisecond */
};

bool
board_file_alive(int fd)
{
    /* a lock of the open file, not of the process: it is seen from within the
     * same process too, and closing another descriptor does not drop it */
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
    return fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

static bool
ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name), tail = strlen(suffix);
    return len > tail && !strcmp(name + len - tail, suffix);
}

static void
sweep_file(int directory, const char *name)
{
    struct stat st;
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return;
    bool is_new = !strncmp(name, BOARD_NEW_PREFIX, strlen(BOARD_NEW_PREFIX));
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
        !board_file_alive(fd) && (!is_new || st.st_mtime + NEW_SECONDS < time(NULL)))
        unlinkat(directory, name, 0);
    close(fd);
}

void
board_sweep(int directory)
{
    int copy = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = copy < 0 ? NULL : fdopendir(copy);
    const struct dirent *entry;
    if (!entries) {
        if (copy >= 0)
            close(copy);
        return;
    }
    for (int n = 0; n < SWEEP_MAX && (entry = readdir(entries)); n++)
        if (ends_with(entry->d_name, BOARD_SUFFIX) ||
            !strncmp(entry->d_name, BOARD_NEW_PREFIX, strlen(BOARD_NEW_PREFIX)))
            sweep_file(directory, entry->d_name);
    closedir(entries);
}
