/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a process stands in the cgroup trees, v1, v2 or both side by side:
 * the texts of /proc/PID/cgroup and /proc/PID/mountinfo go in, the directory
 * of one controller comes out. Pure: reads no file.
 */
#ifndef OPTOP_SAMPLE_CGROUP_H
#define OPTOP_SAMPLE_CGROUP_H

#include "sample/procfs.h"

enum { CGROUP_PATH_MAX = 1024 };

struct cgroup_place {
    bool v2;
    char path[CGROUP_PATH_MAX]; /* the process's own directory */
    size_t root_length; /* of path: the mount point, the highest that can be seen */
};

/* Finds the place of `controller` ("memory", "cpu"); sys stands for "/sys".
 * 0, ERR_NOT_FOUND, or ERR_TOO_LARGE when a path does not fit. */
int cgroup_find(struct scan cgroups, struct scan mounts, const char *controller, const char *sys,
    struct cgroup_place *ret_place);

/* Cuts path to its parent; false when it is the highest already. */
bool cgroup_parent(struct cgroup_place *place);

#endif
