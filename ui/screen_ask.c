/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What views ask for beyond the status: the detail of the run that is looked at, and
 * the processes while they are.
 */
#include <stdlib.h>
#include <string.h>

#include "ui/screen_act.h"

enum {
    DETAIL_SECONDS = 1, /* at least, between two readings of a run's detail */
    MAP_HIDDEN_SECONDS = 10,
    MAP_COLUMNS = 60, MAP_ROWS = 20, /* before its place is known */
};

static void
take_top(struct detail *detail, const struct call *call, const json_t *result)
{
    if (strcmp(call->by, detail->by) || call->reverse != detail->reverse)
        return;
    str_copy(detail->trials_by, sizeof detail->trials_by, call->by);
    detail->trials_reverse = call->reverse;
    detail_apply_top(detail, result);
}

/* There is no such metric: that which is shown stays. */
static void
refuse_top(struct screen *screen, const struct call *call, const struct diag *diag)
{
    struct detail *detail = &screen->scene.detail;
    if (!strcmp(call->by, detail->by))
        str_copy(detail->by, sizeof detail->by, detail->trials_by);
    screen_tell(screen, STYLE_ERROR, diag->text);
}

/* Who has scrolled back stays where he is. */
static void
take_log(struct screen *screen, const json_t *result)
{
    struct panel_list *list = &screen->scene.list[PANEL_LOG];
    int shown = detail_apply_logs(&screen->scene.detail, result);
    if (list->top > 0)
        list->top += shown;
}

static void
end_map(struct screen *screen)
{
    screen->map_asked = false;
    screen->map_seconds = screen->scene.view.time - screen->map_time;
}

void
screen_take_detail(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    struct detail *detail = &screen->scene.detail;
    if (call->kind == CALL_WORKERS)
        screen->workers_asked = false;
    else if (call->kind == CALL_MAP)
        end_map(screen);
    else
        screen->detail_calls--;
    if (call->run != detail->run.run)
        return;
    if (!result && call->kind == CALL_TOP && diag->code == ERR_NOT_FOUND)
        refuse_top(screen, call, diag);
    if (!result)
        return;
    if (call->kind == CALL_TOP) {
        take_top(detail, call, result);
        screen_ask_map(screen);
    } else if (call->kind == CALL_MAP) {
        detail_apply_map(detail, result);
        screen_ask_map(screen); /* if the keys have gone on meanwhile */
    }
    if (call->kind == CALL_CURVE)
        detail_apply_curve(detail, result);
    else if (call->kind == CALL_FAILURES)
        detail_apply_failures(detail, result);
    else if (call->kind == CALL_WORKERS)
        detail_apply_workers(detail, result);
    else if (call->kind == CALL_LOGS && call->tag == detail->log_round)
        take_log(screen, result);
}

/* Processes are asked for while they are looked at, one answer at a time. */
void
screen_ask_processes(struct screen *screen)
{
    struct process_list *list = &screen->scene.processes;
    if (screen->scene.kind != SCENE_PROCESSES || screen->processes_asked || screen->scene.past.on)
        return;
    json_t *params = json_object();
    json_object_set_new(params, "since", json_integer(list->more ? list->since : list->take));
    if (list->more)
        json_object_set_new(params, "after", json_integer(list->more));
    else
        list->since = list->take;
    screen->processes_asked = true;
    screen_call(screen, CALL_PROCESSES, "processes", params);
}

void
screen_ask_figures(struct screen *screen)
{
    struct scene *scene = &screen->scene;
    const struct panel_list *seen = &scene->list[PANEL_PROCESSES];
    if (scene->kind != SCENE_PROCESSES || screen->figures_asked || scene->past.on)
        return;
    json_t *params = process_list_ask(&scene->processes, &scene->process_table, seen->top, seen->body.height);
    if (!params)
        return;
    screen->figures_asked = true;
    screen_call(screen, CALL_FIGURES, "process.figures", params);
}

/* The detail of the run that is looked at. */

json_t *
screen_run_params(int64_t run)
{
    json_t *params = json_object();
    json_object_set_new(params, "run", json_integer(run));
    return params;
}

static json_t *
run_params_with(int64_t run, const char *key, int64_t value)
{
    json_t *params = screen_run_params(run);
    json_object_set_new(params, key, json_integer(value));
    return params;
}

/* What changes all the time while the run runs. */
static void
ask_workers(struct screen *screen)
{
    int64_t run = screen->scene.detail.run.run;
    if (screen->workers_asked)
        return;
    screen->workers_asked = true;
    screen_call(screen, CALL_WORKERS, "run.workers", run_params_with(run, "points", DETAIL_PAST_MAX))->run = run;
}

/* The trials that are asked for now; an answer to what was asked for before is dropped. */
void
screen_ask_top(struct screen *screen)
{
    struct detail *detail = &screen->scene.detail;
    json_t *params = run_params_with(detail->run.run, "count", DETAIL_TRIALS_MAX);
    json_object_set_new(params, "by", json_string(*detail->by ? detail->by : "score"));
    json_object_set_new(params, "reverse", json_boolean(detail->reverse));
    screen->detail_calls++;
    struct call *call = screen_call(screen, CALL_TOP, "run.top", params);
    call->run = detail->run.run;
    call->reverse = detail->reverse;
    str_copy(call->by, sizeof call->by, detail->by);
}

/* The newest lines that are not here yet. */
static void
ask_log(struct screen *screen)
{
    struct detail *detail = &screen->scene.detail;
    json_t *params = run_params_with(detail->run.run, "after", detail->last_line);
    json_object_set_new(params, "limit", json_integer(DETAIL_LINES_MAX));
    json_object_set_new(params, "newest", json_true());
    if (detail->log_trial)
        json_object_set_new(params, "trial", json_integer(detail->log_trial));
    struct call *call = screen_call(screen, CALL_LOGS, "run.logs", params);
    call->run = detail->run.run;
    call->tag = detail->log_round;
}

void
screen_ask_log(struct screen *screen, int64_t trial)
{
    if (screen->scene.detail.log_trial == trial)
        return;
    detail_restart_log(&screen->scene.detail, trial);
    screen->scene.list[PANEL_LOG].top = 0;
    screen->detail_calls++;
    ask_log(screen);
}

void
screen_ask_detail(struct screen *screen)
{
    struct detail *detail = &screen->scene.detail;
    int64_t run = detail->run.run;
    if (screen->scene.past.on)
        return;
    screen->detail_time = screen->scene.view.time;
    screen->detail_done = detail->run.done + detail->run.failed;
    screen->detail_state = detail->run.state;
    screen->detail_calls += 2;
    screen_ask_top(screen);
    screen_call(screen, CALL_CURVE, "run.curve", run_params_with(run, "points", DETAIL_CURVE_MAX))->run = run;
    ask_log(screen);
    if (detail->run.failed > 0) {
        screen->detail_calls++;
        screen_call(screen, CALL_FAILURES, "run.failures", run_params_with(run, "limit", DETAIL_FAILURES_MAX))->run = run;
    }
    ask_workers(screen);
}

/* How many cells there is room for; no more than that is seen of any. */
static void
map_size(const struct scene *scene, int *ret_columns, int *ret_rows)
{
    const struct rect *place = &scene->place[PANEL_MAP];
    int columns = place->height > 1 ? place->width - 4 : MAP_COLUMNS, rows = place->height > 1 ? place->height - 2 : MAP_ROWS;
    *ret_columns = columns < DETAIL_MAP_COLUMNS_MAX ? columns : DETAIL_MAP_COLUMNS_MAX;
    *ret_rows = rows < DETAIL_MAP_ROWS_MAX ? rows : DETAIL_MAP_ROWS_MAX;
}

/* Every trial is read for it: no more than a tenth of the time; out of sight, where only
 * what is around the best trial is shown, now and then. */
static bool
map_is_wanted(const struct screen *screen, const char *x, const char *y, int columns, int rows)
{
    const struct scene *scene = &screen->scene;
    const struct detail *detail = &scene->detail;
    double age = scene->view.time - screen->map_time;
    if (screen->map_asked || scene->kind != SCENE_RUN || scene->past.on)
        return false;
    if (screen->map_run != detail->run.run || strcmp(screen->map_x, x) || strcmp(screen->map_y, y))
        return true;
    bool seen = scene->place[PANEL_MAP].height > 1;
    bool changed = !detail->map.known || detail->run.done != screen->map_done || columns != screen->map_columns || rows != screen->map_rows;
    return changed && !(age >= 0 && age < (seen ? DETAIL_SECONDS : MAP_HIDDEN_SECONDS) + 9 * screen->map_seconds);
}

void
screen_ask_map(struct screen *screen)
{
    const struct scene *scene = &screen->scene;
    const struct detail *detail = &scene->detail;
    int columns, rows;
    if (detail->parameter_count < 2)
        return;
    int first = scene->parameter % detail->parameter_count;
    const char *x = detail->parameter[first], *y = detail->parameter[panel_second(detail, first, scene->second)];
    map_size(scene, &columns, &rows);
    if (columns < 1 || !map_is_wanted(screen, x, y, columns, rows))
        return;
    json_t *params = run_params_with(detail->run.run, "columns", columns);
    json_object_set_new(params, "rows", json_integer(rows));
    json_object_set_new(params, "x", json_string(x));
    json_object_set_new(params, "y", json_string(y));
    screen->map_asked = true;
    screen->map_run = detail->run.run;
    str_copy(screen->map_x, sizeof screen->map_x, x);
    str_copy(screen->map_y, sizeof screen->map_y, y);
    screen->map_columns = columns;
    screen->map_rows = rows;
    screen->map_time = scene->view.time;
    screen->map_done = detail->run.done;
    screen_call(screen, CALL_MAP, "run.map", params)->run = detail->run.run;
}

/* Reads the detail again when the run has got on, but not all the time. */
void
screen_refresh_detail(struct screen *screen)
{
    struct scene *scene = &screen->scene;
    if (scene->kind != SCENE_RUN)
        return;
    const struct view_run *run = view_find_run(&scene->view, scene->detail.run.run);
    if (run)
        scene->detail.run = *run;
    double age = scene->view.time - screen->detail_time;
    bool changed = scene->detail.run.done + scene->detail.run.failed != screen->detail_done ||
        scene->detail.run.state != screen->detail_state;
    if (changed && screen->detail_calls == 0 && !(age >= 0 && age < DETAIL_SECONDS))
        screen_ask_detail(screen);
    else if (scene->detail.run.state == RUN_RUNNING)
        ask_workers(screen);
    screen_ask_map(screen);
}
