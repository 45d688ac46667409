/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop compare`: runs side by side.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/unit.h"
#include "base/xalloc.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "cmd/report.h"

enum { RUNS_MAX = 64 };

struct compare {
    struct cmd_line *line;
    json_t *runs; /* owned; run objects, each with `best_after` added */
    int64_t trials; /* that every run has ended */
};

static int64_t
ended_trials(const json_t *run)
{
    const json_t *counts = json_object_get(run, "counts");
    return json_get_int(counts, "done", 0) + json_get_int(counts, "failed", 0);
}

static int
ask_runs(struct compare *c)
{
    for (int i = 0; i < c->line->argc; i++) {
        int64_t run;
        json_t *object;
        int status = cmd_run_number(c->line, c->line->argv[i], &run);
        if (!status)
            status = cmd_ask(c->line, "run.show", json_pack("{s:I}", "run", (json_int_t)run), &object);
        if (status)
            return status;
        json_object_del(object, "file_text");
        if (i == 0 || ended_trials(object) < c->trials)
            c->trials = ended_trials(object);
        json_array_append_new(c->runs, object);
    }
    return 0;
}

/* The best of each run's first trials, as many as every run has. */
static int
ask_best_after(struct compare *c)
{
    size_t i;
    json_t *run;
    json_array_foreach (c->runs, i, run) {
        json_t *answer, *best;
        int status = cmd_ask(c->line, "run.top",
            json_pack("{s:I, s:i, s:I}", "run", (json_int_t)json_get_int(run, "run", 0), "count", 1,
                "first", (json_int_t)c->trials), &answer);
        if (status)
            return status;
        best = json_array_get(json_object_get(answer, "trials"), 0);
        json_object_set_new(run, "best_after", best
                ? json_pack("{s:O, s:O}", "trial", json_object_get(best, "trial"), "score",
                      json_object_get(best, "score"))
                : json_null());
        json_decref(answer);
    }
    return 0;
}

/* What is around the best trial of each. */
static int
ask_maps(struct compare *c)
{
    size_t i;
    json_t *run, *map;
    json_array_foreach (c->runs, i, run) {
        int status = cmd_ask(c->line, "run.map",
            json_pack("{s:I, s:i}", "run", (json_int_t)json_get_int(run, "run", 0), "columns", 0), &map);
        if (status)
            return status;
        json_object_set_new(run, "plateau", json_incref(json_object_get(map, "plateau")));
        json_decref(map);
    }
    return 0;
}

static void
say_state(const json_t *run, const char *what, struct str *out)
{
    (void)what;
    str_puts(out, report_run_state(run));
}

/* One line of the table: what `value` says of each run. */
typedef void value_fn(const json_t *run, const char *what, struct str *out);

static void
put_row(const struct compare *c, struct table *table, const char *label, value_fn *value,
    const char *what)
{
    size_t i;
    json_t *run;
    struct str text;
    str_init(&text);
    table_cell(table, PAINT_FAINT, label);
    json_array_foreach (c->runs, i, run) {
        str_clear(&text);
        value(run, what, &text);
        enum paint paint = value == say_state ? report_state_paint(text.data) : PAINT_NONE;
        table_cell(table, paint, text.len ? text.data : "-");
    }
    str_release(&text);
}

static void
say_member(const json_t *run, const char *what, struct str *out)
{
    char buf[64];
    str_puts(out, output_scalar(json_object_get(run, what), "-", buf, sizeof buf));
}

static void
say_trials(const json_t *run, const char *what, struct str *out)
{
    (void)what;
    str_printf(out, "%jd", (intmax_t)ended_trials(run));
    const json_t *total = json_object_get(json_object_get(run, "counts"), "total");
    if (json_is_integer(total))
        str_printf(out, " of %jd", (intmax_t)json_integer_value(total));
}

static void
say_count(const json_t *run, const char *what, struct str *out)
{
    say_member(json_object_get(run, "counts"), what, out);
}

/* A member of `best` or `best_after`. */
static void
say_score(const json_t *run, const char *what, struct str *out)
{
    say_member(json_object_get(run, what), "score", out);
}

/* "0.25 (plateau)" */
static void
say_neighbours(const json_t *run, const char *what, struct str *out)
{
    const json_t *plateau = json_object_get(run, "plateau");
    const char *shape = json_get_string(plateau, "shape", NULL);
    (void)what;
    say_member(plateau, "mean", out);
    if (shape)
        str_printf(out, " (%s)", shape);
}

static void
say_param(const json_t *run, const char *what, struct str *out)
{
    say_member(json_object_get(json_object_get(run, "best"), "params"), what, out);
}

static void
say_found(const json_t *run, const char *what, struct str *out)
{
    const json_t *best = json_object_get(run, "best");
    char buf[64];
    (void)what;
    if (json_is_object(best))
        str_printf(out, "trial %jd, %s", (intmax_t)json_get_int(best, "trial", 0),
            unit_format_duration(json_get_number(best, "found_seconds", NAN), buf, sizeof buf));
}

static void
say_rate(const json_t *run, const char *what, struct str *out)
{
    char buf[64];
    double rate = json_get_number(run, what, NAN);
    str_printf(out, "%s%s", unit_format_count(rate, buf, sizeof buf), isfinite(rate) ? "/s" : "");
}

static void
say_duration(const json_t *run, const char *what, struct str *out)
{
    char buf[64];
    str_puts(out, unit_format_duration(json_get_number(run, what, NAN), buf, sizeof buf));
}

static void
say_share(const json_t *run, const char *what, struct str *out)
{
    char buf[64];
    double share = json_get_number(run, what, NAN);
    str_printf(out, "%s%s", unit_format_count(share, buf, sizeof buf), isfinite(share) ? "%" : "");
}

/* The best point: a line per parameter that any of the runs has. */
static void
put_params(const struct compare *c, struct table *table)
{
    json_t *names = json_object(), *run, *value;
    const char *name;
    size_t i;
    json_array_foreach (c->runs, i, run)
        json_object_foreach (json_object_get(json_object_get(run, "best"), "params"), name, value)
            json_object_set_new(names, name, json_true());
    json_object_foreach (names, name, value) {
        char *label = xasprintf("  %s", name);
        put_row(c, table, label, say_param, name);
        free(label);
    }
    json_decref(names);
}

static void
print_table(const struct compare *c)
{
    struct table *table = table_new();
    size_t i;
    json_t *run;
    char title[40];
    table_column(table, "", TABLE_LEFT);
    json_array_foreach (c->runs, i, run) {
        snprintf(title, sizeof title, "run %jd", (intmax_t)json_get_int(run, "run", 0));
        table_column(table, title, TABLE_RIGHT);
    }
    put_row(c, table, "name", say_member, "name");
    put_row(c, table, "state", say_state, NULL);
    put_row(c, table, "goal", say_member, "goal");
    put_row(c, table, "search", say_member, "search");
    put_row(c, table, "trials", say_trials, NULL);
    put_row(c, table, "failed", say_count, "failed");
    put_row(c, table, "best", say_score, "best");
    put_params(c, table);
    put_row(c, table, "neighbours", say_neighbours, NULL);
    put_row(c, table, "found", say_found, NULL);
    char *label = xasprintf("best of %jd", (intmax_t)c->trials);
    put_row(c, table, label, say_score, "best_after");
    free(label);
    put_row(c, table, "rate", say_rate, "rate");
    put_row(c, table, "time", say_duration, "elapsed_seconds");
    put_row(c, table, "workers busy", say_share, "utilization_pct");
    table_print(table, stdout, output_width(stdout), "");
}

static int
run_compare(struct cmd_line *line)
{
    struct compare c = { .line = line, .runs = json_array() };
    int status = 0;
    if (line->argc > RUNS_MAX) {
        cmd_error("more than %d runs", RUNS_MAX);
        status = CMD_USAGE;
    }
    if (!status)
        status = ask_runs(&c);
    if (!status)
        status = ask_best_after(&c);
    if (!status)
        status = ask_maps(&c);
    if (!status && cmd_flag(line, "json")) {
        json_t *object = json_pack("{s:I, s:O}", "trials", (json_int_t)c.trials, "runs", c.runs);
        output_json(object);
        json_decref(object);
    } else if (!status) {
        print_table(&c);
    }
    json_decref(c.runs);
    return status;
}

static const struct cmd_option compare_options[] = {
    { .name = "json", .letter = 'j',
        .help = "Print {\"trials\":N,\"runs\":[run objects]}, each with `best_after' N trials and the `plateau' of run.map" },
    { 0 },
};

const struct cmd cmd_compare = {
    .name = "compare",
    .usage = "RUN RUN...",
    .help = "Show runs side by side",
    .detail = "A column per run: state, trials, best score and its point, the trial that found it "
              "and how long after the start, the mean of its neighbours (see `optop map'), and pace. `best of N' is the best of each run's first N "
              "trials, where N is what all of them have ended: what they found for the same effort.",
    .server = CMD_SERVER_STARTED,
    .least = 2,
    .most = -1,
    .options = compare_options,
    .run = run_compare,
};
