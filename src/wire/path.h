/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a user's server lives: the runtime directory with its socket and lock
 * file, and the state directory with its store and log.
 */
#ifndef OPTOP_WIRE_PATH_H
#define OPTOP_WIRE_PATH_H

#include "base/err.h"

/* $OPTOP_SOCKET, else optop/server.sock in $XDG_RUNTIME_DIR, else
 * /tmp/optop-UID/server.sock. Owned (free()). */
char *wire_socket_path(void);

/* Makes (0700) or checks the directory that a socket stands in: a directory,
 * not a link, owned by this uid, no access for others. */
int wire_check_directory(const char *socket_path, struct diag *diag);

/* $OPTOP_STATE, else $XDG_STATE_HOME/optop, else ~/.local/state/optop. Owned. */
char *wire_state_directory(void);

/* Path of a helper executable: beside this program when it stands there (a
 * build tree), else in libexec. Owned. */
char *wire_program_path(const char *name);

#endif
