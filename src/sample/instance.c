/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample/instance.h"

#include <stdlib.h>

#include "base/xalloc.h"

void
instances_init(struct instances *set, enum metric_group group)
{
    *set = (struct instances){ .group = group };
}

void
instances_release(struct instances *set)
{
    free(set->item);
    instances_init(set, set->group);
}

static bool
named(const struct instance *instance, struct scan name)
{
    size_t len = scan_length(name);
    return !memcmp(instance->name, name.at, len) && !instance->name[len];
}

static int
find(const struct instances *set, struct scan name)
{
    for (int i = set->next; i < set->count; i++)
        if (named(&set->item[i], name))
            return i;
    for (int i = 0; i < set->next && i < set->count; i++)
        if (named(&set->item[i], name))
            return i;
    return -1;
}

/* A slot for a new name: at the end, or of one that has gone. */
static int
slot_for_new(struct instances *set, uint64_t sequence)
{
    if (set->count < INSTANCES_MAX) {
        XGROW(set->item, set->count, set->capacity);
        return set->count++;
    }
    for (int i = 0; i < set->count; i++)
        if (set->item[i].row < 0 && set->item[i].seen != sequence && !set->item[i].known)
            return i;
    return -1;
}

struct instance *
instances_see(struct instances *set, struct scan name, uint64_t sequence)
{
    char text[SAMPLE_NAME_MAX];
    if (scan_length(name) == 0 || !scan_copy(name, text, sizeof text))
        return NULL;
    int i = find(set, name);
    if (i < 0) {
        i = slot_for_new(set, sequence);
        if (i < 0)
            return NULL;
        set->item[i] = (struct instance){ .kind = INSTANCE_NEW, .row = -1 };
        memcpy(set->item[i].name, text, sizeof text);
    }
    struct instance *instance = &set->item[i];
    set->next = i + 1;
    if (instance->seen == sequence)
        return NULL;
    instance->seen = sequence;
    return instance;
}

int
instance_row(struct instance *instance, struct sample *sample, enum metric_group group)
{
    const struct sample_rows *rows = &sample->rows[group];
    int i = instance->row;
    if (i < 0 || i >= rows->count || !rows->row[i].present
        || strcmp(rows->row[i].name, instance->name) != 0)
        instance->row = sample_row(sample, group, instance->name);
    return instance->row;
}

void
instances_sweep(struct instances *set, struct sample *sample, uint64_t sequence)
{
    set->next = 0;
    for (int i = 0; i < set->count; i++) {
        struct instance *instance = &set->item[i];
        if (instance->seen == sequence)
            continue;
        if (instance->row >= 0)
            sample->rows[set->group].row[instance->row].present = false;
        instance->row = -1;
        instance->known = false;
    }
}
