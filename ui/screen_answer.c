/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What becomes of what the server answers.
 */
#include <stdio.h>

#include "ui/screen_act.h"

void
screen_took_run(struct screen *screen, const json_t *result)
{
    struct view_run run;
    view_apply_run(&screen->scene.view, result);
    screen_update_runs(&screen->scene);
    if (view_parse_run(result, &run) && screen->scene.detail.run.run == run.run)
        screen->scene.detail.run = run; /* what the next key goes on from */
}

static void
took_new_run(struct screen *screen, const json_t *result)
{
    struct scene *scene = &screen->scene;
    screen_took_run(screen, result);
    scene->selected = json_get_int(result, "run", 0);
    if (scene->kind == SCENE_RUNS)
        table_go(&scene->run_table, (uint64_t)scene->selected);
}

static void
take_run_answer(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    char text[DIAG_TEXT_MAX + 64];
    if (result) {
        bool undo = screen_undo_keep(screen, call, result);
        screen_took_run(screen, result);
        snprintf(text, sizeof text, "run %lld: %s%s", (long long)call->run, call->done, undo ? "; u: undo" : "");
        screen_tell(screen, STYLE_GOOD, text);
        return;
    }
    snprintf(text, sizeof text, "run %lld: %s", (long long)call->run, diag->text);
    screen_tell(screen, STYLE_ERROR, text);
}

/* The text of a run has come, to be edited. */
static void
take_clone(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    (void)call;
    struct diag fault = { 0 };
    struct dialog *dialog = result ? dialog_clone_new(result, &fault) : NULL;
    if (dialog)
        screen_push(screen, dialog);
    else
        screen_tell(screen, STYLE_ERROR, result ? fault.text : diag->text);
}

static void
take_status(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    (void)call, (void)diag;
    if (result && !screen->scene.past.on)
        screen_take_status(screen, result, NULL);
    screen->status_seen = false; /* it need not be that of a tick */
}

static void
take_watch(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    (void)call;
    if (!result)
        screen_tell(screen, STYLE_ERROR, diag->text);
}

/* What was asked of now comes too late in the past, and the other way round. */
static void
take_history(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    (void)diag;
    if (result && call->run == (screen->scene.past.on ? screen->past_round : 0))
        view_apply_history(&screen->scene.view, call->tag, result);
}

static void
take_runs(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    (void)call, (void)diag;
    if (!result || screen->scene.past.on)
        return;
    run_list_apply(&screen->scene.runs, result);
    table_update(&screen->scene.run_table);
}

static void
take_notices(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    (void)call, (void)diag;
    if (result && !screen->scene.past.on)
        notice_list_apply(&screen->scene.notices, result);
    if (result)
        webhook_list_apply(&screen->scene.webhooks, result);
    table_update(&screen->scene.notice_table);
    table_update(&screen->scene.webhook_table);
}

static void
take_processes(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    (void)call, (void)diag;
    struct scene *scene = &screen->scene;
    screen->processes_asked = false;
    if (!result) {
        scene->processes.take = scene->processes.more = 0;
        return;
    }
    process_list_apply(&scene->processes, result);
    table_update(&scene->process_table);
    if (scene->processes.more)
        screen_ask_processes(screen);
}

static void
take_figures(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    (void)call, (void)diag;
    screen->figures_asked = false;
    if (!result)
        return;
    process_list_take_figures(&screen->scene.processes, result);
    table_update(&screen->scene.process_table);
}

static void
take_setting_history(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    (void)call, (void)diag;
    settings_take_history(&screen->scene.settings, result);
}

static void
take_for_dialog(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    if (call->launches && result)
        took_new_run(screen, result);
    if (call->dialog && call->dialog->class->answer &&
        call->dialog->class->answer(call->dialog, call->tag, result, diag) == DIALOG_CLOSED)
        screen_close_dialog(screen, call->dialog);
}

static const struct {
    screen_answer_fn *take;
    bool undone; /* what it has done may be undone */
} answers[] = {
    [CALL_STATUS] = { take_status, false },
    [CALL_WATCH] = { take_watch, false },
    [CALL_HISTORY] = { take_history, false },
    [CALL_TOP] = { screen_take_detail, false },
    [CALL_CURVE] = { screen_take_detail, false },
    [CALL_MAP] = { screen_take_detail, false },
    [CALL_LOGS] = { screen_take_detail, false },
    [CALL_FAILURES] = { screen_take_detail, false },
    [CALL_WORKERS] = { screen_take_detail, false },
    [CALL_RUN] = { take_run_answer, false }, /* keeps it itself, and says so */
    [CALL_RUNS] = { take_runs, false },
    [CALL_PROCESSES] = { take_processes, false },
    [CALL_FIGURES] = { take_figures, false },
    [CALL_NOTICES] = { take_notices, false },
    [CALL_CONFIG] = { screen_take_settings, false },
    [CALL_SETTING] = { screen_take_setting, true },
    [CALL_SETTING_HISTORY] = { take_setting_history, false },
    [CALL_ALERT] = { screen_take_alert, true },
    [CALL_PAST] = { screen_take_past, false },
    [CALL_CLONE] = { take_clone, false },
    [CALL_LAYOUT] = { screen_take_layout_saved, false },
    [CALL_UNDO] = { screen_take_undo, false },
    [CALL_DIALOG] = { take_for_dialog, true },
};

void
screen_take_answer(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    if (answers[call->kind].undone)
        screen_undo_keep(screen, call, result);
    answers[call->kind].take(screen, call, result, diag);
}
