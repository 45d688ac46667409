/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON values have a heap of their own (optop/arena.h): "json". So what a peer
 * can have this program build of a line is bounded, and shows.
 */
#ifndef OPTOP_MEM_JSON_HEAP_H
#define OPTOP_MEM_JSON_HEAP_H

#include <stddef.h>

/* Some ten times what the longest line can become; where there is no more, a
 * value cannot be made, as when memory is out. A worker reads what the server has
 * written, and its address space may be limited. */
#define JSON_HEAP_MAX ((size_t)256 << 20)
#define JSON_HEAP_WORKER_MAX ((size_t)32 << 20)

/* Before the first value of the process is made. */
void json_heap_use(size_t limit);

#endif
