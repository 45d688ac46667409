/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names of metrics that become known while trials are evaluated: a list that
 * only grows, for all threads that evaluate. A name's number is its column.
 */
#ifndef OPTOP_OBJECTIVE_METRIC_NAMES_H
#define OPTOP_OBJECTIVE_METRIC_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "model/run.h"

/* A name as it may be used: characters that are not letters, digits, '.', '_' or
 * '-' become '_', and it is cut to fit. False: it is empty, or what is measured
 * of every trial anyway. */
bool metric_name_clean(const char *name, size_t len, char clean[RUN_NAME_MAX]);

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
