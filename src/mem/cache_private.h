/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the cache share: an entry, a shard, and the policy.
 *
 * A shard is a hash table and a policy's order over its entries, under a lock
 * of several *lanes*, a cache line each. Who only reads takes the lane of its
 * own thread, who changes anything takes all of them: so readers on different
 * cores write no line in common. Where a hit changes the order (all policies
 * but S3-FIFO, FIFO and UNBOUNDED) a shard has one lane, a plain lock.
 *
 * To add a policy: a row of struct cache_policy, its name in <optop/cache.h>
 * and its place in cache_policies[].
 */
#ifndef OPTOP_MEM_CACHE_PRIVATE_H
#define OPTOP_MEM_CACHE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "mem/registry.h"
#include "optop/cache.h"

enum {
    CACHE_LINE = 64,
    CACHE_LANES_MAX = 16,
    CACHE_SHARDS_MAX = 64,
    CACHE_USES_MAX = 3, /* that S3-FIFO looks at */
    CACHE_LISTS = 3,
    CACHE_UNIT = 16, /* bytes of cost */
};

/* The value follows, then the key from the next multiple of 8. Small, because
 * what a hit costs is the cache lines that it has to fetch. */
struct cache_entry {
    union {
        struct {
            struct cache_entry *next, *previous; /* in a list of the policy */
        };
        struct {
            uint64_t used_at; /* LFU: the shard's tick, ... */
            uint32_t times; /* ... and how often */
        };
    };
    uint32_t hash;
    uint32_t cost; /* in units, with all that it takes */
    _Atomic uint32_t refs; /* the table's, and those of who holds it */
    uint32_t heap_at;
    int64_t expires_ns; /* 0: never; from here on what a hit looks at */
    uint32_t value_size;
    uint16_t key_size;
    _Atomic uint8_t uses; /* up to CACHE_USES_MAX */
    uint8_t list; /* of the policy's, in which it is */
};
_Static_assert(sizeof(struct cache_entry) % 16 == 0, "the value is aligned for anything");

/* Newest first. */
struct cache_list {
    struct cache_entry *newest, *oldest;
    size_t count, cost;
};

/* The least one first: cache_heap.c. */
struct cache_heap {
    struct cache_entry **entry;
    size_t count, capacity;
    bool (*before)(const struct cache_entry *a, const struct cache_entry *b);
};

/* Fingerprints of what went lately: cache_policy_s3fifo.c. */
struct cache_ghost {
    uint64_t *cell; /* hash << 32 | number of its coming; 0: free */
    size_t mask;
    uint32_t came;
};

/* How often hashes were asked for, about: cache_policy_wtinylfu.c. */
struct cache_sketch {
    uint64_t *word; /* of sixteen counters of four bits */
    size_t mask;
    size_t added, sample;
};

/* The entry's address, and above it the upper half of its hash: who probes
 * looks at no entry but the right one. 0: free. Addresses of user space have 48
 * bits at most, unless a program asks for more. */
typedef uint64_t cache_slot;
enum { CACHE_ADDRESS_BITS = 48 };

struct cache_lane {
    _Alignas(CACHE_LINE) _Atomic uint32_t locked;
    _Atomic uint64_t hits, misses, expired; /* written under this lane's lock */
};

struct cache_shard {
    const struct cache_policy *policy;
    cache_slot *slot;
    size_t mask; /* slots - 1 */
    size_t count, cost;
    size_t max_count, max_cost; /* 0: no limit */
    struct cache_lane *lane;
    int lanes;
    uint64_t tick; /* of accesses, where an order needs it */
    struct cache_list list[CACHE_LISTS];
    struct cache_heap heap;
    struct cache_ghost ghost;
    struct cache_sketch sketch;
    _Atomic uint64_t inserted, evicted, expired, invalidated; /* written under all lanes */
    _Atomic uint64_t shown_count, shown_cost; /* count and cost for who only looks */
};

/* All are called under the shard's whole lock, hit() under its one lane. */
struct cache_policy {
    const char *name;
    bool never_evicts;
    bool orders; /* hit is called */
    /* Room for one entry more in whatever needs memory: 0 or -ENOMEM, and then
     * nothing has changed. NULL: needs none. */
    int (*reserve)(struct cache_shard *shard);
    void (*insert)(struct cache_shard *shard, struct cache_entry *entry);
    void (*hit)(struct cache_shard *shard, struct cache_entry *entry);
    void (*miss)(struct cache_shard *shard, uint32_t hash); /* NULL: does not care */
    /* Takes out of the order what goes first, to make room for something of that
     * cost. NULL: there is nothing. */
    struct cache_entry *(*victim)(struct cache_shard *shard, int64_t now_ns, size_t cost);
    void (*remove)(struct cache_shard *shard, struct cache_entry *entry);
};

extern const struct cache_policy *const cache_policies[OPTOP_CACHE_POLICIES];
extern const struct cache_policy cache_policy_s3fifo, cache_policy_lru, cache_policy_lfu,
    cache_policy_tlru, cache_policy_fifo, cache_policy_unbounded, cache_policy_wtinylfu;

/* One making of a value, on the stack of who makes it. */
struct cache_making {
    struct cache_making *next;
    const struct optop_key *key;
    uint32_t hash;
    pthread_t maker;
    int waiting; /* who waits and has not yet taken the result */
    bool done;
    int result;
    struct cache_entry *entry; /* of a result of 0 */
};

struct optop_cache {
    struct resource resource;
    struct optop_cache_options options;
    const struct cache_policy *policy;
    uint64_t seed;
    int shards, shard_shift;
    struct cache_shard *shard;
    pthread_mutex_t making_lock;
    pthread_cond_t made;
    struct cache_making *making; /* under making_lock */
    _Atomic uint64_t waited, failed;
    _Atomic(struct cache_entry *) left; /* for the owner to destroy */
};

static inline unsigned char *
cache_value(struct cache_entry *entry)
{
    return (unsigned char *)(entry + 1);
}

static inline unsigned char *
cache_key(struct cache_entry *entry)
{
    return cache_value(entry) + (((size_t)entry->value_size + 7) & ~(size_t)7);
}

static inline struct cache_entry *
cache_entry_of(const void *value)
{
    return (struct cache_entry *)((uintptr_t)value - sizeof(struct cache_entry));
}

static inline struct cache_entry *
cache_slot_entry(cache_slot slot)
{
    return (struct cache_entry *)(uintptr_t)(slot & ((UINT64_C(1) << CACHE_ADDRESS_BITS) - 1));
}

/* Counters with one writer at a time. */
static inline void
cache_count(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
        memory_order_relaxed);
}

static inline uint64_t
cache_counted(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

/* cache_order.c */
void cache_list_push(struct cache_list *list, struct cache_entry *entry);
void cache_list_remove(struct cache_list *list, struct cache_entry *entry);
struct cache_entry *cache_list_pop(struct cache_list *list); /* the oldest; NULL */
int cache_heap_reserve(struct cache_heap *heap);
void cache_heap_push(struct cache_heap *heap, struct cache_entry *entry);
void cache_heap_moved(struct cache_heap *heap, struct cache_entry *entry);
void cache_heap_remove(struct cache_heap *heap, struct cache_entry *entry);

/* cache_shard.c: under the shard's whole lock, but for find and the lane. */
int cache_shard_init(struct cache_shard *shard, const struct cache_policy *policy, int lanes);
void cache_shard_release(struct cache_shard *shard); /* when it is empty */
struct cache_lane *cache_lane_lock(struct cache_shard *shard);
void cache_lane_unlock(struct cache_lane *lane);
void cache_shard_lock(struct cache_shard *shard);
void cache_shard_unlock(struct cache_shard *shard);
struct cache_entry *cache_shard_find(const struct cache_shard *shard, const unsigned char *key,
    size_t key_size, uint32_t hash);
/* Puts an entry in; those that had to go for it are added to *gone. */
int cache_shard_insert(struct cache_shard *shard, struct cache_entry *entry, int64_t now_ns,
    struct cache_entry **gone);
/* The next to go, out of the shard; NULL. */
struct cache_entry *cache_shard_evict(struct cache_shard *shard, int64_t now_ns, size_t cost);
void cache_shard_remove(struct cache_shard *shard, struct cache_entry *entry);

/* cache_key.c */
uint64_t cache_hash(const struct optop_key *key, uint64_t seed);
size_t cache_key_text(const unsigned char *bytes, size_t size, char *buf, size_t room);

/* cache.c: for a making, and for all caches. */
extern _Atomic bool cache_off;
extern const char cache_kind[]; /* of their resources */
uint32_t cache_key_hash(const struct optop_cache *cache, const struct optop_key *key);
struct cache_entry *cache_entry_new(struct optop_cache *cache, const struct optop_key *key,
    uint32_t hash, const struct optop_cache_made *made); /* with a reference for the caller */
int cache_keep(struct optop_cache *cache, struct cache_entry *entry); /* takes a reference of its own */
struct cache_entry *cache_find(struct optop_cache *cache, const struct optop_key *key,
    uint32_t hash); /* with a reference for the caller; NULL */
struct cache_entry *cache_peek(struct optop_cache *cache, const struct optop_key *key,
    uint32_t hash); /* the same, not counted */
void cache_unref(struct optop_cache *cache, struct cache_entry *entry);
bool cache_takes(const struct optop_cache *cache, const struct optop_key *key);

#endif
