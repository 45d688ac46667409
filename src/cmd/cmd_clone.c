/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop clone`: the same again, or nearly the same.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd_table.h"
#include "cmd/follow.h"
#include "cmd/output.h"

static int
run_clone(struct cmd_line *line)
{
    int64_t run;
    json_t *object;
    int status = cmd_run_number(line, line->argv[0], &run);
    if (status)
        return status;
    json_t *set = json_array();
    for (int i = 0; i < line->given_count; i++)
        if (!strcmp(line->given[i].option->name, "set"))
            json_array_append_new(set, json_string(line->given[i].value) ?: json_null());
    json_t *params = json_pack("{s:I,s:o,s:b}", "run", (json_int_t)run, "set", set, "paused",
        (int)cmd_flag(line, "paused"));
    status = cmd_ask(line, "run.clone", params, &object);
    if (status)
        return status;
    if (cmd_flag(line, "follow"))
        status = follow_run(line, object);
    else if (cmd_flag(line, "json"))
        output_json(object);
    else
        printf("%jd\n", (intmax_t)json_get_int(object, "run", 0));
    json_decref(object);
    return status;
}

static const struct cmd_option clone_options[] = {
    { .name = "set", .letter = 's', .repeat = true, .argument = "SECTION.KEY=VALUE",
        .help = "Change a value of the new run's file" },
    { .name = "paused", .help = "Submit it paused; `resume' begins it" },
    { .name = "follow", .letter = 'f', .help = "Follow the new run to its end, as `run' does" },
    { .name = "json", .letter = 'j', .help = "Print the new run object" },
    { 0 },
};

const struct cmd cmd_clone = {
    .name = "clone",
    .usage = "RUN",
    .help = "Submit a run once more and print the new run's number",
    .detail = "The new run has the file (with the changes that were made to it), the directory and "
              "the environment of the other one, which may be in any state and stays as it is.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 1,
    .options = clone_options,
    .run = run_clone,
};
