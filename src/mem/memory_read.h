/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the memory manager reads: the machine, the cgroup of this process with
 * the lowest memory limit (v1 or v2, itself or what is above it), the process.
 * Descriptors are kept; nothing allocates. One thread at a time.
 */
#ifndef OPTOP_MEM_MEMORY_READ_H
#define OPTOP_MEM_MEMORY_READ_H

#include <stdbool.h>

#include "mem/pressure.h"

enum { MEMORY_PATH_MAX = 1024 };

struct memory_files {
    const char *root; /* "": the real /proc and /sys; else what stands before them */
    int meminfo, psi; /* -1: not open */
    int usage, stat, group_psi; /* of the cgroup with the limit */
    bool v2;
    double limit_bytes; /* of the cgroup; NaN: none */
    double machine_bytes;
    double kept_bytes; /* of the cgroup's use: files that nobody has touched lately */
    double kept_at_bytes; /* the use when that was looked up */
};

/* Finds the limit. Never fails: what cannot be opened is not known. root: borrowed. */
void memory_files_open(struct memory_files *files, const char *root);
void memory_files_close(struct memory_files *files);

void memory_read_machine(struct memory_files *files, struct pressure_reading *reading);

/* False where there is no limit, or it cannot be read. */
bool memory_read_group(struct memory_files *files, struct pressure_reading *reading);

/* Bytes; 0 or -errno. pid 0: this process. */
int memory_read_process(int pid, int64_t *ret_rss_bytes, int64_t *ret_virtual_bytes);
int memory_read_pss(int64_t *ret_pss_bytes);

#endif
