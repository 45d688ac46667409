/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An objective turns a point into a score, in a worker. There are two kinds of
 * row: a blocking one, here, which runs one trial at a time as processes of
 * its own, and a warm one that scores points in batches (batch.h).
 *
 * Into a blocking one flow the point's values as text; out flow a trial_result
 * and the raw end of what was written to standard error.
 *
 * A trial is run in two steps, so that the worker can report the last result
 * while the next trial already runs: start, then finish.
 *
 * To add a type: write obj_TYPE.c with its row and name the row in the table
 * of objective.c.
 */
#ifndef OPTOP_OBJECTIVE_OBJECTIVE_H
#define OPTOP_OBJECTIVE_OBJECTIVE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"
#include "model/trial.h"
#include "objective/batch.h"

/* What someone outside wants of the trial that runs. */
enum objective_order {
    OBJECTIVE_GO_ON,
    OBJECTIVE_CANCEL, /* TERM to its processes, KILL after watch->grace_seconds */
    OBJECTIVE_ABORT, /* KILL, now */
};

/* A descriptor that is watched while a trial runs. */
struct objective_watch {
    int fd;
    short events; /* of poll(); ready() may change it */
    double grace_seconds; /* of OBJECTIVE_CANCEL */
    enum objective_order (*ready)(void *context, short revents);
    void *context;
};

struct objective;

struct objective_type_row {
    const char *name; /* as objective_type_name has it */
    /* Of a warm objective; all below is then NULL. */
    const struct batch_type_row *batch;
    /* init is the worker's init object (doc/PROTOCOL.md). On failure a diag
     * that a person can read. */
    int (*open)(const json_t *init, struct objective **ret_objective, struct diag *diag);
    /* values: as text, in the order of init's names; borrowed until finish. A
     * trial that cannot start says so in finish. */
    void (*start)(struct objective *objective, const char *const *values);
    /* Waits for its end: 0, or ERR_CLOSED when it was cancelled or aborted
     * and has no result. Fills all of *result but trial, attempt and log; its
     * metrics and log, the raw end of standard error, are borrowed until the
     * next start, its output until the next finish. When it returns, no process of the trial is left. */
    int (*finish)(struct objective *objective, struct objective_watch *watch,
        struct trial_result *result, const struct str **ret_log);
    /* For the trial that runs, from within watch->ready. hold: it stands still,
     * or goes on; meanwhile its time limit does not count. drop: it is ended as
     * by OBJECTIVE_CANCEL, and finish has a result: failed, by its user. */
    void (*hold)(struct objective *objective, bool hold);
    void (*drop)(struct objective *objective, double grace_seconds);
    /* Other limits of time, at any moment; of a trial that runs, too. */
    void (*limit)(struct objective *objective, double trial_seconds, double grace_seconds);
    void (*close)(struct objective *objective);
};

/* What every type's own struct begins with. */
struct objective {
    const struct objective_type_row *type;
    int64_t trial; /* that is started; set before start */
    int attempt;
};

extern const struct objective_type_row objective_command;
extern const struct objective_type_row objective_function;
extern const struct objective_type_row objective_lua;
extern const struct objective_type_row objective_plugin;
extern const struct objective_type_row objective_worker;

/* The row with this name, NULL when there is none. */
const struct objective_type_row *objective_find(const char *name);

#endif
