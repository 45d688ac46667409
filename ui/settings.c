/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/settings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "config/threshold.h"
#include "ui/threshold_live.h"

void
settings_init(struct settings *settings, const struct view *view)
{
    *settings = (struct settings){ .view = view };
    form_init(&settings->field);
}

static void
clear_rows(struct settings *settings)
{
    for (int i = 0; i < settings->count; i++) {
        free(settings->row[i].section);
        free(settings->row[i].name);
        free(settings->row[i].value);
    }
    settings->count = 0;
}

static void
forget(struct settings *settings)
{
    clear_rows(settings);
    ini_free(settings->ini);
    config_free(settings->config);
    settings->ini = NULL;
    settings->config = NULL;
    settings->fault[0] = '\0';
}

void
settings_release(struct settings *settings)
{
    forget(settings);
    free(settings->row);
    form_release(&settings->field);
    settings->row = NULL;
}

/* Rows. */

static uint64_t
hash(const char *section, const char *key)
{
    uint64_t value = 0xCBF29CE484222325u;
    for (const char *at = section; *at; at++)
        value = (value ^ (unsigned char)*at) * 0x100000001B3u;
    value = (value ^ 0xFF) * 0x100000001B3u;
    for (const char *at = key ? key : ""; *at; at++)
        value = (value ^ (unsigned char)*at) * 0x100000001B3u;
    return value ? value : 1;
}

static struct setting *
add_row(struct settings *settings, const char *section, const char *key, const struct option *option)
{
    const struct ini_entry *entry = settings->ini ? ini_find(settings->ini, section, key ? key : "") : NULL;
    if (settings->count == SETTINGS_MAX)
        return NULL;
    XGROW(settings->row, settings->count, settings->capacity);
    struct setting *row = &settings->row[settings->count++];
    *row = (struct setting){
        .key = hash(section, key), .parent = key ? hash(section, NULL) : 0,
        .section = xstrdup(section), .option = option, .name = key ? xstrdup(key) : NULL,
        .value = entry ? xstrdup(entry->value) : NULL, .line = entry ? entry->line : 0,
        .threshold = -1,
    };
    return row;
}

static int
find_threshold(const struct settings *settings, const char *section)
{
    const char *name = section + strlen(THRESHOLD_PREFIX);
    if (!settings->config || !str_starts(section, THRESHOLD_PREFIX))
        return -1;
    for (int i = 0; i < settings->config->threshold_count; i++)
        if (str_equal(settings->config->threshold[i].name, name))
            return i;
    return -1;
}

static bool
in_file(const struct settings *settings, const char *section)
{
    for (int i = 0; i < ini_entry_count(settings->ini); i++)
        if (ini_entry_at(settings->ini, i)->key && str_equal(ini_entry_at(settings->ini, i)->section, section))
            return true;
    return false;
}

static bool
is_shown(const struct settings *settings, const char *section)
{
    return settings_find(settings, hash(section, NULL)) != NULL;
}

static const char *
level_text(bool has, bool below, double level, char *buf, size_t size)
{
    char number[32];
    if (!has)
        return NULL;
    snprintf(buf, size, "%s%s", below ? "< " : "", unit_format_number(level, number, sizeof number));
    return buf;
}

/* What a threshold of optop's own says, as the file would; NULL: nothing. */
static const char *
built_in(const struct config_threshold *threshold, const char *key, char *buf, size_t size)
{
    char number[32];
    if (str_equal(key, "warning"))
        return level_text(threshold->has_warning, threshold->below, threshold->warning, buf, size);
    if (str_equal(key, "critical"))
        return level_text(threshold->has_critical, threshold->below, threshold->critical, buf, size);
    if (!str_equal(key, "for"))
        return NULL;
    snprintf(buf, size, "%ss", unit_format_number(threshold->for_seconds, number, sizeof number));
    return buf;
}

static void
add_option(struct settings *settings, const char *section, const char *key, const struct option *option,
    int threshold, bool written)
{
    char text[48];
    struct setting *row = add_row(settings, section, key, option);
    if (!row)
        return;
    row->threshold = threshold;
    if (!row->value && threshold >= 0 && !written) {
        const char *value = built_in(&settings->config->threshold[threshold], key, text, sizeof text);
        row->value = value ? xstrdup(value) : NULL;
    }
    if (!row->value && option && option->fallback && *option->fallback)
        row->value = xstrdup(option->fallback);
}

static bool
is_option(const struct option *option, const char *key)
{
    return option && str_equal(option->key, key);
}

/* A section: itself, the options of its kind, what else stands there. */
static void
add_section(struct settings *settings, const char *section, const char *pattern)
{
    int threshold = find_threshold(settings, section);
    bool written = in_file(settings, section);
    struct setting *head = is_shown(settings, section) ? NULL : add_row(settings, section, NULL, NULL);
    if (!head)
        return;
    head->threshold = threshold;
    head->fresh = !written && threshold < 0 && str_equal(section, settings->fresh);
    for (const struct option *o = config_options; o->section; o++)
        if (str_equal(o->section, pattern) && !str_equal(o->key, "*"))
            add_option(settings, section, o->key, o, threshold, written);
    for (int i = 0; i < ini_entry_count(settings->ini); i++) {
        const struct ini_entry *entry = ini_entry_at(settings->ini, i);
        if (entry->key && str_equal(entry->section, section) &&
            !is_option(option_find(config_options, section, entry->key), entry->key))
            add_option(settings, section, entry->key, NULL, threshold, written);
    }
}

/* The sections of a kind that has names: those that hold without a file, too. */
static void
add_named(struct settings *settings, const char *pattern)
{
    char section[SETTING_SECTION_MAX];
    size_t prefix = strlen(pattern) - 1;
    if (str_starts(pattern, THRESHOLD_PREFIX))
        for (int i = 0; settings->config && i < settings->config->threshold_count; i++) {
            snprintf(section, sizeof section, "%s%s", THRESHOLD_PREFIX, settings->config->threshold[i].name);
            add_section(settings, section, pattern);
        }
    for (int i = 0; i < ini_entry_count(settings->ini); i++) {
        const struct ini_entry *entry = ini_entry_at(settings->ini, i);
        if (!strncmp(entry->section, pattern, prefix))
            add_section(settings, entry->section, pattern);
    }
    if (!strncmp(settings->fresh, pattern, prefix))
        add_section(settings, settings->fresh, pattern);
}

static void
fill_rows(struct settings *settings)
{
    clear_rows(settings);
    add_named(settings, THRESHOLD_PREFIX "*"); /* first what is looked for most */
    for (const struct option *o = config_options; o->section; o++) {
        if (o != config_options && str_equal(o->section, o[-1].section))
            continue;
        if (strchr(o->section, '*'))
            add_named(settings, o->section);
        else
            add_section(settings, o->section, o->section);
    }
}

void
settings_apply(struct settings *settings, const char *file, const char *text)
{
    struct diag diag = { 0 };
    forget(settings);
    str_copy(settings->file, sizeof settings->file, file);
    if (ini_parse_text(text, strlen(text), file, &settings->ini, &diag) < 0 ||
        config_from_ini(settings->ini, &settings->config, &diag) < 0)
        diag_format(&diag, settings->fault, sizeof settings->fault);
    if (settings->ini)
        fill_rows(settings);
    if (*settings->fresh && settings->ini && in_file(settings, settings->fresh))
        settings->fresh[0] = '\0';
}

void
settings_fail(struct settings *settings, const char *why)
{
    forget(settings);
    str_copy(settings->fault, sizeof settings->fault, why);
}

int
settings_add(struct settings *settings, const char *section, struct diag *diag)
{
    const char *instance, *space = strchr(section, ' ');
    if (!settings->ini)
        return diag_set(diag, ERR_BAD_STATE, "the settings are not here yet");
    if (!space || !space[1] || !option_section_known(config_options, section) ||
        strlen(section) >= sizeof settings->fresh || strchr(section, ']'))
        return diag_set(diag, ERR_BAD_TYPE, "what is added is `threshold METRIC`, `webhook NAME`, `silence NAME` or `layout NAME`");
    if (str_starts(section, THRESHOLD_PREFIX) && metric_parse(space + 1, &instance) < 0)
        return diag_set(diag, ERR_NOT_FOUND, "no metric has instances under this name, nor is it a figure's");
    if (is_shown(settings, section))
        return 0;
    str_copy(settings->fresh, sizeof settings->fresh, section);
    fill_rows(settings);
    return 0;
}

const struct setting *
settings_find(const struct settings *settings, uint64_t key)
{
    for (int i = 0; i < settings->count; i++)
        if (settings->row[i].key == key)
            return &settings->row[i];
    return NULL;
}

const struct config_threshold *
settings_threshold(const struct settings *settings, const struct setting *row)
{
    return row && row->threshold >= 0 && settings->config ? &settings->config->threshold[row->threshold] : NULL;
}

const char *
settings_place(const struct settings *settings, const struct setting *row, char *buf, size_t size)
{
    const char *slash = strrchr(settings->file, '/');
    if (row->line)
        snprintf(buf, size, "%s:%d", slash ? slash + 1 : settings->file, row->line);
    else if (!row->name)
        snprintf(buf, size, "%s", row->fresh ? "not written" : "");
    else
        snprintf(buf, size, "%s", row->value ? "default" : "not set");
    return buf;
}

/* The metric's past. */

const char *
settings_want_history(struct settings *settings, const struct setting *row)
{
    struct setting_history *history = &settings->history;
    char name[sizeof history->metric] = "";
    const struct config_threshold *threshold = settings_threshold(settings, row);
    if (threshold)
        threshold_live_name(&settings->view->sample, threshold, name, sizeof name);
    if (history->asked || str_equal(name, history->metric))
        return NULL;
    str_copy(history->metric, sizeof history->metric, name);
    history->count = 0;
    history->asked = *name != '\0';
    return *name ? history->metric : NULL;
}

void
settings_take_history(struct settings *settings, const json_t *answer)
{
    struct setting_history *history = &settings->history;
    const json_t *mean = json_object_get(answer, "mean"), *value;
    size_t i, count = json_array_size(mean), skip = count > SETTING_HISTORY ? count - SETTING_HISTORY : 0;
    history->asked = false;
    history->count = 0;
    json_array_foreach (mean, i, value)
        if (i >= skip)
            history->value[history->count++] = json_is_number(value) ? (float)json_number_value(value) : NAN;
    history->tick = settings->view->ticks;
}

void
settings_tick(struct settings *settings, const struct setting *row)
{
    struct setting_history *history = &settings->history;
    const struct config_threshold *threshold = settings_threshold(settings, row);
    if (!threshold || !history->count || history->asked || history->tick == settings->view->ticks)
        return;
    history->tick = settings->view->ticks;
    if (history->count == SETTING_HISTORY)
        memmove(history->value, history->value + 1, (size_t)--history->count * sizeof *history->value);
    history->value[history->count++] = (float)threshold_live_value(&settings->view->sample, threshold);
}
