/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop alerts`: what is not normal now, and what was told lately.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "cmd/report.h"

enum { NOTICES_DEFAULT = 50, COUNT_MAX = 100000 };

/* "webhook chat is failing, circuit open, probed in 12 s: HTTP 503" */
static void
print_webhook(const json_t *webhook)
{
    const char *name = json_get_string(webhook, "name", ""), *state = json_get_string(webhook, "state", "");
    const char *circuit = json_get_string(webhook, "circuit", "");
    double next = json_get_number(webhook, "next_seconds", 0);
    bool fine = !strcmp(state, "ok"), open = !strcmp(circuit, "open");
    char text[40];
    if (fine && !json_is_true(json_object_get(webhook, "limited")))
        return;
    printf("webhook %s is %s", name, fine ? "at its rate" : state);
    if (open || !strcmp(circuit, "half-open"))
        printf(", circuit %s", circuit);
    if (next > 0)
        printf(", %s in %s", open ? "probed" : fine ? "a digest" : "tried again",
            unit_format_duration(next, text, sizeof text));
    if (!fine) {
        printf(": ");
        output_text(stdout, PAINT_NONE, json_get_string(webhook, "error", ""));
    }
    if (!strcmp(state, "disabled"))
        printf("; optop alerts test %s tries it again", name);
    putchar('\n');
}

static void
print_deliveries(const json_t *deliveries)
{
    const char *name, *error = json_get_string(deliveries, "last_error", "");
    json_t *value;
    bool first = true;
    json_object_foreach ((json_t *)(uintptr_t)deliveries, name, value) {
        if (!json_is_integer(value))
            continue;
        printf("%s%jd ", first ? "\nwebhook deliveries: " : ", ",
            (intmax_t)json_integer_value(value));
        for (const char *p = name; *p; p++)
            putchar(*p == '_' ? ' ' : isalnum((unsigned char)*p) ? *p : '?');
        first = false;
    }
    if (!first)
        putchar('\n');
    size_t i;
    json_array_foreach (json_object_get(deliveries, "webhooks"), i, value)
        print_webhook(value);
    if (error[0]) {
        printf("last fault of a delivery: ");
        output_text(stdout, PAINT_NONE, error);
        putchar('\n');
    }
}

static int
run_alerts(struct cmd_line *line)
{
    int64_t limit;
    json_t *answer;
    int status = cmd_number(line, "count", NOTICES_DEFAULT, 1, COUNT_MAX, &limit);
    if (!status)
        status = cmd_ask(line, "alerts.list", json_pack("{s:I}", "limit", (json_int_t)limit), &answer);
    if (status)
        return status;
    if (cmd_flag(line, "json")) {
        output_json(answer);
        json_decref(answer);
        return CMD_FINE;
    }
    const json_t *active = json_object_get(answer, "alerts");
    const json_t *history = json_object_get(answer, "history");
    if (json_array_size(active))
        report_alerts(active, stdout, "");
    else
        printf("everything is normal\n");
    if (json_array_size(history)) {
        putchar('\n');
        report_notices(history, stdout, "");
    }
    print_deliveries(json_object_get(answer, "deliveries"));
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option alerts_options[] = {
    { .name = "count", .letter = 'n', .argument = "N", .help = "At most N notices of the past (50)" },
    { .name = "json", .letter = 'j', .help = "Print alerts, history and deliveries as one object" },
    { 0 },
};

const struct cmd cmd_alerts = {
    .name = "alerts",
    .usage = "",
    .help = "Show the alerts that are not normal, and past notices",
    .detail = "Thresholds are set in optop.ini(5).",
    .server = CMD_SERVER_STARTED,
    .options = alerts_options,
    .run = run_alerts,
};
