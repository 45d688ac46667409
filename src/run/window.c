/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The window of trials that were asked for and are not all stored (live_run.h
 * says what it is for): a ring of entries, and one of their values beside it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "run/runner_private.h"

struct window_entry *
window_at(const struct run *run, int i)
{
    return &run->window[(run->window_head + i) % run->window_capacity];
}

double *
window_values(const struct run *run, int i)
{
    size_t slot = (size_t)((run->window_head + i) % run->window_capacity);
    return run->values + slot * (size_t)run->spec.dimension_count;
}

struct window_entry *
window_find(const struct run *run, int64_t trial)
{
    if (!run->window_count)
        return NULL;
    int64_t i = trial - window_at(run, 0)->trial;
    return i >= 0 && i < run->window_count ? window_at(run, (int)i) : NULL;
}

bool
window_grow(struct run *run)
{
    if (run->window_count < run->window_capacity)
        return true;
    if (run->window_capacity >= RUN_WINDOW_MAX)
        return false;
    int capacity = run->window_capacity ? 2 * run->window_capacity : 64;
    size_t dimensions = (size_t)run->spec.dimension_count;
    struct window_entry *window = xcalloc((size_t)capacity, sizeof *window);
    double *values = xcalloc((size_t)capacity * dimensions, sizeof *values);
    for (int i = 0; i < run->window_count; i++) {
        window[i] = *window_at(run, i);
        memcpy(values + (size_t)i * dimensions, window_values(run, i),
            dimensions * sizeof *values);
    }
    free(run->window);
    free(run->values);
    run->window = window;
    run->values = values;
    run->window_capacity = capacity;
    run->window_head = 0;
    return true;
}

void
window_pop_stored(struct run *run)
{
    while (run->window_count && window_at(run, 0)->state == WINDOW_STORED) {
        run->window_head = (run->window_head + 1) % run->window_capacity;
        run->window_count--;
    }
}
