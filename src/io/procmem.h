/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How much memory a process and what it has started hold now.
 */
#ifndef OPTOP_IO_PROCMEM_H
#define OPTOP_IO_PROCMEM_H

#include <stdint.h>
#include <sys/types.h>

enum { PROCMEM_PROCESSES_MAX = 256 }; /* of a tree; those beyond are not counted */

/* Resident bytes of the process and its descendants (pages that they share
 * count for each), from /proc; -1 when it is gone. A descendant that has left the
 * tree is not seen; a kernel without children files shows the process alone. */
int64_t procmem_tree_rss(pid_t pid);

#endif
