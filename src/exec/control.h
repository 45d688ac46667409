/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run's cgroup is told to hold: the files of the memory and the cpu
 * controller, in cgroup2 (memory.max, cpu.max) or in the controller's own v1
 * tree (memory.limit_in_bytes, cpu.cfs_quota_us). The cage makes the
 * directories; here they are written and read. Errors are -errno.
 */
#ifndef OPTOP_EXEC_CONTROL_H
#define OPTOP_EXEC_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

enum control_id { CONTROL_MEMORY, CONTROL_CPU, CONTROLS };

/* Where the server goes when its own cgroup must hold no process; what it makes
 * is then made beside it. */
#define CONTROL_SERVER_LEAF "/optop-server"

/* Where the files of one controller are for one run. */
struct control {
    const char *directory; /* borrowed; NULL: nowhere */
    bool v1;
};

const char *control_name(enum control_id id); /* "memory", as the kernel calls it */

/* Bytes, cores: INFINITY takes the limit away. -EOPNOTSUPP: no such controller
 * here. In cgroup2 the controller is made available first, which wants a parent
 * without processes: the server, if it is alone there, goes one down. */
int control_hold_memory(const struct control *control, double bytes);
int control_hold_cpu(const struct control *control, double cores);

/* Cgroups below this one (the cells of workers) are to have memory limits of
 * their own. In cgroup2 no process may then be in this one. */
int control_prepare_cells(const struct control *control);

/* The limit of one cell; its directory in the same tree. */
int control_hold_cell_memory(const struct control *control, const char *cell, double bytes);

/* Processes that the kernel has ended in it (and below) for want of memory. A
 * v1 tree counts where the process was: what a removed cell had counted is
 * gone, and control_cell_oom_kills told it before. */
int64_t control_oom_kills(const struct control *control);
int64_t control_cell_oom_kills(const struct control *control, const char *cell); /* 0 in cgroup2 */

#endif
