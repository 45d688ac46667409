/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop rules ...`: thresholds are checked, and tried on what was recorded.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "model/metric.h"

enum { RULES_FILE_MAX = 512 * 1024, INCIDENTS_SHOWN = 5 };

/* The text of a file as the parameters "text" and "file". */
static int
add_file(json_t *params, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) {
        cmd_error("%s: %s", path, strerror(errno));
        return errno == ENOENT ? CMD_NOT_FOUND : CMD_USAGE;
    }
    char *text = malloc(RULES_FILE_MAX + 1);
    size_t len = text ? fread(text, 1, RULES_FILE_MAX + 1, file) : 0;
    bool failed = !text || ferror(file) || len > RULES_FILE_MAX;
    json_t *value = failed ? NULL : json_stringn(text, len);
    fclose(file);
    free(text);
    if (!value) {
        cmd_error("%s: cannot be read, is larger than %d KiB, or is no text in UTF-8", path,
            RULES_FILE_MAX / 1024);
        return CMD_USAGE;
    }
    json_object_set_new(params, "text", value);
    json_object_set_new(params, "file", json_string(path));
    return 0;
}

static int
ask(struct cmd_line *line, const char *method, json_t *params, json_t **ret_answer)
{
    int status = line->argc ? add_file(params, line->argv[0]) : 0;
    if (status)
        json_decref(params);
    else
        status = cmd_ask(line, method, params, ret_answer);
    return status;
}

/* "80%", with the side on which it fires; "-" where there is none. */
static const char *
level_text(const json_t *rule, const char *key, char *buf, size_t size)
{
    char value[32];
    const char *name = json_get_string(rule, "metric", "");
    int metric = metric_find(name, strlen(name));
    double level = json_get_number(rule, key, NAN);
    if (isnan(level))
        snprintf(buf, size, "-");
    else if (metric < 0)
        snprintf(buf, size, "%g", level);
    else
        snprintf(buf, size, "%s%s", json_get_bool(rule, "below", false) ? "< " : "",
            metric_aspect_format((enum metric)metric,
                metric_aspect_parse(json_get_string(rule, "of", "")), level, value, sizeof value));
    return buf;
}

static int
run_check(struct cmd_line *line)
{
    json_t *answer, *rule;
    size_t i, enabled = 0;
    int status = ask(line, "rules.check", json_object(), &answer);
    if (status)
        return status;
    const json_t *rules = json_object_get(answer, "rules");
    if (cmd_flag(line, "json")) {
        output_json(answer);
        json_decref(answer);
        return CMD_FINE;
    }
    struct table *table = table_new();
    static const char *const columns[] = { "RULE", "METRIC", "WARNING", "CRITICAL", "FOR", "FROM" };
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        table_column(table, columns[c], c == 2 || c == 3 || c == 4 ? TABLE_RIGHT : TABLE_LEFT);
    json_array_foreach (rules, i, rule) {
        char text[64];
        bool on = json_get_bool(rule, "enabled", true);
        enabled += on;
        table_cell(table, PAINT_STRONG, json_get_string(rule, "rule", ""));
        table_cell(table, PAINT_NONE, json_get_string(rule, "metric", ""));
        table_cell(table, PAINT_NONE, level_text(rule, "warning", text, sizeof text));
        table_cell(table, PAINT_NONE, level_text(rule, "critical", text, sizeof text));
        table_cell(table, PAINT_NONE,
            unit_format_duration(json_get_number(rule, "for_seconds", 0), text, sizeof text));
        table_cell(table, PAINT_FAINT, !on ? "off"
            : json_get_bool(rule, "built_in", false) ? "default" : "file");
    }
    table_print(table, stdout, output_width(stdout), "");
    printf("%zu rules are watched\n", enabled);
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option check_options[] = {
    { .name = "json", .letter = 'j', .help = "Print {\"rules\":[..],\"webhooks\":N}" },
    { 0 },
};

const struct cmd cmd_rules_check = {
    .name = "rules check",
    .usage = "[FILE]",
    .help = "Check the thresholds of a configuration file, and list them",
    .detail = "Without a file, those in effect. The server checks them, so conditions (when) are compiled and "
              "secrets looked for, too; nothing is taken into use. The first fault is told as FILE:LINE: SECTION.KEY, "
              "and the exit status is 2.",
    .server = CMD_SERVER_STARTED,
    .most = 1,
    .options = check_options,
    .run = run_check,
};

/* Trying them on the past. */

static void
print_incidents(const json_t *rule)
{
    const json_t *incidents = json_object_get(rule, "incidents");
    size_t count = json_array_size(incidents);
    size_t first = count > INCIDENTS_SHOWN ? count - INCIDENTS_SHOWN : 0;
    if (first)
        printf("    .. %lld before\n",
            (long long)json_get_int(rule, "fired", 0) - (long long)INCIDENTS_SHOWN);
    for (size_t i = first; i < count; i++) {
        const json_t *incident = json_array_get(incidents, i);
        char start[40], lasted[32] = "and goes on";
        double from = json_get_number(incident, "start", NAN), to = json_get_number(incident, "end", NAN);
        const char *level = json_get_string(incident, "level", "");
        if (!isnan(to))
            unit_format_duration(to - from, lasted, sizeof lasted);
        printf("    %s  ", output_time(from, start, sizeof start));
        output_text(stdout, strcmp(level, "critical") ? PAINT_WARN : PAINT_BAD, level);
        printf("  %s\n", lasted);
    }
}

static void
print_suggestion(const json_t *rule)
{
    char warning[40], critical[40];
    if (isnan(json_get_number(rule, "suggested_warning", NAN)))
        return;
    printf("    1 %% of the time lies beyond %s, 0.1 %% beyond %s\n",
        level_text(rule, "suggested_warning", warning, sizeof warning),
        isnan(json_get_number(rule, "suggested_critical", NAN)) ? "the same"
            : level_text(rule, "suggested_critical", critical, sizeof critical));
}

static void
print_rule(const json_t *rule)
{
    char total[32], longest[32], known[32];
    int64_t fired = json_get_int(rule, "fired", 0), flapped = json_get_int(rule, "flapped", 0);
    double seconds = json_get_number(rule, "known_seconds", 0);
    output_text(stdout, PAINT_STRONG, json_get_string(rule, "key", ""));
    if (!(seconds > 0))
        printf(": nothing is recorded\n");
    else if (!fired)
        printf(": would not have fired in %s\n", unit_format_duration(seconds, known, sizeof known));
    else
        printf(": would have fired %lld times in %s (critical %lld times), for %s in all, %s at most\n",
            (long long)fired, unit_format_duration(seconds, known, sizeof known),
            (long long)json_get_int(rule, "fired_critical", 0),
            unit_format_duration(json_get_number(rule, "firing_seconds", 0), total, sizeof total),
            unit_format_duration(json_get_number(rule, "longest_seconds", 0), longest, sizeof longest));
    if (flapped)
        printf("    would have flapped %lld times\n", (long long)flapped);
    print_incidents(rule);
    print_suggestion(rule);
}

static void
print_backtest(const json_t *answer)
{
    char from[40], to[40], text[32];
    const char *fault = json_get_string(answer, "fault", "");
    json_t *item;
    size_t i;
    if (!json_get_int(answer, "moments", 0)) {
        printf("nothing is recorded yet\n");
        return;
    }
    printf("%s to %s, %lld moments, replayed in %s\n\n",
        output_time(json_get_number(answer, "from", NAN), from, sizeof from),
        output_time(json_get_number(answer, "to", NAN), to, sizeof to),
        (long long)json_get_int(answer, "moments", 0),
        unit_format_duration(json_get_number(answer, "seconds", 0), text, sizeof text));
    json_array_foreach (json_object_get(answer, "rules"), i, item)
        print_rule(item);
    json_array_foreach (json_object_get(answer, "unknown"), i, item) {
        printf(i ? ", " : "\nno history is kept of ");
        output_text(stdout, PAINT_NONE, json_string_value(item));
    }
    printf(i ? "\n" : "");
    if (fault[0]) {
        printf("a condition failed: ");
        output_text(stdout, PAINT_WARN, fault);
        putchar('\n');
    }
    if (json_get_bool(answer, "cut", false))
        printf("more than 256 figures are watched: some were left out\n");
    if (json_get_int(answer, "left_out", 0))
        printf("%lld alerts more are not shown\n", (long long)json_get_int(answer, "left_out", 0));
}

static int
run_backtest(struct cmd_line *line)
{
    json_t *answer, *params = json_object();
    double seconds;
    const char *since = cmd_value(line, "since", "7d"), *rule = cmd_value(line, "rule", NULL);
    if (unit_parse_duration(since, &seconds) < 0 || !(seconds > 0)) {
        cmd_error("--since: \"%s\" is not a duration (such as 7d)", since);
        json_decref(params);
        return CMD_USAGE;
    }
    json_object_set_new(params, "seconds", json_real(seconds));
    if (rule)
        json_object_set_new(params, "rule", json_string(rule));
    int status = ask(line, "rules.backtest", params, &answer);
    if (status)
        return status;
    if (cmd_flag(line, "json"))
        output_json(answer);
    else
        print_backtest(answer);
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option backtest_options[] = {
    { .name = "since", .argument = "DURATION", .help = "How far back; 7d without it" },
    { .name = "rule", .argument = "NAME", .help = "Only this threshold" },
    { .name = "json", .letter = 'j', .help = "Print what the method rules.backtest answers" },
    { 0 },
};

const struct cmd cmd_rules_backtest = {
    .name = "rules backtest",
    .usage = "[FILE]",
    .help = "Try the thresholds of a configuration file on what was recorded",
    .detail = "Without a file, those in effect. What the server's history holds (history_1s, history_10s and "
              "history_1min of optop.ini(5), that of servers before it included) goes through the rules as it did then through those in effect: told "
              "is which alerts would have fired, when and for how long, how often they would have flapped, and "
              "beyond which levels 1 % and 0.1 % of the time lies. Means of 10 s and 1 min hide what was shorter.",
    .server = CMD_SERVER_STARTED,
    .most = 1,
    .options = backtest_options,
    .run = run_backtest,
};
