/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chunks of an arena stand in one list, in the order in which they are used;
 * those behind the present one are free. In builds with AddressSanitizer the
 * inline part of optop/arena.h never has room, so that all of it comes here and
 * what is not taken is poisoned.
 */
#include "optop/arena.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "mem/poison.h"
#include "mem/registry.h"

enum { PAGE = 4096, PRIORITY = 30 };

#ifdef __SANITIZE_ADDRESS__
enum { CHECKED = true };
#else
enum { CHECKED = false };
#endif

struct chunk {
    struct chunk *next;
    char *end, *used; /* used: of chunks before the present one, the end of what is taken */
    uint64_t before; /* bytes taken in the chunks before it */
    _Alignas(OPTOP_ARENA_ALIGN) char memory[];
};

struct optop_arena_state {
    struct chunk *first, *present;
    char *top; /* end of what is taken, where the inline part cannot say it */
    _Atomic uint64_t bytes, peak, used, chunks, resets; /* used: as of the last slow step */
    _Atomic bool drop; /* another thread's wish: at the next reset */
    struct resource resource;
};

static size_t
chunk_bytes(const struct chunk *chunk)
{
    return (size_t)(chunk->end - (const char *)chunk);
}

static char *
top_of(const struct optop_arena *arena)
{
    return CHECKED ? arena->state->top : arena->at;
}

static void
set_top(struct optop_arena *arena, char *top)
{
    struct optop_arena_state *state = arena->state;
    POISON(top, (size_t)(state->present->end - top));
    state->top = arena->at = top;
    arena->end = CHECKED ? top : state->present->end;
}

/* Notes how much is taken; a peak between two notes is seen when it ends. */
static void
note_used(const struct optop_arena *arena)
{
    struct optop_arena_state *state = arena->state;
    uint64_t used = state->present->before + (uint64_t)(top_of(arena) - state->present->memory);
    atomic_store_explicit(&state->used, used, memory_order_relaxed);
    if (used > atomic_load_explicit(&state->peak, memory_order_relaxed))
        atomic_store_explicit(&state->peak, used, memory_order_relaxed);
}

/* Chunks. */

static struct chunk *
map_chunk(struct optop_arena_state *state, size_t bytes)
{
    void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return NULL;
    struct chunk *chunk = map;
    chunk->end = (char *)map + bytes;
    state->bytes += bytes;
    state->chunks++;
    ROOT_ADD(map, bytes);
    POISON(chunk->memory, bytes - sizeof *chunk);
    return chunk;
}

static size_t
unmap_from(struct optop_arena_state *state, struct chunk *chunk)
{
    size_t given = 0;
    while (chunk) {
        struct chunk *next = chunk->next;
        size_t bytes = chunk_bytes(chunk);
        state->bytes -= bytes;
        state->chunks--;
        given += bytes;
        UNPOISON(chunk, bytes);
        ROOT_REMOVE(chunk, bytes);
        munmap(chunk, bytes);
        chunk = next;
    }
    return given;
}

/* How long the next chunk is; 0: the limit. */
static size_t
next_bytes(const struct optop_arena *arena, size_t size)
{
    const struct optop_arena_state *state = arena->state;
    size_t limit = arena->options.limit, have = state->bytes;
    if (size > SIZE_MAX / 4)
        return 0;
    size_t least = (size + sizeof(struct chunk) + PAGE - 1) / PAGE * PAGE;
    size_t bytes = state->present ? 2 * chunk_bytes(state->present)
        : arena->options.first ? (arena->options.first + PAGE - 1) / PAGE * PAGE
                               : OPTOP_ARENA_CHUNK_BYTES;
    if (bytes > OPTOP_ARENA_CHUNK_MAX)
        bytes = OPTOP_ARENA_CHUNK_MAX;
    if (bytes < least)
        bytes = least;
    if (!limit)
        return bytes;
    size_t left = limit > have ? limit - have : 0;
    return bytes <= left ? bytes : least <= left ? left / PAGE * PAGE : 0;
}

/* The chunk to go on with: a free one that is long enough, or a new one before
 * the free ones. */
static int
enter_next(struct optop_arena *arena, size_t size)
{
    struct optop_arena_state *state = arena->state;
    struct chunk *present = state->present;
    struct chunk **link = present ? &present->next : &state->first;
    struct chunk *next = *link;
    if (!next || (size_t)(next->end - next->memory) < size) {
        size_t bytes = next_bytes(arena, size);
        if (!bytes && next) { /* the limit may be held by free chunks that are too short */
            unmap_from(state, next);
            *link = NULL;
            bytes = next_bytes(arena, size);
        }
        struct chunk *made = bytes ? map_chunk(state, bytes) : NULL;
        if (!made)
            return -ENOMEM;
        made->next = *link;
        *link = next = made;
    }
    if (present) {
        present->used = top_of(arena);
        next->before = present->before + (uint64_t)(present->used - present->memory);
    } else {
        next->before = 0;
    }
    state->present = next;
    set_top(arena, next->memory);
    return 0;
}

/* The registry's side: any thread. */

static int
show(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    const struct optop_arena_state *state = (const struct optop_arena_state *)(const void *)(
        (const char *)resource - offsetof(struct optop_arena_state, resource));
    double bytes = (double)state->bytes, used = (double)state->used;
    ret[0] = (struct resource_figure){ "bytes", "bytes", RESOURCE_GAUGE, bytes };
    ret[1] = (struct resource_figure){ "used", "bytes", RESOURCE_GAUGE, used };
    ret[2] = (struct resource_figure){ "peak", "bytes", RESOURCE_GAUGE, (double)state->peak };
    ret[3] = (struct resource_figure){ "chunks", "", RESOURCE_GAUGE, (double)state->chunks };
    ret[4] = (struct resource_figure){ "resets", "", RESOURCE_COUNTER, (double)state->resets };
    return 5;
}

static size_t
give_back(struct resource *resource, size_t wanted)
{
    struct optop_arena_state *state = (struct optop_arena_state *)(void *)((char *)resource -
        offsetof(struct optop_arena_state, resource));
    (void)wanted;
    atomic_store_explicit(&state->drop, true, memory_order_relaxed);
    return 0; /* its user does, at the next reset */
}

static int
open_state(struct optop_arena *arena)
{
    if (arena->state)
        return 0;
    struct optop_arena_state *state = calloc(1, sizeof *state);
    if (!state)
        return -ENOMEM;
    arena->state = state;
    if (arena->options.name) {
        strncpy(state->resource.name, arena->options.name, sizeof state->resource.name - 1);
        arena->options.name = state->resource.name;
        state->resource.kind = "arena";
        state->resource.priority = PRIORITY;
        state->resource.figures = show;
        state->resource.give_back = give_back;
        registry_add(&state->resource);
    }
    return 0;
}

void
optop_arena_init(struct optop_arena *arena, const struct optop_arena_options *options)
{
    memset(arena, 0, sizeof *arena);
    arena->options = *options;
}

void
optop_arena_release(struct optop_arena *arena)
{
    struct optop_arena_state *state = arena->state;
    if (!state)
        return;
    registry_remove(&state->resource);
    unmap_from(state, state->first);
    free(state);
    memset(arena, 0, sizeof *arena);
}

void *
optop_arena_more(struct optop_arena *arena, size_t size)
{
    size_t whole = ((size ? size : 1) + OPTOP_ARENA_ALIGN - 1) & ~(size_t)(OPTOP_ARENA_ALIGN - 1);
    whole += CHECKED ? OPTOP_ARENA_ALIGN : 0; /* so that what runs over its end is seen */
    int r = whole >= size ? open_state(arena) : -ENOMEM;
    struct optop_arena_state *state = arena->state;
    bool fits = r == 0 && state->present &&
        whole <= (size_t)(state->present->end - top_of(arena));
    if (r == 0 && !fits)
        r = enter_next(arena, whole);
    if (r < 0) {
        errno = -r;
        return NULL;
    }
    char *at = top_of(arena);
    set_top(arena, at + whole);
    UNPOISON(at, size);
    note_used(arena);
    return at;
}

void *
optop_arena_zero(struct optop_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    void *at = optop_arena_alloc(arena, bytes);
    return at ? memset(at, 0, bytes) : NULL;
}

char *
optop_arena_copy(struct optop_arena *arena, const void *bytes, size_t len)
{
    char *at = len < SIZE_MAX ? optop_arena_alloc(arena, len + 1) : NULL;
    if (!at)
        return NULL;
    if (len)
        memcpy(at, bytes, len);
    at[len] = '\0';
    return at;
}

/* Going back. */

struct optop_arena_mark
optop_arena_mark(const struct optop_arena *arena)
{
    struct optop_arena_mark none = { NULL, NULL };
    if (!arena->state || !arena->state->present)
        return none;
    return (struct optop_arena_mark){ arena->state->present, top_of(arena) };
}

static void
poison_from(struct chunk *chunk)
{
    for (; CHECKED && chunk; chunk = chunk->next)
        POISON(chunk->memory, (size_t)(chunk->end - chunk->memory));
}

void
optop_arena_rollback(struct optop_arena *arena, struct optop_arena_mark mark)
{
    struct optop_arena_state *state = arena->state;
    if (!state || !state->present)
        return;
    note_used(arena);
    state->present = mark.chunk ? mark.chunk : state->first;
    poison_from(state->present->next);
    set_top(arena, mark.chunk ? mark.at : state->present->memory);
    note_used(arena);
}

void
optop_arena_reset(struct optop_arena *arena)
{
    struct optop_arena_state *state = arena->state;
    if (!state || !state->present)
        return;
    optop_arena_rollback(arena, (struct optop_arena_mark){ NULL, NULL });
    atomic_store_explicit(&state->resets, state->resets + 1, memory_order_relaxed);
    if (state->first->next && (state->drop || state->bytes > arena->options.keep)) {
        optop_arena_trim(arena);
        state->drop = false;
    }
}

size_t
optop_arena_trim(struct optop_arena *arena)
{
    struct optop_arena_state *state = arena->state;
    if (!state || !state->present)
        return 0;
    note_used(arena);
    struct chunk *free_ones = state->present->next;
    state->present->next = NULL;
    size_t given = unmap_from(state, free_ones);
    if (state->present == state->first && top_of(arena) == state->first->memory &&
        chunk_bytes(state->first) > arena->options.keep) {
        char *from = (char *)state->first + PAGE; /* its pages, not its place */
        size_t len = (size_t)(state->first->end - from);
        if (madvise(from, len, MADV_DONTNEED) == 0 && state->drop)
            given += len;
    }
    return given;
}

void
optop_arena_figures(const struct optop_arena *arena, struct optop_arena_figures *ret)
{
    const struct optop_arena_state *state = arena->state;
    memset(ret, 0, sizeof *ret);
    if (!state)
        return;
    if (state->present)
        note_used(arena);
    *ret = (struct optop_arena_figures){ .bytes = state->bytes, .used = state->used,
        .peak = state->peak, .chunks = state->chunks, .resets = state->resets };
}
