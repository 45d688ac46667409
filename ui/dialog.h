/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Something that stands in front of the view and takes the keys until it is
 * done: confirmation, message, launch form, a value, help. The screen
 * keeps a stack of dialogs; the top one hears keys and is drawn last.
 *
 * To add a dialog: dialog_<name>.c with a constructor that returns a
 * struct dialog *, and the action that opens it.
 */
#ifndef OPTOP_UI_DIALOG_H
#define OPTOP_UI_DIALOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "io/loop.h"
#include "ui/canvas.h"
#include "ui/key.h"
#include "ui/view.h"

struct dialog;
struct settings;
struct setting;

enum dialog_result { DIALOG_OPEN, DIALOG_CLOSED };

/* What is typed into the line at the bottom. */
enum prompt_kind { PROMPT_COMMAND, PROMPT_FILTER, PROMPT_SEARCH };

/* What a dialog may ask of the screen. */
struct dialog_host {
    void *context;
    /* Calls a method of the server; takes params. The answer goes to
     * dialog->answer with the tag, if the dialog still stands. */
    void (*call)(void *context, struct dialog *dialog, const char *method,
        json_t *params, int tag);
    /* Puts another dialog on top (takes it). */
    void (*push)(void *context, struct dialog *dialog);
    /* A line on the status row for some seconds. */
    void (*tell)(void *context, enum style style, const char *text);
    /* A command that was typed. */
    void (*command)(void *context, const char *line);
    /* What stands in a prompt now; done: it is closed. */
    void (*typed)(void *context, enum prompt_kind kind, const char *text, bool done);
    /* Calls work on a thread, then done between two keys, also where the dialog has gone
     * meanwhile: arg is theirs alone. NULL: both at once. */
    void (*work)(void *context, const char *name, loop_fn *work, loop_fn *done, void *arg);
};

struct dialog_class {
    const char *name; /* its context in the key table */
    void (*draw)(struct dialog *dialog, struct canvas *canvas, struct rect screen,
        const struct view *view);
    enum dialog_result (*key)(struct dialog *dialog, uint32_t key);
    /* May be NULL. result is NULL when the call failed; diag says why then.
     * An answer may end the dialog, so the screen must look at what it returns. */
    enum dialog_result (*answer)(struct dialog *dialog, int tag, const json_t *result,
        const struct diag *diag) __attribute__((warn_unused_result));
    void (*free)(struct dialog *dialog);
};

/* First member of every dialog's own struct. */
struct dialog {
    const struct dialog_class *class;
    const struct dialog_host *host; /* set by the screen when pushed */
    struct dialog *below; /* the screen's stack */
};

/* "Cancel run 3 (xz)? 100 of 750 trials are done": y / n. On yes calls the
 * method, for each of params where that is a list, and closes when all have
 * been answered; a refusal is shown. Text is copied; takes params. */
struct dialog *dialog_confirm_new(const char *title, const char *text,
    const char *yes, const char *method, json_t *params);

/* A line of text at the bottom of the screen: a command of the table of
 * actions with what its names complete to, a filter, a search. context: whose
 * keys are named beside commands; a constant. */
struct dialog *dialog_prompt_new(enum prompt_kind kind, const char *context, const char *text);

/* All about a process: shows the answer of process.show, which is asked for with
 * dialog_call once this has been pushed. Title is copied. */
struct dialog *dialog_process_new(const char *title);

/* A longer text to read and close. */
struct dialog *dialog_message_new(const char *title, const char *text);

/* Chooses a run file from folders (colon-separated) and the current
 * directory, then shows every field; launches by run.submit. */
struct dialog *dialog_launch_new(const char *folders);

/* The same form for the text of a run (the answer of run.show); what is launched is a new
 * run in that one's directory. NULL: its text cannot be read, with a diag. */
struct dialog *dialog_clone_new(const json_t *run, struct diag *diag);

/* Edits a row of the settings (both borrowed) in its place; writes by config.set. */
struct dialog *dialog_value_new(struct settings *settings, const struct setting *row);

/* To be called once it has been pushed: what it holds is tried on the past, as each change is. */
void dialog_value_begin(struct dialog *dialog);

/* Chooses a metric for a new threshold; ends with the command "add threshold NAME". */
struct dialog *dialog_metric_new(void);

/* Keys of a context ("overview", "run", a dialog's name), from the key table. */
struct dialog *dialog_help_new(const char *context_name);

/* What follows is shared by the dialogs (dialog.c). */

/* Draws an empty framed box of at most this inner size in the middle of the
 * screen, title above and the keys of a context of the key table below, as
 * many as fit. Returns the inside. Where the screen is too small for a frame
 * the box is the whole screen. Hides the cursor. */
struct rect dialog_box(struct canvas *canvas, struct rect screen, int width, int height,
    const char *title, const char *context);

/* The keys of a context that have a word for the last line, as many as fit. */
void dialog_keys(struct canvas *canvas, struct rect line, const char *context);

/* Wrapped text from `skip` lines down; returns how many lines it has in all. */
int dialog_text(struct canvas *canvas, struct rect rect, enum style style,
    const char *text, int skip);

/* A list with a chosen row: Up, Down, j, k, pages, Home, End, g, G. */
struct dialog_list {
    int count, current, top;
    int page; /* rows when last drawn */
};

bool dialog_list_key(struct dialog_list *list, uint32_t key); /* true: it moved or could have */
void dialog_list_fit(struct dialog_list *list, int height); /* keeps the chosen row in sight */
void dialog_list_bar(const struct dialog_list *list, struct canvas *canvas, struct rect rect);

/* The same keys and the space bar, for text that scrolls. */
bool dialog_scroll_key(int *top, int count, int page, uint32_t key);

/* For host->tell, host->work, and host->call with params that may be NULL. */
void dialog_tell(struct dialog *dialog, enum style style, const char *text);
void dialog_work(struct dialog *dialog, const char *name, loop_fn *work, loop_fn *done, void *arg);
void dialog_call(struct dialog *dialog, const char *method, json_t *params, int tag);

#endif
