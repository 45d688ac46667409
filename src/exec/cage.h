/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A cage holds every process of a run, daemonized grandchildren too, and can
 * end them all. The means, best first:
 *   cgroup2    a cgroup of the run's own; cgroup.kill ends all at once
 *   subreaper  the worker adopts orphans of its trials and sweeps them
 *   group      the process group only (nothing better is permitted)
 * One fresh cgroup per run and start: a cgroup that was killed once kills
 * newcomers too (see the research of cgroup.kill).
 *
 * The server is a subreaper as well (unless the kind is group): when a worker
 * is killed, its trials' processes become the server's. It therefore calls
 * cage_reap() at every SIGCHLD. Its own children are the claimed ones of
 * io/child.h; any other child is an orphan of a dead worker.
 *
 * OPTOP_CAGE=cgroup2|subreaper|group in the server's environment chooses the
 * best means that is tried.
 *
 * Every process of a run also carries OPTOP_RUN=<mark> in its environment, so
 * that what a killed server left behind is found at the next start.
 */
#ifndef OPTOP_EXEC_CAGE_H
#define OPTOP_EXEC_CAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "exec/control.h"

enum cage_kind { CAGE_CGROUP2, CAGE_SUBREAPER, CAGE_GROUP };

enum { CAGE_MARK_MAX = 96 };

/* Names of the cells' directories: prefix and number. */
#define CAGE_CELL_PREFIX "worker-"

struct cage;

const char *cage_kind_name(enum cage_kind kind);

/* mark names the run for this user's server: "<uid>.<store id>.<run>".
 * Never fails: falls back to the next means. Owned; cage_close. */
struct cage *cage_open(const char *mark);
enum cage_kind cage_kind(const struct cage *cage);

/* Where a controller's files are for this cage: in its own cgroup where cgroup2
 * has the controller, else in a cgroup in the controller's v1 tree, made at the
 * first asking for the workers that start from then on. Its directory is
 * borrowed; NULL: there is none, or none is permitted. */
struct control cage_control(struct cage *cage, enum control_id id);

/* CPU time that its processes have used, those that ended too; -1: not known
 * (there is no cgroup). */
int64_t cage_cpu_ns(const struct cage *cage);

/* A cell is one worker's own part of the cage's cgroups: what a worker leaves
 * behind can be ended without its neighbours, and has a memory limit of its own. */
struct cage_cell {
    char *directory; /* cgroup2; owned, NULL: none */
    char *memory; /* in the v1 tree of the memory controller; owned, NULL: none */
};

/* Makes what the cage has cgroups for. A cell that was killed is not used again. */
struct cage_cell cage_cell_make(struct cage *cage);

/* Where its memory limit is written; NULL: nowhere. Borrowed. */
const char *cage_cell_memory(const struct cage_cell *cell);

/* The paths of the cgroup.procs files into each of which the worker writes "0"
 * before its first trial. Owned strings (free()); returns their count. */
enum { CAGE_JOINS_MAX = 1 + CONTROLS };
int cage_joins(const struct cage *cage, const struct cage_cell *cell, char *ret_path[CAGE_JOINS_MAX]);

void cage_cell_kill(const struct cage_cell *cell);

/* Removes, frees; what is not empty yet, cage_close removes. */
void cage_cell_remove(struct cage_cell *cell);

/* Ends every process in it at once, workers included. Blocks for at most
 * about 50 ms: against processes that fork as fast as they are ended, call it
 * again while cage_populated(). New workers need a new cage. */
void cage_kill(struct cage *cage);

/* Is any process of the cage alive? (cgroup.events, else the mark in /proc.) */
bool cage_populated(const struct cage *cage);

/* Kills what is left (waits at most a second, usually not at all), removes
 * the cgroup, frees. */
void cage_close(struct cage *cage);

/* At the server's start: ends everything that an earlier server of this store
 * left behind (mark prefix "<uid>.<store id>."), removes its cgroups. Returns
 * the number of processes ended. Waits at most a second. */
int cage_sweep_leftovers(const char *mark_prefix);

/* Reaps orphans that the server has adopted and that have ended; never takes
 * the exit status of a worker. Returns their number. */
int cage_reap(void);

/* Ends the orphans of a worker that died: adopted processes, and those with
 * the cage's mark that hang from no living worker. One pass of a few
 * milliseconds: returns how many were alive; repeat until 0. */
int cage_kill_orphans(const char *mark);

#endif
