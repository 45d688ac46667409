/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a user's optop lives while it runs: the runtime directory with the
 * server's socket and the boards of all programs. Nothing here allocates:
 * liboptop uses it in other people's programs.
 */
#ifndef OPTOP_BASE_PLACE_H
#define OPTOP_BASE_PLACE_H

#include "base/err.h"

/* A set and absolute path from the environment, or NULL: the XDG
 * specification says that relative ones are ignored. */
const char *place_environment(const char *name);

/* $OPTOP_SOCKET, else optop/server.sock in $XDG_RUNTIME_DIR, else
 * /tmp/optop-UID/server.sock. 0 or -ENAMETOOLONG. */
int place_socket(char *buf, size_t size);

/* $OPTOP_BOARDS, else boards/ beside that socket. 0 or -ENAMETOOLONG. */
int place_boards(char *buf, size_t size);

/* boards/ beside a given socket. */
int place_boards_of(const char *socket_path, char *buf, size_t size);

/* Makes (0700) or checks a directory: a directory, not a link, owned by this
 * uid, no access for others. */
int place_directory(const char *directory, struct diag *diag);

#endif
