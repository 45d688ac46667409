/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/unit.h"

static const char *const state_names[] = {
#define X(id, name) [RUN_##id] = name,
    RUN_STATE_TABLE(X)
#undef X
};

/* Rows are states, columns events; -1: the event means nothing there. A run
 * that failed or was cancelled can be resumed: what was stored stays. */
#define NO (-1)
static const signed char transitions[RUN_STATE_COUNT][RUN_EVENT_COUNT] = {
    /*                  START        PAUSE       RESUME      FINISH    FAIL        CANCEL         RETRY */
    [RUN_QUEUED]    = { RUN_RUNNING, RUN_PAUSED, NO,         RUN_DONE, RUN_FAILED, RUN_CANCELLED, RUN_QUEUED },
    [RUN_RUNNING]   = { NO,          RUN_PAUSED, NO,         RUN_DONE, RUN_FAILED, RUN_CANCELLED, RUN_RUNNING },
    [RUN_PAUSED]    = { NO,          NO,         RUN_QUEUED, RUN_DONE, RUN_FAILED, RUN_CANCELLED, RUN_QUEUED },
    [RUN_DONE]      = { NO,          NO,         NO,         NO,       NO,         NO,            RUN_QUEUED },
    [RUN_FAILED]    = { NO,          NO,         RUN_QUEUED, NO,       NO,         NO,            RUN_QUEUED },
    [RUN_CANCELLED] = { NO,          NO,         RUN_QUEUED, NO,       NO,         NO,            RUN_QUEUED },
};

const char *
run_state_name(enum run_state state)
{
    return state_names[state];
}

int
run_state_parse(const char *name)
{
    for (int i = 0; i < RUN_STATE_COUNT; i++)
        if (!strcmp(state_names[i], name))
            return i;
    return ERR_NOT_FOUND;
}

bool
run_state_ended(enum run_state state)
{
    return state >= RUN_DONE;
}

int
run_state_next(enum run_state state, enum run_event event)
{
    int next = transitions[state][event];
    return next == NO ? ERR_BAD_STATE : next;
}

bool
run_goal_better(enum run_goal goal, double a, double b)
{
    if (isnan(a) || isnan(b))
        return !isnan(a);
    return goal == RUN_MINIMIZE ? a < b : a > b;
}

void
exit_codes_add(struct exit_codes *codes, int64_t code)
{
    if (code >= 0 && code <= 255)
        codes->bit[code / 64] |= UINT64_C(1) << (code % 64);
}

bool
exit_codes_has(const struct exit_codes *codes, int64_t code)
{
    return code >= 0 && code <= 255 && (codes->bit[code / 64] >> (code % 64) & 1);
}

void
run_spec_init(struct run_spec *spec)
{
    memset(spec, 0, sizeof *spec);
    spec->grace_seconds = -1;
    exit_codes_add(&spec->success_codes, 0);
    spec->threads = 1;
    spec->inflight = 1;
}

void
run_spec_release(struct run_spec *spec)
{
    free(spec->command);
    free(spec->function);
    free(spec->plugin);
    free(spec->lua);
    free(spec->data);
    free(spec->directory);
    free(spec->standard_input);
    for (int i = 0; i < spec->environment_count; i++)
        free(spec->environment[i].value);
    free(spec->environment);
    for (int i = 0; i < spec->parameter_count; i++)
        free(spec->parameter[i].value);
    free(spec->parameter);
    for (int i = 0; i < spec->dimension_count; i++) {
        for (int c = 0; c < spec->dimension[i].choice_count; c++)
            free(spec->dimension[i].choice[c]);
        free(spec->dimension[i].choice);
    }
    free(spec->dimension);
    for (int i = 0; i < spec->constraint_count; i++)
        free(spec->constraint[i].expression);
    free(spec->constraint);
    free(spec->sink.place);
    free(spec->sink.key);
    free(spec->sink.user);
    free(spec->sink.password_file);
    free(spec->sink.password_env);
    memset(spec, 0, sizeof *spec);
}

const char *
score_kind_name(enum score_kind kind)
{
    static const char *const names[] = {
        [SCORE_STDOUT] = "stdout", [SCORE_STDOUT_BYTES] = "stdout_bytes",
        [SCORE_WALL_SECONDS] = "wall_seconds",
        [SCORE_CPU_SECONDS] = "cpu_seconds",
        [SCORE_MAX_RSS_BYTES] = "max_rss_bytes", [SCORE_JSON] = "json",
    };
    return names[kind];
}

const char *
search_method_name(enum search_method method)
{
    static const char *const names[] = {
        [SEARCH_GRID] = "grid", [SEARCH_RANDOM] = "random",
    };
    return names[method];
}

static const struct {
    const char *name;
    bool warm;
} objective_types[] = {
    [OBJECTIVE_COMMAND] = { "command", false },
    [OBJECTIVE_FUNCTION] = { "function", true },
    [OBJECTIVE_WORKER] = { "worker", true },
    [OBJECTIVE_PLUGIN] = { "plugin", true },
    [OBJECTIVE_LUA] = { "lua", true },
};

const char *
objective_type_name(enum objective_type type)
{
    return objective_types[type].name;
}

bool
objective_type_warm(enum objective_type type)
{
    return objective_types[type].warm;
}

const char *
run_mode_name(enum run_mode mode)
{
    static const char *const names[] = {
        [RUN_MODE_PROCESS] = "process", [RUN_MODE_ISOLATED] = "isolated",
        [RUN_MODE_THREAD] = "thread", [RUN_MODE_HYBRID] = "hybrid",
    };
    return names[mode];
}

const char *
dimension_format(const struct dimension *dimension, double value, char *buf, size_t size)
{
    switch (dimension->kind) {
    case DIMENSION_INT: /* up to 2^53, where a float would take an exponent */
        snprintf(buf, size, "%.0f", value == 0 ? 0.0 : value);
        return buf;
    case DIMENSION_FLOAT:
        return unit_format_number(value, buf, size);
    case DIMENSION_CHOICE:
        break;
    }
    return value >= 0 && value < dimension->choice_count ? dimension->choice[(int)value] : "";
}
