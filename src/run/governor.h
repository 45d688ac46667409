/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How many workers `workers = auto` means now. Decides only: no clock, no I/O;
 * figures of the machine go in once per sample, a target and its reason in
 * words come out.
 *
 *   ceiling  what the usable cores allow, scaled by the CPU headroom beside
 *            others (our own runs' use is not others'), and what memory allows:
 *            scaled by the memory headroom until a trial's memory is measured,
 *            then by that
 *   target   starts at the ceiling; one up per GOVERNOR_UP_SECONDS of calm,
 *            halved under pressure, not again for GOVERNOR_DOWN_SECONDS; at least 1
 */
#ifndef OPTOP_RUN_GOVERNOR_H
#define OPTOP_RUN_GOVERNOR_H

#include <stdint.h>

#include "base/clock.h"
#include "optop/memory.h"

#define GOVERNOR_UP_NS (3 * NS_PER_SEC)
#define GOVERNOR_DOWN_NS (5 * NS_PER_SEC)
#define GOVERNOR_LOWER_NS (3 * NS_PER_SEC) /* so long a lower ceiling must hold */

enum { GOVERNOR_REASON_MAX = 128 };

struct governor_options {
    double max_memory_pct, max_cpu_pct; /* 0 < .. <= 100 */
};

/* NaN: not known. */
struct governor_figures {
    int slots; /* most workers: usable cores with quota and affinity, or configured */
    int workers; /* of all runs, alive */
    double cpu_pct; /* of the machine's cores, all use */
    double cores_online;
    double run_cores; /* of that, our runs' use, in cores */
    double memory_bytes, memory_used_bytes; /* of the cgroup's limit if any, else the machine */
    double trial_bytes; /* measured; 0: not yet */
    double memory_stall_pct; /* share of time in which all tasks waited for memory */
    enum optop_pressure pressure; /* how short memory of machine and cgroup is */
};

/* Zeroed: fresh. */
struct governor {
    int target; /* 0: not stepped yet */
    int64_t changed_ns, lower_since_ns; /* lower_since_ns 0: the ceiling is not below */
    char reason[GOVERNOR_REASON_MAX]; /* "4 of 8: memory 78 % of 80 %" */
};

/* now: monotonic, not 0. Returns the target, 1 to slots. */
int governor_step(struct governor *governor, const struct governor_options *options,
    const struct governor_figures *figures, int64_t now_ns);

#endif
