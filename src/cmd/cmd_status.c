/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop status`, `optop watch`: the status object, once or at every tick.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/figures_text.h"
#include "cmd/output.h"
#include "cmd/report.h"

/* A server that has just started knows no rates yet: `status` waits this long
 * for its second sample. */
static const double settle_seconds = 3;
static const double watch_silence_seconds = 30;

/* What `optop status` says of the machine. A row of a group counted per
 * something is printed once for each. To add a line: one row. */
static const struct {
    const char *label;
    enum metric_group group;
    int needs; /* the line is left out while this metric is not known; METRIC_COUNT: none */
    const char *text;
} status_lines[] = {
    { "cpu", GROUP_CPU, METRIC_COUNT,
        "{cpu.total}  (user {cpu.user}, system {cpu.system}, iowait {cpu.iowait}, "
        "steal {cpu.steal})" },
    { "memory", GROUP_MEMORY, METRIC_COUNT,
        "{memory.used_bytes} of {memory.total_bytes} used ({memory.used_pct}), "
        "{memory.available_bytes} available, {memory.cached_bytes} cached" },
    { "swap", GROUP_MEMORY, METRIC_MEMORY_SWAP_TOTAL,
        "{memory.swap_used_bytes} of {memory.swap_total_bytes} used" },
    { "pressure", GROUP_PRESSURE, METRIC_COUNT,
        "cpu {pressure.cpu_some}, memory {pressure.memory_some}, io {pressure.io_some}  "
        "(over 10 s: {pressure.cpu_some_avg10}, {pressure.memory_some_avg10}, "
        "{pressure.io_some_avg10})" },
    { "load", GROUP_SYSTEM, METRIC_COUNT,
        "{system.load1} {system.load5} {system.load15}, {system.runnable} runnable, "
        "{system.blocked} blocked, {system.threads} threads, up {system.uptime_seconds}" },
    { "disk", GROUP_DISK, METRIC_COUNT,
        "read {disk.read_bytes:8}  write {disk.write_bytes:8}  busy {disk.busy:6}" },
    { "filesystem", GROUP_FILESYSTEM, METRIC_COUNT,
        "{filesystem.used_pct:6} used  {filesystem.available_bytes:8} available" },
    { "net", GROUP_NET, METRIC_COUNT, "receive {net.receive_bytes:8}  send {net.send_bytes:8}" },
    { "limits", GROUP_LIMIT, METRIC_LIMIT_MEMORY,
        "{limit.cores} cores, memory {limit.memory_used_bytes} of {limit.memory_bytes}" },
};

static const char watch_text[] =
    "cpu {cpu.total:6}  memory {memory.used_pct:6}  pressure {pressure.cpu_some:6} "
    "{pressure.memory_some:6} {pressure.io_some:6}  load {system.load1:5}  "
    "disk {disk.read_bytes:7} {disk.write_bytes:7}  net {net.receive_bytes:7} {net.send_bytes:7}";

static void
put_line(const char *label, const char *name, const char *text)
{
    printf("%-9s ", label);
    if (name) {
        output_text(stdout, PAINT_NONE, name);
        printf("%*s", strlen(name) < 9 ? (int)(9 - strlen(name)) : 1, "");
    }
    output_text(stdout, PAINT_NONE, text);
    putchar('\n');
}

static void
print_head(const json_t *status)
{
    const json_t *host = json_object_get(status, "host");
    char time[32];
    struct str text;
    str_init(&text);
    output_text(stdout, PAINT_STRONG, json_get_string(host, "name", "-"));
    str_printf(&text, "  Linux %s, %jd cores, %s", json_get_string(host, "kernel", "-"),
        (intmax_t)json_get_int(host, "cores", 0),
        output_time(json_get_number(status, "time", NAN), time, sizeof time));
    output_text(stdout, PAINT_NONE, text.data);
    putchar('\n');
    str_release(&text);
}

static void
print_machine(const json_t *status)
{
    struct str text;
    str_init(&text);
    for (size_t i = 0; i < sizeof status_lines / sizeof *status_lines; i++) {
        const struct metric_group_info *group = metric_group_info(status_lines[i].group);
        const json_t *member = json_object_get(status, group->json);
        size_t k;
        json_t *row;
        if (status_lines[i].needs != METRIC_COUNT &&
            isnan(figures_value(status, (enum metric)status_lines[i].needs, NULL)))
            continue;
        if (!group->per_instance) {
            str_clear(&text);
            figures_expand(status, NULL, status_lines[i].text, &text);
            put_line(status_lines[i].label, NULL, text.data);
            continue;
        }
        json_array_foreach (member, k, row) {
            str_clear(&text);
            figures_expand(status, row, status_lines[i].text, &text);
            put_line(k ? "" : status_lines[i].label, json_get_string(row, "name", "-"), text.data);
        }
    }
    str_release(&text);
}

/* Said when memory is short, somebody had to give some back, or somebody grows. */
static void
print_shortage(const json_t *status)
{
    const json_t *memory = json_object_get(status, "memory");
    const json_t *released = json_object_get(memory, "released"), *giver, *leak;
    const char *level = json_get_string(memory, "pressure_level", "none");
    char bytes[16], last[32];
    size_t i;
    struct str text;
    str_init(&text);
    if (strcmp(level, "none"))
        str_printf(&text, "%s (%s)", level, json_get_string(memory, "pressure_reason", ""));
    if (text.len)
        put_line("shortage", NULL, text.data);
    str_clear(&text);
    if (json_get_int(released, "last_bytes", 0) > 0)
        str_printf(&text, "%s, last %s at %s:",
            unit_format_bytes(json_get_number(released, "bytes", NAN), bytes, sizeof bytes),
            unit_format_bytes(json_get_number(released, "last_bytes", NAN), last, sizeof last),
            output_time(json_get_number(released, "last", NAN), (char[32]){ "" }, 32));
    json_array_foreach (json_object_get(released, "givers"), i, giver)
        str_printf(&text, "%s %s %s", i ? "," : "", json_get_string(giver, "name", "-"),
            unit_format_bytes(json_get_number(giver, "bytes", NAN), bytes, sizeof bytes));
    if (text.len)
        put_line("released", NULL, text.data);
    json_array_foreach (json_object_get(status, "leaks"), i, leak)
        put_line(i ? "" : "leaks", NULL, json_get_string(leak, "text", "-"));
    str_release(&text);
}

static void
print_server(const json_t *status)
{
    const json_t *server = json_object_get(status, "server");
    int64_t clients = json_get_int(server, "sessions", 0);
    char uptime[32];
    struct str text;
    str_init(&text);
    str_printf(&text, "%s, pid %jd, version %s, up %s, %jd client%s, ",
        json_get_string(server, "state", "-"), (intmax_t)json_get_int(server, "pid", 0),
        json_get_string(server, "version", "-"),
        unit_format_duration(json_get_number(server, "uptime_seconds", NAN), uptime, sizeof uptime),
        (intmax_t)clients, clients == 1 ? "" : "s");
    figures_expand(status, NULL, "{server.cpu_pct} cpu, {server.rss_bytes}", &text);
    put_line("server", NULL, text.data);
    str_release(&text);
}

static void
print_status(const json_t *status)
{
    const json_t *alerts = json_object_get(status, "alerts"), *runs = json_object_get(status, "runs");
    print_head(status);
    print_machine(status);
    print_shortage(status);
    print_server(status);
    if (json_array_size(runs)) {
        putchar('\n');
        report_runs(runs, stdout, "");
    }
    if (json_array_size(json_object_get(alerts, "active"))) {
        putchar('\n');
        report_alerts(json_object_get(alerts, "active"), stdout, "");
    } else
        put_line("alerts", NULL, "none");
}

struct ticks {
    bool json;
    bool keep; /* keep the newest instead of printing it */
    bool alerts; /* what is told, and not the ticks */
    int64_t count; /* printed */
    json_t *newest; /* owned */
};

static void
print_tick(const json_t *status)
{
    const json_t *runs = json_object_get(status, "runs"), *alerts = json_object_get(status, "alerts");
    char time[32];
    struct str text;
    size_t i;
    json_t *run;
    str_init(&text);
    figures_expand(status, NULL, watch_text, &text);
    json_array_foreach (runs, i, run) {
        if (strcmp(json_get_string(run, "state", ""), "running"))
            continue;
        str_printf(&text, "  %s ", json_get_string(run, "name", "-"));
        report_counts(run, &text);
    }
    int64_t warning = json_get_int(alerts, "warning", 0), critical = json_get_int(alerts, "critical", 0);
    if (warning || critical)
        str_printf(&text, "  alerts %jd", (intmax_t)(warning + critical));
    output_time(json_get_number(status, "time", NAN), time, sizeof time);
    const char *clock = strchr(time, ' ');
    printf("%s  ", clock ? clock + 1 : time);
    output_text(stdout, critical ? PAINT_BAD : warning ? PAINT_WARN : PAINT_NONE, text.data);
    putchar('\n');
    fflush(stdout);
    str_release(&text);
}

/* "2026-11-29 03:15:10  alert.critical  cpu.total is 97% (critical above 95%)" */
static void
print_told(const json_t *notice)
{
    const char *type = json_get_string(notice, "type", ""), *state = json_get_string(notice, "state", "");
    char time[32];
    output_time(json_get_number(notice, "time", NAN), time, sizeof time);
    printf("%s  ", time);
    output_text(stdout, !strcmp(state, "critical") ? PAINT_BAD : !strcmp(state, "warning") ? PAINT_WARN : PAINT_NONE,
        type);
    printf("  ");
    output_text(stdout, PAINT_NONE, json_get_string(notice, "text", ""));
    putchar('\n');
    fflush(stdout);
}

static void
on_tick(void *context, const char *method, const json_t *params)
{
    struct ticks *ticks = context;
    if (strcmp(method, ticks->alerts ? "alert" : "tick"))
        return;
    ticks->count++;
    if (ticks->keep) {
        json_decref(ticks->newest);
        ticks->newest = json_incref((json_t *)(uintptr_t)params);
    } else if (ticks->json)
        output_json(params);
    else if (ticks->alerts)
        print_told(params);
    else
        print_tick(params);
}

static const struct client_events tick_events = { .notification = on_tick };

static int
watch_topic(struct cmd_line *line, const char *topic)
{
    json_t *nothing;
    int status = cmd_ask(line, "watch", json_pack("{s:[s]}", "topics", topic), &nothing);
    if (!status)
        json_decref(nothing);
    return status;
}

/* The first sample knows no rates; the next one does. */
static void
settle(struct cmd_line *line, json_t **status)
{
    struct ticks ticks = { .keep = true };
    struct diag diag = { 0 };
    int64_t deadline = clock_mono_ns() + sec_to_ns(settle_seconds);
    if (json_get_int(*status, "seq", 0) > 1 || watch_topic(line, "tick"))
        return;
    while (clock_mono_ns() < deadline && json_get_int(ticks.newest, "seq", 0) < 2)
        if (client_wait(line->client, settle_seconds, &tick_events, &ticks, &diag) < 0)
            break;
    if (ticks.newest) {
        json_decref(*status);
        *status = ticks.newest;
    }
}

static int
ask_status(struct cmd_line *line, json_t **ret_status)
{
    const char *at = cmd_value(line, "at", NULL);
    int64_t wall_ns;
    if (!at) {
        int status = cmd_ask(line, "status", NULL, ret_status);
        if (!status)
            settle(line, ret_status);
        return status;
    }
    if (clock_parse_past(at, clock_wall_ns(), &wall_ns) < 0) {
        cmd_error("\"%s\" is not a time (allowed: \"-2h30m\", \"03:15\", \"2026-11-21 03:15\")", at);
        return CMD_USAGE;
    }
    return cmd_ask(line, "status.at", json_pack("{s:f}", "time", ns_to_sec(wall_ns)), ret_status);
}

static int
run_status(struct cmd_line *line)
{
    json_t *status;
    int exit_status = ask_status(line, &status);
    if (exit_status)
        return exit_status;
    if (cmd_flag(line, "json"))
        output_json(status);
    else
        print_status(status);
    json_decref(status);
    return CMD_FINE;
}

static const struct cmd_option status_options[] = {
    { .name = "at", .argument = "TIME",
        .help = "As it was at an earlier time: -2h30m, 03:15, \"2026-11-29 03:15\"" },
    { .name = "json", .letter = 'j', .help = "Print the status object" },
    { 0 },
};

const struct cmd cmd_status = {
    .name = "status",
    .usage = "",
    .help = "Show the machine, the runs and the alerts, once",
    .detail = "What is not known is shown as `-', and as null in JSON. `optop --once' is the same.",
    .server = CMD_SERVER_STARTED,
    .options = status_options,
    .run = run_status,
};

static int
run_watch(struct cmd_line *line)
{
    struct ticks ticks = { .json = cmd_flag(line, "json"), .alerts = cmd_flag(line, "alerts") };
    int64_t most;
    int status = cmd_number(line, "count", 0, 1, INT64_MAX, &most);
    if (!status)
        status = watch_topic(line, ticks.alerts ? "alerts" : "tick");
    while (!status && (!most || ticks.count < most) && !ferror(stdout)) {
        struct diag diag = { 0 };
        if (client_wait(line->client, watch_silence_seconds, &tick_events, &ticks, &diag) < 0) {
            cmd_error("%s", diag.text);
            status = CMD_UNREACHABLE;
        }
    }
    return status;
}

static const struct cmd_option watch_options[] = {
    { .name = "alerts", .letter = 'a', .help = "Print what is told of alerts instead, as it happens" },
    { .name = "count", .letter = 'n', .argument = "N", .help = "End after N ticks, or alerts" },
    { .name = "json", .letter = 'j', .help = "Print one status object a line, or notice object" },
    { 0 },
};

const struct cmd cmd_watch = {
    .name = "watch",
    .usage = "",
    .help = "Print a line at every tick, until interrupted",
    .server = CMD_SERVER_STARTED,
    .options = watch_options,
    .run = run_watch,
};
