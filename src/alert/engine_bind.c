/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which alerts there are, which rule rules each, and which figure of the sample
 * feeds it. Names are hashed: a thousand rules and ten thousand figures meet in
 * one pass over each.
 */
#include "alert/engine_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/condition.h"
#include "base/str.h"
#include "base/xalloc.h"

enum { ROW_MAX = SAMPLE_NAME_MAX + ALERT_KEY_MAX };

/* What has no figure (now). */
static const double unknown = NAN;

/* Rules. */

static uint64_t
rule_hash(enum metric metric, const char *instance)
{
    return lookup_hash(1 + (uint64_t)metric, instance);
}

void
engine_take_rules(struct alert_engine *engine)
{
    lookup_clear(&engine->rules);
    for (int i = 0; i < engine->config->threshold_count; i++) {
        const struct config_threshold *rule = &engine->config->threshold[i];
        lookup_add(&engine->rules, rule->named ? lookup_hash(0, rule->name)
            : rule_hash(rule->metric, rule->instance), i);
    }
}

/* The unnamed rule of exactly this; of a wildcard, all its instances. */
static const struct config_threshold *
find_unnamed(const struct alert_engine *engine, enum metric metric, const char *instance)
{
    int at = 0, i;
    while ((i = lookup_next(&engine->rules, rule_hash(metric, instance), &at)) >= 0) {
        const struct config_threshold *rule = &engine->config->threshold[i];
        if (!rule->named && rule->metric == metric && !strcmp(rule->instance, instance))
            return rule;
    }
    return NULL;
}

/* Which unnamed rule an instance goes by: its own before the wildcard's, so that
 * one instance can be set differently or (disabled) be left out. */
static const struct config_threshold *
find_rule(const struct alert_engine *engine, enum metric metric, const char *instance)
{
    char all[ROW_MAX] = "";
    const struct config_threshold *rule = find_unnamed(engine, metric, instance ? instance : "");
    if (!rule && instance) {
        if (metric == METRIC_FIGURE_VALUE)
            snprintf(all, sizeof all, "%.*s", (int)strcspn(instance, ":"), instance);
        rule = find_unnamed(engine, metric, all);
    }
    return rule && rule->enabled ? rule : NULL;
}

/* The rule whose own name a key begins with, up to its end or a colon. */
static const struct config_threshold *
find_named(const struct alert_engine *engine, const char *key)
{
    char name[ALERT_KEY_MAX];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(key, ":"), key);
    int at = 0, i;
    while ((i = lookup_next(&engine->rules, lookup_hash(0, name), &at)) >= 0) {
        const struct config_threshold *rule = &engine->config->threshold[i];
        if (rule->named && !strcmp(rule->name, name))
            return rule->enabled ? rule : NULL;
    }
    return NULL;
}

/* The row of the sample that a key is for; NULL for metrics without instances, and
 * for what is no key of this rule. */
static const char *
key_row(const struct alert *alert, char buf[ROW_MAX])
{
    const struct config_threshold *rule = alert->rule;
    const char *row = NULL;
    if (!rule || !rule->named)
        return metric_parse(alert->key, &row) < 0 ? NULL : row;
    if (!metric_group_info(metric_info(rule->metric)->group)->per_instance)
        return NULL;
    if (!metric_is_wildcard(rule->metric, rule->instance))
        return rule->instance;
    const char *colon = strchr(alert->key, ':');
    if (!colon)
        return NULL;
    snprintf(buf, ROW_MAX, "%s%s%s",
        rule->metric == METRIC_FIGURE_VALUE ? rule->instance : "",
        rule->metric == METRIC_FIGURE_VALUE ? ":" : "", colon + 1);
    return buf;
}

/* The other way round. A figure's name in its row is known from the rule. */
static void
make_key(const struct config_threshold *rule, const char *row, char key[ALERT_KEY_MAX])
{
    if (!rule->named) {
        metric_key(rule->metric, row, key, ALERT_KEY_MAX);
        return;
    }
    bool one = !row || !metric_is_wildcard(rule->metric, rule->instance);
    if (!one && rule->metric == METRIC_FIGURE_VALUE)
        row += strlen(rule->instance) + 1;
    snprintf(key, ALERT_KEY_MAX, "%s%s%s", rule->name, one ? "" : ":", one ? "" : row);
}

void
engine_find_rules(struct alert_engine *engine)
{
    for (int i = 0; i < engine->count; i++) {
        struct alert *alert = &engine->alert[i];
        const char *instance = NULL;
        if (alert->external)
            continue;
        int metric = metric_parse(alert->key, &instance);
        alert->rule = find_named(engine, alert->key);
        if (!alert->rule && metric >= 0)
            alert->rule = find_rule(engine, (enum metric)metric, instance);
        alert->present = alert->rule != NULL;
        if (alert->rule)
            alert->metric = alert->rule->metric, alert->of = alert->rule->of;
    }
}

void
alert_engine_configure(struct alert_engine *engine, const struct config *config)
{
    int threshold;
    conditions_free(engine->conditions);
    /* who takes a config has tried it: what fails here is memory, and not known */
    conditions_new(config, &engine->conditions, &threshold, NULL);
    engine->config = config;
    engine->bound = false;
    engine_take_rules(engine);
    engine_find_rules(engine);
}

/* Alerts. */

struct alert *
engine_find_alert(const struct alert_engine *engine, const char *key)
{
    int at = 0, i;
    while ((i = lookup_next(&engine->keys, lookup_hash(0, key), &at)) >= 0)
        if (!strcmp(engine->alert[i].key, key))
            return &engine->alert[i];
    return NULL;
}

struct alert *
engine_add_alert(struct alert_engine *engine, const char *key, enum metric metric)
{
    if (engine->count == ALERTS_MAX)
        return NULL;
    int capacity = engine->capacity;
    XGROW(engine->alert, engine->count, engine->capacity);
    if (engine->capacity != capacity) {
        size_t n = (size_t)engine->capacity;
        engine->watch = xrealloc(engine->watch, n, sizeof *engine->watch);
        engine->notice = xrealloc(engine->notice, n, sizeof *engine->notice);
        engine->busy = xrealloc(engine->busy, n, sizeof *engine->busy);
    }
    lookup_add(&engine->keys, lookup_hash(0, key), engine->count);
    engine->watch[engine->count] = (struct watch){ .value = &unknown, .shown = NAN, .busy = true };
    struct alert *alert = &engine->alert[engine->count++];
    *alert = (struct alert){ .metric = metric, .value = NAN, .row = -1 };
    str_copy(alert->key, sizeof alert->key, key);
    return alert;
}

void
alert_engine_restore(struct alert_engine *engine, const struct alert *saved)
{
    if (alert_fired(saved->state) == ALERT_NORMAL)
        return;
    const char *instance;
    int metric = metric_parse(saved->key, &instance);
    struct alert *alert = engine_find_alert(engine, saved->key);
    if (!alert)
        alert = engine_add_alert(engine, saved->key, metric < 0 ? 0 : (enum metric)metric);
    if (!alert)
        return;
    enum metric of = alert->metric;
    *alert = *saved;
    alert->metric = of;
    alert->row = -1;
    alert->told = alert_fired(saved->state);
    engine->bound = false;
    engine_find_rules(engine);
}

static void
ensure_alert(struct alert_engine *engine, const struct config_threshold *rule, const char *row)
{
    char key[ALERT_KEY_MAX];
    make_key(rule, row, key);
    struct alert *alert = engine_find_alert(engine, key);
    if (!alert)
        alert = engine_add_alert(engine, key, rule->metric);
    if (!alert)
        return;
    alert->rule = rule;
    alert->of = rule->of;
    alert->present = true;
}

/* Alerts of a rule; an unnamed wildcard's make room for instances' own rules. */
static void
ensure_alerts(struct alert_engine *engine, const struct config_threshold *rule,
    const struct sample *sample)
{
    enum metric_group group = metric_info(rule->metric)->group;
    if (!metric_group_info(group)->per_instance) {
        ensure_alert(engine, rule, NULL);
        return;
    }
    if (!metric_is_wildcard(rule->metric, rule->instance)) {
        ensure_alert(engine, rule, rule->instance);
        return;
    }
    const struct sample_rows *rows = &sample->rows[group];
    for (int r = 0; r < rows->count; r++) {
        const char *name = rows->row[r].name;
        if (rows->row[r].present && metric_covers(rule->metric, rule->instance, name) &&
            (rule->named || find_rule(engine, rule->metric, name) == rule))
            ensure_alert(engine, rule, name);
    }
}

/* Rows. */

static void
take_rows(struct alert_engine *engine, const struct sample *sample)
{
    for (int g = 0; g < GROUP_COUNT; g++) {
        lookup_clear(&engine->rows[g]);
        for (int r = 0; r < sample->rows[g].count; r++)
            lookup_add(&engine->rows[g], lookup_hash(0, sample->rows[g].row[r].name), r);
    }
}

static int
find_row(const struct alert_engine *engine, const struct sample *sample, const struct alert *alert)
{
    char buf[ROW_MAX];
    const char *name = key_row(alert, buf);
    enum metric_group group = metric_info(alert->metric)->group;
    int at = 0, row = -1;
    while (name && (row = lookup_next(&engine->rows[group], lookup_hash(0, name), &at)) >= 0)
        if (!strcmp(sample->rows[group].row[row].name, name))
            return row;
    return -1;
}

/* Which instances there are, and where: names are numbered by the sample. */
static uint64_t
sample_signature(const struct sample *sample)
{
    uint64_t hash = (uint64_t)(uintptr_t)sample;
    for (int g = 0; g < GROUP_COUNT; g++) {
        const struct sample_rows *rows = &sample->rows[g];
        hash = (hash ^ (uint64_t)(uintptr_t)rows->row) * UINT64_C(0x100000001b3);
        hash = (hash ^ rows->naming) * UINT64_C(0x100000001b3);
        for (int r = 0; r < rows->count; r++)
            hash = (hash ^ (rows->row[r].present ? 2u : 3u)) * UINT64_C(0x100000001b3);
    }
    return hash;
}

bool
engine_is_raised(const struct alert *alert)
{
    return alert->external && alert->raised != ALERT_NORMAL;
}

/* Alerts that say nothing any more: no rule, or an instance that has gone. */
static void
drop_idle_alerts(struct alert_engine *engine, const struct sample *sample)
{
    int kept = 0;
    for (int i = 0; i < engine->count; i++) {
        const struct alert *alert = &engine->alert[i];
        int row = find_row(engine, sample, alert);
        bool wildcard = alert->rule && strchr(alert->key, ':') &&
            metric_is_wildcard(alert->metric, alert->rule->instance);
        bool gone = wildcard &&
            (row < 0 || !sample->rows[metric_info(alert->metric)->group].row[row].present);
        if (!alert_is_active(alert->state) && alert->told == ALERT_NORMAL && !engine_is_raised(alert) &&
            (!alert->rule || gone)) {
            free(engine->watch[i].trend);
            continue;
        }
        engine->watch[kept] = engine->watch[i];
        engine->alert[kept++] = *alert;
    }
    if (kept == engine->count)
        return;
    engine->count = kept;
    lookup_clear(&engine->keys);
    for (int i = 0; i < kept; i++)
        lookup_add(&engine->keys, lookup_hash(0, engine->alert[i].key), i);
}

/* Watches. */

static const double *
find_value(const struct sample *sample, const struct alert *alert)
{
    const struct metric_group_info *group = metric_group_info(metric_info(alert->metric)->group);
    const struct sample_rows *rows = &sample->rows[metric_info(alert->metric)->group];
    if (!alert->rule)
        return &unknown;
    if (!group->per_instance)
        return &sample->scalar[alert->metric];
    if (alert->row < 0 || !rows->row[alert->row].present)
        return &unknown;
    return &rows->row[alert->row].value[(int)alert->metric - group->first];
}

bool
engine_is_calm(const struct alert *alert)
{
    return alert->rule && !alert->rule->when && !alert->external && alert->state == ALERT_NORMAL &&
        alert->told == ALERT_NORMAL && !alert->incident_wall_ns && !alert->sequence &&
        !alert->flapping && !alert->flaps.total &&
        alert->hold == ALERT_NOT_HELD && !alert->cause[0] && !alert->over_warning_ns &&
        !alert->over_critical_ns;
}

static void
set_trend(struct watch *watch, const struct config_threshold *rule)
{
    if (rule && rule->of != ASPECT_VALUE) {
        if (!watch->trend)
            watch->trend = XNEW(struct trend);
        trend_follow(watch->trend, rule);
    } else {
        free(watch->trend);
        watch->trend = NULL;
    }
}

static void
set_watch(struct watch *watch, struct alert *alert, const struct sample *sample)
{
    const struct config_threshold *rule = alert->rule;
    watch->value = find_value(sample, alert);
    watch->above = INFINITY;
    watch->below = -INFINITY;
    watch->shown = alert->value;
    watch->busy = !engine_is_calm(alert);
    set_trend(watch, rule);
    if (!rule)
        return;
    if (!rule->when)
        alert->when = 1;
    double level = rule->has_warning ? rule->warning : rule->critical;
    if (rule->below)
        watch->below = level;
    else
        watch->above = level;
}

void
engine_bind(struct alert_engine *engine, const struct sample *sample)
{
    uint64_t signature = sample_signature(sample);
    if (engine->bound && signature == engine->signature)
        return;
    take_rows(engine, sample);
    for (int i = 0; i < engine->count; i++)
        if (!engine->watch[i].busy)
            engine->alert[i].value = engine->watch[i].shown;
    drop_idle_alerts(engine, sample);
    for (int i = 0; engine->config && i < engine->config->threshold_count; i++)
        if (engine->config->threshold[i].enabled)
            ensure_alerts(engine, &engine->config->threshold[i], sample);
    for (int i = 0; i < engine->count; i++) {
        engine->alert[i].row = find_row(engine, sample, &engine->alert[i]);
        set_watch(&engine->watch[i], &engine->alert[i], sample);
    }
    engine->bound = true;
    engine->signature = signature;
}
