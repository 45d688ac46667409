/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which processes there are, by rising pids. All of /proc is listed at first and now
 * and then; in between only the pids that the kernel has given since, for a listing
 * costs as much as a look at each process. One that has ended stays until its
 * owner finds it gone. The loop's thread.
 */
#ifndef OPTOP_SAMPLE_PIDLIST_H
#define OPTOP_SAMPLE_PIDLIST_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    PROCESSES_MAX = 100000, /* those beyond, by pid, are not seen */
    PIDLIST_BYTES_MAX = 32 * 1024, /* of a listing, read at once */
};

struct pidlist {
    int directory; /* the listed one; -1: there is none */
    bool live; /* pids are given out as this process sees them */
    int last_file; /* descriptor: which pid was given last; -1 */
    int last, last_before; /* that, before this listing and the one before; 0: not known */
    unsigned takes;
    struct pid_place {
        int pid;
        int64_t offset; /* of its entry in the directory */
    } *place; /* owned */
    int count, capacity;
    union {
        struct dirent64 entry;
        char bytes[PIDLIST_BYTES_MAX];
    } listing;
};

/* live: root is the /proc of this process's own namespace. */
void pidlist_init(struct pidlist *list, const char *root, bool live);
void pidlist_release(struct pidlist *list);

/* 0, or -errno when it cannot be listed. */
int pidlist_take(struct pidlist *list);

#endif
