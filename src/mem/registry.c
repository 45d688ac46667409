/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mem/registry.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t visited = PTHREAD_COND_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct resource *first; /* all below under the lock */
static uint64_t last_id;

static void
before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void
after_fork(void)
{
    pthread_mutex_unlock(&lock);
}

/* The threads that were visiting are not here. */
static void
in_child(void)
{
    for (struct resource *at = first; at; at = at->next)
        at->visits = 0;
    pthread_mutex_unlock(&lock);
}

static void
start_once(void)
{
    pthread_atfork(before_fork, after_fork, in_child);
}

static bool
is_taken(const struct resource *resource)
{
    for (const struct resource *at = first; at; at = at->next)
        if (!strcmp(at->name, resource->name) && !strcmp(at->kind, resource->kind))
            return true;
    return false;
}

/* "buffers", "buffers-2", "buffers-3": each has figures of its own. */
static void
name_apart(struct resource *resource)
{
    char wanted[RESOURCE_NAME_MAX];
    memcpy(wanted, resource->name, sizeof wanted);
    for (int number = 2; is_taken(resource); number++) {
        char behind[16];
        int len = snprintf(behind, sizeof behind, "-%d", number);
        snprintf(resource->name, sizeof resource->name, "%.*s%s",
            RESOURCE_NAME_MAX - 1 - len, wanted, behind);
    }
}

void
registry_add(struct resource *resource)
{
    pthread_once(&once, start_once);
    pthread_mutex_lock(&lock);
    resource->name[RESOURCE_NAME_MAX - 1] = '\0';
    name_apart(resource);
    struct resource *before = NULL, *after = first;
    for (; after && after->priority <= resource->priority; after = after->next)
        before = after;
    resource->previous = before;
    resource->next = after;
    *(before ? &before->next : &first) = resource;
    if (after)
        after->previous = resource;
    resource->visits = 0;
    resource->leaving = false;
    resource->id = ++last_id;
    pthread_mutex_unlock(&lock);
}

void
registry_remove(struct resource *resource)
{
    if (!resource || !resource->id)
        return;
    pthread_mutex_lock(&lock);
    resource->leaving = true;
    while (resource->visits)
        pthread_cond_wait(&visited, &lock);
    *(resource->previous ? &resource->previous->next : &first) = resource->next;
    if (resource->next)
        resource->next->previous = resource->previous;
    resource->next = resource->previous = NULL;
    resource->id = 0;
    pthread_mutex_unlock(&lock);
}

static struct resource *
skip_leaving(struct resource *at)
{
    while (at && at->leaving)
        at = at->next;
    return at;
}

void
registry_each(void (*visit)(struct resource *resource, void *data), void *data)
{
    pthread_mutex_lock(&lock);
    for (struct resource *at = skip_leaving(first); at;) {
        at->visits++; /* it stays, and so does its place in the list */
        pthread_mutex_unlock(&lock);
        visit(at, data);
        pthread_mutex_lock(&lock);
        struct resource *next = skip_leaving(at->next);
        if (at->visits > 0 && --at->visits == 0)
            pthread_cond_broadcast(&visited);
        at = next;
    }
    pthread_mutex_unlock(&lock);
}
