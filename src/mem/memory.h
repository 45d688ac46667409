/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The memory manager of this process (include/optop/memory.h), as tests see it.
 */
#ifndef OPTOP_MEM_MEMORY_H
#define OPTOP_MEM_MEMORY_H

#include "optop/memory.h"

/* Reads PREFIX/proc and PREFIX/sys from now on, with everything seen so far
 * forgotten. Borrowed; "": the real ones. */
void memory_use_root(const char *prefix);

/* The level of the last step by the machine and the cgroup alone: what a limit of
 * the process's own says concerns nobody else. */
enum optop_pressure memory_pressure_around(void);

#endif
