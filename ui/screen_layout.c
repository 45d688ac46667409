/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layouts of the overview: those that ship, those of optop.ini (one of the same name stands
 * for that which ships), and what keys make of them.
 */
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "ui/screen_act.h"

void
screen_take_layouts(struct screen *screen, const struct arrangement *layouts, int count)
{
    screen->layout_count = count < CONFIG_LAYOUTS_MAX ? count : CONFIG_LAYOUTS_MAX;
    for (int i = 0; i < screen->layout_count; i++)
        screen->layouts[i] = layouts[i];
}

static int
find_own(const struct screen *screen, const char *name)
{
    for (int i = 0; i < screen->layout_count; i++)
        if (str_equal(screen->layouts[i].name, name))
            return i;
    return -1;
}

/* All of them, by their place: those that ship, then the others. */
static bool
layout_at(const struct screen *screen, int at, struct arrangement *ret_layout)
{
    int shipped = 0;
    for (; arrangement_shipped(shipped, ret_layout); shipped++)
        if (shipped == at) {
            int own = find_own(screen, ret_layout->name);
            if (own >= 0)
                *ret_layout = screen->layouts[own];
            return true;
        }
    at -= shipped;
    for (int i = 0; i < screen->layout_count; i++) {
        struct arrangement same;
        bool ships = false;
        for (int s = 0; s < shipped; s++)
            ships = ships || (arrangement_shipped(s, &same) && str_equal(same.name, screen->layouts[i].name));
        if (ships || at--)
            continue;
        *ret_layout = screen->layouts[i];
        return true;
    }
    return false;
}

static int
place_of(const struct screen *screen, const char *name)
{
    struct arrangement layout;
    for (int i = 0; layout_at(screen, i, &layout); i++)
        if (str_equal(layout.name, name))
            return i;
    return -1;
}

static void
choose(struct screen *screen, int at)
{
    struct scene *scene = &screen->scene;
    if (!layout_at(screen, at, &scene->layout) && !layout_at(screen, 0, &scene->layout))
        return;
    scene->layout_changed = false;
    scene_settle_focus(scene);
    screen->dirty = true;
}

void
screen_set_layouts(struct screen *screen, const struct arrangement *layouts, int count, const char *name)
{
    char message[ARRANGEMENT_NAME_MAX + 64];
    screen_take_layouts(screen, layouts, count);
    int at = name ? place_of(screen, name) : 0;
    choose(screen, at);
    if (at >= 0)
        return;
    snprintf(message, sizeof message, "there is no layout \"%s\": the first one is shown", name);
    screen_tell(screen, STYLE_ERROR, message);
}

static void
tell_layout(struct screen *screen, const char *what)
{
    const struct scene *scene = &screen->scene;
    char panels[ARRANGEMENT_TEXT_MAX], message[ARRANGEMENT_NAME_MAX + ARRANGEMENT_TEXT_MAX + 96];
    arrangement_text(&scene->layout, panels, sizeof panels);
    snprintf(message, sizeof message, "%slayout %s%s%s%s", what, scene->layout.name, *panels ? ": " : "", panels,
        scene->layout_changed ? " (W saves it)" : "");
    screen_tell(screen, STYLE_TEXT, message);
}

void
act_layout(struct screen *screen, int by, const char *text)
{
    struct arrangement next;
    int at = place_of(screen, text && *text ? text : screen->scene.layout.name);
    (void)by;
    if (text && *text && at < 0) {
        screen_tell(screen, STYLE_ERROR, "there is no such layout; :save-layout NAME makes one");
        return;
    }
    if (!text || !*text)
        at = layout_at(screen, at + 1, &next) ? at + 1 : 0;
    choose(screen, at);
    tell_layout(screen, "");
}

/* The panel that is named, else the focused one; -1 and a message: there is none. */
static int
panel_of(struct screen *screen, const char *text)
{
    int panel = text && *text ? arrangement_find_panel(text) : scene_layout_panel(screen->scene.focus);
    char names[ARRANGEMENT_TEXT_MAX], message[ARRANGEMENT_TEXT_MAX + 16];
    if (panel < 0) {
        snprintf(message, sizeof message, "panels are %s", arrangement_names(names, sizeof names));
        screen_tell(screen, STYLE_ERROR, message);
    }
    return panel;
}

static void
end_change(struct screen *screen, bool changed, const char *otherwise)
{
    if (!changed) {
        screen_tell(screen, STYLE_ERROR, otherwise);
        return;
    }
    screen->scene.layout_changed = true;
    scene_settle_focus(&screen->scene);
    tell_layout(screen, "");
}

void
act_hide(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    int panel = panel_of(screen, text);
    (void)by;
    if (panel < 0)
        return;
    scene_layout_begin(scene);
    if (scene_layout_panel(scene->focus) == panel)
        scene->focus = scene_next_panel(scene, 1);
    end_change(screen, arrangement_hide(&scene->layout, panel), "it is not there, or the last one: one panel stays");
}

/* By a key: the first one that is hidden. */
void
act_unhide(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    int panel = 0;
    (void)by;
    scene_layout_begin(scene);
    if (text && *text)
        panel = panel_of(screen, text);
    else
        while (panel < ARRANGEMENT_PANELS && arrangement_has(&scene->layout, panel))
            panel++;
    if (panel >= 0)
        end_change(screen, arrangement_show(&scene->layout, panel), "it is there already");
}

void
act_panel(struct screen *screen, int by, const char *text)
{
    int panel = panel_of(screen, text);
    if (panel < 0)
        return;
    scene_layout_begin(&screen->scene);
    end_change(screen, arrangement_move(&screen->scene.layout, panel, by), "it is at the end already");
}

void
act_beside(struct screen *screen, int by, const char *text)
{
    int panel = panel_of(screen, text);
    (void)by;
    if (panel < 0)
        return;
    scene_layout_begin(&screen->scene);
    end_change(screen, arrangement_join(&screen->scene.layout, panel), "there is no row above it, or it is full");
}

/* What is shown becomes [layout NAME], and what the console begins with. */
void
act_save_layout(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    char section[ARRANGEMENT_NAME_MAX + 16], panels[ARRANGEMENT_TEXT_MAX];
    const char *name = text && *text ? text : scene->layout.name;
    (void)by;
    if (!config_is_name(name)) {
        screen_tell(screen, STYLE_ERROR, "a name has letters, digits, \".\", \"_\" and \"-\"");
        return;
    }
    json_t *changes = json_array();
    struct arrangement kept = scene->layout;
    str_copy(kept.name, sizeof kept.name, name);
    if (kept.rows) {
        snprintf(section, sizeof section, "layout %s", name);
        settings_add_change(changes, section, "panels", arrangement_text(&kept, panels, sizeof panels));
    }
    settings_add_change(changes, "screen", "layout", name);
    struct call *call = screen_call(screen, CALL_LAYOUT, "config.set", json_pack("{s:o}", "changes", changes));
    snprintf(call->done, sizeof call->done, "layout %s is in optop.ini; the console begins with it", name);
    screen->saved_layout = kept;
}

/* Now it is one of those of the file. */
void
screen_take_layout_saved(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    struct scene *scene = &screen->scene;
    const struct arrangement *saved = &screen->saved_layout;
    if (result) {
        int own = find_own(screen, saved->name);
        if (own < 0 && saved->rows && screen->layout_count < CONFIG_LAYOUTS_MAX)
            own = screen->layout_count++;
        if (own >= 0)
            screen->layouts[own] = *saved;
        str_copy(scene->layout.name, sizeof scene->layout.name, saved->name);
        scene->layout_changed = false;
    }
    screen_take_setting(screen, call, result, diag);
}
