/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The map: whoever is free takes the next chunk, in order. Chunks begin large and
 * become smaller towards the end, so that all come to it at about the same time
 * whatever an item costs; none is so large that nobody else gets one.
 */
#include <errno.h>

#include "task/executor_private.h"

enum {
    HELPERS_MAX = 64,
    SHARE = 4, /* of what is left, a chunk is a thread's share over this */
    CHUNK_MIN = 64, /* of those that are small because little is left, where there are many */
};

struct map {
    int (*item)(void *context, size_t index);
    void *context;
    size_t count, chunk; /* chunk 0: as large as is good */
    int threads;
    _Atomic size_t next;
    _Atomic size_t stop; /* the first item with an error, or count */
    pthread_mutex_t lock; /* of what is below */
    int error;
};

static size_t
chunk_size(const struct map *map, size_t left)
{
    if (map->chunk)
        return map->chunk;
    size_t chunk = left / ((size_t)map->threads * SHARE);
    size_t least = map->count / ((size_t)map->threads * SHARE * CHUNK_MIN);
    least = least < 1 ? 1 : least > CHUNK_MIN ? CHUNK_MIN : least;
    return chunk > least ? chunk : least;
}

static bool
take_chunk(struct map *map, size_t *ret_first, size_t *ret_end)
{
    size_t first = atomic_load_explicit(&map->next, memory_order_relaxed), end;
    do {
        if (first >= atomic_load_explicit(&map->stop, memory_order_relaxed))
            return false;
        size_t size = chunk_size(map, map->count - first);
        end = map->count - first > size ? first + size : map->count;
    } while (!atomic_compare_exchange_weak_explicit(&map->next, &first, end, memory_order_relaxed,
        memory_order_relaxed));
    *ret_first = first;
    *ret_end = end;
    return true;
}

static void
fail(struct map *map, size_t index, int error)
{
    pthread_mutex_lock(&map->lock);
    if (index < atomic_load(&map->stop)) {
        atomic_store(&map->stop, index);
        map->error = error;
    }
    pthread_mutex_unlock(&map->lock);
}

/* Chunks before the one with an error were taken before it, so each comes to its
 * end, or to an earlier error: which one is told does not depend on threads. */
static int
walk(void *context)
{
    struct map *map = context;
    int (*item)(void *, size_t) = map->item;
    void *item_context = map->context;
    size_t first, end;
    int r = 0;
    while (take_chunk(map, &first, &end)) {
        if (optop_cancelled()) {
            fail(map, first, -ECANCELED);
            break;
        }
        for (; first < end && (r = item(item_context, first)) >= 0; first++)
            continue;
        if (first < end)
            fail(map, first, r);
    }
    return 0;
}

int
optop_map(struct optop_executor *executor, size_t count, size_t chunk,
    int (*item)(void *context, size_t index), void *context, size_t *ret_index)
{
    struct optop_future *helper[HELPERS_MAX];
    int helpers = 0, r = 0;
    /* items may want the process of their thread, which the caller has not */
    bool walks = !executor->processes || executor_self(executor);
    struct map map = { .item = item, .context = context, .count = count, .chunk = chunk,
        .threads = executor->thread_max, .stop = count };
    const struct optop_task task = { .run = walk, .context = &map, .no_wait = walks };
    pthread_mutex_init(&map.lock, NULL);
    /* when no helper is to be had, the caller does it alone */
    while (r == 0 && helpers + walks < executor->thread_max && helpers < HELPERS_MAX &&
        (size_t)helpers + walks < count) {
        r = optop_submit(executor, &task, &helper[helpers]);
        helpers += r == 0;
    }
    if (walks)
        walk(&map);
    for (int i = 0; i < helpers; i++) {
        if (!walks || optop_future_cancel(helper[i]) == -EBUSY)
            optop_future_wait(helper[i], -1, NULL);
        optop_future_free(helper[i]);
    }
    pthread_mutex_destroy(&map.lock);
    size_t stop = atomic_load(&map.stop);
    if (!walks && !helpers && count)
        return r;
    if (stop == count && atomic_load(&map.next) < count) { /* all helpers were dropped */
        stop = atomic_load(&map.next);
        map.error = -ECANCELED;
    }
    if (stop < count && ret_index)
        *ret_index = stop;
    return stop < count ? map.error : 0;
}
