/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop processes`, and `optop top` without a run: the console's list of processes for
 * pipes and scripts, drawn by what draws it there.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/xalloc.h"
#include "cmd/cmd_processes.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "ui/export.h"

enum {
    DELAY_SECONDS = 1, /* a use of the CPU is that of some time */
    COMMAND_WIDTH = 128, /* cells, where no terminal is the limit */
};

/* Everything at first, then what has changed; 0 or an exit status that has been told. */
static int
refresh(struct cmd_line *line, struct process_list *list)
{
    do {
        json_t *answer, *params = json_object();
        json_object_set_new(params, "since", json_integer(list->more ? list->since : list->take));
        if (list->more)
            json_object_set_new(params, "after", json_integer(list->more));
        else
            list->since = list->take;
        int status = cmd_ask(line, "processes", params, &answer);
        if (status)
            return status;
        process_list_apply(list, answer);
        json_decref(answer);
    } while (list->more);
    return 0;
}

/* Of all that will be printed, part by part. */
static int
refresh_figures(struct cmd_line *line, struct process_list *list, const struct table *table)
{
    list->figures_next = 0;
    for (int at = 0; at < list->count; at += PROCESS_FIGURES_AT_ONCE) {
        json_t *answer, *params = process_list_ask(list, table, 0, table->shown);
        if (!params)
            return 0;
        int status = cmd_ask(line, "process.figures", params, &answer);
        if (status)
            return status;
        process_list_take_figures(list, answer);
        json_decref(answer);
    }
    return 0;
}

static int
take(struct cmd_line *line, struct scene *scene)
{
    int status = refresh(line, &scene->processes);
    table_update(&scene->process_table);
    if (!status)
        status = refresh_figures(line, &scene->processes, &scene->process_table);
    table_update(&scene->process_table);
    return status;
}

/* As the server has it, with names; not known: null. */
static void
put_process(struct json_writer *w, const struct process_row *row)
{
#define X(id, name) name,
    static const char *const figures[] = { PROCMORE_TABLE(X) };
#undef X
    jw_object(w, NULL);
    jw_int(w, "pid", row->pid);
    jw_int(w, "parent", row->parent);
    jw_int(w, "uid", row->uid);
    jw_stringn(w, "state", &row->state, 1);
    jw_int(w, "nice", row->nice);
    jw_int(w, "threads", row->threads);
    jw_figure(w, "cpu_pct", row->cpu_pct);
    jw_figure(w, "cpu_seconds", row->cpu_seconds);
    jw_figure(w, "rss_bytes", row->rss_bytes);
    jw_figure(w, "read_bytes", row->read_bytes);
    jw_figure(w, "write_bytes", row->write_bytes);
    jw_int(w, "run", row->run);
    jw_int(w, "trial", row->trial);
    for (int i = 0; i < PROCMORE_COUNT; i++)
        jw_figure(w, figures[i], row->figure[i]);
    jw_string(w, "name", row->name);
    jw_string(w, "command", row->command);
    jw_end(w);
}

static void
put_json(const struct scene *scene, struct str *out)
{
    const struct table *table = &scene->process_table;
    struct json_writer w;
    jw_init(&w, out);
    jw_array(&w, NULL);
    for (int i = 0; i < table->shown; i++)
        put_process(&w, &scene->processes.row[table->order[i]]);
    jw_end(&w);
    str_putc(out, '\n');
}

/* All columns that are shown, for a pipe; what a terminal has room for, else. */
static int
lay_out(const struct table *table, struct layout_column *column)
{
    int width = COMMAND_WIDTH, count = table->class->column_count, terminal = output_width(stdout);
    table_columns(table, column);
    for (int i = 0; i < count; i++)
        width += column[i].want ? column[i].want + 2 : 0;
    width = terminal > 0 && terminal < CANVAS_COLUMNS_MAX ? terminal : width;
    layout_columns(column, count, 0, width);
    return width;
}

/* Line by line: there may be more than any screen has. */
static void
put_text(const struct table *table, struct str *out)
{
    struct layout_column column[TABLE_COLUMNS_MAX];
    struct canvas canvas;
    int width = lay_out(table, column);
    canvas_init(&canvas);
    canvas_resize(&canvas, width, 1);
    canvas_clear(&canvas);
    panel_titles(&canvas, 0, column, table->class->column_count);
    canvas_to_text(&canvas, out);
    for (int i = 0; i < table->shown; i++) {
        canvas_clear(&canvas);
        table->class->draw(&canvas, 0, width, column, table->rows, table->order[i], 0);
        canvas_to_text(&canvas, out);
    }
    canvas_release(&canvas);
}

static int
print_list(struct cmd_line *line, struct scene *scene, int64_t most)
{
    struct table *table = &scene->process_table;
    struct diag diag;
    struct str out;
    str_init(&out);
    if (table->shown > most)
        table->shown = (int)most;
    if (cmd_flag(line, "json"))
        put_json(scene, &out);
    else if (cmd_flag(line, "csv"))
        export_panel(scene, PANEL_PROCESSES, EXPORT_CSV, &out, &diag);
    else
        put_text(table, &out);
    fwrite(out.data, 1, out.len, stdout);
    str_release(&out);
    return fflush(stdout) ? CMD_FAILED : CMD_FINE;
}

/* A column that is not there is a mistake of the line: no server is started for it. */
static int
arrange(const struct cmd_line *line, struct scene *scene)
{
    struct table *table = &scene->process_table;
    const char *columns = cmd_value(line, "columns", NULL), *by = cmd_value(line, "by", "cpu");
    char unknown[40];
    if (columns && (!*columns || !process_list_columns(&scene->processes, table, columns, unknown, sizeof unknown))) {
        cmd_error("--columns: there is no column \"%s\"", *columns ? unknown : "");
        return CMD_USAGE;
    }
    if (!table_sort_by(table, by)) {
        cmd_error("--by: there is no column \"%s\"", by);
        return CMD_USAGE;
    }
    table->reverse = cmd_flag(line, "reverse");
    table_filter(table, cmd_value(line, "filter", ""));
    return 0;
}

static void
wait_seconds(int64_t seconds)
{
    struct timespec left = { seconds, 0 };
    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

int
cmd_processes_print(struct cmd_line *line)
{
    int64_t most, times, delay;
    int status = cmd_number(line, "count", INT32_MAX, 1, INT32_MAX, &most);
    if (!status)
        status = cmd_number(line, "times", 1, 0, INT32_MAX, &times);
    if (!status)
        status = cmd_number(line, "delay", DELAY_SECONDS, 1, 86400, &delay);
    if (status)
        return status;
    struct scene *scene = XNEW(struct scene);
    scene_init(scene);
    status = arrange(line, scene);
    if (!status)
        status = take(line, scene);
    for (int64_t i = 0; !status && (!times || i < times); i++) {
        if (i > 0 && !cmd_flag(line, "json"))
            printf("\n");
        wait_seconds(delay);
        status = take(line, scene);
        if (!status)
            status = print_list(line, scene, most);
    }
    scene_release(scene);
    free(scene);
    return status;
}

static const struct cmd_option options[] = {
    { .name = "count", .letter = 'n', .argument = "N", .help = "At most N processes" },
    { .name = "times", .letter = 't', .argument = "N", .help = "Print the list N times, 0: until it is stopped (1)" },
    { .name = "delay", .letter = 'd', .argument = "SECONDS", .help = "The time between two, and before the first, of which use of the CPU is (1)" },
    { .name = "by", .letter = 'b', .argument = "COLUMN", .help = "Sort by a column (cpu)" },
    { .name = "reverse", .letter = 'r', .help = "The other way round" },
    { .name = "columns", .letter = 'c', .argument = "LIST",
        .help = "These columns beside pid, cpu and command, or all" },
    { .name = "filter", .letter = 'f', .argument = "TEXT",
        .help = "Only processes with TEXT in command, user or state, or of a run: \"run 7\"" },
    { .name = "csv", .help = "Print CSV of what the columns show" },
    { .name = "json", .letter = 'j', .help = "Print a line of JSON: an array of objects, values in full" },
    { 0 },
};

const struct cmd cmd_processes = {
    .name = "processes",
    .usage = "",
    .help = "Show the processes of the machine",
    .detail = "Columns are user, state, memory, pss, swap, faults, major, switches, oom, threads, nice, read, write, "
              "time and run/trial; pss to oom cost more, and are read only when they are asked for. What may not be "
              "read, as much of other users' processes, is shown as `-', and as null in JSON.",
    .server = CMD_SERVER_STARTED,
    .options = options,
    .run = cmd_processes_print,
};
