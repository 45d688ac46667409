/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Limits of a run, and what holds each. One table (limit.c) says for every
 * limit which means are tried, best first:
 *   cgroup2     a file of the cage's cgroup, or of a worker's cell in it
 *   cgroup1     the same in the controller's own v1 tree, where that has it
 *   rlimit      setrlimit in the worker, inherited by its trials: holds each
 *               process, not their sum
 *   scheduling  setpriority, ioprio_set, sched_setaffinity, inherited likewise
 * The server asks the cgroup when the cage opens; the rest is done by each
 * worker before its first trial, which answers what was refused. What nothing
 * holds is said, never dropped. Server: loop thread only.
 *
 * OPTOP_LIMITS=cgroup2|cgroup1|rlimit in the server's environment chooses the best
 * means that is tried.
 */
#ifndef OPTOP_EXEC_LIMIT_H
#define OPTOP_EXEC_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "exec/control.h"
#include "model/limits.h"

enum limit_means {
    LIMIT_BY_CGROUP2,
    LIMIT_BY_CGROUP1,
    LIMIT_BY_RLIMIT,
    LIMIT_BY_SCHEDULING,
    LIMIT_BY_NOTHING,
};

enum limit_id {
    LIMIT_MEMORY,
    LIMIT_TRIAL_MEMORY,
    LIMIT_CPU,
    LIMIT_NICE,
    LIMIT_IO_PRIORITY,
    LIMIT_AFFINITY,
    LIMIT_OPEN_FILES,
    LIMIT_CORE_DUMPS,
    LIMIT_COUNT
};

enum { LIMIT_NOTE_MAX = 128 };

/* How one limit of a run is held. */
struct limit_held {
    enum limit_means means;
    char note[LIMIT_NOTE_MAX]; /* what it does not hold, or why nothing does; "" */
};

/* Zeroed: not opened, holds nothing. */
struct limit_set {
    bool opened;
    struct run_limits wanted;
    struct control control[CONTROLS]; /* of the cage; its directories are borrowed */
    struct limit_held held[LIMIT_COUNT];
    int64_t oom_kills; /* of the cage's cgroup, told so far */
};

/* Would a cgroup with this controller be of use? (Cages make some when asked.) */
bool limit_wants_control(const struct run_limits *wanted, enum control_id id);

/* Asks the cgroups for what they can hold; the rest goes to the workers.
 * control: NULL, or those that the cage has. A directory and its parent (where
 * cgroup2 makes controllers available) may be any: a test makes its own. */
void limit_set_open(struct limit_set *set, const struct run_limits *wanted,
    const struct control control[CONTROLS]);

/* Other limits for a run that runs. What cgroups hold, they hold at once; true:
 * the rest needs new workers. */
bool limit_set_change(struct limit_set *set, const struct run_limits *wanted,
    const struct control control[CONTROLS]);

/* Is this limit asked for? (No core dumps is: it is the default.) */
bool limit_wanted(const struct run_limits *wanted, enum limit_id id);

/* A worker's cell gets the limits of one trial. cell: its directory in the tree
 * of the memory controller; NULL: it has none. 0, or -errno: then it is noted. */
int limit_set_cell(struct limit_set *set, const char *cell);
void limit_set_cell_gone(struct limit_set *set, const char *cell); /* before it is removed */

/* Has the kernel ended a process of the run for its memory since the last call?
 * Then the limit that may have done it, as a person reads it, in buf. */
bool limit_set_oom(struct limit_set *set, char *buf, size_t size);

/* For the worker's init: {"nice":5,...}, what it is to do. */
void limit_set_write_orders(struct json_writer *w, const char *key, const struct limit_set *set);

/* A worker has answered what it was refused: {"nice":"Permission denied"}. */
void limit_set_refused(struct limit_set *set, const json_t *refused);

/* [{"name":"memory","value":..,"held_by":"cgroup2","note":""}], of those asked for. */
void limit_set_write(struct json_writer *w, const char *key, const struct limit_set *set);

/* In the worker: does what the orders say. What is refused is added to
 * `refused`, an object of texts. */
void limit_apply(const json_t *orders, json_t *refused);

const char *limit_name(enum limit_id id);
const char *limit_means_name(enum limit_means means);

#endif
