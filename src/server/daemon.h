/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The server as a process: one per user and socket, in the foreground or in
 * the background, from its lock to its last signal.
 */
#ifndef OPTOP_SERVER_DAEMON_H
#define OPTOP_SERVER_DAEMON_H

#include <stdbool.h>

struct daemon_options {
    const char *socket_path; /* NULL: the user's own */
    bool background; /* say "ready" on standard output, then log to a file */
};

/* Serves until it is told to stop; the process's exit status. */
int daemon_run(const struct daemon_options *options);

#endif
