/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Launching a run: a list of run files and of recent runs with a preview, then a form
 * of every field of the chosen one. Faults are found at once by the same checks that
 * the server makes, and the server counts the points whenever a field is left.
 * What is launched is the edited text; a file is written only where that is asked for.
 * A past run is edited in the same form: its text, in its directory.
 */
#include "ui/launch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "config/runfile.h"

void
launch_set_banner(struct launch *launch, const char *text)
{
    str_copy(launch->banner, sizeof launch->banner, text);
}

void
launch_push_help(struct launch *launch, const char *context)
{
    if (launch->base.host)
        launch->base.host->push(launch->base.host->context, dialog_help_new(context));
}

static void
pump(struct launch *launch)
{
    launch_list_pump(launch);
    launch_pump_count(launch);
}

static void
launch_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen,
    const struct view *view)
{
    struct launch *launch = (struct launch *)dialog;
    char title[DIAG_FILE_MAX + 16];
    (void)view;
    pump(launch);
    if (launch->editing) {
        snprintf(title, sizeof title, "Launch %s", launch->path);
        launch_form_draw(launch, canvas, dialog_box(canvas, screen, LAUNCH_WIDTH,
            launch->form.form.count + 12, title, "launch form"));
        if (launch->saving_as)
            launch_save_draw(launch, canvas, screen);
    } else {
        launch_list_draw(launch, canvas,
            dialog_box(canvas, screen, LAUNCH_WIDTH, screen.height, "Launch a run", "launch"));
    }
}

static enum dialog_result
launch_key(struct dialog *dialog, uint32_t key)
{
    struct launch *launch = (struct launch *)dialog;
    enum dialog_result result = launch->saving_as ? launch_save_key(launch, key)
        : launch->editing ? launch_form_key(launch, key) : launch_list_key(launch, key);
    if (result == DIALOG_OPEN)
        pump(launch);
    return result;
}

static enum dialog_result
launch_answer(struct dialog *dialog, int tag, const json_t *result, const struct diag *diag)
{
    struct launch *launch = (struct launch *)dialog;
    if (tag == TAG_SUBMIT && launch->editing)
        return launch_take_submit(launch, result, diag);
    if (tag == TAG_CHECK)
        launch_take_check(launch, result, diag);
    else if (tag == TAG_RUNS)
        launch_take_runs(launch, result);
    else if (tag == TAG_SHOW)
        launch_take_run(launch, result, diag);
    pump(launch);
    return DIALOG_OPEN;
}

static void
launch_free(struct dialog *dialog)
{
    struct launch *launch = (struct launch *)dialog;
    path_field_release(&launch->paths);
    launch_save_release(launch);
    run_files_release(&launch->files);
    free(launch->run);
    line_release(&launch->filter);
    ini_free(launch->preview);
    free(launch->preview_path);
    free(launch->preview_directory);
    option_form_release(&launch->form);
    free(launch->path);
    free(launch->directory);
    free(launch);
}

static void
completed(struct dialog *dialog, struct form *form, bool changed)
{
    struct launch *launch = (struct launch *)dialog;
    if (form != &launch->save_form)
        launch_form_completed(launch, changed);
    else if (changed)
        launch_save_edited(launch);
    pump(launch);
}

static const struct dialog_class launch_class = {
    .name = "launch",
    .draw = launch_draw,
    .key = launch_key,
    .answer = launch_answer,
    .free = launch_free,
};

static struct launch *
launch_new(void)
{
    struct launch *launch = XNEW(struct launch);
    launch->base.class = &launch_class;
    launch->entry = -1;
    launch->paths = (struct path_field){ .dialog = &launch->base, .completed = completed };
    form_init(&launch->save_form);
    line_init(&launch->filter);
    option_form_init(&launch->form, run_options, NULL);
    return launch;
}

struct dialog *
dialog_clone_new(const json_t *run, struct diag *diag)
{
    const char *text = json_get_string(run, "file_text", ""), *file = json_get_string(run, "file", "");
    struct ini *ini;
    if (ini_parse_text(text, strlen(text), file, &ini, diag) < 0)
        return NULL;
    struct launch *launch = launch_new();
    launch->alone = launch->runs_asked = true;
    launch_form_begin(launch, ini, file, json_get_string(run, "directory", "/"));
    return &launch->base;
}

struct dialog *
dialog_launch_new(const char *folders)
{
    struct launch *launch = launch_new();
    launch->folders = folders;
    launch_list_begin(launch);
    return &launch->base;
}
