/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What can be done to one process and asked of it. It is named by pid and
 * start time, and held by a pidfd while something is done to it, so that a pid which has
 * been given to another is not hit. The kernel's rights hold: the same user, or root.
 */
#ifndef OPTOP_IO_PROCACT_H
#define OPTOP_IO_PROCACT_H

#include <stdint.h>

#include "base/json.h"

/* "TERM", "SIGTERM" or "15"; -EINVAL. */
int procact_signal_number(const char *text);

/* 0; -ESRCH: it has ended, -EPERM: it is another user's, or -errno. */
int procact_signal(int pid, uint64_t start, int signal_number);

/* All its threads. nice: -20 to 19. */
int procact_renice(int pid, uint64_t start, int nice);

/* All its threads; "idle", "best-effort/7", "realtime/0", or "none": by the nice value.
 * -EINVAL: none of these. */
int procact_io_priority(int pid, uint64_t start, const char *text);

/* All its threads; cpus: "0-3,6". -EINVAL: not such a list. */
int procact_affinity(int pid, uint64_t start, const char *cpus);

/* Everything worth knowing of a process, as members of the object being written:
 * names of its environment and not the values. Files that cannot be read
 * leave their members out. May wait for the process's memory: not on the loop. */
int procact_write(int pid, uint64_t start, struct json_writer *w);

#endif
