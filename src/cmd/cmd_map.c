/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop map`: a run's scores over two of its parameters.
 */
#include <stdio.h>

#include "cmd/cmd_table.h"
#include "cmd/map_text.h"
#include "cmd/output.h"

enum { COLUMNS_DEFAULT = 60, ROWS_DEFAULT = 20, LABELS_WIDTH = 16, COLUMNS_LEAST = 8, COLUMNS_MOST = 200, ROWS_MOST = 100 };

static int
run_map(struct cmd_line *line)
{
    int64_t run, columns, rows;
    int room = output_width(stdout) - LABELS_WIDTH;
    json_t *map;
    int fits = room > 0 && room < COLUMNS_DEFAULT ? room < COLUMNS_LEAST ? COLUMNS_LEAST : room : COLUMNS_DEFAULT;
    int status = cmd_number(line, "columns", fits, 1, COLUMNS_MOST, &columns);
    if (!status)
        status = cmd_number(line, "rows", ROWS_DEFAULT, 1, ROWS_MOST, &rows);
    if (!status)
        status = cmd_run_number(line, line->argv[0], &run);
    if (!status)
        status = cmd_ask(line, "run.map",
            json_pack("{s:I, s:I, s:I, s:s*, s:s*}", "run", (json_int_t)run, "columns", (json_int_t)columns,
                "rows", (json_int_t)rows, "x", line->argc > 1 ? line->argv[1] : NULL,
                "y", line->argc > 2 ? line->argv[2] : NULL), &map);
    if (status)
        return status;
    if (cmd_flag(line, "json"))
        output_json(map);
    else
        map_text_print(map, stdout);
    json_decref(map);
    return CMD_FINE;
}

static const struct cmd_option map_options[] = {
    { .name = "columns", .argument = "N", .help = "At most N cells from left to right (60, or what fits)" },
    { .name = "rows", .argument = "N", .help = "At most N cells from bottom to top (20)" },
    { .name = "json", .letter = 'j', .help = "Print the axes, the cells and the plateau" },
    { 0 },
};

const struct cmd cmd_map = {
    .name = "map",
    .usage = "RUN [X [Y]]",
    .help = "Show the best scores over two parameters, and whether the best trial is a spike",
    .detail = "Each cell has the best score of its trials, whatever their other parameters were; it stands for "
              "one value of each parameter, or for a range of values. Each shade has a fifth of the cells. "
              "The last line sets the best trial beside its neighbours: the trials nearest to it, where "
              "distance counts steps, summed over the parameters. A step of a parameter is its own step, or a "
              "twentieth of its range where that is larger; another choice is one step. The distance grows "
              "from 1 until there are twice as many neighbours as parameters that vary, to 10 at most. Of the best "
              "score's lead over the median of all trials neighbours on a `plateau' keep 80% or more, "
              "on a `slope' 50%, around a `spike' less: there a small change of the point loses what was found.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 3,
    .options = map_options,
    .run = run_map,
};
