/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/run_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/runfile.h"
#include "config/walk.h"
#include "model/function.h"

static int
check_function(const struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    char shown[80];
    const struct ini_entry *entry = ini_find(ini, "objective", "function");
    const struct test_function *function = function_find(spec->function);
    if (!function)
        return walk_fault(ini, entry, diag, ERR_NOT_FOUND, "\"%s\" is no function (allowed: %s)",
            text_clean(spec->function, shown, sizeof shown), RUNFILE_FUNCTIONS);
    if (function->dimensions && function->dimensions != spec->dimension_count)
        return walk_fault(ini, entry, diag, ERR_CONFLICT,
            "%s has %d dimensions, and [space] has %d", function->name, function->dimensions,
            spec->dimension_count);
    return 0;
}

int
runfile_check_objective(const struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    bool program = spec->objective == OBJECTIVE_WORKER;
    int r = walk_required_key(run_options, ini, "objective",
        program ? "command" : objective_type_name(spec->objective), diag);
    if (r < 0 || spec->objective != OBJECTIVE_FUNCTION)
        return r;
    return check_function(spec, ini, diag);
}

/* What runs as processes of its own has no use for threads, and each of its
 * trials is worth a row. */
static int
check_blocking(const struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    if (spec->mode == RUN_MODE_THREAD || spec->mode == RUN_MODE_HYBRID)
        return walk_fault(ini, ini_find(ini, "parallel", "mode"), diag, ERR_CONFLICT,
            "a command runs in processes (mode = process or isolated)");
    if (spec->keep_top)
        return walk_fault(ini, ini_find(ini, "keep", "trials"), diag, ERR_CONFLICT,
            "all trials of a command are kept (trials = all)");
    return 0;
}

int
runfile_check_parallel(const struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    const struct ini_entry *workers = ini_find(ini, "parallel", "workers");
    bool by = workers && strchr(workers->value, 'x');
    if (by && spec->mode != RUN_MODE_HYBRID)
        return walk_fault(ini, workers, diag, ERR_CONFLICT,
            "processes x threads are for mode = hybrid");
    if (!by && spec->mode == RUN_MODE_HYBRID)
        return walk_fault(ini, ini_find(ini, "parallel", "mode"), diag, ERR_CONFLICT,
            "hybrid needs workers = processes x threads, as 2 x 4");
    if (!objective_type_warm(spec->objective))
        return check_blocking(spec, ini, diag);
    if (spec->retries)
        return walk_fault(ini, ini_find(ini, "limits", "retries"), diag, ERR_CONFLICT,
            "only trials of a command are tried again");
    return 0;
}

int
runfile_check_directory(struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    static const char *const keys[] = { "keep_directory", "max_kept", "max_kept_bytes" };
    spec->fresh_directory = spec->directory && !strcmp(spec->directory, "fresh");
    if (spec->fresh_directory) {
        free(spec->directory);
        spec->directory = NULL;
        return !objective_type_warm(spec->objective)
            ? 0
            : walk_fault(ini, ini_find(ini, "objective", "directory"), diag, ERR_CONFLICT,
                  "only trials of a command have a fresh directory each");
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct ini_entry *entry = ini_find(ini, "objective", keys[i]);
        if (entry)
            return walk_fault(ini, entry, diag, ERR_CONFLICT, "this is for directory = fresh");
    }
    return 0;
}
