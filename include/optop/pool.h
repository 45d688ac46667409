/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A pool of objects that are made once and used again: memory, buffers,
 * connections, anything that is dear to make. Its figures (size, in use, idle,
 * reuse) show in optop when the program has opened a board (optop/board.h).
 *
 *     struct optop_pool *pool = optop_pool_new(&(struct optop_pool_options){
 *         .name = "requests", .object_size = sizeof(struct request) });
 *     struct request *request = optop_pool_acquire(pool);
 *     ...
 *     optop_pool_release(pool, request);
 *
 * An object is memory of the pool, aligned to 16 bytes, behind 8 bytes of the pool's (16
 * in a pool with times). What create() has put into it stays there while it rests.
 *
 * One thread at a time uses a pool, or any with OPTOP_POOL_THREADS: then each
 * thread keeps some objects at hand and seldom meets the others. No callback
 * runs under a lock of the pool; none may use its own pool.
 */
#ifndef OPTOP_POOL_H
#define OPTOP_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef OPTOP_API
#define OPTOP_API __attribute__((visibility("default")))
#endif

enum {
    OPTOP_POOL_THREADS = 1, /* any thread may acquire and release, also another's */
    OPTOP_POOL_ZERO = 2, /* memory is zero when acquired; cleared as it comes back */
    /* Tells double releases, foreign objects and, when the pool is freed, what
     * was not released, each with the place of its acquisition. Slow; all pools
     * of a program do with OPTOP_POOL_DEBUG=1 in its environment. */
    OPTOP_POOL_DEBUG = 4,
};

#define OPTOP_POOL_OBJECT_MAX ((size_t)1 << 40)
#define OPTOP_POOL_TIME_MAX_NS (INT64_C(20) * 86400 * 1000000000) /* longer is cut */

struct optop_pool_options {
    const char *name; /* copied, 31 bytes; NULL: does not show */
    size_t object_size; /* bytes */
    unsigned flags;
    uint32_t initial; /* made at once */
    uint32_t min; /* not dropped for resting */
    uint32_t max; /* at a time; 0: no limit */
    int64_t idle_ns; /* one that rested longer is dropped, by trim and release; 0: never */
    int64_t life_ns; /* one older than this is not used again; 0: for ever */
    int64_t wait_ns; /* how long to wait at `max`, with OPTOP_POOL_THREADS; < 0: for ever */

    /* Each may be NULL. create() gets zeroed memory and answers 0, or -errno:
     * the acquisition's. reset() as it comes back, < 0: drop it. validate()
     * before it is used again, false: drop it and take another. */
    int (*create)(void *object, void *context);
    int (*reset)(void *object, void *context);
    bool (*validate)(void *object, void *context);
    void (*destroy)(void *object, void *context);
    /* What a debugging pool has found; NULL: standard error and abort(). */
    void (*fault)(const char *what, void *context);
    void *context;
};

/* size = in_use + idle = created - retired; while one is being made or ended it
 * is among the idle ones. */
struct optop_pool_figures {
    uint64_t size, in_use, idle;
    uint64_t acquired, created, reused, retired;
    uint64_t faults; /* releases of what was not acquired; they were ignored */
    uint64_t bytes; /* of address space; pages that were never used are no memory */
    double reuse_pct; /* of the acquisitions; NaN before the first */
};

struct optop_pool;

/* NULL with errno: EINVAL, ENOMEM, or what create() said. */
OPTOP_API struct optop_pool *optop_pool_new(const struct optop_pool_options *options);

/* After the last release. NULL is fine. */
OPTOP_API void optop_pool_free(struct optop_pool *pool);

/* NULL with errno: ENOMEM; EAGAIN at `max`, ETIMEDOUT when waiting did not help;
 * what create() said. */
#define optop_pool_acquire(pool) optop_pool_acquire_at((pool), OPTOP_POOL_HERE)
OPTOP_API void *optop_pool_acquire_at(struct optop_pool *pool, const char *place);

OPTOP_API void optop_pool_release(struct optop_pool *pool, void *object); /* NULL is fine */
OPTOP_API void optop_pool_discard(struct optop_pool *pool, void *object); /* not to be used again */

/* Drops what has rested too long, or all that rests but `min`; memory goes back
 * to the kernel where whole slabs are free: so many bytes. By the user of the
 * pool, or any thread with OPTOP_POOL_THREADS. */
OPTOP_API size_t optop_pool_trim(struct optop_pool *pool, bool all);

/* By any thread. */
OPTOP_API void optop_pool_figures(struct optop_pool *pool, struct optop_pool_figures *ret);

/* Visits what is in use, with where it was acquired, of a debugging pool. */
OPTOP_API void optop_pool_in_use(struct optop_pool *pool,
    void (*visit)(void *object, const char *place, void *data), void *data);

#define OPTOP_POOL_TEXT_(x) #x
#define OPTOP_POOL_TEXT(x) OPTOP_POOL_TEXT_(x)
#define OPTOP_POOL_HERE __FILE__ ":" OPTOP_POOL_TEXT(__LINE__)

#ifdef __cplusplus
}
#endif

#endif
