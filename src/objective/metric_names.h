/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names of metrics that become known while trials are evaluated: a list that
 * only grows, for all threads that evaluate. A name's number is its column.
 */
#ifndef OPTOP_OBJECTIVE_METRIC_NAMES_H
#define OPTOP_OBJECTIVE_METRIC_NAMES_H

struct metric_names;

struct metric_names *metric_names_new(void);
void metric_names_free(struct metric_names *names);

/* The number of a name, which is added when there is room; else -1. `added` (may
 * be NULL) is called for a new one before any thread can find it. Any thread. */
int metric_names_find(struct metric_names *names, const char *name,
    void (*added)(void *context, int number), void *context);

/* How many there are; names below that stay. Any thread. */
int metric_names_count(const struct metric_names *names);
const char *metric_names_at(const struct metric_names *names, int number);

#endif
