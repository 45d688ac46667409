/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/runfile.h"

int
arguments_init(struct arguments *arguments, const char *command,
    const struct template_scope *scope, struct diag *diag)
{
    char **split;
    memset(arguments, 0, sizeof *arguments);
    int r = runfile_split_command(command, &split, diag);
    if (r < 0)
        return r;
    int count = 0;
    while (split[count])
        count++;
    arguments->argv = xcalloc((size_t)count + 1, sizeof *arguments->argv);
    arguments->word = xcalloc((size_t)count, sizeof *arguments->word);
    for (int i = 0; i < count && r >= 0; i++) {
        r = template_init(&arguments->word[i], split[i], scope, diag);
        if (r < 0)
            break;
        arguments->count++;
        arguments->argv[i] = arguments->word[i].text.data;
    }
    runfile_free_argv(split);
    if (r < 0)
        arguments_release(arguments);
    return r < 0 ? r : 0;
}

void
arguments_release(struct arguments *arguments)
{
    for (int i = 0; i < arguments->count; i++)
        template_release(&arguments->word[i]);
    free(arguments->word);
    free(arguments->argv);
    memset(arguments, 0, sizeof *arguments);
}

void
arguments_build(struct arguments *arguments, const char *const *values)
{
    for (int i = 0; i < arguments->count; i++) {
        if (!arguments->word[i].varies)
            continue;
        template_build(&arguments->word[i], values);
        arguments->argv[i] = arguments->word[i].text.data;
    }
}
