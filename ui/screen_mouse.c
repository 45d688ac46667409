/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Clicks and the wheel: on the names of views and keys, on rows, on the titles
 * of columns; and drags over graphs.
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

/* Graphs over time: from where the button goes down to where it comes up. */

static bool
begin_drag(struct scene *scene, enum panel_id id, int x, int y)
{
    if (!holds(scene->list[id].graph, x, y))
        return false;
    scene->drag.panel = id;
    scene->drag.x = x;
    return true;
}

static void
end_drag(struct screen *screen, int x)
{
    struct scene *scene = &screen->scene;
    enum panel_id id = scene->drag.panel;
    struct rect graph = scene->list[id].graph;
    scene->drag.panel = PANEL_NONE;
    if (id == PANEL_NONE || graph.width < 1)
        return;
    int from = scene->drag.x, end = graph.x + graph.width - 1;
    x = x < graph.x ? graph.x : x > end ? end : x;
    if (x == from) /* a click */
        return;
    int oldest = graph_part_point(&scene->part, &scene->view, graph, x < from ? x : from);
    int newest = graph_part_point(&scene->part, &scene->view, graph, (x < from ? from : x) + 1) + 1;
    if (!graph_part_take(&scene->part, &scene->view, oldest, newest))
        screen_tell(screen, STYLE_ERROR, "there is too little in this part of the graph");
}

/* How many points a graph shows that shows no part. */
static int
points_shown(const struct scene *scene)
{
    const struct rect *cpu = &scene->list[PANEL_CPU].graph, *memory = &scene->list[PANEL_MEMORY].graph;
    int width = cpu->width > memory->width ? cpu->width : memory->width;
    return width > 0 ? 2 * width : VIEW_HISTORY;
}

void
act_part(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    (void)text;
    graph_part_resize(&scene->part, &scene->view, points_shown(scene), by);
}

static void
click_panel(struct screen *screen, enum panel_id id, int x, int y)
{
    struct scene *scene = &screen->scene;
    struct table *table = scene_table(scene, id);
    scene->focus = id;
    if (table && table_click(table, x, y))
        return;
    if (begin_drag(scene, id, x, y) || !holds(scene->list[id].body, x, y))
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
    if (button == SCREEN_RELEASE) {
        end_drag(screen, x);
        screen->dirty = true;
        return;
    }
    scene->drag.panel = PANEL_NONE;
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
