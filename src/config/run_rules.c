/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/run_rules.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/runfile.h"
#include "config/url.h"
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

int
runfile_check_pool(struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    struct run_pool *pool = &spec->pool;
    const struct ini_entry *min = ini_find(ini, "parallel", "min");
    const struct ini_entry *max = ini_find(ini, "parallel", "max");
    if (pool->max && pool->min > pool->max)
        return walk_fault(ini, min ? min : max, diag, ERR_CONFLICT, "min is more than max (%d)",
            (int)pool->max);
    if (spec->workers && pool->min > spec->workers)
        return walk_fault(ini, min, diag, ERR_CONFLICT, "min is more than workers (%d)",
            spec->workers);
    if (spec->workers && pool->max && pool->max != spec->workers)
        return walk_fault(ini, max, diag, ERR_CONFLICT,
            "max is for workers = auto; the run is to have %d", spec->workers);
    if (spec->mode == RUN_MODE_ISOLATED)
        pool->max_trials = 1;
    return 0;
}

/* Below these a worker itself cannot live, and every trial would fail. */
int
runfile_check_limits(const struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    const struct run_limits *limits = &spec->limits;
    const struct {
        const char *key, *least;
        double value, min;
    } least[] = {
        { "memory", "16MiB", limits->memory_bytes, 16 * 1048576.0 },
        { "trial_memory", "16MiB", limits->trial_memory_bytes, 16 * 1048576.0 },
        { "cpu", "0.01", limits->cpu_cores, 0.01 },
        { "open_files", "16", (double)limits->open_files, 16 },
    };
    for (size_t i = 0; i < sizeof least / sizeof *least; i++)
        if (least[i].value > 0 && least[i].value < least[i].min)
            return walk_fault(ini, ini_find(ini, "limits", least[i].key), diag, ERR_BAD_RANGE,
                "too little (allowed: 0 for no limit, or at least %s)", least[i].least);
    return 0;
}

static int
refuse_keys(const struct ini *ini, const char *const *keys, const char *why, struct diag *diag)
{
    for (; *keys; keys++) {
        const struct ini_entry *entry = ini_find(ini, "results", *keys);
        if (entry)
            return walk_fault(ini, entry, diag, ERR_CONFLICT, "%s", why);
    }
    return 0;
}

int
runfile_check_sink(const struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    static const char *const all[] = { "key", "max_entries", "user", "password_file",
        "password_env", "ack", NULL };
    static const char *const of_lines[] = { "ack", NULL };
    const struct run_sink *sink = &spec->sink;
    struct sink_place place;
    struct diag why = { 0 };
    if (!sink->place)
        return refuse_keys(ini, all, "this is for results.sink", diag);
    int r = url_sink(sink->place, &place, &why);
    if (r < 0)
        return walk_fault(ini, ini_find(ini, "results", "sink"), diag, r, "%s", why.text);
    r = place.redis ? refuse_keys(ini, of_lines, "this is for tcp:// and unix://", diag) : 0;
    for (int i = 0; all[i] && strcmp(all[i], "ack") && r == 0 && !place.redis; i++)
        r = refuse_keys(ini, (const char *const[]){ all[i], NULL }, "this is for redis://", diag);
    if (r == 0 && sink->password_file && sink->password_env)
        r = walk_fault(ini, ini_find(ini, "results", "password_env"), diag, ERR_CONFLICT,
            "the password is in password_file already");
    if (r == 0 && sink->password_file && sink->password_file[0] != '/')
        r = walk_fault(ini, ini_find(ini, "results", "password_file"), diag, ERR_BAD_TYPE,
            "not an absolute path");
    if (r == 0 && sink->user && !sink->password_file && !sink->password_env)
        r = walk_fault(ini, ini_find(ini, "results", "user"), diag, ERR_MISSING,
            "a user needs password_file or password_env");
    return r;
}
