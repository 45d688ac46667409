/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stat/publish.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "stat/board.h"

enum { POOLS_MAX = 8, WEBHOOKS_MAX = 64 };

enum { FIGURE_SIZE, FIGURE_IN_USE, FIGURE_IDLE, FIGURE_REUSE, FIGURE_CREATED, FIGURE_REUSED, FIGURE_RETIRED,
    FIGURE_ACQUIRE, FIGURE_COUNT };

/* In the order of the numbers above. */
static const struct {
    enum board_kind kind;
    const char *name, *unit;
} pool_figure[FIGURE_COUNT] = {
    { BOARD_GAUGE, "pool.size", "" },
    { BOARD_GAUGE, "pool.in_use", "" },
    { BOARD_GAUGE, "pool.idle", "" },
    { BOARD_GAUGE, "pool.reuse", "percent" },
    { BOARD_COUNTER, "pool.created", "" },
    { BOARD_COUNTER, "pool.reused", "" },
    { BOARD_COUNTER, "pool.retired", "" },
    { BOARD_HISTOGRAM, "pool.acquire", "seconds" },
};

struct published_pool {
    char name[32];
    uint64_t acquired; /* as last mirrored */
    struct optop_figure *figure[FIGURE_COUNT];
};

struct published_task {
    char name[sizeof((struct task_stat *)0)->name]; /* "": free */
    bool seen;
    uint64_t count; /* as last mirrored */
    struct optop_figure *in_progress, *failed, *duration;
};

struct published_webhook {
    char name[64]; /* "": free */
    bool seen;
    struct optop_figure *waiting, *failures, *circuit, *delivered, *digests;
};

struct publisher {
    struct optop_board *board; /* owned */
    int pool_count;
    struct published_pool pool[POOLS_MAX];
    struct published_task task[TASKS_MAX];
    struct published_webhook webhook[WEBHOOKS_MAX];
};

struct publisher *
publisher_open(const char *program)
{
    struct optop_board *board = optop_board_open(program);
    struct publisher *publisher = board ? calloc(1, sizeof *publisher) : NULL;
    if (publisher)
        publisher->board = board;
    else
        optop_board_close(board);
    return publisher;
}

void
publisher_close(struct publisher *publisher)
{
    if (!publisher)
        return;
    optop_board_close(publisher->board);
    free(publisher);
}

static struct optop_figure *
want(struct publisher *publisher, int i, const char *labels)
{
    switch (pool_figure[i].kind) {
    case BOARD_COUNTER:
        return optop_counter(publisher->board, pool_figure[i].name, pool_figure[i].unit, labels);
    case BOARD_GAUGE:
        return optop_gauge(publisher->board, pool_figure[i].name, pool_figure[i].unit, labels);
    default:
        return optop_histogram(publisher->board, pool_figure[i].name, labels);
    }
}

static struct published_pool *
find_pool(struct publisher *publisher, const struct pool_figures *pool)
{
    char labels[OPTOP_LABELS_MAX];
    for (int i = 0; i < publisher->pool_count; i++)
        if (!strcmp(publisher->pool[i].name, pool->name))
            return &publisher->pool[i];
    if (publisher->pool_count == POOLS_MAX)
        return NULL;
    struct published_pool *published = &publisher->pool[publisher->pool_count++];
    str_copy(published->name, sizeof published->name, pool->name);
    snprintf(labels, sizeof labels, "pool=%s", pool->name);
    for (int i = 0; i < FIGURE_COUNT; i++)
        if (i != FIGURE_ACQUIRE || pool->acquire)
            published->figure[i] = want(publisher, i, labels);
    return published;
}

void
publisher_pool(struct publisher *publisher, const struct pool_figures *pool)
{
    struct published_pool *published = publisher ? find_pool(publisher, pool) : NULL;
    if (!published)
        return;
    uint64_t acquired = pool->created + pool->reused;
    struct optop_figure **figure = published->figure;
    optop_set(figure[FIGURE_SIZE], (double)pool->size);
    optop_set(figure[FIGURE_IN_USE], (double)pool->in_use);
    optop_set(figure[FIGURE_IDLE], (double)pool->idle);
    optop_set(figure[FIGURE_REUSE],
        acquired ? 100.0 * (double)pool->reused / (double)acquired : __builtin_nan(""));
    board_store_total(figure[FIGURE_CREATED], pool->created);
    board_store_total(figure[FIGURE_REUSED], pool->reused);
    board_store_total(figure[FIGURE_RETIRED], pool->retired);
    if (pool->acquire && pool->acquire->count != published->acquired) {
        board_store_histogram(figure[FIGURE_ACQUIRE], pool->acquire);
        published->acquired = pool->acquire->count;
    }
}

void
publisher_resources(struct publisher *publisher)
{
    if (publisher)
        optop_board_publish(publisher->board);
}

static struct published_task *
find_task(struct publisher *publisher, const struct task_stat *task)
{
    char labels[OPTOP_LABELS_MAX];
    struct published_task *unused = NULL;
    for (int i = 0; i < TASKS_MAX; i++) {
        struct published_task *published = &publisher->task[i];
        if (published->name[0] && !strcmp(published->name, task->name))
            return published;
        if (!published->name[0] && !unused)
            unused = published;
    }
    if (!unused || !task->name[0])
        return NULL;
    snprintf(labels, sizeof labels, "task=%s", task->name);
    *unused = (struct published_task){
        .in_progress = optop_gauge(publisher->board, "task.in_progress", "", labels),
        .failed = optop_counter(publisher->board, "task.failed", "", labels),
        .duration = optop_histogram(publisher->board, "task.duration", labels),
    };
    str_copy(unused->name, sizeof unused->name, task->name);
    return unused;
}

static void
publish_task(struct publisher *publisher, const struct task_stat *task)
{
    struct published_task *published = find_task(publisher, task);
    if (!published || published->seen) /* the first of a name is that which is shown */
        return;
    published->seen = true;
    optop_set(published->in_progress, (double)task->in_progress);
    board_store_total(published->failed, task->failed);
    if (task->duration.count != published->count) {
        board_store_histogram(published->duration, &task->duration);
        published->count = task->duration.count;
    }
}

void
publisher_tasks(struct publisher *publisher, const struct tasks *tasks)
{
    if (!publisher)
        return;
    for (int i = 0; i < tasks->count; i++)
        publish_task(publisher, tasks->task[i]);
    for (int i = 0; i < TASKS_MAX; i++) {
        struct published_task *published = &publisher->task[i];
        if (published->name[0] && !published->seen) {
            optop_remove(published->in_progress);
            optop_remove(published->failed);
            optop_remove(published->duration);
            published->name[0] = '\0';
        }
        published->seen = false;
    }
}

static struct published_webhook *
find_webhook(struct publisher *publisher, const char *name)
{
    char labels[OPTOP_LABELS_MAX];
    struct published_webhook *unused = NULL;
    for (int i = 0; i < WEBHOOKS_MAX; i++) {
        struct published_webhook *published = &publisher->webhook[i];
        if (!strcmp(published->name, name))
            return published;
        if (!published->name[0] && !unused)
            unused = published;
    }
    if (!unused)
        return NULL;
    struct optop_board *board = publisher->board;
    snprintf(labels, sizeof labels, "webhook=%s", name);
    *unused = (struct published_webhook){
        .waiting = optop_gauge(board, "webhook.waiting", "", labels),
        .failures = optop_gauge(board, "webhook.failures", "", labels),
        .circuit = optop_gauge(board, "webhook.circuit", "", labels),
        .delivered = optop_counter(board, "webhook.delivered", "", labels),
        .digests = optop_counter(board, "webhook.digests", "", labels),
    };
    str_copy(unused->name, sizeof unused->name, name);
    return unused;
}

static void
drop_unseen_webhooks(struct publisher *publisher)
{
    for (int i = 0; i < WEBHOOKS_MAX; i++) {
        struct published_webhook *published = &publisher->webhook[i];
        if (published->name[0] && !published->seen) {
            optop_remove(published->waiting);
            optop_remove(published->failures);
            optop_remove(published->circuit);
            optop_remove(published->delivered);
            optop_remove(published->digests);
            published->name[0] = '\0';
        }
        published->seen = false;
    }
}

void
publisher_webhook(struct publisher *publisher, const struct webhook_figures *webhook)
{
    if (!publisher)
        return;
    if (!webhook) {
        drop_unseen_webhooks(publisher);
        return;
    }
    struct published_webhook *published = find_webhook(publisher, webhook->name);
    if (!published)
        return;
    published->seen = true;
    optop_set(published->waiting, webhook->waiting);
    optop_set(published->failures, webhook->failures);
    optop_set(published->circuit, webhook->circuit);
    board_store_total(published->delivered, webhook->delivered);
    board_store_total(published->digests, webhook->digests);
}
