/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Launching a run: a list of run files with a preview, then a form of every
 * field of the chosen one. Faults are found at once by the same checks that
 * the server makes, and the server counts the points whenever a field is left.
 * The file itself is never written: what is launched is the edited text. A past run
 * is edited in the same form: its text, in its directory.
 */
#include <math.h>
#include <unistd.h>

#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "config/runfile.h"
#include "ui/dialog.h"
#include "ui/option_form.h"
#include "ui/run_files.h"
#include "ui/run_preview.h"

#define CONTROL(letter) ((letter) & 0x1F)

enum {
    LAUNCH_WIDTH = 136,
    LIST_WIDTH = 48, /* beside a preview */
    SIDE_BY_SIDE_MIN = 96, /* columns from which the preview stands beside the list */
    LAUNCH_ENVIRONMENT_MAX = 256 * 1024, /* bytes; with the text it must fit a protocol line */
};

enum launch_tag { TAG_CHECK, TAG_SUBMIT };

struct launch {
    struct dialog base;
    struct run_files files;
    int shown[RUN_FILES_MAX]; /* files that pass the filter */
    struct dialog_list list; /* over shown */
    struct line filter;
    bool filtering; /* keys go to the filter */
    struct ini *preview; /* owned; the chosen file, NULL when it cannot be read */
    int preview_file; /* index in files; -1: none */

    bool editing; /* the form is on the screen */
    struct option_form form;
    char *path; /* owned */
    char *directory; /* owned; of the run that is cloned; NULL: a file is launched, from here */
    bool paused; /* it is to wait */
    bool edited, leaving, submitting;
    bool stale; /* edited since the count was asked for */
    int left_out; /* environment variables that were too much */

    bool count_wanted, count_asked; /* at most one question is under way */
    char count[128]; /* "750 points (1250 before constraints)" */
    struct diag fault; /* the server's newest; code 0: none */
    char banner[DIAG_TEXT_MAX + DIAG_KEY_MAX];
};

static void
set_banner(struct launch *launch, const char *text)
{
    str_copy(launch->banner, sizeof launch->banner, text);
}

/* Counting points */

static json_t *
document_params(const struct ini *ini, const char *path, const char *from)
{
    char name[DIAG_FILE_MAX];
    size_t length;
    const char *text = ini_text(ini, &length);
    json_t *params = json_object();
    char *directory = from ? xstrdup(from) : getcwd(NULL, 0);
    text_clean(path, name, sizeof name);
    json_object_set_new(params, "directory", json_string(directory ? directory : "/"));
    free(directory);
    if (json_object_set_new(params, "text", json_stringn(text, length)) < 0 ||
        json_object_set_new(params, "file", json_string(name)) < 0 ||
        json_object_set_new(params, "set", json_array()) < 0) {
        json_decref(params); /* not UTF-8 */
        return NULL;
    }
    return params;
}

/* Another text: what was counted is old. */
static void
want_count(struct launch *launch)
{
    launch->count_wanted = true;
    launch->stale = false;
}

static void
pump_count(struct launch *launch)
{
    const struct ini *ini = launch->editing ? launch->form.ini : launch->preview;
    const char *path = launch->editing ? launch->path
        : launch->preview_file >= 0 ? launch->files.file[launch->preview_file].path : "";

    if (!launch->count_wanted || launch->count_asked || !launch->base.host)
        return;
    launch->count_wanted = false;
    launch->count[0] = '\0';
    if (!ini || (launch->editing && form_error_count(&launch->form.form) > 0))
        return;
    json_t *params = document_params(ini, path, launch->directory);
    if (!params)
        return;
    launch->count_asked = true;
    dialog_call(&launch->base, "run.check", params, TAG_CHECK);
}

static void
format_count(const json_t *result, char *buf, size_t size)
{
    char points[32], raw_points[32], feasible[32] = "";
    double n = json_get_number(result, "points", NAN);
    double raw = json_get_number(result, "raw_points", NAN);
    unit_format_number(n, points, sizeof points);
    unit_format_number(raw, raw_points, sizeof raw_points);
    double allowed = json_get_number(json_object_get(result, "space"), "feasible", NAN);
    if (isfinite(allowed) && allowed > n) { /* a budget below what there is */
        unit_format_number(allowed, feasible, sizeof feasible);
        snprintf(points + strlen(points), sizeof points - strlen(points), " of %s", feasible);
        n = allowed;
    }
    if (isfinite(n) && isfinite(raw) && n != raw)
        snprintf(buf, size, "%s points (%s before constraints)", points, raw_points);
    else if (isfinite(n))
        snprintf(buf, size, "%s points", points);
    else if (isfinite(raw))
        snprintf(buf, size, "points not counted (%s before constraints)", raw_points);
    else
        str_copy(buf, size, "points cannot be counted");
}

/* The list of files */

static void
load_preview(struct launch *launch)
{
    int index = launch->list.count > 0 ? launch->shown[launch->list.current] : -1;
    struct diag diag = { 0 };

    if (index == launch->preview_file)
        return;
    ini_free(launch->preview);
    launch->preview = NULL;
    launch->preview_file = index;
    launch->banner[0] = '\0';
    launch->fault = (struct diag){ 0 };
    if (index >= 0 && !launch->files.file[index].fault &&
        ini_load(launch->files.file[index].path, &launch->preview, &diag) < 0)
        launch->preview = NULL;
    want_count(launch);
}

static void
apply_filter(struct launch *launch)
{
    const char *wanted = launch->filter.text.data;
    launch->list.count = 0;
    for (int i = 0; i < launch->files.count; i++)
        if (strcasestr(launch->files.file[i].path, wanted) ||
            strcasestr(launch->files.file[i].name, wanted))
            launch->shown[launch->list.count++] = i;
    launch->list.current = launch->list.top = 0;
    load_preview(launch);
}

/* The form */

/* Everything that can be said about the text without the server. */
static void
check_form(struct launch *launch, bool finished)
{
    struct run_spec spec;
    struct diag diag = { 0 };

    launch->banner[0] = '\0';
    option_form_check(&launch->form, finished);
    run_spec_init(&spec);
    if (runfile_check(launch->form.ini, &spec, &diag) < 0 &&
        !option_form_place_fault(&launch->form, &diag))
        set_banner(launch, diag.text);
    run_spec_release(&spec);
    if (launch->fault.code && !option_form_place_fault(&launch->form, &launch->fault) &&
        !launch->banner[0])
        set_banner(launch, launch->fault.text);
}

/* Takes the document. */
static void
begin_form(struct launch *launch, struct ini *ini, const char *path)
{
    launch->path = xstrdup(path);
    launch->editing = true;
    launch->filtering = launch->edited = launch->leaving = launch->submitting = false;
    launch->fault = (struct diag){ 0 };
    option_form_init(&launch->form, run_options, ini);
    option_form_add_all(&launch->form);
    option_form_add_button(&launch->form, "Launch", "queue this run; the file stays as it is");
    option_form_add_button(&launch->form, "Launch paused", "store this run; it waits until it is resumed");
    check_form(launch, false);
    form_focus_error(&launch->form.form);
    want_count(launch);
}

static void
open_form(struct launch *launch)
{
    struct ini *ini;
    struct diag diag = { 0 };
    char text[DIAG_TEXT_MAX + DIAG_FILE_MAX];

    if (launch->list.count < 1)
        return;
    const struct run_file *file = &launch->files.file[launch->shown[launch->list.current]];
    if (ini_load(file->path, &ini, &diag) < 0) {
        set_banner(launch, diag_format(&diag, text, sizeof text));
        return;
    }
    begin_form(launch, ini, file->path);
}

static void
close_form(struct launch *launch)
{
    option_form_release(&launch->form);
    free(launch->path);
    launch->path = NULL;
    launch->editing = false;
    launch->banner[0] = '\0';
    launch->fault = (struct diag){ 0 };
    want_count(launch);
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

static void
submit(struct launch *launch, bool paused)
{
    bool fine = true;

    /* backwards: a new entry moves the fields behind it */
    for (int i = launch->form.form.count - 1; i >= 0; i--)
        fine = option_form_take_new(&launch->form, i) && fine;
    check_form(launch, true);
    if (!fine || form_focus_error(&launch->form.form)) {
        form_focus_error(&launch->form.form);
        set_banner(launch, "not launched: see the fields marked with !");
        return;
    }
    json_t *params = document_params(launch->form.ini, launch->path, launch->directory);
    if (!params) {
        set_banner(launch, "not launched: the text is not UTF-8");
        return;
    }
    json_object_set_new(params, "environment", environment(&launch->left_out));
    json_object_set_new(params, "paused", json_boolean(paused));
    launch->paused = paused;
    launch->submitting = true;
    launch->fault = (struct diag){ 0 };
    dialog_call(&launch->base, "run.submit", params, TAG_SUBMIT);
}

/* Drawing */

static void
draw_list(struct launch *launch, struct canvas *canvas, struct rect rect)
{
    dialog_list_fit(&launch->list, rect.height);
    for (int row = 0; row < rect.height; row++) {
        int i = launch->list.top + row, y = rect.y + row;
        if (i >= launch->list.count)
            break;
        const struct run_file *file = &launch->files.file[launch->shown[i]];
        bool current = i == launch->list.current;
        enum style style = current ? STYLE_SELECTED : file->fault ? STYLE_DIM : STYLE_TEXT;
        int name = rect.width < 30 ? rect.width - 3 : 16;
        canvas_fill(canvas, (struct rect){ rect.x, y, rect.width - 1, 1 }, ' ',
            current ? STYLE_SELECTED : STYLE_TEXT);
        canvas_text(canvas, rect.x, y, 2, style, file->fault ? "! " : current ? "> " : "  ");
        canvas_text(canvas, rect.x + 2, y, name, style, file->name);
        if (rect.width >= 30)
            canvas_text(canvas, rect.x + 3 + name, y, rect.width - name - 5, style, file->path);
    }
    dialog_list_bar(&launch->list, canvas, rect);
}

static const char *
count_text(const struct launch *launch)
{
    return launch->count_asked || launch->count_wanted ? "counting points..." : launch->count;
}

static void
draw_empty(struct canvas *canvas, struct rect rect, bool filtered)
{
    dialog_text(canvas, rect, STYLE_DIM, filtered
        ? "No run file has this in its name or path."
        : "No run files were found in the folders of optop.ini, in this folder, in conf/runs "
          "or in ~/.config/optop/runs.\n\n"
          "A run file is an INI file with a [run] section: see optop-run(5).", 0);
}

static void
draw_files(struct launch *launch, struct canvas *canvas, struct rect rect)
{
    if (rect.height >= 4) {
        if (launch->filtering || launch->filter.text.len) {
            int label = canvas_text(canvas, rect.x, rect.y, rect.width, STYLE_DIM, "filter: ");
            line_draw(&launch->filter, canvas, rect.x + label, rect.y, rect.width - label,
                STYLE_INPUT, launch->filtering);
        } else {
            canvas_textf(canvas, rect.x, rect.y, rect.width, STYLE_DIM, "%d run files%s",
                launch->files.count, launch->files.cut ? " (there are more)" : "");
        }
        rect.y++;
        rect.height--;
    }
    if (launch->banner[0] && rect.height >= 2)
        canvas_textf(canvas, rect.x, rect.y + --rect.height, rect.width, STYLE_ERROR, "! %s",
            launch->banner);
    if (launch->list.count == 0) {
        draw_empty(canvas, rect, launch->filter.text.len > 0);
        return;
    }
    struct rect list = rect, preview = { 0 };
    if (rect.width >= SIDE_BY_SIDE_MIN) {
        list.width = LIST_WIDTH;
        preview = (struct rect){ rect.x + list.width + 2, rect.y, rect.width - list.width - 2,
            rect.height };
    } else if (rect.height >= 12) {
        list.height = rect.height * 2 / 5;
        preview = (struct rect){ rect.x, rect.y + list.height + 1, rect.width,
            rect.height - list.height - 1 };
    }
    draw_list(launch, canvas, list);
    if (launch->preview_file >= 0)
        run_preview_draw(canvas, preview, &launch->files.file[launch->preview_file],
            launch->preview, launch->fault.code ? &launch->fault : NULL, count_text(launch));
}

static void
draw_form(struct launch *launch, struct canvas *canvas, struct rect rect)
{
    int faults = form_error_count(&launch->form.form);
    if (rect.height >= 5) {
        if (faults > 0)
            canvas_textf(canvas, rect.x, rect.y, rect.width, STYLE_ERROR, "! %d field%s at fault",
                faults, faults > 1 ? "s" : "");
        else
            canvas_text(canvas, rect.x, rect.y, rect.width, STYLE_VALUE, count_text(launch));
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

static void
launch_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen,
    const struct view *view)
{
    struct launch *launch = (struct launch *)dialog;
    char title[DIAG_FILE_MAX + 16];
    (void)view;
    pump_count(launch);
    if (launch->editing) {
        snprintf(title, sizeof title, "Launch %s", launch->path);
        draw_form(launch, canvas,
            dialog_box(canvas, screen, LAUNCH_WIDTH, launch->form.form.count + 12, title,
                "launch form"));
    } else {
        draw_files(launch, canvas,
            dialog_box(canvas, screen, LAUNCH_WIDTH, screen.height, "Launch a run", "launch"));
    }
}

/* Keys */

static void
push_help(struct launch *launch, const char *context)
{
    if (launch->base.host)
        launch->base.host->push(launch->base.host->context, dialog_help_new(context));
}

static void
filter_key(struct launch *launch, uint32_t key)
{
    switch (key) {
    case KEY_CODE_ESCAPE:
        line_set(&launch->filter, "");
        launch->filtering = false;
        apply_filter(launch);
        return;
    case KEY_CODE_ENTER:
        launch->filtering = false;
        open_form(launch);
        return;
    case KEY_CODE_UP:
    case KEY_CODE_DOWN:
    case KEY_CODE_PAGE_UP:
    case KEY_CODE_PAGE_DOWN:
        dialog_list_key(&launch->list, key);
        load_preview(launch);
        return;
    default:
        if (line_key(&launch->filter, key) == LINE_EDITED)
            apply_filter(launch);
    }
}

static enum dialog_result
files_key(struct launch *launch, uint32_t key)
{
    if (launch->filtering) {
        filter_key(launch, key);
        return DIALOG_OPEN;
    }
    switch (key) {
    case KEY_CODE_ESCAPE:
        if (launch->filter.text.len) {
            filter_key(launch, key);
            return DIALOG_OPEN;
        }
        return DIALOG_CLOSED;
    case 'q':
        return DIALOG_CLOSED;
    case '/':
        launch->filtering = true;
        return DIALOG_OPEN;
    case '?':
    case KEY_CODE_F1:
        push_help(launch, "launch");
        return DIALOG_OPEN;
    case KEY_CODE_ENTER:
        open_form(launch);
        return DIALOG_OPEN;
    default:
        if (dialog_list_key(&launch->list, key))
            load_preview(launch);
        return DIALOG_OPEN;
    }
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
        set_banner(launch, "there are changes: Esc again drops them");
        return DIALOG_OPEN;
    }
    if (launch->directory)
        return DIALOG_CLOSED; /* there is no list behind it */
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
field_event(struct launch *launch, enum form_event event, int was)
{
    switch (event) {
    case FORM_EDITED:
        launch->edited = launch->stale = true;
        forget_fault(launch, was);
        if (launch->form.place[was].adds)
            form_set_error(&launch->form.form, was, NULL);
        check_form(launch, false);
        break;
    case FORM_LEFT:
        if (option_form_take_new(&launch->form, was))
            check_form(launch, false);
        if (launch->stale)
            want_count(launch);
        break;
    case FORM_PRESSED:
        submit(launch, was == launch->form.form.count - 1); /* the last button */
        break;
    case FORM_IGNORED:
    case FORM_TAKEN:
        break;
    }
}

static enum dialog_result
form_page_key(struct launch *launch, uint32_t key)
{
    if (key == KEY_CODE_ESCAPE)
        return escape_form(launch);
    if (key == KEY_CODE_F1) {
        push_help(launch, "launch form");
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
    int was = launch->form.form.current;
    field_event(launch, form_key(&launch->form.form, key), was);
    return DIALOG_OPEN;
}

static enum dialog_result
launch_key(struct dialog *dialog, uint32_t key)
{
    struct launch *launch = (struct launch *)dialog;
    enum dialog_result result =
        launch->editing ? form_page_key(launch, key) : files_key(launch, key);
    if (result == DIALOG_OPEN)
        pump_count(launch);
    return result;
}

/* Answers */

static void
take_check(struct launch *launch, const json_t *result, const struct diag *diag)
{
    launch->count_asked = false;
    if (launch->count_wanted) { /* of a text that is gone */
        pump_count(launch);
        return;
    }
    launch->fault = (struct diag){ 0 };
    launch->count[0] = '\0';
    if (result)
        format_count(result, launch->count, sizeof launch->count);
    else if (diag)
        launch->fault = *diag;
    if (launch->editing)
        check_form(launch, false);
}

static enum dialog_result
take_submit(struct launch *launch, const json_t *result, const struct diag *diag)
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
    check_form(launch, false);
    form_focus_error(&launch->form.form);
    if (!launch->banner[0] && form_error_count(&launch->form.form) == 0)
        set_banner(launch, "the server gave no answer");
    return DIALOG_OPEN;
}

static enum dialog_result
launch_answer(struct dialog *dialog, int tag, const json_t *result, const struct diag *diag)
{
    struct launch *launch = (struct launch *)dialog;
    if (tag == TAG_SUBMIT && launch->editing)
        return take_submit(launch, result, diag);
    if (tag == TAG_CHECK)
        take_check(launch, result, diag);
    return DIALOG_OPEN;
}

static void
launch_free(struct dialog *dialog)
{
    struct launch *launch = (struct launch *)dialog;
    run_files_release(&launch->files);
    line_release(&launch->filter);
    ini_free(launch->preview);
    option_form_release(&launch->form);
    free(launch->path);
    free(launch->directory);
    free(launch);
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
    launch->preview_file = -1;
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
    launch->directory = xstrdup(json_get_string(run, "directory", "/"));
    begin_form(launch, ini, file);
    return &launch->base;
}

struct dialog *
dialog_launch_new(const char *folders)
{
    struct launch *launch = launch_new();
    run_files_scan(&launch->files, folders);
    apply_filter(launch);
    return &launch->base;
}
