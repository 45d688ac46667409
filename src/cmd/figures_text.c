/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/figures_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double
figures_value(const json_t *status, enum metric metric, const json_t *instance)
{
    const struct metric_info *info = metric_info(metric);
    const struct metric_group_info *group = metric_group_info(info->group);
    const json_t *object = group->per_instance ? instance : json_object_get(status, group->json);
    return json_get_number(object, info->key, NAN);
}

double
figures_sum(const json_t *status, enum metric metric)
{
    const struct metric_info *info = metric_info(metric);
    const json_t *rows = json_object_get(status, metric_group_info(info->group)->json);
    double sum = NAN;
    size_t i;
    json_t *row;
    json_array_foreach (rows, i, row) {
        double value = json_get_number(row, info->key, NAN);
        if (isfinite(value))
            sum = isfinite(sum) ? sum + value : value;
    }
    return sum;
}

/* One "{...}" of `len` bytes; false when it names no metric. */
static bool
expand_one(const json_t *status, const json_t *instance, const char *name, size_t len,
    struct str *out)
{
    const char *colon = memchr(name, ':', len);
    int width = colon ? (int)strtol(colon + 1, NULL, 10) : 0;
    int metric = metric_find(name, colon ? (size_t)(colon - name) : len);
    char text[64];
    if (metric < 0)
        return false;
    bool sum = metric_group_info(metric_info((enum metric)metric)->group)->per_instance && !instance;
    double value = sum ? figures_sum(status, (enum metric)metric)
                       : figures_value(status, (enum metric)metric, instance);
    str_printf(out, "%*s", width, metric_format((enum metric)metric, value, text, sizeof text));
    return true;
}

void
figures_expand(const json_t *status, const json_t *instance, const char *text, struct str *out)
{
    while (*text) {
        const char *end = *text == '{' ? strchr(text, '}') : NULL;
        if (end && expand_one(status, instance, text + 1, (size_t)(end - text - 1), out)) {
            text = end + 1;
            continue;
        }
        str_putc(out, *text++);
    }
}
