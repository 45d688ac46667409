/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One value of the settings while it is edited: its field, its checks, and
 * what the server is asked to change.
 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "config/threshold.h"
#include "ui/settings.h"

void
settings_edit(struct settings *settings, const struct setting *row)
{
    const struct option *option = row->option;
    bool choice = option && (option->type == OPTION_CHOICE || option->type == OPTION_BOOL);
    struct field_spec spec = {
        .kind = choice ? FIELD_CHOICE : FIELD_TEXT,
        .name = row->name, .label = row->name, .text = row->value ? row->value : "",
        .fallback = option ? option->fallback : NULL,
        .choices = !choice ? NULL : option->type == OPTION_BOOL ? "yes|no" : option->choices,
    };
    form_clear(&settings->field);
    form_add(&settings->field, &spec);
    form_focus(&settings->field, 0);
    settings->editing = true;
    settings->saving = settings->tried = false;
    settings->edited = row->key;
    settings->replay[0] = '\0';
}

void
settings_leave(struct settings *settings)
{
    form_clear(&settings->field);
    settings->editing = settings->saving = settings->tried = false;
    settings->replay[0] = '\0';
}

const struct setting *
settings_edited(const struct settings *settings)
{
    return settings->editing ? settings_find(settings, settings->edited) : NULL;
}

const char *
settings_error(const struct settings *settings)
{
    return settings->editing && settings->field.count ? settings->field.field[0].error : NULL;
}

void
settings_set_error(struct settings *settings, const char *text)
{
    if (settings->field.count)
        form_set_error(&settings->field, 0, text);
}

/* The document. */

static bool
holds_section(const struct ini *ini, const char *section)
{
    for (int i = 0; i < ini_entry_count(ini); i++)
        if (ini_entry_at(ini, i)->key && str_equal(ini_entry_at(ini, i)->section, section))
            return true;
    return false;
}

/* A section in the file takes the place of one of optop's own whole, so when
 * one option of that is changed, all that it says is written. */
static int
write_built_in(const struct settings *settings, const struct setting *row, struct ini *ini, struct diag *diag)
{
    int r = 0;
    if (row->threshold < 0 || holds_section(settings->ini, row->section))
        return 0;
    for (int i = 0; i < settings->count && r >= 0; i++) {
        const struct setting *other = &settings->row[i];
        bool says = other->name && other->value && str_equal(other->section, row->section) &&
            (str_equal(other->name, "warning") || str_equal(other->name, "critical") || str_equal(other->name, "for"));
        if (says)
            r = ini_set(ini, row->section, other->name, other->value, diag);
    }
    return r;
}

/* The document as the server has it with one value changed; owned. */
static int
change_document(const struct settings *settings, const struct setting *row, const char *value,
    struct ini **ret_ini, struct diag *diag)
{
    struct ini *ini;
    size_t len;
    const char *text = ini_text(settings->ini, &len);
    int r = ini_parse_text(text, len, settings->file, &ini, diag);
    if (r < 0)
        return r;
    r = write_built_in(settings, row, ini, diag);
    if (r >= 0)
        r = value && *value ? ini_set(ini, row->section, row->name, value, diag)
                            : ini_unset(ini, row->section, row->name);
    if (r >= 0)
        *ret_ini = ini;
    else
        ini_free(ini);
    return r;
}

/* What stands in the field, without blanks at its ends; owned. */
static char *
typed(const struct settings *settings)
{
    char *whole = xstrdup(form_text(&settings->field, 0)), *start = str_trim(whole);
    memmove(whole, start, strlen(start) + 1);
    return whole;
}

static int
try_value(struct settings *settings, const struct setting *row, const char *value,
    struct config **ret_config, struct diag *diag)
{
    struct option_value checked;
    struct ini *ini;
    int r = row->option && *value ? option_check(row->option, value, &checked, diag) : 0;
    if (r >= 0)
        r = change_document(settings, row, value, &ini, diag);
    if (r < 0)
        return r;
    r = config_from_ini(ini, ret_config, diag);
    ini_free(ini);
    return r;
}

/* The threshold as it would be: what is drawn and replayed while it is edited. */
static void
keep_tried(struct settings *settings, const struct setting *row, const struct config *config)
{
    settings->tried = false;
    if (!config || !str_starts(row->section, THRESHOLD_PREFIX))
        return;
    for (int i = 0; i < config->threshold_count && !settings->tried; i++) {
        settings->level = config->threshold[i];
        settings->tried = str_equal(settings->level.name, row->section + strlen(THRESHOLD_PREFIX));
    }
    settings->level.run = settings->level.when = NULL; /* the config's */
}

bool
settings_check(struct settings *settings)
{
    const struct setting *row = settings_edited(settings);
    struct diag diag = { 0 };
    struct config *config = NULL;
    char *value, text[DIAG_TEXT_MAX + DIAG_KEY_MAX + 4];
    if (!row || !settings->ini)
        return false;
    value = typed(settings);
    int r = try_value(settings, row, value, &config, &diag);
    free(value);
    keep_tried(settings, row, r >= 0 ? config : NULL);
    config_free(config);
    if (r < 0 && *diag.key && !str_starts(diag.key, row->section))
        snprintf(text, sizeof text, "%s: %s", diag.key, diag.text);
    else
        str_copy(text, sizeof text, *diag.text ? diag.text : r < 0 ? err_text(r) : "");
    settings_set_error(settings, r < 0 ? text : NULL);
    return r >= 0;
}

void
settings_add_change(json_t *changes, const char *section, const char *key, const char *value)
{
    json_array_append_new(changes, json_pack("{s:s,s:s,s:s?}", "section", section, "key", key, "value", value));
}

json_t *
settings_changes(struct settings *settings, const struct setting *row, const char *value)
{
    struct diag diag = { 0 };
    struct ini *ini;
    char *own = value || !settings->editing ? NULL : typed(settings);
    int r = change_document(settings, row, own ? own : value, &ini, &diag);
    free(own);
    if (r < 0)
        return NULL;
    json_t *changes = json_array();
    for (int i = 0; i < settings->count; i++) {
        const struct setting *other = &settings->row[i];
        if (!other->name || !str_equal(other->section, row->section))
            continue;
        const char *before = ini_value(settings->ini, other->section, other->name);
        const char *after = ini_value(ini, other->section, other->name);
        if (before && !after)
            settings_add_change(changes, other->section, other->name, NULL);
        else if (after && (!before || !str_equal(before, after)))
            settings_add_change(changes, other->section, other->name, after);
    }
    ini_free(ini);
    if (json_array_size(changes) > 0)
        return changes;
    json_decref(changes);
    return NULL;
}

/* Trying it on the past. */

json_t *
settings_replay_params(struct settings *settings)
{
    const struct setting *row = settings_edited(settings);
    struct diag diag = { 0 };
    struct ini *ini;
    size_t len;
    if (!row || !settings->tried)
        return NULL;
    char *value = typed(settings);
    int r = change_document(settings, row, value, &ini, &diag);
    free(value);
    if (r < 0)
        return NULL;
    json_t *params = json_object();
    json_object_set_new(params, "text", json_string(ini_text(ini, &len)));
    json_object_set_new(params, "rule", json_string(settings->level.name));
    ini_free(ini);
    return params;
}

/* A rule may make an alert for each disk: they are told together. */
struct replayed {
    double alerts, fired, critical, firing_seconds, longest_seconds, known_seconds, last;
};

static struct replayed
sum_replayed(const json_t *answer)
{
    struct replayed sum = { .alerts = 0 };
    const json_t *rule, *incident;
    size_t i, j;
    json_array_foreach (json_object_get(answer, "rules"), i, rule) {
        double longest = json_get_number(rule, "longest_seconds", 0), known = json_get_number(rule, "known_seconds", 0);
        sum.alerts++;
        sum.fired += json_get_number(rule, "fired", 0);
        sum.critical += json_get_number(rule, "fired_critical", 0);
        sum.firing_seconds += json_get_number(rule, "firing_seconds", 0);
        sum.longest_seconds = longest > sum.longest_seconds ? longest : sum.longest_seconds;
        sum.known_seconds = known > sum.known_seconds ? known : sum.known_seconds;
        json_array_foreach (json_object_get(rule, "incidents"), j, incident) {
            double start = json_get_number(incident, "start", 0);
            sum.last = start > sum.last ? start : sum.last;
        }
    }
    return sum;
}

void
settings_take_replay(struct settings *settings, const json_t *answer)
{
    struct replayed sum = sum_replayed(answer);
    char known[24], firing[24], longest[24], last[24], of[48] = "";
    if (!answer || !settings->editing) {
        settings->replay[0] = '\0';
        return;
    }
    unit_format_duration(sum.known_seconds, known, sizeof known);
    if (sum.alerts > 1)
        snprintf(of, sizeof of, " (%.0f alerts)", sum.alerts);
    if (!(sum.known_seconds > 0))
        snprintf(settings->replay, sizeof settings->replay, "nothing is recorded that it could be tried on");
    else if (!(sum.fired > 0))
        snprintf(settings->replay, sizeof settings->replay, "would not have fired in the recorded %s%s", known, of);
    else
        snprintf(settings->replay, sizeof settings->replay,
            "would have fired %.0f time%s in the recorded %s%s: %s in all, %s the longest, %.0f critical; last %s",
            sum.fired, sum.fired == 1 ? "" : "s", known, of,
            unit_format_duration(sum.firing_seconds, firing, sizeof firing),
            unit_format_duration(sum.longest_seconds, longest, sizeof longest), sum.critical,
            panel_date(sum.last, last, sizeof last));
}
