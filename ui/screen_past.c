/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The whole screen at an earlier time: `<' and `>' walk through the status objects that
 * the server has recorded, `:at' goes to one. What is on the screen is of that
 * time, what was not recorded is said to be unknown, and nothing can be changed there.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/unit.h"
#include "ui/screen_act.h"

/* A key that is held repeats itself ten to forty times a second, fingers do not: as long
 * as ticks say so, its steps get longer. Ticks, so that no clock is asked. */
enum { HELD_PER_SECOND = 8, HELD_KEYS_MIN = 8 };

static const int gear_seconds[] = { 0, 60, 600, 3600 }; /* 0: record by record */
enum { GEARS = (int)(sizeof gear_seconds / sizeof *gear_seconds) };

static void
count_key(struct screen *screen, int direction)
{
    if (screen->walk.direction != direction)
        screen->walk.gear = screen->walk.keys = 0;
    screen->walk.direction = direction;
    screen->walk.keys++;
}

static void
shift_gear(struct screen *screen, double now)
{
    double seconds = now - screen->walk.since;
    if (seconds >= 0 && seconds < 0.9) /* too short to tell */
        return;
    bool held = screen->walk.keys >= HELD_KEYS_MIN && screen->walk.keys >= HELD_PER_SECOND * seconds;
    screen->walk.gear = !held ? 0 : screen->walk.gear + 1 < GEARS ? screen->walk.gear + 1 : GEARS - 1;
    screen->walk.keys = 0;
    screen->walk.since = now;
}

/* The wall time that is shown, or that of the newest tick. */
static double
shown_time(const struct scene *scene)
{
    return scene->past.on ? scene->past.time : scene->view.time;
}

static void
ask_past(struct screen *screen, double time, const char *find)
{
    if (screen->past_asked || !isfinite(time)) /* keys come faster than answers */
        return;
    json_t *params = json_object();
    json_object_set_new(params, "time", json_real(time > 0 ? time : 0));
    json_object_set_new(params, "find", json_string(find));
    screen->past_asked = true;
    screen_call(screen, CALL_PAST, "status.at", params)->tag = !strcmp(find, "after");
}

/* by: seconds; 1 and -1 are the next record and the one before. */
void
act_past(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    (void)text;
    if (by > 0 && !scene->past.on)
        return;
    double time = shown_time(scene);
    if (by == 1 || by == -1) {
        count_key(screen, by);
        by *= screen->walk.gear ? gear_seconds[screen->walk.gear] : 1;
    }
    if (by == 1 || by == -1)
        ask_past(screen, time, by > 0 ? "after" : "before");
    else if (by > 0 && time + by >= scene->past.now)
        act_now(screen, 0, NULL);
    else
        ask_past(screen, time + by, by > 0 ? "after" : "at");
}

void
act_at(struct screen *screen, int by, const char *text)
{
    int64_t wall_ns;
    double now = screen->scene.past.on ? screen->scene.past.now : screen->scene.view.time;
    (void)by;
    if (!text || !*text || !isfinite(now) || clock_parse_past(text, sec_to_ns(now), &wall_ns) < 0) {
        screen_tell(screen, STYLE_ERROR, "at what time? Such as -2h30m, 03:15, 03:15:20 or 2026-11-29 03:15");
        return;
    }
    ask_past(screen, ns_to_sec(wall_ns), "at");
}

/* Back to what goes on. */
void
act_now(struct screen *screen, int by, const char *text)
{
    struct scene *scene = &screen->scene;
    (void)by, (void)text;
    if (!scene->past.on)
        return;
    scene->past.on = false;
    scene->part.on = false;
    scene->held = false;
    scene->view.time = scene->past.now; /* what the next step back goes from, before the answer is here */
    screen_ask_all(screen);
    if (scene->kind == SCENE_RUN)
        screen_ask_detail(screen);
    else
        screen_ask_view(screen);
}

/* The graphs end where the status does; what is older comes from the history. */
static void
ask_graphs(struct screen *screen)
{
    const struct view *view = &screen->scene.view;
    for (int i = 0; i < VIEW_SERIES_COUNT; i++) {
        json_t *params = json_object();
        json_object_set_new(params, "metric", json_string(metric_info(view->series[i].metric)->name));
        json_object_set_new(params, "end", json_real(view->time));
        json_object_set_new(params, "points", json_integer(VIEW_HISTORY));
        struct call *call = screen_call(screen, CALL_HISTORY, "history", params);
        call->tag = i;
        call->run = screen->past_round;
    }
}

/* Lists that views ask for: as far as the status has them. */
static void
fill_lists(struct screen *screen, const json_t *status)
{
    struct scene *scene = &screen->scene;
    const json_t *recent = json_object_get(json_object_get(status, "alerts"), "recent");
    json_t *told = json_pack("{s:O*}", "history", recent);
    run_list_apply(&scene->runs, status);
    notice_list_apply(&scene->notices, told);
    json_decref(told);
    table_update(&scene->run_table);
    table_update(&scene->notice_table);
    const struct view_run *run = view_find_run(&scene->view, scene->detail.run.run);
    if (run)
        scene->detail.run = *run;
}

static void
show_past(struct screen *screen, const json_t *status)
{
    struct scene *scene = &screen->scene;
    if (!scene->past.on) {
        scene->past.now = screen->walk.since = scene->view.time;
        screen->walk.gear = 0;
    }
    scene->past.on = true;
    screen->past_round++;
    scene->part.on = false;
    view_forget_series(&scene->view);
    screen->status_seen = false; /* what is on the screen is no longer that of the ticks */
    screen_apply_status(screen, status, NULL);
    scene->past.time = scene->view.time;
    fill_lists(screen, status);
    ask_graphs(screen);
}

void
screen_take_past(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    screen->past_asked = false;
    if (result)
        show_past(screen, result);
    else if (call->tag && screen->scene.past.on)
        act_now(screen, 0, NULL); /* behind the newest record is now */
    else
        screen_tell(screen, STYLE_ERROR, diag->text);
    if (!result)
        screen->walk.gear = 0; /* the steps were too long for what is left */
}

/* What goes on meanwhile: only its time is seen. */
void
screen_tick_past(struct screen *screen, const json_t *status)
{
    double time = json_get_number(status, "time", NAN);
    if (isfinite(time)) {
        screen->scene.past.now = time;
        shift_gear(screen, time);
    }
    screen->dirty = true;
}

void
scene_past_text(const struct scene *scene, char *buf, size_t size)
{
    char when[24], ago[24];
    clock_format_local(sec_to_ns(scene->past.time), when, sizeof when);
    unit_format_duration(fmax(0, scene->past.now - scene->past.time), ago, sizeof ago);
    const char *context = scene_context(scene->kind);
    snprintf(buf, size, "as of %s (%s ago)   %s earlier  %s later  %s now", when, ago,
        keymap_key(context, ACTION_EARLIER), keymap_key(context, ACTION_FORTH), keymap_key(context, ACTION_BACK));
}
