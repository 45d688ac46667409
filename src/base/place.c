/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/place.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *
place_environment(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] == '/' ? value : NULL;
}

static int
fits(int len, size_t size)
{
    return len >= 0 && (size_t)len < size ? 0 : -ENAMETOOLONG;
}

int
place_socket(char *buf, size_t size)
{
    const char *given = place_environment("OPTOP_SOCKET");
    if (given)
        return fits(snprintf(buf, size, "%s", given), size);
    const char *runtime = place_environment("XDG_RUNTIME_DIR");
    if (runtime)
        return fits(snprintf(buf, size, "%s/optop/server.sock", runtime), size);
    return fits(snprintf(buf, size, "/tmp/optop-%u/server.sock", (unsigned)getuid()), size);
}

int
place_boards_of(const char *socket_path, char *buf, size_t size)
{
    const char *slash = strrchr(socket_path, '/');
    int len = slash ? (int)(slash - socket_path) : 1;
    return fits(snprintf(buf, size, "%.*s/boards", len, slash ? socket_path : "."), size);
}

int
place_boards(char *buf, size_t size)
{
    char socket_path[PATH_MAX];
    const char *given = place_environment("OPTOP_BOARDS");
    if (given)
        return fits(snprintf(buf, size, "%s", given), size);
    int r = place_socket(socket_path, sizeof socket_path);
    return r < 0 ? r : place_boards_of(socket_path, buf, size);
}

int
place_directory(const char *directory, struct diag *diag)
{
    struct stat st;
    if (mkdir(directory, 0700) < 0 && errno != EEXIST)
        return diag_set(diag, -errno, "%s: %s", directory, strerror(errno));
    if (lstat(directory, &st) < 0)
        return diag_set(diag, -errno, "%s: %s", directory, strerror(errno));
    if (!S_ISDIR(st.st_mode))
        return diag_set(diag, ERR_DENIED, "%s is not a directory", directory);
    if (st.st_uid != getuid())
        return diag_set(diag, ERR_DENIED, "%s belongs to uid %u, not to this user", directory,
            (unsigned)st.st_uid);
    if (st.st_mode & 077)
        return diag_set(diag, ERR_DENIED,
            "%s is open to others (mode %04o): chmod 700 it", directory,
            (unsigned)(st.st_mode & 07777));
    return 0;
}
