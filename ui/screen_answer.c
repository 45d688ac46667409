/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the server answers to the keys of runs.
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

void
screen_took_new_run(struct screen *screen, const json_t *result)
{
    struct scene *scene = &screen->scene;
    screen_took_run(screen, result);
    scene->selected = json_get_int(result, "run", 0);
    if (scene->kind == SCENE_RUNS)
        table_go(&scene->run_table, (uint64_t)scene->selected);
}

void
screen_take_run_answer(struct screen *screen, struct call *call, const json_t *result,
    const struct diag *diag)
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
void
screen_take_clone(struct screen *screen, const json_t *result, const struct diag *diag)
{
    struct diag fault = { 0 };
    struct dialog *dialog = result ? dialog_clone_new(result, &fault) : NULL;
    if (dialog)
        screen_push(screen, dialog);
    else
        screen_tell(screen, STYLE_ERROR, result ? fault.text : diag->text);
}
