/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line at the bottom of the screen. As a command line it shows above
 * itself which commands begin with what stands there, what they do and which key
 * does the same; Tab goes through them. As filter and search it tells the
 * screen each change, so that one sees what one gets; Esc undoes it.
 */
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/action.h"
#include "ui/dialog.h"
#include "ui/draw.h"
#include "ui/keymap.h"
#include "ui/line.h"

enum { NAME_WIDTH = 26, KEY_WIDTH = 9, MATCHES_SHOWN_MAX = 12, WIDTH_MAX = 90 };

struct prompt {
    struct dialog base;
    enum prompt_kind kind;
    const char *context; /* a constant */
    struct line line;
    char *before; /* owned; the text it began with */
    enum action match[ACTION_COUNT]; /* commands that begin with what was typed */
    int match_count;
    int chosen; /* by Tab, of match[]; -1 */
};

static const struct {
    const char *sign, *hint;
} kinds[] = {
    [PROMPT_COMMAND] = { ":", "" },
    [PROMPT_FILTER] = { "filter ", "Enter keeps it, Esc leaves it as it was" },
    [PROMPT_SEARCH] = { "/", "Enter stays there; Ctrl-N goes to the next" },
};

static void
find_matches(struct prompt *prompt)
{
    const char *text = prompt->line.text.data ? prompt->line.text.data : "";
    size_t len = strcspn(text, " ");
    prompt->match_count = 0;
    prompt->chosen = -1;
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++)
        if (!strncmp(action_info((enum action)i)->name, text, len))
            prompt->match[prompt->match_count++] = (enum action)i;
}

/* A command's line: its name, what may follow, the key, what it does. */
static void
draw_match(const struct prompt *prompt, struct canvas *canvas, struct rect rect, int y, int match)
{
    const struct action_row *row = action_info(prompt->match[match]);
    int width = rect.width;
    canvas_textf(canvas, rect.x, y, width < NAME_WIDTH ? width : NAME_WIDTH - 1, STYLE_TEXT, "%s%s%s",
        row->name, row->argument ? " " : "", row->argument ? row->argument : "");
    if (width >= NAME_WIDTH + KEY_WIDTH)
        canvas_text(canvas, rect.x + NAME_WIDTH, y, KEY_WIDTH - 1, STYLE_KEY,
            keymap_key(prompt->context, prompt->match[match]));
    if (width > NAME_WIDTH + 2 * KEY_WIDTH)
        canvas_text(canvas, rect.x + NAME_WIDTH + KEY_WIDTH, y, width - NAME_WIDTH - KEY_WIDTH, STYLE_DIM,
            row->note);
    if (match == prompt->chosen)
        canvas_style(canvas, (struct rect){ rect.x - 1, y, width + 2, 1 }, STYLE_SELECTED);
}

static void
draw_matches(const struct prompt *prompt, struct canvas *canvas, struct rect screen)
{
    int rows = prompt->match_count < MATCHES_SHOWN_MAX ? prompt->match_count : MATCHES_SHOWN_MAX;
    rows = rows > screen.height - 4 ? screen.height - 4 : rows;
    if (rows < 1 || screen.width < NAME_WIDTH)
        return;
    int first = prompt->chosen < rows ? 0 : prompt->chosen - rows + 1;
    int width = screen.width < WIDTH_MAX ? screen.width : WIDTH_MAX;
    struct rect box = { screen.x, screen.y + screen.height - 3 - rows, width, rows + 2 };
    canvas_fill(canvas, box, ' ', STYLE_TEXT);
    draw_box(canvas, box, "Commands", STYLE_DIM);
    char count[32];
    snprintf(count, sizeof count, "%d", prompt->match_count);
    draw_box_note(canvas, box, "Commands", count, STYLE_VALUE);
    struct rect inside = draw_inside(box);
    for (int i = 0; i < rows; i++)
        draw_match(prompt, canvas, inside, inside.y + i, first + i);
}

static void
prompt_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen, const struct view *view)
{
    struct prompt *prompt = (struct prompt *)dialog;
    int y = screen.y + screen.height - 1, x = screen.x, end = screen.x + screen.width;
    (void)view;
    canvas_fill(canvas, (struct rect){ x, y, screen.width, 1 }, ' ', STYLE_TEXT);
    x += canvas_text(canvas, x, y, end - x, STYLE_KEY, kinds[prompt->kind].sign);
    int hint = text_width(kinds[prompt->kind].hint);
    if (hint && end - x > 2 * hint) {
        canvas_text(canvas, end - hint - 1, y, hint, STYLE_DIM, kinds[prompt->kind].hint);
        end -= hint + 2;
    }
    if (x < end)
        line_draw(&prompt->line, canvas, x, y, end - x, STYLE_TEXT, true);
    if (prompt->kind == PROMPT_COMMAND)
        draw_matches(prompt, canvas, screen);
}

static void
tell_typed(struct prompt *prompt, const char *text, bool done)
{
    if (prompt->kind != PROMPT_COMMAND && prompt->base.host)
        prompt->base.host->typed(prompt->base.host->context, prompt->kind, text, done);
}

static void
complete(struct prompt *prompt, int step)
{
    if (prompt->kind != PROMPT_COMMAND || !prompt->match_count)
        return;
    int count = prompt->match_count;
    prompt->chosen = prompt->chosen < 0 ? (step > 0 ? 0 : count - 1) : (prompt->chosen + step + count) % count;
    const struct action_row *row = action_info(prompt->match[prompt->chosen]);
    char text[64];
    snprintf(text, sizeof text, "%s%s", row->name, row->argument ? " " : "");
    line_set(&prompt->line, text);
}

static enum dialog_result
prompt_key(struct dialog *dialog, uint32_t key)
{
    struct prompt *prompt = (struct prompt *)dialog;
    const char *text = prompt->line.text.data ? prompt->line.text.data : "";
    switch (key) {
    case KEY_CODE_ESCAPE:
        tell_typed(prompt, prompt->before, false);
        return DIALOG_CLOSED;
    case KEY_CODE_ENTER:
        tell_typed(prompt, text, true);
        if (prompt->kind == PROMPT_COMMAND && dialog->host)
            dialog->host->command(dialog->host->context, text);
        return DIALOG_CLOSED;
    case KEY_CODE_TAB:
    case KEY_CODE_DOWN:
        complete(prompt, 1);
        return DIALOG_OPEN;
    case KEY_CODE_BACKTAB:
    case KEY_CODE_UP:
        complete(prompt, -1);
        return DIALOG_OPEN;
    default:
        break;
    }
    if (key == KEY_CODE_BACKSPACE && !*text) /* as in vi: nothing left to delete leaves */
        return DIALOG_CLOSED;
    if (line_key(&prompt->line, key) == LINE_EDITED) {
        find_matches(prompt);
        tell_typed(prompt, prompt->line.text.data ? prompt->line.text.data : "", false);
    }
    return DIALOG_OPEN;
}

static void
prompt_free(struct dialog *dialog)
{
    struct prompt *prompt = (struct prompt *)dialog;
    line_release(&prompt->line);
    free(prompt->before);
    free(prompt);
}

static const struct dialog_class prompt_class = {
    .name = "command",
    .draw = prompt_draw,
    .key = prompt_key,
    .free = prompt_free,
};

struct dialog *
dialog_prompt_new(enum prompt_kind kind, const char *context, const char *text)
{
    struct prompt *prompt = XNEW(struct prompt);
    prompt->base.class = &prompt_class;
    prompt->kind = kind;
    prompt->context = context;
    prompt->before = xstrdup(text);
    line_init(&prompt->line);
    line_set(&prompt->line, text);
    find_matches(prompt);
    return &prompt->base;
}
