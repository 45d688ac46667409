/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Data that is loaded on first use: <optop/lazy.h>. Loading is done without the
 * lock; who comes meanwhile waits for its end, and gets its error.
 */
#include "optop/lazy.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mem/registry.h"

enum { PRIORITY = 200 }; /* behind caches: coming back is dearer */

struct optop_lazy {
    struct resource resource;
    struct optop_lazy_options options;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t loaded_or_not;
    bool loading, loaded;
    void *data;
    size_t size;
    int users;
    uint64_t attempts; /* loads that have ended */
    int result; /* of the last of them */
    struct optop_lazy_figures figures;
};

static int64_t
now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Under the lock, which is given up meanwhile. */
static int
load(struct optop_lazy *lazy)
{
    void *data = NULL;
    size_t size = 0;
    lazy->loading = true;
    pthread_mutex_unlock(&lazy->lock);
    int64_t started = now_ns();
    int r = lazy->options.load(lazy->options.context, &data, &size);
    int64_t took = now_ns() - started;
    pthread_mutex_lock(&lazy->lock);
    lazy->loading = false;
    lazy->attempts++;
    lazy->result = r < 0 ? r : 0;
    if (r >= 0) {
        lazy->loaded = true;
        lazy->data = data;
        lazy->size = size;
        lazy->figures.loads++;
        lazy->figures.load_ns = took;
    } else {
        lazy->figures.failed++;
    }
    pthread_cond_broadcast(&lazy->loaded_or_not);
    return lazy->result;
}

/* Under the lock. */
static int
wait_or_load(struct optop_lazy *lazy)
{
    while (!lazy->loaded) {
        if (!lazy->loading)
            return load(lazy);
        uint64_t attempts = lazy->attempts;
        while (lazy->attempts == attempts)
            pthread_cond_wait(&lazy->loaded_or_not, &lazy->lock);
        if (lazy->result < 0)
            return lazy->result;
    }
    return 0;
}

int
optop_lazy_use(struct optop_lazy *lazy, const void **ret_data, size_t *ret_size)
{
    pthread_mutex_lock(&lazy->lock);
    int r = wait_or_load(lazy);
    if (r == 0) {
        lazy->users++;
        lazy->figures.uses++;
        *ret_data = lazy->data;
        if (ret_size)
            *ret_size = lazy->size;
    }
    pthread_mutex_unlock(&lazy->lock);
    return r;
}

void
optop_lazy_done(struct optop_lazy *lazy)
{
    pthread_mutex_lock(&lazy->lock);
    if (lazy->users)
        lazy->users--;
    pthread_mutex_unlock(&lazy->lock);
}

size_t
optop_lazy_drop(struct optop_lazy *lazy)
{
    pthread_mutex_lock(&lazy->lock);
    bool goes = lazy->loaded && !lazy->users;
    void *data = lazy->data;
    size_t size = lazy->size;
    if (goes) {
        lazy->loaded = false;
        lazy->data = NULL;
        lazy->size = 0;
        lazy->figures.drops++;
    }
    pthread_mutex_unlock(&lazy->lock);
    if (goes && lazy->options.unload)
        lazy->options.unload(data, size, lazy->options.context);
    return goes ? size : 0;
}

void
optop_lazy_figures(struct optop_lazy *lazy, struct optop_lazy_figures *ret_figures)
{
    pthread_mutex_lock(&lazy->lock);
    *ret_figures = lazy->figures;
    ret_figures->bytes = lazy->size;
    pthread_mutex_unlock(&lazy->lock);
}

static size_t
give_back(struct resource *resource, size_t wanted)
{
    return wanted ? optop_lazy_drop((struct optop_lazy *)resource) : 0;
}

static int
show(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct optop_lazy_figures f;
    optop_lazy_figures((struct optop_lazy *)resource, &f);
    const struct resource_figure figure[] = {
        { "bytes", "bytes", RESOURCE_GAUGE, (double)f.bytes },
        { "uses", "", RESOURCE_COUNTER, (double)f.uses },
        { "loads", "", RESOURCE_COUNTER, (double)f.loads },
        { "drops", "", RESOURCE_COUNTER, (double)f.drops },
        { "failed", "", RESOURCE_COUNTER, (double)f.failed },
        { "load_time", "seconds", RESOURCE_GAUGE, (double)f.load_ns / 1e9 },
    };
    memcpy(ret, figure, sizeof figure);
    return (int)(sizeof figure / sizeof *figure);
}

struct optop_lazy *
optop_lazy_new(const struct optop_lazy_options *options)
{
    if (!options->load) {
        errno = EINVAL;
        return NULL;
    }
    struct optop_lazy *lazy = calloc(1, sizeof *lazy);
    if (!lazy)
        return NULL;
    lazy->options = *options;
    pthread_mutex_init(&lazy->lock, NULL);
    pthread_cond_init(&lazy->loaded_or_not, NULL);
    lazy->resource = (struct resource){ .kind = "lazy", .priority = PRIORITY,
        .give_back = give_back, .figures = show };
    snprintf(lazy->resource.name, sizeof lazy->resource.name, "%s",
        options->name ? options->name : "data");
    registry_add(&lazy->resource);
    return lazy;
}

void
optop_lazy_free(struct optop_lazy *lazy)
{
    if (!lazy)
        return;
    registry_remove(&lazy->resource);
    lazy->users = 0;
    optop_lazy_drop(lazy);
    pthread_mutex_destroy(&lazy->lock);
    pthread_cond_destroy(&lazy->loaded_or_not);
    free(lazy);
}
