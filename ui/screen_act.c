/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What keys, clicks and typed commands do; action.c says which does what.
 */
#include "ui/screen_act.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Views. */

void
screen_open_run(struct screen *screen, const struct view_run *run)
{
    detail_start(&screen->scene.detail, run);
    screen->map_run = 0;
    scene_show(&screen->scene, SCENE_RUN);
    for (int i = PANEL_RUN; i <= PANEL_LOG; i++)
        screen->scene.list[i].top = 0;
    screen_ask_detail(screen);
}

static void
ask_runs(struct screen *screen)
{
    if (screen->scene.past.on)
        return;
    json_t *params = json_object();
    json_object_set_new(params, "limit", json_integer(RUN_LIST_MAX));
    screen_call(screen, CALL_RUNS, "run.list", params);
}

void
screen_show(struct screen *screen, enum scene_kind kind)
{
    scene_show(&screen->scene, kind);
    screen_ask_view(screen);
}

void
screen_ask_view(struct screen *screen)
{
    if (screen->scene.kind == SCENE_RUNS)
        ask_runs(screen);
    if (screen->scene.kind == SCENE_PROCESSES)
        screen_ask_processes(screen);
    if (screen->scene.kind == SCENE_ALERTS)
        screen_ask_notices(screen);
    screen_ask_settings(screen);
    screen_update_tables(&screen->scene);
}

void
act_view(struct screen *screen, int by, const char *text)
{
    (void)text;
    screen_show(screen, (enum scene_kind)by);
}

/* A run by its number, else the one under the cursor, else the first. */
void
act_open(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    const struct view_run *run = scene_run(scene);
    (void)by;
    if (text && *text) {
        int64_t number = strtoll(text, NULL, 10);
        run = view_find_run(&scene->view, number);
        run = run ? run : run_list_find(&scene->runs, number);
    } else if (!run) { /* the process under the cursor is of none */
        run = view_find_run(&scene->view, scene->selected);
    }
    if (run)
        screen_open_run(screen, run);
    else
        screen_tell(screen, STYLE_ERROR, "there is no such run here");
}

void
act_back(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    if (screen->scene.part.on && screen->scene.kind == SCENE_OVERVIEW)
        screen->scene.part.on = false;
    else if (screen->scene.zoom != PANEL_NONE)
        screen->scene.zoom = PANEL_NONE;
    else if (screen->scene.past.on)
        act_now(screen, 0, NULL);
    else if (screen->scene.kind == SCENE_HELP && screen->scene.helped != SCENE_RUN)
        screen_show(screen, screen->scene.helped);
    else if (screen->scene.kind == SCENE_HELP)
        screen_open_run(screen, &screen->scene.detail.run);
    else
        screen_show(screen, SCENE_OVERVIEW);
}

/* Of the view that it is asked for in. */
void
act_help(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    (void)by, (void)text;
    if (scene->kind != SCENE_HELP)
        scene->helped = scene->kind;
    help_list_fill(&scene->help, scene_context(scene->helped));
    table_filter(&scene->help_table, "");
    table_move(&scene->help_table, -INT_MAX / 2);
    screen_show(screen, SCENE_HELP);
}

/* Dialogs. */

void
act_clone(struct screen *screen, int by, const char *text)
{
    const struct view_run *run = scene_run(&screen->scene);
    (void)by, (void)text;
    screen_call(screen, CALL_CLONE, "run.show", screen_run_params(run->run));
}

void
act_launch(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    screen_push(screen, dialog_launch_new(screen->folders));
}

void
act_command(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    screen_push(screen, dialog_prompt_new(PROMPT_COMMAND, scene_context(screen->scene.kind), ""));
}

void
screen_command(struct screen *screen, const char *line)
{
    char name[32], message[96];
    size_t len = strcspn(line, " ");
    const char *text = line + len + strspn(line + len, " ");
    snprintf(name, sizeof name, "%.*s", (int)len, line);
    if (!*name)
        return;
    enum action action = action_find(name);
    if (action == ACTION_NONE)
        snprintf(message, sizeof message, "there is no command \"%s\"", name);
    else if (*text && !action_info(action)->argument)
        snprintf(message, sizeof message, "%s takes nothing behind it", action_info(action)->name);
    else if (!scene_can(&screen->scene, action) && !(screen->scene.past.on && action_info(action)->changes))
        snprintf(message, sizeof message, "%s would do nothing here", action_info(action)->name);
    else {
        screen_act(screen, action, text);
        return;
    }
    screen_tell(screen, STYLE_ERROR, message);
}

/* Runs. */

static void
call_run(struct screen *screen, int64_t run, const char *method, json_t *params, const char *done)
{
    struct call *call = screen_call(screen, CALL_RUN, method, params);
    call->run = run;
    str_copy(call->done, sizeof call->done, done);
}

static void
call_targets(struct screen *screen, enum action action, const char *method, const char *done)
{
    const struct view_run *run[SCENE_TARGETS_MAX];
    int count = scene_targets(&screen->scene, action, run, SCENE_TARGETS_MAX);
    for (int i = 0; i < count; i++)
        call_run(screen, run[i]->run, method, screen_run_params(run[i]->run), done);
}

void
act_cancel(struct screen *screen, int by, const char *text)
{
    const struct view_run *run[SCENE_TARGETS_MAX];
    int count = scene_targets(&screen->scene, ACTION_CANCEL, run, SCENE_TARGETS_MAX);
    char question[256], done[48];
    (void)by, (void)text;
    panel_progress_text(run[0]->done, run[0]->total, 40, done, sizeof done);
    if (count == 1)
        snprintf(question, sizeof question, "Cancel run %lld (%s)? Trials done: %s. They stay stored; "
            "what is running now is ended.", (long long)run[0]->run, run[0]->name, done);
    else
        snprintf(question, sizeof question, "Cancel the %d marked runs that are not at their end, run "
            "%lld (%s) first? Trials that are done stay stored; what is running now is ended.", count,
            (long long)run[0]->run, run[0]->name);
    json_t *params = json_array();
    for (int i = 0; i < count; i++)
        json_array_append_new(params, screen_run_params(run[i]->run));
    screen_push(screen, dialog_confirm_new(count == 1 ? "Cancel a run" : "Cancel runs", question,
        count == 1 ? "cancel the run" : "cancel them all", "run.cancel", params));
}

void
act_pause(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    call_targets(screen, ACTION_PAUSE, "run.pause", "paused");
}

void
act_resume(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    call_targets(screen, ACTION_RESUME, "run.resume", "resumed");
}

void
act_retry(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    call_targets(screen, ACTION_RETRY, "run.retry", "its failed trials are done again");
}

/* Changes a run's file as `optop set` does. */
static void
set_run(struct screen *screen, int64_t run, const char *key, const char *value, const char *done)
{
    char assignment[96];
    json_t *params = screen_run_params(run), *set = json_array();
    snprintf(assignment, sizeof assignment, "%s=%s", key, value);
    json_array_append_new(set, json_string(assignment));
    json_object_set_new(params, "set", set);
    call_run(screen, run, "run.set", params, done);
}

void
act_workers(struct screen *screen, int by, const char *text)
{
    const struct view_run *run[SCENE_TARGETS_MAX];
    int count = scene_targets(&screen->scene, by > 0 ? ACTION_MORE_WORKERS : ACTION_FEWER_WORKERS, run,
        SCENE_TARGETS_MAX);
    char value[32], done[48];
    (void)text;
    for (int i = 0; i < count; i++) {
        scene_workers_text(run[i], by, value, sizeof value);
        snprintf(done, sizeof done, "%s worker%s", value, str_equal(value, "1") ? "" : "s");
        set_run(screen, run[i]->run, "parallel.workers", value, done);
    }
}

void
act_priority(struct screen *screen, int by, const char *text)
{
    const struct view_run *run[SCENE_TARGETS_MAX];
    int count = scene_targets(&screen->scene, ACTION_SOONER, run, SCENE_TARGETS_MAX);
    char value[24], done[48];
    (void)text;
    for (int i = 0; i < count; i++) {
        snprintf(value, sizeof value, "%d", (isfinite(run[i]->priority) ? (int)run[i]->priority : 0) + by);
        snprintf(done, sizeof done, "priority %s", value);
        set_run(screen, run[i]->run, "run.priority", value, done);
    }
}

void
act_parameter(struct screen *screen, int by, const char *text)
{
    (void)text;
    screen->scene.parameter += by;
    screen_ask_map(screen);
}

void
act_second_parameter(struct screen *screen, int by, const char *text)
{
    (void)text;
    screen->scene.second += by;
    screen_ask_map(screen);
}

/* By the next metric, or by one that is named ("score", too). */
void
act_metric(struct screen *screen, int by, const char *text)
{
    struct detail *detail = &screen->scene.detail;
    (void)by;
    if (text && *text)
        str_copy(detail->by, sizeof detail->by, strcmp(text, "score") ? text : "");
    else
        detail_next_metric(detail);
    screen->scene.list[PANEL_TOP].top = 0;
    screen_ask_top(screen);
}

void
act_worst(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    screen->scene.detail.reverse = !screen->scene.detail.reverse;
    screen->scene.list[PANEL_TOP].top = 0;
    screen_ask_top(screen);
}

/* Tables. */

static struct table *
focused_table(struct screen *screen)
{
    return scene_table(&screen->scene, screen->scene.focus);
}

void
act_mark(struct screen *screen, int by, const char *text)
{
    struct table *table = focused_table(screen);
    (void)by, (void)text;
    table_mark(table);
    table_move(table, 1);
}

void
act_unmark(struct screen *screen, int by, const char *text)
{
    struct table *table = focused_table(screen);
    (void)by, (void)text;
    if (table)
        table_unmark(table);
}

void
act_sort(struct screen *screen, int by, const char *text)
{
    struct table *table = focused_table(screen);
    char message[128];
    (void)by;
    if (!text || !*text) {
        table_next_sort(table);
    } else if (!table_sort_by(table, text)) {
        snprintf(message, sizeof message, "there is no column \"%.60s\"", text);
        screen_tell(screen, STYLE_ERROR, message);
    }
}

void
act_reverse(struct screen *screen, int by, const char *text)
{
    struct table *table = focused_table(screen);
    (void)by, (void)text;
    table->reverse = !table->reverse;
    table_update(table);
}

void
act_filter(struct screen *screen, int by, const char *text)
{
    struct table *table = focused_table(screen);
    (void)by;
    if (screen->scene.kind == SCENE_RUN)
        screen_log_prompt(screen, PROMPT_FILTER, text);
    else if (text)
        table_filter(table, text);
    else
        screen_push(screen, dialog_prompt_new(PROMPT_FILTER, "", table->filter));
}

void
act_search(struct screen *screen, int by, const char *text)
{
    (void)by;
    if (screen->scene.kind == SCENE_RUN) {
        screen_log_prompt(screen, PROMPT_SEARCH, text);
        return;
    }
    focused_table(screen)->from = focused_table(screen)->cursor;
    if (text)
        screen_typed(screen, PROMPT_SEARCH, text, true);
    else
        screen_push(screen, dialog_prompt_new(PROMPT_SEARCH, "", ""));
}

void
screen_typed(struct screen *screen, enum prompt_kind kind, const char *text, bool done)
{
    struct table *table = focused_table(screen);
    char message[128];
    if (screen->scene.kind == SCENE_RUN)
        screen_log_typed(screen, kind, text, done);
    if (!table)
        return;
    if (kind == PROMPT_FILTER) {
        table_filter(table, text);
        return;
    }
    table_go(table, table->from); /* each letter more is a search from there */
    str_copy(table->search, sizeof table->search, text);
    if (table_search(table, 0) || !done || !*text)
        return;
    snprintf(message, sizeof message, "no row has \"%.60s\" in it", text);
    screen_tell(screen, STYLE_ERROR, message);
}

void
act_match(struct screen *screen, int by, const char *text)
{
    struct table *table = focused_table(screen);
    (void)text;
    if (screen->scene.kind == SCENE_RUN)
        screen_log_match(screen, by);
    else if (table)
        table_search(table, by);
}

/* Moving. */

static void
move_selection(struct scene *scene, int by)
{
    const struct view *view = &scene->view;
    int64_t at = 0;
    for (int i = 0; i < view->run_count; i++)
        if (view->run[i].run == scene->selected)
            at = i;
    at = at + by < 0 ? 0 : at + by >= view->run_count ? view->run_count - 1 : at + by;
    if (at >= 0)
        scene->selected = view->run[at].run;
}

/* The cursor of a table or of the runs, or the part of a list that is seen. */
void
screen_move(struct scene *scene, enum panel_id id, int by)
{
    struct panel_list *list = &scene->list[id];
    struct table *table = scene_table(scene, id);
    if (table) {
        table_move(table, by);
        return;
    }
    if (id == PANEL_RUNS) {
        move_selection(scene, by);
        return;
    }
    int64_t top = (int64_t)list->top + (list->from_end ? -by : by);
    top = top > list->count - list->page ? list->count - list->page : top;
    list->top = top < 0 ? 0 : (int)top;
}

void
act_move(struct screen *screen, int by, const char *text)
{
    (void)text;
    screen_move(&screen->scene, screen->scene.focus, by);
}

/* Where there is no list to go to the end of, the end is that of time: now. */
void
act_last(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    const struct panel_list *list = &scene->list[scene->focus];
    bool listed = scene_table(scene, scene->focus) || scene->focus == PANEL_RUNS || list->count > list->page;
    if (scene->past.on && !listed)
        act_now(screen, by, text);
    else
        screen_move(scene, scene->focus, INT_MAX / 2);
}

void
act_page(struct screen *screen, int by, const char *text)
{
    int page = screen->scene.list[screen->scene.focus].page - 1;
    (void)text;
    screen_move(&screen->scene, screen->scene.focus, by * (page < 1 ? 1 : page));
}

void
act_focus(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    (void)text;
    scene->focus = scene_next_panel(scene, by);
    if (scene->zoom != PANEL_NONE)
        scene->zoom = scene->focus;
}

void
act_zoom(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    (void)by, (void)text;
    scene->zoom = scene->zoom == PANEL_NONE ? scene->focus : PANEL_NONE;
}

/* The rest. */

/* On going on after a hold, what was missed is asked for. */
void
act_hold(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    screen->scene.held = !screen->scene.held;
    if (!screen->scene.held)
        screen_ask_all(screen);
}

void
act_theme(struct screen *screen, int by, const char *text)
{
    char name[THEME_NAME_MAX], message[96];
    struct diag diag = { 0 };
    (void)by;
    if (!screen->host->theme)
        return;
    if (screen->host->theme(screen->host->context, text && *text ? text : NULL, name, &diag) < 0) {
        screen_fault(screen, &diag);
        return;
    }
    snprintf(message, sizeof message, "theme %s; to keep it: theme in [screen] of the settings (7)", name);
    screen_tell(screen, STYLE_TEXT, message);
}

void
act_redraw(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    if (screen->host->redraw)
        screen->host->redraw(screen->host->context);
}

void
act_quit(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    screen->host->quit(screen->host->context);
}

void
screen_act(struct screen *screen, enum action action, const char *text)
{
    if (action != ACTION_NONE && screen->scene.past.on && action_info(action)->changes)
        screen_tell(screen, STYLE_ERROR, "this is an earlier time: nothing can be changed in it (Esc goes back to now)");
    else if (action != ACTION_NONE && scene_can(&screen->scene, action))
        action_info(action)->act(screen, action_info(action)->by, text);
}
