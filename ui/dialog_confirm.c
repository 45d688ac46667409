/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A question before something is done that cannot be undone. Only y does it;
 * every other way out leaves things as they are. The answer of the server ends
 * the dialog; a refusal is shown, and y tries again.
 */
#include "base/text.h"
#include "base/xalloc.h"
#include "ui/dialog.h"
#include "ui/line.h"

enum { CONFIRM_WIDTH = 60, CONFIRM_LINES_MAX = 40 };

enum confirm_state { CONFIRM_ASKING, CONFIRM_WAITING, CONFIRM_REFUSED };

struct confirm {
    struct dialog base;
    char *title, *text, *yes, *method; /* owned */
    json_t *params; /* owned; or a list of them */
    int waiting; /* answers that are still to come */
    json_t *refused; /* owned: of a list, what was refused */
    enum confirm_state state;
    char error[DIAG_TEXT_MAX];
};

/* The part under the question; returns its rows, draws when rect is given. */
static int
draw_choice(const struct confirm *confirm, struct canvas *canvas, struct rect rect)
{
    char text[DIAG_TEXT_MAX + 32];
    switch (confirm->state) {
    case CONFIRM_ASKING:
        canvas_text(canvas, rect.x, rect.y, rect.width, STYLE_KEY, "y");
        canvas_textf(canvas, rect.x + 3, rect.y, rect.width - 3, STYLE_TEXT, "%s", confirm->yes);
        canvas_text(canvas, rect.x, rect.y + 1, rect.width, STYLE_KEY, "n");
        canvas_text(canvas, rect.x + 3, rect.y + 1, rect.width - 3, STYLE_TEXT,
            "no, leave it as it is (Enter, Esc)");
        return 2;
    case CONFIRM_WAITING:
        canvas_text(canvas, rect.x, rect.y, rect.width, STYLE_DIM, "waiting for the server...");
        return 1;
    case CONFIRM_REFUSED:
        snprintf(text, sizeof text, "! %s (y tries again)", confirm->error);
        return dialog_text(canvas, rect, STYLE_ERROR, text, 0);
    }
    return 0;
}

static int
choice_rows(const struct confirm *confirm, int width)
{
    return confirm->state == CONFIRM_REFUSED
        ? line_wrap_count(confirm->error, width, CONFIRM_LINES_MAX) + 2
        : 2;
}

static void
confirm_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen,
    const struct view *view)
{
    struct confirm *confirm = (struct confirm *)dialog;
    (void)view;
    int width = text_width(confirm->text);
    width = width < 36 ? 36 : width > CONFIRM_WIDTH ? CONFIRM_WIDTH : width;
    if (width > screen.width - 4)
        width = screen.width - 4;
    int lines = line_wrap_count(confirm->text, width, CONFIRM_LINES_MAX);
    struct rect inside = dialog_box(canvas, screen, width,
        lines + 1 + choice_rows(confirm, width), confirm->title,
        confirm->state == CONFIRM_ASKING ? "confirm" : "message");

    /* where rows are scarce the question yields to the choice */
    int below = choice_rows(confirm, inside.width);
    struct rect question = inside;
    question.height = inside.height - below < 1 ? 1 : inside.height - below;
    if (question.height > inside.height)
        question.height = inside.height;
    int used = dialog_text(canvas, question, STYLE_TEXT, confirm->text, 0);
    if (used > question.height)
        used = question.height;
    int gap = used + 1 + below <= inside.height;
    struct rect choice = { inside.x, inside.y + used + gap, inside.width,
        inside.height - used - gap };
    if (choice.height > 0)
        draw_choice(confirm, canvas, choice);
}

static void
call_all(struct confirm *confirm)
{
    size_t count = json_array_size(confirm->params);
    confirm->waiting = (int)count;
    json_decref(confirm->refused);
    confirm->refused = json_array();
    for (size_t i = 0; i < count; i++)
        dialog_call(&confirm->base, confirm->method, json_incref(json_array_get(confirm->params, i)), (int)i);
}

static enum dialog_result
confirm_key(struct dialog *dialog, uint32_t key)
{
    struct confirm *confirm = (struct confirm *)dialog;
    switch (key) {
    case 'y':
    case 'Y':
        if (confirm->state == CONFIRM_WAITING)
            return DIALOG_OPEN;
        confirm->state = CONFIRM_WAITING;
        call_all(confirm);
        return DIALOG_OPEN;
    case 'n':
    case 'N':
    case 'q':
    case KEY_CODE_ENTER:
    case KEY_CODE_ESCAPE:
        return DIALOG_CLOSED;
    default:
        return DIALOG_OPEN;
    }
}

static enum dialog_result
confirm_answer(struct dialog *dialog, int tag, const json_t *result, const struct diag *diag)
{
    struct confirm *confirm = (struct confirm *)dialog;
    if (!result) {
        json_array_append(confirm->refused, json_array_get(confirm->params, (size_t)tag));
        str_copy(confirm->error, sizeof confirm->error, diag ? diag->text : "no answer");
    }
    if (--confirm->waiting > 0)
        return DIALOG_OPEN;
    if (!json_array_size(confirm->refused))
        return DIALOG_CLOSED;
    json_decref(confirm->params); /* what has been done is not done again */
    confirm->params = json_incref(confirm->refused);
    confirm->state = CONFIRM_REFUSED;
    return DIALOG_OPEN;
}

static void
confirm_free(struct dialog *dialog)
{
    struct confirm *confirm = (struct confirm *)dialog;
    free(confirm->title);
    free(confirm->text);
    free(confirm->yes);
    free(confirm->method);
    json_decref(confirm->params);
    json_decref(confirm->refused);
    free(confirm);
}

static const struct dialog_class confirm_class = {
    .name = "confirm",
    .draw = confirm_draw,
    .key = confirm_key,
    .answer = confirm_answer,
    .free = confirm_free,
};

struct dialog *
dialog_confirm_new(const char *title, const char *text, const char *yes,
    const char *method, json_t *params)
{
    struct confirm *confirm = XNEW(struct confirm);
    confirm->base.class = &confirm_class;
    confirm->title = xstrdup(title);
    confirm->text = xstrdup(text);
    confirm->yes = xstrdup(yes);
    confirm->method = xstrdup(method);
    confirm->params = params;
    if (!json_is_array(params)) {
        confirm->params = json_array();
        json_array_append_new(confirm->params, params ? params : json_object());
    }
    return &confirm->base;
}
