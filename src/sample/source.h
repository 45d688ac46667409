/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a source is: it keeps its own files and last counters, and is asked to
 * put its figures into the sample. Internal to src/sample.
 *
 * To add a source: src_<name>.c with the three functions declared below, and
 * a row here. The group's plain figures are set unknown before each take, so
 * a source only writes what it knows. `every` is in samples: figures of a
 * source that is not due stay as they were.
 */
#ifndef OPTOP_SAMPLE_SOURCE_H
#define OPTOP_SAMPLE_SOURCE_H

#include <math.h>

#include "model/sample.h"
#include "sample/procfs.h"

/*  X(name, GROUP, every)  in the order of taking: cgroup reads what cpu and
 *  memory have put into the sample. */
#define SOURCE_TABLE(X)                                                        \
    X(cpu, CPU, 1)                                                             \
    X(memory, MEMORY, 1)                                                       \
    X(psi, PRESSURE, 1)                                                        \
    X(system, SYSTEM, 1)                                                       \
    X(disk, DISK, 1)                                                           \
    X(filesystem, FILESYSTEM, 10)                                              \
    X(net, NET, 1)                                                             \
    X(cgroup, LIMIT, 1)                                                        \
    X(proc, SERVER, 1)

/* Where a source reads; the strings outlive it. */
struct source_roots {
    const char *proc;
    const char *sys;
    int pid;
};

/* One turn of taking. */
struct source_turn {
    struct sample *sample;
    uint64_t sequence; /* of this sample, from 1 */
    int64_t mono_ns;
    double seconds; /* since this source was last taken; NaN at first */
    struct scan stat; /* /proc/stat, read once per turn; empty when unknown */
    struct procfs_buffer *buffer; /* for the next file, whoever reads it */
};

#define X(name, group, every)                                                  \
    void *src_##name##_new(const struct source_roots *roots);                  \
    void src_##name##_take(void *state, const struct source_turn *turn);       \
    void src_##name##_free(void *state);
SOURCE_TABLE(X)
#undef X

/* Per second; NaN when a counter has gone backwards or the time is unknown. */
static inline double
source_rate(uint64_t now, uint64_t before, double seconds)
{
    return now >= before ? (double)(now - before) / seconds : (double)NAN;
}

#endif
