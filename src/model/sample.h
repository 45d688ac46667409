/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One reading of the machine, indexed by metric. A figure that is not known
 * is NaN. Rows of a per-instance group keep their index while the instance
 * exists, so history can be kept by (metric, row); a row that has gone is
 * kept with present = false until its name comes back or its slot is reused.
 *
 * Nothing here allocates once every instance has been seen.
 */
#ifndef OPTOP_MODEL_SAMPLE_H
#define OPTOP_MODEL_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "model/metric.h"

enum {
    SAMPLE_NAME_MAX = 96, /* a figure, its program and labels */
    SAMPLE_ROWS_MAX = 1024, /* instances of one group */
    SAMPLE_COLUMNS_MAX = 16, /* metrics of one per-instance group */
};

struct sample_row {
    char name[SAMPLE_NAME_MAX]; /* "0", "vda", "eth0"; cleaned */
    bool present;
    double value[SAMPLE_COLUMNS_MAX]; /* by metric - group's first metric */
};

struct sample_rows {
    int count;
    int capacity;
    unsigned naming; /* counts names that rows were given */
    struct sample_row *row; /* owned by the sample */
};

struct sample {
    uint64_t sequence; /* 1 for the first */
    int64_t mono_ns;
    int64_t wall_ns;
    double interval_seconds; /* since the sample before; NaN in the first */
    double scalar[METRIC_COUNT]; /* metrics of groups without instances */
    struct sample_rows rows[GROUP_COUNT];
};

void sample_init(struct sample *sample); /* every figure unknown */
void sample_release(struct sample *sample);

/* The row of an instance, made when new (marked present, all NaN); its index,
 * or ERR_TOO_LARGE when the group is full. Reuses slots of absent instances
 * only when SAMPLE_ROWS_MAX is reached. */
int sample_row(struct sample *sample, enum metric_group group, const char *name);

/* Index of an instance by name, or ERR_NOT_FOUND. */
int sample_find_row(const struct sample *sample, enum metric_group group, const char *name);

/* The value of a metric; row is ignored for groups without instances. NaN
 * when there is no such row or it is not present. */
double sample_value(const struct sample *sample, enum metric metric, int row);

void sample_set(struct sample *sample, enum metric metric, int row, double value);

#endif
