/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/metric_names.h"

#include <ctype.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "model/trial.h"
#include "objective/batch.h"

bool
metric_name_clean(const char *name, size_t len, char clean[RUN_NAME_MAX])
{
    len = len < RUN_NAME_MAX ? len : RUN_NAME_MAX - 1;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];
        bool plain = c < 0x80 && (isalnum(c) || c == '.' || c == '_' || c == '-');
        clean[i] = plain ? (char)c : '_';
    }
    clean[len] = '\0';
    for (const char *const *measure = trial_measure_names; *measure; measure++)
        if (!strcmp(*measure, clean))
            return false;
    return len > 0;
}

struct metric_names {
    pthread_mutex_t lock; /* of adding */
    atomic_int count;
    char name[BATCH_METRICS_MAX][RUN_NAME_MAX];
};

struct metric_names *
metric_names_new(void)
{
    struct metric_names *names = XNEW(struct metric_names);
    pthread_mutex_init(&names->lock, NULL);
    return names;
}

void
metric_names_free(struct metric_names *names)
{
    if (!names)
        return;
    pthread_mutex_destroy(&names->lock);
    free(names);
}

int
metric_names_count(const struct metric_names *names)
{
    return atomic_load_explicit(&names->count, memory_order_acquire);
}

const char *
metric_names_at(const struct metric_names *names, int number)
{
    return names->name[number];
}

static int
find(const struct metric_names *names, const char *name)
{
    int count = metric_names_count(names);
    for (int i = 0; i < count; i++)
        if (!strcmp(names->name[i], name))
            return i;
    return -1;
}

int
metric_names_find(struct metric_names *names, const char *name,
    void (*added)(void *context, int number), void *context)
{
    int at = find(names, name);
    if (at >= 0 || metric_names_count(names) == BATCH_METRICS_MAX)
        return at;
    pthread_mutex_lock(&names->lock);
    int count = metric_names_count(names);
    at = find(names, name);
    if (at < 0 && count < BATCH_METRICS_MAX) {
        at = count;
        str_copy(names->name[at], RUN_NAME_MAX, name);
        if (added)
            added(context, at);
        atomic_store_explicit(&names->count, count + 1, memory_order_release);
    }
    pthread_mutex_unlock(&names->lock);
    return at;
}
