/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop logs`: what a run and its trials said, once or as it comes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "model/run.h"

enum { PAGE = 500 };
static const double poll_seconds = 1; /* the server tells of runs, not of log lines */

static enum paint
level_paint(const char *level)
{
    return !strcmp(level, "error") ? PAINT_BAD : !strcmp(level, "warn") ? PAINT_WARN : PAINT_NONE;
}

static void
print_line(const json_t *entry)
{
    char time[32], trial[32] = "run";
    const char *level = json_get_string(entry, "level", "-");
    const char *text = json_get_string(entry, "text", "");
    output_time(json_get_number(entry, "time", NAN), time, sizeof time);
    if (json_is_integer(json_object_get(entry, "trial")))
        snprintf(trial, sizeof trial, "trial %jd", (intmax_t)json_get_int(entry, "trial", 0));
    /* a trial's last words are one entry of several lines */
    do {
        size_t len = strcspn(text, "\n");
        char *part = xstrndup(text, len);
        printf("%s  %-13s ", time, trial);
        output_text(stdout, level_paint(level), level);
        printf("%*s", strlen(level) < 6 ? (int)(6 - strlen(level)) : 1, "");
        output_text(stdout, PAINT_NONE, part);
        putchar('\n');
        free(part);
        text += len + (text[len] == '\n');
    } while (*text);
}

/* Everything after *after: printed, or gathered when `all` is given. */
static int
take_pages(struct cmd_line *line, int64_t run, int64_t trial, int64_t *after, json_t *all)
{
    bool json = cmd_flag(line, "json");
    for (;;) {
        json_t *params = json_pack("{s:I, s:I, s:i}", "run", (json_int_t)run, "after",
            (json_int_t)*after, "limit", PAGE);
        json_t *answer, *entry;
        size_t i;
        if (trial)
            json_object_set_new(params, "trial", json_integer(trial));
        int status = cmd_ask(line, "run.logs", params, &answer);
        if (status)
            return status;
        const json_t *lines = json_object_get(answer, "lines");
        json_array_foreach (lines, i, entry) {
            if (all)
                json_array_append(all, entry);
            else if (json)
                output_json(entry);
            else
                print_line(entry);
        }
        int64_t last = json_get_int(answer, "last", *after);
        bool more = json_array_size(lines) == PAGE && last > *after;
        if (last > *after)
            *after = last;
        json_decref(answer);
        if (!more)
            break;
    }
    fflush(stdout);
    return 0;
}

static int
run_has_ended(struct cmd_line *line, int64_t run, bool *ret_ended)
{
    json_t *object;
    int status = cmd_ask(line, "run.show", json_pack("{s:I}", "run", (json_int_t)run), &object);
    if (status)
        return status;
    int state = run_state_parse(json_get_string(object, "state", ""));
    *ret_ended = state >= 0 && run_state_ended((enum run_state)state);
    json_decref(object);
    return 0;
}

static int
follow_logs(struct cmd_line *line, int64_t run, int64_t trial)
{
    static const struct client_events events = { 0 };
    int64_t after = 0;
    bool ended = false;
    for (;;) {
        /* asked before the lines are: what was said last is then among them */
        int status = run_has_ended(line, run, &ended);
        if (!status)
            status = take_pages(line, run, trial, &after, NULL);
        if (status || ended)
            return status;
        struct diag diag = { 0 };
        if (client_wait(line->client, poll_seconds, &events, NULL, &diag) < 0) {
            cmd_error("%s", diag.text);
            return CMD_UNREACHABLE;
        }
    }
}

static int
run_logs(struct cmd_line *line)
{
    int64_t run, trial, after = 0;
    int status = cmd_number(line, "trial", 0, 1, INT64_MAX, &trial);
    if (!status)
        status = cmd_run_number(line, line->argv[0], &run);
    if (status)
        return status;
    if (cmd_flag(line, "follow"))
        return follow_logs(line, run, trial);
    json_t *all = cmd_flag(line, "json") ? json_array() : NULL;
    status = take_pages(line, run, trial, &after, all);
    if (!status && all) {
        json_t *object = json_pack("{s:I, s:O}", "run", (json_int_t)run, "lines", all);
        output_json(object);
        json_decref(object);
    }
    json_decref(all);
    return status;
}

static const struct cmd_option logs_options[] = {
    { .name = "trial", .letter = 't', .argument = "N", .help = "Only what trial N said" },
    { .name = "follow", .letter = 'f', .help = "Go on until the run has ended" },
    { .name = "json", .letter = 'j',
        .help = "Print {\"run\":N,\"lines\":[...]}; with -f one line object a line" },
    { 0 },
};

const struct cmd cmd_logs = {
    .name = "logs",
    .usage = "RUN",
    .help = "Show what a run and its trials said",
    .detail = "The last 4 KiB that a trial wrote to standard error are kept, and why it failed.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 1,
    .options = logs_options,
    .run = run_logs,
};
