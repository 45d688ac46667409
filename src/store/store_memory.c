/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The database's memory: a type of its own ("sqlite"), and its page cache as a
 * resource that gives back what is not in use. The handle belongs to one thread;
 * another one that asks gets nothing.
 */
#include <stddef.h>

#include "optop/memory.h"
#include "store/store_private.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct optop_type *type;

static void *
allocate(int size)
{
    return optop_type_alloc(type, (size_t)size);
}

static void *
reallocate(void *memory, int size)
{
    return optop_type_realloc(type, memory, (size_t)size);
}

static int
size_of(void *memory)
{
    return (int)optop_type_size(memory);
}

static int
round_up(int size)
{
    return (size + 7) & ~7;
}

static int
start(void *nothing)
{
    (void)nothing;
    return SQLITE_OK;
}

static void
end(void *nothing)
{
    (void)nothing;
}

static void
use_once(void)
{
    static const struct sqlite3_mem_methods methods = { allocate, optop_type_free, reallocate,
        size_of, round_up, start, end, NULL };
    type = optop_type("sqlite");
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

void
store_memory_use(void)
{
    pthread_once(&once, use_once);
}

static struct store *
store_of(struct resource *resource)
{
    return (struct store *)(void *)((char *)resource - offsetof(struct store, resource));
}

static int
status_of(struct store *store, int what)
{
    int now = 0, most;
    sqlite3_db_status(store->db, what, &now, &most, 0);
    return now;
}

void
store_release_memory(struct store *store)
{
    sqlite3_db_release_memory(store->db);
}

static size_t
give_back(struct resource *resource, size_t wanted)
{
    struct store *store = store_of(resource);
    (void)wanted;
    if (!pthread_equal(store->thread, pthread_self()))
        return 0;
    int before = status_of(store, SQLITE_DBSTATUS_CACHE_USED);
    store_release_memory(store);
    int after = status_of(store, SQLITE_DBSTATUS_CACHE_USED);
    return before > after ? (size_t)(before - after) : 0;
}

static int
show(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct store *store = store_of(resource);
    if (!pthread_equal(store->thread, pthread_self()))
        return 0;
    ret[0] = (struct resource_figure){ "bytes", "bytes", RESOURCE_GAUGE,
        status_of(store, SQLITE_DBSTATUS_CACHE_USED) };
    ret[1] = (struct resource_figure){ "hits", "", RESOURCE_COUNTER,
        status_of(store, SQLITE_DBSTATUS_CACHE_HIT) };
    ret[2] = (struct resource_figure){ "misses", "", RESOURCE_COUNTER,
        status_of(store, SQLITE_DBSTATUS_CACHE_MISS) };
    return 3;
}

void
store_memory_add(struct store *store)
{
    store->thread = pthread_self();
    store->resource = (struct resource){ .kind = "cache", .name = "database", .priority = 50,
        .give_back = give_back, .figures = show };
    registry_add(&store->resource);
}
