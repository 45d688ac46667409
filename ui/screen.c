/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/screen.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "ui/dialog.h"

enum {
    MESSAGE_SECONDS = 6,
    DETAIL_SECONDS = 1, /* at least, between two readings of a run's detail */
    FAILURES_MAX = 64, /* told at once: a dialog that asks again and again must not hang us */
    TOP_COUNT = DETAIL_TRIALS_MAX,
};

enum call_kind { CALL_STATUS, CALL_WATCH, CALL_HISTORY, CALL_TOP, CALL_CURVE, CALL_LOGS, CALL_RUN,
    CALL_DIALOG };

/* A request under way. */
struct call {
    struct call *next;
    struct screen *screen;
    enum call_kind kind;
    struct dialog *dialog; /* NULL when it has been closed meanwhile */
    int tag; /* the dialog's; or the series */
    int64_t run;
    char done[48]; /* what to tell when a run has taken it */
    bool failed; /* could not be sent: answered when the present entry ends */
};

struct screen {
    struct scene scene;
    const struct screen_host *host;
    const char *folders;
    struct dialog *dialogs; /* the top one */
    struct dialog_host dialog_host;
    struct call *calls;
    double message_until; /* view time; NaN: until the next status */
    uint64_t ready_ticks; /* ticks when the connection began */
    bool dirty;
    double detail_time, detail_done; /* when and at what count it was read last */
    enum run_state detail_state;
    int detail_calls; /* under way */
};

static void settle(struct screen *screen);

/* Messages. */

static void
tell(struct screen *screen, enum style style, const char *text)
{
    text_clean(text, screen->scene.message, sizeof screen->scene.message);
    screen->scene.message_style = style;
    screen->message_until = screen->scene.view.time + MESSAGE_SECONDS;
    screen->dirty = true;
}

static void
expire_message(struct screen *screen)
{
    double now = screen->scene.view.time;
    /* a clock that was set back must not keep it for ever */
    if (!(now < screen->message_until) || now < screen->message_until - 2 * MESSAGE_SECONDS)
        screen->scene.message[0] = '\0';
}

/* Dialogs. */

static void
push_dialog(void *context, struct dialog *dialog)
{
    struct screen *screen = context;
    if (!dialog)
        return;
    dialog->host = &screen->dialog_host;
    dialog->below = screen->dialogs;
    screen->dialogs = dialog;
    screen->dirty = true;
}

/* A dialog may have put another one on top before it closes. */
static void
close_dialog(struct screen *screen, struct dialog *dialog)
{
    struct dialog **link = &screen->dialogs;
    while (*link && *link != dialog)
        link = &(*link)->below;
    if (!*link)
        return;
    *link = dialog->below;
    for (struct call *call = screen->calls; call; call = call->next)
        if (call->dialog == dialog)
            call->dialog = NULL;
    dialog->class->free(dialog);
    screen->dirty = true;
}

static void
dialog_tell_screen(void *context, enum style style, const char *text)
{
    tell(context, style, text);
}

/* Requests. */

static void
unlink_call(struct screen *screen, struct call *call)
{
    struct call **link = &screen->calls;
    while (*link && *link != call)
        link = &(*link)->next;
    if (*link)
        *link = call->next;
}

static void
take_detail(struct screen *screen, const struct call *call, const json_t *result)
{
    struct detail *detail = &screen->scene.detail;
    screen->detail_calls--;
    if (!result || call->run != detail->run.run)
        return;
    if (call->kind == CALL_TOP)
        detail_apply_top(detail, result);
    else if (call->kind == CALL_CURVE)
        detail_apply_curve(detail, result);
    else
        detail_apply_logs(detail, result);
}

static void
take_run_answer(struct screen *screen, const struct call *call, const json_t *result,
    const struct diag *diag)
{
    char text[DIAG_TEXT_MAX + 64];
    if (result) {
        struct view_run run;
        view_apply_run(&screen->scene.view, result);
        if (screen->scene.detail.run.run == call->run && view_parse_run(result, &run))
            screen->scene.detail.run = run; /* what the next key goes on from */
        snprintf(text, sizeof text, "run %lld: %s", (long long)call->run, call->done);
        tell(screen, STYLE_GOOD, text);
        return;
    }
    snprintf(text, sizeof text, "run %lld: %s", (long long)call->run, diag->text);
    tell(screen, STYLE_ERROR, text);
}

static void take_status(struct screen *screen, const json_t *status);

static void
finish_call(struct call *call, const json_t *result, const struct diag *diag)
{
    struct screen *screen = call->screen;
    unlink_call(screen, call);
    switch (call->kind) {
    case CALL_STATUS:
        if (result)
            take_status(screen, result);
        break;
    case CALL_WATCH:
        if (!result)
            tell(screen, STYLE_ERROR, diag->text);
        break;
    case CALL_HISTORY:
        if (result)
            view_apply_history(&screen->scene.view, call->tag, result);
        break;
    case CALL_TOP:
    case CALL_CURVE:
    case CALL_LOGS:
        take_detail(screen, call, result);
        break;
    case CALL_RUN:
        take_run_answer(screen, call, result, diag);
        break;
    case CALL_DIALOG:
        if (call->dialog && call->dialog->class->answer &&
            call->dialog->class->answer(call->dialog, call->tag, result, diag) == DIALOG_CLOSED)
            close_dialog(screen, call->dialog);
        break;
    }
    screen->dirty = true;
    free(call);
}

static void
on_answer(void *context, const json_t *result, const struct diag *diag)
{
    struct call *call = context;
    struct screen *screen = call->screen;
    struct diag none = { .text = "no answer" };
    finish_call(call, result, diag ? diag : &none);
    settle(screen);
}

static struct call *
send_call(struct screen *screen, enum call_kind kind, const char *method, json_t *params)
{
    struct call *call = XNEW(struct call);
    call->screen = screen;
    call->kind = kind;
    call->next = screen->calls;
    screen->calls = call;
    if (screen->scene.view.connected) {
        call->failed = screen->host->request(screen->host->context, method, params, on_answer, call) < 0;
    } else {
        json_decref(params);
        call->failed = true;
    }
    return call;
}

/* Answers calls that could not be sent. Done when an entry ends and not where
 * they were made: a dialog must not get its answer while it asks. */
static void
settle(struct screen *screen)
{
    struct diag diag = { .code = ERR_CLOSED, .text = "the server is not there" };
    int left = FAILURES_MAX;
    for (struct call *call = screen->calls; call && left;) {
        if (!call->failed) {
            call = call->next;
            continue;
        }
        left--;
        finish_call(call, NULL, &diag);
        call = screen->calls; /* the list may have changed */
    }
}

static void
dialog_call_screen(void *context, struct dialog *dialog, const char *method, json_t *params, int tag)
{
    struct call *call = send_call(context, CALL_DIALOG, method, params);
    call->dialog = dialog;
    call->tag = tag;
}

/* The detail of the run that is looked at. */

static json_t *
run_params(int64_t run)
{
    json_t *params = json_object();
    json_object_set_new(params, "run", json_integer(run));
    return params;
}

static json_t *
run_params_with(int64_t run, const char *key, int64_t value)
{
    json_t *params = run_params(run);
    json_object_set_new(params, key, json_integer(value));
    return params;
}

static void
ask_detail(struct screen *screen)
{
    struct detail *detail = &screen->scene.detail;
    int64_t run = detail->run.run;
    screen->detail_time = screen->scene.view.time;
    screen->detail_done = detail->run.done + detail->run.failed;
    screen->detail_state = detail->run.state;
    screen->detail_calls += 3;
    send_call(screen, CALL_TOP, "run.top", run_params_with(run, "count", TOP_COUNT))->run = run;
    send_call(screen, CALL_CURVE, "run.curve", run_params_with(run, "points", DETAIL_CURVE_MAX))->run = run;
    json_t *logs = run_params_with(run, "after", detail->last_line);
    json_object_set_new(logs, "limit", json_integer(DETAIL_LINES_MAX));
    send_call(screen, CALL_LOGS, "run.logs", logs)->run = run;
}

/* Reads the detail again when the run has got on, but not all the time. */
static void
refresh_detail(struct screen *screen)
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
        ask_detail(screen);
}

static void
open_run(struct screen *screen)
{
    const struct view_run *run = scene_run(&screen->scene);
    if (!run || screen->scene.kind == SCENE_RUN)
        return;
    detail_start(&screen->scene.detail, run);
    screen->scene.kind = SCENE_RUN;
    screen->scene.zoom = PANEL_NONE;
    screen->scene.focus = PANEL_TOP;
    for (int i = PANEL_RUN; i <= PANEL_LOG; i++)
        screen->scene.list[i].top = 0;
    ask_detail(screen);
}

static void
show_overview(struct screen *screen)
{
    screen->scene.kind = SCENE_OVERVIEW;
    screen->scene.zoom = PANEL_NONE;
    screen->scene.focus = PANEL_RUNS;
}

/* What the server says. */

/* The cursor stays on its run; when that has gone, it goes to the first. */
static void
keep_selection(struct scene *scene)
{
    if (!view_find_run(&scene->view, scene->selected))
        scene->selected = scene->view.run_count ? scene->view.run[0].run : 0;
}

static void
take_status(struct screen *screen, const json_t *status)
{
    view_apply_status(&screen->scene.view, status);
    keep_selection(&screen->scene);
    expire_message(screen);
    refresh_detail(screen);
    screen->dirty = true;
}

/* Progress alone waits for the next tick to be drawn. */
static void
take_run(struct screen *screen, const json_t *object)
{
    struct scene *scene = &screen->scene;
    const struct view_run *before = view_find_run(&scene->view, json_get_int(object, "run", 0));
    enum run_state state = before ? before->state : RUN_STATE_COUNT;
    bool cancelling = before && before->cancelling;
    view_apply_run(&scene->view, object);
    const struct view_run *after = view_find_run(&scene->view, json_get_int(object, "run", 0));
    if (!after || (after->state == state && after->cancelling == cancelling))
        return;
    keep_selection(scene);
    refresh_detail(screen);
    screen->dirty = true;
}

static void
take_notice(struct screen *screen, const json_t *notice)
{
    const char *type = json_get_string(notice, "type", "");
    enum style style = str_ends(type, "critical") || str_ends(type, "failed") ? STYLE_CRITICAL
        : str_ends(type, "warning") ? STYLE_WARNING
        : str_ends(type, "resolved") || str_ends(type, "finished") ? STYLE_GOOD : STYLE_TEXT;
    tell(screen, style, json_get_string(notice, "text", type));
}

void
screen_notification(struct screen *screen, const char *method, const json_t *params)
{
    if (!strcmp(method, "alert"))
        take_notice(screen, params);
    else if (screen->scene.held)
        return;
    else if (!strcmp(method, "tick"))
        take_status(screen, params);
    else if (!strcmp(method, "run"))
        take_run(screen, params);
    settle(screen);
}

static void
ask_histories(struct screen *screen)
{
    view_forget_series(&screen->scene.view);
    for (int i = 0; i < VIEW_SERIES_COUNT; i++) {
        json_t *params = json_object();
        json_object_set_new(params, "metric",
            json_string(metric_info(screen->scene.view.series[i].metric)->name));
        json_object_set_new(params, "tier", json_integer(0));
        json_object_set_new(params, "points", json_integer(VIEW_HISTORY));
        send_call(screen, CALL_HISTORY, "history", params)->tag = i;
    }
}

void
screen_connected(struct screen *screen)
{
    screen->scene.view.connected = true;
    screen->scene.view.banner[0] = '\0';
    screen->ready_ticks = screen->scene.view.ticks;
    ask_histories(screen); /* first: what is older than the first status */
    send_call(screen, CALL_STATUS, "status", NULL);
    json_t *params = json_object(), *topics = json_array();
    json_array_append_new(topics, json_string("tick"));
    json_array_append_new(topics, json_string("runs"));
    json_array_append_new(topics, json_string("alerts"));
    json_object_set_new(params, "topics", topics);
    send_call(screen, CALL_WATCH, "watch", params);
    if (screen->scene.kind == SCENE_RUN && screen->detail_calls == 0)
        ask_detail(screen);
    screen->dirty = true;
    settle(screen);
}

void
screen_disconnected(struct screen *screen, const char *text)
{
    screen->scene.view.connected = false;
    text_clean(text, screen->scene.view.banner, sizeof screen->scene.view.banner);
    for (struct call *call = screen->calls; call; call = call->next)
        call->failed = true;
    screen->dirty = true;
    settle(screen);
}

/* Keys. */

static void
move_selection(struct scene *scene, int by)
{
    const struct view *view = &scene->view;
    int at = 0;
    for (int i = 0; i < view->run_count; i++)
        if (view->run[i].run == scene->selected)
            at = i;
    at = at + by < 0 ? 0 : at + by >= view->run_count ? view->run_count - 1 : at + by;
    if (at >= 0)
        scene->selected = view->run[at].run;
}

/* Moves in the focused panel: the cursor of the runs, or the part of a list
 * that is seen. */
static void
move_in(struct scene *scene, enum panel_id id, int by)
{
    struct panel_list *list = &scene->list[id];
    if (id == PANEL_RUNS) {
        move_selection(scene, by);
        return;
    }
    list->top += list->from_end ? -by : by;
    if (list->top > list->count - list->page)
        list->top = list->count - list->page;
    if (list->top < 0)
        list->top = 0;
}

static int
page_of(const struct scene *scene)
{
    int page = scene->list[scene->focus].page - 1;
    return page < 1 ? 1 : page;
}

static void
confirm_cancel(struct screen *screen, const struct view_run *run)
{
    char text[256], done[48];
    panel_progress_text(run->done, run->total, 40, done, sizeof done);
    snprintf(text, sizeof text, "Cancel run %lld (%s)? Trials done: %s. They stay stored; what is "
        "running now is ended.", (long long)run->run, run->name, done);
    push_dialog(screen, dialog_confirm_new("Cancel a run", text, "cancel the run", "run.cancel",
        run_params(run->run)));
}

static void
call_run(struct screen *screen, const char *method, json_t *params, const char *done)
{
    const struct view_run *run = scene_run(&screen->scene);
    struct call *call = send_call(screen, CALL_RUN, method, params);
    call->run = run->run;
    str_copy(call->done, sizeof call->done, done);
}

/* Changes the run's file as `optop set` does. */
static void
set_run(struct screen *screen, const char *key, const char *value, const char *done)
{
    char assignment[96];
    json_t *params = run_params(scene_run(&screen->scene)->run), *set = json_array();
    snprintf(assignment, sizeof assignment, "%s=%s", key, value);
    json_array_append_new(set, json_string(assignment));
    json_object_set_new(params, "set", set);
    call_run(screen, "run.set", params, done);
}

static void
step_workers(struct screen *screen, int step)
{
    char value[32], done[48];
    scene_workers_text(scene_run(&screen->scene), step, value, sizeof value);
    snprintf(done, sizeof done, "%s worker%s", value, str_equal(value, "1") ? "" : "s");
    set_run(screen, "parallel.workers", value, done);
}

static void
step_priority(struct screen *screen, int step)
{
    const struct view_run *run = scene_run(&screen->scene);
    char value[24], done[48];
    snprintf(value, sizeof value, "%d", (isfinite(run->priority) ? (int)run->priority : 0) + step);
    snprintf(done, sizeof done, "priority %s", value);
    set_run(screen, "run.priority", value, done);
}

/* On going on after a hold, what was missed is asked for. */
static void
toggle_hold(struct screen *screen)
{
    screen->scene.held = !screen->scene.held;
    if (screen->scene.held)
        return;
    ask_histories(screen);
    send_call(screen, CALL_STATUS, "status", NULL);
}

static void
go_back(struct screen *screen)
{
    if (screen->scene.zoom != PANEL_NONE)
        screen->scene.zoom = PANEL_NONE;
    else
        show_overview(screen);
}

static void
step_focus(struct scene *scene, int step)
{
    scene->focus = scene_next_panel(scene, step);
    if (scene->zoom != PANEL_NONE)
        scene->zoom = scene->focus;
}

static void
act(struct screen *screen, enum action action)
{
    struct scene *scene = &screen->scene;
    if (!scene_can(scene, action))
        return;
    switch (action) {
    case ACTION_NONE:
        break;
    case ACTION_QUIT:
        screen->host->quit(screen->host->context);
        break;
    case ACTION_HELP:
        push_dialog(screen, dialog_help_new(scene_context(scene->kind)));
        break;
    case ACTION_LAUNCH:
        push_dialog(screen, dialog_launch_new(screen->folders));
        break;
    case ACTION_THRESHOLDS:
        push_dialog(screen, dialog_thresholds_new());
        break;
    case ACTION_OVERVIEW:
        show_overview(screen);
        break;
    case ACTION_OPEN:
        open_run(screen);
        break;
    case ACTION_BACK:
        go_back(screen);
        break;
    case ACTION_UP:
        move_in(scene, scene->focus, -1);
        break;
    case ACTION_DOWN:
        move_in(scene, scene->focus, 1);
        break;
    case ACTION_PAGE_UP:
        move_in(scene, scene->focus, -page_of(scene));
        break;
    case ACTION_PAGE_DOWN:
        move_in(scene, scene->focus, page_of(scene));
        break;
    case ACTION_FIRST:
        move_in(scene, scene->focus, -SAMPLE_ROWS_MAX);
        break;
    case ACTION_LAST:
        move_in(scene, scene->focus, SAMPLE_ROWS_MAX);
        break;
    case ACTION_NEXT_PANEL:
        step_focus(scene, 1);
        break;
    case ACTION_PREVIOUS_PANEL:
        step_focus(scene, -1);
        break;
    case ACTION_ZOOM:
        scene->zoom = scene->zoom == PANEL_NONE ? scene->focus : PANEL_NONE;
        break;
    case ACTION_CANCEL:
        confirm_cancel(screen, scene_run(scene));
        break;
    case ACTION_PAUSE:
        call_run(screen, "run.pause", run_params(scene_run(scene)->run), "paused");
        break;
    case ACTION_RESUME:
        call_run(screen, "run.resume", run_params(scene_run(scene)->run), "resumed");
        break;
    case ACTION_RETRY:
        call_run(screen, "run.retry", run_params(scene_run(scene)->run),
            "its failed trials are done again");
        break;
    case ACTION_MORE_WORKERS:
        step_workers(screen, 1);
        break;
    case ACTION_FEWER_WORKERS:
        step_workers(screen, -1);
        break;
    case ACTION_SOONER:
        step_priority(screen, 1);
        break;
    case ACTION_LATER:
        step_priority(screen, -1);
        break;
    case ACTION_FREEZE:
        toggle_hold(screen);
        break;
    case ACTION_REDRAW:
        if (screen->host->redraw)
            screen->host->redraw(screen->host->context);
        break;
    }
}

void
screen_key(struct screen *screen, uint32_t key)
{
    struct dialog *dialog = screen->dialogs;
    if (!dialog)
        act(screen, keymap_find(scene_context(screen->scene.kind), key));
    else if (dialog->class->key(dialog, key) == DIALOG_CLOSED)
        close_dialog(screen, dialog);
    screen->dirty = true;
    settle(screen);
}

static bool
holds(struct rect rect, int x, int y)
{
    return x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
}

/* A click on a run chooses it, a click on the chosen one opens it. */
static void
click_run(struct screen *screen, int y)
{
    struct scene *scene = &screen->scene;
    const struct panel_list *list = &scene->list[PANEL_RUNS];
    int row = list->top + y - list->body.y;
    if (row < 0 || row >= scene->view.run_count)
        return;
    if (scene->selected == scene->view.run[row].run)
        open_run(screen);
    else
        scene->selected = scene->view.run[row].run;
}

void
screen_mouse(struct screen *screen, int x, int y, enum screen_button button)
{
    struct scene *scene = &screen->scene;
    if (screen->dialogs) { /* dialogs hear the wheel as arrows */
        if (button != SCREEN_CLICK)
            screen_key(screen, button == SCREEN_WHEEL_UP ? KEY_CODE_UP : KEY_CODE_DOWN);
        return;
    }
    for (int id = PANEL_NONE + 1; id < PANEL_COUNT; id++) {
        if (!holds(scene->place[id], x, y))
            continue;
        if (button != SCREEN_CLICK) {
            move_in(scene, (enum panel_id)id, button == SCREEN_WHEEL_UP ? -1 : 1);
        } else {
            scene->focus = (enum panel_id)id;
            if (id == PANEL_RUNS && holds(scene->list[id].body, x, y))
                click_run(screen, y);
        }
        break;
    }
    screen->dirty = true;
    settle(screen);
}

/* Life and picture. */

struct screen *
screen_new(const struct screen_host *host, const char *folders)
{
    struct screen *screen = XNEW(struct screen);
    screen->host = host;
    screen->folders = folders ? folders : "";
    screen->dialog_host = (struct dialog_host){ .context = screen, .call = dialog_call_screen,
        .push = push_dialog, .tell = dialog_tell_screen };
    view_init(&screen->scene.view);
    str_copy(screen->scene.view.banner, sizeof screen->scene.view.banner, "not connected");
    screen->message_until = NAN;
    screen->dirty = true;
    show_overview(screen);
    return screen;
}

void
screen_free(struct screen *screen)
{
    if (!screen)
        return;
    while (screen->dialogs)
        close_dialog(screen, screen->dialogs);
    while (screen->calls) {
        struct call *next = screen->calls->next;
        free(screen->calls);
        screen->calls = next;
    }
    view_release(&screen->scene.view);
    free(screen);
}

static void
draw_dialogs(struct dialog *dialog, struct canvas *canvas, const struct view *view)
{
    if (!dialog)
        return;
    draw_dialogs(dialog->below, canvas, view);
    struct rect whole = { 0, 0, canvas->columns, canvas->rows };
    dialog->class->draw(dialog, canvas, whole, view);
}

void
screen_draw(struct screen *screen, struct canvas *canvas)
{
    canvas_clear(canvas);
    scene_draw(&screen->scene, canvas);
    draw_dialogs(screen->dialogs, canvas, &screen->scene.view);
    screen->dirty = false;
}

bool
screen_dirty(const struct screen *screen)
{
    return screen->dirty;
}

void
screen_touch(struct screen *screen)
{
    screen->dirty = true;
}

bool
screen_ready(const struct screen *screen)
{
    return screen->scene.view.ticks > screen->ready_ticks;
}

const struct view *
screen_view(const struct screen *screen)
{
    return &screen->scene.view;
}

const struct dialog *
screen_dialog(const struct screen *screen)
{
    return screen->dialogs;
}
