/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The processes of a trial: one that was started, and whoever comes of it. They hang
 * from this process, which adopts orphans (it is a subreaper), so "nobody is left" is
 * what wait4() says with ECHILD: one call where a program leaves no one behind. Ends
 * are heard through a signalfd of SIGCHLD, kept for all trials. One crowd in a
 * process.
 */
#ifndef OPTOP_OBJECTIVE_CROWD_H
#define OPTOP_OBJECTIVE_CROWD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/err.h"

struct crowd {
    int signal_fd; /* readable: someone may have ended (crowd_hear); -1: not open */
    bool adopts; /* this process is a subreaper; set by the owner */
    pid_t pid; /* of the one that was started; set by the owner */
    int status; /* of it, once main_ended: it is reaped */
    bool main_ended;
    bool all_ended; /* no child is left */
    bool reap_again; /* there may be more that have ended */
    int64_t ended_ns; /* when it was reaped; 0: not yet */
    struct rusage usage; /* of all that was reaped */
};

int crowd_open(struct crowd *crowd, struct diag *diag); /* blocks SIGCHLD */
void crowd_close(struct crowd *crowd);

void crowd_begin(struct crowd *crowd); /* a new trial: nobody has been started */

/* Reaps who has ended. Bounded, since processes can end as fast as they are reaped. */
void crowd_reap(struct crowd *crowd);
void crowd_hear(struct crowd *crowd); /* the same, and signal_fd is read empty */

/* To all of them, by their descent; how many were met. */
int crowd_signal(int signal_number);
void crowd_stop(void); /* SIGSTOP, to those born meanwhile, too */

/* KILL to everyone left until nobody is (all_ended), or it has taken too long. */
void crowd_sweep(struct crowd *crowd);

#endif
