/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mem/json_heap.h"

#include "base/json.h"
#include "optop/arena.h"
#include "optop/memory.h"

#ifdef __SANITIZE_ADDRESS__ /* which tells only of malloc's memory what nobody has let go */

static struct optop_type *type;

static void *
allocate(size_t size)
{
    return optop_type_alloc(type, size);
}

void
json_heap_use(size_t limit)
{
    (void)limit;
    type = optop_type("json");
    json_set_alloc_funcs(allocate, optop_type_free);
}

#else

static struct optop_heap *heap; /* lives as long as the process */

static void *
allocate(size_t size)
{
    return optop_heap_alloc(heap, size);
}

static void
give_back(void *memory)
{
    optop_heap_give_back(heap, memory);
}

void
json_heap_use(size_t limit)
{
    heap = optop_heap_new(&(struct optop_heap_options){
        .name = "json", .limit = limit, .flags = OPTOP_HEAP_THREADS });
    if (heap) /* else they are malloc's, as ever */
        json_set_alloc_funcs(allocate, give_back);
}

#endif
