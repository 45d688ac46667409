/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run may use: the values of [limits] that the kernel is asked to hold.
 * Plain data; exec/limit.h says by which means each is held.
 */
#ifndef OPTOP_MODEL_LIMITS_H
#define OPTOP_MODEL_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LIMITS_CPUS_MAX = 1024 };

/* Classes of I/O priority, by the kernel's numbers (ioprio_set). */
enum io_class { IO_CLASS_NONE, IO_CLASS_REALTIME, IO_CLASS_BEST_EFFORT, IO_CLASS_IDLE };

/* Zero is "no limit" everywhere: an initialized struct asks for nothing. */
struct run_limits {
    double memory_bytes; /* the run's processes together */
    double trial_memory_bytes; /* one trial */
    double cpu_cores; /* the run's processes together */
    int64_t nice; /* -20 to 19 */
    enum io_class io_class;
    int io_level; /* 0 (first) to 7, of realtime and best-effort */
    uint64_t cpus[LIMITS_CPUS_MAX / 64]; /* may run on these; empty: all */
    int64_t open_files; /* one process */
    bool core_dumps; /* allowed */
};

/* "0-3,6": numbers and ranges, rising or not. -EINVAL; ERR_TOO_LARGE at 1024. */
int limits_parse_cpus(const char *text, uint64_t cpus[LIMITS_CPUS_MAX / 64]);
int limits_count_cpus(const uint64_t cpus[LIMITS_CPUS_MAX / 64]);
const char *limits_format_cpus(const uint64_t cpus[LIMITS_CPUS_MAX / 64], char *buf, size_t size);

/* "idle", "best-effort", "best-effort/7", "realtime/0". -EINVAL. */
int limits_parse_io(const char *text, enum io_class *ret_class, int *ret_level);
const char *limits_format_io(enum io_class class, int level, char *buf, size_t size);

#endif
