/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/form.h"

#include "base/err.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/draw.h"
#include "ui/key.h"

#define CONTROL(letter) ((letter) & 0x1F)

enum {
    LABEL_MAX = 24,
    VALUE_MIN = 8, /* cells that a label leaves to its value where it can */
    BESIDE_MIN = 64, /* cells of value and fault together, to stand side by side */
    VALUE_MAX = 72,
};

void
form_init(struct form *form)
{
    *form = (struct form){ .current = -1 };
}

static void
field_release(struct field *field)
{
    free(field->name);
    free(field->label);
    free(field->fallback);
    free(field->choices);
    free(field->allowed);
    free(field->help);
    free(field->error);
    line_release(&field->line);
}

void
form_clear(struct form *form)
{
    for (int i = 0; i < form->count; i++)
        field_release(&form->field[i]);
    form->count = form->top = 0;
    form->current = -1;
}

void
form_release(struct form *form)
{
    form_clear(form);
    free(form->field);
    free(form->hint);
    form_init(form);
}

static char *
copy(const char *text)
{
    return xstrdup(text ? text : "");
}

int
form_insert(struct form *form, int index, const struct field_spec *spec)
{
    if (form->count >= FORM_FIELDS_MAX)
        return ERR_TOO_LARGE;
    XGROW(form->field, form->count, form->capacity);
    struct field *field = &form->field[index];
    memmove(field + 1, field, (size_t)(form->count - index) * sizeof *field);
    *field = (struct field){
        .kind = spec->kind,
        .name = copy(spec->name),
        .label = copy(spec->label),
        .fallback = spec->fallback ? copy(spec->fallback) : NULL,
        .choices = copy(spec->choices),
        .allowed = copy(spec->allowed),
        .help = copy(spec->help),
        .required = spec->required,
        .read_only = spec->read_only,
    };
    line_init(&field->line);
    line_set(&field->line, spec->text ? spec->text : "");
    form->count++;
    if (form->current >= index)
        form->current++;
    else if (form->current < 0 && spec->kind != FIELD_HEADING)
        form->current = index;
    return index;
}

int
form_add(struct form *form, const struct field_spec *spec)
{
    return form_insert(form, form->count, spec);
}

const char *
form_text(const struct form *form, int index)
{
    return form->field[index].line.text.data;
}

void
form_set_text(struct form *form, int index, const char *text)
{
    line_set(&form->field[index].line, text);
}

void
form_set_error(struct form *form, int index, const char *text)
{
    struct field *field = &form->field[index];
    free(field->error);
    field->error = text ? xstrdup(text) : NULL;
}

void
form_set_hint(struct form *form, const char *text)
{
    free(form->hint);
    form->hint = text ? xstrdup(text) : NULL;
}

void
form_clear_errors(struct form *form)
{
    for (int i = 0; i < form->count; i++)
        form_set_error(form, i, NULL);
}

int
form_error_count(const struct form *form)
{
    int count = 0;
    for (int i = 0; i < form->count; i++)
        count += form->field[i].error != NULL;
    return count;
}

void
form_focus(struct form *form, int index)
{
    for (int i = index; i >= 0 && i < form->count; i++)
        if (form->field[i].kind != FIELD_HEADING) {
            form->current = i;
            return;
        }
}

bool
form_focus_error(struct form *form)
{
    for (int i = 0; i < form->count; i++)
        if (form->field[i].error && form->field[i].kind != FIELD_HEADING) {
            form->current = i;
            return true;
        }
    return false;
}

/* Moves by `fields` towards that end; ends are walls for pages and arrows, and
 * Tab goes around them. */
static enum form_event
move(struct form *form, int fields, bool around)
{
    int step = fields < 0 ? -1 : 1, was = form->current, found = was;
    for (int left = fields * step, i = was, seen = 0; left > 0 && seen < form->count; seen++) {
        i += step;
        if (around)
            i = (i + form->count) % form->count;
        if (i < 0 || i >= form->count)
            break;
        if (form->field[i].kind != FIELD_HEADING) {
            found = i;
            left--;
        }
    }
    form->current = found;
    return found != was ? FORM_LEFT : FORM_TAKEN;
}

/* The choice at an index, "" (the default) being number 0 where the field may
 * be empty; false behind the last. */
static bool
choice_at(const struct field *field, int index, char *buf, size_t size)
{
    const char *p = field->choices;
    if (!field->required && index-- == 0) {
        buf[0] = '\0';
        return true;
    }
    while (*p) {
        size_t length = strcspn(p, "|");
        if (index-- == 0) {
            snprintf(buf, size, "%.*s", (int)length, p);
            return true;
        }
        p += length + (p[length] == '|');
    }
    return false;
}

static enum form_event
cycle(struct field *field, int step)
{
    char choice[LINE_BYTES_MAX];
    int count = 0, at = -1;
    while (choice_at(field, count, choice, sizeof choice)) {
        if (str_equal(choice, field->line.text.data))
            at = count;
        count++;
    }
    if (count == 0)
        return FORM_TAKEN;
    at = at < 0 ? (step > 0 ? 0 : count - 1) : (at + step + count) % count;
    choice_at(field, at, choice, sizeof choice);
    if (str_equal(choice, field->line.text.data))
        return FORM_TAKEN;
    line_set(&field->line, choice);
    return FORM_EDITED;
}

static enum form_event
choice_key(struct field *field, uint32_t key)
{
    switch (key) {
    case ' ':
    case KEY_CODE_RIGHT:
        return cycle(field, 1);
    case KEY_CODE_LEFT:
        return cycle(field, -1);
    case KEY_CODE_BACKSPACE:
    case KEY_CODE_DELETE:
    case CONTROL('U'):
        if (field->required || !field->line.text.len)
            return FORM_TAKEN;
        line_set(&field->line, "");
        return FORM_EDITED;
    default:
        return FORM_IGNORED;
    }
}

static enum form_event
field_key(struct field *field, uint32_t key)
{
    if (field->kind == FIELD_BUTTON)
        return key == ' ' ? FORM_PRESSED : FORM_IGNORED;
    if (field->read_only)
        return FORM_IGNORED;
    if (field->kind == FIELD_CHOICE)
        return choice_key(field, key);
    enum line_event event = line_key(&field->line, key);
    return event == LINE_IGNORED ? FORM_IGNORED
        : event == LINE_EDITED ? FORM_EDITED : FORM_TAKEN;
}

enum form_event
form_key(struct form *form, uint32_t key)
{
    int page = form->page > 1 ? form->page - 1 : 1;

    form_set_hint(form, NULL);
    if (form->current < 0)
        return FORM_IGNORED;
    struct field *field = &form->field[form->current];
    switch (key) {
    case KEY_CODE_TAB:
        return move(form, 1, true);
    case KEY_CODE_BACKTAB:
        return move(form, -1, true);
    case KEY_CODE_DOWN:
    case CONTROL('N'):
        return move(form, 1, false);
    case KEY_CODE_UP:
    case CONTROL('P'):
        return move(form, -1, false);
    case KEY_CODE_PAGE_DOWN:
        return move(form, page, false);
    case KEY_CODE_PAGE_UP:
        return move(form, -page, false);
    case KEY_CODE_ENTER:
        return field->kind == FIELD_BUTTON ? FORM_PRESSED : move(form, 1, true);
    default:
        return field_key(field, key);
    }
}

/* Where the parts of every row stand. */
struct layout {
    struct rect body; /* the fields */
    int help_y, help_rows; /* under them: a rule, then lines */
    int label_x, label_width;
    int value_x, value_width;
    int error_x, error_width;
    bool beside; /* faults stand at the value's side, not below it */
};

static int
at_most(int value, int most)
{
    return value < most ? value : most;
}

static struct layout
lay_out(const struct form *form, struct rect rect)
{
    struct layout l = { .body = rect };
    l.help_rows = rect.height >= 14 ? 4 : rect.height >= 10 ? 3 : rect.height >= 6 ? 2
        : rect.height >= 4;
    l.body.height -= l.help_rows;
    l.help_y = rect.y + l.body.height;

    int widest = 0;
    for (int i = 0; i < form->count; i++) {
        const struct field *field = &form->field[i];
        int width = text_width(field->label) + field->required;
        if (field->kind != FIELD_HEADING && field->kind != FIELD_BUTTON && width > widest)
            widest = width;
    }
    int width = rect.width > 2 ? rect.width - 2 : 0; /* a blank and the scroll bar */
    l.label_x = rect.x + at_most(2, width);
    l.label_width = at_most(at_most(widest, LABEL_MAX), width - 3 - VALUE_MIN);
    if (l.label_width < 0)
        l.label_width = 0;
    l.value_x = l.label_x + l.label_width + (l.label_width > 0);
    int rest = rect.x + width - l.value_x;
    if (rest < 0)
        rest = 0;
    l.beside = rest >= BESIDE_MIN;
    l.value_width = l.beside ? at_most(rest / 2, VALUE_MAX) : rest;
    l.error_x = l.beside ? l.value_x + l.value_width + 1 : l.value_x;
    l.error_width = rect.x + width - l.error_x;
    return l;
}

static int
field_height(const struct field *field, const struct layout *l)
{
    if (!field->error)
        return 1;
    int lines = line_wrap_count(field->error, l->error_width - 2, FORM_ERROR_LINES_MAX);
    return l->beside ? (lines > 1 ? lines : 1) : 1 + lines;
}

/* Keeps the current field in sight, with all of its fault where that fits. */
static void
scroll_to_current(struct form *form, const struct layout *l)
{
    int rows = 0, last = form->count - 1, fits = 0;

    if (form->current < 0)
        return;
    /* the heading above the first field belongs to it */
    int wanted = form->current;
    while (wanted > 0 && form->field[wanted - 1].kind == FIELD_HEADING)
        wanted--;
    if (form->top > wanted)
        form->top = wanted;
    for (int i = form->top; i <= form->current; i++)
        rows += field_height(&form->field[i], l);
    while (rows > l->body.height && form->top < form->current)
        rows -= field_height(&form->field[form->top++], l);

    /* no empty rows at the end while there are fields above */
    for (rows = 0; last >= 0; last--, fits++) {
        rows += field_height(&form->field[last], l);
        if (rows > l->body.height)
            break;
    }
    if (form->top > last + 1)
        form->top = last + 1;
}

void
form_draw_value(struct field *field, struct canvas *canvas, int x, int y, int width, bool focus)
{
    bool empty = field->line.text.len == 0;

    if (width < 1)
        return;
    if (field->read_only) {
        canvas_text(canvas, x, y, width, STYLE_DIM, field->line.text.data);
    } else if (field->kind == FIELD_CHOICE && !(empty && field->fallback)) {
        canvas_textf(canvas, x, y, width, focus ? STYLE_SELECTED : STYLE_INPUT,
            focus ? "< %s >" : "%s", empty ? "(none)" : field->line.text.data);
    } else if (empty && field->fallback) {
        canvas_textf(canvas, x, y, width, focus ? STYLE_INPUT : STYLE_DIM,
            field->kind == FIELD_CHOICE && focus ? "< %s (default) >" : "%s (default)",
            field->fallback);
    } else {
        if (focus)
            canvas_fill(canvas, (struct rect){ x, y, width, 1 }, ' ', STYLE_INPUT);
        line_draw(&field->line, canvas, x, y, width, STYLE_INPUT, focus);
        return;
    }
    if (focus) {
        canvas->cursor_x = x;
        canvas->cursor_y = y;
    }
}

static void
draw_error(const struct field *field, struct canvas *canvas, const struct layout *l, int y)
{
    char text[LINE_WRAP_MAX];
    const char *rest = field->error;
    int end = l->body.y + l->body.height;

    if (!l->beside)
        y++;
    for (int i = 0; i < FORM_ERROR_LINES_MAX && y < end; i++, y++) {
        /* the last line takes all that is left, cut with its mark */
        bool last = i == FORM_ERROR_LINES_MAX - 1 || y == end - 1;
        if (!*rest)
            break;
        const char *shown = rest;
        if (!last) {
            line_wrap(&rest, l->error_width - 2, text, sizeof text);
            shown = text;
        }
        canvas_text(canvas, l->error_x, y, at_most(2, l->error_width), STYLE_ERROR,
            i == 0 ? "! " : "  ");
        canvas_text(canvas, l->error_x + 2, y, l->error_width - 2, STYLE_ERROR, shown);
        if (last)
            break;
    }
}

static void
draw_field(struct field *field, struct canvas *canvas, const struct layout *l, int y, bool focus)
{
    if (focus)
        canvas_text(canvas, l->body.x, y, at_most(1, l->body.width), STYLE_KEY, ">");
    if (field->kind == FIELD_HEADING) {
        canvas_text(canvas, l->body.x, y, l->body.width - 1, STYLE_TITLE, field->label);
    } else if (field->kind == FIELD_BUTTON) {
        canvas_textf(canvas, l->label_x, y, l->body.width - 3,
            focus ? STYLE_SELECTED : STYLE_KEY, "[ %s ]", field->label);
        if (focus) {
            canvas->cursor_x = l->label_x;
            canvas->cursor_y = y;
        }
    } else {
        canvas_textf(canvas, l->label_x, y, l->label_width, focus ? STYLE_TITLE : STYLE_TEXT,
            "%s%s", field->label, field->required ? "*" : "");
        form_draw_value(field, canvas, l->value_x, y, l->value_width, focus);
    }
    if (field->error)
        draw_error(field, canvas, l, y);
}

/* The last line takes all that is left, cut with its mark. */
static void
draw_hint(const char *hint, struct canvas *canvas, struct rect rect)
{
    char text[LINE_WRAP_MAX];
    for (int i = 0; i < rect.height && *hint; i++) {
        bool last = i == rect.height - 1;
        if (!last && !line_wrap(&hint, rect.width, text, sizeof text))
            return;
        canvas_text(canvas, rect.x, rect.y + i, rect.width, STYLE_VALUE, last ? hint : text);
    }
}

/* "space.lc: values of lc to try" and what is allowed, for the current field. */
static void
draw_help(const struct form *form, struct canvas *canvas, const struct layout *l, struct rect rect)
{
    char help[LINE_WRAP_MAX], first[LINE_WRAP_MAX];
    const char *rest = help;
    int y = l->help_y, width = rect.width;

    if (l->help_rows == 0 || form->current < 0)
        return;
    const struct field *field = &form->field[form->current];
    if (l->help_rows > 2)
        draw_rule(canvas, rect.x, y++, width, NULL, STYLE_DIM);
    if (form->hint) {
        draw_hint(form->hint, canvas, (struct rect){ rect.x, y, width, rect.y + rect.height - y });
        return;
    }
    snprintf(help, sizeof help, "%s%s%s", field->name, *field->name && *field->help ? ": " : "",
        field->help);
    if (l->help_rows > 3 && line_wrap(&rest, width, first, sizeof first))
        canvas_text(canvas, rect.x, y++, width, STYLE_TEXT, first);
    if (*rest)
        canvas_text(canvas, rect.x, y++, width, STYLE_TEXT, rest);
    if (l->help_rows < 2)
        return;
    char text[512] = "";
    bool fallback = field->fallback && *field->fallback;
    snprintf(text, sizeof text, "%s%s%s%s%s%s", field->allowed,
        *field->allowed && fallback ? "; " : "", fallback ? "default: " : "", fallback ? field->fallback : "",
        (*field->allowed || fallback) && field->required ? "; " : "",
        field->required ? "* required" : "");
    canvas_text(canvas, rect.x, y, width, STYLE_DIM, text);
}

void
form_draw(struct form *form, struct canvas *canvas, struct rect rect)
{
    if (rect.width < 1 || rect.height < 1)
        return;
    struct layout l = lay_out(form, rect);
    scroll_to_current(form, &l);

    int y = l.body.y, end = y + l.body.height, i = form->top;
    for (; i < form->count && y < end; i++) {
        draw_field(&form->field[i], canvas, &l, y, i == form->current);
        y += field_height(&form->field[i], &l);
    }
    form->page = i - form->top;
    if (rect.width >= 4 && l.body.height >= 2)
        draw_scrollbar(canvas, rect.x + rect.width - 1, l.body.y, l.body.height, form->top,
            form->page, form->count);
    draw_help(form, canvas, &l, rect);
}
