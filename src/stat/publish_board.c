/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All resources of the process on a board: KIND.FIGURE, labels "KIND=NAME".
 */
#include "stat/publish_board.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "mem/registry.h"
#include "stat/board.h"

enum { SHOWN_MAX = 256 }; /* resources on one board; those beyond are not shown */

struct shown_resource {
    struct shown_resource *next;
    uint64_t id; /* the registry's */
    bool seen;
    int count;
    struct optop_figure *figure[RESOURCE_FIGURES_MAX];
};

struct pass {
    struct optop_board *board;
    struct shown_resource **place; /* where the next one is expected: they keep their order */
    int shown;
};

/* One pass at a time, of whatever board. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static struct shown_resource *
find(struct pass *pass, uint64_t id)
{
    struct shown_resource **first = board_shown(pass->board);
    for (struct shown_resource **at = pass->place; *at; at = &(*at)->next)
        if ((*at)->id == id)
            return *(pass->place = at);
    for (struct shown_resource **at = first; at != pass->place; at = &(*at)->next)
        if ((*at)->id == id)
            return *(pass->place = at);
    struct shown_resource *shown = pass->shown < SHOWN_MAX ? calloc(1, sizeof *shown) : NULL;
    if (!shown)
        return NULL;
    shown->id = id;
    shown->next = *pass->place;
    *pass->place = shown;
    return shown;
}

static struct optop_figure *
want(struct optop_board *board, const struct resource *resource,
    const struct resource_figure *figure)
{
    char name[OPTOP_NAME_MAX], labels[OPTOP_LABELS_MAX];
    snprintf(name, sizeof name, "%s.%s", resource->kind, figure->name);
    snprintf(labels, sizeof labels, "%s=%s", resource->kind, resource->name);
    return figure->kind == RESOURCE_COUNTER ? optop_counter(board, name, figure->unit, labels)
                                            : optop_gauge(board, name, figure->unit, labels);
}

static void
publish(struct optop_figure *figure, const struct resource_figure *read)
{
    if (read->kind == RESOURCE_GAUGE)
        optop_set(figure, read->value);
    else
        board_store_total(figure, read->value > 0 ? (uint64_t)read->value : 0);
}

static void
show(struct resource *resource, void *data)
{
    struct pass *pass = data;
    struct resource_figure read[RESOURCE_FIGURES_MAX];
    int count = resource->figures ? resource->figures(resource, read) : 0;
    struct shown_resource *shown = count > 0 ? find(pass, resource->id) : NULL;
    if (!shown)
        return;
    pass->place = &shown->next;
    pass->shown++;
    shown->seen = true;
    for (int i = 0; i < count && i < RESOURCE_FIGURES_MAX; i++) {
        if (i >= shown->count)
            shown->figure[shown->count++] = want(pass->board, resource, &read[i]);
        publish(shown->figure[i], &read[i]);
    }
}

/* Those that the pass did not meet are gone. */
static void
sweep(struct shown_resource **at)
{
    while (*at) {
        struct shown_resource *shown = *at;
        bool seen = shown->seen;
        shown->seen = false;
        if (seen) {
            at = &shown->next;
            continue;
        }
        for (int i = 0; i < shown->count; i++)
            optop_remove(shown->figure[i]);
        *at = shown->next;
        free(shown);
    }
}

void
optop_board_publish(struct optop_board *board)
{
    struct shown_resource **first = board_shown(board);
    if (!first)
        return;
    pthread_mutex_lock(&lock);
    struct pass pass = { .board = board, .place = first };
    registry_each(show, &pass);
    sweep(first);
    pthread_mutex_unlock(&lock);
}

void
shown_resources_free(struct shown_resource *shown)
{
    while (shown) {
        struct shown_resource *next = shown->next;
        free(shown);
        shown = next;
    }
}
