/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One process in full: what it is, what it holds, its limits, files and the
 * names in its environment, as the answer of process.show says. A text that
 * scrolls.
 */
#include <math.h>

#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "ui/dialog.h"
#include "ui/draw.h"
#include "ui/line.h"

enum { PROCESS_WIDTH = 100, LABEL_WIDTH = 18 };

struct process_page {
    struct dialog base;
    char title[64];
    struct str text; /* what is shown */
    int top, count, page;
};

/* What is told of a process, in this order. To add a row: here, and in io/procact.c. */
static const struct {
    const char *key, *label;
    enum { TEXT, NUMBER, BYTES } kind;
} rows[] = {
    { "command", "command", TEXT },
    { "exe", "program", TEXT },
    { "cwd", "directory", TEXT },
    { "cgroup", "cgroup", TEXT },
    { "cpus", "processors", TEXT },
    { "threads", "threads", NUMBER },
    { "rss_peak_bytes", "memory, most", BYTES },
    { "rss_anonymous_bytes", "of its own", BYTES },
    { "swap_bytes", "in swap", BYTES },
    { "virtual_peak_bytes", "addresses, most", BYTES },
    { "waits", "waits", NUMBER },
    { "preemptions", "preemptions", NUMBER },
    { "io_priority", "I/O priority", TEXT },
    { "oom_score", "OOM score", NUMBER },
    { "oom_score_adj", "OOM adjustment", NUMBER },
};

static void
write_rows(struct str *out, const json_t *result)
{
    char text[40];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const json_t *value = json_object_get(result, rows[i].key);
        const char *shown = "-";
        if (json_is_string(value))
            shown = json_string_value(value);
        else if (json_is_number(value) && rows[i].kind == BYTES)
            shown = unit_format_bytes(json_number_value(value), text, sizeof text);
        else if (json_is_number(value))
            shown = unit_format_number(json_number_value(value), text, sizeof text);
        str_printf(out, "%-*s%s\n", LABEL_WIDTH, rows[i].label, shown);
    }
}

static void
write_limits(struct str *out, const json_t *limits)
{
    size_t i;
    const json_t *limit;
    str_printf(out, "\n%-28s%-20s%s\n", "Limits", "soft", "hard");
    json_array_foreach(limits, i, limit)
        str_printf(out, "  %-26s%-20s%s\n", json_get_string(limit, "name", ""),
            json_get_string(limit, "soft", ""), json_get_string(limit, "hard", ""));
}

static void
write_files(struct str *out, const json_t *result)
{
    size_t i;
    const json_t *file;
    json_int_t count = json_get_int(result, "file_count", -1);
    if (count < 0)
        str_puts(out, "\nOpen files: not permitted to look\n");
    else
        str_printf(out, "\nOpen files: %" JSON_INTEGER_FORMAT "\n", count);
    json_array_foreach(json_object_get(result, "files"), i, file)
        str_printf(out, "  %4" JSON_INTEGER_FORMAT "  %s\n", (json_int_t)json_get_int(file, "fd", 0),
            json_get_string(file, "file", ""));
}

static void
write_environment(struct str *out, const json_t *names)
{
    size_t i;
    const json_t *name;
    str_puts(out, names ? "\nEnvironment (names alone)\n" : "\nEnvironment: not permitted to look\n");
    json_array_foreach(names, i, name)
        str_printf(out, "  %s\n", json_string_value(name) ? json_string_value(name) : "");
}

static enum dialog_result
process_answer(struct dialog *dialog, int tag, const json_t *result, const struct diag *diag)
{
    struct process_page *page = (struct process_page *)dialog;
    (void)tag;
    str_clear(&page->text);
    if (!result) {
        str_puts(&page->text, diag->text);
        return DIALOG_OPEN;
    }
    write_rows(&page->text, result);
    write_limits(&page->text, json_object_get(result, "limits"));
    write_files(&page->text, result);
    write_environment(&page->text, json_object_get(result, "environment"));
    return DIALOG_OPEN;
}

static void
process_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen, const struct view *view)
{
    struct process_page *page = (struct process_page *)dialog;
    (void)view;
    int width = screen.width - 4 < PROCESS_WIDTH ? screen.width - 4 : PROCESS_WIDTH;
    const char *text = page->text.data ? page->text.data : "";
    page->count = line_wrap_count(text, width - 2, INT32_MAX);
    struct rect inside = dialog_box(canvas, screen, width, page->count, page->title, "process");
    page->page = inside.height;
    if (page->top > page->count - page->page)
        page->top = page->count - page->page;
    if (page->top < 0)
        page->top = 0;
    struct rect part = inside;
    part.width -= 2;
    dialog_text(canvas, part, STYLE_TEXT, text, page->top);
    if (inside.width >= 4 && inside.height >= 2)
        draw_scrollbar(canvas, inside.x + inside.width - 1, inside.y, inside.height, page->top,
            page->page, page->count);
}

static enum dialog_result
process_key(struct dialog *dialog, uint32_t key)
{
    struct process_page *page = (struct process_page *)dialog;
    if (key == KEY_CODE_ESCAPE || key == KEY_CODE_ENTER || key == 'q')
        return DIALOG_CLOSED;
    dialog_scroll_key(&page->top, page->count, page->page, key);
    return DIALOG_OPEN;
}

static void
process_free(struct dialog *dialog)
{
    struct process_page *page = (struct process_page *)dialog;
    str_release(&page->text);
    free(page);
}

static const struct dialog_class process_class = {
    .name = "process",
    .draw = process_draw,
    .key = process_key,
    .answer = process_answer,
    .free = process_free,
};

struct dialog *
dialog_process_new(const char *title)
{
    struct process_page *page = XNEW(struct process_page);
    page->base.class = &process_class;
    str_copy(page->title, sizeof page->title, title);
    str_init(&page->text);
    str_puts(&page->text, "reading...");
    return &page->base;
}
