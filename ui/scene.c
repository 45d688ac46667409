/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/scene.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/draw.h"
#include "ui/scene_lines.h"

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
scene_init(struct scene *scene)
{
    view_init(&scene->view);
    table_init(&scene->run_table, &run_list_class, &scene->runs);
    table_init(&scene->process_table, &process_list_class, &scene->processes);
    table_sort_by(&scene->process_table, "cpu");
    scene->figures.view = &scene->view;
    table_init(&scene->figure_table, &figure_list_class, &scene->figures);
    table_init(&scene->alert_table, &alert_class, &scene->view);
    table_init(&scene->notice_table, &notice_class, &scene->notices);
    table_init(&scene->webhook_table, &webhook_class, &scene->webhooks);
    settings_init(&scene->settings, &scene->view);
    table_init(&scene->setting_table, &setting_class, &scene->settings);
    scene->setting_table.tree = true;
    table_init(&scene->help_table, &help_class, &scene->help);
    scene_show(scene, SCENE_OVERVIEW);
}

void
scene_release(struct scene *scene)
{
    view_release(&scene->view);
    table_release(&scene->run_table);
    run_list_release(&scene->runs);
    table_release(&scene->process_table);
    process_list_release(&scene->processes);
    table_release(&scene->figure_table);
    figure_list_release(&scene->figures);
    table_release(&scene->alert_table);
    table_release(&scene->notice_table);
    notice_list_release(&scene->notices);
    table_release(&scene->webhook_table);
    table_release(&scene->setting_table);
    settings_release(&scene->settings);
    table_release(&scene->help_table);
    help_list_release(&scene->help);
}

void
scene_show(struct scene *scene, enum scene_kind kind)
{
    scene->kind = kind;
    scene->zoom = PANEL_NONE;
    scene->focus = scenes[kind].focus;
}

struct table *
scene_table(struct scene *scene, enum panel_id id)
{
    switch (id) {
    case PANEL_RUN_TABLE:
        return &scene->run_table;
    case PANEL_PROCESSES:
        return &scene->process_table;
    case PANEL_FIGURES:
        return &scene->figure_table;
    case PANEL_ALERT_TABLE:
        return &scene->alert_table;
    case PANEL_NOTICES:
        return &scene->notice_table;
    case PANEL_WEBHOOKS:
        return &scene->webhook_table;
    case PANEL_SETTINGS:
        return &scene->setting_table;
    case PANEL_HELP:
        return &scene->help_table;
    default:
        return NULL;
    }
}

const char *
scene_context(enum scene_kind kind)
{
    return scenes[kind].context;
}

static const struct band *
bands_for(enum scene_kind kind, int columns)
{
    return columns < NARROW_BELOW ? scenes[kind].narrow
        : columns < WIDE_FROM ? scenes[kind].normal : scenes[kind].wide;
}

static bool
band_ends(const struct band *band)
{
    return band->panel[0].id == PANEL_NONE;
}

struct panel_context
scene_context_of(struct scene *scene, enum panel_id id)
{
    return (struct panel_context){
        .view = &scene->view,
        .detail = &scene->detail,
        .selected = scene->selected,
        .focused = scene->focus == id,
        .list = &scene->list[id],
        .table = scene_table(scene, id),
        .beside = id == PANEL_FIGURE_HISTORY ? &scene->figure_table
            : id == PANEL_SETTING ? &scene->setting_table : NULL,
        .settings = &scene->settings,
        .parameter = scene->parameter,
        .second = scene->second,
    };
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
    int count = 0, at = 0;
    for (const struct band *band = scenes[scene->kind].narrow; !band_ends(band); band++) {
        if (!has_panel(scene, band->panel[0].id))
            continue;
        if (band->panel[0].id == id)
            at = count;
        order[count++] = band->panel[0].id;
    }
    return order[(at + step + count) % count];
}

const struct view_run *
scene_run(const struct scene *scene)
{
    if (scene->kind == SCENE_RUN)
        return scene->detail.run.run ? &scene->detail.run : NULL;
    if (scene->kind == SCENE_PROCESSES) {
        const struct process_row *process = process_list_find(&scene->processes, scene->process_table.cursor);
        return process && process->run ? view_find_run(&scene->view, process->run) : NULL;
    }
    if (scene->kind == SCENE_RUNS)
        return run_list_find(&scene->runs, (int64_t)scene->run_table.cursor);
    return view_find_run(&scene->view, scene->selected);
}

/* Processes, where each has several threads; of `auto` what it has now. */
static int
wanted_workers(const struct view_run *run)
{
    int wanted = (int)strtol(run->workers_wanted, NULL, 10);
    return wanted > 0 ? wanted : run->workers_target >= 1 ? (int)run->workers_target : 1;
}

void
scene_workers_text(const struct view_run *run, int more, char *buf, size_t size)
{
    const char *threads = strchr(run->workers_wanted, 'x');
    snprintf(buf, size, "%d%s", wanted_workers(run) + more, threads ? threads : "");
}

/* Would an action do something to a run? */
static bool
run_can(const struct view_run *run, enum action action)
{
    bool alive = !run_state_ended(run->state) && !run->cancelling;
    switch (action) {
    case ACTION_PAUSE:
        return alive && run->state != RUN_PAUSED;
    case ACTION_FEWER_WORKERS:
        return alive && wanted_workers(run) > 1;
    case ACTION_RETRY:
        return run->failed > 0 && !run->cancelling;
    case ACTION_RESUME:
        return run->resumable && !run->cancelling;
    default:
        return alive;
    }
}

int
scene_targets(const struct scene *scene, enum action action, const struct view_run **ret_run,
    int most)
{
    const struct table *table = &scene->run_table;
    int count = 0;
    if (scene->kind != SCENE_RUNS || !table->mark_count) {
        const struct view_run *run = scene_run(scene);
        ret_run[0] = run;
        return run && run_can(run, action);
    }
    for (int i = 0; i < table->mark_count && count < most; i++) {
        const struct view_run *run = run_list_find(&scene->runs, (int64_t)table->mark[i]);
        if (run && run_can(run, action))
            ret_run[count++] = run;
    }
    return count;
}

int
scene_processes(const struct scene *scene, const struct process_row **ret_process, int most)
{
    const struct table *table = &scene->process_table;
    int count = 0;
    if (scene->kind != SCENE_PROCESSES || scene->past.on)
        return 0;
    if (!table->mark_count)
        count = (ret_process[0] = process_list_find(&scene->processes, table->cursor)) != NULL;
    for (int i = 0; i < table->mark_count && count < most; i++) {
        const struct process_row *process = process_list_find(&scene->processes, table->mark[i]);
        if (process)
            ret_process[count++] = process;
    }
    return count;
}

int64_t
scene_process_run(const struct scene *scene)
{
    const struct process_row *process =
        scene->kind == SCENE_PROCESSES ? process_list_find(&scene->processes, scene->process_table.cursor) : NULL;
    return process ? process->run : 0;
}

/* Are the processes of one run shown, and no others? */
static bool
is_of_run(const struct scene *scene)
{
    return scene->kind == SCENE_PROCESSES && !strncmp(scene->process_table.filter, "run ", 4);
}

bool
scene_can(const struct scene *scene, enum action action)
{
    const struct view_run *target[1];
    const struct process_row *process[1];
    if (scene->past.on && action_info(action)->changes)
        return false;
    switch (action) {
    case ACTION_FORTH:
    case ACTION_MUCH_FORTH:
    case ACTION_NOW:
        return scene->past.on;
    case ACTION_DETAILS:
    case ACTION_SIGNAL:
    case ACTION_RENICE:
    case ACTION_AFFINITY:
    case ACTION_IO_PRIORITY:
    case ACTION_FOLLOW:
        return scene_processes(scene, process, 1) > 0;
    case ACTION_EDIT:
    case ACTION_DEFAULT:
    case ACTION_SWITCH:
    case ACTION_ADD:
    case ACTION_EDITOR:
        return scene_setting_can(scene, action);
    case ACTION_METRIC:
    case ACTION_WORST:
        return scene->kind == SCENE_RUN && scene->detail.run.run && !scene->past.on;
    case ACTION_ACKNOWLEDGE:
    case ACTION_SILENCE:
    case ACTION_TEST:
    case ACTION_REPLAY:
        return scene_alert_can(scene, action);
    case ACTION_SECOND_PARAMETER:
        return scene->kind == SCENE_RUN && scene->detail.parameter_count > 2;
    case ACTION_PARAMETER:
        return scene->kind == SCENE_RUN && scene->detail.parameter_count > 1;
    case ACTION_OF_RUN:
        return scene_process_run(scene) > 0 || is_of_run(scene);
    case ACTION_TREE:
        return scene->kind == SCENE_PROCESSES;
    case ACTION_OPEN:
        return scene_run(scene) && scene->kind != SCENE_RUN;
    case ACTION_CLONE:
        return scene_run(scene) != NULL;
    case ACTION_RUN:
        return scene->kind != SCENE_RUN;
    case ACTION_CANCEL:
    case ACTION_PAUSE:
    case ACTION_RESUME:
    case ACTION_RETRY:
    case ACTION_MORE_WORKERS:
    case ACTION_FEWER_WORKERS:
    case ACTION_SOONER:
    case ACTION_LATER:
        return scene_targets(scene, action, target, 1) > 0;
    case ACTION_FILTER:
    case ACTION_SEARCH:
        if (scene->kind == SCENE_RUN) /* in its log */
            return !scene->past.on;
        /* fall through */
    case ACTION_MARK:
    case ACTION_SORT:
    case ACTION_REVERSE:
        return scene_table((struct scene *)(uintptr_t)scene, scene->focus) != NULL;
    default:
        return true;
    }
}

enum action
scene_spot_at(const struct scene *scene, int x, int y)
{
    for (int i = 0; i < scene->spot_count; i++) {
        struct rect rect = scene->spot[i].rect;
        if (y == rect.y && x >= rect.x && x < rect.x + rect.width)
            return scene->spot[i].action;
    }
    return ACTION_NONE;
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

static void
draw_panels(struct scene *scene, struct canvas *canvas, struct rect rect)
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
    const struct band *shown[BANDS_MAX];
    for (const struct band *band = bands_for(scene->kind, rect.width); !band_ends(band); band++) {
        room[count] = measure_band(scene, band, rect.width, frame);
        if (room[count].want > frame)
            shown[count++] = band;
    }
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

void
scene_draw(struct scene *scene, struct canvas *canvas)
{
    if (canvas->rows < 1 || canvas->columns < 1)
        return;
    scene->spot_count = 0;
    scene_draw_header(scene, canvas);
    int top = 1 + scene_draw_views(scene, canvas, 1);
    top += scene_draw_banner(scene, canvas, top);
    int bottom = scene_draw_last_line(scene, canvas);
    draw_panels(scene, canvas,
        (struct rect){ 0, top, canvas->columns, canvas->rows - top - bottom });
}
