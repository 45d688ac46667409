/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop boards`: the figures that programs publish (liboptop(3)).
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"

/* A value by its unit: bytes and seconds as such, percent with its sign. */
static const char *
format_value(const json_t *figure, char *buf, size_t size)
{
    const char *unit = json_get_string(figure, "unit", "");
    double value = json_get_number(figure, "value", NAN);
    bool counts = strcmp(json_get_string(figure, "kind", ""), "histogram") == 0;
    if (isnan(value))
        snprintf(buf, size, "-");
    else if (counts || !unit[0])
        fabs(value) < 1e6 ? unit_format_number(value, buf, size) : unit_format_count(value, buf, size);
    else if (!strcmp(unit, "bytes"))
        unit_format_bytes(value, buf, size);
    else if (!strcmp(unit, "seconds"))
        unit_format_duration(value, buf, size);
    else if (!strcmp(unit, "percent"))
        snprintf(buf, size, "%.1f%%", value);
    else {
        char number[40];
        snprintf(buf, size, "%s %s", unit_format_count(value, number, sizeof number), unit);
    }
    return buf;
}

static void
duration_cell(struct table *table, const json_t *figure, const char *key)
{
    char text[40];
    double seconds = json_get_number(figure, key, NAN);
    if (isnan(seconds))
        table_cell(table, PAINT_FAINT, "");
    else
        table_cell(table, PAINT_NONE, unit_format_duration(seconds, text, sizeof text));
}

static void
print_figures(const json_t *figures)
{
    struct table *table = table_new();
    size_t i;
    json_t *figure;
    char text[64];
    table_column(table, "FIGURE", TABLE_LEFT);
    table_column(table, "LABELS", TABLE_LEFT);
    table_column(table, "VALUE", TABLE_RIGHT);
    table_column(table, "PER SECOND", TABLE_RIGHT);
    table_spare_column(table, "MEAN", TABLE_RIGHT);
    table_spare_column(table, "P50", TABLE_RIGHT);
    table_spare_column(table, "P99", TABLE_RIGHT);
    table_spare_column(table, "MAX", TABLE_RIGHT);
    json_array_foreach (figures, i, figure) {
        double rate = json_get_number(figure, "rate", NAN);
        table_cell(table, PAINT_STRONG, json_get_string(figure, "name", "-"));
        table_cell(table, PAINT_FAINT, json_get_string(figure, "labels", ""));
        table_cell(table, PAINT_NONE, format_value(figure, text, sizeof text));
        table_cell(table, PAINT_NONE,
            isnan(rate) ? "" : unit_format_count(rate, text, sizeof text));
        duration_cell(table, figure, "mean_seconds");
        duration_cell(table, figure, "p50_seconds");
        duration_cell(table, figure, "p99_seconds");
        duration_cell(table, figure, "max_seconds");
    }
    table_print(table, stdout, output_width(stdout), "  ");
}

static void
print_board(const json_t *board)
{
    const json_t *figures = json_object_get(board, "figures");
    char age[40];
    int64_t count = json_get_int(board, "figure_count", 0);
    int64_t omitted = count - (int64_t)json_array_size(figures);
    output_text(stdout, PAINT_STRONG, json_get_string(board, "program", "-"));
    printf("  pid %" PRId64 ", for %s, %" PRId64 " figure%s\n", json_get_int(board, "pid", 0),
        unit_format_duration(
            fmax(ns_to_sec(clock_wall_ns()) - json_get_number(board, "opened", NAN), 0), age,
            sizeof age),
        count, count == 1 ? "" : "s");
    if (json_array_size(figures))
        print_figures(figures);
    if (omitted > 0)
        printf("  and %" PRId64 " more: name the program\n", omitted);
}

static int
run_boards(struct cmd_line *line)
{
    json_t *answer;
    int status = cmd_ask(line, "boards",
        line->argc ? json_pack("{s:s}", "program", line->argv[0]) : NULL, &answer);
    if (status)
        return status;
    const json_t *boards = json_object_get(answer, "boards");
    size_t i;
    json_t *board;
    if (cmd_flag(line, "json"))
        output_json(answer);
    else if (!json_array_size(boards))
        printf("no program publishes figures\n");
    else
        json_array_foreach (boards, i, board) {
            if (i)
                putchar('\n');
            print_board(board);
        }
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option boards_options[] = {
    { .name = "json", .letter = 'j', .help = "Print an object with the list of boards" },
    { 0 },
};

const struct cmd cmd_boards = {
    .name = "boards",
    .usage = "[PROGRAM]",
    .help = "Show the figures that programs publish, of one program or all",
    .detail = "Any program can publish some: see liboptop(3).",
    .server = CMD_SERVER_STARTED,
    .most = 1,
    .options = boards_options,
    .run = run_boards,
};
