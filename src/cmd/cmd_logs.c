/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop logs`: what a run and its trials said, once or as it comes.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "model/run.h"

enum { PAGE = 500 };
static const double poll_seconds = 1; /* the server tells of runs, not of log lines */
static const double trial_poll_seconds = 0.2; /* someone is watching it */

/* What has been shown. */
struct logs {
    struct cmd_line *line;
    int64_t run, trial; /* trial 0: of all */
    bool json, only_output, follow;
    json_t *lines, *outputs; /* gathered; NULL: each is printed as it comes */
    int64_t after; /* of the log */
    int64_t attempt, position; /* of the trial's output */
    bool any_output, settled; /* the trial has come to its end */
    struct str text;
};

static enum paint
level_paint(const char *level)
{
    return !strcmp(level, "error") || !strcmp(level, "stderr") ? PAINT_BAD
        : !strcmp(level, "warn")                                ? PAINT_WARN
                                                                : PAINT_NONE;
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
    /* a trial's words are one entry of several lines */
    do {
        size_t len = strcspn(text, "\n");
        char *part = xstrndup(text, len);
        for (char *tab = part; (tab = strchr(tab, '\t'));)
            *tab = ' ';
        printf("%s  %-13s ", time, trial);
        output_text(stdout, level_paint(level), level);
        printf("%*s", strlen(level) < 6 ? (int)(6 - strlen(level)) : 1, "");
        output_text(stdout, PAINT_NONE, part);
        putchar('\n');
        free(part);
        text += len + (text[len] == '\n');
    } while (*text);
}

/* A trial's last words are part of its output, where that is there. */
static void
take_line(struct logs *logs, json_t *entry)
{
    bool again = logs->any_output && !strcmp(json_get_string(entry, "level", ""), "stderr");
    if (logs->lines)
        json_array_append(logs->lines, entry);
    else if (logs->only_output || again)
        return;
    else if (logs->json)
        output_json(entry);
    else
        print_line(entry);
}

/* Everything that is new in the log. */
static int
take_pages(struct logs *logs)
{
    for (;;) {
        json_t *params = json_pack("{s:I, s:I, s:i}", "run", (json_int_t)logs->run, "after",
            (json_int_t)logs->after, "limit", PAGE);
        json_t *answer, *entry;
        size_t i;
        if (logs->trial)
            json_object_set_new(params, "trial", json_integer(logs->trial));
        int status = cmd_ask(logs->line, "run.logs", params, &answer);
        if (status)
            return status;
        const json_t *lines = json_object_get(answer, "lines");
        json_array_foreach (lines, i, entry)
            take_line(logs, entry);
        int64_t last = json_get_int(answer, "last", logs->after);
        bool more = json_array_size(lines) == PAGE && last > logs->after;
        if (last > logs->after)
            logs->after = last;
        json_decref(answer);
        if (!more)
            break;
    }
    fflush(stdout);
    return 0;
}

/* A trial's output. */

/* As it was written, each stream to its own. */
static void
write_part(struct logs *logs, const json_t *part)
{
    const char *text = json_get_string(part, "text", NULL);
    if (!text) {
        fflush(stdout);
        cmd_error("about %jd bytes are left out here", (intmax_t)json_get_int(part, "left_out", 0));
        return;
    }
    FILE *file = !strcmp(json_get_string(part, "stream", ""), "stderr") ? stderr : stdout;
    str_clear(&logs->text);
    text_clean_lines(text, strlen(text), &logs->text);
    if (file == stderr)
        fflush(stdout);
    fwrite(logs->text.data, 1, logs->text.len, file);
}

/* As a line of the log has it. */
static void
show_part(struct logs *logs, const json_t *output, const json_t *part)
{
    char left_out[64];
    const char *text = json_get_string(part, "text", NULL);
    if (!text)
        snprintf(left_out, sizeof left_out, "... about %jd bytes are left out here ...",
            (intmax_t)json_get_int(part, "left_out", 0));
    json_t *line = json_pack("{s:I, s:I, s:f, s:s, s:s}", "trial", (json_int_t)logs->trial, "attempt",
        (json_int_t)json_get_int(output, "attempt", 1), "time", json_get_number(output, "time", 0),
        "level", json_get_string(part, "stream", "-"), "text", text ? text : left_out);
    if (logs->json)
        output_json(line);
    else
        print_line(line);
    json_decref(line);
}

static void
take_output(struct logs *logs, json_t *output)
{
    const json_t *parts = json_object_get(output, "parts"), *part;
    size_t i;
    int64_t attempt = json_get_int(output, "attempt", logs->attempt);
    bool known = logs->any_output && attempt == logs->attempt;
    logs->attempt = attempt;
    logs->position = json_get_int(output, "end", logs->position);
    logs->any_output = true;
    if (logs->outputs && (!known || json_array_size(parts)))
        json_array_append(logs->outputs, output);
    if (logs->outputs)
        return;
    json_array_foreach (parts, i, part) {
        if (logs->only_output)
            write_part(logs, part);
        else
            show_part(logs, output, part);
    }
    fflush(stdout);
}

/* Everything that is new of the trial's output. */
static int
take_outputs(struct logs *logs)
{
    for (bool more = true; more;) {
        json_t *params = json_pack("{s:I, s:I, s:I, s:I}", "run", (json_int_t)logs->run, "trial",
            (json_int_t)logs->trial, "attempt", (json_int_t)logs->attempt, "after",
            (json_int_t)logs->position);
        json_t *answer, *output;
        size_t i;
        int64_t before = logs->any_output ? logs->attempt : 0;
        int status = cmd_ask(logs->line, "run.output", params, &answer);
        if (status)
            return status;
        json_array_foreach (json_object_get(answer, "outputs"), i, output)
            take_output(logs, output);
        const char *state = json_get_string(answer, "state", "");
        logs->settled = !strcmp(state, "done") || !strcmp(state, "failed");
        more = logs->any_output && logs->attempt > before;
        json_decref(answer);
    }
    return 0;
}

static int
take_all(struct logs *logs)
{
    int status = logs->trial ? take_outputs(logs) : 0;
    return status ? status : take_pages(logs);
}

static int
run_has_ended(const struct logs *logs, bool *ret_ended)
{
    json_t *object;
    int status = cmd_ask(logs->line, "run.show", json_pack("{s:I}", "run", (json_int_t)logs->run),
        &object);
    if (status)
        return status;
    int state = run_state_parse(json_get_string(object, "state", ""));
    *ret_ended = state >= 0 && run_state_ended((enum run_state)state);
    json_decref(object);
    return 0;
}

static int
follow_logs(struct logs *logs)
{
    static const struct client_events events = { 0 };
    bool ended = false;
    for (;;) {
        /* asked before the lines are: what was said last is then among them */
        int status = run_has_ended(logs, &ended);
        if (!status)
            status = take_all(logs);
        if (status || ended || logs->settled)
            return status;
        struct diag diag = { 0 };
        double seconds = logs->trial ? trial_poll_seconds : poll_seconds;
        if (client_wait(logs->line->client, seconds, &events, NULL, &diag) < 0) {
            cmd_error("%s", diag.text);
            return CMD_UNREACHABLE;
        }
    }
}

static int
gather_logs(struct logs *logs)
{
    logs->lines = json_array();
    logs->outputs = logs->trial ? json_array() : NULL;
    int status = take_all(logs);
    if (!status) {
        json_t *object = json_pack("{s:I, s:O}", "run", (json_int_t)logs->run, "lines", logs->lines);
        if (logs->outputs)
            json_object_set(object, "outputs", logs->outputs);
        output_json(object);
        json_decref(object);
    }
    json_decref(logs->lines);
    json_decref(logs->outputs);
    return status;
}

static int
run_logs(struct cmd_line *line)
{
    struct logs logs = { .line = line, .json = cmd_flag(line, "json"), .attempt = 1,
        .only_output = cmd_flag(line, "output"), .follow = cmd_flag(line, "follow") };
    int status = cmd_number(line, "trial", 0, 1, INT64_MAX, &logs.trial);
    if (!status && logs.only_output && (!logs.trial || logs.json)) {
        cmd_error("--output is for --trial, without --json");
        status = CMD_USAGE;
    }
    if (!status)
        status = cmd_run_number(line, line->argv[0], &logs.run);
    if (status)
        return status;
    str_init(&logs.text);
    status = logs.follow ? follow_logs(&logs) : logs.json ? gather_logs(&logs) : take_all(&logs);
    str_release(&logs.text);
    return status;
}

static const struct cmd_option logs_options[] = {
    { .name = "trial", .letter = 't', .argument = "N",
        .help = "Only what is said of trial N, and what it wrote, also while it runs" },
    { .name = "follow", .letter = 'f', .help = "Go on until the run, or the trial, has ended" },
    { .name = "output", .letter = 'o',
        .help = "Only what trial N wrote: its standard output and error to those of optop" },
    { .name = "json", .letter = 'j',
        .help = "Print {\"run\":N,\"lines\":[...]}, with --trial \"outputs\", too; with -f one line object"
                " a line" },
    { 0 },
};

const struct cmd cmd_logs = {
    .name = "logs",
    .usage = "RUN",
    .help = "Show what a run and its trials said",
    .detail = "The last 4 KiB that a trial wrote to standard error are kept, and why it failed. With"
              " --trial also what it wrote to both streams: the first 16 KiB and the last 48 KiB of it,"
              " of the newest trials (keep.output in optop-run(5)). Text is cleaned, in a file, too:"
              " control characters but tabs and line ends are shown as signs.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 1,
    .options = logs_options,
    .run = run_logs,
};
