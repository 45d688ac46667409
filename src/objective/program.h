/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A warm program: a process that reads lines and writes lines, started once for
 * many trials. Its standard error is read beside, and its end is kept.
 *
 * Nothing here waits but program_wait and program_end, both with a bound. A
 * program is its thread's; what all programs of the process share (who may be
 * reaped, by io/child.h) is behind the lock of struct programs.
 */
#ifndef OPTOP_OBJECTIVE_PROGRAM_H
#define OPTOP_OBJECTIVE_PROGRAM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"

struct programs {
    const char *path;
    char *const *argv, *const *environment; /* borrowed while programs run */
    bool adopts; /* orphans come to this process, and are ended by it */
    int stop_fd; /* readable: waiting is over; -1: none */
    pthread_mutex_t lock;
};

struct program {
    struct programs *all; /* borrowed */
    pid_t pid; /* 0: none runs */
    int pidfd, in_fd, out_fd, err_fd; /* -1: closed */
    struct str out; /* to be said to it */
    size_t said; /* of that */
    char *heard; /* PROGRAM_HEARD_MAX; what it has said lies from first to last */
    size_t first, last;
    bool silent; /* standard output has ended */
    int64_t deaf_ns; /* when it was seen to read no more; 0: it was not */
    struct str log; /* raw end of standard error, over all starts */
};

enum { PROGRAM_LINE_MAX = 64 * 1024, PROGRAM_HEARD_MAX = 4 * PROGRAM_LINE_MAX };

/* What ended a wait. */
enum program_news {
    PROGRAM_HEARD = 1, /* there is something to read, or its output has ended */
    PROGRAM_STOPPED = 2, /* stop_fd */
    PROGRAM_LATE = 4, /* the deadline has passed */
    PROGRAM_DEAF = 8, /* it reads no more (deaf_ns) */
};

void program_init(struct program *program, struct programs *all);

/* 0 or -errno. What was heard or unsaid before is forgotten. */
int program_start(struct program *program);

/* Writes what it takes now of program->out. */
void program_say(struct program *program);

/* Until something happens or deadline_ns (0: none; past: looks once): sum of
 * enum program_news. Goes on writing and reads standard error meanwhile. */
int program_wait(struct program *program, int64_t deadline_ns);

/* Reads what there is of standard error now. */
void program_listen(struct program *program);

/* Reads what there is. False: nothing more will come. */
bool program_hear(struct program *program);

/* The next whole line without its end (a line feed lies behind it), or NULL.
 * Valid until the next program_hear. */
const char *program_line(struct program *program, size_t *ret_len);

/* What it is in the middle of saying is longer than a line may be. */
bool program_rambles(const struct program *program);

/* Ends it and everything it has left: standard input is closed, then after
 * grace_seconds of patience KILL. With ret_status its wait status when it ended
 * by itself, else -1. Takes one that does not run. */
void program_end(struct program *program, double grace_seconds, int *ret_status);

/* TERM to its group; the end of its standard input. */
void program_terminate(struct program *program);
void program_hang_up(struct program *program);

void program_release(struct program *program); /* it has ended */

/* Reaps orphans that have ended; cheap when there are none. */
void programs_reap(struct programs *all);

/* KILL to what is left below this process, but not below a living program. */
void programs_sweep(struct programs *all);

#endif
