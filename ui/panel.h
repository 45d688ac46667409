/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A panel is a row of the table in panel.c: it says how much room it can use,
 * the figure that stands in its frame (all that is left of it on a small
 * screen), and draws its inside. Panels read the view and write nothing but
 * the canvas and their own scroll state.
 *
 * To add a panel: panel_<name>.c, a row in panel.c, a number here, and its
 * place in a band of scene_bands.c.
 */
#ifndef OPTOP_UI_PANEL_H
#define OPTOP_UI_PANEL_H

#include "ui/canvas.h"
#include "ui/detail.h"
#include "ui/graph_part.h"
#include "ui/layout.h"
#include "ui/view.h"

enum panel_id {
    PANEL_NONE,
    PANEL_CPU,
    PANEL_MEMORY,
    PANEL_IO,
    PANEL_RUNS,
    PANEL_TASKS,
    PANEL_POOLS,
    PANEL_BOARDS,
    PANEL_FILES,
    PANEL_ALERTS,
    PANEL_RUN,
    PANEL_CURVE,
    PANEL_TOP,
    PANEL_WORKERS,
    PANEL_USE,
    PANEL_FAILURES,
    PANEL_LOG,
    PANEL_SCORES,
    PANEL_SCATTER,
    PANEL_MAP,
    PANEL_RUN_TABLE,
    PANEL_PROCESSES,
    PANEL_FIGURES,
    PANEL_FIGURE_HISTORY,
    PANEL_ALERT_TABLE,
    PANEL_NOTICES,
    PANEL_WEBHOOKS,
    PANEL_SETTINGS,
    PANEL_SETTING,
    PANEL_HELP,
    PANEL_COUNT
};

/* What a list looks like; kept between drawings. */
struct panel_list {
    int top; /* first row seen */
    bool from_end; /* rows count from the bottom up */
    int count, page; /* as last drawn */
    struct rect body; /* where the rows were */
    struct rect graph; /* where a graph over time was; width 0: nowhere */
};

struct table;
struct settings;

struct panel_context {
    const struct view *view;
    const struct graph_part *part; /* of the past that graphs show */
    const struct detail *detail;
    int64_t selected; /* the run under the cursor; 0: none */
    bool focused;
    struct panel_list *list; /* the panel's own */
    struct table *table; /* the same; NULL: its rows are no table */
    const struct table *beside; /* what a panel is about that shows one row of a table; NULL */
    struct settings *settings; /* of the panels that show them */
    int parameter, second; /* of the run that is looked at; second: see panel_second */
    int scroll_x; /* where a scroll bar may stand: at the panel's right edge */
};

struct panel {
    const char *name;
    const char *title;
    int priority; /* 1 is the last to go */
    int weight; /* share of rows that are over */
    /* Inner rows that it can use at an inner width; 0: it has nothing to show. */
    int (*want)(const struct panel_context *context, int width);
    /* The figure in the frame; "" for none. */
    void (*note)(const struct panel_context *context, char *buf, size_t size);
    void (*draw)(struct canvas *canvas, struct rect inside, const struct panel_context *context);
    bool now_only; /* of what it shows nothing is in the status: unknown of an earlier time */
};

const struct panel *panel_info(enum panel_id id);

/* One per file. */
extern const struct panel panel_cpu, panel_memory, panel_io, panel_runs, panel_tasks,
    panel_pools, panel_boards, panel_files, panel_alerts, panel_run, panel_curve, panel_top, panel_log,
    panel_run_table, panel_processes, panel_figures, panel_figure_history, panel_alert_table,
    panel_notices, panel_scores, panel_scatter, panel_map, panel_workers, panel_use, panel_failures,
    panel_settings, panel_setting, panel_help, panel_webhooks;

/* What panels share (panel.c). */

/* Lays the columns of a table out in `inside`, and takes its first line for
 * their titles where there are two or more. column[] is filled from columns[]. */
void panel_table(struct canvas *canvas, struct rect *inside, const struct layout_column *columns,
    struct layout_column *column, int count);

/* Column titles in one line. */
void panel_titles(struct canvas *canvas, int y, const struct layout_column *column, int count);

/* One cell of a table: text to the left, figures to the right; nothing where
 * the column has been left out. */
void panel_text(struct canvas *canvas, int y, const struct layout_column *column,
    enum style style, const char *text);
void panel_figure(struct canvas *canvas, int y, const struct layout_column *column,
    enum style style, const char *text);

/* Begins a list of count rows in rect: keeps the scroll position sensible and
 * draws the scroll bar at the right edge of the panel. Returns the first
 * row to draw; rect.height rows may follow. */
int panel_list_begin(struct canvas *canvas, const struct panel_context *context,
    struct rect rect, int count);

/* A line for "there is nothing", in the middle of a list's place. */
void panel_empty(struct canvas *canvas, struct rect rect, const char *text);

/* A value's figures for people: counts exact while they fit in `cells`. */
const char *panel_count(double value, int cells, char *buf, size_t size);

/* "100/750", "1.20k/48.2M", "1.2k/48M", at last "1.20k": the longest that fits; "12" where the
 * total is not known. */
const char *panel_progress_text(double done, double total, int cells, char *buf, size_t size);

/* The other parameter of a map beside `parameter`: `second` counts those that are left. */
int panel_second(const struct detail *detail, int parameter, int second);

/* A score in at most `cells` cells, rounded as far as it must be. */
const char *panel_score(double value, int cells, char *buf, size_t size);

/* "14:03:07" of a wall time; "-" when not known. */
const char *panel_clock(double time, char *buf, size_t size);

/* "11-29 14:03" of a wall time; "-" when not known. */
const char *panel_date(double time, char *buf, size_t size);

/* "91.2%" with a unit that is %, bytes, seconds or a word. */
const char *panel_unit_text(double value, const char *unit, char *buf, size_t size);

/* The sign of an alert's state or a notice's type: "!!", "!", "+", ...; "". */
const char *panel_level_mark(const char *state, enum style *ret_style);

/* The word and the style of a run's state. */
const char *panel_run_state(const struct view_run *run, enum style *ret_style);

/* Of 0 to 1; NaN when the total is not known. */
double panel_run_fraction(const struct view_run *run);

/* The graph of a series, newest at the right, with its scale and a label of at
 * most four cells at the left; or of the part of the past that is asked for. */
void panel_series(struct canvas *canvas, struct rect rect, const struct panel_context *context,
    int series, const char *label, enum style style);

#endif
