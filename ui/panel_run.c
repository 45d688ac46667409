/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One run: progress, figures, and the best trial with its parameters.
 */
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "ui/draw.h"
#include "ui/panel.h"

enum { LABEL = 10, ROWS = 4, FULL_WIDTH = 100 /* has room for how sure, and when */ };

/* Why it does not move, "" when it does. */
static const char *
run_reason(const struct view_run *run)
{
    return *run->reason ? run->reason : run->state == RUN_QUEUED ? run->waiting : "";
}

static int
run_want(const struct panel_context *context, int width)
{
    (void)width;
    return ROWS + (*run_reason(&context->detail->run) != '\0');
}

static void
run_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct view_run *run = &context->detail->run;
    enum style style;
    snprintf(buf, size, "%lld %s · %s", (long long)run->run, run->name, panel_run_state(run, &style));
}

/* Label and value pairs along a line; those that do not fit are left out. */
struct pairs {
    struct canvas *canvas;
    int x, y, end;
};

static void
pair(struct pairs *pairs, const char *label, enum style style, const char *value)
{
    int need = text_width(label) + 1 + text_width(value);
    if (pairs->x + need > pairs->end) {
        pairs->x = pairs->end + 1;
        return;
    }
    pairs->x += canvas_text(pairs->canvas, pairs->x, pairs->y, need, STYLE_DIM, label) + 1;
    pairs->x += canvas_text(pairs->canvas, pairs->x, pairs->y, need, style, value) + 3;
}

static void
draw_progress_line(struct canvas *canvas, struct rect inside, int y, const struct view_run *run)
{
    char done[48], text[72];
    double fraction = panel_run_fraction(run);
    panel_progress_text(run->done + run->failed, run->total, 15, done, sizeof done);
    if (isnan(fraction))
        snprintf(text, sizeof text, "%s", done);
    else
        snprintf(text, sizeof text, "%s  %.1f%%", done, floor(fraction * 1000) / 10);
    int right = text_width(text);
    if (right > inside.width)
        right = inside.width;
    canvas_number(canvas, inside.x + inside.width - right, y, right, STYLE_VALUE, text);
    int left = inside.width >= 50 ? LABEL : 0;
    canvas_text(canvas, inside.x, y, left, STYLE_DIM, "progress");
    draw_progress(canvas, inside.x + left, y, inside.width - left - right - 2, fraction,
        run->state == RUN_RUNNING ? STYLE_BAR_1 : STYLE_DIM);
}

/* "16s", and where there is room its range: "16s (14s-18s)". */
static const char *
left_text(const struct view_run *run, bool full, char *buf, size_t size)
{
    char left[48], low[48], high[48];
    unit_format_duration(run->eta_seconds, left, sizeof left);
    unit_format_duration(run->eta_low_seconds, low, sizeof low);
    unit_format_duration(run->eta_high_seconds, high, sizeof high);
    if (!full || isnan(run->eta_low_seconds) || !strcmp(low, high))
        snprintf(buf, size, "%s", left);
    else if (isnan(run->eta_high_seconds))
        snprintf(buf, size, "%s (at least %s)", left, low);
    else
        snprintf(buf, size, "%s (%s-%s)", left, low, high);
    return buf;
}

static void
draw_speed_line(struct canvas *canvas, struct rect inside, int y, const struct view_run *run)
{
    struct pairs line = { canvas, inside.x, y, inside.x + inside.width };
    char text[160], number[32];
    enum style style;
    const char *state = panel_run_state(run, &style);
    pair(&line, "state", style, state);
    unit_format_count(run->rate, number, sizeof number);
    snprintf(text, sizeof text, "%s%s", number, isnan(run->rate) ? "" : "/s");
    pair(&line, "rate", STYLE_VALUE, text);
    pair(&line, "left", STYLE_VALUE,
        left_text(run, inside.width >= FULL_WIDTH, text, sizeof text));
    pair(&line, "elapsed", STYLE_VALUE, unit_format_duration(run->elapsed_seconds, text, sizeof text));
    pair(&line, "failed", run->failed > 0 ? STYLE_WARNING : STYLE_VALUE,
        panel_count(run->failed, 9, text, sizeof text));
    pair(&line, "running", STYLE_VALUE, panel_count(run->running, 9, text, sizeof text));
    if (isnan(run->workers))
        snprintf(text, sizeof text, "-");
    else
        panel_progress_text(run->workers, run->workers_target, 9, text, sizeof text);
    pair(&line, "workers", STYLE_VALUE, text);
    if (isnan(run->utilization_pct))
        snprintf(text, sizeof text, "-");
    else
        snprintf(text, sizeof text, "%.1f%%", run->utilization_pct);
    pair(&line, "utilization", STYLE_VALUE, text);
}

/* "750 of 1250 points, exhaustive": those that the constraints leave. */
static const char *
space_text(const struct view_run *run, char *buf, size_t size)
{
    char feasible[32], points[32];
    panel_count(run->points, 15, points, sizeof points);
    if (run->feasible < run->points)
        snprintf(buf, size, "%s of %s points%s", panel_count(run->feasible, 15, feasible, sizeof feasible),
            points, run->exhaustive ? ", exhaustive" : "");
    else
        snprintf(buf, size, "%s points%s", points, run->exhaustive ? ", exhaustive" : "");
    return buf;
}

static void
draw_kind_line(struct canvas *canvas, struct rect inside, int y, const struct view_run *run)
{
    struct pairs line = { canvas, inside.x, y, inside.x + inside.width };
    pair(&line, "goal", STYLE_VALUE, run->goal == RUN_MAXIMIZE ? "maximize" : "minimize");
    pair(&line, "score", STYLE_VALUE, run->score);
    pair(&line, "search", STYLE_VALUE, run->search);
    char text[96];
    if (isfinite(run->priority) && run->priority != 0)
        pair(&line, "priority", STYLE_VALUE, unit_format_number(run->priority, text, sizeof text));
    double wanted = strtod(run->workers_wanted, NULL);
    if (run->state == RUN_RUNNING && wanted > run->workers_target) /* they wait for slots */
        pair(&line, "workers wanted", STYLE_VALUE, run->workers_wanted);
    if (inside.width >= FULL_WIDTH && !isnan(run->points))
        pair(&line, "space", STYLE_VALUE, space_text(run, text, sizeof text));
    pair(&line, "objective", STYLE_VALUE, run->objective);
    pair(&line, "cage", STYLE_VALUE, *run->cage ? run->cage : "-");
    if (!isnan(run->sink_behind))
        pair(&line, run->sink_failing ? "results FAILING, behind" : "results behind",
            run->sink_failing ? STYLE_CRITICAL : STYLE_VALUE,
            panel_count(run->sink_behind, 12, text, sizeof text));
    if (*run->target_reason)
        pair(&line, "auto", STYLE_VALUE, run->target_reason);
}

static void
draw_best_line(struct canvas *canvas, struct rect inside, int y, const struct detail *detail)
{
    const struct view_run *run = &detail->run;
    struct pairs line = { canvas, inside.x, y, inside.x + inside.width };
    char text[48], around_text[96];
    if (!run->has_best) {
        pair(&line, "best", STYLE_DIM, "none yet");
        return;
    }
    pair(&line, "best", STYLE_GOOD, panel_score(run->best_score, 20, text, sizeof text));
    pair(&line, "trial", STYLE_VALUE, panel_count(run->best_trial, 12, text, sizeof text));
    if (inside.width >= FULL_WIDTH && !isnan(run->best_found_seconds))
        pair(&line, "after", STYLE_VALUE,
            unit_format_duration(run->best_found_seconds, text, sizeof text));
    line.x += canvas_text(canvas, line.x, y, line.end - line.x, STYLE_TEXT, run->best_params) + 3;
    const char *label = "neighbours", *around = detail_plateau(&detail->map, true, around_text, sizeof around_text);
    if (line.x + text_width(label) + 1 + text_width(around) > line.end)
        around = detail_plateau(&detail->map, false, around_text, sizeof around_text);
    if (*around)
        pair(&line, label, !strcmp(detail->map.shape, "spike") ? STYLE_WARNING : STYLE_VALUE, around);
}

static void
run_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    const struct view_run *run = &context->detail->run;
    const char *why = run_reason(run);
    int y = inside.y, end = inside.y + inside.height;
    if (y < end)
        draw_progress_line(canvas, inside, y++, run);
    if (y < end)
        draw_best_line(canvas, inside, y++, context->detail);
    if (y < end)
        draw_speed_line(canvas, inside, y++, run);
    if (y < end && *why)
        canvas_text(canvas, inside.x, y++, inside.width,
            run->state == RUN_FAILED ? STYLE_CRITICAL : STYLE_TEXT, why);
    if (y < end)
        draw_kind_line(canvas, inside, y, run);
}

const struct panel panel_run = {
    .name = "run",
    .title = "Run",
    .priority = 1,
    .weight = 0,
    .want = run_want,
    .note = run_note,
    .draw = run_draw,
};
