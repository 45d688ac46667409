/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finds processes by descent or by the mark in their environment, and signals
 * them: one pass over /proc. A pass is a snapshot; who must be sure that
 * nobody is left repeats it until it answers 0, within a bound.
 *
 * No process is hit by a reused pid: children of the caller are not reaped
 * during a pass, all others are signalled through a pidfd after a second look
 * at their start time.
 */
#ifndef OPTOP_IO_PROCTREE_H
#define OPTOP_IO_PROCTREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum proctree_aim {
    PROCTREE_DESCENDANTS = 1, /* everything below the caller */
    PROCTREE_ADOPTED = 2, /* what is below it, but not below a claimed child (io/child.h) */
    PROCTREE_MARKED = 4, /* who carries the mark, and everything below them */
    PROCTREE_SPARE_CLAIMED = 8, /* but no claimed child and nothing below one */
};

struct proctree_target {
    unsigned aim; /* sum of enum proctree_aim */
    const char *mark; /* value of OPTOP_RUN; with PROCTREE_MARKED */
    bool prefix; /* mark is the beginning of the value */
};

/* The variable that carries a mark. */
#define PROCTREE_VARIABLE "OPTOP_RUN"

/* The value of the variable in a process's environment, the first one that is in a
 * buffer of `size`: 0, -ENOENT without one, -errno when it may not be read. Takes the
 * lock of that process's memory: not for every process at every look. */
int proctree_mark(pid_t pid, char *buf, size_t size);

/* Signals what the target describes (0: only counts); the caller and its
 * ancestors are never hit. Returns how many living processes were: with KILL
 * at least one if there was any (a group that goes with its leader counts as
 * one); -errno when /proc cannot be read. */
int proctree_signal(const struct proctree_target *target, int signal_number);

/* KILL to those of the caller's unclaimed children that are among the pids
 * given out last: some microseconds, where a pass takes milliseconds. This is
 * what keeps up with processes that do nothing but fork and end. Returns how
 * many it has hit. */
int proctree_kill_newest(void);

#endif
