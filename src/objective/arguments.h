/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The argument list of a command objective: split once, each word a template.
 * Words without a dimension are never touched again.
 */
#ifndef OPTOP_OBJECTIVE_ARGUMENTS_H
#define OPTOP_OBJECTIVE_ARGUMENTS_H

#include "objective/template.h"

struct arguments {
    char **argv; /* owned array of borrowed texts, NULL at the end */
    int count;
    struct template *word; /* owned */
};

int arguments_init(struct arguments *arguments, const char *command,
    const struct template_scope *scope, struct diag *diag);
void arguments_release(struct arguments *arguments);

/* Puts the values in; argv is ready then. */
void arguments_build(struct arguments *arguments, const char *const *values);

#endif
