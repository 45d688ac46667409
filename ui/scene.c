/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/scene_bands.h"
#include "ui/scene_lines.h"

void
scene_init(struct scene *scene)
{
    view_init(&scene->view);
    table_init(&scene->run_table, &run_list_class, &scene->runs);
    table_init(&scene->process_table, &process_list_class, &scene->processes);
    scene->process_table.hidden = process_list_dear();
    table_sort_by(&scene->process_table, "cpu");
    scene->figures.view = &scene->view;
    table_init(&scene->figure_table, &figure_list_class, &scene->figures);
    table_init(&scene->alert_table, &alert_class, &scene->view);
    table_init(&scene->notice_table, &notice_class, &scene->notices);
    table_init(&scene->webhook_table, &webhook_class, &scene->webhooks);
    settings_init(&scene->settings, &scene->view);
    table_init(&scene->setting_table, &setting_class, &scene->settings);
    scene->setting_table.tree = true;
    table_init(&scene->help_table, &help_class, &scene->help);
    scene_show(scene, SCENE_OVERVIEW);
}

void
scene_release(struct scene *scene)
{
    view_release(&scene->view);
    table_release(&scene->run_table);
    run_list_release(&scene->runs);
    table_release(&scene->process_table);
    process_list_release(&scene->processes);
    table_release(&scene->figure_table);
    figure_list_release(&scene->figures);
    table_release(&scene->alert_table);
    table_release(&scene->notice_table);
    notice_list_release(&scene->notices);
    table_release(&scene->webhook_table);
    table_release(&scene->setting_table);
    settings_release(&scene->settings);
    table_release(&scene->help_table);
    help_list_release(&scene->help);
}

struct table *
scene_table(struct scene *scene, enum panel_id id)
{
    switch (id) {
    case PANEL_RUN_TABLE:
        return &scene->run_table;
    case PANEL_PROCESSES:
        return &scene->process_table;
    case PANEL_FIGURES:
        return &scene->figure_table;
    case PANEL_ALERT_TABLE:
        return &scene->alert_table;
    case PANEL_NOTICES:
        return &scene->notice_table;
    case PANEL_WEBHOOKS:
        return &scene->webhook_table;
    case PANEL_SETTINGS:
        return &scene->setting_table;
    case PANEL_HELP:
        return &scene->help_table;
    default:
        return NULL;
    }
}

struct panel_context
scene_context_of(struct scene *scene, enum panel_id id)
{
    return (struct panel_context){
        .view = &scene->view,
        .part = &scene->part,
        .detail = &scene->detail,
        .selected = scene->selected,
        .focused = scene->focus == id,
        .list = &scene->list[id],
        .table = scene_table(scene, id),
        .beside = id == PANEL_FIGURE_HISTORY ? &scene->figure_table
            : id == PANEL_SETTING ? &scene->setting_table : NULL,
        .settings = &scene->settings,
        .parameter = scene->parameter,
        .second = scene->second,
    };
}

const struct view_run *
scene_run(const struct scene *scene)
{
    if (scene->kind == SCENE_RUN)
        return scene->detail.run.run ? &scene->detail.run : NULL;
    if (scene->kind == SCENE_PROCESSES) {
        const struct process_row *process = process_list_find(&scene->processes, scene->process_table.cursor);
        return process && process->run ? view_find_run(&scene->view, process->run) : NULL;
    }
    if (scene->kind == SCENE_RUNS)
        return run_list_find(&scene->runs, (int64_t)scene->run_table.cursor);
    return view_find_run(&scene->view, scene->selected);
}

/* Processes, where each has several threads; of `auto` what it has now. */
static int
wanted_workers(const struct view_run *run)
{
    int wanted = (int)strtol(run->workers_wanted, NULL, 10);
    return wanted > 0 ? wanted : run->workers_target >= 1 ? (int)run->workers_target : 1;
}

void
scene_workers_text(const struct view_run *run, int more, char *buf, size_t size)
{
    const char *threads = strchr(run->workers_wanted, 'x');
    snprintf(buf, size, "%d%s", wanted_workers(run) + more, threads ? threads : "");
}

/* Would an action do something to a run? */
static bool
run_can(const struct view_run *run, enum action action)
{
    bool alive = !run_state_ended(run->state) && !run->cancelling;
    switch (action) {
    case ACTION_PAUSE:
        return alive && run->state != RUN_PAUSED;
    case ACTION_FEWER_WORKERS:
        return alive && wanted_workers(run) > 1;
    case ACTION_RETRY:
        return run->failed > 0 && !run->cancelling;
    case ACTION_RESUME:
        return run->resumable && !run->cancelling;
    default:
        return alive;
    }
}

int
scene_targets(const struct scene *scene, enum action action, const struct view_run **ret_run,
    int most)
{
    const struct table *table = &scene->run_table;
    int count = 0;
    if (scene->kind != SCENE_RUNS || !table->mark_count) {
        const struct view_run *run = scene_run(scene);
        ret_run[0] = run;
        return run && run_can(run, action);
    }
    for (int i = 0; i < table->mark_count && count < most; i++) {
        const struct view_run *run = run_list_find(&scene->runs, (int64_t)table->mark[i]);
        if (run && run_can(run, action))
            ret_run[count++] = run;
    }
    return count;
}

int
scene_processes(const struct scene *scene, const struct process_row **ret_process, int most)
{
    const struct table *table = &scene->process_table;
    int count = 0;
    if (scene->kind != SCENE_PROCESSES || scene->past.on)
        return 0;
    if (!table->mark_count)
        count = (ret_process[0] = process_list_find(&scene->processes, table->cursor)) != NULL;
    for (int i = 0; i < table->mark_count && count < most; i++) {
        const struct process_row *process = process_list_find(&scene->processes, table->mark[i]);
        if (process)
            ret_process[count++] = process;
    }
    return count;
}

int64_t
scene_process_run(const struct scene *scene)
{
    const struct process_row *process =
        scene->kind == SCENE_PROCESSES ? process_list_find(&scene->processes, scene->process_table.cursor) : NULL;
    return process ? process->run : 0;
}

/* Are the processes of one run shown, and no others? */
static bool
is_of_run(const struct scene *scene)
{
    return scene->kind == SCENE_PROCESSES && !strncmp(scene->process_table.filter, "run ", 4);
}

bool
scene_can(const struct scene *scene, enum action action)
{
    const struct view_run *target[1];
    const struct process_row *process[1];
    if (scene->past.on && action_info(action)->changes)
        return false;
    switch (action) {
    case ACTION_FORTH:
    case ACTION_MUCH_FORTH:
    case ACTION_NOW:
        return scene->past.on;
    case ACTION_DETAILS:
    case ACTION_SIGNAL:
    case ACTION_RENICE:
    case ACTION_AFFINITY:
    case ACTION_IO_PRIORITY:
    case ACTION_FOLLOW:
        return scene_processes(scene, process, 1) > 0;
    case ACTION_EDIT:
    case ACTION_DEFAULT:
    case ACTION_SWITCH:
    case ACTION_ADD:
    case ACTION_EDITOR:
        return scene_setting_can(scene, action);
    case ACTION_METRIC:
    case ACTION_WORST:
        return scene->kind == SCENE_RUN && scene->detail.run.run && !scene->past.on;
    case ACTION_ACKNOWLEDGE:
    case ACTION_SILENCE:
    case ACTION_TEST:
    case ACTION_REPLAY:
        return scene_alert_can(scene, action);
    case ACTION_SECOND_PARAMETER:
        return scene->kind == SCENE_RUN && scene->detail.parameter_count > 2;
    case ACTION_PARAMETER:
        return scene->kind == SCENE_RUN && scene->detail.parameter_count > 1;
    case ACTION_OF_RUN:
        return scene_process_run(scene) > 0 || is_of_run(scene);
    case ACTION_SHORTER:
    case ACTION_LONGER:
        return scene->kind == SCENE_OVERVIEW;
    case ACTION_LAYOUT:
    case ACTION_HIDE:
    case ACTION_UNHIDE:
    case ACTION_PANEL_UP:
    case ACTION_PANEL_DOWN:
    case ACTION_PANEL_BESIDE:
    case ACTION_SAVE_LAYOUT:
        return scene->kind == SCENE_OVERVIEW && scene->zoom == PANEL_NONE;
    case ACTION_TREE:
    case ACTION_COLUMNS:
        return scene->kind == SCENE_PROCESSES;
    case ACTION_OPEN:
        return scene_run(scene) && scene->kind != SCENE_RUN;
    case ACTION_CLONE:
        return scene_run(scene) != NULL;
    case ACTION_RUN:
        return scene->kind != SCENE_RUN;
    case ACTION_CANCEL:
    case ACTION_PAUSE:
    case ACTION_RESUME:
    case ACTION_RETRY:
    case ACTION_MORE_WORKERS:
    case ACTION_FEWER_WORKERS:
    case ACTION_SOONER:
    case ACTION_LATER:
        return scene_targets(scene, action, target, 1) > 0;
    case ACTION_FILTER:
    case ACTION_SEARCH:
        if (scene->kind == SCENE_RUN) /* in its log */
            return !scene->past.on;
        /* fall through */
    case ACTION_MARK:
    case ACTION_SORT:
    case ACTION_REVERSE:
        return scene_table((struct scene *)(uintptr_t)scene, scene->focus) != NULL;
    default:
        return true;
    }
}

enum action
scene_spot_at(const struct scene *scene, int x, int y)
{
    for (int i = 0; i < scene->spot_count; i++) {
        struct rect rect = scene->spot[i].rect;
        if (y == rect.y && x >= rect.x && x < rect.x + rect.width)
            return scene->spot[i].action;
    }
    return ACTION_NONE;
}

void
scene_draw(struct scene *scene, struct canvas *canvas)
{
    if (canvas->rows < 1 || canvas->columns < 1)
        return;
    scene->spot_count = 0;
    scene_draw_header(scene, canvas);
    int top = 1 + scene_draw_views(scene, canvas, 1);
    top += scene_draw_banner(scene, canvas, top);
    int bottom = scene_draw_last_line(scene, canvas);
    scene_draw_panels(scene, canvas,
        (struct rect){ 0, top, canvas->columns, canvas->rows - top - bottom });
}
