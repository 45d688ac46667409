/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How long a run will take, by what earlier runs of the same objective took. A guess
 * from means: nothing is known where there was none, and nothing is said then. The trials
 * of another part of the space, or of other parameters, may take longer.
 */
#ifndef OPTOP_RUN_ESTIMATE_H
#define OPTOP_RUN_ESTIMATE_H

#include "model/run.h"
#include "store/store_run.h"

enum {
    ESTIMATE_RUNS_MAX = 8, /* earlier runs that it goes by: the newest */
    ESTIMATE_LOOK_MAX = 50, /* that are looked at for them */
    ESTIMATE_TEXT_MAX = 128 * 1024, /* bytes of their run files that are read: a millisecond or two */
};

struct estimate {
    int count;
    int64_t trials; /* of all those runs */
    struct {
        double trial_seconds; /* mean, of one trial */
        double side_by_side; /* how many at a time */
    } run[ESTIMATE_RUNS_MAX];
};

/* The newest runs in the store that evaluate the same: the same command, function, plugin
 * or file. slots: workers of all runs together. */
int estimate_read(struct store *store, const struct run_spec *spec, int slots, struct estimate *ret);

/* From the shortest to the longest that those runs let expect; false: nothing is known. */
bool estimate_seconds(const struct estimate *estimate, int64_t trials, double *ret_low, double *ret_high);

#endif
