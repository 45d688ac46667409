/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What pool.c, pool_cache.c and pool_debug.c share. Nobody else includes this.
 *
 * An object lies behind its slot's head:
 *
 *     [struct trace, of a debugging pool] struct slot | object
 *
 * Of a pool that neither debugs nor asks for times the head is the link alone: what
 * would stand before it belongs to the object before.
 *
 * A resting slot links to the next one; a used one has its pool's tag in that
 * place, which is how a second release, or one of somebody else's memory, is
 * seen at no cost.
 *
 * With OPTOP_POOL_THREADS each thread has a cache of resting slots per pool. Its
 * owner touches it without a lock: it says `busy`, and looks whether somebody
 * has shut the cache. Who wants to (to trim, or at the pool's maximum) holds
 * the pool's lock, shuts all caches, and waits until none is busy. The barrier that
 * this needs between the owner's store and its load is paid by the other side:
 * membarrier(2) runs it on all threads.
 */
#ifndef OPTOP_MEM_POOL_PRIVATE_H
#define OPTOP_MEM_POOL_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "mem/registry.h"
#include "mem/slab.h"
#include "optop/pool.h"

enum {
    POOL_CACHES_MAX = 128, /* pools with caches; more of them share their lock */
    POOL_CACHE_BYTES = 1024 * 1024, /* in a thread's cache, about */
    POOL_CACHE_SLOTS = 256, /* at most */
};

struct slot {
    uint32_t born_ms, rests_ms; /* by now_ms(); there only where pool->timed, or it debugs */
    struct slot *next; /* the tag: in use */
};

struct trace {
    struct trace *next, *previous; /* of those in use */
    const char *place; /* where it was acquired */
    uint64_t reserved; /* a slot begins at 16 bytes */
};

typedef _Atomic uint64_t count_t; /* written by one thread at a time */

/* What an acquisition may do without asking further. */
enum pool_way { WAY_SLOW, WAY_PLAIN, WAY_CACHES };

struct pool_cache {
    _Alignas(64) _Atomic bool shut; /* by who holds the pool's lock */
    _Atomic bool busy; /* by its owner */
    struct slot *first;
    _Atomic uint32_t count;
    count_t acquired, released;
    struct optop_pool *pool;
    struct pool_cache *next, *previous; /* of the pool */
    struct pool_cache **entry; /* in its thread's table */
};

struct optop_pool {
    _Atomic int way;
    uint16_t index; /* of the caches in each thread's table */
    bool finishes; /* there is something to do as an object comes back */
    bool timed;
    uint32_t cache_max;
    size_t before; /* bytes of the slot before the object */
    struct slot *tag;
    struct optop_pool_options options;
    uint32_t idle_ms, life_ms; /* 0: for ever */

    /* The rest is under `lock` with OPTOP_POOL_THREADS. */
    _Alignas(64) struct slot *idle;
    count_t acquired, released; /* without those in the caches */
    count_t size, created, retired, made, faults; /* made: because an acquisition found none */
    _Atomic bool drop_all; /* somebody else's wish: at the next release */
    uint32_t trimmed_ms;
    uint32_t waiting; /* threads, at the maximum */
    struct slabs slabs;
    struct trace in_use; /* head of a ring, of a debugging pool */
    struct pool_cache *caches;
    pthread_mutex_t lock;
    pthread_cond_t returned;
    pthread_t user; /* of a pool for one thread: who made it */
    struct resource resource;
};

static inline void
count_add(count_t *count, uint64_t amount)
{
    atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + amount,
        memory_order_relaxed);
}

static inline uint64_t
count_get(const count_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

static inline struct slot *
slot_of(void *object)
{
    return (struct slot *)object - 1;
}

static inline void *
object_of(struct slot *slot)
{
    return slot + 1;
}

static inline void
pool_lock(struct optop_pool *pool)
{
    if (pool->options.flags & OPTOP_POOL_THREADS)
        pthread_mutex_lock(&pool->lock);
}

static inline void
pool_unlock(struct optop_pool *pool)
{
    if (pool->options.flags & OPTOP_POOL_THREADS)
        pthread_mutex_unlock(&pool->lock);
}

/* pool_cache.c: caches of threads. */
int pool_caches_open(struct optop_pool *pool); /* -ENOSPC: there are too many such pools */
void pool_caches_close(struct optop_pool *pool); /* what they had rests in the pool */
struct slot *pool_cache_pop(struct optop_pool *pool); /* NULL: ask the pool */
bool pool_cache_push(struct optop_pool *pool, struct slot *slot); /* false: give it to the pool */

/* Under the pool's lock. */
void pool_cache_fill(struct optop_pool *pool); /* the caller's, from what rests in the pool */
void pool_cache_drain(struct optop_pool *pool); /* the caller's, when full: half goes to the pool */
void pool_caches_empty(struct optop_pool *pool); /* all; they stay shut while threads wait */
void pool_caches_reopen(struct optop_pool *pool);
void pool_caches_count(const struct optop_pool *pool, uint64_t *acquired, uint64_t *released);

/* pool_debug.c, of a debugging pool, under its lock. */
void pool_debug_acquired(struct optop_pool *pool, struct slot *slot, const char *place);
const char *pool_debug_release(struct optop_pool *pool, struct slot *slot); /* what is wrong */
void pool_debug_leaks(struct optop_pool *pool);

/* Without the lock. */
void pool_fault(struct optop_pool *pool, const char *what, const void *object, const char *place);

#endif
