/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop requests ...`: what the server does for clients beside its loop.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"

static void
duration_cell(struct table *table, const json_t *request, const char *key)
{
    char text[40];
    table_cell(table, PAINT_NONE,
        unit_format_duration(json_get_number(request, key, NAN), text, sizeof text));
}

static int
run_requests(struct cmd_line *line)
{
    json_t *answer, *request;
    size_t i;
    char number[32];
    int status = cmd_ask(line, "requests", NULL, &answer);
    if (status)
        return status;
    const json_t *requests = json_object_get(answer, "requests");
    if (cmd_flag(line, "json")) {
        output_json(answer);
    } else if (json_array_size(requests) == 0) {
        printf("no request is being answered beside the loop\n");
    } else {
        struct table *table = table_new();
        table_column(table, "REQUEST", TABLE_RIGHT);
        table_column(table, "METHOD", TABLE_LEFT);
        table_column(table, "STATE", TABLE_LEFT);
        table_column(table, "WAITED", TABLE_RIGHT);
        table_column(table, "RUNNING", TABLE_RIGHT);
        table_column(table, "CLIENT", TABLE_RIGHT);
        json_array_foreach (requests, i, request) {
            snprintf(number, sizeof number, "%" PRId64, json_get_int(request, "request", 0));
            table_cell(table, PAINT_STRONG, number);
            table_cell(table, PAINT_NONE, json_get_string(request, "method", ""));
            table_cell(table, PAINT_NONE, json_get_string(request, "state", ""));
            duration_cell(table, request, "waited_seconds");
            duration_cell(table, request, "running_seconds");
            snprintf(number, sizeof number, "%" PRId64, json_get_int(request, "pid", 0));
            table_cell(table, PAINT_NONE, number);
        }
        table_print(table, stdout, output_width(stdout), "");
    }
    json_decref(answer);
    return CMD_FINE;
}

static int
run_cancel(struct cmd_line *line)
{
    char *end;
    json_t *answer;
    long long number = strtoll(line->argv[0], &end, 10);
    if (end == line->argv[0] || *end || number < 1) {
        cmd_error("`%s' is not the number of a request (`optop requests' lists them)", line->argv[0]);
        return CMD_USAGE;
    }
    int status = cmd_ask(line, "requests.cancel",
        json_pack("{s:I}", "request", (json_int_t)number), &answer);
    if (status)
        return status;
    if (cmd_flag(line, "json"))
        output_json(answer);
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option list_options[] = {
    { .name = "json", .letter = 'j', .help = "Print an object with the list of requests" },
    { 0 },
};

static const struct cmd_option cancel_options[] = {
    { .name = "json", .letter = 'j', .help = "Print an object with the request's number" },
    { 0 },
};

const struct cmd cmd_requests = {
    .name = "requests",
    .usage = "",
    .help = "Show what the server reads or checks for clients, and for how long",
    .server = CMD_SERVER_NEEDED,
    .options = list_options,
    .run = run_requests,
};

const struct cmd cmd_requests_cancel = {
    .name = "requests cancel",
    .usage = "REQUEST",
    .help = "Cancel one: its client gets an error",
    .server = CMD_SERVER_NEEDED,
    .least = 1,
    .most = 1,
    .options = cancel_options,
    .run = run_cancel,
};
