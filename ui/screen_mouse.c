/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Clicks and the wheel: on the names of views and keys, on rows, on the titles of columns.
 */
#include "ui/screen_act.h"

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
        screen_open_run(screen, &scene->view.run[row]);
    else
        scene->selected = scene->view.run[row].run;
}

/* The same in a table. */
static void
click_row(struct screen *screen, enum panel_id id, struct table *table, int y)
{
    const struct panel_list *list = &screen->scene.list[id];
    int row = list->top + y - list->body.y;
    if (row < 0 || row >= table->shown)
        return;
    if (row == table->at)
        screen_act(screen, ACTION_OPEN, NULL);
    else
        table_move(table, row - table->at);
}

static void
click_panel(struct screen *screen, enum panel_id id, int x, int y)
{
    struct scene *scene = &screen->scene;
    struct table *table = scene_table(scene, id);
    scene->focus = id;
    if (table && table_click(table, x, y))
        return;
    if (!holds(scene->list[id].body, x, y))
        return;
    if (table)
        click_row(screen, id, table, y);
    else if (id == PANEL_RUNS)
        click_run(screen, y);
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
    if (button == SCREEN_CLICK)
        screen_act(screen, scene_spot_at(scene, x, y), NULL);
    for (int id = PANEL_NONE + 1; id < PANEL_COUNT; id++) {
        if (!holds(scene->place[id], x, y))
            continue;
        if (button == SCREEN_CLICK)
            click_panel(screen, (enum panel_id)id, x, y);
        else
            screen_move(scene, (enum panel_id)id, button == SCREEN_WHEEL_UP ? -1 : 1);
        break;
    }
    screen->dirty = true;
    screen_ask_setting_history(screen);
    screen_settle(screen);
}
