/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a debugging pool knows beyond the others: who has what, and since where.
 */
#include <stdio.h>
#include <stdlib.h>

#include "mem/pool_private.h"

static struct trace *
trace_of(struct slot *slot)
{
    return (struct trace *)(void *)slot - 1;
}

void
pool_debug_acquired(struct optop_pool *pool, struct slot *slot, const char *place)
{
    struct trace *trace = trace_of(slot), *head = &pool->in_use;
    trace->place = place;
    trace->next = head->next;
    trace->previous = head;
    head->next->previous = trace;
    head->next = trace;
}

/* What is no slot of ours is not touched. */
const char *
pool_debug_release(struct optop_pool *pool, struct slot *slot)
{
    struct trace *trace = trace_of(slot);
    if (!slabs_own(&pool->slabs, trace))
        return "an object that is not of this pool is released";
    if (slot->next != pool->tag)
        return "an object is released a second time";
    trace->next->previous = trace->previous;
    trace->previous->next = trace->next;
    slot->next = NULL;
    return NULL;
}

void
pool_fault(struct optop_pool *pool, const char *what, const void *object, const char *place)
{
    char text[256];
    pool_lock(pool);
    count_add(&pool->faults, 1);
    pool_unlock(pool);
    if (!pool->options.fault && !(pool->options.flags & OPTOP_POOL_DEBUG))
        return;
    snprintf(text, sizeof text, "pool %.31s: %s: %p%s%.160s", pool->resource.name, what, object,
        place ? ", acquired at " : "", place ? place : "");
    if (pool->options.fault) {
        pool->options.fault(text, pool->options.context);
        return;
    }
    fprintf(stderr, "%s\n", text);
    abort();
}

static void
tell_leak(void *object, const char *place, void *pool)
{
    pool_fault(pool, "an object was not released", object, place);
}

void
pool_debug_leaks(struct optop_pool *pool)
{
    optop_pool_in_use(pool, tell_leak, pool);
}

void
optop_pool_in_use(struct optop_pool *pool,
    void (*visit)(void *object, const char *place, void *data), void *data)
{
    for (struct trace *trace = pool->in_use.next; trace != &pool->in_use; trace = trace->next)
        visit(object_of((struct slot *)(void *)(trace + 1)), trace->place, data);
}
