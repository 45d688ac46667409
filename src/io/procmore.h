/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures of one process that cost more than a look: its share of the memory that it
 * has with others (the kernel walks its pages for that, and holds up who maps some),
 * swap, faults, switches, and how near it is to being killed for memory.
 */
#ifndef OPTOP_IO_PROCMORE_H
#define OPTOP_IO_PROCMORE_H

#include <stdint.h>

/*  X(ID, "name")  in the order in which they are told */
#define PROCMORE_TABLE(X)                                                      \
    X(PSS, "pss_bytes")                                                        \
    X(SWAP, "swap_bytes")                                                      \
    X(FAULTS, "faults")                                                        \
    X(MAJOR_FAULTS, "major_faults")                                            \
    X(SWITCHES, "switches")                                                    \
    X(OOM_SCORE, "oom_score")

enum procmore_figure {
#define X(id, name) PROCMORE_##id,
    PROCMORE_TABLE(X)
#undef X
    PROCMORE_COUNT
};

enum { PROCMORE_THREADS_MAX = 256 }; /* whose switches are summed up; of more they are not known */

/* -1: there is none. */
int procmore_find(const char *name);

/* Those whose bit (1 << figure) is set in what; the others, and what may not be read or is
 * not known, are NaN. Faults and switches are counts since it began. May
 * wait for the process's memory: not on the loop. -ESRCH: it has ended. */
int procmore_read(int pid, uint64_t start, unsigned what, double ret_figures[PROCMORE_COUNT]);

#endif
