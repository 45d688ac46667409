/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/one_trial.h"

#include <stdio.h>

#include "cmd/output.h"

static const double poll_seconds = 0.1;

/* "running", "paused", ...; "ended" when it is not among those that run. */
static const char *
state_of(const json_t *run, int64_t number)
{
    size_t i;
    json_t *trial;
    json_array_foreach (json_object_get(run, "running"), i, trial)
        if (json_get_int(trial, "trial", 0) == number)
            return json_get_string(trial, "state", "-");
    return "ended";
}

static int
look(struct cmd_line *line, int64_t run, int64_t trial, bool wait, json_t **ret_run)
{
    static const struct client_events events = { 0 };
    for (;;) {
        json_t *object;
        struct diag diag = { 0 };
        int status = cmd_ask(line, "run.show", json_pack("{s:I}", "run", (json_int_t)run), &object);
        if (status)
            return status;
        if (!wait || str_equal(state_of(object, trial), "ended")) {
            *ret_run = object;
            return CMD_FINE;
        }
        json_decref(object);
        if (client_wait(line->client, poll_seconds, &events, NULL, &diag) < 0) {
            cmd_error("%s", diag.text);
            return CMD_UNREACHABLE;
        }
    }
}

int
one_trial_steer(struct cmd_line *line, const char *method, bool wait)
{
    int64_t run, trial;
    json_t *object;
    int status = cmd_number(line, "trial", 0, 1, INT64_MAX, &trial);
    if (!status && line->argc != 1) {
        cmd_error("--trial is for a trial of one run");
        status = CMD_USAGE;
    }
    if (!status)
        status = cmd_run_number(line, line->argv[0], &run);
    if (!status)
        status = cmd_ask(line, method,
            json_pack("{s:I, s:I}", "run", (json_int_t)run, "trial", (json_int_t)trial), &object);
    if (status)
        return status;
    json_decref(object);
    status = look(line, run, trial, wait, &object);
    if (status)
        return status;
    json_object_del(object, "file_text");
    if (cmd_flag(line, "json"))
        output_json(object);
    else
        printf("trial %jd of run %jd: %s\n", (intmax_t)trial, (intmax_t)run, state_of(object, trial));
    json_decref(object);
    return CMD_FINE;
}
