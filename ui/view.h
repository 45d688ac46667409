/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The client's copy of what the server last said: the newest status object as
 * plain data, short histories for the graphs, and the detail of the run that
 * is looked at. Panels read it; only view.c writes it. Applying a tick does
 * not allocate once every row has been seen (jansson's decoding apart).
 */
#ifndef OPTOP_UI_VIEW_H
#define OPTOP_UI_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "model/run.h"
#include "model/sample.h"

enum {
    VIEW_HISTORY = 512, /* newest points kept per graph */
    VIEW_POOLS_MAX = 32,
    VIEW_TASKS_MAX = 64,
    VIEW_FIGURES_MAX = 256,
    VIEW_FILES_MAX = 64,
    VIEW_RUNS_MAX = 64,
    VIEW_ALERTS_MAX = 64,
    VIEW_LEAKS_MAX = 4,
    VIEW_TEXT_MAX = 160,
};

struct view_pool {
    char name[48];
    double size, in_use, idle, created, reused, reuse_pct, retired;
    double acquire_p50_seconds, acquire_p99_seconds; /* NaN: it has none */
    char recycled[VIEW_TEXT_MAX]; /* "1 max_age, 2 crashed"; "": none */
};

struct view_task {
    char name[64];
    double count, in_progress, failed, min_seconds, mean_seconds, p99_seconds, max_seconds;
};

struct view_file {
    char path[VIEW_TEXT_MAX]; /* its end */
    double reads, writes, syncs, failed, read_bytes, written_bytes, mean_seconds, p99_seconds;
};

/* A figure that a program publishes; those of one program follow each other. */
struct view_figure {
    char program[48];
    int64_t pid;
    bool first; /* of its program */
    enum { VIEW_FIGURE_COUNTER, VIEW_FIGURE_GAUGE, VIEW_FIGURE_HISTOGRAM } kind;
    char name[64], labels[96], unit[16];
    double value, rate, p50_seconds, p99_seconds;
};

struct view_run {
    int64_t run;
    char name[RUN_NAME_MAX];
    enum run_state state;
    enum run_goal goal;
    bool cancelling, resumable;
    double total; /* NaN: unknown */
    double done, failed, running;
    double points, feasible; /* of the space; NaN: endless, not counted */
    bool exhaustive; /* every feasible point is a trial */
    bool has_best;
    double best_trial, best_score;
    char best_params[VIEW_TEXT_MAX]; /* "preset=9 lc=4" */
    double best_found_seconds; /* after the run's start; NaN */
    double rate, eta_seconds, eta_low_seconds, eta_high_seconds, elapsed_seconds;
    double workers, workers_target, utilization_pct;
    char workers_wanted[24]; /* as the run file says: "auto", "4", "2x8" */
    double priority;
    char cage[16], search[24], objective[24], score[64];
    double sink_behind; /* NaN: it has no sink */
    bool sink_failing;
    char reason[VIEW_TEXT_MAX], waiting[VIEW_TEXT_MAX];
    char target_reason[VIEW_TEXT_MAX]; /* of workers = auto; "" otherwise */
    double created, started, finished; /* wall seconds; NaN */
};

/* How short memory is, and who gave some back. */
struct view_shortage {
    int level; /* 0: not short */
    char name[12], reason[VIEW_TEXT_MAX];
    double released_bytes, last_bytes; /* so far, and in the last release */
    char types[VIEW_TEXT_MAX]; /* the server's own: "json 4.0K, sqlite 1.20M" */
    int leak_count;
    char leak[VIEW_LEAKS_MAX][VIEW_TEXT_MAX]; /* who grows and does not stop */
    char givers[VIEW_TEXT_MAX]; /* of the last: "cache users 8.00M, heap 4.00M" */
};

struct view_alert { /* an alert that is not normal */
    char key[96];
    char state[16];
    char unit[8];
    char hold[12], cause[VIEW_TEXT_MAX]; /* "silenced", "inhibited", ""; by what */
    char acknowledged[64]; /* by whom; "" */
    double value, level, since;
};

struct view_notice { /* what was told */
    int64_t id;
    double time;
    char type[24];
    char key[96];
    char text[VIEW_TEXT_MAX];
};

/* A ring of the newest values of one metric, for a graph. */
struct view_series {
    enum metric metric;
    int count, head; /* head: index of the newest */
    float value[VIEW_HISTORY];
};

enum { VIEW_SERIES_CPU, VIEW_SERIES_MEMORY, VIEW_SERIES_PSI_CPU, VIEW_SERIES_PSI_MEMORY,
    VIEW_SERIES_PSI_IO, VIEW_SERIES_COUNT };

struct view {
    bool connected;
    char banner[VIEW_TEXT_MAX]; /* why not connected; "" */
    uint64_t ticks; /* status objects applied, repeats not counted */
    double time; /* wall seconds of the newest */
    double interval_seconds;
    char host[64], kernel[64], version[24], server_state[VIEW_TEXT_MAX];
    int cores, sessions, server_pid;
    double server_uptime;
    struct sample sample; /* scalars and rows by the metric table */
    struct view_series series[VIEW_SERIES_COUNT];
    struct view_shortage shortage;
    int pool_count;
    struct view_pool pool[VIEW_POOLS_MAX];
    int task_count;
    struct view_task task[VIEW_TASKS_MAX];
    int figure_count; /* of the server's own its caches alone; workers last */
    struct view_figure figure[VIEW_FIGURES_MAX];
    int file_count;
    struct view_file file[VIEW_FILES_MAX]; /* of the server */
    double disk_read_bytes, disk_written_bytes; /* by the server */
    int run_count;
    struct view_run run[VIEW_RUNS_MAX];
    double alerts_pending, alerts_warning, alerts_critical;
    double deliveries_waiting, deliveries_dead, deliveries_delivered;
    int alert_count;
    struct view_alert alert[VIEW_ALERTS_MAX];
    int notice_count;
    struct view_notice notice[VIEW_ALERTS_MAX];
};

void view_init(struct view *view);
void view_release(struct view *view);

/* Takes a status object (the same one twice is one point of the graphs); members of a wrong type count as unknown. */
void view_apply_status(struct view *view, const json_t *status);

/* The same of a status that the view has all of but a change (base/json_change.h). */
void view_apply_change(struct view *view, const json_t *status, const json_t *change);

/* Takes a run object (a `run` notification). */
void view_apply_run(struct view *view, const json_t *run);

/* Takes the answer of `history`, older than what the ring holds. */
void view_apply_history(struct view *view, int series, const json_t *history);

/* Empties the graphs, before `history` is asked for anew. */
void view_forget_series(struct view *view);

/* Parses one run object; false when it has no number or no known state. */
bool view_parse_run(const json_t *object, struct view_run *ret_run);

/* Parses one notice object; false when it is none. */
bool view_parse_notice(const json_t *object, struct view_notice *ret_notice);

/* The run with a number, or NULL. */
const struct view_run *view_find_run(const struct view *view, int64_t run);

/* Value `age` ticks ago (0: newest), NaN when there is none. */
float view_series_at(const struct view_series *series, int age);

#endif
