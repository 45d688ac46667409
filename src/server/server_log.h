/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The server's log file, written beside the loop: a disk that is slow to take a
 * line holds up nothing. What was logged during a turn of the loop is appended
 * at its end, in one piece; while that is under way, lines gather for the next.
 */
#ifndef OPTOP_SERVER_SERVER_LOG_H
#define OPTOP_SERVER_SERVER_LOG_H

#include "io/file.h"

enum { SERVER_LOG_WAITING_MAX = 1024 * 1024 }; /* bytes; lines beyond are lost, and counted */

struct server_log;

/* From now on lines go to the file at path. NULL: they go where they went. */
struct server_log *server_log_start(struct loop *loop, struct files *files, const char *path);

/* What waits is written, and lines go where they went before. Before files_free. */
void server_log_stop(struct server_log *log);

#endif
