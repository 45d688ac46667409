/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory of a process: how much it holds, how short memory is, and who gives
 * some back. Link with -loptop (pkg-config optop); manual: liboptop(3).
 *
 *     optop_memory_on_pressure(drop_what_is_not_needed, NULL);
 *     ...
 *     optop_memory_step();        now and then, in the program's own loop
 *
 * A step looks at the machine, at the cgroup's limit where there is one, and at
 * the program's own limit where it was given one. When memory gets short, all
 * pools, caches, arenas and the like that were made with this library give back
 * what they do not need, and what free() has kept goes to the kernel.
 *
 * Any thread may call any of these. A callback runs in the thread that called
 * optop_memory_step(), and may call anything but that.
 */
#ifndef OPTOP_MEMORY_H
#define OPTOP_MEMORY_H

#include <stddef.h>
#include <stdint.h>

#include "optop/board.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How short memory is. Goes up at once, and down one step in five seconds. */
enum optop_pressure {
    OPTOP_PRESSURE_NONE,
    OPTOP_PRESSURE_LOW, /* less than a fifth is left, or tasks begin to wait for memory */
    OPTOP_PRESSURE_MODERATE, /* gone in half a minute; caches are made smaller */
    OPTOP_PRESSURE_HIGH, /* gone in ten seconds; caches are dropped */
    OPTOP_PRESSURE_CRITICAL, /* a few percent, or two seconds, before the end */
};

/* "none" "low" "moderate" "high" "critical" */
OPTOP_API const char *optop_pressure_name(enum optop_pressure pressure);

/* What the process holds; -1: not known. */
struct optop_memory {
    int64_t rss_bytes; /* resident */
    int64_t pss_bytes; /* the same, of shared pages its share; -1 unless asked for */
    int64_t virtual_bytes; /* mapped */
    int64_t limit_bytes; /* the lowest of machine, cgroup and own limit */
    double used_pct; /* resident, of that limit */
};

enum { OPTOP_MEMORY_PSS = 1 }; /* costs some 10 ns per mapped page */

/* 0, or a negative errno. */
OPTOP_API int optop_memory_read(struct optop_memory *ret_memory, unsigned flags);

/* Looks how short memory is, calls back when that has changed, and has memory
 * given back from moderate pressure on. Some 10 us. */
OPTOP_API enum optop_pressure optop_memory_step(void);

/* In how many milliseconds the next step is wanted, to see the end coming. */
OPTOP_API int optop_memory_wait_ms(void);

/* The level of the last step, and in words why it is that ("" when none). */
OPTOP_API enum optop_pressure optop_memory_pressure(char *ret_reason, size_t size);

/* -ENOSPC with 16 callbacks. The second takes off what the first has set. */
typedef void optop_pressure_fn(enum optop_pressure now, enum optop_pressure before, void *data);
OPTOP_API int optop_memory_on_pressure(optop_pressure_fn *call, void *data);
OPTOP_API void optop_memory_off_pressure(optop_pressure_fn *call, void *data);

/* A limit of the program's own for its resident memory, which counts as the
 * cgroup's does; 0: none. */
OPTOP_API void optop_memory_set_limit(int64_t bytes);

/* Has up to about `wanted` bytes given back (SIZE_MAX: all that can be spared),
 * those first that cost least. Returns by how much less is resident. */
OPTOP_API size_t optop_memory_release(size_t wanted);

/* Who gave how much, in all and in the last release that brought something. */
enum { OPTOP_GIVERS_MAX = 8 };
struct optop_released {
    uint64_t releases, bytes; /* so far */
    int64_t last_wall_ns; /* 0: never */
    int64_t last_bytes;
    int count; /* the largest ones of the last release */
    struct {
        char name[48]; /* "cache users"; "heap": what free() had kept */
        int64_t bytes;
    } giver[OPTOP_GIVERS_MAX];
};
OPTOP_API void optop_memory_released(struct optop_released *ret_released);

/* Memory by type: what a part of the program allocates is counted under a name,
 * "cache" say, and shown as "type.live" and so on. Counting can be switched on and
 * off at any time (it is off at first); what was allocated while it was off is not
 * counted when it goes, either. */
struct optop_type;

/* The type of that name, made when there is none; lives as long as the process.
 * NULL with 64 of them, or when memory is out: then nothing is counted. */
OPTOP_API struct optop_type *optop_type(const char *name);

/* As malloc, realloc, free, for memory of a type (NULL: of none), with 16 bytes in
 * front of it; only optop_type_free frees it. */
OPTOP_API void *optop_type_alloc(struct optop_type *type, size_t size);
OPTOP_API void *optop_type_realloc(struct optop_type *type, void *memory, size_t size);
OPTOP_API void optop_type_free(void *memory);
OPTOP_API size_t optop_type_size(const void *memory); /* as it was asked for */

OPTOP_API void optop_memory_track(int on);

struct optop_type_figures {
    char name[32];
    uint64_t live, live_bytes, peak_bytes; /* now, and most at once */
    uint64_t allocations, allocated_bytes; /* so far */
};

/* Up to `most` types in the order of their making; how many there are. */
OPTOP_API int optop_types(struct optop_type_figures *ret_types, int most);

#ifdef __cplusplus
}
#endif

#endif
