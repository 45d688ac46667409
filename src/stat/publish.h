/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What optop's own programs count of their pools and tasks, mirrored on a
 * board of theirs: once per tick, by the thread that counts.
 *
 *   all resources (mem/registry.h), by optop_board_publish
 *   pool.size pool.in_use pool.idle pool.created pool.reused pool.retired
 *   pool.reuse (percent) pool.acquire       labels "pool=NAME"
 *   task.in_progress task.failed task.duration     labels "task=NAME"
 *   webhook.waiting webhook.failures webhook.circuit (0 closed, 1 open, 2 half-open,
 *   3 disabled) webhook.delivered webhook.digests  labels "webhook=NAME"
 */
#ifndef OPTOP_STAT_PUBLISH_H
#define OPTOP_STAT_PUBLISH_H

#include "stat/figures.h"
#include "stat/tasks.h"

struct publisher;

/* NULL where no board can be had; NULL is fine below. */
struct publisher *publisher_open(const char *program);
void publisher_close(struct publisher *publisher);

/* Each pool under its name, eight at most. */
void publisher_pool(struct publisher *publisher, const struct pool_figures *pool);

/* All resources of the process. */
void publisher_resources(struct publisher *publisher);

struct webhook_figures {
    const char *name;
    double waiting, failures, circuit;
    uint64_t delivered, digests;
};

/* Each webhook under its name; then, with NULL, those that were not told again are
 * taken off. */
void publisher_webhook(struct publisher *publisher, const struct webhook_figures *webhook);

/* All tasks: those that are no longer among them are taken off. */
void publisher_tasks(struct publisher *publisher, const struct tasks *tasks);

#endif
