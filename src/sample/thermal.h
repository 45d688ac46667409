/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How hot the processors are: the sensors of their packages in hwmon (coretemp, k10temp, ...),
 * else a thermal zone that is theirs. They are looked for once; none: not known. Internal to src/sample.
 */
#ifndef OPTOP_SAMPLE_THERMAL_H
#define OPTOP_SAMPLE_THERMAL_H

#include <stdint.h>

#include "sample/procfs.h"

enum {
    THERMAL_SENSORS_MAX = 16, /* packages of one machine */
    THERMAL_EVERY = 5, /* samples: what is warm changes slowly, and a sensor may be slow to answer */
};

struct thermal {
    struct procfs_file sensor[THERMAL_SENSORS_MAX];
    int count;
    double celsius; /* of the hottest, as last read; NaN: not known */
};

void thermal_init(struct thermal *thermal, const char *sys_root);
void thermal_release(struct thermal *thermal);

/* Reads when the turn has come; what was read last, else. */
double thermal_take(struct thermal *thermal, struct procfs_buffer *buffer, uint64_t sequence);

#endif
