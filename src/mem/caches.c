/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All caches of the process: the resources of their kind in the registry.
 */
#include <fnmatch.h>
#include <string.h>

#include "mem/cache_private.h"

struct visit {
    void (*visit)(struct optop_cache *cache, void *data);
    void *data;
};

static void
visit_resource(struct resource *resource, void *data)
{
    const struct visit *visit = data;
    if (resource->kind == cache_kind)
        visit->visit((struct optop_cache *)resource, visit->data);
}

void
optop_caches_each(void (*visit)(struct optop_cache *cache, void *data), void *data)
{
    struct visit each = { visit, data };
    registry_each(visit_resource, &each);
}

struct total {
    struct optop_cache_figures figures;
    int caches;
};

static void
add_figures(struct optop_cache *cache, void *data)
{
    struct total *total = data;
    struct optop_cache_figures *sum = &total->figures, f;
    optop_cache_figures(cache, &f);
    total->caches++;
    sum->entries += f.entries;
    sum->bytes += f.bytes;
    sum->max_entries += f.max_entries;
    sum->max_bytes += f.max_bytes;
    sum->hits += f.hits;
    sum->misses += f.misses;
    sum->inserted += f.inserted;
    sum->evicted += f.evicted;
    sum->expired += f.expired;
    sum->invalidated += f.invalidated;
    sum->waited += f.waited;
    sum->failed += f.failed;
}

void
optop_caches_total(struct optop_cache_figures *ret_total, int *ret_caches)
{
    struct total total = { .figures = { .policy = "" } };
    optop_caches_each(add_figures, &total);
    *ret_total = total.figures;
    if (ret_caches)
        *ret_caches = total.caches;
}

struct removal {
    const char *name, *pattern; /* NULL: all */
    int64_t count;
};

static void
remove_from(struct optop_cache *cache, void *data)
{
    struct removal *removal = data;
    if (removal->name && fnmatch(removal->name, cache->resource.name, 0))
        return;
    removal->count += removal->pattern ? optop_cache_remove_match(cache, removal->pattern)
                                       : optop_cache_clear(cache);
}

int64_t
optop_caches_remove_match(const char *name, const char *pattern)
{
    struct removal removal = { name, pattern, 0 };
    optop_caches_each(remove_from, &removal);
    return removal.count;
}

int64_t
optop_caches_clear(const char *name)
{
    return optop_caches_remove_match(name, NULL);
}

/* Cleared both ways: what was being put in when it was switched off is old by
 * the time it is on again. */
void
optop_caches_enable(bool on)
{
    if (!on)
        atomic_store(&cache_off, true);
    optop_caches_clear(NULL);
    if (on)
        atomic_store(&cache_off, false);
}

bool
optop_caches_enabled(void)
{
    return !atomic_load(&cache_off);
}
