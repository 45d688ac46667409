/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The screen's inside, for the files that make it: screen.c (what comes in and
 * goes out), screen_mouse.c and screen_act.c (what keys and commands do), and for the table in
 * action.c.
 */
#ifndef OPTOP_UI_SCREEN_ACT_H
#define OPTOP_UI_SCREEN_ACT_H

#include "ui/dialog.h"
#include "ui/screen.h"

/* To add one: a kind, and its row in screen_answer.c. */
enum call_kind { CALL_STATUS, CALL_WATCH, CALL_HISTORY, CALL_TOP, CALL_CURVE, CALL_MAP, CALL_LOGS, CALL_FAILURES,
    CALL_WORKERS, CALL_RUN, CALL_RUNS, CALL_PROCESSES, CALL_FIGURES, CALL_NOTICES, CALL_CONFIG, CALL_SETTING,
    CALL_SETTING_HISTORY, CALL_ALERT, CALL_PAST, CALL_CLONE, CALL_LAYOUT, CALL_UNDO,
    CALL_DIALOG };

/* A request under way. */
struct call {
    struct call *next;
    struct screen *screen;
    enum call_kind kind;
    struct dialog *dialog; /* NULL when it has been closed meanwhile */
    int tag; /* the dialog's; or the series; or the round of a log */
    int64_t run;
    char by[DETAIL_NAME_MAX]; /* of the best trials; see struct detail */
    bool reverse;
    char done[128]; /* what to tell when it has been done */
    json_t *undo; /* owned; what changes it back; NULL: nothing does, or it need not be known */
    int64_t round; /* of the key that it is of */
    bool launches; /* the answer is a new run */
    bool failed; /* could not be sent: answered when the present entry ends */
};

struct screen {
    struct scene scene;
    const struct screen_host *host;
    const char *folders;
    struct dialog *dialogs; /* the top one */
    struct dialog_host dialog_host;
    struct call *calls;
    json_t *status; /* what the ticks have said; owned, NULL before the first */
    bool status_seen; /* all of it is in the view */
    double message_until; /* view time; NaN: until the next status */
    uint64_t ready_ticks; /* ticks when the connection began */
    bool dirty;
    double detail_time, detail_done; /* when and at what count it was read last */
    enum run_state detail_state;
    int detail_calls; /* under way */
    double deliveries; /* what was known of them when notices were asked for */
    double map_time, map_done, map_seconds; /* the same of the map, and how long the answer took */
    int64_t map_run; /* what was asked for last */
    char map_x[RUN_NAME_MAX], map_y[RUN_NAME_MAX];
    int map_columns, map_rows;
    bool map_asked;
    struct arrangement layouts[CONFIG_LAYOUTS_MAX]; /* of optop.ini */
    int layout_count;
    struct arrangement saved_layout; /* what is being written */
    bool past_asked; /* an earlier time is under way */
    struct {
        int direction; /* of the last key: -1, 1; 0: none yet */
        int keys, gear; /* keys since `since`; how long a step is */
        double since; /* time of a tick; NaN: of none */
    } walk; /* screen_past.c */
    int64_t past_round; /* counts those that were shown */
    json_t *undo; /* owned; what can be undone, the newest last; NULL: nothing */
    int64_t round; /* counts keys: what one of them does is undone at once */
    bool processes_asked, figures_asked, workers_asked, settings_asked; /* under way */
};

/* What becomes of an answer; result NULL: the fault. */
typedef void screen_answer_fn(struct screen *screen, struct call *call, const json_t *result,
    const struct diag *diag);

/* screen.c */
void screen_tell(struct screen *screen, enum style style, const char *text);
/* Answers what could not be sent; at the end of each entry. */
void screen_settle(struct screen *screen);
void screen_push(struct screen *screen, struct dialog *dialog);
void screen_close_dialog(struct screen *screen, struct dialog *dialog); /* another one may be on top of it */
struct call *screen_call(struct screen *screen, enum call_kind kind, const char *method, json_t *params);
void screen_ask_notices(struct screen *screen);
void screen_update_tables(struct scene *scene); /* with what has come */
void screen_ask_all(struct screen *screen); /* what a hold has missed */

void screen_apply_status(struct screen *screen, const json_t *status, const json_t *change); /* what is seen of it */
void screen_take_status(struct screen *screen, const json_t *status, const json_t *change); /* it is new */

void screen_update_runs(struct scene *scene); /* the list of all of them, while it is seen */

/* screen_answer.c */
void screen_took_run(struct screen *screen, const json_t *result); /* it has changed, as an answer says */
screen_answer_fn screen_take_answer; /* of any kind */

/* screen_undo.c */
json_t *screen_undo_of(struct screen *screen, const char *method, const json_t *params); /* NULL: it cannot be undone */
bool screen_undo_keep(struct screen *screen, struct call *call, const json_t *result); /* it has been done: can it be undone? */
void screen_undo_forget(struct screen *screen);
screen_answer_fn screen_take_undo;

/* screen_past.c */
screen_answer_fn screen_take_past;
void screen_tick_past(struct screen *screen, const json_t *status);

/* screen_alerts.c */
screen_answer_fn screen_take_alert;
void screen_tick_alerts(struct screen *screen);

/* screen_layout.c */
void screen_take_layouts(struct screen *screen, const struct arrangement *layouts, int count);
screen_answer_fn screen_take_layout_saved;

/* screen_settings.c */
void screen_ask_settings(struct screen *screen);
screen_answer_fn screen_take_settings, screen_take_setting;
void screen_ask_setting_history(struct screen *screen);
void screen_tick_settings(struct screen *screen);

/* screen_ask.c */
json_t *screen_run_params(int64_t run);
void screen_ask_detail(struct screen *screen);
void screen_refresh_detail(struct screen *screen); /* when the run has got on, but not all the time */
void screen_ask_top(struct screen *screen);
void screen_ask_map(struct screen *screen); /* when it is not the one that is wanted */
void screen_ask_log(struct screen *screen, int64_t trial); /* 0: of all trials */
screen_answer_fn screen_take_detail;
void screen_ask_processes(struct screen *screen);
void screen_ask_figures(struct screen *screen); /* the dear ones, of what is seen */

/* screen_log.c */
void screen_log_prompt(struct screen *screen, enum prompt_kind kind, const char *text);
void screen_log_typed(struct screen *screen, enum prompt_kind kind, const char *text, bool done);
void screen_log_match(struct screen *screen, int by);

/* screen_act.c; of processes: screen_process.c */
void screen_act(struct screen *screen, enum action action, const char *text);
void screen_open_run(struct screen *screen, const struct view_run *run);
void screen_show(struct screen *screen, enum scene_kind kind);
void screen_ask_view(struct screen *screen); /* what it shows beyond the status */
void screen_move(struct scene *scene, enum panel_id id, int by);

/* A line that was typed behind ':'. */
void screen_command(struct screen *screen, const char *line);

/* What is typed as a filter or to be searched for, as it stands; done: the
 * line is closed. */
void screen_typed(struct screen *screen, enum prompt_kind kind, const char *text, bool done);

/* For the table of actions: `by` of the row; text: its argument, NULL by a key. */
void act_view(struct screen *screen, int by, const char *text);
void act_open(struct screen *screen, int by, const char *text);
void act_help(struct screen *screen, int by, const char *text);
void act_back(struct screen *screen, int by, const char *text);
void act_launch(struct screen *screen, int by, const char *text);
void act_clone(struct screen *screen, int by, const char *text);
void act_cancel(struct screen *screen, int by, const char *text);
void act_pause(struct screen *screen, int by, const char *text);
void act_resume(struct screen *screen, int by, const char *text);
void act_retry(struct screen *screen, int by, const char *text);
void act_workers(struct screen *screen, int by, const char *text);
void act_priority(struct screen *screen, int by, const char *text);
void act_metric(struct screen *screen, int by, const char *text);
void act_worst(struct screen *screen, int by, const char *text);
void act_parameter(struct screen *screen, int by, const char *text);
void act_second_parameter(struct screen *screen, int by, const char *text);
void act_details(struct screen *screen, int by, const char *text);
void act_tree(struct screen *screen, int by, const char *text);
void act_follow(struct screen *screen, int by, const char *text);
void act_of_run(struct screen *screen, int by, const char *text);
void act_columns(struct screen *screen, int by, const char *text);
void act_process(struct screen *screen, int by, const char *text);
void act_acknowledge(struct screen *screen, int by, const char *text);
void act_silence(struct screen *screen, int by, const char *text);
void act_test(struct screen *screen, int by, const char *text);
void act_replay(struct screen *screen, int by, const char *text);
void act_edit(struct screen *screen, int by, const char *text);
void act_default(struct screen *screen, int by, const char *text);
void act_switch(struct screen *screen, int by, const char *text);
void act_add(struct screen *screen, int by, const char *text);
void act_editor(struct screen *screen, int by, const char *text);
void act_mark(struct screen *screen, int by, const char *text);
void act_unmark(struct screen *screen, int by, const char *text);
void act_sort(struct screen *screen, int by, const char *text);
void act_reverse(struct screen *screen, int by, const char *text);
void act_filter(struct screen *screen, int by, const char *text);
void act_search(struct screen *screen, int by, const char *text);
void act_match(struct screen *screen, int by, const char *text);
void act_move(struct screen *screen, int by, const char *text);
void act_last(struct screen *screen, int by, const char *text);
void act_page(struct screen *screen, int by, const char *text);
void act_focus(struct screen *screen, int by, const char *text);
void act_layout(struct screen *screen, int by, const char *text);
void act_hide(struct screen *screen, int by, const char *text);
void act_unhide(struct screen *screen, int by, const char *text);
void act_panel(struct screen *screen, int by, const char *text);
void act_beside(struct screen *screen, int by, const char *text);
void act_save_layout(struct screen *screen, int by, const char *text);
void act_part(struct screen *screen, int by, const char *text);
void act_zoom(struct screen *screen, int by, const char *text);
void act_command(struct screen *screen, int by, const char *text);
void act_past(struct screen *screen, int by, const char *text);
void act_at(struct screen *screen, int by, const char *text);
void act_now(struct screen *screen, int by, const char *text);
void act_hold(struct screen *screen, int by, const char *text);
void act_copy(struct screen *screen, int by, const char *text);
void act_export(struct screen *screen, int by, const char *text);
void act_theme(struct screen *screen, int by, const char *text);
void act_undo(struct screen *screen, int by, const char *text);
void act_redraw(struct screen *screen, int by, const char *text);
void act_quit(struct screen *screen, int by, const char *text);

#endif
