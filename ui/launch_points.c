/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/launch.h"

#include <math.h>
#include <unistd.h>

#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"

json_t *
launch_params(const struct ini *ini, const char *path, const char *from)
{
    char name[DIAG_FILE_MAX];
    size_t length;
    const char *text = ini_text(ini, &length);
    json_t *params = json_object();
    char *directory = from ? xstrdup(from) : getcwd(NULL, 0);
    text_clean(path, name, sizeof name);
    json_object_set_new(params, "directory", json_string(directory ? directory : "/"));
    free(directory);
    if (json_object_set_new(params, "text", json_stringn(text, length)) < 0 ||
        json_object_set_new(params, "file", json_string(name)) < 0 ||
        json_object_set_new(params, "set", json_array()) < 0) {
        json_decref(params); /* not UTF-8 */
        return NULL;
    }
    return params;
}

/* "about 3m to 5m (by 2 runs)": a guess, and said to be none where there is nothing to guess from. */
static void
format_expected(const json_t *result, char *buf, size_t size)
{
    char low[32], high[32];
    const json_t *expected = json_object_get(result, "expected");
    int64_t runs = json_get_int(expected, "runs", 0);
    unit_format_duration(json_get_number(expected, "low_seconds", NAN), low, sizeof low);
    unit_format_duration(json_get_number(expected, "high_seconds", NAN), high, sizeof high);
    buf[0] = '\0';
    if (runs > 0)
        snprintf(buf, size, "about %s%s%s (by %lld run%s)", low, str_equal(low, high) ? "" : " to ",
            str_equal(low, high) ? "" : high, (long long)runs, runs > 1 ? "s" : "");
    else if (json_is_number(json_object_get(result, "points")))
        str_copy(buf, size, "time not known (no earlier run)");
}

void
launch_want_count(struct launch *launch)
{
    launch->count_wanted = true;
    launch->stale = false;
}

void
launch_pump_count(struct launch *launch)
{
    const struct ini *ini = launch->editing ? launch->form.ini : launch->preview;
    const char *path = launch->editing ? launch->path : launch->preview_path;

    if (!launch->count_wanted || launch->count_asked || !launch->base.host)
        return;
    launch->count_wanted = false;
    launch->count[0] = launch->expected[0] = '\0';
    if (!ini || (launch->editing && form_error_count(&launch->form.form) > 0))
        return;
    json_t *params = launch_params(ini, path,
        launch->editing ? launch->directory : launch->preview_directory);
    if (!params)
        return;
    launch->count_asked = true;
    dialog_call(&launch->base, "run.check", params, TAG_CHECK);
}

static void
format_count(const json_t *result, char *buf, size_t size)
{
    char points[80], raw_points[32], feasible[32] = "";
    double n = json_get_number(result, "points", NAN);
    double raw = json_get_number(result, "raw_points", NAN);
    unit_format_number(n, points, sizeof points);
    unit_format_number(raw, raw_points, sizeof raw_points);
    double allowed = json_get_number(json_object_get(result, "space"), "feasible", NAN);
    if (isfinite(allowed) && allowed > n) { /* a budget below what there is */
        unit_format_number(allowed, feasible, sizeof feasible);
        snprintf(points + strlen(points), sizeof points - strlen(points), " of %s", feasible);
        n = allowed;
    }
    if (isfinite(n) && isfinite(raw) && n != raw)
        snprintf(buf, size, "%s points (%s before constraints)", points, raw_points);
    else if (isfinite(n))
        snprintf(buf, size, "%s points", points);
    else if (isfinite(raw))
        snprintf(buf, size, "points not counted (%s before constraints)", raw_points);
    else
        str_copy(buf, size, "points cannot be counted");
}

const char *
launch_count_text(const struct launch *launch)
{
    return launch->count_asked || launch->count_wanted ? "counting points..." : launch->count;
}

void
launch_take_check(struct launch *launch, const json_t *result, const struct diag *diag)
{
    launch->count_asked = false;
    if (launch->count_wanted) { /* of a text that is gone */
        launch_pump_count(launch);
        return;
    }
    launch->fault = (struct diag){ 0 };
    launch->count[0] = launch->expected[0] = '\0';
    if (result) {
        format_count(result, launch->count, sizeof launch->count);
        format_expected(result, launch->expected, sizeof launch->expected);
    } else if (diag) {
        launch->fault = *diag;
    }
    if (launch->editing)
        launch_form_check(launch, false);
}

