/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "wire/path.h"

#include <libgen.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/place.h"
#include "base/xalloc.h"

#ifndef OPTOP_LIBEXECDIR
#define OPTOP_LIBEXECDIR "/usr/local/libexec/optop"
#endif

static const char *
home_directory(void)
{
    const char *home = place_environment("HOME");
    if (home)
        return home;
    const struct passwd *user = getpwuid(getuid());
    return user ? user->pw_dir : "/";
}

char *
wire_socket_path(void)
{
    char path[PATH_MAX];
    const char *given = place_environment("OPTOP_SOCKET"); /* of any length: told when used */
    if (given)
        return xstrdup(given);
    return xstrdup(place_socket(path, sizeof path) == 0 ? path : "");
}

int
wire_check_directory(const char *socket_path, struct diag *diag)
{
    char copy[PATH_MAX];
    if (snprintf(copy, sizeof copy, "%s", socket_path) >= (int)sizeof copy)
        return diag_set(diag, -ENAMETOOLONG, "the socket's path is too long");
    return place_directory(dirname(copy), diag);
}

char *
wire_state_directory(void)
{
    const char *given = place_environment("OPTOP_STATE");
    if (given)
        return xstrdup(given);
    const char *state = place_environment("XDG_STATE_HOME");
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
