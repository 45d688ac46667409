/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A text of the run file with places: {name} is replaced for each trial by the
 * value of a dimension, once by that of a parameter; {{ and }} are braces; and
 * where the whole point is wanted, {json} is it: {"lr":0.1,"opt":"adam"}. Used
 * for the words of a command, its standard input and its environment.
 */
#ifndef OPTOP_OBJECTIVE_TEMPLATE_H
#define OPTOP_OBJECTIVE_TEMPLATE_H

#include <stdbool.h>

#include "base/err.h"
#include "base/json.h"
#include "base/str.h"

/* What places may name; borrowed until template_init returns. */
struct template_scope {
    json_t *names; /* array: the dimensions, in the order of values */
    const json_t *parameters; /* object of texts */
    json_t *numbers; /* array of bool: is the dimension's value a number in {json}?
                        NULL: {json} is no place */
};

struct template {
    int piece_count, piece_capacity;
    struct template_piece *piece; /* owned */
    json_t *names, *numbers; /* kept for {json}; NULL: not used */
    bool varies; /* a dimension is in it */
    struct str text; /* as it was built last; at once when it does not vary */
};

int template_init(struct template *template, const char *text,
    const struct template_scope *scope, struct diag *diag);
void template_release(struct template *template);

/* Puts the values in; text is ready then. */
void template_build(struct template *template, const char *const *values);

#endif
