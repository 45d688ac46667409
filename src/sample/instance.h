/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The named things of one kernel table (disks, interfaces): finds each by the
 * name in the file, keeps its last counters, and its row of the sample while
 * it is shown. A table lists its things in the same order every time, so a
 * search mostly ends at its first comparison.
 */
#ifndef OPTOP_SAMPLE_INSTANCE_H
#define OPTOP_SAMPLE_INSTANCE_H

#include "sample/source.h"

enum {
    INSTANCES_MAX = 4096, /* known at once; further ones are not seen */
    INSTANCE_COUNTERS = 6,
};

enum instance_kind { INSTANCE_NEW, INSTANCE_SHOWN, INSTANCE_HIDDEN };

struct instance {
    char name[SAMPLE_NAME_MAX];
    enum instance_kind kind; /* NEW until its source has judged the name */
    int row; /* in the sample; -1 while it has none */
    bool known; /* before[] is of the turn before */
    uint64_t seen; /* sequence of the sample that had it last */
    uint64_t before[INSTANCE_COUNTERS];
    double most; /* of a link: bytes per second; NaN: not known */
    uint64_t most_seen; /* sequence of the sample that it is of */
};

struct instances {
    enum metric_group group;
    int count, capacity;
    int next; /* where the next name is looked for first */
    struct instance *item; /* owned */
};

void instances_init(struct instances *set, enum metric_group group);
void instances_release(struct instances *set);

/* The instance of that name, made when new, marked as seen in this turn.
 * NULL when the name is empty or too long, the table is full, or the name was
 * seen in this turn already. Borrowed until the next call. */
struct instance *instances_see(struct instances *set, struct scan name, uint64_t sequence);

/* Its row of the sample; negative when the group is full. */
int instance_row(struct instance *instance, struct sample *sample, enum metric_group group);

/* Ends a turn: rows of things that were not seen are no longer present. */
void instances_sweep(struct instances *set, struct sample *sample, uint64_t sequence);

#endif
