/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All processes of the machine, read only when somebody asks: a listing of
 * /proc (sample/pidlist.h), and of each process one file that stays open. Which of them
 * have changed since when is kept. A process that has not run since the take before,
 * which its CPU clock tells, costs one reading of that clock and nothing behind it.
 * No allocation but for processes that are new. The loop's thread.
 */
#ifndef OPTOP_SAMPLE_PROCTABLE_H
#define OPTOP_SAMPLE_PROCTABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    PROCESS_NAME_MAX = 64,
    PROCESS_COMMAND_MAX = 240, /* bytes, cleaned; the rest of a longer one is left out */
    PROCESSES_GONE_MAX = 1024, /* ends that are remembered */
};

struct procrow {
    int pid, parent;
    uint64_t start; /* ticks since boot: with pid, who it is */
    uint64_t changed, named; /* takes in which its figures, its name were new */
    uid_t uid;
    char state; /* as in proc(5) */
    int nice, threads;
    double cpu_pct; /* of one core, since the take before; NaN at first */
    double cpu_seconds;
    int64_t rss_bytes;
    double read_bytes, write_bytes; /* from and to disks, per second; NaN: not known */
    int64_t run, trial; /* that it belongs to; 0: none */
    char name[PROCESS_NAME_MAX], command[PROCESS_COMMAND_MAX]; /* cleaned; command "": a kernel thread */
    struct procrow_files *files; /* owned */
};

struct proctable;

struct proctable *proctable_new(const char *proc_root);
void proctable_free(struct proctable *list);

/* Reads all anew. 0, or -errno when /proc cannot be listed. */
int proctable_take(struct proctable *list, int64_t mono_ns);

uint64_t proctable_takes(const struct proctable *list); /* so far */
int64_t proctable_taken_ns(const struct proctable *list); /* when last */

/* By rising pids; the caller may mark runs. */
int proctable_count(const struct proctable *list);
struct procrow *proctable_at(const struct proctable *list, int index);
struct procrow *proctable_find(const struct proctable *list, int pid); /* or NULL */

/* Something was done to a process that may not make it run: the next take reads it. */
void proctable_look(const struct proctable *list, int pid);

/* Notes that something of it that is told has changed in this take. */
void proctable_touch(const struct proctable *list, struct procrow *process);

/* Pids that have ended after a take, oldest first; false: not all are known any more. */
bool proctable_gone(const struct proctable *list, uint64_t take,
    void (*see)(void *context, int pid), void *context);

#endif
