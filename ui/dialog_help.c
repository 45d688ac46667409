/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Help: the keys of where the person is, from the key table, then what signs
 * and colours mean, then the keys of everything else.
 */
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/dialog.h"
#include "ui/draw.h"
#include "ui/keymap.h"

enum { HELP_WIDTH = 76, KEYS_WIDTH = 18 };

struct help {
    struct dialog base;
    char *context; /* owned */
    int top, count, page;
};

/* What the contexts of the key table are called. One that is not here goes by
 * its own name. To add a context: one row. */
static const struct context_title {
    const char *context, *title;
} titles[] = {
    { "overview", "The overview" },
    { "all runs", "All runs" },
    { "run", "Looking at a run" },
    { "processes", "Processes" },
    { "figures", "Figures" },
    { "alerts", "Alerts" },
    { "process", "Details of a process" },
    { "runs", "Runs" },
    { "table", "Any table" },
    { "panels", "Panels" },
    { "any", "Any view" },
    { "command", "The line at the bottom" },
    { "launch", "Choosing a run file" },
    { "launch form", "The form of a run" },
    { "thresholds", "Thresholds" },
    { "metrics", "Choosing a metric" },
    { "threshold form", "The form of a threshold" },
    { "form", "Any form" },
    { "confirm", "A question" },
    { "message", "A message" },
    { "help", "This help" },
};

/* Signs and the styles that go with them; a style never stands for something
 * alone. To add one: a row. */
static const struct sign {
    const char *sign;
    enum style style;
    const char *meaning;
} signs[] = {
    { ">", STYLE_SELECTED, "the chosen row or field" },
    { "!", STYLE_ERROR, "at fault: the text beside it says why" },
    { "ok", STYLE_GOOD, "within its levels; done" },
    { "warning", STYLE_WARNING, "over the warning level of a threshold" },
    { "critical", STYLE_CRITICAL, "over the critical level; failed" },
    { "*", STYLE_TEXT, "behind a label: this field must be filled" },
    { "-", STYLE_DIM, "not known" },
    { "####", STYLE_VALUE, "a number that does not fit its column" },
    { "\u2501\u2501\u2501", STYLE_BAR_1, "bars: user time; memory in use" },
    { "\u2550\u2550\u2550", STYLE_BAR_2, "bars: system time; buffers" },
    { "\u254D\u254D\u254D", STYLE_BAR_3, "bars: niced time and steal; page cache" },
    { "\u2505\u2505\u2505", STYLE_BAR_4, "bars: interrupts and I/O wait; reclaimable slab" },
    { "\u2500\u2500\u2500", STYLE_BAR_EMPTY, "bars: idle; free" },
};

static const char *
title_of(const char *context)
{
    for (size_t i = 0; i < sizeof titles / sizeof *titles; i++)
        if (str_equal(titles[i].context, context))
            return titles[i].title;
    return context;
}

/* Lines go through here, so that one walk counts, scrolls and draws. */
struct pen {
    struct canvas *canvas;
    struct rect rect;
    int line; /* of the whole help */
    int top;
};

static int
pen_row(struct pen *pen)
{
    int row = pen->line++ - pen->top;
    return row >= 0 && row < pen->rect.height ? pen->rect.y + row : -1;
}

static void
pen_title(struct pen *pen, const char *text)
{
    if (pen->line > 0)
        pen->line++;
    int y = pen_row(pen);
    if (y >= 0)
        canvas_text(pen->canvas, pen->rect.x, y, pen->rect.width, STYLE_TITLE, text);
}

static void
pen_pair(struct pen *pen, const char *left, enum style style, const char *right)
{
    int y = pen_row(pen), width = pen->rect.width;
    int split = width >= 40 ? KEYS_WIDTH : width / 3;
    if (y < 0)
        return;
    canvas_text(pen->canvas, pen->rect.x + 1, y, split - 2, style, left);
    canvas_text(pen->canvas, pen->rect.x + split, y, width - split - 2, STYLE_TEXT, right);
}

static void
pen_context(struct pen *pen, const char *context)
{
    int count;
    char keys[64];
    const struct key_row *row = keymap_rows(&count), *end = row + count;
    bool first = true;

    while (row < end) {
        const struct key_row *named = row++;
        if (!str_equal(named->context, context) || !keymap_note(named))
            continue;
        int used = snprintf(keys, sizeof keys, "%s", named->key);
        for (; row < end && !keymap_note(row) && str_equal(row->context, context); row++)
            if (used < (int)sizeof keys)
                used += snprintf(keys + used, sizeof keys - (size_t)used, ", %s", row->key);
        if (first)
            pen_title(pen, title_of(context));
        first = false;
        pen_pair(pen, keys, STYLE_KEY, keymap_note(named));
    }
}

static void
pen_signs(struct pen *pen)
{
    pen_title(pen, "What signs and colours mean");
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        pen_pair(pen, signs[i].sign, signs[i].style, signs[i].meaning);
}

static bool
counts_in(const char *context, const char *other)
{
    for (const char *const *c = keymap_contexts(context); *c; c++)
        if (str_equal(*c, other))
            return true;
    return false;
}

/* Contexts of the table that stand further up are not told twice. */
static void
pen_others(struct pen *pen, const char *context)
{
    int count;
    const struct key_row *row = keymap_rows(&count);
    for (int i = 0; i < count; i++) {
        const char *other = row[i].context;
        bool told = counts_in(context, other);
        if (!told && (i == 0 || !str_equal(other, row[i - 1].context)))
            pen_context(pen, other);
    }
}

static int
write_help(const struct help *help, struct canvas *canvas, struct rect rect)
{
    struct pen pen = { .canvas = canvas, .rect = rect, .top = help->top };
    for (const char *const *c = keymap_contexts(help->context); *c; c++)
        pen_context(&pen, *c);
    pen_signs(&pen);
    pen_others(&pen, help->context);
    return pen.line;
}

static void
help_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen,
    const struct view *view)
{
    struct help *help = (struct help *)dialog;
    (void)view;
    help->count = write_help(help, canvas, (struct rect){ 0 });
    struct rect inside = dialog_box(canvas, screen, HELP_WIDTH, help->count, "Help", "help");
    help->page = inside.height;
    if (help->top > help->count - help->page)
        help->top = help->count - help->page;
    if (help->top < 0)
        help->top = 0;
    write_help(help, canvas, inside);
    if (inside.width >= 4 && inside.height >= 2)
        draw_scrollbar(canvas, inside.x + inside.width - 1, inside.y, inside.height, help->top,
            help->page, help->count);
}

static enum dialog_result
help_key(struct dialog *dialog, uint32_t key)
{
    struct help *help = (struct help *)dialog;
    if (key == KEY_CODE_ESCAPE || key == KEY_CODE_ENTER || key == KEY_CODE_F1 || key == 'q' ||
        key == '?')
        return DIALOG_CLOSED;
    dialog_scroll_key(&help->top, help->count, help->page, key);
    return DIALOG_OPEN;
}

static void
help_free(struct dialog *dialog)
{
    struct help *help = (struct help *)dialog;
    free(help->context);
    free(help);
}

static const struct dialog_class help_class = {
    .name = "help",
    .draw = help_draw,
    .key = help_key,
    .free = help_free,
};

struct dialog *
dialog_help_new(const char *context_name)
{
    struct help *help = XNEW(struct help);
    help->base.class = &help_class;
    help->context = xstrdup(context_name);
    return &help->base;
}
