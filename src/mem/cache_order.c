/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The two orders that policies are made of: lists by age or use, and a heap
 * with the least entry on top.
 */
#include <errno.h>
#include <stdlib.h>

#include "mem/cache_private.h"

void
cache_list_push(struct cache_list *list, struct cache_entry *entry)
{
    entry->previous = NULL;
    entry->next = list->newest;
    *(list->newest ? &list->newest->previous : &list->oldest) = entry;
    list->newest = entry;
    list->count++;
    list->cost += entry->cost;
}

void
cache_list_remove(struct cache_list *list, struct cache_entry *entry)
{
    *(entry->previous ? &entry->previous->next : &list->newest) = entry->next;
    *(entry->next ? &entry->next->previous : &list->oldest) = entry->previous;
    list->count--;
    list->cost -= entry->cost;
}

struct cache_entry *
cache_list_pop(struct cache_list *list)
{
    struct cache_entry *oldest = list->oldest;
    if (oldest)
        cache_list_remove(list, oldest);
    return oldest;
}

int
cache_heap_reserve(struct cache_heap *heap)
{
    if (heap->count < heap->capacity)
        return 0;
    size_t capacity = heap->capacity ? 2 * heap->capacity : 16;
    struct cache_entry **grown = capacity > UINT32_MAX ? NULL
        : realloc(heap->entry, capacity * sizeof *grown);
    if (!grown)
        return -ENOMEM;
    heap->entry = grown;
    heap->capacity = capacity;
    return 0;
}

static void
set_place(struct cache_heap *heap, size_t at, struct cache_entry *entry)
{
    heap->entry[at] = entry;
    entry->heap_at = (uint32_t)at;
}

static size_t
move_up(struct cache_heap *heap, size_t at)
{
    struct cache_entry *entry = heap->entry[at];
    for (; at && heap->before(entry, heap->entry[(at - 1) / 2]); at = (at - 1) / 2)
        set_place(heap, at, heap->entry[(at - 1) / 2]);
    set_place(heap, at, entry);
    return at;
}

static void
move_down(struct cache_heap *heap, size_t at)
{
    struct cache_entry *entry = heap->entry[at];
    for (size_t below; (below = 2 * at + 1) < heap->count; at = below) {
        if (below + 1 < heap->count && heap->before(heap->entry[below + 1], heap->entry[below]))
            below++;
        if (!heap->before(heap->entry[below], entry))
            break;
        set_place(heap, at, heap->entry[below]);
    }
    set_place(heap, at, entry);
}

void
cache_heap_push(struct cache_heap *heap, struct cache_entry *entry)
{
    set_place(heap, heap->count, entry);
    move_up(heap, heap->count++);
}

void
cache_heap_moved(struct cache_heap *heap, struct cache_entry *entry)
{
    move_down(heap, move_up(heap, entry->heap_at));
}

void
cache_heap_remove(struct cache_heap *heap, struct cache_entry *entry)
{
    size_t at = entry->heap_at;
    struct cache_entry *last = heap->entry[--heap->count];
    if (last == entry)
        return;
    set_place(heap, at, last);
    cache_heap_moved(heap, last);
}
