/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/path_field.h"

#include <stdlib.h>

#include "base/xalloc.h"
#include "ui/path_complete.h"

struct path_search {
    struct path_field *paths; /* NULL: nobody waits for it any more */
    struct form *form;
    int field;
    char *whole; /* owned; the field's text when it was asked */
    size_t start, cursor; /* what is completed of it */
    struct path_completion completion;
};

static void
search_free(struct path_search *search)
{
    path_completion_release(&search->completion);
    free(search->whole);
    free(search);
}

void
path_field_release(struct path_field *paths)
{
    if (paths->search)
        paths->search->paths = NULL;
    paths->search = NULL;
    free(paths->stuck);
    paths->stuck = NULL;
}

/* "a.csv  b/  (+3)" */
static void
show_names(struct form *form, const struct path_completion *c)
{
    struct str hint;
    str_init(&hint);
    for (int i = 0; i < c->name_count; i++)
        str_printf(&hint, "%s%s", i ? "  " : "", c->name[i]);
    if (c->count > c->name_count)
        str_printf(&hint, "  (%d more)", c->count - c->name_count);
    if (c->cut)
        str_puts(&hint, "  (not all were looked at)");
    form_set_hint(form, hint.data);
    str_release(&hint);
}

static void
put_text(struct path_search *search, const char *completed)
{
    struct line *line = &search->form->field[search->field].line;
    char *text = xasprintf("%.*s%s%s", (int)search->start, search->whole, completed, search->whole + search->cursor);
    line_set(line, text);
    line->cursor = search->start + strlen(completed);
    free(text);
}

static void
tell_nothing(struct form *form, const struct path_completion *c)
{
    char text[160];
    snprintf(text, sizeof text, "the folder cannot be read: %s", c->code ? err_text(c->code) : "");
    form_set_hint(form, c->code ? text : c->cut ? "nothing that begins so was found in time" : "nothing begins so");
}

static void
take(struct path_field *paths, struct path_search *search)
{
    const struct path_completion *c = &search->completion;
    struct form *form = search->form;
    if (form->current != search->field || !str_equal(form_text(form, search->field), search->whole) ||
        form->field[search->field].line.cursor != search->cursor)
        return;
    form_set_hint(form, NULL);
    bool longer = c->completed && !str_equal(c->completed, c->text) &&
        strlen(search->whole) + strlen(c->completed) <= LINE_BYTES_MAX;
    if (longer)
        put_text(search, c->completed);
    if (!c->completed || (c->count > 1 && !longer)) {
        free(paths->stuck);
        paths->stuck = xstrdup(c->text);
    }
    if (!c->completed)
        tell_nothing(form, c);
    else if (c->count > 1)
        show_names(form, c);
    if (longer || c->count == 1)
        paths->completed(paths->dialog, form, longer);
}

static void
on_read(void *context)
{
    struct path_search *search = context;
    path_complete(&search->completion);
}

static void
on_done(void *context)
{
    struct path_search *search = context;
    if (search->paths) {
        search->paths->search = NULL;
        take(search->paths, search);
    }
    search_free(search);
}

/* Where the word before the cursor begins, if it looks like a path; else the cursor. */
static size_t
word_start(const char *text, size_t cursor)
{
    size_t start = cursor;
    while (start > 0 && !strchr(" \t\"'=,", text[start - 1]))
        start--;
    const char *word = text + start;
    bool path = *word == '/' || str_starts(word, "~/") || str_starts(word, "./") || str_starts(word, "../");
    return path ? start : cursor;
}

bool
path_field_tab(struct path_field *paths, struct form *form, bool word, const char *directory)
{
    const struct field *field = &form->field[form->current];
    const char *text = field->line.text.data;
    size_t cursor = field->line.cursor, start = word ? word_start(text, cursor) : 0;
    if (start == cursor || (text[cursor] && text[cursor] != ' '))
        return false;
    if (paths->search) {
        dialog_tell(paths->dialog, STYLE_WARNING, "a folder is still being read");
        return false;
    }
    char *part = xstrndup(text + start, cursor - start);
    if (str_equal(part, paths->stuck ? paths->stuck : "")) {
        free(part);
        return false;
    }
    struct path_search *search = XNEW(struct path_search);
    *search = (struct path_search){ .paths = paths, .form = form, .field = form->current, .whole = xstrdup(text),
        .start = start, .cursor = cursor,
        .completion = { .directory = directory ? xstrdup(directory) : NULL, .text = part } };
    paths->search = search;
    form_set_hint(form, "looking...");
    dialog_work(paths->dialog, "paths", on_read, on_done, search);
    return true;
}
