/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A form: fields under headings, one of which has the keys. A field has a
 * text, what it may hold, a line of help, and the fault found in it, which
 * stands beside the field (below it where the form is narrow) behind a "!".
 * The form knows nothing of what its fields mean: the dialog that owns it
 * fills it, hears what happened from form_key, and sets errors.
 */
#ifndef OPTOP_UI_FORM_H
#define OPTOP_UI_FORM_H

#include <stdbool.h>
#include <stdint.h>

#include "ui/canvas.h"
#include "ui/line.h"

enum {
    FORM_FIELDS_MAX = 1024,
    FORM_ERROR_LINES_MAX = 3, /* lines of one field's fault */
};

enum field_kind {
    FIELD_TEXT,
    FIELD_CHOICE, /* Left, Right and space go through the choices */
    FIELD_BUTTON,
    FIELD_HEADING, /* never has the keys */
};

/* What a field is made from; texts are copied, NULL is "". */
struct field_spec {
    enum field_kind kind;
    const char *name; /* told in the help line: "space.lc" */
    const char *label;
    const char *text;
    const char *fallback; /* shown dim while the text is empty; NULL: none */
    const char *choices; /* "grid|random" */
    const char *allowed; /* "allowed: 100ms to 1h", shown under the help */
    const char *help;
    bool required, read_only;
};

struct field {
    enum field_kind kind;
    char *name, *label, *fallback, *choices, *allowed, *help; /* owned; fallback may be NULL */
    char *error; /* owned; NULL: none known */
    struct line line; /* the text */
    bool required, read_only;
};

struct form {
    int count, capacity;
    struct field *field; /* owned */
    int current; /* -1: nothing to edit */
    int top; /* first field shown */
    int page; /* fields that fitted when last drawn */
    char *hint; /* owned; in the help's place until the next key; NULL: none */
};

enum form_event {
    FORM_IGNORED, /* the key means nothing here */
    FORM_TAKEN,
    FORM_EDITED, /* the current field's text changed */
    FORM_LEFT, /* another field has the keys now */
    FORM_PRESSED, /* the current button */
};

void form_init(struct form *form);
void form_release(struct form *form);

/* Puts a field at `index` (form->count: the end). The index, or ERR_TOO_LARGE. */
int form_insert(struct form *form, int index, const struct field_spec *spec);
int form_add(struct form *form, const struct field_spec *spec);
void form_clear(struct form *form);

const char *form_text(const struct form *form, int index);
void form_set_text(struct form *form, int index, const char *text);

/* NULL takes the fault away. The text is copied. */
void form_set_error(struct form *form, int index, const char *text);
void form_clear_errors(struct form *form);
int form_error_count(const struct form *form);

/* Takes the help's place under the fields until the next key; NULL: the help again. Copied. */
void form_set_hint(struct form *form, const char *text);

/* Gives a field the keys; headings are passed over. */
void form_focus(struct form *form, int index);

/* Gives the keys to the first field with a fault; false when there is none. */
bool form_focus_error(struct form *form);

enum form_event form_key(struct form *form, uint32_t key);
void form_draw(struct form *form, struct canvas *canvas, struct rect rect);

/* The value of one field alone, for who has a place of its own for it. */
void form_draw_value(struct field *field, struct canvas *canvas, int x, int y, int width, bool focus);

#endif
