/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop caches ...`: the caches of the server, and what can be done to them.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"

static void
count_cell(struct table *table, const json_t *cache, const char *key)
{
    char text[40];
    table_cell(table, PAINT_NONE,
        unit_format_count(json_get_number(cache, key, NAN), text, sizeof text));
}

/* What a limit of 0 means is that there is none. */
static void
print_cache(struct table *table, const json_t *cache)
{
    char text[96], used[40], most[40];
    double ratio = json_get_number(cache, "hit_ratio", NAN);
    double max_entries = json_get_number(cache, "max_entries", 0);
    double max_bytes = json_get_number(cache, "max_bytes", 0);
    table_cell(table, PAINT_STRONG, json_get_string(cache, "name", "all"));
    table_cell(table, PAINT_NONE, json_get_string(cache, "policy", ""));
    unit_format_count(json_get_number(cache, "entries", NAN), used, sizeof used);
    if (max_entries > 0)
        snprintf(text, sizeof text, "%s/%s", used, unit_format_count(max_entries, most, sizeof most));
    table_cell(table, PAINT_NONE, max_entries > 0 ? text : used);
    unit_format_bytes(json_get_number(cache, "bytes", NAN), used, sizeof used);
    if (max_bytes > 0)
        snprintf(text, sizeof text, "%s/%s", used, unit_format_bytes(max_bytes, most, sizeof most));
    table_cell(table, PAINT_NONE, max_bytes > 0 ? text : used);
    count_cell(table, cache, "hits");
    count_cell(table, cache, "misses");
    snprintf(text, sizeof text, isnan(ratio) ? "-" : "%.1f%%", ratio);
    table_cell(table, PAINT_NONE, text);
    count_cell(table, cache, "evicted");
    count_cell(table, cache, "expired");
    count_cell(table, cache, "invalidated");
}

static int
run_caches(struct cmd_line *line)
{
    json_t *answer, *cache;
    size_t i;
    int status = cmd_ask(line, "caches", NULL, &answer);
    if (status)
        return status;
    const json_t *caches = json_object_get(answer, "caches");
    if (cmd_flag(line, "json")) {
        output_json(answer);
        json_decref(answer);
        return CMD_FINE;
    }
    struct table *table = table_new();
    table_column(table, "CACHE", TABLE_LEFT);
    table_column(table, "POLICY", TABLE_LEFT);
    table_column(table, "ENTRIES", TABLE_RIGHT);
    table_column(table, "BYTES", TABLE_RIGHT);
    table_column(table, "HITS", TABLE_RIGHT);
    table_column(table, "MISSES", TABLE_RIGHT);
    table_column(table, "RATIO", TABLE_RIGHT);
    table_spare_column(table, "EVICTED", TABLE_RIGHT);
    table_spare_column(table, "EXPIRED", TABLE_RIGHT);
    table_spare_column(table, "INVALIDATED", TABLE_RIGHT);
    json_array_foreach (caches, i, cache)
        print_cache(table, cache);
    print_cache(table, json_object_get(answer, "total"));
    table_print(table, stdout, output_width(stdout), "");
    if (!json_get_bool(answer, "on", true))
        printf("caches are off: nothing is kept\n");
    json_decref(answer);
    return CMD_FINE;
}

static int
tell_removed(struct cmd_line *line, const char *pattern)
{
    json_t *answer, *params = json_object();
    const char *name = cmd_value(line, "cache", NULL);
    if (name)
        json_object_set_new(params, "name", json_string(name));
    if (pattern)
        json_object_set_new(params, "pattern", json_string(pattern));
    int status = cmd_ask(line, "caches.clear", params, &answer);
    if (status)
        return status;
    int64_t removed = json_get_int(answer, "removed", 0);
    if (cmd_flag(line, "json"))
        output_json(answer);
    else
        printf("%" PRId64 " %s removed\n", removed, removed == 1 ? "entry" : "entries");
    json_decref(answer);
    return CMD_FINE;
}

static int
run_clear(struct cmd_line *line)
{
    return tell_removed(line, NULL);
}

static int
run_invalidate(struct cmd_line *line)
{
    return tell_removed(line, line->argv[0]);
}

static int
switch_caches(struct cmd_line *line, bool on)
{
    json_t *answer;
    int status = cmd_ask(line, "caches.switch", json_pack("{s:b}", "on", on), &answer);
    if (status)
        return status;
    if (cmd_flag(line, "json"))
        output_json(answer);
    else
        printf("caches are %s\n", json_get_bool(answer, "on", on) ? "on" : "off");
    json_decref(answer);
    return CMD_FINE;
}

static int
run_off(struct cmd_line *line)
{
    return switch_caches(line, false);
}

static int
run_on(struct cmd_line *line)
{
    return switch_caches(line, true);
}

static const struct cmd_option list_options[] = {
    { .name = "json", .letter = 'j', .help = "Print an object with the list of caches" },
    { 0 },
};

static const struct cmd_option remove_options[] = {
    { .name = "cache", .letter = 'c', .argument = "NAME",
        .help = "Only of the caches whose name this pattern matches" },
    { .name = "json", .letter = 'j', .help = "Print an object with the number of entries" },
    { 0 },
};

static const struct cmd_option switch_options[] = {
    { .name = "json", .letter = 'j', .help = "Print an object with the new state" },
    { 0 },
};

const struct cmd cmd_caches = {
    .name = "caches",
    .usage = "",
    .help = "Show the server's caches: what is in them and how often it was found",
    .server = CMD_SERVER_STARTED,
    .options = list_options,
    .run = run_caches,
};

const struct cmd cmd_caches_clear = {
    .name = "caches clear",
    .usage = "",
    .help = "Empty the server's caches",
    .server = CMD_SERVER_NEEDED,
    .options = remove_options,
    .run = run_clear,
};

const struct cmd cmd_caches_invalidate = {
    .name = "caches invalidate",
    .usage = "PATTERN",
    .help = "Remove the entries whose key a pattern matches (* ? [a-z])",
    .server = CMD_SERVER_NEEDED,
    .least = 1,
    .most = 1,
    .options = remove_options,
    .run = run_invalidate,
};

const struct cmd cmd_caches_off = {
    .name = "caches off",
    .usage = "",
    .help = "Let the server work without caches, to see what they are worth",
    .server = CMD_SERVER_NEEDED,
    .options = switch_options,
    .run = run_off,
};

const struct cmd cmd_caches_on = {
    .name = "caches on",
    .usage = "",
    .help = "Let the server use its caches again",
    .server = CMD_SERVER_NEEDED,
    .options = switch_options,
    .run = run_on,
};
