/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Processes as the server tells them: everything at first, then what has
 * changed. And how they look as a table, or as a tree.
 */
#ifndef OPTOP_UI_PROCESS_LIST_H
#define OPTOP_UI_PROCESS_LIST_H

#include "ui/table.h"

enum { PROCESS_USERS_MAX = 64 };

struct process_row {
    int pid, parent;
    uint64_t start; /* ticks since boot */
    int uid;
    char state;
    int nice, threads;
    double cpu_pct; /* of one core */
    double cpu_seconds, rss_bytes;
    double read_bytes, write_bytes; /* per second; NaN: not known */
    int64_t run, trial; /* 0: of none */
    char name[32], command[128]; /* command "": a kernel thread */
};

struct process_list {
    struct process_row *row; /* owned; by rising pids */
    int count, capacity;
    int64_t take; /* what to ask from; 0: everything */
    int64_t more; /* not 0: the answer goes on */
    int64_t since; /* what was asked for last */
    struct {
        int uid;
        char name[32];
    } user[PROCESS_USERS_MAX]; /* names that have been looked up */
    int user_count;
};

void process_list_release(struct process_list *list);

/* Takes an answer of `processes`. */
void process_list_apply(struct process_list *list, const json_t *result);

/* NULL: there is none (any more). */
const struct process_row *process_list_find(const struct process_list *list, uint64_t key);

extern const struct table_class process_list_class;

#endif
