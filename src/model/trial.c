/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/trial.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"

const char *const trial_measure_names[] = {
    "wall_seconds", "cpu_seconds", "max_rss_bytes", "stdout_bytes", NULL,
};

static bool
is_measure(const char *name)
{
    for (int i = 0; trial_measure_names[i]; i++)
        if (!strcmp(trial_measure_names[i], name))
            return true;
    return false;
}

void
trial_metrics_read(const json_t *object, const char *except, struct str *out)
{
    struct json_writer w;
    json_t *seen = json_object(), *value;
    const char *key;
    size_t start = out->len;
    jw_init(&w, out);
    json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
        char name[TRIAL_METRIC_NAME_MAX];
        double number = json_number_value(value);
        if (!json_is_number(value) || !isfinite(number) || str_equal(key, except))
            continue;
        text_clean(key, name, sizeof name);
        if (!*name || is_measure(name) || json_object_get(seen, name))
            continue;
        json_object_set_new(seen, name, json_true());
        size_t before = out->len;
        struct json_writer saved = w;
        if (before == start)
            jw_object(&w, NULL);
        jw_number(&w, name, number);
        if (out->len - start + 1 < TRIAL_METRICS_MAX)
            continue;
        w = saved;
        out->len = before;
        out->data[before] = '\0';
    }
    if (out->len > start)
        jw_end(&w);
    json_decref(seen);
}
