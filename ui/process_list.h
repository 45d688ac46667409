/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Processes as the server tells them: everything at first, then what has
 * changed. And how they look as a table, or as a tree.
 */
#ifndef OPTOP_UI_PROCESS_LIST_H
#define OPTOP_UI_PROCESS_LIST_H

#include "io/procmore.h"
#include "ui/table.h"

enum {
    PROCESS_USERS_MAX = 64,
    PROCESS_FIGURES_AT_ONCE = 32, /* processes whose dear figures are asked for in one tick */
};

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
    double figure[PROCMORE_COUNT]; /* as shown: faults and switches per second; NaN: not known */
    double counted[PROCMORE_COUNT], counted_seconds; /* what rates are made of */
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
    int figures_next; /* whose turn it is */
    int column_set; /* the one that C has chosen last */
};

void process_list_release(struct process_list *list);

/* Takes an answer of `processes`. */
void process_list_apply(struct process_list *list, const json_t *result);

/* NULL: there is none (any more). */
const struct process_row *process_list_find(const struct process_list *list, uint64_t key);

/* Columns whose figures are dear are asked for while they are shown: of the rows from first on,
 * count of them, in turn; when they are sorted by, of all. NULL: nothing is to be asked. */
json_t *process_list_ask(struct process_list *list, const struct table *table, int first, int count);
unsigned process_list_dear(void); /* bits: those columns, hidden at first */
void process_list_take_figures(struct process_list *list, const json_t *result);

/* "pss,swap": these beside pid, cpu and command; "all"; "": the next set that ships. False: *ret_unknown
 * (of size) is the word that names no column; nothing has changed. */
bool process_list_columns(struct process_list *list, struct table *table, const char *text, char *ret_unknown,
    size_t size);

extern const struct table_class process_list_class;

#endif
