/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Allocations by type. In front of each stands whose it is; nobody, when it was
 * not counted. A type is never taken away, so what points at it stays true.
 */
#include "optop/memory.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem/registry.h"

enum { TYPES_MAX = 64 };

struct head {
    struct optop_type *type; /* NULL: not counted */
    size_t size;
};
_Static_assert(sizeof(struct head) == 16, "what follows is aligned as malloc aligns");

struct optop_type {
    struct resource resource;
    _Atomic uint64_t allocations, allocated_bytes, frees, freed_bytes, peak_bytes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct optop_type *types[TYPES_MAX]; /* under lock, as the number */
static int count;
static _Atomic int is_on;

/* What is freed is read first: it may lag behind, but never run ahead. */
static void
read_type(struct optop_type *type, struct optop_type_figures *ret_figures)
{
    uint64_t frees = atomic_load(&type->frees), freed = atomic_load(&type->freed_bytes);
    *ret_figures = (struct optop_type_figures){
        .peak_bytes = atomic_load(&type->peak_bytes),
        .allocations = atomic_load(&type->allocations),
        .allocated_bytes = atomic_load(&type->allocated_bytes),
    };
    ret_figures->live = ret_figures->allocations - frees;
    ret_figures->live_bytes = ret_figures->allocated_bytes - freed;
    snprintf(ret_figures->name, sizeof ret_figures->name, "%s", type->resource.name);
}

static int
show_type(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct optop_type_figures type;
    read_type((struct optop_type *)(void *)resource, &type); /* its first member */
    ret[0] = (struct resource_figure){ "live", "bytes", RESOURCE_GAUGE, (double)type.live_bytes };
    ret[1] = (struct resource_figure){ "blocks", "", RESOURCE_GAUGE, (double)type.live };
    ret[2] = (struct resource_figure){ "peak", "bytes", RESOURCE_GAUGE, (double)type.peak_bytes };
    ret[3] = (struct resource_figure){ "allocations", "", RESOURCE_COUNTER, (double)type.allocations };
    ret[4] = (struct resource_figure){ "allocated", "bytes", RESOURCE_COUNTER,
        (double)type.allocated_bytes };
    return 5;
}

static struct optop_type *
add_type(const char *name)
{
    struct optop_type *type = count < TYPES_MAX ? calloc(1, sizeof *type) : NULL;
    if (!type)
        return NULL;
    type->resource = (struct resource){ .kind = "type", .figures = show_type };
    snprintf(type->resource.name, sizeof type->resource.name, "%s", name);
    registry_add(&type->resource);
    types[count++] = type;
    return type;
}

struct optop_type *
optop_type(const char *name)
{
    struct optop_type *type = NULL;
    char cut[RESOURCE_NAME_MAX];
    snprintf(cut, sizeof cut, "%s", name);
    pthread_mutex_lock(&lock);
    for (int i = 0; i < count && !type; i++)
        if (!strcmp(types[i]->resource.name, cut))
            type = types[i];
    if (!type)
        type = add_type(cut);
    pthread_mutex_unlock(&lock);
    return type;
}

int
optop_types(struct optop_type_figures *ret_types, int most)
{
    pthread_mutex_lock(&lock);
    int all = count;
    for (int i = 0; i < all && i < most; i++)
        read_type(types[i], &ret_types[i]);
    pthread_mutex_unlock(&lock);
    return all;
}

void
optop_memory_track(int on)
{
    atomic_store_explicit(&is_on, on != 0, memory_order_relaxed);
}

static struct head *
head_of(const void *memory)
{
    return (struct head *)(uintptr_t)memory - 1;
}

static void
count_in(struct head *head, struct optop_type *type, size_t size)
{
    bool counts = type && atomic_load_explicit(&is_on, memory_order_relaxed);
    *head = (struct head){ .type = counts ? type : NULL, .size = size };
    if (!counts)
        return;
    atomic_fetch_add_explicit(&type->allocations, 1, memory_order_relaxed);
    uint64_t live = atomic_fetch_add_explicit(&type->allocated_bytes, size, memory_order_relaxed) +
        size - atomic_load_explicit(&type->freed_bytes, memory_order_relaxed);
    uint64_t peak = atomic_load_explicit(&type->peak_bytes, memory_order_relaxed);
    while ((int64_t)live > 0 && live > peak &&
        !atomic_compare_exchange_weak_explicit(&type->peak_bytes, &peak, live,
            memory_order_relaxed, memory_order_relaxed))
        ;
}

static void
count_out(const struct head *head)
{
    if (!head->type)
        return;
    atomic_fetch_add_explicit(&head->type->frees, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&head->type->freed_bytes, head->size, memory_order_relaxed);
}

void *
optop_type_alloc(struct optop_type *type, size_t size)
{
    struct head *head = size <= PTRDIFF_MAX - sizeof *head ? malloc(sizeof *head + size) : NULL;
    if (!head) {
        errno = ENOMEM;
        return NULL;
    }
    count_in(head, type, size);
    return head + 1;
}

void *
optop_type_realloc(struct optop_type *type, void *memory, size_t size)
{
    if (!memory)
        return optop_type_alloc(type, size);
    struct head before = *head_of(memory);
    struct head *head = size <= PTRDIFF_MAX - sizeof *head
        ? realloc(head_of(memory), sizeof *head + size) : NULL;
    if (!head) {
        errno = ENOMEM;
        return NULL;
    }
    count_out(&before);
    count_in(head, type, size);
    return head + 1;
}

void
optop_type_free(void *memory)
{
    if (!memory)
        return;
    count_out(head_of(memory));
    free(head_of(memory));
}

size_t
optop_type_size(const void *memory)
{
    return memory ? head_of(memory)->size : 0;
}
