/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop cancel`, `optop pause`: runs, or one trial, are stopped, for good or
 * for now.
 */
#include <stdio.h>

#include "cmd/cmd_table.h"
#include "cmd/follow.h"
#include "cmd/one_trial.h"
#include "cmd/output.h"
#include "cmd/report.h"

static int
stop_one(struct cmd_line *line, const char *method, const char *text)
{
    int64_t run;
    json_t *object;
    int status = cmd_run_number(line, text, &run);
    if (!status)
        status = cmd_ask(line, method, json_pack("{s:I}", "run", (json_int_t)run), &object);
    if (status)
        return status;
    if (cmd_flag(line, "wait")) {
        json_decref(object);
        status = follow_until_still(line, run, &object);
        if (status)
            return status;
    }
    if (cmd_flag(line, "json"))
        output_json(object);
    else {
        struct str out;
        str_init(&out);
        str_printf(&out, "run %jd (%s): %s", (intmax_t)run, json_get_string(object, "name", "-"),
            report_run_state(object));
        output_text(stdout, PAINT_NONE, out.data);
        putchar('\n');
        str_release(&out);
    }
    json_decref(object);
    return 0;
}

/* Every run is tried; the first failure gives the status. */
static int
stop_all(struct cmd_line *line, const char *method)
{
    int first = CMD_FINE;
    for (int i = 0; i < line->argc; i++) {
        int status = stop_one(line, method, line->argv[i]);
        if (!first)
            first = status;
        if (status == CMD_UNREACHABLE)
            break;
    }
    return first;
}

static int
run_cancel(struct cmd_line *line)
{
    return cmd_value(line, "trial", NULL)
        ? one_trial_steer(line, "run.cancel", cmd_flag(line, "wait"))
        : stop_all(line, "run.cancel");
}

static int
run_pause(struct cmd_line *line)
{
    return cmd_value(line, "trial", NULL) ? one_trial_steer(line, "run.pause", false)
                                          : stop_all(line, "run.pause");
}

static const struct cmd_option stop_options[] = {
    { .name = "trial", .letter = 't', .argument = "N",
        .help = "Only trial N, which must be running; the run goes on" },
    { .name = "wait", .letter = 'w', .help = "Wait until the processes are gone" },
    { .name = "json", .letter = 'j', .help = "Print the run objects, one a line" },
    { 0 },
};

const struct cmd cmd_cancel = {
    .name = "cancel",
    .usage = "RUN...",
    .help = "Cancel runs and end their whole process trees",
    .detail = "What was counted stays. `resume' can go on with a cancelled run. With --trial that "
              "trial alone is ended; it has failed then (`cancelled by its user') and is not tried "
              "again by `retries', nor does it count for `max_failures'. `show' lists the trials "
              "that run.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = -1,
    .options = stop_options,
    .run = run_cancel,
};

const struct cmd cmd_pause = {
    .name = "pause",
    .usage = "RUN...",
    .help = "Stop runs for now; `resume' goes on",
    .detail = "Trials in progress are finished first (one that stands still must go on or be "
              "cancelled). With --trial the processes of that trial alone stand still until `resume "
              "--trial N'; meanwhile its time limit does not count, nor does the time for its "
              "wall_seconds.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = -1,
    .options = stop_options,
    .run = run_pause,
};
