/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Caches: values by keys, bounded by entries or bytes, under a policy that
 * says what goes first. A cache shows itself on the program's board
 * (<optop/board.h>) and in `optop boards'. Link with -loptop; manual:
 * liboptop(3).
 *
 *     struct optop_cache *cache = optop_cache_new(&(struct optop_cache_options){
 *         .name = "prices", .max_entries = 10000, .ttl_ns = 60 * 1000000000LL });
 *     struct optop_key key;
 *     optop_key(&key, "si", "EURUSD", (int64_t)day);
 *     if (optop_cache_get(cache, &key, &price, sizeof price) < 0)
 *         optop_cache_put(cache, &key, &price, sizeof price, NULL);
 *
 * Any thread may call any of these, but from a signal handler, and from a
 * child after fork(). Nothing prints or exits: failure is a negative errno
 * number. NULL stands for a cache that keeps nothing.
 */
#ifndef OPTOP_CACHE_H
#define OPTOP_CACHE_H

#include <stdarg.h>
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
    OPTOP_KEY_MAX = 2040, /* bytes of a key */
    OPTOP_VALUE_MAX = 1 << 30, /* bytes of a value */
    OPTOP_CACHE_NAME_MAX = 32, /* with the NUL; longer ones are cut */
};

/* Keys: typed arguments in order. Keys are equal when all of them are, types
 * too; equal doubles are one key (0.0 is -0.0, any NaN is NaN). */
struct optop_key {
    uint32_t size; /* above OPTOP_KEY_MAX: did not fit */
    unsigned char bytes[OPTOP_KEY_MAX];
};

/* Adds what stands for an object: some of the functions below. */
typedef void optop_key_function(struct optop_key *key, const void *object);

/* A key of arguments: i int64_t, d double, s const char *, b const void * and
 * size_t, o const void * and an optop_key_function *. An unknown letter, or
 * more than fits, makes a key that no cache takes (-EINVAL). */
OPTOP_API void optop_key(struct optop_key *key, const char *types, ...);

/* The same one by one. */
OPTOP_API void optop_key_start(struct optop_key *key);
OPTOP_API void optop_key_int(struct optop_key *key, int64_t value);
OPTOP_API void optop_key_double(struct optop_key *key, double value);
OPTOP_API void optop_key_string(struct optop_key *key, const char *text);
OPTOP_API void optop_key_blob(struct optop_key *key, const void *bytes, size_t size);
OPTOP_API void optop_key_object(struct optop_key *key, const void *object,
    optop_key_function *function);

/* A key as text, as patterns see it: its arguments with ':' between them,
 * blobs in hexadecimal. Returns the length; cut to size. */
OPTOP_API size_t optop_key_text(const struct optop_key *key, char *buf, size_t size);

/* What goes first when there is no room. */
enum optop_cache_policy {
    OPTOP_CACHE_S3FIFO, /* three queues: what was used once goes before the rest; hits take no common lock */
    OPTOP_CACHE_LRU, /* what was not used for longest */
    OPTOP_CACHE_LFU, /* what was used least often; of those, not used for longest */
    OPTOP_CACHE_TLRU, /* what has expired, then as LRU */
    OPTOP_CACHE_FIFO, /* the oldest */
    OPTOP_CACHE_UNBOUNDED, /* nothing: a limit refuses what comes (-ENOSPC) */
    OPTOP_CACHE_WTINYLFU, /* what a frequency sketch expects least of */
    OPTOP_CACHE_POLICIES,
};

struct optop_cache_options {
    const char *name; /* on the board, and for patterns */
    enum optop_cache_policy policy;
    size_t max_entries, max_bytes; /* 0: no such limit; one of them, but for UNBOUNDED */
    int64_t ttl_ns; /* how long an entry is good; 0: for ever */
    int shards; /* parts that are locked one by one, each with its share of the limits and an
                 * order of its own; 0: as fits the size */
    int64_t (*now)(void *context); /* ns of any clock that does not go back; NULL: CLOCK_BOOTTIME */
    /* What to do with a value before its memory goes; any thread, no lock held. */
    void (*destroy)(void *value, size_t size, void *context);
    void *context; /* of the two above */
    /* destroy only within a call of sweep or free: for values that belong to
     * one thread. Such a cache gives nothing back under pressure. */
    bool destroy_by_owner;
};

struct optop_cache;

/* NULL with errno: EINVAL, ENOMEM. */
OPTOP_API struct optop_cache *optop_cache_new(const struct optop_cache_options *options);

/* When nothing of it is held and no other call is under way. NULL is fine. */
OPTOP_API void optop_cache_free(struct optop_cache *cache);

/* How an entry differs from its cache's others; zeroes: not at all. */
struct optop_cache_entry {
    int64_t ttl_ns; /* from now on; 0: the cache's; < 0: for ever */
    size_t extra_bytes; /* that the value stands for, beside its own */
};

/* Copies a value in, in place of the one that may be there. -ENOMEM (what was
 * there stays), -ENOSPC, -EFBIG (larger than a shard may hold), -EINVAL. 0 also
 * where caches are switched off: nothing is kept then. */
OPTOP_API int optop_cache_put(struct optop_cache *cache, const struct optop_key *key,
    const void *value, size_t size, const struct optop_cache_entry *entry);

/* Copies a value out, at most size bytes of it: its size, or -ENOENT. */
OPTOP_API int64_t optop_cache_get(struct optop_cache *cache, const struct optop_key *key,
    void *buf, size_t size);

/* The value itself, aligned for anything; it stays as it is until it is let go,
 * whatever becomes of the entry. NULL: not there. */
OPTOP_API const void *optop_cache_hold(struct optop_cache *cache, const struct optop_key *key,
    size_t *ret_size);
OPTOP_API void optop_cache_let_go(struct optop_cache *cache, const void *value);

/* Holds a value that is made when it is not there. Who asks for a key that is
 * being made waits for that one making: its value, or its error, is everybody's.
 * make returns 0 with what is to be copied in, or a negative number. A maker
 * that asks for its own key gets -EDEADLK. A value that cannot be kept is made
 * all the same; one that there is no memory for is destroyed (-ENOMEM). */
struct optop_cache_made {
    const void *value; /* borrowed until the call is over */
    size_t size;
    struct optop_cache_entry entry;
};
typedef int optop_cache_make(void *context, const struct optop_key *key,
    struct optop_cache_made *ret_made);
OPTOP_API int optop_cache_compute(struct optop_cache *cache, const struct optop_key *key,
    optop_cache_make *make, void *context, const void **ret_value, size_t *ret_size);

/* Invalidation: how many entries went. Prefixes and patterns (glob: * ? [a-z])
 * are of a key's text, which for this has 4095 bytes at most. */
OPTOP_API int optop_cache_remove(struct optop_cache *cache, const struct optop_key *key);
OPTOP_API int64_t optop_cache_remove_prefix(struct optop_cache *cache, const char *prefix);
OPTOP_API int64_t optop_cache_remove_match(struct optop_cache *cache, const char *pattern);
OPTOP_API int64_t optop_cache_clear(struct optop_cache *cache);

/* Destroys what destroy_by_owner has left. */
OPTOP_API void optop_cache_sweep(struct optop_cache *cache);

struct optop_cache_figures {
    char name[OPTOP_CACHE_NAME_MAX];
    const char *policy;
    uint64_t entries, bytes, max_entries, max_bytes; /* bytes with keys and what an entry takes */
    uint64_t hits, misses; /* a value past its time is a miss */
    uint64_t inserted, evicted, expired, invalidated;
    uint64_t waited; /* for a making of somebody else's */
    uint64_t failed; /* makings, and entries that there was no memory for */
};
OPTOP_API void optop_cache_figures(struct optop_cache *cache, struct optop_cache_figures *ret_figures);

/* All caches of the process. The sum of their figures, with the number of
 * caches in *ret_caches; how many entries went. The first pattern is of a
 * cache's name (NULL: all of them), the second of a key's text. */
OPTOP_API void optop_caches_each(void (*visit)(struct optop_cache *cache, void *data), void *data);
OPTOP_API void optop_caches_total(struct optop_cache_figures *ret_total, int *ret_caches);
OPTOP_API int64_t optop_caches_clear(const char *name);
OPTOP_API int64_t optop_caches_remove_match(const char *name, const char *pattern);

/* Off: nothing is found and nothing is kept, what is there goes. */
OPTOP_API void optop_caches_enable(bool on);
OPTOP_API bool optop_caches_enabled(void);

#ifdef __cplusplus
}
#endif

#endif
