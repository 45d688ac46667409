/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is on the screen below the dialogs: the header, the panels of the
 * overview or of one run, the line of keys. A scene holds all that drawing
 * needs; screen.c changes it. Drawing allocates nothing.
 */
#ifndef OPTOP_UI_SCENE_H
#define OPTOP_UI_SCENE_H

#include "config/arrangement.h"
#include "ui/canvas.h"
#include "ui/detail.h"
#include "ui/graph_part.h"
#include "ui/keymap.h"
#include "ui/panel.h"
#include "ui/alert_list.h"
#include "ui/figure_list.h"
#include "ui/help_list.h"
#include "ui/process_list.h"
#include "ui/run_list.h"
#include "ui/settings.h"
#include "ui/view.h"
#include "ui/webhook_list.h"

/* A view that is made of panels; in the order of their numbers. */
enum scene_kind { SCENE_OVERVIEW, SCENE_RUNS, SCENE_RUN, SCENE_PROCESSES, SCENE_FIGURES, SCENE_ALERTS,
    SCENE_SETTINGS, SCENE_HELP, SCENE_COUNT };

enum { SCENE_SPOTS_MAX = 32, SCENE_TARGETS_MAX = TABLE_MARKS_MAX };

/* A place on the screen that does something when it is clicked. */
struct scene_spot {
    struct rect rect;
    enum action action;
};


struct scene {
    enum scene_kind kind;
    struct view view;
    struct detail detail; /* of SCENE_RUN */
    enum panel_id focus; /* hears the arrow keys */
    enum panel_id zoom; /* alone on the screen; PANEL_NONE: all */
    struct arrangement layout; /* of the overview */
    bool layout_changed; /* from what it was when it was chosen, or saved */
    int columns; /* as last drawn */
    int64_t selected; /* a run's number; 0: none */
    struct run_list runs; /* of SCENE_RUNS */
    struct table run_table;
    struct process_list processes; /* of SCENE_PROCESSES */
    struct table process_table;
    struct figure_list figures; /* of SCENE_FIGURES */
    struct table figure_table;
    struct notice_list notices; /* of SCENE_ALERTS */
    struct webhook_list webhooks;
    struct table alert_table, notice_table, webhook_table;
    struct settings settings; /* of SCENE_SETTINGS */
    struct table setting_table;
    struct help_list help; /* of SCENE_HELP */
    struct table help_table;
    enum scene_kind helped; /* the view that help was asked for in */
    int parameter; /* whose values stand against the score in SCENE_RUN */
    int second; /* and the other one of the map; see panel_second */
    bool held; /* the picture stands still on purpose */
    struct {
        bool on; /* an earlier time is shown */
        double time, now; /* wall seconds: shown; of the newest tick */
    } past; /* screen_past.c */
    struct graph_part part;
    struct {
        enum panel_id panel; /* whose graph; PANEL_NONE: nothing is dragged */
        int x; /* where it began */
    } drag;
    char message[VIEW_TEXT_MAX]; /* instead of the keys; "" */
    enum style message_style;
    struct panel_list list[PANEL_COUNT];
    struct rect place[PANEL_COUNT]; /* as last drawn; height 0: not shown */
    struct scene_spot spot[SCENE_SPOTS_MAX]; /* as last drawn */
    int spot_count;
};

void scene_init(struct scene *scene);
void scene_release(struct scene *scene);

/* Shows a view: nothing zoomed, its first panel has the focus. */
void scene_show(struct scene *scene, enum scene_kind kind);

/* The place of a panel in arrangement_panels[]; -1: no layout has it. */
int scene_layout_panel(enum panel_id id);

/* Writes the rows out that the layout leaves to the width, so that they can be changed. */
void scene_layout_begin(struct scene *scene);

/* The focus goes to a panel that is there. */
void scene_settle_focus(struct scene *scene);

/* The name of its keys in the key table. */
const char *scene_context(enum scene_kind kind);

void scene_draw(struct scene *scene, struct canvas *canvas);

/* The panel after (step 1) or before (step -1) the one with the focus, in the order of reading. */
enum panel_id scene_next_panel(struct scene *scene, int step);

/* What a panel is drawn from. */
struct panel_context scene_context_of(struct scene *scene, enum panel_id id);

/* The table that a panel shows, or NULL. */
struct table *scene_table(struct scene *scene, enum panel_id id);

/* The run that keys act upon: the one looked at, or the selected one; NULL. */
const struct view_run *scene_run(const struct scene *scene);

/* The same, or the marked ones where there are some; as many as an action
 * would do something to. Returns how many, `most` at most. */
int scene_targets(const struct scene *scene, enum action action, const struct view_run **ret_run,
    int most);

/* The processes that keys act upon: the marked ones, else that under the cursor. */
int scene_processes(const struct scene *scene, const struct process_row **ret_process, int most);

/* The run of the process under the cursor; 0: none. */
int64_t scene_process_run(const struct scene *scene);

/* What a click at a place does. */
enum action scene_spot_at(const struct scene *scene, int x, int y);

/* What to ask for so that a run has so many workers more (or fewer), in the
 * form of its run file: "5", "3x8". */
void scene_workers_text(const struct view_run *run, int more, char *buf, size_t size);

/* The same of those of the settings (screen_settings.c). */
bool scene_setting_can(const struct scene *scene, enum action action);

/* What is said of the earlier time that is shown (screen_past.c). */
void scene_past_text(const struct scene *scene, char *buf, size_t size);

/* And of those of alerts (screen_alerts.c). */
bool scene_alert_can(const struct scene *scene, enum action action);

/* Would an action do something now? The line of keys shows only those. */
bool scene_can(const struct scene *scene, enum action action);

#endif
