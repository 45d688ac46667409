/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mem/pool_private.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem/poison.h"

enum { MS = 1000000, PRIORITY = 20 };

#define LIKELY(x) __builtin_expect(!!(x), 1)

/* Wraps after 49 days; differences of less than half of that are right. The
 * coarse clock costs 5 ns and moves every few milliseconds. */
static uint32_t
now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (uint32_t)t.tv_sec * 1000 + (uint32_t)(t.tv_nsec / MS);
}

static uint32_t
to_ms(int64_t ns)
{
    if (ns <= 0)
        return 0;
    int64_t cut = ns < OPTOP_POOL_TIME_MAX_NS ? ns : OPTOP_POOL_TIME_MAX_NS;
    return cut < MS ? 1 : (uint32_t)(cut / MS);
}

static size_t
head_bytes(const struct optop_pool *pool)
{
    if (pool->options.flags & OPTOP_POOL_DEBUG)
        return sizeof(struct trace) + sizeof(struct slot);
    return pool->timed ? sizeof(struct slot) : sizeof(struct slot *);
}

static char *
base_of(const struct optop_pool *pool, struct slot *slot)
{
    return (char *)object_of(slot) - pool->before;
}

/* Resting objects, under the lock. */

static void
rest(struct optop_pool *pool, struct slot *slot)
{
    slot->next = pool->idle;
    pool->idle = slot;
    if (pool->waiting)
        pthread_cond_signal(&pool->returned);
}

static void
forget(struct optop_pool *pool, struct slot *slot, bool was_made)
{
    slabs_put(&pool->slabs, base_of(pool, slot));
    count_add(&pool->size, (uint64_t)-1);
    if (was_made)
        count_add(&pool->retired, 1);
    if (pool->waiting)
        pthread_cond_signal(&pool->returned);
}

/* Making and ending. */

static void
destroy(struct optop_pool *pool, struct slot *slot)
{
    UNPOISON(object_of(slot), pool->options.object_size);
    if (pool->options.destroy)
        pool->options.destroy(object_of(slot), pool->options.context);
    POISON(object_of(slot), pool->options.object_size);
}

static void
retire(struct optop_pool *pool, struct slot *slot)
{
    destroy(pool, slot);
    pool_lock(pool);
    forget(pool, slot, true);
    pool_unlock(pool);
}

/* The pool's size counts it already. NULL with errno. */
static struct slot *
make(struct optop_pool *pool)
{
    const struct optop_pool_options *o = &pool->options;
    bool fresh;
    int r = -ENOMEM;
    pool_lock(pool);
    char *base = slabs_take(&pool->slabs, &fresh);
    pool_unlock(pool);
    struct slot *slot = base ? slot_of(base + pool->before) : NULL;
    if (slot) {
        UNPOISON(object_of(slot), o->object_size);
        if (!fresh && (o->create || o->flags & OPTOP_POOL_ZERO))
            memset(object_of(slot), 0, o->object_size);
        r = o->create ? o->create(object_of(slot), o->context) : 0;
    }
    pool_lock(pool);
    if (r >= 0) {
        slot->next = NULL;
        if (pool->timed)
            slot->born_ms = slot->rests_ms = now_ms();
        count_add(&pool->created, 1);
    } else if (slot) {
        forget(pool, slot, false);
    } else {
        count_add(&pool->size, (uint64_t)-1);
        if (pool->waiting)
            pthread_cond_signal(&pool->returned);
    }
    pool_unlock(pool);
    if (r >= 0)
        return slot;
    errno = -r;
    return NULL;
}

/* Acquiring. */

static bool
usable(struct optop_pool *pool, struct slot *slot)
{
    if (pool->life_ms && now_ms() - slot->born_ms >= pool->life_ms)
        return false;
    UNPOISON(object_of(slot), pool->options.object_size);
    return !pool->options.validate ||
        pool->options.validate(object_of(slot), pool->options.context);
}

/* At the maximum: takes what threads keep in their caches, else waits until
 * something has happened. Locked. */
static int
wait_for_one(struct optop_pool *pool, const struct timespec *until)
{
    if (!(pool->options.flags & OPTOP_POOL_THREADS))
        return -EAGAIN;
    int r = 0;
    pool->waiting++;
    pool_caches_empty(pool);
    if (!pool->idle) {
        if (!pool->options.wait_ns)
            r = -EAGAIN;
        else if (pool->options.wait_ns < 0)
            r = -pthread_cond_wait(&pool->returned, &pool->lock);
        else
            r = -pthread_cond_timedwait(&pool->returned, &pool->lock, until);
    }
    if (!--pool->waiting)
        pool_caches_reopen(pool);
    return r;
}

/* 0: took one that rested; 1: one may be made, and is counted. */
static int
take(struct optop_pool *pool, const struct timespec *until, struct slot **ret)
{
    uint32_t max = pool->options.max;
    int r = 0;
    pool_lock(pool);
    while (!pool->idle && max && count_get(&pool->size) >= max && r == 0)
        r = wait_for_one(pool, until);
    if (pool->idle) { /* perhaps just as the time was up */
        *ret = pool->idle;
        pool->idle = (*ret)->next;
        (*ret)->next = NULL;
        r = 0;
    } else if (r == 0) {
        count_add(&pool->size, 1);
        r = 1;
    }
    pool_unlock(pool);
    return r;
}

static void
deadline(const struct optop_pool *pool, struct timespec *ret)
{
    int64_t wait_ns = pool->options.wait_ns;
    if (wait_ns <= 0 || !pool->options.max)
        return;
    clock_gettime(CLOCK_MONOTONIC, ret);
    int64_t ns = ret->tv_nsec + wait_ns % 1000000000;
    ret->tv_sec += wait_ns / 1000000000 + ns / 1000000000;
    ret->tv_nsec = ns % 1000000000;
}

static struct slot *
find_or_make(struct optop_pool *pool, bool *ret_made)
{
    struct timespec until = { 0 };
    deadline(pool, &until);
    for (;;) {
        struct slot *slot = NULL;
        int r = take(pool, &until, &slot);
        *ret_made = r == 1;
        if (r == 1)
            return make(pool);
        if (r < 0) {
            errno = -r;
            return NULL;
        }
        if (usable(pool, slot))
            return slot;
        retire(pool, slot);
    }
}

static void *__attribute__((noinline))
acquire_slowly(struct optop_pool *pool, const char *place)
{
    bool made;
    struct slot *slot = find_or_make(pool, &made);
    if (!slot)
        return NULL;
    pool_lock(pool);
    slot->next = pool->tag;
    count_add(&pool->acquired, 1);
    count_add(&pool->made, made);
    if (pool->options.flags & OPTOP_POOL_DEBUG)
        pool_debug_acquired(pool, slot, place);
    if (atomic_load_explicit(&pool->way, memory_order_relaxed) == WAY_CACHES && !pool->waiting)
        pool_cache_fill(pool);
    pool_unlock(pool);
    return object_of(slot);
}

void *
optop_pool_acquire_at(struct optop_pool *pool, const char *place)
{
    int way = atomic_load_explicit(&pool->way, memory_order_relaxed);
    struct slot *slot = way == WAY_PLAIN ? pool->idle : NULL;
    if (LIKELY(slot)) {
        pool->idle = slot->next;
        count_add(&pool->acquired, 1);
    } else if (way != WAY_CACHES || !(slot = pool_cache_pop(pool))) {
        return acquire_slowly(pool, place);
    }
    slot->next = pool->tag;
    UNPOISON(object_of(slot), pool->options.object_size);
    return object_of(slot);
}

/* Releasing. */

/* Whether the slot is in use; else that is told. */
static bool
check_release(struct optop_pool *pool, struct slot *slot)
{
    const char *what = NULL;
    if (pool->options.flags & OPTOP_POOL_DEBUG) {
        pool_lock(pool);
        what = pool_debug_release(pool, slot);
        pool_unlock(pool);
    } else if (slot->next != pool->tag) {
        what = "what is not in use is released";
    }
    if (what)
        pool_fault(pool, what, object_of(slot), NULL);
    return !what;
}

static bool
finish(struct optop_pool *pool, struct slot *slot)
{
    const struct optop_pool_options *o = &pool->options;
    if (o->reset && o->reset(object_of(slot), o->context) < 0)
        return false;
    if (o->flags & OPTOP_POOL_ZERO)
        memset(object_of(slot), 0, o->object_size);
    return true;
}

/* What is due at a release of a pool that nobody else can trim. */
static void
trim_if_due(struct optop_pool *pool)
{
    if (atomic_exchange_explicit(&pool->drop_all, false, memory_order_relaxed)) {
        if (!pool->timed && !(pool->options.flags & OPTOP_POOL_DEBUG) && !pool->options.validate)
            atomic_store_explicit(&pool->way, WAY_PLAIN, memory_order_relaxed);
        optop_pool_trim(pool, true);
    } else if (pool->idle_ms && now_ms() - pool->trimmed_ms > pool->idle_ms / 2) {
        optop_pool_trim(pool, false);
    }
}

static void __attribute__((noinline))
rest_slowly(struct optop_pool *pool, struct slot *slot)
{
    if (pool->timed)
        slot->rests_ms = now_ms();
    POISON(object_of(slot), pool->options.object_size);
    pool_lock(pool);
    rest(pool, slot);
    count_add(&pool->released, 1);
    if (atomic_load_explicit(&pool->way, memory_order_relaxed) == WAY_CACHES && !pool->waiting)
        pool_cache_drain(pool);
    pool_unlock(pool);
    trim_if_due(pool);
}

static void
count_release(struct optop_pool *pool)
{
    pool_lock(pool);
    count_add(&pool->released, 1);
    pool_unlock(pool);
}

void
optop_pool_release(struct optop_pool *pool, void *object)
{
    if (!object)
        return;
    struct slot *slot = slot_of(object);
    int way = atomic_load_explicit(&pool->way, memory_order_relaxed);
    if (way == WAY_SLOW || slot->next != pool->tag)
        if (!check_release(pool, slot))
            return;
    if (pool->finishes && !finish(pool, slot)) {
        count_release(pool);
        retire(pool, slot);
    } else if (LIKELY(way == WAY_PLAIN)) {
        slot->next = pool->idle;
        pool->idle = slot;
        count_add(&pool->released, 1);
        POISON(object, pool->options.object_size);
    } else if (way == WAY_SLOW || !pool_cache_push(pool, slot)) {
        rest_slowly(pool, slot);
    }
}

void
optop_pool_discard(struct optop_pool *pool, void *object)
{
    if (!object || !check_release(pool, slot_of(object)))
        return;
    count_release(pool);
    retire(pool, slot_of(object));
}

/* Trimming. */

static bool
is_due(const struct optop_pool *pool, const struct slot *slot, uint32_t now)
{
    return (pool->idle_ms && now - slot->rests_ms >= pool->idle_ms) ||
        (pool->life_ms && now - slot->born_ms >= pool->life_ms);
}

/* Takes out of the resting ones what goes; those that rest longest stand last. */
static struct slot *
cut_idle(struct optop_pool *pool, bool all)
{
    uint32_t now = now_ms();
    uint64_t size = count_get(&pool->size), resting = 0;
    uint64_t spare = size > pool->options.min ? size - pool->options.min : 0;
    struct slot *cut = NULL, **link = &pool->idle;
    for (const struct slot *slot = pool->idle; slot; slot = slot->next)
        resting++;
    for (; resting > spare && *link; resting--)
        link = &(*link)->next;
    while (*link) {
        struct slot *slot = *link;
        if (all || is_due(pool, slot, now)) {
            *link = slot->next;
            slot->next = cut;
            cut = slot;
        } else {
            link = &slot->next;
        }
    }
    pool->trimmed_ms = now;
    return cut;
}

size_t
optop_pool_trim(struct optop_pool *pool, bool all)
{
    if (!all && !pool->timed)
        return 0;
    pool_lock(pool);
    pool_caches_empty(pool);
    size_t mapped = pool->slabs.mapped;
    struct slot *cut = cut_idle(pool, all);
    pool_unlock(pool);
    for (struct slot *slot = cut; slot; slot = slot->next)
        destroy(pool, slot);
    pool_lock(pool);
    while (cut) {
        struct slot *next = cut->next;
        forget(pool, cut, true);
        cut = next;
    }
    if (all)
        slabs_trim(&pool->slabs);
    size_t left = pool->slabs.mapped;
    pool_unlock(pool);
    return mapped > left ? mapped - left : 0;
}

/* Figures. */

void
optop_pool_figures(struct optop_pool *pool, struct optop_pool_figures *ret)
{
    pool_lock(pool);
    uint64_t acquired = count_get(&pool->acquired), released = count_get(&pool->released);
    pool_caches_count(pool, &acquired, &released);
    uint64_t size = count_get(&pool->size), made = count_get(&pool->made);
    uint64_t in_use = acquired > released ? acquired - released : 0;
    *ret = (struct optop_pool_figures){
        .size = size,
        .in_use = in_use < size ? in_use : size,
        .idle = size > in_use ? size - in_use : 0,
        .acquired = acquired,
        .created = count_get(&pool->created),
        .reused = acquired > made ? acquired - made : 0,
        .retired = count_get(&pool->retired),
        .faults = count_get(&pool->faults),
        .bytes = pool->slabs.mapped,
    };
    pool_unlock(pool);
    ret->reuse_pct = acquired ? 100.0 * (double)ret->reused / (double)acquired : (double)NAN;
}

static int
show(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct optop_pool_figures f;
    struct optop_pool *pool =
        (struct optop_pool *)(void *)((char *)resource - offsetof(struct optop_pool, resource));
    optop_pool_figures(pool, &f);
    const struct resource_figure figures[] = {
        { "size", "", RESOURCE_GAUGE, (double)f.size },
        { "in_use", "", RESOURCE_GAUGE, (double)f.in_use },
        { "idle", "", RESOURCE_GAUGE, (double)f.idle },
        { "reuse", "percent", RESOURCE_GAUGE, f.reuse_pct },
        { "created", "", RESOURCE_COUNTER, (double)f.created },
        { "reused", "", RESOURCE_COUNTER, (double)f.reused },
        { "retired", "", RESOURCE_COUNTER, (double)f.retired },
        { "faults", "", RESOURCE_COUNTER, (double)f.faults },
        { "bytes", "bytes", RESOURCE_GAUGE, (double)f.bytes },
    };
    memcpy(ret, figures, sizeof figures);
    return sizeof figures / sizeof *figures;
}

/* A pool for one thread is trimmed by that thread, at its next release. */
static size_t
give_back(struct resource *resource, size_t wanted)
{
    struct optop_pool *pool =
        (struct optop_pool *)(void *)((char *)resource - offsetof(struct optop_pool, resource));
    (void)wanted;
    if (pool->options.flags & OPTOP_POOL_THREADS || pthread_equal(pool->user, pthread_self()))
        return optop_pool_trim(pool, true);
    atomic_store_explicit(&pool->way, WAY_SLOW, memory_order_relaxed);
    atomic_store_explicit(&pool->drop_all, true, memory_order_relaxed);
    return 0;
}

/* Opening and closing. */

static int
check_options(const struct optop_pool_options *o)
{
    if (!o->object_size || o->object_size > OPTOP_POOL_OBJECT_MAX)
        return -EINVAL;
    return o->max && (o->initial > o->max || o->min > o->max) ? -EINVAL : 0;
}

static void
open_locks(struct optop_pool *pool)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->returned, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

static int
prepare(struct optop_pool *pool)
{
    struct optop_pool_options *o = &pool->options;
    const char *debug = getenv("OPTOP_POOL_DEBUG");
    if (debug && *debug && *debug != '0')
        o->flags |= OPTOP_POOL_DEBUG;
    pool->tag = (struct slot *)((uintptr_t)pool | 1); /* no slot lies there */
    pool->idle_ms = to_ms(o->idle_ns);
    pool->life_ms = to_ms(o->life_ns);
    pool->timed = pool->idle_ms || pool->life_ms;
    pool->before = head_bytes(pool);
    int r = slabs_init(&pool->slabs, pool->before, o->object_size);
    if (r < 0)
        return r;
    pool->finishes = o->reset || o->flags & OPTOP_POOL_ZERO;
    pool->in_use.next = pool->in_use.previous = &pool->in_use;
    pool->user = pthread_self();
    if (pool->timed || o->validate || o->flags & OPTOP_POOL_DEBUG)
        return 0;
    if (!(o->flags & OPTOP_POOL_THREADS))
        pool->way = WAY_PLAIN;
    else if (pool_caches_open(pool) == 0)
        pool->way = WAY_CACHES;
    return 0;
}

static int
make_first(struct optop_pool *pool)
{
    const struct optop_pool_options *o = &pool->options;
    uint32_t wanted = o->initial > o->min ? o->initial : o->min;
    while (count_get(&pool->size) < wanted) {
        count_add(&pool->size, 1);
        struct slot *slot = make(pool);
        if (!slot)
            return -errno;
        POISON(object_of(slot), o->object_size);
        rest(pool, slot);
    }
    return 0;
}

struct optop_pool *
optop_pool_new(const struct optop_pool_options *options)
{
    int r = check_options(options);
    struct optop_pool *pool = r < 0 ? NULL : aligned_alloc(64, sizeof *pool);
    if (!pool) {
        errno = r < 0 ? -r : ENOMEM;
        return NULL;
    }
    memset(pool, 0, sizeof *pool);
    pool->options = *options;
    pool->options.name = NULL; /* the resource has it */
    open_locks(pool);
    r = prepare(pool);
    if (r == 0)
        r = make_first(pool);
    if (r < 0) {
        optop_pool_free(pool);
        errno = -r;
        return NULL;
    }
    if (options->name) {
        strncpy(pool->resource.name, options->name, sizeof pool->resource.name - 1);
        pool->resource.kind = "pool";
        pool->resource.priority = PRIORITY;
        pool->resource.figures = show;
        pool->resource.give_back = give_back;
        registry_add(&pool->resource);
    }
    return pool;
}

void
optop_pool_free(struct optop_pool *pool)
{
    if (!pool)
        return;
    registry_remove(&pool->resource);
    pool_caches_close(pool);
    if (pool->options.flags & OPTOP_POOL_DEBUG)
        pool_debug_leaks(pool);
    for (struct slot *slot = pool->idle; slot; slot = slot->next)
        destroy(pool, slot);
    slabs_release(&pool->slabs);
    pthread_cond_destroy(&pool->returned);
    pthread_mutex_destroy(&pool->lock);
    free(pool);
}
