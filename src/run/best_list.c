/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/best_list.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

void
best_list_init(struct best_list *list, enum run_goal goal, int limit)
{
    *list = (struct best_list){ .goal = goal, .limit = limit };
}

static void
drop_text(struct best_entry *entry)
{
    free(entry->values);
    free(entry->metrics);
    entry->values = NULL;
    entry->metrics = NULL;
}

void
best_list_release(struct best_list *list)
{
    for (int i = 0; i < list->count; i++)
        drop_text(&list->entry[i]);
    free(list->entry);
    free(list->removed);
    memset(list, 0, sizeof *list);
}

static bool
is_worse(const struct best_list *list, const struct best_entry *a, const struct best_entry *b)
{
    if (a->score == b->score)
        return a->trial > b->trial;
    return run_goal_better(list->goal, b->score, a->score);
}

bool
best_list_admits(const struct best_list *list, int64_t trial, double score)
{
    const struct best_entry given = { .trial = trial, .score = score };
    return list->count < list->limit || is_worse(list, &list->entry[0], &given);
}

static void
swap(struct best_entry *a, struct best_entry *b)
{
    struct best_entry kept = *a;
    *a = *b;
    *b = kept;
}

static void
sift_up(struct best_list *list, int i)
{
    for (int parent; i && is_worse(list, &list->entry[i], &list->entry[parent = (i - 1) / 2]);
         i = parent)
        swap(&list->entry[i], &list->entry[parent]);
}

static void
sift_down(struct best_list *list)
{
    for (int i = 0, child; (child = 2 * i + 1) < list->count; i = child) {
        if (child + 1 < list->count &&
            is_worse(list, &list->entry[child + 1], &list->entry[child]))
            child++;
        if (!is_worse(list, &list->entry[child], &list->entry[i]))
            return;
        swap(&list->entry[i], &list->entry[child]);
    }
}

static void
note_removed(struct best_list *list, const struct best_entry *entry)
{
    if (!entry->stored)
        return;
    XGROW(list->removed, list->removed_count, list->removed_capacity);
    list->removed[list->removed_count++] = entry->trial;
}

void
best_list_add(struct best_list *list, const struct best_entry *entry)
{
    if (list->count < list->limit) {
        XGROW(list->entry, list->count, list->capacity);
        list->entry[list->count] = *entry;
        sift_up(list, list->count++);
        return;
    }
    note_removed(list, &list->entry[0]);
    drop_text(&list->entry[0]);
    list->entry[0] = *entry;
    sift_down(list);
}

void
best_list_stored(struct best_list *list)
{
    for (int i = 0; i < list->count; i++) {
        list->entry[i].stored = true;
        drop_text(&list->entry[i]);
    }
    list->removed_count = 0;
}
