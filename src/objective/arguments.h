/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The argument list of a command objective: split once, {name} replaced for
 * each trial. Parameters are constant and put in at once; arguments without a
 * dimension are never touched again.
 */
#ifndef OPTOP_OBJECTIVE_ARGUMENTS_H
#define OPTOP_OBJECTIVE_ARGUMENTS_H

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

struct argument {
    int index; /* in argv */
    int piece_count, piece_capacity;
    struct argument_piece *piece; /* owned */
    struct str text; /* as it was built last */
};

struct arguments {
    char **argv; /* owned array; varying entries point into varying[].text */
    char **split; /* owned; the words of the command */
    int varying_count, varying_capacity;
    struct argument *varying; /* owned */
    struct str *fixed; /* owned; arguments with parameters only */
    int fixed_count, fixed_capacity;
};

/* names: array of dimension names; parameters: object of texts. */
int arguments_init(struct arguments *arguments, const char *command, const json_t *names,
    const json_t *parameters, struct diag *diag);
void arguments_release(struct arguments *arguments);

/* Puts the values in; argv is ready then. */
void arguments_build(struct arguments *arguments, const char *const *values);

#endif
