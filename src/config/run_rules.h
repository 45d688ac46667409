/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rules of a run file that more than one key has a part in: what an objective
 * cannot be without, and what goes with it. Used by runfile_check.
 */
#ifndef OPTOP_CONFIG_RUN_RULES_H
#define OPTOP_CONFIG_RUN_RULES_H

#include "config/ini.h"
#include "model/run.h"

/* As in model/function.c; a test compares. */
#define RUNFILE_FUNCTIONS                                                      \
    "sphere|rosenbrock|rastrigin|ackley|branin|hartmann6|levy|styblinski-tang|goldstein-price|" \
    "schwefel|nothing"

/* The key that the objective's type needs is there, and has sense. */
int runfile_check_objective(const struct run_spec *spec, const struct ini *ini,
    struct diag *diag);

/* Mode, workers, retries and what is kept fit the objective. */
int runfile_check_parallel(const struct run_spec *spec, const struct ini *ini,
    struct diag *diag);

/* Takes the word for a fresh directory out of the spec's path; the options about
 * what is kept of them need it. */
int runfile_check_directory(struct run_spec *spec, const struct ini *ini, struct diag *diag);

/* min, max and a number of workers go together; sets what mode = isolated means:
 * one trial for each. */
int runfile_check_pool(struct run_spec *spec, const struct ini *ini, struct diag *diag);

/* Limits leave a worker room to live. */
int runfile_check_limits(const struct run_spec *spec, const struct ini *ini, struct diag *diag);

/* Results can go where they are to go, and the other keys of [results] are for that. */
int runfile_check_sink(const struct run_spec *spec, const struct ini *ini, struct diag *diag);

#endif
