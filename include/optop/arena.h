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

/* A heap arena: memory in one range of addresses, of any size, taken and given
 * back singly.
 *
 *     struct optop_heap *heap = optop_heap_new(&(struct optop_heap_options){
 *         .name = "json", .limit = 64 << 20 });
 *     char *text = optop_heap_alloc(heap, 100);
 *     ...
 *     optop_heap_give_back(heap, text);
 *     optop_heap_free(heap);
 *
 * What is free lies in segregated lists as in TLSF (Masmano, Ripoll, Crespo, Real:
 * "TLSF: a new dynamic memory allocator for real-time systems", 2004), one list for
 * each size below 1 KiB and 32 for each power of two above; within a list the
 * best fit is looked for. Neighbours that are free are merged at once by boundary tags
 * (Knuth, The Art of Computer Programming, volume 1, 2.5). Each piece costs 8 bytes.
 * The heap grows at its end, chunk by chunk, and shrinks there. One thread at a
 * time, or any with OPTOP_HEAP_THREADS. */
enum {
    OPTOP_HEAP_THREADS = 1,
};

#define OPTOP_HEAP_LIMIT_MAX ((size_t)1 << 38)

struct optop_heap_options {
    const char *name; /* copied, 31 bytes; NULL: does not show */
    size_t limit; /* bytes it may grow to; so many addresses are reserved. Not 0 */
    size_t keep; /* free bytes at its end that it does not give to the kernel; 0: 1 MiB */
    unsigned flags;
};

struct optop_heap_figures {
    uint64_t bytes, used; /* of the kernel; of those, what is taken, 8 for each piece included */
    uint64_t peak, count; /* the most that was taken at a time; pieces that are taken now */
    uint64_t allocations; /* so far */
    uint64_t refused; /* for the limit, or because memory was out */
    uint64_t faults; /* given back, but not taken; that was ignored */
    double utilization_pct; /* used, of bytes */
    double fragmentation_pct; /* of what lies before the end of the last piece: in holes */
};

struct optop_heap;

/* NULL with errno: EINVAL, ENOMEM. */
OPTOP_API struct optop_heap *optop_heap_new(const struct optop_heap_options *options);

/* All that was taken goes with it. NULL is fine. */
OPTOP_API void optop_heap_free(struct optop_heap *heap);

/* Memory that is not cleared, aligned to OPTOP_ARENA_ALIGN. NULL with errno: ENOMEM,
 * also at the limit. The second keeps what is in it (NULL: takes some), and on
 * failure all as it is. */
OPTOP_API void *optop_heap_alloc(struct optop_heap *heap, size_t size);
OPTOP_API void *optop_heap_realloc(struct optop_heap *heap, void *memory, size_t size);
OPTOP_API void optop_heap_give_back(struct optop_heap *heap, void *memory); /* NULL is fine */

/* Free memory at the end goes to the kernel: so many bytes. */
OPTOP_API size_t optop_heap_trim(struct optop_heap *heap);

/* By any thread. */
OPTOP_API void optop_heap_figures(struct optop_heap *heap, struct optop_heap_figures *ret);

/* Walks all of it: 0, or -EBADMSG where somebody has written over its end. */
OPTOP_API int optop_heap_check(struct optop_heap *heap);

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
