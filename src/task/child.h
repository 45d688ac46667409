/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Child processes: starting one (posix_spawn, never fork), telling its end in
 * words, and knowing which children someone waits for.
 *
 * A process that is a subreaper also gets children that it never started: the
 * orphans of those it did. Both arrive by the same SIGCHLD, so the ones that
 * someone waits for are claimed, and child_reap_adopted() takes only the
 * others. The list of claimed children is a fact of the process, like its pid:
 * it is kept here. Any thread.
 */
#ifndef OPTOP_TASK_CHILD_H
#define OPTOP_TASK_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* The new process leads a group of its own and has no signal blocked. Every
 * descriptor that is not named here must be close-on-exec. */
struct child_options {
    const char *path; /* of the program; not searched for */
    char *const *argv;
    char *const *environment;
    int in, out, err; /* become 0, 1, 2; -1: as the caller's; else above 2 */
    int control; /* becomes 3; -1: none */
    int extra; /* becomes 4; 0: none; not 3 itself */
    bool claimed; /* until child_disclaim only who starts it waits for it */
    bool fresh; /* a session of its own, signals at their defaults, no other descriptor */
};

/* -errno when the program cannot be started (exec's own errors included). */
int child_spawn(const struct child_options *options, pid_t *ret_pid);

/* The file that execvp would run, found in `search` (the value of PATH) when
 * name has no slash; -ENOENT, -EACCES, -ENAMETOOLONG. */
int child_find_program(const char *name, const char *search, char *buf, size_t size);

/* "exit status 3", "killed by SIGSEGV"; returns buf. */
const char *child_status_text(int status, char *buf, size_t size);

/* A claimed one was reaped. */
void child_disclaim(pid_t pid);
bool child_is_claimed(pid_t pid);

/* Reaps adopted children that have ended; claimed ones keep their status.
 * Stops at a claimed one that is not yet reaped, so its claimer calls this
 * again afterwards, and after some thousands: they can end as fast as they are
 * reaped. Returns the number reaped. */
int child_reap_adopted(void);

#endif
