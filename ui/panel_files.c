/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files: what the server has read from and written to which of them. The panel
 * takes no room while there is nothing to show.
 */
#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "base/unit.h"
#include "ui/panel.h"

enum { ROWS_WANTED_MAX = 4 };

enum { COLUMN_PATH, COLUMN_READS, COLUMN_READ, COLUMN_WRITES, COLUMN_WRITTEN, COLUMN_SYNCS,
    COLUMN_FAILED, COLUMN_MEAN, COLUMN_P99, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_PATH] = { .title = "file", .min = 12, .want = 32, .priority = 1, .left = true, .stretch = true },
    [COLUMN_READS] = { .title = "reads", .min = 6, .want = 7, .priority = 6 },
    [COLUMN_READ] = { .title = "read", .min = 6, .want = 7, .priority = 3 },
    [COLUMN_WRITES] = { .title = "writes", .min = 6, .want = 7, .priority = 5 },
    [COLUMN_WRITTEN] = { .title = "written", .min = 7, .want = 7, .priority = 2 },
    [COLUMN_SYNCS] = { .title = "syncs", .min = 6, .want = 6, .priority = 8 },
    [COLUMN_FAILED] = { .title = "failed", .min = 6, .want = 6, .priority = 9 },
    [COLUMN_MEAN] = { .title = "mean", .min = 6, .want = 6, .priority = 7 },
    [COLUMN_P99] = { .title = "p99", .min = 6, .want = 6, .priority = 4 },
};

static int
files_want(const struct panel_context *context, int width)
{
    (void)width;
    int rows = context->view->file_count;
    return !rows ? 0 : 1 + (rows < ROWS_WANTED_MAX ? rows : ROWS_WANTED_MAX);
}

static void
files_note(const struct panel_context *context, char *buf, size_t size)
{
    char read[32], written[32];
    snprintf(buf, size, "disks: %s read · %s written",
        unit_format_bytes(context->view->disk_read_bytes, read, sizeof read),
        unit_format_bytes(context->view->disk_written_bytes, written, sizeof written));
}

static void
draw_count(struct canvas *canvas, int y, const struct layout_column *column, double count,
    enum style style)
{
    char text[32];
    panel_figure(canvas, y, column, count > 0 ? style : STYLE_DIM,
        panel_count(count, column->width, text, sizeof text));
}

static void
draw_bytes(struct canvas *canvas, int y, const struct layout_column *column, double bytes)
{
    char text[32];
    panel_figure(canvas, y, column, bytes > 0 ? STYLE_VALUE : STYLE_DIM,
        unit_format_bytes(bytes, text, sizeof text));
}

/* Of a long path the end says most. */
static void
draw_path(struct canvas *canvas, int y, const struct layout_column *column, const char *path)
{
    char text[VIEW_TEXT_MAX + 4];
    int over = text_width(path) - column->width;
    bool cut = over > 0;
    for (over += cut; over > 0 && *path;) /* a cell more for the sign */
        over -= text_cell_width(text_next(&path));
    snprintf(text, sizeof text, "%s%s", cut ? "…" : "", path);
    panel_text(canvas, y, column, STYLE_TEXT, text);
}

static void
draw_file(struct canvas *canvas, int y, const struct layout_column *column,
    const struct view_file *file)
{
    char text[32];
    draw_path(canvas, y, &column[COLUMN_PATH], file->path);
    draw_count(canvas, y, &column[COLUMN_READS], file->reads, STYLE_VALUE);
    draw_bytes(canvas, y, &column[COLUMN_READ], file->read_bytes);
    draw_count(canvas, y, &column[COLUMN_WRITES], file->writes, STYLE_VALUE);
    draw_bytes(canvas, y, &column[COLUMN_WRITTEN], file->written_bytes);
    draw_count(canvas, y, &column[COLUMN_SYNCS], file->syncs, STYLE_VALUE);
    draw_count(canvas, y, &column[COLUMN_FAILED], file->failed, STYLE_WARNING);
    panel_figure(canvas, y, &column[COLUMN_MEAN], STYLE_VALUE,
        unit_format_duration(file->mean_seconds, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_P99], STYLE_VALUE,
        unit_format_duration(file->p99_seconds, text, sizeof text));
}

static void
files_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view *view = context->view;
    struct layout_column column[COLUMNS];
    panel_table(canvas, &inside, columns, column, COLUMNS);
    int first = panel_list_begin(canvas, context, inside, view->file_count);
    for (int i = 0; i < inside.height && first + i < view->file_count; i++)
        draw_file(canvas, inside.y + i, column, &view->file[first + i]);
    if (!view->file_count)
        panel_empty(canvas, inside, "no file was used yet");
}

const struct panel panel_files = {
    .name = "files",
    .title = "Files",
    .priority = 8,
    .weight = 1,
    .want = files_want,
    .note = files_note,
    .draw = files_draw,
};
