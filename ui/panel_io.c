/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Disks and networks, one line each: what comes in, what goes out, and the
 * share of time a disk was busy.
 */
#include <math.h>
#include <stdio.h>

#include "ui/panel.h"

enum { ROWS_WANTED_MAX = 8 };

enum { COLUMN_NAME, COLUMN_IN, COLUMN_OUT, COLUMN_OPERATIONS, COLUMN_BUSY, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_NAME] = { .title = "device", .min = 6, .want = 16, .priority = 1, .left = true, .stretch = true },
    [COLUMN_IN] = { .title = "in", .min = 7, .want = 9, .priority = 1 },
    [COLUMN_OUT] = { .title = "out", .min = 7, .want = 9, .priority = 1 },
    [COLUMN_OPERATIONS] = { .title = "ops", .min = 7, .want = 9, .priority = 3 },
    [COLUMN_BUSY] = { .title = "busy", .min = 6, .want = 6, .priority = 2 },
};

static int
present_rows(const struct view *view, enum metric_group group)
{
    const struct sample_rows *rows = &view->sample.rows[group];
    int count = 0;
    for (int i = 0; i < rows->count; i++)
        count += rows->row[i].present;
    return count;
}

static int
io_want(const struct panel_context *context, int width)
{
    (void)width;
    int rows = present_rows(context->view, GROUP_DISK) + present_rows(context->view, GROUP_NET);
    return 1 + (rows < ROWS_WANTED_MAX ? rows : ROWS_WANTED_MAX);
}

static void
io_note(const struct panel_context *context, char *buf, size_t size)
{
    int disks = present_rows(context->view, GROUP_DISK);
    int nets = present_rows(context->view, GROUP_NET);
    snprintf(buf, size, "%d disk%s · %d network%s", disks, disks == 1 ? "" : "s", nets,
        nets == 1 ? "" : "s");
}

static void
draw_figure(struct canvas *canvas, int y, const struct layout_column *column, enum metric metric,
    double value)
{
    char text[32];
    panel_figure(canvas, y, column, value > 0 ? STYLE_VALUE : STYLE_DIM,
        metric_format(metric, value, text, sizeof text));
}

static void
draw_device(struct canvas *canvas, int y, const struct layout_column *column,
    const struct sample *sample, enum metric_group group, int row)
{
    bool disk = group == GROUP_DISK;
    panel_text(canvas, y, &column[COLUMN_NAME], STYLE_TEXT, sample->rows[group].row[row].name);
    enum metric in = disk ? METRIC_DISK_READ : METRIC_NET_RECEIVE;
    enum metric out = disk ? METRIC_DISK_WRITE : METRIC_NET_SEND;
    draw_figure(canvas, y, &column[COLUMN_IN], in, sample_value(sample, in, row));
    draw_figure(canvas, y, &column[COLUMN_OUT], out, sample_value(sample, out, row));
    double operations = disk
        ? sample_value(sample, METRIC_DISK_READS, row) + sample_value(sample, METRIC_DISK_WRITES, row)
        : sample_value(sample, METRIC_NET_RECEIVE_PACKETS, row) +
            sample_value(sample, METRIC_NET_SEND_PACKETS, row);
    draw_figure(canvas, y, &column[COLUMN_OPERATIONS], METRIC_DISK_READS, operations);
    if (disk)
        draw_figure(canvas, y, &column[COLUMN_BUSY], METRIC_DISK_BUSY,
            sample_value(sample, METRIC_DISK_BUSY, row));
}

static void
io_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    static const enum metric_group groups[] = { GROUP_DISK, GROUP_NET };
    const struct view *view = context->view;
    struct layout_column column[COLUMNS];
    panel_table(canvas, &inside, columns, column, COLUMNS);
    int count = present_rows(view, GROUP_DISK) + present_rows(view, GROUP_NET);
    int first = panel_list_begin(canvas, context, inside, count), index = 0;
    for (int g = 0; g < 2; g++)
        for (int i = 0; i < view->sample.rows[groups[g]].count; i++) {
            if (!view->sample.rows[groups[g]].row[i].present)
                continue;
            if (index >= first && index - first < inside.height)
                draw_device(canvas, inside.y + index - first, column, &view->sample, groups[g], i);
            index++;
        }
    if (!count)
        panel_empty(canvas, inside, "no disk and no network");
}

const struct panel panel_io = {
    .name = "io",
    .title = "Disks and networks",
    .priority = 7,
    .weight = 0,
    .want = io_want,
    .note = io_note,
    .draw = io_draw,
};
