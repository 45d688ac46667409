/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/dialog.h"

#include "base/text.h"
#include "ui/draw.h"
#include "ui/keymap.h"
#include "ui/line.h"

enum {
    FRAME_COLUMNS_MIN = 16, /* below these a frame would cost more than it gives */
    FRAME_ROWS_MIN = 6,
};

/* " Enter open  Esc close ": the words that a context's keys have for the
 * last line, as many as fit. */
static void
draw_keys(struct canvas *canvas, int x, int y, int width, const char *context)
{
    int count, end = x + width;
    const struct key_row *row = keymap_rows(&count);
    for (int i = 0; i < count; i++, row++) {
        if (!row->bar || !str_equal(row->context, context))
            continue;
        int need = text_width(row->key) + text_width(row->bar) + 3;
        if (x + need > end)
            return;
        canvas_put(canvas, x++, y, ' ', STYLE_DIM);
        x += canvas_text(canvas, x, y, end - x, STYLE_KEY, row->key);
        canvas_put(canvas, x++, y, ' ', STYLE_DIM);
        x += canvas_text(canvas, x, y, end - x, STYLE_DIM, row->bar);
        canvas_put(canvas, x++, y, ' ', STYLE_DIM);
    }
}

void
dialog_keys(struct canvas *canvas, struct rect line, const char *context)
{
    canvas_fill(canvas, line, ' ', STYLE_TEXT);
    draw_keys(canvas, line.x, line.y, line.width, context);
}

/* No frame: a title where two rows are left, keys where four are. */
static struct rect
bare_box(struct canvas *canvas, struct rect screen, const char *title, const char *context)
{
    struct rect inside = screen;
    if (inside.height >= 3) {
        canvas_text(canvas, screen.x, screen.y, screen.width, STYLE_TITLE, title);
        inside.y++;
        inside.height--;
    }
    if (screen.height >= 4) {
        draw_keys(canvas, screen.x, screen.y + screen.height - 1, screen.width, context);
        inside.height--;
    }
    return inside;
}

struct rect
dialog_box(struct canvas *canvas, struct rect screen, int width, int height,
    const char *title, const char *context)
{
    canvas->cursor_x = canvas->cursor_y = -1;
    if (screen.width < FRAME_COLUMNS_MIN || screen.height < FRAME_ROWS_MIN) {
        canvas_fill(canvas, screen, ' ', STYLE_TEXT);
        return bare_box(canvas, screen, title, context);
    }
    /* a frame and one blank column at each side */
    struct rect box = draw_center(screen, width + 4, height + 2);
    canvas_fill(canvas, box, ' ', STYLE_TEXT);
    draw_box(canvas, box, title, STYLE_DIM);
    draw_keys(canvas, box.x + 2, box.y + box.height - 1, box.width - 4, context);
    return draw_inside(box);
}

int
dialog_text(struct canvas *canvas, struct rect rect, enum style style,
    const char *text, int skip)
{
    char line[LINE_WRAP_MAX];
    int row = -skip, lines = 0;
    while (line_wrap(&text, rect.width, line, sizeof line)) {
        if (row >= 0 && row < rect.height)
            canvas_text(canvas, rect.x, rect.y + row, rect.width, style, line);
        row++;
        lines++;
    }
    return lines;
}

/* Where a key leads from `at`, within [0, last]; -1 when it is none of ours. */
static int
moved(int at, int last, int page, uint32_t key)
{
    int step = page > 1 ? page - 1 : 1;
    switch (key) {
    case KEY_CODE_UP:
    case 'k':
        at--;
        break;
    case KEY_CODE_DOWN:
    case 'j':
        at++;
        break;
    case KEY_CODE_PAGE_UP:
        at -= step;
        break;
    case KEY_CODE_PAGE_DOWN:
        at += step;
        break;
    case KEY_CODE_HOME:
    case 'g':
        at = 0;
        break;
    case KEY_CODE_END:
    case 'G':
        at = last;
        break;
    default:
        return -1;
    }
    if (at > last)
        at = last;
    return at < 0 ? 0 : at;
}

bool
dialog_list_key(struct dialog_list *list, uint32_t key)
{
    int at = moved(list->current, list->count - 1, list->page, key);
    if (at >= 0)
        list->current = at;
    return at >= 0;
}

void
dialog_list_fit(struct dialog_list *list, int height)
{
    list->page = height;
    if (list->current >= list->count)
        list->current = list->count - 1;
    if (list->current < 0)
        list->current = 0;
    if (list->top > list->current)
        list->top = list->current;
    if (list->top <= list->current - height)
        list->top = list->current - height + 1;
    if (list->top > list->count - height)
        list->top = list->count - height;
    if (list->top < 0)
        list->top = 0;
}

void
dialog_list_bar(const struct dialog_list *list, struct canvas *canvas, struct rect rect)
{
    if (rect.width >= 4 && rect.height >= 2)
        draw_scrollbar(canvas, rect.x + rect.width - 1, rect.y, rect.height, list->top,
            rect.height, list->count);
}

bool
dialog_scroll_key(int *top, int count, int page, uint32_t key)
{
    int last = count > page ? count - page : 0;
    int at = moved(*top, last, page, key == ' ' ? (uint32_t)KEY_CODE_PAGE_DOWN : key);
    if (at >= 0)
        *top = at;
    return at >= 0;
}

void
dialog_tell(struct dialog *dialog, enum style style, const char *text)
{
    if (dialog->host)
        dialog->host->tell(dialog->host->context, style, text);
}

void
dialog_work(struct dialog *dialog, const char *name, loop_fn *work, loop_fn *done, void *arg)
{
    if (dialog->host && dialog->host->work) {
        dialog->host->work(dialog->host->context, name, work, done, arg);
        return;
    }
    work(arg);
    done(arg);
}

void
dialog_call(struct dialog *dialog, const char *method, json_t *params, int tag)
{
    if (!params)
        params = json_object();
    if (dialog->host)
        dialog->host->call(dialog->host->context, dialog, method, params, tag);
    else
        json_decref(params);
}
