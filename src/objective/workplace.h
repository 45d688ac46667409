/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The working directory that each trial of a command gets for itself: made and
 * entered before it starts, removed or kept (io/shelf.h) when it has ended.
 * Without `fresh` in the init object there is none, and all calls do nothing.
 */
#ifndef OPTOP_OBJECTIVE_WORKPLACE_H
#define OPTOP_OBJECTIVE_WORKPLACE_H

#include "base/json.h"
#include "io/shelf.h"
#include "model/run.h"

struct workplace {
    bool used; /* trials have one */
    int home_fd; /* the worker's own working directory */
    int shelf;
    enum run_keep keep;
    struct shelf_bounds bounds;
    char name[SHELF_NAME_MAX]; /* of the present one */
    int fd; /* locks it; -1: there is none */
};

/* init is the worker's init object. Destroyers take what failed half-way. */
int workplace_init(struct workplace *workplace, const json_t *init, struct diag *diag);
void workplace_release(struct workplace *workplace);

/* The caller works in a new, empty one until workplace_leave: what it starts
 * meanwhile goes on working there. 0, or -errno. */
int workplace_enter(struct workplace *workplace, int64_t trial, int attempt);
void workplace_leave(struct workplace *workplace);

enum workplace_end { WORKPLACE_DONE, WORKPLACE_FAILED, WORKPLACE_GIVEN_UP };

/* Nobody works in it any more. True: it is kept. */
bool workplace_end(struct workplace *workplace, enum workplace_end end);

#endif
