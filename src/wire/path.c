/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/path.h"

#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

#ifndef OPTOP_LIBEXECDIR
#define OPTOP_LIBEXECDIR "/usr/local/libexec/optop"
#endif

/* A set and absolute path from the environment, or NULL: the XDG
 * specification says that relative ones are ignored. */
static const char *
environment_path(const char *name)
{
    const char *value = getenv(name);
    return value && value[0] == '/' ? value : NULL;
}

static const char *
home_directory(void)
{
    const char *home = environment_path("HOME");
    if (home)
        return home;
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_dir : "/";
}

char *
wire_socket_path(void)
{
    const char *given = environment_path("OPTOP_SOCKET");
    if (given)
        return xstrdup(given);
    const char *runtime = environment_path("XDG_RUNTIME_DIR");
    if (runtime)
        return xasprintf("%s/optop/server.sock", runtime);
    return xasprintf("/tmp/optop-%u/server.sock", (unsigned)getuid());
}

int
wire_check_directory(const char *socket_path, struct diag *diag)
{
    char copy[PATH_MAX];
    struct stat st;
    if (snprintf(copy, sizeof copy, "%s", socket_path) >= (int)sizeof copy)
        return diag_set(diag, -ENAMETOOLONG, "the socket's path is too long");
    const char *directory = dirname(copy);
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

char *
wire_state_directory(void)
{
    const char *given = environment_path("OPTOP_STATE");
    if (given)
        return xstrdup(given);
    const char *state = environment_path("XDG_STATE_HOME");
    if (state)
        return xasprintf("%s/optop", state);
    return xasprintf("%s/.local/state/optop", home_directory());
}

char *
wire_program_path(const char *name)
{
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n > 0) {
        self[n] = '\0';
        char *beside = xasprintf("%s/%s", dirname(self), name);
        if (access(beside, X_OK) == 0)
            return beside;
        free(beside);
    }
    return xasprintf("%s/%s", OPTOP_LIBEXECDIR, name);
}
