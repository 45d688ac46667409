/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/report.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "cmd/csv.h"
#include "cmd/map_text.h"
#include "model/metric.h"
#include "model/run.h"

enum { RUNNING_MAX = 16 }; /* trials that `optop show` lists */

const char *
report_run_state(const json_t *run)
{
    /* set for a pause and for a failure, too */
    if (json_get_bool(run, "cancelling", false))
        return "stopping";
    return json_get_string(run, "state", "-");
}

enum paint
report_state_paint(const char *state)
{
    static const struct {
        const char *state;
        enum paint paint;
    } paints[] = {
        { "running", PAINT_GOOD }, { "failed", PAINT_BAD }, { "critical", PAINT_BAD },
        { "paused", PAINT_WARN }, { "stopping", PAINT_WARN }, { "warning", PAINT_WARN },
        { "cancelled", PAINT_FAINT },
    };
    for (size_t i = 0; i < sizeof paints / sizeof *paints; i++)
        if (!strcmp(paints[i].state, state))
            return paints[i].paint;
    return PAINT_NONE;
}

void
report_counts(const json_t *run, struct str *out)
{
    const json_t *counts = json_object_get(run, "counts");
    int64_t done = json_get_int(counts, "done", 0), failed = json_get_int(counts, "failed", 0);
    str_printf(out, "%jd", (intmax_t)(done + failed));
    if (json_is_integer(json_object_get(counts, "total")))
        str_printf(out, " of %jd", (intmax_t)json_get_int(counts, "total", 0));
    if (failed)
        str_printf(out, " (%jd failed)", (intmax_t)failed);
}

void
report_params(const json_t *params, struct str *out)
{
    const char *name;
    json_t *value;
    char buf[64];
    bool first = true;
    json_object_foreach ((json_t *)(uintptr_t)params, name, value) {
        str_printf(out, "%s%s=%s", first ? "" : " ", name,
            output_scalar(value, "-", buf, sizeof buf));
        first = false;
    }
}

static const json_t *
best_score(const json_t *run)
{
    return json_object_get(json_object_get(run, "best"), "score");
}

void
report_space(const json_t *space, struct str *out)
{
    char number[40];
    const json_t *points = json_object_get(space, "points");
    int64_t feasible = json_get_int(space, "feasible", -1);
    if (!json_is_number(points))
        return;
    bool constrained = feasible >= 0 && (double)feasible < json_number_value(points);
    if (constrained)
        str_printf(out, "%jd feasible points of ", (intmax_t)feasible);
    str_puts(out, output_scalar(points, "-", number, sizeof number));
    if (!constrained)
        str_puts(out, " points");
    if (json_get_bool(space, "exhaustive", false))
        str_puts(out, ", exhaustive");
}

void
report_left(const json_t *run, bool full, struct str *out)
{
    char text[64], low_text[64], high_text[64];
    double left = json_get_number(run, "eta_seconds", NAN);
    double low = json_get_number(run, "eta_low_seconds", NAN);
    double high = json_get_number(run, "eta_high_seconds", NAN);
    if (!isfinite(left))
        return;
    str_printf(out, "%s left", unit_format_duration(left, text, sizeof text));
    if (!full || !isfinite(low))
        return;
    unit_format_duration(low, low_text, sizeof low_text);
    unit_format_duration(high, high_text, sizeof high_text);
    if (!isfinite(high))
        str_printf(out, " (at least %s)", low_text);
    else if (!str_equal(low_text, high_text))
        str_printf(out, " (%s-%s)", low_text, high_text);
}

void
report_best(const json_t *run, bool full, struct str *out)
{
    char buf[64];
    const json_t *best = json_object_get(run, "best");
    double found = json_get_number(best, "found_seconds", NAN);
    if (!json_is_number(best_score(run)))
        return;
    str_printf(out, "best %s", output_scalar(best_score(run), "-", buf, sizeof buf));
    if (!full)
        return;
    str_printf(out, " (trial %jd", (intmax_t)json_get_int(best, "trial", 0));
    if (isfinite(found))
        str_printf(out, ", after %s", unit_format_duration(found, buf, sizeof buf));
    str_putc(out, ')');
}

void
report_run_line(const json_t *run, struct str *out)
{
    char buf[64];
    const json_t *counts = json_object_get(run, "counts");
    int64_t failed = json_get_int(counts, "failed", 0);
    double elapsed = json_get_number(run, "elapsed_seconds", NAN);
    double rate = json_get_number(run, "rate", NAN);
    str_printf(out, "run %jd (%s) %s: %jd trials", (intmax_t)json_get_int(run, "run", 0),
        json_get_string(run, "name", "-"), report_run_state(run),
        (intmax_t)(json_get_int(counts, "done", 0) + failed));
    if (isfinite(elapsed))
        str_printf(out, " in %s", unit_format_duration(elapsed, buf, sizeof buf));
    if (isfinite(rate))
        str_printf(out, " (%s/s)", unit_format_count(rate, buf, sizeof buf));
    str_printf(out, ", %jd failed", (intmax_t)failed);
    if (json_is_number(best_score(run)))
        str_printf(out, ", best %s", output_scalar(best_score(run), "-", buf, sizeof buf));
    const char *reason = json_get_string(run, "reason", "");
    if (reason[0])
        str_printf(out, " (%s)", reason);
}

static void
cell_format(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void
cell_format(struct table *table, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    table_cell(table, PAINT_NONE, text);
}

static void
run_row(struct table *table, const json_t *run)
{
    char buf[64];
    struct str counts;
    str_init(&counts);
    report_counts(run, &counts);
    const char *state = report_run_state(run);
    double rate = json_get_number(run, "rate", NAN);
    cell_format(table, "%jd", (intmax_t)json_get_int(run, "run", 0));
    table_cell(table, PAINT_NONE, json_get_string(run, "name", "-"));
    table_cell(table, report_state_paint(state), state);
    table_cell(table, PAINT_NONE, counts.data);
    table_cell(table, PAINT_NONE, output_scalar(best_score(run), "-", buf, sizeof buf));
    cell_format(table, "%s%s", unit_format_count(rate, buf, sizeof buf), isfinite(rate) ? "/s" : "");
    table_cell(table, PAINT_NONE,
        unit_format_duration(json_get_number(run, "elapsed_seconds", NAN), buf, sizeof buf));
    table_cell(table, PAINT_NONE,
        unit_format_duration(json_get_number(run, "eta_seconds", NAN), buf, sizeof buf));
    cell_format(table, "%jd", (intmax_t)json_get_int(run, "workers", 0));
    table_cell(table, PAINT_NONE,
        output_time(json_get_number(run, "created", NAN), buf, sizeof buf));
    const char *waiting = json_get_string(run, "waiting", "");
    table_cell(table, PAINT_NONE, waiting[0] ? waiting : json_get_string(run, "reason", ""));
    str_release(&counts);
}

void
report_runs(const json_t *runs, FILE *file, const char *indent)
{
    struct table *table = table_new();
    table_column(table, "run", TABLE_RIGHT);
    table_column(table, "name", TABLE_LEFT);
    table_column(table, "state", TABLE_LEFT);
    table_column(table, "trials", TABLE_LEFT);
    table_column(table, "best", TABLE_RIGHT);
    table_column(table, "rate", TABLE_RIGHT);
    table_column(table, "time", TABLE_RIGHT);
    table_column(table, "left", TABLE_RIGHT);
    table_column(table, "workers", TABLE_RIGHT);
    table_column(table, "created", TABLE_LEFT);
    table_column(table, "why", TABLE_LEFT);
    size_t i;
    json_t *run;
    json_array_foreach (runs, i, run)
        run_row(table, run);
    table_print(table, file, output_width(file), indent);
}

static void
put_field(FILE *file, const char *label, const char *text)
{
    fprintf(file, "%-11s ", label);
    output_text(file, PAINT_NONE, text);
    putc('\n', file);
}

/* The lines of `optop show`: nothing is printed for what is not known. */
static void
put_best(const json_t *run, FILE *file)
{
    const json_t *best = json_object_get(run, "best"), *metrics = json_object_get(best, "metrics");
    if (!json_is_object(best))
        return;
    char buf[64];
    const char *name;
    json_t *value;
    struct str text;
    str_init(&text);
    report_best(run, true, &text);
    put_field(file, "best", text.len ? text.data + strlen("best ") : "-");
    str_clear(&text);
    report_params(json_object_get(best, "params"), &text);
    put_field(file, "", text.data);
    str_clear(&text);
    json_object_foreach ((json_t *)(uintptr_t)metrics, name, value)
        str_printf(&text, "%s%s %s", text.len ? ", " : "", name,
            output_figure(name, value, buf, sizeof buf));
    if (text.len)
        put_field(file, "", text.data);
    str_clear(&text);
    map_text_plateau(json_object_get(run, "map"), &text);
    if (text.len)
        put_field(file, "", text.data);
    str_release(&text);
}

static void
put_times(const json_t *run, FILE *file)
{
    static const char *const members[] = { "created", "started", "finished" };
    char buf[64];
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        double time = json_get_number(run, members[i], NAN);
        if (isfinite(time))
            put_field(file, members[i], output_time(time, buf, sizeof buf));
    }
}

static void
put_pace(const json_t *run, FILE *file)
{
    static const struct {
        const char *member, *label, *suffix;
        const char *(*format)(double value, char *buf, size_t size);
    } figures[] = {
        { "elapsed_seconds", "", "", unit_format_duration },
        { "rate", "", "/s", unit_format_count },
        { "utilization_pct", "workers ", "% busy", unit_format_count },
    };
    struct str text;
    char buf[64];
    str_init(&text);
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        double value = json_get_number(run, figures[i].member, NAN);
        if (isfinite(value))
            str_printf(&text, "%s%s%s%s", text.len ? ", " : "", figures[i].label,
                figures[i].format(value, buf, sizeof buf), figures[i].suffix);
    }
    if (text.len)
        put_field(file, "pace", text.data);
    str_clear(&text);
    report_left(run, true, &text);
    if (text.len)
        put_field(file, "", text.data);
    str_release(&text);
}

/* Its place among others, where the run file says something of it. */
static void
put_gates(const json_t *run, FILE *file)
{
    char buf[64];
    size_t i;
    json_t *id;
    const json_t *after = json_object_get(run, "after");
    int64_t priority = json_get_int(run, "priority", 0);
    double start = json_get_number(run, "start", NAN);
    struct str text;
    str_init(&text);
    if (priority)
        str_printf(&text, "priority %jd", (intmax_t)priority);
    json_array_foreach (after, i, id)
        str_printf(&text, "%s %jd", i ? "," : text.len ? ", after" : "after",
            (intmax_t)json_integer_value(id));
    if (isfinite(start))
        str_printf(&text, "%snot before %s", text.len ? ", " : "",
            output_time(start, buf, sizeof buf));
    if (text.len)
        put_field(file, "queue", text.data);
    str_release(&text);
}

/* "memory 2GiB (cgroup2)": each limit with what holds it; what nothing holds
 * is said as plainly. */
static void
put_limits(const json_t *run, FILE *file)
{
    size_t i;
    json_t *limit;
    json_array_foreach (json_object_get(run, "limits"), i, limit) {
        const json_t *value = json_object_get(limit, "value");
        const char *name = json_get_string(limit, "name", "-");
        const char *held = json_get_string(limit, "held_by", "-");
        const char *note = json_get_string(limit, "note", "");
        char number[40], line[256];
        if (json_is_string(value))
            str_copy(number, sizeof number, json_string_value(value));
        else if (json_is_boolean(value))
            str_copy(number, sizeof number, json_is_true(value) ? "yes" : "no");
        else if (str_ends(name, "memory"))
            unit_format_bytes(json_number_value(value), number, sizeof number);
        else
            unit_format_number(json_number_value(value), number, sizeof number);
        bool loose = str_equal(held, "nothing");
        snprintf(line, sizeof line, "%s %s, %s%s%s%s%s", name, number, loose ? "NOT HELD" : "held by ",
            loose ? "" : held, *note ? " (" : "", note, *note ? ")" : "");
        put_field(file, i ? "" : "limits", line);
    }
}

/* "redis://127.0.0.1:6379, 120 sent, 30 behind; failing for 12 s: ..." */
static void
put_sink(const json_t *run, FILE *file)
{
    const json_t *sink = json_object_get(run, "sink");
    double failing = json_get_number(sink, "failing_seconds", NAN);
    char duration[40];
    struct str text;
    if (!json_is_object(sink))
        return;
    str_init(&text);
    str_printf(&text, "%s, %jd sent", json_get_string(sink, "place", "-"),
        (intmax_t)json_get_int(sink, "sent", 0));
    if (json_get_int(sink, "behind", 0))
        str_printf(&text, ", %jd behind", (intmax_t)json_get_int(sink, "behind", 0));
    if (isfinite(failing))
        str_printf(&text, "; failing for %s: %s",
            unit_format_duration(failing, duration, sizeof duration),
            json_get_string(sink, "error", ""));
    put_field(file, "results", text.data);
    str_release(&text);
}

/* The trials that run now, as many as the eye takes in. */
static void
put_running(const json_t *run, FILE *file)
{
    const json_t *running = json_object_get(run, "running"), *counts = json_object_get(run, "counts");
    size_t i;
    json_t *trial;
    char buf[64];
    struct str text;
    str_init(&text);
    json_array_foreach (running, i, trial) {
        if (i == RUNNING_MAX)
            break;
        const char *state = json_get_string(trial, "state", "-");
        double seconds = json_get_number(trial, "seconds", NAN);
        str_clear(&text);
        str_printf(&text, "trial %jd, ", (intmax_t)json_get_int(trial, "trial", 0));
        if (!str_equal(state, "running"))
            str_printf(&text, "%s, ", state);
        str_printf(&text, "%s: ", unit_format_duration(seconds, buf, sizeof buf));
        report_params(json_object_get(trial, "params"), &text);
        put_field(file, i ? "" : "running", text.data);
    }
    int64_t more = json_get_int(counts, "running", 0) - RUNNING_MAX;
    str_clear(&text);
    str_printf(&text, "and %jd more", (intmax_t)more);
    if (json_array_size(running) && more > 0)
        put_field(file, "", text.data);
    str_release(&text);
}

void
report_run(const json_t *run, FILE *file)
{
    struct str text;
    str_init(&text);
    str_printf(&text, "run %jd (%s) ", (intmax_t)json_get_int(run, "run", 0),
        json_get_string(run, "name", "-"));
    output_text(file, PAINT_STRONG, text.data);
    const char *state = report_run_state(run);
    output_text(file, report_state_paint(state), state);
    putc('\n', file);
    const char *reason = json_get_string(run, "reason", "");
    const char *waiting = json_get_string(run, "waiting", "");
    if (reason[0])
        put_field(file, "reason", reason);
    if (waiting[0])
        put_field(file, "waiting", waiting);
    str_clear(&text);
    str_printf(&text, "%s %s of %s, %s search", json_get_string(run, "goal", "-"),
        json_get_string(run, "score", "score"), json_get_string(run, "objective", "-"),
        json_get_string(run, "search", "-"));
    put_field(file, "goal", text.data);
    str_clear(&text);
    report_space(json_object_get(run, "space"), &text);
    if (text.len)
        put_field(file, "space", text.data);
    put_gates(run, file);
    str_clear(&text);
    report_counts(run, &text);
    str_printf(&text, ", %jd running",
        (intmax_t)json_get_int(json_object_get(run, "counts"), "running", 0));
    int64_t retrying = json_get_int(json_object_get(run, "counts"), "retrying", 0);
    if (retrying)
        str_printf(&text, ", %jd to be done again", (intmax_t)retrying);
    put_field(file, "trials", text.data);
    put_running(run, file);
    put_best(run, file);
    put_pace(run, file);
    str_clear(&text);
    str_printf(&text, "%jd of %jd", (intmax_t)json_get_int(run, "workers", 0),
        (intmax_t)json_get_int(run, "workers_target", 0));
    int64_t idle = json_get_int(run, "workers_idle", 0);
    const char *wait = json_get_string(run, "workers_wait", "");
    if (idle)
        str_printf(&text, ", %jd idle", (intmax_t)idle);
    if (wait[0])
        str_printf(&text, "%s%s", idle ? ": " : ", ", wait);
    const char *cage = json_get_string(run, "cage", "");
    if (cage[0]) /* known once it has started */
        str_printf(&text, ", cage %s", cage);
    const char *why = json_get_string(run, "target_reason", "");
    if (why[0])
        str_printf(&text, ", auto: %s", why);
    put_field(file, "workers", text.data);
    put_limits(run, file);
    put_sink(run, file);
    put_times(run, file);
    if (json_get_bool(run, "resumable", false)) {
        str_clear(&text);
        str_printf(&text, "`optop resume %jd' goes on", (intmax_t)json_get_int(run, "run", 0));
        put_field(file, "resumable", text.data);
    }
    str_release(&text);
}

/* "max rss" for max_rss_bytes: the values show their unit. */
static const char *
metric_title(const char *name, char *buf, size_t size)
{
    str_copy(buf, size, name);
    if (str_ends(buf, "_seconds"))
        buf[strlen(buf) - strlen("_seconds")] = '\0';
    else if (str_ends(buf, "_bytes"))
        buf[strlen(buf) - strlen("_bytes")] = '\0';
    for (char *p = buf; *p; p++)
        if (*p == '_')
            *p = ' ';
    return buf;
}

void
report_top(const json_t *top, FILE *file)
{
    const json_t *params = json_object_get(top, "parameters");
    const json_t *metrics = json_object_get(top, "metrics");
    struct table *table = table_new();
    size_t i, t;
    json_t *name, *trial;
    char buf[64];
    table_column(table, "trial", TABLE_RIGHT);
    table_column(table, "score", TABLE_RIGHT);
    json_array_foreach (params, i, name)
        table_column(table, json_string_value(name) ?: "-", TABLE_RIGHT);
    json_array_foreach (metrics, i, name)
        table_spare_column(table, metric_title(json_string_value(name) ?: "-", buf, sizeof buf),
            TABLE_RIGHT);
    json_array_foreach (json_object_get(top, "trials"), t, trial) {
        const json_t *values = json_object_get(trial, "params");
        const json_t *figures = json_object_get(trial, "metrics");
        cell_format(table, "%jd", (intmax_t)json_get_int(trial, "trial", 0));
        table_cell(table, PAINT_NONE,
            output_scalar(json_object_get(trial, "score"), "-", buf, sizeof buf));
        json_array_foreach (params, i, name)
            table_cell(table, PAINT_NONE,
                output_scalar(json_object_get(values, json_string_value(name) ?: ""), "-", buf,
                    sizeof buf));
        json_array_foreach (metrics, i, name) {
            const char *key = json_string_value(name) ?: "";
            table_cell(table, PAINT_NONE,
                output_figure(key, json_object_get(figures, key), buf, sizeof buf));
        }
    }
    table_print(table, file, output_width(file), "");
}

void
report_csv(const json_t *top, struct str *out)
{
    size_t i;
    json_t *trial;
    csv_header(top, false, out);
    json_array_foreach (json_object_get(top, "trials"), i, trial)
        csv_trial(top, trial, false, out);
}

/* A value in the unit of the alert's metric. */
static const char *
alert_value(const json_t *alert, const char *member, char *buf, size_t size)
{
    const char *name = json_get_string(alert, "metric", ""), *unit = json_get_string(alert, "unit", "");
    const json_t *value = json_object_get(alert, member);
    int metric = metric_find(name, strlen(name));
    char number[64];
    if (metric >= 0 && json_is_number(value))
        return metric_aspect_format((enum metric)metric,
            metric_aspect_parse(json_get_string(alert, "of", "")), json_number_value(value), buf, size);
    snprintf(buf, size, "%s%s", output_scalar(value, "-", number, sizeof number),
        json_is_number(value) ? unit : "");
    return buf;
}

void
report_alerts(const json_t *active, FILE *file, const char *indent)
{
    struct table *table = table_new();
    size_t i;
    json_t *alert;
    char buf[64];
    table_column(table, "alert", TABLE_LEFT);
    table_column(table, "state", TABLE_LEFT);
    table_column(table, "value", TABLE_RIGHT);
    table_column(table, "level", TABLE_RIGHT);
    table_column(table, "since", TABLE_LEFT);
    table_column(table, "note", TABLE_LEFT);
    json_array_foreach (active, i, alert) {
        const char *state = json_get_string(alert, "state", "-");
        table_cell(table, PAINT_NONE, json_get_string(alert, "key", "-"));
        table_cell(table, report_state_paint(state), state);
        table_cell(table, PAINT_NONE, alert_value(alert, "value", buf, sizeof buf));
        table_cell(table, PAINT_NONE, alert_value(alert, "level", buf, sizeof buf));
        table_cell(table, PAINT_NONE,
            output_time(json_get_number(alert, "since", NAN), buf, sizeof buf));
        const char *by = json_get_string(alert, "acknowledged", "");
        snprintf(buf, sizeof buf, "%s%s", by[0] ? "acknowledged by " : json_get_string(alert, "hold", ""), by);
        table_cell(table, PAINT_FAINT, buf);
    }
    table_print(table, file, output_width(file), indent);
}

void
report_notices(const json_t *notices, FILE *file, const char *indent)
{
    struct table *table = table_new();
    size_t i;
    json_t *notice;
    char buf[64];
    table_column(table, "time", TABLE_LEFT);
    table_column(table, "type", TABLE_LEFT);
    table_column(table, "what", TABLE_LEFT);
    json_array_foreach (notices, i, notice) {
        table_cell(table, PAINT_NONE,
            output_time(json_get_number(notice, "time", NAN), buf, sizeof buf));
        table_cell(table, report_state_paint(json_get_string(notice, "state", "-")),
            json_get_string(notice, "type", "-"));
        table_cell(table, PAINT_NONE, json_get_string(notice, "text", "-"));
    }
    table_print(table, file, output_width(file), indent);
}
