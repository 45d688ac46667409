/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `when` of thresholds: Lua expressions over a sample. An expression sees
 *
 *   value             the figure of the threshold itself
 *   cpu.total         metrics without instances, by group and key
 *   metric("disk.busy:vda"), metric("pool.reuse:app/pool=a")
 *                     any metric of one instance
 *
 * and the pure functions of math (lua/sandbox.h). Nothing else: no libraries, no
 * way to keep a value; memory and steps are bounded. Where a figure that it looks
 * at is not known, neither is its answer.
 */
#ifndef OPTOP_ALERT_CONDITION_H
#define OPTOP_ALERT_CONDITION_H

#include "config/config.h"
#include "model/sample.h"

enum {
    CONDITION_COMPILE_BYTES_MAX = 8 * 1024 * 1024, /* of all rules' together */
    CONDITION_EXTRA_BYTES_MAX = 256 * 1024, /* more while evaluating */
    CONDITION_STEPS_MAX = 10, /* of SANDBOX_STEP instructions, of one evaluation */
};

struct conditions;

/* Compiles what the thresholds of a config have; NULL when none has any, or after a
 * fault. Of that one, diag has the text and *ret_threshold says whose it is. */
int conditions_new(const struct config *config, struct conditions **ret_conditions,
    int *ret_threshold, struct diag *diag);
void conditions_free(struct conditions *conditions);

/* 1: it holds, 0: not, ERR_NOT_FOUND: not known; another negative code with diag: it
 * failed. `threshold` is the number of one with a `when`. */
int conditions_check(struct conditions *conditions, int threshold, const struct sample *sample,
    double value, struct diag *diag);

/* The metrics that an expression names, with the instance or "". */
typedef void condition_name_fn(void *context, enum metric metric, const char *instance);
void condition_names(const char *text, condition_name_fn *fn, void *context);

/* Those of a config, a fault with its place in the file: for who takes it. */
int conditions_check_config(const struct config *config, const struct ini *ini,
    struct diag *diag);

#endif
