/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop set`: changes a run that was submitted, also while it runs.
 */
#include <stdio.h>

#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "cmd/report.h"

static int
run_set(struct cmd_line *line)
{
    int64_t run;
    json_t *object;
    int status = cmd_run_number(line, line->argv[0], &run);
    if (status)
        return status;
    json_t *set = json_array();
    for (int i = 1; i < line->argc; i++)
        json_array_append_new(set, json_string(line->argv[i]) ?: json_null());
    status = cmd_ask(line, "run.set", json_pack("{s:I,s:o}", "run", (json_int_t)run, "set", set),
        &object);
    if (status)
        return status;
    if (cmd_flag(line, "json")) {
        output_json(object);
    } else {
        struct str out;
        str_init(&out);
        str_printf(&out, "run %jd (%s), %s, changed:", (intmax_t)run,
            json_get_string(object, "name", "-"), report_run_state(object));
        for (int i = 1; i < line->argc; i++)
            str_printf(&out, " %s", line->argv[i]);
        output_text(stdout, PAINT_NONE, out.data);
        putchar('\n');
        str_release(&out);
    }
    json_decref(object);
    return CMD_FINE;
}

static const struct cmd_option set_options[] = {
    { .name = "json", .letter = 'j', .help = "Print the run object" },
    { 0 },
};

const struct cmd cmd_set = {
    .name = "set",
    .usage = "RUN KEY=VALUE...",
    .help = "Change a run, also while it runs",
    .detail = "KEY is section.key as in a run file; the key alone will do where only one section has it"
              " (workers=4). At any time: name, priority, workers, and of [limits] trial, run, grace,"
              " max_failures, retries and retry_delay. A new time limit of a trial holds at once, for those that run, too; more workers"
              " come as slots get free, and with fewer those too many finish what they are in."
              " While it does not run: after, start, search.trials and the rest of [parallel] and [limits]."
              " Before its first trial: everything. All changes are made and stored, or none.",
    .server = CMD_SERVER_STARTED,
    .least = 2,
    .most = -1,
    .options = set_options,
    .run = run_set,
};
