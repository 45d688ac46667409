/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop alerts test`, `dead` and `replay`: does a webhook work, what could not be
 * delivered, and sending it again.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"

enum { LIST_MAX = 500, TEST_SECONDS = 60 };
#define LOOK_NS (50 * NS_PER_MS)

static const struct cmd_option json_option[] = {
    { .name = "json", .letter = 'j', .help = "Print the answer as one object" },
    { 0 },
};

/* test */

/* The delivery until something has come of its first try. */
static int
await_try(struct cmd_line *line, int64_t id, json_t **ret_delivery)
{
    int64_t until = clock_mono_ns() + TEST_SECONDS * NS_PER_SEC;
    for (;;) {
        int status = cmd_ask(line, "alerts.delivery", json_pack("{s:I}", "delivery", (json_int_t)id),
            ret_delivery);
        if (status)
            return status;
        bool waits = !strcmp(json_get_string(*ret_delivery, "state", ""), "waiting");
        if (!waits || json_get_int(*ret_delivery, "attempts", 0) || clock_mono_ns() > until)
            return CMD_FINE;
        json_decref(*ret_delivery);
        const struct timespec pause = { 0, LOOK_NS };
        nanosleep(&pause, NULL);
    }
}

static int
tell_try(const char *webhook, const json_t *delivery)
{
    const char *state = json_get_string(delivery, "state", "");
    const char *error = json_get_string(delivery, "error", "");
    if (!strcmp(state, "delivered")) {
        printf("delivered\n");
        return CMD_FINE;
    }
    if (!strcmp(state, "dead"))
        cmd_error("%s refused it: %s", webhook, error);
    else if (error[0])
        cmd_error("%s: %s; it will be tried again", webhook, error);
    else
        cmd_error("%s: others wait before it", webhook);
    return CMD_FAILED;
}

static int
run_test(struct cmd_line *line)
{
    json_t *answer, *delivery;
    int status = cmd_ask(line, "alerts.test", json_pack("{s:s}", "webhook", line->argv[0]), &answer);
    if (status)
        return status;
    status = await_try(line, json_get_int(answer, "delivery", 0), &delivery);
    json_decref(answer);
    if (status)
        return status;
    if (cmd_flag(line, "json")) {
        output_json(delivery);
        if (strcmp(json_get_string(delivery, "state", ""), "delivered") != 0)
            status = CMD_FAILED;
    } else {
        status = tell_try(line->argv[0], delivery);
    }
    json_decref(delivery);
    return status;
}

const struct cmd cmd_alerts_test = {
    .name = "alerts test",
    .usage = "WEBHOOK",
    .help = "Send a test notice to a webhook and tell what comes of it",
    .detail = "It goes the way of all notices: through the outbox, in the webhook's format, and "
              "signed. Exit status 0 when the receiver has taken it.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 1,
    .options = json_option,
    .run = run_test,
};

/* dead */

static void
print_dead(const json_t *open)
{
    struct table *table = table_new();
    size_t i;
    json_t *delivery;
    char text[40];
    table_column(table, "delivery", TABLE_RIGHT);
    table_column(table, "webhook", TABLE_LEFT);
    table_column(table, "created", TABLE_LEFT);
    table_column(table, "tries", TABLE_RIGHT);
    table_column(table, "why", TABLE_LEFT);
    json_array_foreach (open, i, delivery) {
        snprintf(text, sizeof text, "%" PRId64, json_get_int(delivery, "delivery", 0));
        table_cell(table, PAINT_NONE, text);
        table_cell(table, PAINT_STRONG, json_get_string(delivery, "webhook", "-"));
        table_cell(table, PAINT_NONE,
            output_time(json_get_number(delivery, "created", 0), text, sizeof text));
        snprintf(text, sizeof text, "%" PRId64, json_get_int(delivery, "attempts", 0));
        table_cell(table, PAINT_NONE, text);
        table_cell(table, PAINT_BAD, json_get_string(delivery, "error", ""));
    }
    table_print(table, stdout, output_width(stdout), "");
}

static int
run_dead(struct cmd_line *line)
{
    json_t *answer;
    int status = cmd_ask(line, "alerts.dead", json_pack("{s:i}", "limit", LIST_MAX), &answer);
    if (status)
        return status;
    const json_t *dead = json_object_get(answer, "dead");
    if (cmd_flag(line, "json"))
        output_json(answer);
    else if (json_array_size(dead))
        print_dead(dead);
    else
        printf("nothing is undeliverable\n");
    json_decref(answer);
    return CMD_FINE;
}

const struct cmd cmd_alerts_dead = {
    .name = "alerts dead",
    .usage = "",
    .help = "Show the notices that could not be delivered, and why",
    .detail = "The oldest 500 of them; the store keeps 1,000.",
    .server = CMD_SERVER_STARTED,
    .options = json_option,
    .run = run_dead,
};

/* replay */

static int
run_replay(struct cmd_line *line)
{
    int64_t id = 0;
    json_t *answer;
    bool all = cmd_flag(line, "all");
    if (all == (line->argc == 1)) {
        cmd_error("alerts replay takes the number of a delivery, or --all");
        return CMD_USAGE;
    }
    if (!all && (unit_parse_int(line->argv[0], &id) < 0 || id < 1)) {
        cmd_error("\"%s\" is no number of a delivery", line->argv[0]);
        return CMD_USAGE;
    }
    int status = cmd_ask(line, "alerts.replay", json_pack("{s:I}", "delivery", (json_int_t)id),
        &answer);
    if (status)
        return status;
    int64_t count = json_get_int(answer, "replayed", 0);
    if (cmd_flag(line, "json"))
        output_json(answer);
    else
        printf("%" PRId64 " %s again\n", count, count == 1 ? "delivery waits" : "deliveries wait");
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option replay_options[] = {
    { .name = "all", .letter = 'a', .help = "All that are dead" },
    { .name = "json", .letter = 'j', .help = "Print the answer as one object" },
    { 0 },
};

const struct cmd cmd_alerts_replay = {
    .name = "alerts replay",
    .usage = "[DELIVERY]",
    .help = "Send again what could not be delivered",
    .detail = "It keeps the id that receivers know it by, and goes behind what waits already.",
    .server = CMD_SERVER_STARTED,
    .most = 1,
    .options = replay_options,
    .run = run_replay,
};
