/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/dialog.h"

#include "base/text.h"
#include "ui/line.h"

enum {
    FRAME_COLUMNS_MIN = 16, /* below these a frame would cost more than it gives */
    FRAME_ROWS_MIN = 6,
};

static void
draw_hints(struct canvas *canvas, int x, int y, int width, const struct dialog_hint *hints)
{
    int end = x + width;
    for (; hints && hints->key; hints++) {
        int need = text_width(hints->key) + text_width(hints->text) + 3;
        if (x + need > end)
            return;
        canvas_put(canvas, x++, y, ' ', STYLE_DIM);
        x += canvas_text(canvas, x, y, end - x, STYLE_KEY, hints->key);
        canvas_put(canvas, x++, y, ' ', STYLE_DIM);
        x += canvas_text(canvas, x, y, end - x, STYLE_DIM, hints->text);
        canvas_put(canvas, x++, y, ' ', STYLE_DIM);
    }
}

static void
draw_frame(struct canvas *canvas, struct rect box)
{
    int right = box.x + box.width - 1, bottom = box.y + box.height - 1;
    for (int x = box.x + 1; x < right; x++) {
        canvas_put(canvas, x, box.y, 0x2500, STYLE_DIM);
        canvas_put(canvas, x, bottom, 0x2500, STYLE_DIM);
    }
    for (int y = box.y + 1; y < bottom; y++) {
        canvas_put(canvas, box.x, y, 0x2502, STYLE_DIM);
        canvas_put(canvas, right, y, 0x2502, STYLE_DIM);
    }
    canvas_put(canvas, box.x, box.y, 0x250C, STYLE_DIM);
    canvas_put(canvas, right, box.y, 0x2510, STYLE_DIM);
    canvas_put(canvas, box.x, bottom, 0x2514, STYLE_DIM);
    canvas_put(canvas, right, bottom, 0x2518, STYLE_DIM);
}

/* No frame: a title where two rows are left, hints where three are. */
static struct rect
bare_box(struct canvas *canvas, struct rect screen, const char *title,
    const struct dialog_hint *hints)
{
    struct rect inside = screen;
    if (inside.height >= 3) {
        canvas_text(canvas, screen.x, screen.y, screen.width, STYLE_TITLE, title);
        inside.y++;
        inside.height--;
    }
    if (screen.height >= 4) {
        draw_hints(canvas, screen.x, screen.y + screen.height - 1, screen.width, hints);
        inside.height--;
    }
    return inside;
}

struct rect
dialog_box(struct canvas *canvas, struct rect screen, int width, int height,
    const char *title, const struct dialog_hint *hints)
{
    canvas->cursor_x = canvas->cursor_y = -1;
    if (screen.width < FRAME_COLUMNS_MIN || screen.height < FRAME_ROWS_MIN) {
        canvas_fill(canvas, screen, ' ', STYLE_TEXT);
        return bare_box(canvas, screen, title, hints);
    }
    /* a frame and one blank column at each side */
    struct rect box = { .width = width + 4, .height = height + 2 };
    if (box.width > screen.width)
        box.width = screen.width;
    if (box.height > screen.height)
        box.height = screen.height;
    box.x = screen.x + (screen.width - box.width) / 2;
    box.y = screen.y + (screen.height - box.height) / 2;

    canvas_fill(canvas, box, ' ', STYLE_TEXT);
    draw_frame(canvas, box);
    canvas_put(canvas, box.x + 2, box.y, ' ', STYLE_TITLE);
    int used = canvas_text(canvas, box.x + 3, box.y, box.width - 6, STYLE_TITLE, title);
    canvas_put(canvas, box.x + 3 + used, box.y, ' ', STYLE_TITLE);
    draw_hints(canvas, box.x + 2, box.y + box.height - 1, box.width - 4, hints);
    return (struct rect){ box.x + 2, box.y + 1, box.width - 4, box.height - 2 };
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
    int x = rect.x + rect.width - 1, hidden = list->count - rect.height;
    if (hidden <= 0 || rect.width < 4 || rect.height < 2)
        return;
    int size = rect.height * rect.height / list->count;
    if (size < 1)
        size = 1;
    int start = (rect.height - size) * (list->top < hidden ? list->top : hidden) / hidden;
    for (int i = 0; i < rect.height; i++)
        canvas_put(canvas, x, rect.y + i, i >= start && i < start + size ? 0x2588 : 0x2502,
            STYLE_DIM);
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
dialog_call(struct dialog *dialog, const char *method, json_t *params, int tag)
{
    if (!params)
        params = json_object();
    if (dialog->host)
        dialog->host->call(dialog->host->context, dialog, method, params, tag);
    else
        json_decref(params);
}
