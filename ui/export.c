/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/export.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/json.h"
#include "base/text.h"

enum {
    TEXT_COLUMNS = 160, /* of a panel that is no table */
    SCREEN_CHUNK = 512, /* screen takes no longer string */
};

static void
take_line(const struct canvas *canvas, struct str *out)
{
    struct str line;
    str_init(&line);
    canvas_to_text(canvas, &line);
    const char *text = line.data ? line.data : "";
    text += strspn(text, " ");
    size_t len = strcspn(text, "\n");
    while (len && text[len - 1] == ' ')
        len--;
    str_append(out, text, len);
    str_release(&line);
}

/* The row is drawn as if it had this column alone, as wide as can be. */
static void
draw_cell(struct table *table, struct canvas *canvas, int line, int column, struct str *out)
{
    struct layout_column columns[TABLE_COLUMNS_MAX];
    memcpy(columns, table->class->columns, (size_t)table->class->column_count * sizeof *columns);
    for (int i = 0; i < table->class->column_count; i++)
        columns[i].x = columns[i].width = 0;
    columns[column].width = CANVAS_COLUMNS_MAX;
    canvas_clear(canvas);
    table->class->draw(canvas, 0, CANVAS_COLUMNS_MAX, columns, table->rows, table->order[line], 0);
    take_line(canvas, out);
}

static void
open_line(struct canvas *canvas)
{
    canvas_init(canvas);
    canvas_resize(canvas, CANVAS_COLUMNS_MAX, 1);
}

void
export_cell(struct table *table, int line, int column, struct str *out)
{
    struct canvas canvas;
    if (line < 0 || line >= table->shown)
        return;
    open_line(&canvas);
    draw_cell(table, &canvas, line, column, out);
    canvas_release(&canvas);
}

bool
export_format_of(const char *path, enum export_format *ret_format)
{
    *ret_format = str_ends(path, ".csv") ? EXPORT_CSV : str_ends(path, ".json") ? EXPORT_JSON : EXPORT_TEXT;
    return *ret_format != EXPORT_TEXT || str_ends(path, ".txt");
}

static void
put_csv(struct str *out, const char *text, bool first)
{
    if (!first)
        str_putc(out, ',');
    if (!text[strcspn(text, ",\"\r\n")]) {
        str_puts(out, text);
        return;
    }
    str_putc(out, '"');
    for (; *text; text++)
        str_puts(out, *text == '"' ? "\"\"" : (const char[]){ *text, '\0' });
    str_putc(out, '"');
}

static void
export_csv(struct table *table, struct canvas *canvas, struct str *out)
{
    struct str cell;
    str_init(&cell);
    bool first = true;
    for (int c = 0; c < table->class->column_count; c++)
        if (!table_hides(table, c)) {
            put_csv(out, table->class->columns[c].title, first);
            first = false;
        }
    str_putc(out, '\n');
    for (int line = 0; line < table->shown; line++) {
        first = true;
        for (int c = 0; c < table->class->column_count; c++) {
            if (table_hides(table, c))
                continue;
            str_clear(&cell);
            draw_cell(table, canvas, line, c, &cell);
            put_csv(out, cell.data ? cell.data : "", first);
            first = false;
        }
        str_putc(out, '\n');
    }
    str_release(&cell);
}

static void
export_json(struct table *table, struct canvas *canvas, struct str *out)
{
    struct json_writer w;
    struct str cell;
    str_init(&cell);
    jw_init(&w, out);
    jw_array(&w, NULL);
    for (int line = 0; line < table->shown; line++) {
        jw_object(&w, NULL);
        for (int c = 0; c < table->class->column_count; c++) {
            if (table_hides(table, c))
                continue;
            str_clear(&cell);
            draw_cell(table, canvas, line, c, &cell);
            jw_string(&w, table->class->columns[c].title, cell.data ? cell.data : "");
        }
        jw_end(&w);
    }
    jw_end(&w);
    str_putc(out, '\n');
    str_release(&cell);
}

/* Drawn once more, on paper: as many lines as it can use. */
static void
export_text(struct scene *scene, enum panel_id id, struct str *out)
{
    struct canvas canvas;
    struct panel_list list = scene->list[id];
    canvas_init(&canvas);
    struct panel_context context = scene_context_of(scene, id);
    context.list = &list;
    context.scroll_x = TEXT_COLUMNS + 1;
    list.top = 0;
    int rows = panel_info(id)->want(&context, TEXT_COLUMNS);
    rows = rows < 1 ? 1 : rows > CANVAS_ROWS_MAX ? CANVAS_ROWS_MAX : rows;
    canvas_resize(&canvas, TEXT_COLUMNS, rows);
    panel_info(id)->draw(&canvas, (struct rect){ 0, 0, TEXT_COLUMNS, rows }, &context);
    canvas_to_text(&canvas, out);
    canvas_release(&canvas);
}

int
export_panel(struct scene *scene, enum panel_id id, enum export_format format, struct str *out,
    struct diag *diag)
{
    struct table *table = scene_table(scene, id);
    struct canvas canvas;
    if (format == EXPORT_TEXT) {
        export_text(scene, id, out);
        return 0;
    }
    if (!table)
        return diag_set(diag, ERR_BAD_TYPE, "this panel has no rows: it is text (.txt)");
    open_line(&canvas);
    if (format == EXPORT_CSV)
        export_csv(table, &canvas, out);
    else
        export_json(table, &canvas, out);
    canvas_release(&canvas);
    return 0;
}

int
export_write(const char *path, const struct str *text, struct diag *diag)
{
    char shown[128];
    text_clean(path, shown, sizeof shown);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666), r = fd < 0 ? -errno : 0;
    if (r == -EEXIST)
        return diag_set(diag, r, "%s is there already", shown);
    for (size_t done = 0; r == 0 && done < text->len;) {
        ssize_t n = write(fd, text->data + done, text->len - done);
        if (n >= 0)
            done += (size_t)n;
        else if (errno != EINTR)
            r = -errno;
    }
    if (fd >= 0 && close(fd) < 0 && r == 0)
        r = -errno;
    if (r < 0 && fd >= 0)
        unlink(path);
    return r < 0 ? diag_set(diag, r, "%s: %s", shown, err_text(r)) : 0;
}

/* Within tmux' or screen's own sequence each Esc is doubled, or a long text is cut. */
static void
wrap_tmux(const struct str *plain, struct str *out)
{
    str_puts(out, "\033Ptmux;");
    for (size_t i = 0; i < plain->len; i++) {
        if (plain->data[i] == '\033')
            str_putc(out, '\033');
        str_putc(out, plain->data[i]);
    }
    str_puts(out, "\033\\");
}

static void
wrap_screen(const struct str *plain, struct str *out)
{
    for (size_t at = 0; at < plain->len; at += SCREEN_CHUNK) {
        size_t rest = plain->len - at;
        str_puts(out, "\033P");
        str_append(out, plain->data + at, rest < SCREEN_CHUNK ? rest : SCREEN_CHUNK);
        str_puts(out, "\033\\");
    }
}

void
export_clipboard(const char *text, bool tmux, bool screen, struct str *out)
{
    struct str plain;
    str_init(&plain);
    str_puts(&plain, "\033]52;c;");
    base64_encode(&plain, text, strlen(text));
    str_putc(&plain, '\a');
    if (screen)
        wrap_screen(&plain, out);
    else
        str_append(out, plain.data, plain.len);
    if (tmux) /* which takes the plain one itself, or hands this one on, as it is set */
        wrap_tmux(&plain, out);
    str_release(&plain);
}
