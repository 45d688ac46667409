/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop runs`, `optop show`, `optop top`: what the server knows of runs.
 */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd_processes.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "cmd/report.h"

enum { RUNS_DEFAULT = 50, TOP_DEFAULT = 10, COUNT_MAX = 100000 };

static int
run_runs(struct cmd_line *line)
{
    int64_t limit;
    json_t *answer;
    int status = cmd_number(line, "count", RUNS_DEFAULT, 1, COUNT_MAX, &limit);
    if (!status)
        status = cmd_ask(line, "run.list", json_pack("{s:I}", "limit", (json_int_t)limit), &answer);
    if (status)
        return status;
    const json_t *runs = json_object_get(answer, "runs");
    if (cmd_flag(line, "json"))
        output_json(answer);
    else if (!json_array_size(runs))
        printf("no runs yet (`optop run FILE' submits one)\n");
    else
        report_runs(runs, stdout, "");
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option runs_options[] = {
    { .name = "count", .letter = 'n', .argument = "N", .help = "At most N runs (50)" },
    { .name = "json", .letter = 'j', .help = "Print {\"runs\":[...]}, newest first" },
    { 0 },
};

const struct cmd cmd_runs = {
    .name = "runs",
    .usage = "",
    .help = "List the runs, newest first",
    .server = CMD_SERVER_STARTED,
    .options = runs_options,
    .run = run_runs,
};

/* A run file for people: cleaned line by line where it meets a terminal. */
static void
print_file(const char *text)
{
    if (!output_width(stdout)) {
        fputs(text, stdout);
        return;
    }
    while (*text) {
        size_t len = strcspn(text, "\n");
        char part[1024];
        snprintf(part, sizeof part, "%.*s", (int)(len < sizeof part ? len : sizeof part - 1), text);
        output_text(stdout, PAINT_NONE, part);
        putchar('\n');
        text += len + (text[len] == '\n');
    }
}

static int
print_run(struct cmd_line *line, json_t *run)
{
    json_t *map;
    int status = CMD_FINE;
    if (json_is_object(json_object_get(run, "best")))
        status = cmd_ask(line, "run.map",
            json_pack("{s:I, s:i}", "run", (json_int_t)json_get_int(run, "run", 0), "columns", 0), &map);
    else
        map = json_null();
    if (status)
        return status;
    json_object_set_new(run, "map", map);
    report_run(run, stdout);
    return CMD_FINE;
}

static int
run_show(struct cmd_line *line)
{
    int64_t run;
    json_t *object;
    int status = cmd_run_number(line, line->argv[0], &run);
    if (!status)
        status = cmd_ask(line, "run.show", json_pack("{s:I}", "run", (json_int_t)run), &object);
    if (status)
        return status;
    if (cmd_flag(line, "json"))
        output_json(object);
    else if (cmd_flag(line, "file"))
        print_file(json_get_string(object, "file_text", ""));
    else
        status = print_run(line, object);
    json_decref(object);
    return status;
}

static const struct cmd_option show_options[] = {
    { .name = "file", .letter = 'f', .help = "Print the run file as it was submitted" },
    { .name = "json", .letter = 'j', .help = "Print the run object" },
    { 0 },
};

const struct cmd cmd_show = {
    .name = "show",
    .usage = "RUN",
    .help = "Show one run: state, progress, best trial, times",
    .detail = "RUN is a run's number, or `last' for the newest.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 1,
    .options = show_options,
    .run = run_show,
};

static int
run_top(struct cmd_line *line)
{
    int64_t run, count;
    json_t *top;
    if (!line->argc)
        return cmd_processes_print(line);
    int status = cmd_number(line, "count", TOP_DEFAULT, 1, COUNT_MAX, &count);
    if (!status)
        status = cmd_run_number(line, line->argv[0], &run);
    if (!status)
        status = cmd_ask(line, "run.top",
            json_pack("{s:I, s:I, s:s, s:b}", "run", (json_int_t)run, "count", (json_int_t)count,
                "by", cmd_value(line, "by", "score"), "reverse", cmd_flag(line, "reverse")),
            &top);
    if (status)
        return status;
    if (cmd_flag(line, "json"))
        output_json(top);
    else if (cmd_flag(line, "csv")) {
        struct str csv;
        str_init(&csv);
        report_csv(top, &csv);
        fwrite(csv.data, 1, csv.len, stdout);
        str_release(&csv);
    } else if (!json_array_size(json_object_get(top, "trials")))
        printf("no trial of run %jd has a score yet\n", (intmax_t)run);
    else
        report_top(top, stdout);
    json_decref(top);
    return CMD_FINE;
}

static const struct cmd_option top_options[] = {
    { .name = "count", .letter = 'n', .argument = "N", .help = "At most N trials (10)" },
    { .name = "by", .letter = 'b', .argument = "METRIC",
        .help = "Sort by a metric, the smallest first, instead of the score" },
    { .name = "reverse", .letter = 'r', .help = "The worst scores, or the largest values, first" },
    { .name = "csv", .help = "Print CSV: trial, score, each parameter, each metric" },
    { .name = "json", .letter = 'j', .help = "Print the trial objects with the names of their columns" },
    { 0 },
};

const struct cmd cmd_top = {
    .name = "top",
    .usage = "[RUN]",
    .help = "Show a run's best trials; without RUN, the processes that use most",
    .detail = "Without RUN it is `optop processes' (which has more options), and --by takes one of its columns. METRIC is what heads a column of metrics in --csv (wall_seconds, max_rss_bytes, "
              "...); trials without it come last. The CSV has a header line, values as numbers in full precision, and quotes where "
              "RFC 4180 asks for them; lines end with a line feed.",
    .server = CMD_SERVER_STARTED,
    .least = 0,
    .most = 1,
    .options = top_options,
    .run = run_top,
};
