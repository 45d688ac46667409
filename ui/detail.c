/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/detail.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"

void
detail_start(struct detail *detail, const struct view_run *run)
{
    const struct view_run begun = *run; /* may be the detail's own */
    memset(detail, 0, sizeof *detail);
    detail->run = begun;
    detail->curve_low = detail->curve_high = NAN;
    detail->log_match = -1;
}

static bool
about_this(const struct detail *detail, const json_t *result)
{
    return json_get_int(result, "run", detail->run.run) == detail->run.run;
}

static void
value_text(const json_t *value, char *buf, size_t size)
{
    char number[40];
    if (json_is_string(value))
        text_clean(json_string_value(value), buf, size);
    else if (json_is_number(value))
        str_copy(buf, size, unit_format_number(json_number_value(value), number, sizeof number));
    else
        str_copy(buf, size, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "-");
}

static void
apply_trial(struct detail *detail, struct detail_trial *trial, const json_t *object,
    const json_t *names)
{
    const json_t *params = json_object_get(object, "params");
    const json_t *metrics = json_object_get(object, "metrics");
    trial->trial = json_get_number(object, "trial", NAN);
    trial->score = json_get_number(object, "score", NAN);
    trial->wall_seconds = json_get_number(metrics, "wall_seconds", NAN);
    trial->cpu_seconds = json_get_number(metrics, "cpu_seconds", NAN);
    trial->max_rss_bytes = json_get_number(metrics, "max_rss_bytes", NAN);
    trial->by = *detail->trials_by ? json_get_number(metrics, detail->trials_by, NAN) : (double)NAN;
    for (int p = 0; p < detail->parameter_count; p++) {
        const char *name = json_string_value(json_array_get(names, (size_t)p));
        value_text(json_object_get(params, name ? name : ""), trial->value[p],
            sizeof trial->value[p]);
    }
}

static void
take_metrics(struct detail *detail, const json_t *names)
{
    size_t i;
    const json_t *name;
    detail->metric_count = 0;
    json_array_foreach(names, i, name) {
        const char *text = json_string_value(name);
        if (detail->metric_count >= DETAIL_METRICS_MAX || !text || strlen(text) >= DETAIL_NAME_MAX)
            continue;
        text_clean(text, detail->metric[detail->metric_count++], DETAIL_NAME_MAX);
    }
}

void
detail_next_metric(struct detail *detail)
{
    int next = 0;
    for (int i = 0; i < detail->metric_count; i++)
        if (!strcmp(detail->metric[i], detail->by))
            next = i + 1;
    str_copy(detail->by, sizeof detail->by, next < detail->metric_count ? detail->metric[next] : "");
}

void
detail_apply_top(struct detail *detail, const json_t *result)
{
    if (!about_this(detail, result))
        return;
    const json_t *names = json_object_get(result, "parameters");
    detail->parameters = (int)json_array_size(names);
    detail->parameter_count = detail->parameters < DETAIL_PARAMETERS_MAX
        ? detail->parameters : DETAIL_PARAMETERS_MAX;
    for (int p = 0; p < detail->parameter_count; p++) {
        const char *name = json_string_value(json_array_get(names, (size_t)p));
        text_clean(name ? name : "", detail->parameter[p], sizeof detail->parameter[p]);
    }
    detail->trial_count = 0;
    take_metrics(detail, json_object_get(result, "metrics"));
    size_t i;
    const json_t *object;
    json_array_foreach(json_object_get(result, "trials"), i, object)
        if (detail->trial_count < DETAIL_TRIALS_MAX)
            apply_trial(detail, &detail->trial[detail->trial_count++], object, names);
}

static int
compare_numbers(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return left < right ? -1 : left > right;
}

/* From the best score to nine tenths of the scores: single bad ones would
 * press the rest of the picture into one line. */
static void
find_range(struct detail *detail)
{
    double sorted[DETAIL_CURVE_MAX];
    int count = 0;
    for (int i = 0; i < detail->curve_count; i++)
        if (isfinite(detail->curve_score[i]))
            sorted[count++] = detail->curve_score[i];
    for (int i = 0; i < detail->curve_count && !count; i++)
        if (isfinite(detail->curve_best[i]))
            sorted[count++] = detail->curve_best[i];
    detail->curve_low = detail->curve_high = NAN;
    if (!count)
        return;
    qsort(sorted, (size_t)count, sizeof *sorted, compare_numbers);
    bool minimize = detail->run.goal == RUN_MINIMIZE;
    detail->curve_low = sorted[minimize ? 0 : (count - 1) / 10];
    detail->curve_high = sorted[minimize ? count * 9 / 10 : count - 1];
    for (int i = 0; i < detail->curve_count; i++)
        if (isfinite(detail->curve_best[i]) && minimize) /* what was best early on may lie at the edge */
            detail->curve_low = fmin(detail->curve_low, detail->curve_best[i]);
        else if (isfinite(detail->curve_best[i]))
            detail->curve_high = fmax(detail->curve_high, detail->curve_best[i]);
}

static double
number_at(const json_t *array, int index)
{
    const json_t *value = json_array_get(array, (size_t)index);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

const char *
detail_no_scores(const struct detail *detail)
{
    return detail->curve_known ? "no scores yet" : "reading the scores";
}

void
detail_apply_curve(struct detail *detail, const json_t *result)
{
    if (!about_this(detail, result))
        return;
    const json_t *trials = json_object_get(result, "trials");
    const json_t *scores = json_object_get(result, "scores");
    const json_t *best = json_object_get(result, "best");
    size_t count = json_array_size(scores);
    detail->curve_known = true;
    detail->curve_count = count < DETAIL_CURVE_MAX ? (int)count : DETAIL_CURVE_MAX;
    for (int i = 0; i < detail->curve_count; i++) {
        detail->curve_trial[i] = number_at(trials, i);
        detail->curve_score[i] = number_at(scores, i);
        detail->curve_best[i] = number_at(best, i);
    }
    find_range(detail);
}

