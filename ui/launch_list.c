/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/launch.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "ui/panel.h"
#include "ui/run_preview.h"

enum {
    LIST_WIDTH = 60, /* beside a preview */
    SIDE_BY_SIDE_MIN = 96, /* columns from which the preview stands beside the list */
    NAME_WIDTH = 16,
};

/* What can be chosen. */

static const struct run_file *
file_at(const struct launch *launch, int entry)
{
    return entry >= 0 && entry < launch->files.count ? &launch->files.file[entry] : NULL;
}

static const struct view_run *
run_at(const struct launch *launch, int entry)
{
    int run = entry - launch->files.count;
    return run >= 0 && run < launch->run_count ? &launch->run[run] : NULL;
}

static void
load_file(struct launch *launch, const struct run_file *file)
{
    struct diag diag = { 0 };
    launch->preview_path = xstrdup(file->path);
    if (!file->fault && ini_load(file->path, &launch->preview, &diag) < 0)
        launch->preview = NULL;
    launch_want_count(launch);
}

static void
load_preview(struct launch *launch)
{
    int entry = launch->list.count > 0 ? launch->shown[launch->list.current] : -1;

    if (entry == launch->entry)
        return;
    ini_free(launch->preview);
    free(launch->preview_path);
    free(launch->preview_directory);
    launch->preview = NULL;
    launch->preview_path = launch->preview_directory = NULL;
    launch->entry = entry;
    launch->banner[0] = launch->count[0] = launch->expected[0] = '\0';
    launch->fault = (struct diag){ 0 };
    launch->run_wanted = 0;
    launch->opening = false;
    if (file_at(launch, entry))
        load_file(launch, file_at(launch, entry));
    else if (run_at(launch, entry))
        launch->run_wanted = run_at(launch, entry)->run;
}

static bool
passes(const struct launch *launch, int entry, const char *wanted)
{
    const struct run_file *file = file_at(launch, entry);
    const struct view_run *run = run_at(launch, entry);
    char text[RUN_NAME_MAX + 64] = "";
    enum style style;
    if (file)
        return strcasestr(file->path, wanted) || strcasestr(file->name, wanted);
    if (run)
        snprintf(text, sizeof text, "run %lld %s %s", (long long)run->run, run->name, panel_run_state(run, &style));
    return strcasestr(text, wanted);
}

/* The cursor stays on `entry` where that is shown. */
static void
apply_filter(struct launch *launch, int entry)
{
    const char *wanted = launch->filter.text.data;
    launch->list.count = launch->list.current = 0;
    for (int i = 0; i < launch->files.count + launch->run_count; i++) {
        if (!passes(launch, i, wanted))
            continue;
        if (i == entry)
            launch->list.current = launch->list.count;
        launch->shown[launch->list.count++] = i;
    }
    launch->list.top = 0;
    load_preview(launch);
}

/* To the first run, or back to the first file. */
static void
switch_kind(struct launch *launch)
{
    int runs = 0;
    while (runs < launch->list.count && file_at(launch, launch->shown[runs]))
        runs++;
    if (runs < launch->list.count)
        launch->list.current = launch->list.current < runs ? runs : 0;
    load_preview(launch);
}

void
launch_list_begin(struct launch *launch)
{
    int entry = -1;
    run_files_release(&launch->files);
    run_files_scan(&launch->files, launch->folders);
    launch->files_changed = false;
    for (int i = 0; i < launch->files.count && launch->path; i++)
        if (str_equal(launch->files.file[i].path, launch->path))
            entry = i;
    launch->entry = -1;
    apply_filter(launch, entry);
}

/* What the server knows. */

void
launch_list_pump(struct launch *launch)
{
    if (!launch->base.host)
        return;
    if (!launch->runs_asked) {
        json_t *params = json_object();
        launch->runs_asked = true;
        json_object_set_new(params, "limit", json_integer(LAUNCH_RUNS_MAX));
        dialog_call(&launch->base, "run.list", params, TAG_RUNS);
    }
    if (launch->run_wanted && !launch->run_asked) {
        json_t *params = json_object();
        launch->run_asked = launch->run_wanted;
        launch->run_wanted = 0;
        json_object_set_new(params, "run", json_integer(launch->run_asked));
        dialog_call(&launch->base, "run.show", params, TAG_SHOW);
    }
}

void
launch_take_runs(struct launch *launch, const json_t *result)
{
    size_t i;
    const json_t *object;
    int capacity = 0;
    if (launch->editing || launch->run_count)
        return;
    json_array_foreach(json_object_get(result, "runs"), i, object)
    {
        if (launch->run_count == LAUNCH_RUNS_MAX)
            break;
        XGROW(launch->run, launch->run_count, capacity);
        launch->run_count += view_parse_run(object, &launch->run[launch->run_count]);
    }
    apply_filter(launch, launch->entry);
}

static void
open_form(struct launch *launch)
{
    struct ini *ini;
    struct diag diag = { 0 };
    char text[DIAG_TEXT_MAX + DIAG_FILE_MAX];
    const struct run_file *file = file_at(launch, launch->entry);
    size_t length;
    int r;

    if (launch->entry < 0)
        return;
    if (file) {
        r = ini_load(file->path, &ini, &diag);
    } else if (launch->preview) {
        const char *whole = ini_text(launch->preview, &length);
        r = ini_parse_text(whole, length, launch->preview_path, &ini, &diag);
    } else {
        launch->opening = launch->run_asked || launch->run_wanted;
        return;
    }
    if (r < 0)
        launch_set_banner(launch, diag_format(&diag, text, sizeof text));
    else
        launch_form_begin(launch, ini, launch->preview_path, launch->preview_directory);
}

/* The text of a run; where the cursor has gone on, that of another one is asked for. */
void
launch_take_run(struct launch *launch, const json_t *result, const struct diag *diag)
{
    const struct view_run *run = run_at(launch, launch->entry);
    bool ours = run && run->run == launch->run_asked && !launch->preview;
    launch->run_asked = 0;
    if (!ours || launch->editing)
        return;
    launch->run_wanted = 0;
    const char *text = json_get_string(result, "file_text", NULL);
    launch->preview_path = xstrdup(json_get_string(result, "file", ""));
    launch->preview_directory = xstrdup(json_get_string(result, "directory", "/"));
    if (!result && diag)
        launch->fault = *diag;
    else if (!text)
        diag_set(&launch->fault, ERR_PROTOCOL, "the server has not told its text");
    else if (ini_parse_text(text, strlen(text), launch->preview_path, &launch->preview, &launch->fault) < 0)
        launch->preview = NULL;
    if (!launch->preview)
        return;
    launch_want_count(launch);
    if (launch->opening)
        open_form(launch);
}

/* Drawing. */

/* "run 12   done      750/750  best 12345" */
static void
describe_run(const struct view_run *run, int cells, char *buf, size_t size)
{
    char done[64], best[48] = "";
    enum style style;
    panel_progress_text(run->done + run->failed, run->total, 15, done, sizeof done);
    if (run->has_best && cells >= 34) {
        char score[32];
        snprintf(best, sizeof best, "  best %s", panel_score(run->best_score, 10, score, sizeof score));
    }
    snprintf(buf, size, "run %-4lld %-9s %s%s", (long long)run->run, panel_run_state(run, &style), done, best);
}

static void
draw_row(const struct launch *launch, struct canvas *canvas, struct rect rect, int y, int i)
{
    const struct run_file *file = file_at(launch, launch->shown[i]);
    const struct view_run *run = run_at(launch, launch->shown[i]);
    char text[160] = "";
    bool current = i == launch->list.current, fault = file && file->fault;
    enum style style = current ? STYLE_SELECTED : fault ? STYLE_DIM : STYLE_TEXT;
    int name = rect.width < 30 ? rect.width - 3 : NAME_WIDTH, rest = rect.width - name - 5;
    canvas_fill(canvas, (struct rect){ rect.x, y, rect.width - 1, 1 }, ' ',
        current ? STYLE_SELECTED : STYLE_TEXT);
    canvas_text(canvas, rect.x, y, 2, style, fault ? "! " : current ? "> " : "  ");
    canvas_text(canvas, rect.x + 2, y, name, style, file ? file->name : run ? run->name : "");
    if (rect.width < 30)
        return;
    if (run)
        describe_run(run, rest, text, sizeof text);
    canvas_text(canvas, rect.x + 3 + name, y, rest, current || file ? style : STYLE_DIM, file ? file->path : text);
}

static void
draw_entries(struct launch *launch, struct canvas *canvas, struct rect rect)
{
    dialog_list_fit(&launch->list, rect.height);
    for (int row = 0; row < rect.height && launch->list.top + row < launch->list.count; row++)
        draw_row(launch, canvas, rect, rect.y + row, launch->list.top + row);
    dialog_list_bar(&launch->list, canvas, rect);
}

static void
draw_empty(struct canvas *canvas, struct rect rect, bool filtered)
{
    dialog_text(canvas, rect, STYLE_DIM, filtered
        ? "No run file has this in its name or path, and no recent run in its name, number or state."
        : "No run files were found in the folders of optop.ini, in this folder, in conf/runs "
          "or in ~/.config/optop/runs.\n\n"
          "A run file is an INI file with a [run] section: see optop-run(5).", 0);
}

/* How much there is, or the filter. */
static void
draw_head(struct launch *launch, struct canvas *canvas, struct rect rect)
{
    char runs[48] = "";
    if (launch->filtering || launch->filter.text.len) {
        int label = canvas_text(canvas, rect.x, rect.y, rect.width, STYLE_DIM, "filter: ");
        line_draw(&launch->filter, canvas, rect.x + label, rect.y, rect.width - label,
            STYLE_INPUT, launch->filtering);
        return;
    }
    if (launch->run_count)
        snprintf(runs, sizeof runs, ", %d recent run%s", launch->run_count, launch->run_count > 1 ? "s" : "");
    canvas_textf(canvas, rect.x, rect.y, rect.width, STYLE_DIM, "%d run file%s%s%s",
        launch->files.count, launch->files.count == 1 ? "" : "s", launch->files.cut ? " (there are more)" : "", runs);
}

static void
draw_preview(const struct launch *launch, struct canvas *canvas, struct rect rect)
{
    const struct run_file *file = file_at(launch, launch->entry);
    const struct view_run *run = run_at(launch, launch->entry);
    run_preview_draw(canvas, rect, &(struct run_preview){
        .path = launch->preview_path, .directory = launch->preview_directory, .unreadable = file ? file->fault : NULL,
        .run = run, .ini = launch->preview, .fault = launch->fault.code ? &launch->fault : NULL,
        .points = launch_count_text(launch),
        .expected = *launch->expected ? launch->expected : NULL });
}

void
launch_list_draw(struct launch *launch, struct canvas *canvas, struct rect rect)
{
    if (rect.height >= 4) {
        draw_head(launch, canvas, rect);
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
    draw_entries(launch, canvas, list);
    if (launch->entry >= 0)
        draw_preview(launch, canvas, preview);
}

/* Keys. */

static void
filter_key(struct launch *launch, uint32_t key)
{
    switch (key) {
    case KEY_CODE_ESCAPE:
        line_set(&launch->filter, "");
        launch->filtering = false;
        apply_filter(launch, -1);
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
            apply_filter(launch, -1);
    }
}

enum dialog_result
launch_list_key(struct launch *launch, uint32_t key)
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
        launch_push_help(launch, "launch");
        return DIALOG_OPEN;
    case KEY_CODE_TAB:
    case KEY_CODE_BACKTAB:
        switch_kind(launch);
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
