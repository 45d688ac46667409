/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is on the screen below the dialogs: the header, the panels of the
 * overview or of one run, the line of keys. A scene holds all that drawing
 * needs; screen.c changes it. Drawing allocates nothing.
 */
#ifndef OPTOP_UI_SCENE_H
#define OPTOP_UI_SCENE_H

#include "ui/canvas.h"
#include "ui/detail.h"
#include "ui/keymap.h"
#include "ui/panel.h"
#include "ui/view.h"

enum scene_kind { SCENE_OVERVIEW, SCENE_RUN, SCENE_COUNT };

struct scene {
    enum scene_kind kind;
    struct view view;
    struct detail detail; /* of SCENE_RUN */
    enum panel_id focus; /* hears the arrow keys */
    enum panel_id zoom; /* alone on the screen; PANEL_NONE: all */
    int64_t selected; /* a run's number; 0: none */
    bool held; /* the picture stands still on purpose */
    char message[VIEW_TEXT_MAX]; /* instead of the keys; "" */
    enum style message_style;
    struct panel_list list[PANEL_COUNT];
    struct rect place[PANEL_COUNT]; /* as last drawn; height 0: not shown */
};

/* The name of its keys in the key table. */
const char *scene_context(enum scene_kind kind);

void scene_draw(struct scene *scene, struct canvas *canvas);

/* The panel after (step 1) or before (step -1) the one with the focus, in the order of reading. */
enum panel_id scene_next_panel(struct scene *scene, int step);

/* The run that keys act upon: the one looked at, or the selected one; NULL. */
const struct view_run *scene_run(const struct scene *scene);

/* What to ask for so that a run has so many workers more (or fewer), in the
 * form of its run file: "5", "3x8". */
void scene_workers_text(const struct view_run *run, int more, char *buf, size_t size);

/* Would an action do something now? The line of keys shows only those. */
bool scene_can(const struct scene *scene, enum action action);

#endif
