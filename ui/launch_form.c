/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/launch.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "config/runfile.h"

#define CONTROL(letter) ((letter) & 0x1F)

enum { LAUNCH_ENVIRONMENT_MAX = 256 * 1024 }; /* bytes; with the text it must fit a protocol line */

void
launch_form_check(struct launch *launch, bool finished)
{
    struct run_spec spec;
    struct diag diag = { 0 };

    launch->banner[0] = '\0';
    option_form_check(&launch->form, finished);
    run_spec_init(&spec);
    if (runfile_check(launch->form.ini, &spec, &diag) < 0 &&
        !option_form_place_fault(&launch->form, &diag))
        launch_set_banner(launch, diag.text);
    run_spec_release(&spec);
    if (launch->fault.code && !option_form_place_fault(&launch->form, &launch->fault) &&
        !launch->banner[0])
        launch_set_banner(launch, launch->fault.text);
}

void
launch_form_begin(struct launch *launch, struct ini *ini, const char *path, const char *directory)
{
    launch->path = xstrdup(path);
    launch->directory = directory ? xstrdup(directory) : NULL;
    launch->editing = true;
    launch->filtering = launch->edited = launch->leaving = launch->submitting = false;
    launch->fault = (struct diag){ 0 };
    option_form_init(&launch->form, run_options, ini);
    option_form_add_all(&launch->form);
    option_form_add_button(&launch->form, "Launch", "queue this run; the file stays as it is");
    option_form_add_button(&launch->form, "Launch paused", "store this run; it waits until it is resumed");
    option_form_add_button(&launch->form, "Save as", "write a run file with all this; nothing is launched");
    launch_form_check(launch, false);
    form_focus_error(&launch->form.form);
    launch_want_count(launch);
}


static void
close_form(struct launch *launch)
{
    path_field_release(&launch->paths);
    option_form_release(&launch->form);
    if (launch->files_changed)
        launch_list_begin(launch);
    free(launch->path);
    free(launch->directory);
    launch->path = launch->directory = NULL;
    launch->editing = false;
    launch->banner[0] = '\0';
    launch->fault = (struct diag){ 0 };
    launch_want_count(launch);
}

/* The environment a trial will have. What does not fit, or is not text, is
 * left out and told. */
static json_t *
environment(int *ret_left_out)
{
    json_t *array = json_array();
    size_t total = 0;
    *ret_left_out = 0;
    for (char **entry = environ; entry && *entry; entry++) {
        size_t length = strlen(*entry) + 1;
        json_t *text = total + length <= LAUNCH_ENVIRONMENT_MAX ? json_string(*entry) : NULL;
        if (!text) {
            ++*ret_left_out;
            continue;
        }
        total += length;
        json_array_append_new(array, text);
    }
    return array;
}

/* All that has been typed is in the document, and nothing in it is known to be wrong. */
static bool
finish_form(struct launch *launch, const char *refusal)
{
    bool fine = true;

    /* backwards: a new entry moves the fields behind it */
    for (int i = launch->form.form.count - 1; i >= 0; i--)
        fine = option_form_take_new(&launch->form, i) && fine;
    launch_form_check(launch, true);
    if (fine && !form_focus_error(&launch->form.form))
        return true;
    form_focus_error(&launch->form.form);
    launch_set_banner(launch, refusal);
    return false;
}

static void
submit(struct launch *launch, bool paused)
{
    if (!finish_form(launch, "not launched: see the fields marked with !"))
        return;
    json_t *params = launch_params(launch->form.ini, launch->path, launch->directory);
    if (!params) {
        launch_set_banner(launch, "not launched: the text is not UTF-8");
        return;
    }
    json_object_set_new(params, "environment", environment(&launch->left_out));
    json_object_set_new(params, "paused", json_boolean(paused));
    launch->paused = paused;
    launch->submitting = true;
    launch->fault = (struct diag){ 0 };
    dialog_call(&launch->base, "run.submit", params, TAG_SUBMIT);
}

void
launch_form_draw(struct launch *launch, struct canvas *canvas, struct rect rect)
{
    int faults = form_error_count(&launch->form.form);
    if (rect.height >= 5) {
        if (faults > 0)
            canvas_textf(canvas, rect.x, rect.y, rect.width, STYLE_ERROR, "! %d field%s at fault",
                faults, faults > 1 ? "s" : "");
        else
            canvas_textf(canvas, rect.x, rect.y, rect.width, STYLE_VALUE, "%s%s%s", launch_count_text(launch),
                *launch->expected ? "; " : "", launch->expected);
        rect.y++;
        rect.height--;
    }
    if (rect.height >= 3 && launch->submitting)
        canvas_text(canvas, rect.x, rect.y + --rect.height, rect.width, STYLE_DIM,
            "launching: waiting for the server...");
    else if (rect.height >= 3 && launch->banner[0])
        canvas_textf(canvas, rect.x, rect.y + --rect.height, rect.width, STYLE_ERROR, "! %s",
            launch->banner);
    form_draw(&launch->form.form, canvas, rect);
}


static enum dialog_result
escape_form(struct launch *launch)
{
    if (launch->submitting) {
        dialog_tell(&launch->base, STYLE_WARNING, "not waited for: the server may take this run");
        return DIALOG_CLOSED;
    }
    if (launch->edited && !launch->leaving) {
        launch->leaving = true;
        launch_set_banner(launch, "there are changes: Esc again drops them");
        return DIALOG_OPEN;
    }
    if (launch->alone)
        return DIALOG_CLOSED;
    close_form(launch);
    return DIALOG_OPEN;
}

/* The server's fault is about a text that has changed now. */
static void
forget_fault(struct launch *launch, int index)
{
    if (launch->fault.code && option_form_find(&launch->form, launch->fault.key) == index)
        launch->fault = (struct diag){ 0 };
}

static void
save_as(struct launch *launch)
{
    if (finish_form(launch, "not saved: see the fields marked with !"))
        launch_save_begin(launch);
}

/* A button, counted from the last. */
static void
press(struct launch *launch, int button)
{
    if (button == 0)
        save_as(launch);
    else
        submit(launch, button == 1);
}

static void
field_event(struct launch *launch, enum form_event event, int was)
{
    launch->typing = event != FORM_LEFT && event != FORM_IGNORED;
    switch (event) {
    case FORM_EDITED:
        launch->edited = launch->stale = true;
        forget_fault(launch, was);
        if (launch->form.place[was].adds)
            form_set_error(&launch->form.form, was, NULL);
        launch_form_check(launch, false);
        break;
    case FORM_LEFT:
        if (option_form_take_new(&launch->form, was))
            launch_form_check(launch, false);
        if (launch->stale)
            launch_want_count(launch);
        break;
    case FORM_PRESSED:
        press(launch, launch->form.form.count - 1 - was);
        break;
    case FORM_IGNORED:
    case FORM_TAKEN:
        break;
    }
}

/* Tab, where it completes a path. */
static bool
complete(struct launch *launch)
{
    struct form *form = &launch->form.form;
    if (form->current < 0 || !launch->typing || form->field[form->current].kind != FIELD_TEXT)
        return false;
    const struct option *option = launch->form.place[form->current].option;
    return path_field_tab(&launch->paths, form, !option || option->type != OPTION_PATH, launch->directory);
}

void
launch_form_completed(struct launch *launch, bool changed)
{
    int was = launch->form.form.current;
    field_event(launch, changed ? FORM_EDITED : form_key(&launch->form.form, KEY_CODE_TAB), was);
}

enum dialog_result
launch_form_key(struct launch *launch, uint32_t key)
{
    if (key == KEY_CODE_ESCAPE)
        return escape_form(launch);
    if (key == KEY_CODE_F1) {
        launch_push_help(launch, "launch form");
        return DIALOG_OPEN;
    }
    if (launch->submitting)
        return DIALOG_OPEN;
    if (launch->leaving) {
        launch->leaving = false;
        launch->banner[0] = '\0';
    }
    if (key == CONTROL('G')) {
        submit(launch, false);
        return DIALOG_OPEN;
    }
    if (key == CONTROL('O')) {
        save_as(launch);
        return DIALOG_OPEN;
    }
    if (key == KEY_CODE_TAB && complete(launch))
        return DIALOG_OPEN;
    int was = launch->form.form.current;
    field_event(launch, form_key(&launch->form.form, key), was);
    return DIALOG_OPEN;
}


enum dialog_result
launch_take_submit(struct launch *launch, const json_t *result, const struct diag *diag)
{
    char text[128];
    launch->submitting = false;
    if (result) {
        int used = snprintf(text, sizeof text, launch->paused ? "run %lld waits, paused" : "run %lld launched",
            (long long)json_get_int(result, "run", 0));
        if (launch->left_out > 0)
            snprintf(text + used, sizeof text - (size_t)used,
                " (%d environment variables left out: over 256 KiB or not UTF-8)",
                launch->left_out);
        dialog_tell(&launch->base, launch->left_out ? STYLE_WARNING : STYLE_GOOD, text);
        return DIALOG_CLOSED;
    }
    if (diag)
        launch->fault = *diag;
    launch_form_check(launch, false);
    form_focus_error(&launch->form.form);
    if (!launch->banner[0] && form_error_count(&launch->form.form) == 0)
        launch_set_banner(launch, "the server gave no answer");
    return DIALOG_OPEN;
}

