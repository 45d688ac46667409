/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop files`: what the server has done with which files.
 */
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"

static void
count_cell(struct table *table, const json_t *file, const char *key)
{
    char text[40];
    table_cell(table, PAINT_NONE, unit_format_count(json_get_number(file, key, NAN), text, sizeof text));
}

static void
bytes_cell(struct table *table, const json_t *file, const char *key)
{
    char text[40];
    table_cell(table, PAINT_NONE, unit_format_bytes(json_get_number(file, key, NAN), text, sizeof text));
}

static void
seconds_cell(struct table *table, const json_t *file, const char *key)
{
    char text[40];
    table_cell(table, PAINT_NONE, unit_format_duration(json_get_number(file, key, NAN), text, sizeof text));
}

static void
print_files(const json_t *files)
{
    struct table *table = table_new();
    size_t i;
    json_t *file;
    table_column(table, "FILE", TABLE_LEFT);
    table_column(table, "READS", TABLE_RIGHT);
    table_column(table, "READ", TABLE_RIGHT);
    table_column(table, "WRITES", TABLE_RIGHT);
    table_column(table, "WRITTEN", TABLE_RIGHT);
    table_spare_column(table, "SYNCS", TABLE_RIGHT);
    table_spare_column(table, "OPENS", TABLE_RIGHT);
    table_spare_column(table, "CLOSES", TABLE_RIGHT);
    table_spare_column(table, "FAILED", TABLE_RIGHT);
    table_spare_column(table, "MEAN", TABLE_RIGHT);
    table_spare_column(table, "P99", TABLE_RIGHT);
    table_spare_column(table, "MAX", TABLE_RIGHT);
    json_array_foreach (files, i, file) {
        table_cell(table, PAINT_STRONG, json_get_string(file, "path", "-"));
        count_cell(table, file, "reads");
        bytes_cell(table, file, "read_bytes");
        count_cell(table, file, "writes");
        bytes_cell(table, file, "written_bytes");
        count_cell(table, file, "syncs");
        count_cell(table, file, "opens");
        count_cell(table, file, "closes");
        count_cell(table, file, "failed");
        seconds_cell(table, file, "mean_seconds");
        seconds_cell(table, file, "p99_seconds");
        seconds_cell(table, file, "max_seconds");
    }
    table_print(table, stdout, output_width(stdout), "");
}

static int
run_files(struct cmd_line *line)
{
    json_t *answer;
    char read[40], written[40];
    int status = cmd_ask(line, "files", NULL, &answer);
    if (status)
        return status;
    const json_t *files = json_object_get(answer, "files");
    const json_t *disk = json_object_get(answer, "disk");
    if (cmd_flag(line, "json")) {
        output_json(answer);
    } else {
        if (json_array_size(files))
            print_files(files);
        else
            printf("no file was used yet\n");
        if (disk)
            printf("disks: %s read, %s written\n",
                unit_format_bytes(json_get_number(disk, "read_bytes", NAN), read, sizeof read),
                unit_format_bytes(json_get_number(disk, "written_bytes", NAN), written,
                    sizeof written));
    }
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option files_options[] = {
    { .name = "json", .letter = 'j', .help = "Print an object with the list of files" },
    { 0 },
};

const struct cmd cmd_files = {
    .name = "files",
    .usage = "",
    .help = "Show what the server has read from and written to which files",
    .detail = "Workers and other programs publish theirs on their boards, as file.*.",
    .server = CMD_SERVER_STARTED,
    .options = files_options,
    .run = run_files,
};
