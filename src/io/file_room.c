/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/file_room.h"

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/str.h"

enum { ALIGN = 4096 };

/* Two huge pages: a read into many small ones is a third slower. */
static int
make(struct room *room)
{
    size_t huge = ROOM_BYTES / 2;
    if (room->bytes)
        return 0;
    char *map = mmap(NULL, ROOM_BYTES + huge, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return -ENOMEM;
    size_t before = (huge - (uintptr_t)map % huge) % huge;
    if (before)
        munmap(map, before);
    if (before < huge)
        munmap(map + before + ROOM_BYTES, huge - before);
    room->bytes = map + before;
    madvise(room->bytes, ROOM_BYTES, MADV_HUGEPAGE);
    return 0;
}

/* Where `size' bytes in a row are free; false: nowhere. A ring, since what is taken
 * comes back in order; empty, it begins anew, where the processor's cache still has it. */
static bool
find(struct room *room, size_t size, size_t *ret_at)
{
    if (!room->held) {
        room->first = room->end = 0;
        room->edge = ROOM_BYTES;
    }
    bool round = room->held && room->end <= room->first;
    if (!round && ROOM_BYTES - room->end < size) {
        if (room->first < size)
            return false;
        room->edge = room->end;
        room->end = 0;
    } else if (round && room->first - room->end < size) {
        return false;
    }
    *ret_at = room->end;
    return true;
}

static size_t
size_for(size_t len)
{
    return (len + ALIGN - 1) / ALIGN * ALIGN;
}

int
room_take(struct room *room, size_t len, bool wait, char **ret_data)
{
    size_t size = size_for(len), at;
    pthread_mutex_lock(&room->lock);
    int r = make(room);
    while (r == 0 && !find(room, size, &at)) {
        if (!wait) {
            r = -EAGAIN;
            break;
        }
        room->wake_at = room->held / 2; /* else it would sleep again after each read */
        for (room->waits = true; room->waits;)
            pthread_cond_wait(&room->freed, &room->lock);
    }
    if (r == 0) {
        room->end = at + size;
        room->held += size;
        *ret_data = room->bytes + at;
    }
    pthread_mutex_unlock(&room->lock);
    return r;
}

void
room_give(struct room *room, size_t len)
{
    size_t size = size_for(len);
    pthread_mutex_lock(&room->lock);
    room->held -= size;
    if (room->first == room->edge) {
        room->first = 0;
        room->edge = ROOM_BYTES;
    }
    room->first += size;
    if (room->waits && room->held <= room->wake_at) {
        room->waits = false;
        pthread_cond_signal(&room->freed);
    }
    pthread_mutex_unlock(&room->lock);
}

/* Any thread. */
static size_t
give_back(struct resource *resource, size_t wanted)
{
    struct room *room = (struct room *)(void *)resource;
    (void)wanted;
    pthread_mutex_lock(&room->lock);
    bool rests = room->bytes && !room->held;
    if (rests) {
        munmap(room->bytes, ROOM_BYTES);
        room->bytes = NULL;
    }
    pthread_mutex_unlock(&room->lock);
    return rests ? ROOM_BYTES : 0;
}

static int
figures(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct room *room = (struct room *)(void *)resource;
    pthread_mutex_lock(&room->lock);
    ret[0] = (struct resource_figure){ "bytes", "bytes", RESOURCE_GAUGE,
        room->bytes ? ROOM_BYTES : 0 };
    ret[1] = (struct resource_figure){ "held", "bytes", RESOURCE_GAUGE, (double)room->held };
    pthread_mutex_unlock(&room->lock);
    return 2;
}

void
room_open(struct room *room)
{
    pthread_mutex_init(&room->lock, NULL);
    pthread_cond_init(&room->freed, NULL);
    room->resource.kind = "buffer";
    str_copy(room->resource.name, sizeof room->resource.name, "files");
    room->resource.give_back = give_back;
    room->resource.figures = figures;
    registry_add(&room->resource);
}

void
room_close(struct room *room)
{
    registry_remove(&room->resource);
    give_back(&room->resource, 0);
    pthread_cond_destroy(&room->freed);
    pthread_mutex_destroy(&room->lock);
}
