/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop workers` and `optop failures`: what a run is doing now, and what went
 * wrong in it.
 */
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"

enum { PAST_SHOWN = 60, REASONS_DEFAULT = 20, REASONS_MAX = 200 };

static void
whole_cell(struct table *table, const json_t *object, const char *key)
{
    char text[32] = "-";
    if (json_is_integer(json_object_get(object, key)))
        snprintf(text, sizeof text, "%jd", (intmax_t)json_get_int(object, key, 0));
    table_cell(table, PAINT_NONE, text);
}

static void
print_lanes(const json_t *lanes)
{
    struct table *table = table_new();
    char text[40];
    size_t i;
    json_t *lane;
    table_column(table, "WORKER", TABLE_RIGHT);
    table_column(table, "PID", TABLE_RIGHT);
    table_column(table, "STATE", TABLE_LEFT);
    table_column(table, "TRIAL", TABLE_RIGHT);
    table_column(table, "FOR", TABLE_RIGHT);
    table_column(table, "LAST MINUTE", TABLE_LEFT);
    json_array_foreach (lanes, i, lane) {
        whole_cell(table, lane, "worker");
        whole_cell(table, lane, "pid");
        table_cell(table, PAINT_NONE, json_get_string(lane, "state", "-"));
        whole_cell(table, lane, "trial");
        table_cell(table, PAINT_NONE,
            unit_format_duration(json_get_number(lane, "seconds", NAN), text, sizeof text));
        table_cell(table, PAINT_NONE, json_get_string(lane, "past", ""));
    }
    table_print(table, stdout, output_width(stdout), "");
}

static void
print_use(const json_t *use)
{
    static const struct {
        const char *key, *word;
        bool rate;
    } parts[] = { { "rss_bytes", "memory", false }, { "read_bytes", "read", true }, { "write_bytes", "written", true } };
    char text[40];
    double pct = json_get_number(use, "cpu_pct", NAN);
    printf("%jd processes", (intmax_t)json_get_int(use, "processes", 0));
    if (isfinite(pct))
        printf(", %.1f%% of a core", pct);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        double bytes = json_get_number(use, parts[i].key, NAN);
        if (isfinite(bytes))
            printf(", %s %s%s", parts[i].word, unit_format_bytes(bytes, text, sizeof text), parts[i].rate ? "/s" : "");
    }
    putchar('\n');
}

static int
run_workers(struct cmd_line *line)
{
    int64_t run;
    json_t *answer;
    int status = cmd_run_number(line, line->argv[0], &run);
    if (!status)
        status = cmd_ask(line, "run.workers",
            json_pack("{s:I, s:i}", "run", (json_int_t)run, "points", PAST_SHOWN), &answer);
    if (status)
        return status;
    const json_t *lanes = json_object_get(answer, "lanes"), *use = json_object_get(answer, "use");
    if (cmd_flag(line, "json")) {
        output_json(answer);
    } else {
        if (json_array_size(lanes))
            print_lanes(lanes);
        else
            printf("run %jd has had no workers since the server's start\n", (intmax_t)run);
        if (json_is_object(use))
            print_use(use);
    }
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option workers_options[] = {
    { .name = "json", .letter = 'j', .help = "Print an object with workers, use and limits" },
    { 0 },
};

const struct cmd cmd_workers = {
    .name = "workers",
    .usage = "RUN",
    .help = "Show what a run's workers are doing, and have done in the last minute",
    .detail = "Of each second a sign: 0 to 9 is how busy a worker was (9: nine tenths or all), s starting, "
              "p paused, f a trial has failed, a blank no worker. Below them stands what all processes "
              "of the run use.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 1,
    .options = workers_options,
    .run = run_workers,
};

static void
print_reasons(const json_t *reasons)
{
    struct table *table = table_new();
    size_t i;
    json_t *reason;
    table_column(table, "TRIALS", TABLE_RIGHT);
    table_column(table, "FIRST", TABLE_RIGHT);
    table_column(table, "LAST", TABLE_RIGHT);
    table_column(table, "REASON", TABLE_LEFT);
    json_array_foreach (reasons, i, reason) {
        whole_cell(table, reason, "count");
        whole_cell(table, reason, "first");
        whole_cell(table, reason, "last");
        table_cell(table, PAINT_BAD, json_get_string(reason, "reason", ""));
    }
    table_print(table, stdout, output_width(stdout), "");
}

static int
run_failures(struct cmd_line *line)
{
    int64_t run, count;
    json_t *answer;
    int status = cmd_number(line, "count", REASONS_DEFAULT, 1, REASONS_MAX, &count);
    if (!status)
        status = cmd_run_number(line, line->argv[0], &run);
    if (!status)
        status = cmd_ask(line, "run.failures",
            json_pack("{s:I, s:I}", "run", (json_int_t)run, "limit", (json_int_t)count), &answer);
    if (status)
        return status;
    const json_t *reasons = json_object_get(answer, "reasons");
    intmax_t more = (intmax_t)json_get_int(answer, "kinds", 0) - (intmax_t)json_array_size(reasons);
    if (cmd_flag(line, "json")) {
        output_json(answer);
    } else if (!json_array_size(reasons)) {
        printf("no trial of run %jd has failed\n", (intmax_t)run);
    } else {
        print_reasons(reasons);
        if (more > 0)
            printf("and %jd other reasons (--count)\n", more);
    }
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option failures_options[] = {
    { .name = "count", .letter = 'n', .argument = "N", .help = "At most N reasons (20)" },
    { .name = "json", .letter = 'j', .help = "Print an object with the list of reasons" },
    { 0 },
};

const struct cmd cmd_failures = {
    .name = "failures",
    .usage = "RUN",
    .help = "Show why trials of a run have failed: reasons, how many trials each, the first and last of them",
    .detail = "What a trial wrote before it failed is shown by `optop logs RUN --trial N'.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 1,
    .options = failures_options,
    .run = run_failures,
};
