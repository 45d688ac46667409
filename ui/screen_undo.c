/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Undo: what a request changes is noted, with the request that changes it back, when it
 * is made; it can be undone once the server has done it. The newest goes first, and what one
 * key has done to several things goes at once. What cannot be undone (a signal, a trial's
 * end) is not noted, so the note of something earlier is the newest then; it says what it does.
 *
 * To add a request: a row of inverses, with a function that says what changes it back.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen_act.h"

enum { UNDO_MAX = 32 }; /* keys that are remembered */

/* A request that changes something back; params is taken. */
static json_t *
request(const char *method, json_t *params, const char *text)
{
    return json_pack("{s:s, s:o, s:s}", "method", method, "params", params, "text", text);
}

static const struct view_run *
find_run(const struct screen *screen, int64_t number)
{
    const struct scene *scene = &screen->scene;
    const struct view_run *run = view_find_run(&scene->view, number);
    if (!run && scene->detail.run.run == number)
        run = &scene->detail.run;
    return run ? run : run_list_find(&scene->runs, number);
}

static json_t *
simple(const json_t *params, const char *method, const char *what)
{
    int64_t number = json_get_int(params, "run", 0);
    char text[96];
    if (json_object_get(params, "trial"))
        return NULL;
    snprintf(text, sizeof text, "run %lld: %s", (long long)number, what);
    return request(method, screen_run_params(number), text);
}

static json_t *
of_pause(struct screen *screen, const json_t *params)
{
    (void)screen;
    return simple(params, "run.resume", "resumed");
}

static json_t *
of_resume(struct screen *screen, const json_t *params)
{
    (void)screen;
    return simple(params, "run.pause", "paused");
}

/* What was ended in it is done again: no trial that has ended is lost. */
static json_t *
of_cancel(struct screen *screen, const json_t *params)
{
    (void)screen;
    return simple(params, "run.resume", "goes on; what was ended is done again");
}

/* One key of those that the keys of a run change. */
static json_t *
of_set(struct screen *screen, const json_t *params)
{
    const char *set = json_string_value(json_array_get(json_object_get(params, "set"), 0));
    const struct view_run *run = find_run(screen, json_get_int(params, "run", 0));
    char value[64], text[128];
    if (!run || !set || json_array_size(json_object_get(params, "set")) != 1)
        return NULL;
    if (str_starts(set, "parallel.workers=") && *run->workers_wanted)
        snprintf(value, sizeof value, "parallel.workers=%s", run->workers_wanted);
    else if (str_starts(set, "run.priority="))
        snprintf(value, sizeof value, "run.priority=%d", isfinite(run->priority) ? (int)run->priority : 0);
    else
        return NULL;
    snprintf(text, sizeof text, "run %lld: %s %s", (long long)run->run,
        *value == 'p' ? "workers" : "priority", strchr(value, '=') + 1);
    json_t *back = screen_run_params(run->run);
    json_object_set_new(back, "set", json_pack("[s]", value));
    return request("run.set", back, text);
}

/* Its number comes with the answer. */
static json_t *
of_silence(struct screen *screen, const json_t *params)
{
    char text[160];
    (void)screen;
    snprintf(text, sizeof text, "told again: %.120s", json_get_string(params, "match", ""));
    json_t *back = request("alerts.unsilence", json_object(), text);
    json_object_set_new(back, "take", json_string("silence"));
    return back;
}

/* Asked before: a run that has just begun may have done something since. */
static json_t *
of_submit(struct screen *screen, const json_t *params)
{
    (void)screen, (void)params;
    json_t *back = request("run.cancel", json_object(), "cancel the run");
    json_object_set_new(back, "take", json_string("run"));
    json_object_set_new(back, "asks", json_true());
    return back;
}

/* What stands in the file now, or nothing; known where the settings are looked at. */
static json_t *
of_config(struct screen *screen, const json_t *params)
{
    const struct ini *ini = screen->scene.kind == SCENE_SETTINGS ? screen->scene.settings.ini : NULL;
    json_t *old = json_array();
    size_t i;
    const json_t *change;
    const char *key = "", *section = "";
    char text[160];
    json_array_foreach(json_object_get(params, "changes"), i, change)
    {
        section = json_get_string(change, "section", "");
        key = json_get_string(change, "key", "");
        const char *value = ini ? ini_value(ini, section, key) : NULL;
        json_array_append_new(old, json_pack("{s:s, s:s, s:o}", "section", section, "key", key, "value",
            value ? json_string(value) : json_null()));
    }
    snprintf(text, sizeof text, "[%.60s] %.60s as it was before", section, key);
    json_t *back = ini && json_array_size(old) ? request("config.set", json_pack("{s:O}", "changes", old), text) : NULL;
    json_decref(old);
    return back;
}

static json_t *
of_renice(struct screen *screen, const json_t *params)
{
    const struct process_list *list = &screen->scene.processes;
    int64_t pid = json_get_int(params, "pid", 0);
    char text[96];
    for (int i = 0; i < list->count; i++) {
        const struct process_row *row = &list->row[i];
        if (row->pid != pid)
            continue;
        snprintf(text, sizeof text, "%.40s %d: nice %d", row->name, row->pid, row->nice);
        return request("process.renice", json_pack("{s:I, s:I, s:i}", "pid", (json_int_t)pid, "start",
            (json_int_t)row->start, "nice", row->nice), text);
    }
    return NULL;
}

static const struct {
    const char *method;
    json_t *(*inverse)(struct screen *screen, const json_t *params); /* NULL: it cannot be undone */
} inverses[] = {
    { "run.pause", of_pause },
    { "run.resume", of_resume },
    { "run.cancel", of_cancel },
    { "run.set", of_set },
    { "run.submit", of_submit },
    { "alerts.silence", of_silence },
    { "config.set", of_config },
    { "process.renice", of_renice },
};

json_t *
screen_undo_of(struct screen *screen, const char *method, const json_t *params)
{
    for (size_t i = 0; i < sizeof inverses / sizeof *inverses; i++)
        if (!strcmp(inverses[i].method, method))
            return inverses[i].inverse(screen, params);
    return NULL;
}

/* The newest note; takes the request. */
static void
keep(struct screen *screen, int64_t round, json_t *back)
{
    json_t *newest = json_array_get(screen->undo, json_array_size(screen->undo) - 1);
    if (!screen->undo)
        screen->undo = json_array();
    if (!newest || json_get_int(newest, "round", 0) != round) {
        newest = json_pack("{s:I, s:[]}", "round", (json_int_t)round, "list");
        json_array_append_new(screen->undo, newest);
        if (json_array_size(screen->undo) > UNDO_MAX)
            json_array_remove(screen->undo, 0);
    }
    json_array_append_new(json_object_get(newest, "list"), back);
}

bool
screen_undo_keep(struct screen *screen, struct call *call, const json_t *result)
{
    json_t *back = call->undo;
    const char *take = json_get_string(back, "take", NULL);
    json_t *taken = take ? json_object_get(result, take) : NULL;
    call->undo = NULL;
    if (!back || !result || (take && !json_is_integer(taken))) {
        json_decref(back);
        return false;
    }
    if (take)
        json_object_set(json_object_get(back, "params"), take, taken);
    keep(screen, call->round, back);
    return true;
}

void
screen_undo_forget(struct screen *screen)
{
    json_decref(screen->undo);
    screen->undo = NULL;
}

/* One that failed can be tried once more: a run that is being cancelled has to end first. */
void
screen_take_undo(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    char text[DIAG_TEXT_MAX + 192];
    snprintf(text, sizeof text, result ? "undone: %s" : "not undone (%s): %s", call->done, diag->text);
    screen_tell(screen, result ? STYLE_GOOD : STYLE_ERROR, text);
    if (result) {
        screen_took_run(screen, result);
        screen_ask_settings(screen);
    } else if (screen->scene.view.connected && !json_get_bool(call->undo, "tried", false)) {
        json_object_set_new(call->undo, "tried", json_true());
        keep(screen, call->round, call->undo);
        call->undo = NULL;
    }
}

static void
ask(struct screen *screen, const json_t *back)
{
    json_t *params = json_object_get(back, "params");
    char question[128];
    snprintf(question, sizeof question, "Cancel run %lld, which was launched last? Trials that are done stay stored.",
        (long long)json_get_int(params, "run", 0));
    screen_push(screen, dialog_confirm_new("Undo", question, "cancel it", json_get_string(back, "method", ""),
        json_incref(params)));
}

/* The launch of a run that has ended since, which is not to be cancelled any more. */
static bool
is_over(const struct screen *screen, const json_t *note)
{
    const json_t *back = json_array_get(json_object_get(note, "list"), 0);
    const struct view_run *run = find_run(screen, json_get_int(json_object_get(back, "params"), "run", 0));
    return json_get_bool(back, "asks", false) && run && run_state_ended(run->state);
}

/* Takes the newest note out; owned. NULL: there is none. */
static json_t *
take_newest(struct screen *screen)
{
    json_t *newest = NULL;
    for (size_t count = json_array_size(screen->undo); count > 0 && !newest; count--) {
        newest = json_incref(json_array_get(screen->undo, count - 1));
        json_array_remove(screen->undo, count - 1);
        if (!is_over(screen, newest))
            break;
        json_decref(newest);
        newest = NULL;
    }
    return newest;
}

void
act_undo(struct screen *screen, int by, const char *text)
{
    json_t *back, *newest = take_newest(screen);
    size_t i;
    (void)by, (void)text;
    if (!newest) {
        screen_tell(screen, STYLE_TEXT, "there is nothing that can be undone");
        return;
    }
    json_array_foreach(json_object_get(newest, "list"), i, back)
    {
        if (json_get_bool(back, "asks", false)) {
            ask(screen, back);
            continue;
        }
        struct call *call = screen_call(screen, CALL_UNDO, json_get_string(back, "method", ""),
            json_deep_copy(json_object_get(back, "params")));
        call->undo = json_incref(back);
        str_copy(call->done, sizeof call->done, json_get_string(back, "text", ""));
    }
    json_decref(newest);
}
