/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop notify`: any script tells what is wrong, and when that is over.
 */
#include <stdio.h>

#include "cmd/cmd_table.h"
#include "cmd/output.h"

static int
run_notify(struct cmd_line *line)
{
    json_t *answer;
    bool over = cmd_flag(line, "resolve");
    if (over && (cmd_value(line, "severity", NULL) || !cmd_value(line, "key", NULL) || line->argc)) {
        cmd_error("notify --resolve takes the --key of what is over, and nothing else");
        return CMD_USAGE;
    }
    if (!over && line->argc != 1) {
        cmd_error("notify takes a title (in quotes, when it has blanks)");
        return CMD_USAGE;
    }
    const char *title = over ? "" : line->argv[0];
    int status = cmd_ask(line, "notify",
        json_pack("{s:s?, s:s?, s:s?, s:s?}", "key", cmd_value(line, "key", title), "text", title,
            "severity", over ? "resolved" : cmd_value(line, "severity", "warning"), "labels",
            cmd_value(line, "labels", "")), &answer);
    if (status)
        return status;
    if (cmd_flag(line, "json"))
        output_json(answer);
    else if (!json_is_true(json_object_get(answer, "changed")))
        printf(over ? "nothing of that key fires\n" : "that was told before, and fires still\n");
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option options[] = {
    { .name = "severity", .letter = 's', .argument = "LEVEL", .help = "warning or critical (warning)" },
    { .name = "key", .letter = 'k', .argument = "KEY",
        .help = "What it is about: the same key is the same alert (the title)" },
    { .name = "labels", .letter = 'l', .argument = "LABELS", .help = "NAME=VALUE, divided by commas" },
    { .name = "resolve", .letter = 'r', .help = "It is over" },
    { .name = "json", .letter = 'j', .help = "Print the answer as one object" },
    { 0 },
};

const struct cmd cmd_notify = {
    .name = "notify",
    .usage = "[TITLE]",
    .help = "Raise an alert from a script, or end it",
    .detail = "It goes the way of all alerts: it is listed, told once however often the script says it, "
              "can be silenced and acknowledged (as notify:KEY), and outlives the server, until "
              "--resolve ends it.",
    .server = CMD_SERVER_STARTED,
    .most = 1,
    .options = options,
    .run = run_notify,
};
