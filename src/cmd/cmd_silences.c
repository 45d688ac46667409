/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop alerts show`, `ack`, `silence`, `unsilence` and `history`: what people say of
 * alerts, and what was told.
 */
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "cmd/report.h"

enum { HISTORY_DEFAULT = 50, HISTORY_MAX = 1000 };

static const struct cmd_option json_option[] = {
    { .name = "json", .letter = 'j', .help = "Print the answer as one object" },
    { 0 },
};

static const char *
author(void)
{
    const struct passwd *user = getpwuid(getuid());
    return user && user->pw_name ? user->pw_name : "";
}

/* Several words are one matcher: all of them must fit. */
static json_t *
matcher_of(const struct cmd_line *line)
{
    struct str text;
    str_init(&text);
    for (int i = 0; i < line->argc; i++)
        str_printf(&text, "%s%s", i ? " " : "", line->argv[i]);
    json_t *params = json_pack("{s:s?, s:s}", "match", text.len ? text.data : "", "author", author());
    str_release(&text);
    return params;
}

static int
finish(struct cmd_line *line, json_t *answer, const char *text)
{
    if (cmd_flag(line, "json"))
        output_json(answer);
    else
        printf("%s\n", text);
    json_decref(answer);
    return CMD_FINE;
}

/* show */

static void
print_alert(const json_t *alert)
{
    const json_t *labels = json_object_get(alert, "labels");
    const char *name, *hold = json_get_string(alert, "hold", ""),
        *by = json_get_string(alert, "acknowledged", "");
    json_t *value;
    if (json_get_string(alert, "text", "")[0]) {
        printf("  ");
        output_text(stdout, PAINT_NONE, json_get_string(alert, "text", ""));
        putchar('\n');
    }
    if (hold[0]) {
        printf("  %s: ", hold);
        output_text(stdout, PAINT_NONE, json_get_string(alert, "cause", ""));
        putchar('\n');
    }
    if (by[0]) {
        printf("  acknowledged by ");
        output_text(stdout, PAINT_NONE, by);
        putchar('\n');
    }
    json_object_foreach ((json_t *)(uintptr_t)labels, name, value) {
        printf("  ");
        output_text(stdout, PAINT_FAINT, name);
        putchar('=');
        output_text(stdout, PAINT_NONE, json_string_value(value) ? json_string_value(value) : "");
        putchar('\n');
    }
}

static int
run_show(struct cmd_line *line)
{
    json_t *answer, *history, *alert;
    size_t i;
    int status = cmd_ask(line, "alerts.show", matcher_of(line), &answer);
    if (status)
        return status;
    if (cmd_flag(line, "json"))
        return finish(line, answer, "");
    json_array_foreach (json_object_get(answer, "alerts"), i, alert) {
        json_t *one = json_pack("[O]", alert);
        if (i)
            putchar('\n');
        report_alerts(one, stdout, "");
        print_alert(alert);
        json_decref(one);
    }
    json_decref(answer);
    json_t *params = matcher_of(line);
    json_object_set_new(params, "limit", json_integer(10));
    status = cmd_ask(line, "alerts.history", params, &history);
    if (status)
        return status;
    if (json_array_size(json_object_get(history, "history"))) {
        putchar('\n');
        report_notices(json_object_get(history, "history"), stdout, "");
    }
    json_decref(history);
    return CMD_FINE;
}

const struct cmd cmd_alerts_show = {
    .name = "alerts show",
    .usage = "ALERT...",
    .help = "Show alerts, normal ones too, with who silenced or acknowledged them",
    .detail = "ALERT is a pattern of alerts' names, such as disk.busy:*, or LABEL=PATTERN; with several "
              "of them all must fit.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = -1,
    .options = json_option,
    .run = run_show,
};

/* ack */

static int
run_ack(struct cmd_line *line)
{
    json_t *answer;
    char text[64];
    int status = cmd_ask(line, "alerts.ack", matcher_of(line), &answer);
    if (status)
        return status;
    int64_t count = json_get_int(answer, "acknowledged", 0);
    snprintf(text, sizeof text, "%" PRId64 " %s acknowledged", count, count == 1 ? "alert is" : "alerts are");
    return finish(line, answer, count ? text : "nothing fires there that was not acknowledged before");
}

const struct cmd cmd_alerts_ack = {
    .name = "alerts ack",
    .usage = "ALERT...",
    .help = "Acknowledge alerts that fire: they are not repeated or escalated",
    .detail = "They are told again when they get worse, and when they end. ALERT is as for alerts show.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = -1,
    .options = json_option,
    .run = run_ack,
};

/* silence */

static int
print_silences(struct cmd_line *line)
{
    json_t *answer, *silence, *window;
    size_t i;
    char text[40];
    int status = cmd_ask(line, "alerts.silences", json_object(), &answer);
    if (status)
        return status;
    const json_t *silences = json_object_get(answer, "silences"), *windows = json_object_get(answer, "windows");
    if (cmd_flag(line, "json"))
        return finish(line, answer, "");
    if (!json_array_size(silences) && !json_array_size(windows))
        printf("nothing is silenced\n");
    else {
        struct table *table = table_new();
        table_column(table, "silence", TABLE_RIGHT);
        table_column(table, "alerts", TABLE_LEFT);
        table_column(table, "until", TABLE_LEFT);
        table_column(table, "by", TABLE_LEFT);
        table_column(table, "why", TABLE_LEFT);
        json_array_foreach (silences, i, silence) {
            snprintf(text, sizeof text, "%" PRId64, json_get_int(silence, "silence", 0));
            table_cell(table, PAINT_NONE, text);
            table_cell(table, PAINT_STRONG, json_get_string(silence, "match", ""));
            table_cell(table, PAINT_NONE, output_time(json_get_number(silence, "until", 0), text, sizeof text));
            table_cell(table, PAINT_NONE, json_get_string(silence, "author", ""));
            table_cell(table, PAINT_NONE, json_get_string(silence, "reason", ""));
        }
        json_array_foreach (windows, i, window) {
            table_cell(table, PAINT_NONE, json_get_string(window, "name", ""));
            table_cell(table, PAINT_STRONG, json_get_string(window, "match", ""));
            table_cell(table, PAINT_NONE, json_is_true(json_object_get(window, "open")) ? "now" : "not now");
            table_cell(table, PAINT_NONE, "optop.ini");
            table_cell(table, PAINT_NONE, json_get_string(window, "reason", ""));
        }
        table_print(table, stdout, output_width(stdout), "");
    }
    json_decref(answer);
    return CMD_FINE;
}

/* --for or --until as seconds from now. Tells faults. */
static int
duration_of(const struct cmd_line *line, double *ret_seconds)
{
    const char *duration = cmd_value(line, "for", NULL), *until = cmd_value(line, "until", NULL);
    int64_t now = clock_wall_ns(), at;
    if (duration && until) {
        cmd_error("alerts silence takes --for or --until, not both");
        return CMD_USAGE;
    }
    if (until && clock_parse(until, now, &at) < 0) {
        cmd_error("\"%s\" is not a time (allowed: \"2026-11-21 14:03\", \"14:03\", \"+2h30m\")", until);
        return CMD_USAGE;
    }
    if (until)
        *ret_seconds = ns_to_sec(at - now);
    else if (unit_parse_duration(duration ? duration : "1h", ret_seconds) < 0) {
        cmd_error("\"%s\" is not a duration (allowed: such as 90s, 2h, 3d)", duration);
        return CMD_USAGE;
    }
    if (*ret_seconds > 0)
        return 0;
    cmd_error("a silence must end in the future");
    return CMD_USAGE;
}

static int
run_silence(struct cmd_line *line)
{
    json_t *answer;
    double seconds;
    char until[40], text[128];
    if (!line->argc)
        return print_silences(line);
    int status = duration_of(line, &seconds);
    if (status)
        return status;
    json_t *params = matcher_of(line);
    json_object_set_new(params, "seconds", json_real(seconds));
    json_object_set_new(params, "reason", json_string(cmd_value(line, "reason", "")));
    status = cmd_ask(line, "alerts.silence", params, &answer);
    if (status)
        return status;
    int64_t fits = json_get_int(answer, "fits", 0);
    snprintf(text, sizeof text, "silence %" PRId64 " until %s: %" PRId64 " %s now",
        json_get_int(answer, "silence", 0),
        output_time(json_get_number(answer, "until", 0), until, sizeof until), fits,
        fits == 1 ? "alert" : "alerts");
    return finish(line, answer, text);
}

static const struct cmd_option silence_options[] = {
    { .name = "for", .letter = 'f', .argument = "DURATION", .help = "How long (1h)" },
    { .name = "until", .letter = 'u', .argument = "TIME", .help = "Until when, instead" },
    { .name = "reason", .letter = 'r', .argument = "TEXT", .help = "Why, for those who look" },
    { .name = "json", .letter = 'j', .help = "Print the answer as one object" },
    { 0 },
};

const struct cmd cmd_alerts_silence = {
    .name = "alerts silence",
    .usage = "[ALERT...]",
    .help = "Keep alerts back for a while; without any, show what is silenced",
    .detail = "They go on in the console. The end of what was told before is told all the same, and what "
              "fires still when the silence ends is told then. ALERT is as for alerts show. Windows that "
              "come back are [silence NAME] in optop.ini(5).",
    .server = CMD_SERVER_STARTED,
    .most = -1,
    .options = silence_options,
    .run = run_silence,
};

/* unsilence */

static int
run_unsilence(struct cmd_line *line)
{
    int64_t id = 0;
    json_t *answer;
    char text[64];
    bool all = cmd_flag(line, "all");
    if (all == (line->argc == 1)) {
        cmd_error("alerts unsilence takes the number of a silence, or --all");
        return CMD_USAGE;
    }
    if (!all && (unit_parse_int(line->argv[0], &id) < 0 || id < 1)) {
        cmd_error("\"%s\" is no number of a silence (optop alerts silence shows them)", line->argv[0]);
        return CMD_USAGE;
    }
    int status = cmd_ask(line, "alerts.unsilence", json_pack("{s:I}", "silence", (json_int_t)id), &answer);
    if (status)
        return status;
    int64_t count = json_get_int(answer, "ended", 0);
    snprintf(text, sizeof text, "%" PRId64 " %s ended", count, count == 1 ? "silence has" : "silences have");
    return finish(line, answer, text);
}

static const struct cmd_option unsilence_options[] = {
    { .name = "all", .letter = 'a', .help = "All of them" },
    { .name = "json", .letter = 'j', .help = "Print the answer as one object" },
    { 0 },
};

const struct cmd cmd_alerts_unsilence = {
    .name = "alerts unsilence",
    .usage = "[SILENCE]",
    .help = "End a silence before its time",
    .server = CMD_SERVER_STARTED,
    .most = 1,
    .options = unsilence_options,
    .run = run_unsilence,
};

/* history */

static int
run_history(struct cmd_line *line)
{
    int64_t limit;
    json_t *answer, *params = NULL;
    int status = cmd_number(line, "count", HISTORY_DEFAULT, 1, HISTORY_MAX, &limit);
    if (status)
        return status;
    params = matcher_of(line);
    json_object_set_new(params, "limit", json_integer(limit));
    status = cmd_ask(line, "alerts.history", params, &answer);
    if (status)
        return status;
    const json_t *history = json_object_get(answer, "history");
    if (cmd_flag(line, "json") || !json_array_size(history))
        return finish(line, answer, "nothing has been told");
    report_notices(history, stdout, "");
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option history_options[] = {
    { .name = "count", .letter = 'n', .argument = "N", .help = "At most N notices, the newest first (50)" },
    { .name = "json", .letter = 'j', .help = "Print the answer as one object" },
    { 0 },
};

const struct cmd cmd_alerts_history = {
    .name = "alerts history",
    .usage = "[ALERT...]",
    .help = "Show what was told, of all alerts and runs or of some",
    .detail = "The store keeps 10,000 notices. ALERT is as for alerts show; run:* are runs.",
    .server = CMD_SERVER_STARTED,
    .most = -1,
    .options = history_options,
    .run = run_history,
};
