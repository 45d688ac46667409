/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/threshold_live.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* The row of the instance that is nearest to the level; -1: none is known. */
static int
nearest_row(const struct sample *sample, const struct config_threshold *threshold)
{
    const struct metric_info *info = metric_info(threshold->metric);
    double worst = NAN;
    int found = -1;

    if (!metric_group_info(info->group)->per_instance)
        return 0;
    if (!metric_is_wildcard(threshold->metric, threshold->instance))
        return sample_find_row(sample, info->group, threshold->instance);
    for (int row = 0; row < sample->rows[info->group].count; row++) {
        double value = sample_value(sample, threshold->metric, row);
        if (!metric_covers(threshold->metric, threshold->instance,
                sample->rows[info->group].row[row].name) || !isfinite(value) ||
            (isfinite(worst) && (threshold->below ? value >= worst : value <= worst)))
            continue;
        worst = value;
        found = row;
    }
    return found;
}

double
threshold_live_value(const struct sample *sample, const struct config_threshold *threshold)
{
    int row = nearest_row(sample, threshold);
    return row < 0 ? (double)NAN : sample_value(sample, threshold->metric, row);
}

void
threshold_live_name(const struct sample *sample, const struct config_threshold *threshold,
    char *buf, size_t size)
{
    const struct metric_info *info = metric_info(threshold->metric);
    int row = nearest_row(sample, threshold);
    if (metric_group_info(info->group)->per_instance && row >= 0)
        snprintf(buf, size, "%s:%s", info->name, sample->rows[info->group].row[row].name);
    else
        snprintf(buf, size, "%s", info->name);
}

const char *
threshold_live_state(const struct view *view, const struct config_threshold *threshold,
    enum style *ret_style)
{
    const char *found = NULL;
    size_t length = strlen(threshold->name);

    *ret_style = STYLE_DIM;
    if (!threshold->enabled)
        return "off";
    if (!view->connected || (threshold->of == ASPECT_VALUE &&
            !isfinite(threshold_live_value(&view->sample, threshold))))
        return "-";
    for (int i = 0; i < view->alert_count; i++) {
        const struct view_alert *alert = &view->alert[i];
        if (strncmp(alert->key, threshold->name, length) ||
            (alert->key[length] && alert->key[length] != ':'))
            continue;
        if (!found || str_equal(alert->state, "critical") ||
            (str_equal(alert->state, "warning") && !str_equal(found, "critical")))
            found = alert->state;
    }
    *ret_style = !found ? STYLE_GOOD
        : str_equal(found, "critical") ? STYLE_CRITICAL
        : str_equal(found, "warning") ? STYLE_WARNING : STYLE_TEXT;
    return found ? found : "ok";
}
