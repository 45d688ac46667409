/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mem/slab.h"

#include <errno.h>
#include <sys/mman.h>

#include "mem/poison.h"

enum {
    SLAB_MIN_BYTES = 64 * 1024,
    SLAB_MAX_BYTES = 4 * 1024 * 1024,
    SLAB_SLOTS = 256, /* aimed at: what the last one leaves over is little of them all */
    PAGE = 4096,
    ALIGN = 16,
};

#define SLOT_MAX ((size_t)1 << 42)

struct free_slot {
    struct free_slot *next;
};

struct slab {
    struct slab *next, *previous;
    struct free_slot *free;
    uint32_t cut; /* slots that have been taken once */
    uint32_t taken;
};

static size_t
round_up(size_t size, size_t to)
{
    return (size + to - 1) / to * to;
}

int
slabs_init(struct slabs *slabs, size_t head, size_t object)
{
    if (object > SLOT_MAX)
        return -EINVAL;
    size_t stride = round_up(head + object, ALIGN);
    size_t first = round_up(sizeof(struct slab) + head, ALIGN) - head;
    size_t bytes = SLAB_MIN_BYTES;
    while (bytes < SLAB_MAX_BYTES && bytes / SLAB_SLOTS < stride)
        bytes *= 2;
    uint32_t slots = (uint32_t)((bytes - first) / stride);
    if (slots < 2) {
        slots = 1;
        bytes = round_up(first + stride, PAGE);
    }
    slabs->stride = stride;
    slabs->first = first;
    slabs->bytes = bytes;
    slabs->slots = slots;
    return 0;
}

static void
unmap(struct slabs *slabs, struct slab *slab)
{
    slabs->mapped -= slabs->bytes;
    ROOT_REMOVE(slab, slabs->bytes);
    UNPOISON(slab, slabs->bytes);
    munmap(slab, slabs->bytes);
}

void
slabs_release(struct slabs *slabs)
{
    struct slab *const lists[] = { slabs->room, slabs->full };
    for (int i = 0; i < 2; i++)
        for (struct slab *slab = lists[i], *next; slab; slab = next) {
            next = slab->next;
            unmap(slabs, slab);
        }
    slabs->room = slabs->full = NULL;
}

static void
link_slab(struct slab **list, struct slab *slab)
{
    slab->next = *list;
    slab->previous = NULL;
    if (*list)
        (*list)->previous = slab;
    *list = slab;
}

static void
unlink_slab(struct slab **list, struct slab *slab)
{
    if (slab->next)
        slab->next->previous = slab->previous;
    if (slab->previous)
        slab->previous->next = slab->next;
    else
        *list = slab->next;
}

/* A mapping that begins at a multiple of its size: cut from one twice as long. */
static char *
map_aligned(size_t bytes)
{
    char *map = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    size_t before = (bytes - ((uintptr_t)map & (bytes - 1))) & (bytes - 1);
    if (before)
        munmap(map, before);
    if (before != bytes)
        munmap(map + before + bytes, bytes - before);
    return map + before;
}

static struct slab *
map_slab(struct slabs *slabs)
{
    struct slab *slab;
    if (slabs->slots > 1) {
        slab = (struct slab *)(void *)map_aligned(slabs->bytes);
    } else {
        void *map = mmap(NULL, slabs->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
            -1, 0);
        slab = map == MAP_FAILED ? NULL : map;
    }
    if (!slab)
        return NULL;
    slabs->mapped += slabs->bytes;
    ROOT_ADD(slab, slabs->bytes);
    link_slab(&slabs->room, slab);
    return slab;
}

static struct slab *
slab_of(const struct slabs *slabs, const void *slot)
{
    uintptr_t at = (uintptr_t)slot;
    return (struct slab *)(slabs->slots > 1 ? at & ~(uintptr_t)(slabs->bytes - 1)
                                            : at - slabs->first);
}

void *
slabs_take(struct slabs *slabs, bool *ret_fresh)
{
    struct slab *slab = slabs->room ? slabs->room : map_slab(slabs);
    if (!slab)
        return NULL;
    void *slot = slab->free;
    *ret_fresh = !slot;
    if (slot)
        slab->free = slab->free->next;
    else
        slot = (char *)slab + slabs->first + slabs->stride * slab->cut++;
    if (++slab->taken == slabs->slots) {
        unlink_slab(&slabs->room, slab);
        link_slab(&slabs->full, slab);
    }
    return slot;
}

void
slabs_put(struct slabs *slabs, void *slot)
{
    struct slab *slab = slab_of(slabs, slot);
    struct free_slot *freed = slot;
    freed->next = slab->free;
    slab->free = freed;
    if (slab->taken-- == slabs->slots) {
        unlink_slab(&slabs->full, slab);
        link_slab(&slabs->room, slab);
    }
    if (!slab->taken && (slabs->slots == 1 || slab->next || slab->previous)) {
        unlink_slab(&slabs->room, slab);
        unmap(slabs, slab);
    }
}

size_t
slabs_trim(struct slabs *slabs)
{
    size_t before = slabs->mapped;
    for (struct slab *slab = slabs->room, *next; slab; slab = next) {
        next = slab->next;
        if (!slab->taken) {
            unlink_slab(&slabs->room, slab);
            unmap(slabs, slab);
        }
    }
    return before - slabs->mapped;
}

bool
slabs_own(const struct slabs *slabs, const void *slot)
{
    const struct slab *const lists[] = { slabs->room, slabs->full };
    for (int i = 0; i < 2; i++)
        for (const struct slab *slab = lists[i]; slab; slab = slab->next) {
            size_t from = (uintptr_t)slot - (uintptr_t)slab - slabs->first;
            if (from < slab->cut * slabs->stride)
                return from % slabs->stride == 0;
        }
    return false;
}
