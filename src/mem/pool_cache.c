/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What each thread keeps at hand of a pool: see pool_private.h.
 */
#include <errno.h>
#include <linux/membarrier.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mem/poison.h"
#include "mem/pool_private.h"

static struct pool_cache *no_caches[POOL_CACHES_MAX]; /* of a thread without any: all NULL */
static _Thread_local struct pool_cache **thread_caches
    __attribute__((tls_model("initial-exec"))) = no_caches;

/* Taken before a pool's lock. */
static pthread_mutex_t caches_lock = PTHREAD_MUTEX_INITIALIZER;
static bool index_taken[POOL_CACHES_MAX];

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t thread_key;
static bool has_key;
static bool has_membarrier; /* else owners pay for the barrier */

/* The owner's side: no lock, and with membarrier no locked instruction. */

static inline bool
enter(struct pool_cache *cache)
{
    if (has_membarrier) {
        atomic_store_explicit(&cache->busy, true, memory_order_relaxed);
        atomic_signal_fence(memory_order_seq_cst);
    } else {
        atomic_exchange_explicit(&cache->busy, true, memory_order_seq_cst);
    }
    if (__builtin_expect(!atomic_load_explicit(&cache->shut, memory_order_seq_cst), 1))
        return true;
    atomic_store_explicit(&cache->busy, false, memory_order_release);
    return false;
}

static inline void
leave(struct pool_cache *cache)
{
    atomic_store_explicit(&cache->busy, false, memory_order_release);
}

static inline void
set_count(struct pool_cache *cache, uint32_t count)
{
    atomic_store_explicit(&cache->count, count, memory_order_relaxed);
}

static inline uint32_t
get_count(const struct pool_cache *cache)
{
    return atomic_load_explicit(&cache->count, memory_order_relaxed);
}

struct slot *
pool_cache_pop(struct optop_pool *pool)
{
    struct pool_cache *cache = thread_caches[pool->index];
    if (!cache || !enter(cache))
        return NULL;
    struct slot *slot = cache->first;
    if (slot) {
        cache->first = slot->next;
        set_count(cache, get_count(cache) - 1);
        count_add(&cache->acquired, 1);
    }
    leave(cache);
    return slot;
}

bool
pool_cache_push(struct optop_pool *pool, struct slot *slot)
{
    struct pool_cache *cache = thread_caches[pool->index];
    if (!cache || !enter(cache))
        return false;
    uint32_t count = get_count(cache);
    bool room = count < pool->cache_max;
    if (room) {
        POISON(object_of(slot), pool->options.object_size);
        slot->next = cache->first;
        cache->first = slot;
        set_count(cache, count + 1);
        count_add(&cache->released, 1);
    }
    leave(cache);
    return room;
}

/* Caches come and go. */

static void
unlink_cache(struct pool_cache *cache)
{
    struct optop_pool *pool = cache->pool;
    if (cache->next)
        cache->next->previous = cache->previous;
    if (cache->previous)
        cache->previous->next = cache->next;
    else
        pool->caches = cache->next;
}

/* All of a cache that its owner does not touch now rests in the pool. */
static void
empty_cache(struct pool_cache *cache)
{
    struct optop_pool *pool = cache->pool;
    while (cache->first) {
        struct slot *slot = cache->first;
        cache->first = slot->next;
        slot->next = pool->idle;
        pool->idle = slot;
        if (pool->waiting)
            pthread_cond_signal(&pool->returned);
    }
    set_count(cache, 0);
}

static void
end_cache(struct pool_cache *cache)
{
    struct optop_pool *pool = cache->pool;
    empty_cache(cache);
    count_add(&pool->acquired, count_get(&cache->acquired));
    count_add(&pool->released, count_get(&cache->released));
    unlink_cache(cache);
    *cache->entry = NULL;
    free(cache);
}

static void
end_thread(void *table)
{
    struct pool_cache **caches = table;
    thread_caches = no_caches;
    pthread_mutex_lock(&caches_lock);
    for (int i = 0; i < POOL_CACHES_MAX; i++)
        if (caches[i]) {
            struct optop_pool *pool = caches[i]->pool;
            pool_lock(pool);
            end_cache(caches[i]);
            pool_unlock(pool);
        }
    pthread_mutex_unlock(&caches_lock);
    free(table);
}

static void
start_once(void)
{
    has_key = pthread_key_create(&thread_key, end_thread) == 0;
#ifndef __SANITIZE_THREAD__ /* which cannot see that barrier */
    has_membarrier =
        syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
#endif
}

/* The calling thread's cache, made when it has none; NULL: it must do without. */
static struct pool_cache *
own_cache(struct optop_pool *pool)
{
    if (thread_caches == no_caches) {
        struct pool_cache **table = calloc(POOL_CACHES_MAX, sizeof(struct pool_cache *));
        if (!table || pthread_setspecific(thread_key, table) != 0) {
            free(table);
            return NULL;
        }
        thread_caches = table;
    }
    struct pool_cache **entry = &thread_caches[pool->index], *cache = *entry;
    if (cache)
        return cache;
    cache = aligned_alloc(64, sizeof *cache);
    if (!cache)
        return NULL;
    memset(cache, 0, sizeof *cache);
    cache->pool = pool;
    cache->entry = entry;
    cache->next = pool->caches;
    if (pool->caches)
        pool->caches->previous = cache;
    pool->caches = *entry = cache;
    return cache;
}

int
pool_caches_open(struct optop_pool *pool)
{
    size_t fit = POOL_CACHE_BYTES / pool->slabs.stride;
    pool->cache_max = fit > POOL_CACHE_SLOTS ? POOL_CACHE_SLOTS : (uint32_t)fit;
    pthread_once(&once, start_once);
    if (!has_key || pool->cache_max < 4)
        return -ENOSPC;
    int r = -ENOSPC;
    pthread_mutex_lock(&caches_lock);
    for (uint16_t i = 0; i < POOL_CACHES_MAX && r < 0; i++)
        if (!index_taken[i]) {
            index_taken[i] = true;
            pool->index = i;
            r = 0;
        }
    pthread_mutex_unlock(&caches_lock);
    return r;
}

void
pool_caches_close(struct optop_pool *pool)
{
    if (atomic_load_explicit(&pool->way, memory_order_relaxed) != WAY_CACHES)
        return;
    pthread_mutex_lock(&caches_lock);
    pool_lock(pool);
    while (pool->caches)
        end_cache(pool->caches);
    pool_unlock(pool);
    index_taken[pool->index] = false;
    pthread_mutex_unlock(&caches_lock);
}

/* Between a cache and its pool, under the pool's lock: nobody has shut it then,
 * waiting threads apart, and its owner is the caller. */

void
pool_cache_fill(struct optop_pool *pool)
{
    struct pool_cache *cache = pool->idle ? own_cache(pool) : NULL;
    if (!cache)
        return;
    uint32_t count = get_count(cache);
    for (; pool->idle && count < pool->cache_max / 2; count++) {
        struct slot *slot = pool->idle;
        pool->idle = slot->next;
        slot->next = cache->first;
        cache->first = slot;
    }
    set_count(cache, count);
}

void
pool_cache_drain(struct optop_pool *pool)
{
    struct pool_cache *cache = own_cache(pool);
    if (!cache)
        return;
    uint32_t count = get_count(cache);
    for (; count > pool->cache_max / 2; count--) {
        struct slot *slot = cache->first;
        cache->first = slot->next;
        slot->next = pool->idle;
        pool->idle = slot;
    }
    set_count(cache, count);
}

void
pool_caches_empty(struct optop_pool *pool)
{
    if (!pool->caches)
        return;
    for (struct pool_cache *cache = pool->caches; cache; cache = cache->next)
        atomic_store_explicit(&cache->shut, true, memory_order_seq_cst);
    if (has_membarrier)
        syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
    for (struct pool_cache *cache = pool->caches; cache; cache = cache->next) {
        while (atomic_load_explicit(&cache->busy, memory_order_seq_cst))
            sched_yield();
        empty_cache(cache);
    }
    if (!pool->waiting)
        pool_caches_reopen(pool);
}

void
pool_caches_reopen(struct optop_pool *pool)
{
    for (struct pool_cache *cache = pool->caches; cache; cache = cache->next)
        atomic_store_explicit(&cache->shut, false, memory_order_seq_cst);
}

void
pool_caches_count(const struct optop_pool *pool, uint64_t *acquired, uint64_t *released)
{
    for (const struct pool_cache *cache = pool->caches; cache; cache = cache->next) {
        *acquired += count_get(&cache->acquired);
        *released += count_get(&cache->released);
    }
}
