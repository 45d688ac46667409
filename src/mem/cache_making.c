/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Getting or making. The makings of a cache that are under way are a list; who
 * finds its key in it waits for that one's result. A making stands on the
 * stack of the thread that makes, which leaves when all who waited have read.
 */
#include <errno.h>
#include <string.h>

#include "mem/cache_private.h"

static struct cache_making *
find_making(const struct optop_cache *cache, const struct optop_key *key, uint32_t hash)
{
    for (struct cache_making *at = cache->making; at; at = at->next)
        if (!at->done && at->hash == hash && at->key->size == key->size &&
            !memcmp(at->key->bytes, key->bytes, key->size))
            return at;
    return NULL;
}

static void
take_out(struct optop_cache *cache, const struct cache_making *making)
{
    struct cache_making **link = &cache->making;
    while (*link != making)
        link = &(*link)->next;
    *link = making->next;
}

/* Under making_lock. The maker keeps its own reference until all have one. */
static int
wait_for(struct optop_cache *cache, struct cache_making *making, struct cache_entry **ret_entry)
{
    if (pthread_equal(making->maker, pthread_self()))
        return -EDEADLK;
    atomic_fetch_add_explicit(&cache->waited, 1, memory_order_relaxed);
    making->waiting++;
    while (!making->done)
        pthread_cond_wait(&cache->made, &cache->making_lock);
    int r = making->result;
    if (r == 0) {
        atomic_fetch_add_explicit(&making->entry->refs, 1, memory_order_relaxed);
        *ret_entry = making->entry;
    }
    if (--making->waiting == 0)
        pthread_cond_broadcast(&cache->made);
    return r;
}

static int
run(struct optop_cache *cache, struct cache_making *making, optop_cache_make *make, void *context)
{
    struct optop_cache_made made = { 0 };
    int r = make(context, making->key, &made);
    if (r < 0) {
        atomic_fetch_add_explicit(&cache->failed, 1, memory_order_relaxed);
        return r;
    }
    if (made.size <= OPTOP_VALUE_MAX)
        making->entry = cache_entry_new(cache, making->key, making->hash, &made);
    if (!making->entry) {
        if (cache->options.destroy) /* what the value stands for is nobody else's */
            cache->options.destroy((void *)(uintptr_t)made.value, made.size,
                cache->options.context);
        return made.size > OPTOP_VALUE_MAX ? -EFBIG : -ENOMEM;
    }
    if (!atomic_load_explicit(&cache_off, memory_order_relaxed))
        (void)cache_keep(cache, making->entry);
    return 0;
}

static int
make_here(struct optop_cache *cache, struct cache_making *making, optop_cache_make *make,
    void *context)
{
    making->next = cache->making;
    cache->making = making;
    pthread_mutex_unlock(&cache->making_lock);
    int r = run(cache, making, make, context);
    pthread_mutex_lock(&cache->making_lock);
    making->result = r;
    making->done = true;
    if (making->waiting)
        pthread_cond_broadcast(&cache->made);
    while (making->waiting)
        pthread_cond_wait(&cache->made, &cache->making_lock);
    take_out(cache, making);
    return r;
}

static int
join(struct optop_cache *cache, const struct optop_key *key, uint32_t hash, optop_cache_make *make,
    void *context, struct cache_entry **ret_entry)
{
    int r;
    pthread_mutex_lock(&cache->making_lock);
    struct cache_making *other = find_making(cache, key, hash);
    if (other) {
        r = wait_for(cache, other, ret_entry);
    } else if ((*ret_entry = cache_peek(cache, key, hash))) {
        r = 0; /* somebody's making was over before the lock was ours */
    } else {
        struct cache_making own = { .key = key, .hash = hash, .maker = pthread_self() };
        r = make_here(cache, &own, make, context);
        *ret_entry = own.entry;
    }
    pthread_mutex_unlock(&cache->making_lock);
    return r;
}

int
optop_cache_compute(struct optop_cache *cache, const struct optop_key *key, optop_cache_make *make,
    void *context, const void **ret_value, size_t *ret_size)
{
    if (!cache || key->size > OPTOP_KEY_MAX)
        return -EINVAL;
    uint32_t hash = cache_key_hash(cache, key);
    struct cache_entry *entry = cache_takes(cache, key) ? cache_find(cache, key, hash) : NULL;
    if (!entry) {
        int r = join(cache, key, hash, make, context, &entry);
        if (r < 0)
            return r;
    }
    *ret_value = cache_value(entry);
    if (ret_size)
        *ret_size = entry->value_size;
    return 0;
}
