/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a trial of a command is started with besides its arguments: standard
 * input and environment, made anew for each trial from templates.
 *
 * Standard input is a file in memory, not a pipe: a program that does not read
 * it, or reads it late, concerns nobody.
 */
#ifndef OPTOP_OBJECTIVE_SETTING_H
#define OPTOP_OBJECTIVE_SETTING_H

#include "objective/template.h"

struct setting {
    struct template *in; /* owned; NULL: nothing on standard input */
    char **environment; /* owned array; borrowed texts */
    int variable_count;
    struct template *variable; /* owned; "NAME=text": the first entries of environment */
    int in_fd; /* of the present trial; -1: none */
};

/* init is the worker's init object. Destroyers take what failed half-way. */
int setting_init(struct setting *setting, const json_t *init,
    const struct template_scope *scope, struct diag *diag);
void setting_release(struct setting *setting);

/* For the next trial: 0, or -errno. setting_end after it has been started. */
int setting_make(struct setting *setting, const char *const *values);
void setting_end(struct setting *setting);

/* A variable of the trial's environment, as getenv. */
const char *setting_getenv(const struct setting *setting, const char *name);

/* May this variable differ from trial to trial? */
bool setting_varies(const struct setting *setting, const char *name);

#endif
