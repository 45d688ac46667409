/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the keys of the settings do, and what the settings ask of the server.
 */
#include <stdio.h>
#include <string.h>

#include "ui/screen_act.h"

static const struct setting *
chosen(const struct scene *scene)
{
    int row = table_row(&scene->setting_table);
    return row >= 0 && row < scene->settings.count ? &scene->settings.row[row] : NULL;
}

bool
scene_setting_can(const struct scene *scene, enum action action)
{
    const struct setting *row = scene->kind == SCENE_SETTINGS ? chosen(scene) : NULL;
    switch (action) {
    case ACTION_EDIT:
        return row && row->name;
    case ACTION_DEFAULT:
        return row && row->name && row->line;
    case ACTION_SWITCH:
        return row && row->threshold >= 0;
    case ACTION_ADD:
    case ACTION_EDITOR:
        return scene->kind == SCENE_SETTINGS && *scene->settings.file;
    default:
        return false;
    }
}

void
screen_ask_settings(struct screen *screen)
{
    if (screen->scene.kind == SCENE_SETTINGS && !screen->settings_asked) {
        screen->settings_asked = true;
        screen_call(screen, CALL_CONFIG, "config.get", NULL);
    }
}

void
screen_take_settings(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    (void)call;
    struct scene *scene = &screen->scene;
    screen->settings_asked = false;
    if (result)
        settings_apply(&scene->settings, json_get_string(result, "file", "optop.ini"),
            json_get_string(result, "text", ""));
    else if (!scene->settings.count)
        settings_fail(&scene->settings, *diag->text ? diag->text : "the server gave no answer");
    if (scene->settings.config)
        screen_take_layouts(screen, scene->settings.config->layouts, scene->settings.config->layout_count);
    table_update(&scene->setting_table);
    screen_ask_setting_history(screen);
}

/* The past of the metric under the cursor, when that is another one than before. */
void
screen_ask_setting_history(struct screen *screen)
{
    struct scene *scene = &screen->scene;
    if (scene->kind != SCENE_SETTINGS)
        return;
    const char *metric = settings_want_history(&scene->settings, chosen(scene));
    if (!metric)
        return;
    json_t *params = json_object();
    json_object_set_new(params, "metric", json_string(metric));
    json_object_set_new(params, "tier", json_integer(0));
    json_object_set_new(params, "points", json_integer(SETTING_HISTORY));
    screen_call(screen, CALL_SETTING_HISTORY, "history", params);
}

/* A status has come. */
void
screen_tick_settings(struct screen *screen)
{
    struct scene *scene = &screen->scene;
    if (scene->kind != SCENE_SETTINGS)
        return;
    settings_tick(&scene->settings, chosen(scene));
    screen_ask_setting_history(screen);
}

void
act_edit(struct screen *screen, int by, const char *text)
{
    const struct setting *row = chosen(&screen->scene);
    (void)by, (void)text;
    screen->scene.focus = PANEL_SETTINGS;
    struct dialog *dialog = dialog_value_new(&screen->scene.settings, row);
    screen_push(screen, dialog);
    dialog_value_begin(dialog);
}

/* A value that is set without a field. */
static void
set_value(struct screen *screen, const struct setting *row, const char *value, const char *done)
{
    json_t *changes = settings_changes(&screen->scene.settings, row, value);
    if (!changes)
        return;
    struct call *call = screen_call(screen, CALL_SETTING, "config.set", json_pack("{s:o}", "changes", changes));
    snprintf(call->done, sizeof call->done, "%s", done);
}

void
act_default(struct screen *screen, int by, const char *text)
{
    (void)by, (void)text;
    set_value(screen, chosen(&screen->scene), "", "as without a file, in effect");
}

void
act_switch(struct screen *screen, int by, const char *text)
{
    const struct settings *settings = &screen->scene.settings;
    const struct setting *row = chosen(&screen->scene);
    bool enabled = settings_threshold(settings, row)->enabled;
    (void)by, (void)text;
    for (int i = 0; i < settings->count; i++) {
        const struct setting *other = &settings->row[i];
        if (other->name && str_equal(other->name, "enabled") && str_equal(other->section, row->section)) {
            set_value(screen, other, enabled ? "no" : "yes", enabled ? "the threshold is off" : "the threshold is on");
            return;
        }
    }
}

/* By a key: which metric a new threshold is of is chosen first. */
void
act_add(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    struct diag diag = { 0 };
    (void)by;
    if (!text || !*text) {
        screen_push(screen, dialog_metric_new());
        return;
    }
    if (settings_add(&scene->settings, text, &diag) < 0) {
        screen_tell(screen, STYLE_ERROR, diag.text);
        return;
    }
    table_filter(&scene->setting_table, "");
    for (int i = 0; i < scene->settings.count; i++)
        if (str_equal(scene->settings.row[i].section, text)) {
            table_go(&scene->setting_table, scene->settings.row[i].key);
            return;
        }
}

/* The file in the person's own editor; the server reads it again when that has ended. */
void
act_editor(struct screen *screen, int by, const char *text)
{
    struct diag diag = { 0 };
    (void)by, (void)text;
    if (!screen->host->edit)
        return;
    if (screen->host->edit(screen->host->context, screen->scene.settings.file, &diag) < 0) {
        screen_tell(screen, STYLE_ERROR, diag.text);
        return;
    }
    struct call *call = screen_call(screen, CALL_SETTING, "config.reload", NULL);
    snprintf(call->done, sizeof call->done, "the file is read again, in effect");
}

void
screen_take_setting(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    char text[DIAG_TEXT_MAX + DIAG_FILE_MAX + DIAG_KEY_MAX];
    if (result)
        screen_tell(screen, STYLE_GOOD, call->done);
    else
        screen_tell(screen, STYLE_ERROR, diag_format(diag, text, sizeof text));
    screen_ask_settings(screen);
}
