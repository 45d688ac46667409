/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A longer text to read, scroll and close.
 */
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/dialog.h"
#include "ui/line.h"

enum { MESSAGE_WIDTH = 76, MESSAGE_LINES_MAX = 10000 };

struct message {
    struct dialog base;
    char *title, *text; /* owned */
    int top, count, page;
};

/* The widest line as the text stands, so that a short text gets a small box. */
static int
natural_width(const char *text)
{
    char line[LINE_WRAP_MAX];
    int widest = 24;
    while (line_wrap(&text, MESSAGE_WIDTH, line, sizeof line)) {
        int width = text_width(line);
        if (width > widest)
            widest = width;
    }
    return widest;
}

static void
message_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen,
    const struct view *view)
{
    struct message *message = (struct message *)dialog;
    (void)view;
    int width = natural_width(message->text), title = text_width(message->title) + 2;
    if (width < title)
        width = title;
    int lines = line_wrap_count(message->text, width, MESSAGE_LINES_MAX);
    struct rect inside = dialog_box(canvas, screen, width, lines, message->title,
        "message");
    message->page = inside.height;
    message->count = line_wrap_count(message->text, inside.width, MESSAGE_LINES_MAX);
    if (message->top > message->count - message->page)
        message->top = message->count - message->page;
    if (message->top < 0)
        message->top = 0;
    dialog_text(canvas, inside, STYLE_TEXT, message->text, message->top);
}

static enum dialog_result
message_key(struct dialog *dialog, uint32_t key)
{
    struct message *message = (struct message *)dialog;
    if (key == KEY_CODE_ESCAPE || key == KEY_CODE_ENTER || key == 'q')
        return DIALOG_CLOSED;
    dialog_scroll_key(&message->top, message->count, message->page, key);
    return DIALOG_OPEN;
}

static void
message_free(struct dialog *dialog)
{
    struct message *message = (struct message *)dialog;
    free(message->title);
    free(message->text);
    free(message);
}

static const struct dialog_class message_class = {
    .name = "message",
    .draw = message_draw,
    .key = message_key,
    .free = message_free,
};

struct dialog *
dialog_message_new(const char *title, const char *text)
{
    struct message *message = XNEW(struct message);
    message->base.class = &message_class;
    message->title = xstrdup(title);
    message->text = xstrdup(text);
    return &message->base;
}
