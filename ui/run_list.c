/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/run_list.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "ui/draw.h"

/* To add a column: a number, a row here, its case in compare_runs and draw_run. */
enum { COLUMN_RUN, COLUMN_NAME, COLUMN_STATE, COLUMN_PROGRESS, COLUMN_DONE, COLUMN_FAILED,
    COLUMN_RATE, COLUMN_LEFT, COLUMN_BEST, COLUMN_WORKERS, COLUMN_STARTED, COLUMN_TOOK,
    COLUMN_METHOD, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_RUN] = { .title = "run", .min = 4, .want = 6, .priority = 1 },
    [COLUMN_NAME] = { .title = "name", .min = 14, .want = 24, .priority = 3, .left = true, .stretch = true },
    [COLUMN_STATE] = { .title = "state", .min = 9, .want = 10, .priority = 1, .left = true },
    [COLUMN_PROGRESS] = { .title = "progress", .min = 8, .want = 20, .priority = 6, .left = true },
    [COLUMN_DONE] = { .title = "done", .min = 9, .want = 15, .priority = 2 },
    [COLUMN_FAILED] = { .title = "failed", .min = 7, .want = 8, .priority = 7 },
    [COLUMN_RATE] = { .title = "rate", .min = 7, .want = 8, .priority = 8 },
    [COLUMN_LEFT] = { .title = "left", .min = 6, .want = 7, .priority = 4 },
    [COLUMN_BEST] = { .title = "best", .min = 8, .want = 12, .priority = 5 },
    [COLUMN_WORKERS] = { .title = "workers", .min = 7, .want = 8, .priority = 10 },
    [COLUMN_STARTED] = { .title = "started", .min = 11, .want = 11, .priority = 11 },
    [COLUMN_TOOK] = { .title = "took", .min = 6, .want = 7, .priority = 9 },
    [COLUMN_METHOD] = { .title = "method", .min = 10, .want = 20, .priority = 12, .left = true },
};

void
run_list_release(struct run_list *list)
{
    free(list->run);
    *list = (struct run_list){ 0 };
}

static int
index_of(const struct run_list *list, int64_t run)
{
    for (int i = 0; i < list->count; i++)
        if (list->run[i].run == run)
            return i;
    return -1;
}

const struct view_run *
run_list_find(const struct run_list *list, int64_t run)
{
    int i = index_of(list, run);
    return i < 0 ? NULL : &list->run[i];
}

void
run_list_apply(struct run_list *list, const json_t *result)
{
    size_t i;
    const json_t *object;
    list->count = 0;
    json_array_foreach(json_object_get(result, "runs"), i, object)
    {
        if (list->count == RUN_LIST_MAX)
            return;
        XGROW(list->run, list->count, list->capacity);
        list->count += view_parse_run(object, &list->run[list->count]);
    }
}

void
run_list_take(struct run_list *list, const struct view_run *run)
{
    int i = index_of(list, run->run);
    if (i < 0) {
        if (list->count == RUN_LIST_MAX)
            return;
        XGROW(list->run, list->count, list->capacity);
        i = list->count++;
    }
    list->run[i] = *run;
}

/* As a table. */

static const struct view_run *
run_at(const void *rows, int row)
{
    return &((const struct run_list *)rows)->run[row];
}

static int
count_runs(const void *rows)
{
    return ((const struct run_list *)rows)->count;
}

static uint64_t
run_key(const void *rows, int row)
{
    return (uint64_t)run_at(rows, row)->run;
}

static bool
run_matches(const void *rows, int row, const char *text)
{
    const struct view_run *run = run_at(rows, row);
    enum style style;
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)run->run);
    return table_contains(run->name, text) || table_contains(panel_run_state(run, &style), text) ||
        table_contains(run->search, text) || table_contains(run->objective, text) ||
        str_equal(number, text);
}

/* What moves first, then what waits, then what has ended. */
static int
state_place(const struct view_run *run)
{
    static const int places[RUN_STATE_COUNT] = {
        [RUN_RUNNING] = 0, [RUN_QUEUED] = 1, [RUN_PAUSED] = 2, [RUN_FAILED] = 3,
        [RUN_CANCELLED] = 4, [RUN_DONE] = 5,
    };
    return places[run->state];
}

static double
moving(const struct view_run *run, double figure)
{
    return run->state == RUN_RUNNING ? figure : (double)NAN;
}

/* How long it ran, or runs. */
static double
took(const struct view_run *run)
{
    return isfinite(run->finished) && isfinite(run->started) ? run->finished - run->started
                                                            : run->elapsed_seconds;
}

static double
best_of(const struct view_run *run)
{
    return run->has_best ? run->best_score : (double)NAN;
}

static int
compare_by(const void *rows, int left, int right, int column)
{
    const struct view_run *a = run_at(rows, left), *b = run_at(rows, right);
    switch (column) {
    case COLUMN_NAME:
        return strcmp(a->name, b->name);
    case COLUMN_STATE:
        return state_place(a) - state_place(b);
    case COLUMN_PROGRESS:
        return table_larger(panel_run_fraction(a), panel_run_fraction(b));
    case COLUMN_DONE:
        return table_larger(a->done, b->done);
    case COLUMN_FAILED:
        return table_larger(a->failed, b->failed);
    case COLUMN_RATE:
        return table_larger(moving(a, a->rate), moving(b, b->rate));
    case COLUMN_LEFT:
        return -table_larger(moving(a, a->eta_seconds), moving(b, b->eta_seconds));
    case COLUMN_BEST:
        return -table_larger(best_of(a), best_of(b));
    case COLUMN_WORKERS:
        return table_larger(a->workers, b->workers);
    case COLUMN_STARTED:
        return table_larger(a->started, b->started);
    case COLUMN_TOOK:
        return table_larger(took(a), took(b));
    case COLUMN_METHOD:
        return strcmp(a->search, b->search);
    default:
        return table_larger((double)a->run, (double)b->run);
    }
}

/* Among equal ones the newest is first. */
static int
compare_runs(const void *rows, int left, int right, int column)
{
    int order = compare_by(rows, left, right, column);
    return order ? order : compare_by(rows, left, right, COLUMN_RUN);
}

static void
draw_progress_cell(struct canvas *canvas, int y, const struct layout_column *column,
    const struct view_run *run)
{
    if (!column->width)
        return;
    const char *why = run->state == RUN_QUEUED ? run->waiting : run->state == RUN_FAILED ? run->reason : "";
    if (*why)
        panel_text(canvas, y, column, STYLE_DIM, why);
    else
        draw_progress(canvas, column->x, y, column->width, panel_run_fraction(run),
            run->state == RUN_RUNNING ? STYLE_BAR_1 : STYLE_DIM);
}

static void
draw_counts(struct canvas *canvas, int y, const struct layout_column *column, const struct view_run *run)
{
    char text[80], number[32];
    panel_figure(canvas, y, &column[COLUMN_DONE], STYLE_VALUE, panel_progress_text(run->done + run->failed,
        run->total, column[COLUMN_DONE].width, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_FAILED], run->failed > 0 ? STYLE_WARNING : STYLE_DIM,
        panel_count(run->failed, column[COLUMN_FAILED].width, text, sizeof text));
    double rate = moving(run, run->rate);
    snprintf(text, sizeof text, "%s%s", unit_format_count(rate, number, sizeof number), isnan(rate) ? "" : "/s");
    panel_figure(canvas, y, &column[COLUMN_RATE], STYLE_VALUE, text);
    panel_figure(canvas, y, &column[COLUMN_BEST], STYLE_VALUE,
        panel_score(best_of(run), column[COLUMN_BEST].width, text, sizeof text));
    if (isnan(run->workers) || (run->state != RUN_RUNNING && run->workers == 0))
        snprintf(text, sizeof text, "-");
    else
        panel_progress_text(run->workers, run->workers_target, column[COLUMN_WORKERS].width, text, sizeof text);
    panel_figure(canvas, y, &column[COLUMN_WORKERS], STYLE_VALUE, text);
}

static void
draw_times(struct canvas *canvas, int y, const struct layout_column *column, const struct view_run *run)
{
    char text[80];
    panel_figure(canvas, y, &column[COLUMN_LEFT], STYLE_VALUE,
        unit_format_duration(moving(run, run->eta_seconds), text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_TOOK], STYLE_VALUE, unit_format_duration(took(run), text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_STARTED], STYLE_DIM, panel_date(run->started, text, sizeof text));
}

static void
draw_run(struct canvas *canvas, int y, int end, const struct layout_column *column, const void *rows,
    int row, int depth)
{
    const struct view_run *run = run_at(rows, row);
    char text[64];
    enum style style;
    (void)end, (void)depth;
    const char *state = panel_run_state(run, &style);
    snprintf(text, sizeof text, "%lld", (long long)run->run);
    panel_figure(canvas, y, &column[COLUMN_RUN], STYLE_TEXT, text);
    panel_text(canvas, y, &column[COLUMN_NAME], STYLE_TEXT, run->name);
    panel_text(canvas, y, &column[COLUMN_STATE], style, state);
    snprintf(text, sizeof text, "%s %s", run->search, run->objective);
    panel_text(canvas, y, &column[COLUMN_METHOD], STYLE_DIM, text);
    draw_progress_cell(canvas, y, &column[COLUMN_PROGRESS], run);
    draw_counts(canvas, y, column, run);
    draw_times(canvas, y, column, run);
}

const struct table_class run_list_class = {
    .columns = columns,
    .column_count = COLUMNS,
    .count = count_runs,
    .key = run_key,
    .compare = compare_runs,
    .matches = run_matches,
    .draw = draw_run,
    .copied = COLUMN_RUN,
    .empty = "no runs yet: press n to launch one",
};
