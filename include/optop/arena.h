/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An arena: memory for things that end together. Taking some moves a pointer;
 * nothing is given back singly, but all at once, or back to a mark.
 *
 *     struct optop_arena arena;
 *     optop_arena_init(&arena, &(struct optop_arena_options){ .name = "requests" });
 *     char *text = optop_arena_alloc(&arena, 100);
 *     ...
 *     optop_arena_reset(&arena);
 *
 * It grows chunk by chunk up to its limit; a chunk is a mapping of its own,
 * and goes back to the kernel. One thread at a time.
 */
#ifndef OPTOP_ARENA_H
#define OPTOP_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef OPTOP_API
#define OPTOP_API __attribute__((visibility("default")))
#endif

enum {
    OPTOP_ARENA_ALIGN = 16,
    OPTOP_ARENA_CHUNK_BYTES = 64 * 1024, /* the first chunk; each further one is twice as long, */
    OPTOP_ARENA_CHUNK_MAX = 64 * 1024 * 1024, /* up to this */
};

struct optop_arena_options {
    const char *name; /* copied, 31 bytes; NULL: does not show */
    size_t limit; /* bytes of all chunks; 0: none */
    size_t first; /* bytes of the first chunk; 0: OPTOP_ARENA_CHUNK_BYTES */
    size_t keep; /* bytes that a reset leaves; 0: the first chunk */
};

struct optop_arena_state;

/* In the caller's memory; its fields are the library's. */
struct optop_arena {
    char *at, *end; /* what is free of the present chunk */
    struct optop_arena_state *state; /* NULL: nothing has been taken yet */
    struct optop_arena_options options;
};

struct optop_arena_mark {
    void *chunk;
    char *at;
};

struct optop_arena_figures {
    uint64_t bytes, used; /* of the chunks; of those, what is taken */
    uint64_t peak; /* the most that was taken at a time */
    uint64_t chunks, resets;
};

/* Never fails: the first chunk is made when it is needed. */
OPTOP_API void optop_arena_init(struct optop_arena *arena,
    const struct optop_arena_options *options);
OPTOP_API void optop_arena_release(struct optop_arena *arena);

OPTOP_API void *optop_arena_more(struct optop_arena *arena, size_t size);

/* Memory that is not cleared, aligned to OPTOP_ARENA_ALIGN. NULL with errno: ENOMEM,
 * also at the limit. */
static inline void *
optop_arena_alloc(struct optop_arena *arena, size_t size)
{
    size_t whole = (size + OPTOP_ARENA_ALIGN - 1) & ~(size_t)(OPTOP_ARENA_ALIGN - 1);
    char *at = arena->at;
    if (__builtin_expect(size - 1 >= (size_t)(arena->end - at) || whole > (size_t)(arena->end - at), 0))
        return optop_arena_more(arena, size);
    arena->at = at + whole;
    return at;
}

/* Cleared memory for `count` of `size` bytes. */
OPTOP_API void *optop_arena_zero(struct optop_arena *arena, size_t count, size_t size);

/* A copy, with a NUL behind it. */
OPTOP_API char *optop_arena_copy(struct optop_arena *arena, const void *bytes, size_t len);

/* All that was taken since is given back. A mark goes with the reset, and with
 * a return to an earlier one. */
OPTOP_API struct optop_arena_mark optop_arena_mark(const struct optop_arena *arena);
OPTOP_API void optop_arena_rollback(struct optop_arena *arena, struct optop_arena_mark mark);

/* Gives all back; what is more than `keep` goes to the kernel. */
OPTOP_API void optop_arena_reset(struct optop_arena *arena);

/* Chunks behind what is taken go to the kernel: so many bytes. */
OPTOP_API size_t optop_arena_trim(struct optop_arena *arena);

OPTOP_API void optop_arena_figures(const struct optop_arena *arena,
    struct optop_arena_figures *ret);

/* A view of bytes that somebody else holds. */
struct optop_slice {
    const char *at; /* NULL: none */
    size_t len;
};

/* The part of `len` bytes from `from`; none where that is not all inside. */
static inline struct optop_slice
optop_slice_cut(struct optop_slice slice, size_t from, size_t len)
{
    struct optop_slice none = { NULL, 0 };
    if (!slice.at || from > slice.len || len > slice.len - from)
        return none;
    slice.at += from;
    slice.len = len;
    return slice;
}

#ifdef __cplusplus
}
#endif

#endif
