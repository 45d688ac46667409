/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/worker_pool.h"

#include "base/clock.h"

void
worker_pool_init(struct worker_pool *pool, const char *name)
{
    *pool = (struct worker_pool){ .figures = { .name = name, .recycles = true } };
    pool->figures.acquire = &pool->acquire;
}

void
worker_pool_create(struct worker_pool *pool, struct pool_worker *worker, int64_t now_ns)
{
    *worker = (struct pool_worker){ .created_ns = now_ns, .idle_since_ns = now_ns,
        .leaving = POOL_REASON_COUNT };
    pool->figures.created++;
    pool->figures.size++;
    pool->figures.idle++;
}

void
worker_pool_ready(struct worker_pool *pool, struct pool_worker *worker, int64_t now_ns)
{
    worker->ready = true;
    if (worker->wanted_ns)
        histogram_add(&pool->acquire, now_ns - worker->wanted_ns);
    worker->wanted_ns = 0;
}

void
worker_pool_give(struct worker_pool *pool, struct pool_worker *worker, int trials,
    int64_t pass_ns, int64_t now_ns)
{
    if (worker->idle_since_ns) {
        pool->figures.idle--;
        pool->figures.in_use++;
    }
    worker->idle_since_ns = 0;
    pool->figures.reused += (uint64_t)(trials - (worker->given == 0));
    worker->given += trials;
    int64_t wanted = worker->free_ns ? worker->free_ns : pass_ns;
    if (worker->ready)
        histogram_add(&pool->acquire, now_ns - wanted);
    else if (!worker->wanted_ns)
        worker->wanted_ns = wanted;
}

void
worker_pool_answer(struct worker_pool *pool, struct pool_worker *worker, int outstanding,
    int64_t now_ns)
{
    worker->free_ns = now_ns;
    if (outstanding || worker->idle_since_ns)
        return;
    worker->idle_since_ns = now_ns;
    pool->figures.in_use--;
    pool->figures.idle++;
}

void
worker_pool_retire(struct worker_pool *pool, const struct pool_worker *worker)
{
    if (worker->idle_since_ns)
        pool->figures.idle--;
    else
        pool->figures.in_use--;
    pool->figures.size--;
    pool->figures.retired++;
    if (worker->leaving < POOL_REASON_COUNT)
        pool->figures.recycled[worker->leaving]++;
}

int64_t
worker_pool_room(const struct pool_worker *worker, const struct run_pool *rules)
{
    if (!rules->max_trials)
        return INT64_MAX;
    return rules->max_trials > worker->given ? rules->max_trials - worker->given : 0;
}

static bool
is_over(int64_t since_ns, double seconds, int64_t now_ns)
{
    return seconds > 0 && now_ns - since_ns >= sec_to_ns(seconds);
}

enum pool_reason
worker_pool_due(const struct pool_worker *worker, const struct run_pool *rules,
    int64_t rss_bytes, bool may_idle, int64_t now_ns)
{
    if (!worker->ready)
        return is_over(worker->created_ns, rules->acquire_seconds, now_ns) ? POOL_TIMEOUT
                                                                          : POOL_REASON_COUNT;
    if (worker_pool_room(worker, rules) == 0)
        return POOL_MAX_TRIALS; /* a rule that has changed */
    if (is_over(worker->created_ns, rules->max_age_seconds, now_ns))
        return POOL_MAX_AGE;
    if (rules->max_rss_bytes > 0 && (double)rss_bytes > rules->max_rss_bytes)
        return POOL_MAX_RSS;
    if (may_idle && worker->idle_since_ns &&
        is_over(worker->idle_since_ns, rules->idle_seconds, now_ns))
        return POOL_IDLE;
    return POOL_REASON_COUNT;
}

const char *
pool_reason_name(enum pool_reason reason)
{
    static const char *const names[] = {
#define X(id, name) [POOL_##id] = name,
        POOL_REASON_TABLE(X)
#undef X
    };
    return reason < POOL_REASON_COUNT ? names[reason] : "";
}
