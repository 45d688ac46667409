/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which panels a view has, where they stand, and how they are drawn.
 */
#include "ui/scene_bands.h"

#include <stdio.h>
#include <string.h>

#include "ui/draw.h"

enum {
    BAND_PANELS_MAX = 4,
    BANDS_MAX = 11,
    NARROW_BELOW = 72, /* columns: one panel beside the other from here */
    WIDE_FROM = 200,
    BOXES_FROM = 30, /* rows of the screen: frames around panels from here */
};

/* A band is a row of panels side by side, with their shares of the width.
 * Tables end with an empty band. To place a panel: name it in each of the
 * three widths of its scene. */
struct band {
    struct {
        enum panel_id id;
        int share;
    } panel[BAND_PANELS_MAX];
};

static const struct band overview_narrow[] = {
    { { { PANEL_CPU, 1 } } },
    { { { PANEL_MEMORY, 1 } } },
    { { { PANEL_RUNS, 1 } } },
    { { { PANEL_TASKS, 1 } } },
    { { { PANEL_POOLS, 1 } } },
    { { { PANEL_BOARDS, 1 } } },
    { { { PANEL_FILES, 1 } } },
    { { { PANEL_ALERTS, 1 } } },
    { { { PANEL_IO, 1 } } },
    { { { PANEL_NONE, 0 } } },
};
static const struct band overview_normal[] = {
    { { { PANEL_CPU, 1 }, { PANEL_MEMORY, 1 } } },
    { { { PANEL_RUNS, 1 } } },
    { { { PANEL_TASKS, 1 }, { PANEL_POOLS, 1 } } },
    { { { PANEL_BOARDS, 1 } } },
    { { { PANEL_FILES, 1 } } },
    { { { PANEL_ALERTS, 1 }, { PANEL_IO, 1 } } },
    { { { PANEL_NONE, 0 } } },
};
static const struct band overview_wide[] = {
    { { { PANEL_CPU, 4 }, { PANEL_MEMORY, 3 }, { PANEL_IO, 2 } } },
    { { { PANEL_RUNS, 1 } } },
    { { { PANEL_TASKS, 3 }, { PANEL_POOLS, 2 }, { PANEL_ALERTS, 3 } } },
    { { { PANEL_BOARDS, 2 }, { PANEL_FILES, 1 } } },
    { { { PANEL_NONE, 0 } } },
};
static const struct band run_narrow[] = {
    { { { PANEL_RUN, 1 } } },
    { { { PANEL_CURVE, 1 } } },
    { { { PANEL_TOP, 1 } } },
    { { { PANEL_WORKERS, 1 } } },
    { { { PANEL_USE, 1 } } },
    { { { PANEL_SCORES, 1 } } },
    { { { PANEL_SCATTER, 1 } } },
    { { { PANEL_MAP, 1 } } },
    { { { PANEL_FAILURES, 1 } } },
    { { { PANEL_LOG, 1 } } },
    { { { PANEL_NONE, 0 } } },
};
static const struct band run_normal[] = {
    { { { PANEL_RUN, 1 } } },
    { { { PANEL_CURVE, 1 }, { PANEL_TOP, 1 } } },
    { { { PANEL_WORKERS, 2 }, { PANEL_USE, 1 } } },
    { { { PANEL_SCORES, 1 }, { PANEL_SCATTER, 1 }, { PANEL_MAP, 1 } } },
    { { { PANEL_FAILURES, 1 } } },
    { { { PANEL_LOG, 1 } } },
    { { { PANEL_NONE, 0 } } },
};
static const struct band run_wide[] = {
    { { { PANEL_RUN, 1 } } },
    { { { PANEL_CURVE, 1 }, { PANEL_TOP, 1 } } },
    { { { PANEL_WORKERS, 2 }, { PANEL_USE, 1 } } },
    { { { PANEL_SCORES, 1 }, { PANEL_SCATTER, 1 }, { PANEL_MAP, 2 }, { PANEL_FAILURES, 1 } } },
    { { { PANEL_LOG, 1 } } },
    { { { PANEL_NONE, 0 } } },
};
static const struct band all_runs[] = {
    { { { PANEL_RUN_TABLE, 1 } } },
    { { { PANEL_NONE, 0 } } },
};

static const struct band all_processes[] = {
    { { { PANEL_PROCESSES, 1 } } },
    { { { PANEL_NONE, 0 } } },
};

static const struct band figures_narrow[] = {
    { { { PANEL_FIGURES, 1 } } },
    { { { PANEL_FIGURE_HISTORY, 1 } } },
    { { { PANEL_POOLS, 1 } } },
    { { { PANEL_TASKS, 1 } } },
    { { { PANEL_FILES, 1 } } },
    { { { PANEL_NONE, 0 } } },
};
static const struct band figures_normal[] = {
    { { { PANEL_FIGURES, 1 } } },
    { { { PANEL_FIGURE_HISTORY, 1 } } },
    { { { PANEL_TASKS, 1 }, { PANEL_POOLS, 1 } } },
    { { { PANEL_FILES, 1 } } },
    { { { PANEL_NONE, 0 } } },
};
static const struct band all_alerts[] = {
    { { { PANEL_ALERT_TABLE, 1 } } },
    { { { PANEL_NOTICES, 1 } } },
    { { { PANEL_WEBHOOKS, 1 } } },
    { { { PANEL_NONE, 0 } } },
};

static const struct band all_settings[] = {
    { { { PANEL_SETTINGS, 1 } } },
    { { { PANEL_SETTING, 1 } } },
    { { { PANEL_NONE, 0 } } },
};
static const struct band all_help[] = {
    { { { PANEL_HELP, 1 } } },
    { { { PANEL_NONE, 0 } } },
};

/* To add a view of panels: a number in scene.h, a row here, a row in views[] (scene_lines.c). */
static const struct {
    const char *context;
    const struct band *narrow, *normal, *wide;
    enum panel_id focus;
} scenes[SCENE_COUNT] = {
    [SCENE_OVERVIEW] = { "overview", overview_narrow, overview_normal, overview_wide, PANEL_RUNS },
    [SCENE_RUNS] = { "all runs", all_runs, all_runs, all_runs, PANEL_RUN_TABLE },
    [SCENE_RUN] = { "run", run_narrow, run_normal, run_wide, PANEL_TOP },
    [SCENE_PROCESSES] = { "processes", all_processes, all_processes, all_processes, PANEL_PROCESSES },
    [SCENE_FIGURES] = { "figures", figures_narrow, figures_normal, figures_normal, PANEL_FIGURES },
    [SCENE_ALERTS] = { "alerts", all_alerts, all_alerts, all_alerts, PANEL_ALERT_TABLE },
    [SCENE_SETTINGS] = { "settings", all_settings, all_settings, all_settings, PANEL_SETTINGS },
    [SCENE_HELP] = { "help", all_help, all_help, all_help, PANEL_HELP },
};

void
scene_show(struct scene *scene, enum scene_kind kind)
{
    scene->kind = kind;
    scene->zoom = PANEL_NONE;
    scene->focus = scenes[kind].focus;
    scene_settle_focus(scene);
}

const char *
scene_context(enum scene_kind kind)
{
    return scenes[kind].context;
}

/* As arrangement_panels[] counts them. */
static const enum panel_id layout_panels[ARRANGEMENT_PANELS] = { PANEL_CPU, PANEL_MEMORY, PANEL_IO, PANEL_RUNS,
    PANEL_TASKS, PANEL_POOLS, PANEL_BOARDS, PANEL_FILES, PANEL_ALERTS };

int
scene_layout_panel(enum panel_id id)
{
    for (int i = 0; i < ARRANGEMENT_PANELS; i++)
        if (layout_panels[i] == id)
            return i;
    return -1;
}

/* The rows of a layout as bands; each panel alone where it is narrow. */
static const struct band *
bands_of_layout(const struct arrangement *layout, bool narrow, struct band *band)
{
    int count = 0;
    memset(band, 0, BANDS_MAX * sizeof *band);
    for (int r = 0; r < layout->rows; r++) {
        for (int p = 0; p < layout->row[r].count; p++) {
            int place = narrow ? 0 : p;
            band[count].panel[place].id = layout_panels[layout->row[r].panel[p]];
            band[count].panel[place].share = 1;
            count += narrow;
        }
        count += !narrow;
    }
    return band;
}

/* room: BANDS_MAX of them, for those that no table has. */
static const struct band *
bands_for(const struct scene *scene, int columns, struct band *room)
{
    bool narrow = columns < NARROW_BELOW;
    if (scene->kind == SCENE_OVERVIEW && scene->layout.rows)
        return bands_of_layout(&scene->layout, narrow, room);
    return narrow ? scenes[scene->kind].narrow
        : columns < WIDE_FROM ? scenes[scene->kind].normal : scenes[scene->kind].wide;
}

static bool
band_ends(const struct band *band)
{
    return band->panel[0].id == PANEL_NONE;
}

/* A panel that has nothing to show is not there. */
static bool
has_panel(struct scene *scene, enum panel_id id)
{
    struct panel_context context = scene_context_of(scene, id);
    return panel_info(id)->want(&context, NARROW_BELOW) > 0;
}

enum panel_id
scene_next_panel(struct scene *scene, int step)
{
    enum panel_id order[BANDS_MAX], id = scene->focus;
    struct band room[BANDS_MAX];
    int count = 0, at = 0;
    for (const struct band *band = bands_for(scene, 0, room); !band_ends(band); band++) {
        if (!has_panel(scene, band->panel[0].id))
            continue;
        if (band->panel[0].id == id)
            at = count;
        order[count++] = band->panel[0].id;
    }
    return count ? order[(at + step + count) % count] : id;
}

void
scene_settle_focus(struct scene *scene)
{
    if (scene->kind == SCENE_OVERVIEW && scene->layout.rows &&
        !arrangement_has(&scene->layout, scene_layout_panel(scene->focus)))
        scene->focus = layout_panels[scene->layout.row[0].panel[0]];
}

void
scene_layout_begin(struct scene *scene)
{
    struct arrangement *layout = &scene->layout;
    const struct band *band = scene->columns < WIDE_FROM ? overview_normal : overview_wide;
    if (layout->rows)
        return;
    for (int r = 0; !band_ends(&band[r]); r++, layout->rows++) {
        layout->row[r].count = 0;
        for (int p = 0; p < BAND_PANELS_MAX && band[r].panel[p].share; p++)
            layout->row[r].panel[layout->row[r].count++] = scene_layout_panel(band[r].panel[p].id);
    }
}

/* Panels. */

static void
draw_panel(struct scene *scene, struct canvas *canvas, enum panel_id id, struct rect rect, bool boxed)
{
    const struct panel *panel = panel_info(id);
    struct panel_context context = scene_context_of(scene, id);
    char note[160] = "", title[64];
    struct rect inside = { rect.x + 1, rect.y + 1, rect.width - 2, rect.height - 1 };
    enum style style = context.focused ? STYLE_TEXT : STYLE_DIM;
    snprintf(title, sizeof title, "%s%s", context.focused ? "▸ " : "", panel->title);
    scene->place[id] = rect;
    scene->list[id].graph = (struct rect){ 0, 0, 0, 0 };
    context.scroll_x = rect.x + rect.width - 1;
    if (boxed) {
        draw_box(canvas, rect, title, style);
        inside = draw_inside(rect);
    } else {
        draw_rule(canvas, rect.x, rect.y, rect.width, title, style);
    }
    bool unknown = scene->past.on && panel->now_only;
    if (!unknown)
        panel->note(&context, note, sizeof note);
    draw_box_note(canvas, rect, title, note, STYLE_VALUE);
    if (inside.width < 1 || inside.height < 1)
        return;
    if (unknown)
        panel_empty(canvas, inside, "not recorded: known of now alone");
    else
        panel->draw(canvas, inside, &context);
    struct rect graph = scene->list[id].graph;
    if (scene->drag.panel == id && graph.width)
        canvas_style(canvas, (struct rect){ scene->drag.x, graph.y, 1, graph.height }, STYLE_SELECTED);
}

static void
draw_band(struct scene *scene, struct canvas *canvas, const struct band *band, struct rect rect,
    bool boxed)
{
    int shares = 0;
    for (int i = 0; i < BAND_PANELS_MAX; i++)
        shares += band->panel[i].share;
    for (int i = 0; i < BAND_PANELS_MAX && band->panel[i].share; i++) {
        struct rect part = rect;
        part.width = rect.width * band->panel[i].share / shares;
        bool last = shares == band->panel[i].share;
        draw_panel(scene, canvas, band->panel[i].id,
            (struct rect){ part.x, part.y, part.width - !last * !boxed, part.height }, boxed);
        rect.x += part.width;
        rect.width -= part.width;
        shares -= band->panel[i].share;
    }
}

static struct layout_band
measure_band(struct scene *scene, const struct band *band, int width, int frame)
{
    struct layout_band room = { .min = frame + 1, .priority = PANEL_COUNT };
    int shares = 0;
    for (int i = 0; i < BAND_PANELS_MAX; i++)
        shares += band->panel[i].share;
    for (int i = 0; i < BAND_PANELS_MAX && band->panel[i].share; i++) {
        const struct panel *panel = panel_info(band->panel[i].id);
        struct panel_context context = scene_context_of(scene, band->panel[i].id);
        int inner = width * band->panel[i].share / shares - 2 * frame;
        int want = panel->want(&context, inner) + frame;
        room.want = want > room.want ? want : room.want;
        room.weight = panel->weight > room.weight ? panel->weight : room.weight;
        room.priority = panel->priority < room.priority ? panel->priority : room.priority;
    }
    return room;
}

void
scene_draw_panels(struct scene *scene, struct canvas *canvas, struct rect rect)
{
    bool boxed = canvas->rows >= BOXES_FROM && canvas->columns >= NARROW_BELOW;
    int frame = boxed ? 2 : 1, count = 0;
    memset(scene->place, 0, sizeof scene->place);
    if (rect.height < 1 || rect.width < 1)
        return;
    if (scene->zoom != PANEL_NONE) {
        draw_panel(scene, canvas, scene->zoom, rect, boxed);
        return;
    }
    struct layout_band room[BANDS_MAX];
    struct band own[BANDS_MAX];
    const struct band *shown[BANDS_MAX], *first = bands_for(scene, rect.width, own);
    scene->columns = rect.width;
    for (const struct band *band = first; !band_ends(band); band++) {
        room[count] = measure_band(scene, band, rect.width, frame);
        if (first == own)
            room[count].priority = 1 + (int)(band - first); /* what stands first is wanted most */
        if (room[count].want > frame)
            shown[count++] = band;
    }
    if (!count)
        panel_empty(canvas, rect, "no panel of this layout has anything to show (L: the next layout)");
    for (int i = 0; i < count && rect.height < frame + 1; i++)
        room[i].min = 1; /* a rule with its figure is better than nothing */
    layout_bands(room, count, rect.height);
    for (int i = 0; i < count; i++) {
        struct rect place = { rect.x, rect.y, rect.width, room[i].height };
        if (place.height)
            draw_band(scene, canvas, shown[i], place, boxed);
        rect.y += room[i].height;
    }
}
