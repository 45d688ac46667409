/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/objective.h"

#include <string.h>

static const struct objective_type_row *const types[] = {
    &objective_command,
    &objective_function,
    &objective_lua,
    &objective_plugin,
    &objective_worker,
};

const struct objective_type_row *
objective_find(const char *name)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(types[i]->name, name))
            return types[i];
    return NULL;
}
