/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/screen_act.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_change.h"
#include "base/text.h"
#include "base/xalloc.h"

enum {
    MESSAGE_SECONDS = 6,
    FAILURES_MAX = 64, /* told at once: a dialog that asks again and again must not hang us */
};

/* Messages. */

void
screen_tell(struct screen *screen, enum style style, const char *text)
{
    text_clean(text, screen->scene.message, sizeof screen->scene.message);
    screen->scene.message_style = style;
    screen->message_until = screen->scene.view.time + MESSAGE_SECONDS;
    screen->dirty = true;
}

void
screen_fault(struct screen *screen, const struct diag *diag)
{
    char text[DIAG_TEXT_MAX + DIAG_FILE_MAX + DIAG_KEY_MAX];
    screen_tell(screen, STYLE_ERROR, diag_format(diag, text, sizeof text));
    screen->message_until = NAN;
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

void
screen_push(struct screen *screen, struct dialog *dialog)
{
    if (!dialog)
        return;
    dialog->host = &screen->dialog_host;
    dialog->below = screen->dialogs;
    screen->dialogs = dialog;
    screen->dirty = true;
}

static void
push_dialog(void *context, struct dialog *dialog)
{
    screen_push(context, dialog);
}

static void
take_command(void *context, const char *line)
{
    screen_command(context, line);
}

static void
take_typed(void *context, enum prompt_kind kind, const char *text, bool done)
{
    screen_typed(context, kind, text, done);
}

void
screen_close_dialog(struct screen *screen, struct dialog *dialog)
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
    screen_ask_settings(screen); /* what a dialog may have changed */
    screen->dirty = true;
}

static void
dialog_tell_screen(void *context, enum style style, const char *text)
{
    screen_tell(context, style, text);
}

static void
work_for_dialog(void *context, const char *name, loop_fn *work, loop_fn *done, void *arg)
{
    const struct screen_host *host = ((struct screen *)context)->host;
    if (host->work) {
        host->work(host->context, name, work, done, arg);
        return;
    }
    work(arg);
    done(arg);
}

void
screen_worked(struct screen *screen)
{
    screen->dirty = true;
    screen_settle(screen);
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
finish_call(struct call *call, const json_t *result, const struct diag *diag)
{
    struct screen *screen = call->screen;
    unlink_call(screen, call);
    screen_take_answer(screen, call, result, diag);
    screen->dirty = true;
    json_decref(call->undo);
    free(call);
}

static void
on_answer(void *context, const json_t *result, const struct diag *diag)
{
    struct call *call = context;
    struct screen *screen = call->screen;
    struct diag none = { .text = "no answer" };
    finish_call(call, result, diag ? diag : &none);
    screen_settle(screen);
}

struct call *
screen_call(struct screen *screen, enum call_kind kind, const char *method, json_t *params)
{
    struct call *call = XNEW(struct call);
    call->screen = screen;
    call->kind = kind;
    call->round = screen->round;
    call->undo = kind == CALL_UNDO ? NULL : screen_undo_of(screen, method, params);
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
void
screen_settle(struct screen *screen)
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
    struct call *call = screen_call(context, CALL_DIALOG, method, params);
    call->dialog = dialog;
    call->tag = tag;
    call->launches = !strcmp(method, "run.submit");
}

/* What the server says. */

/* The cursor stays on its run; when that has gone, it goes to the first. */
static void
keep_selection(struct scene *scene)
{
    if (!view_find_run(&scene->view, scene->selected))
        scene->selected = scene->view.run_count ? scene->view.run[0].run : 0;
}

/* The list of all runs knows as much as the overview, while it is seen. */
void
screen_update_runs(struct scene *scene)
{
    if (scene->kind != SCENE_RUNS)
        return;
    for (int i = 0; i < scene->view.run_count; i++)
        run_list_take(&scene->runs, &scene->view.run[i]);
    table_update(&scene->run_table);
}

void
screen_update_tables(struct scene *scene)
{
    figure_list_update(&scene->figures, scene->kind == SCENE_FIGURES, !scene->past.on);
    if (scene->kind == SCENE_FIGURES)
        table_update(&scene->figure_table);
    if (scene->kind == SCENE_ALERTS)
        table_update(&scene->alert_table);
}

void
screen_apply_status(struct screen *screen, const json_t *status, const json_t *change)
{
    view_apply_change(&screen->scene.view, status, change);
    keep_selection(&screen->scene);
    screen_update_runs(&screen->scene);
    screen_update_tables(&screen->scene);
    expire_message(screen);
    screen->dirty = true;
}

void
screen_take_status(struct screen *screen, const json_t *status, const json_t *change)
{
    bool was_dirty = screen->dirty;
    screen_apply_status(screen, status, change);
    screen->dirty = was_dirty;
    screen_refresh_detail(screen);
    screen_ask_processes(screen);
    screen_ask_figures(screen);
    screen_tick_settings(screen);
    screen_tick_alerts(screen);
    screen->dirty = screen->dirty || screen->scene.kind != SCENE_PROCESSES || !screen->processes_asked;
}

static void
ask_ticks(struct screen *screen)
{
    json_t *params = json_object(), *topics = json_array();
    json_array_append_new(topics, json_string("changes"));
    json_array_append_new(topics, json_string("runs"));
    json_array_append_new(topics, json_string("alerts"));
    json_object_set_new(params, "topics", topics);
    screen_call(screen, CALL_WATCH, "watch", params);
}

static void
forget_status(struct screen *screen)
{
    json_decref(screen->status);
    screen->status = NULL;
    screen->status_seen = false;
}

/* A held picture is told of no tick, but misses no change. */
static void
take_tick(struct screen *screen, json_t *status, const json_t *change)
{
    if (!change) {
        forget_status(screen);
        screen->status = json_incref(status);
    } else if (!screen->status || json_change_apply(&screen->status, change) < 0) {
        forget_status(screen);
        ask_ticks(screen); /* from the beginning */
        return;
    }
    bool held = screen->scene.held || screen->scene.past.on;
    if (screen->scene.past.on)
        screen_tick_past(screen, screen->status);
    if (!held)
        screen_take_status(screen, screen->status, screen->status_seen ? change : NULL);
    screen->status_seen = !held;
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
    screen_update_runs(scene);
    screen_refresh_detail(screen);
    screen->dirty = true;
}

static void
take_notice(struct screen *screen, const json_t *notice)
{
    const char *type = json_get_string(notice, "type", "");
    enum style style = str_ends(type, "critical") || str_ends(type, "failed") ? STYLE_CRITICAL
        : str_ends(type, "warning") ? STYLE_WARNING
        : str_ends(type, "resolved") || str_ends(type, "finished") ? STYLE_GOOD : STYLE_TEXT;
    screen_tell(screen, style, json_get_string(notice, "text", type));
    if (screen->scene.kind == SCENE_ALERTS)
        screen_ask_notices(screen);
}

void
screen_notification(struct screen *screen, const char *method, const json_t *params)
{
    if (!strcmp(method, "alert"))
        take_notice(screen, params);
    else if (!strcmp(method, "tick"))
        take_tick(screen, (json_t *)(uintptr_t)params, NULL);
    else if (!strcmp(method, "change"))
        take_tick(screen, NULL, params);
    else if (!strcmp(method, "run") && !screen->scene.held && !screen->scene.past.on)
        take_run(screen, params);
    screen_settle(screen);
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
        screen_call(screen, CALL_HISTORY, "history", params)->tag = i;
    }
}

void
screen_ask_all(struct screen *screen)
{
    ask_histories(screen);
    screen_call(screen, CALL_STATUS, "status", NULL);
}

void
screen_connected(struct screen *screen)
{
    screen->scene.view.connected = true;
    screen->scene.view.banner[0] = '\0';
    screen->ready_ticks = screen->scene.view.ticks;
    if (!screen->scene.past.on)
        screen_ask_all(screen); /* history first: what is older than the first status */
    ask_ticks(screen);
    if (screen->scene.kind == SCENE_RUN && screen->detail_calls == 0)
        screen_ask_detail(screen);
    screen_ask_settings(screen);
    screen->dirty = true;
    screen_settle(screen);
}

void
screen_disconnected(struct screen *screen, const char *text)
{
    screen->scene.view.connected = false;
    forget_status(screen);
    screen_undo_forget(screen); /* the next server may have other runs */
    text_clean(text, screen->scene.view.banner, sizeof screen->scene.view.banner);
    for (struct call *call = screen->calls; call; call = call->next)
        call->failed = true;
    screen->dirty = true;
    screen_settle(screen);
}

/* Keys. */

/* A key that does nothing says so: whether it was heard must not be a riddle. */
static void
act_by_key(struct screen *screen, uint32_t key)
{
    char text[96];
    const struct scene *scene = &screen->scene;
    enum action action = keymap_find(scene_context(scene->kind), key);
    if (action != ACTION_NONE && (scene->past.on || scene_can(scene, action))) {
        screen_act(screen, action, NULL);
        return;
    }
    if (action != ACTION_NONE)
        snprintf(text, sizeof text, "%s would do nothing here", action_info(action)->name);
    else if (key > ' ' && key < 0x7F)
        snprintf(text, sizeof text, "%c is no key of this view (%s lists them)", (char)key,
            keymap_key(scene_context(scene->kind), ACTION_HELP));
    else
        return;
    screen_tell(screen, STYLE_DIM, text);
}

void
screen_key(struct screen *screen, uint32_t key)
{
    struct dialog *dialog = screen->dialogs;
    screen->round++;
    if (!dialog)
        act_by_key(screen, key);
    else if (dialog->class->key(dialog, key) == DIALOG_CLOSED)
        screen_close_dialog(screen, dialog);
    screen_ask_setting_history(screen);
    screen->dirty = true;
    screen_settle(screen);
}

/* Life and picture. */

struct screen *
screen_new(const struct screen_host *host, const char *folders)
{
    struct screen *screen = XNEW(struct screen);
    screen->host = host;
    screen->folders = folders ? folders : "";
    screen->dialog_host = (struct dialog_host){ .context = screen, .call = dialog_call_screen,
        .push = push_dialog, .tell = dialog_tell_screen, .command = take_command, .typed = take_typed,
        .work = work_for_dialog };
    scene_init(&screen->scene);
    str_copy(screen->scene.view.banner, sizeof screen->scene.view.banner, "not connected");
    screen->message_until = NAN;
    screen->dirty = true;
    return screen;
}

void
screen_free(struct screen *screen)
{
    if (!screen)
        return;
    screen->scene.view.connected = false; /* nothing is asked any more */
    while (screen->dialogs)
        screen_close_dialog(screen, screen->dialogs);
    while (screen->calls) {
        struct call *next = screen->calls->next;
        json_decref(screen->calls->undo);
        free(screen->calls);
        screen->calls = next;
    }
    screen_undo_forget(screen);
    forget_status(screen);
    scene_release(&screen->scene);
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
