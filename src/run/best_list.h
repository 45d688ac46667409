/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The N best trials of a run that keeps no others (keep.trials = top:N), and
 * what their rows in the store still lack: the list is ahead of the store until
 * a batch is committed. Of equal scores the lower trial is better, so that the
 * list is the same whatever the order in which trials end.
 */
#ifndef OPTOP_RUN_BEST_LIST_H
#define OPTOP_RUN_BEST_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "model/run.h"

struct best_entry {
    int64_t trial;
    double score;
    double wall_seconds; /* NaN: not known */
    double *values; /* owned; NULL once it is stored */
    char *metrics; /* owned; JSON object, NULL: none */
    int64_t finished_wall_ns;
    bool stored; /* its row is on disk */
};

struct best_list {
    enum run_goal goal;
    int limit; /* N */
    int count, capacity;
    struct best_entry *entry; /* a heap: the worst is first */
    int64_t *removed; /* trials whose rows are to go */
    int removed_count, removed_capacity;
};

void best_list_init(struct best_list *list, enum run_goal goal, int limit);
void best_list_release(struct best_list *list);

/* Would it be among the best? Scores are finite. */
bool best_list_admits(const struct best_list *list, int64_t trial, double score);

/* Adds one that is admitted; takes what the entry owns. */
void best_list_add(struct best_list *list, const struct best_entry *entry);

/* The rows are as the list is. */
void best_list_stored(struct best_list *list);

#endif
