/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Alerts and their rules are bound (which rule rules which alert, which row of
 * the sample feeds it) only when the rules, the alerts or the instances have
 * changed; a step in between is one pass over an array.
 */
#include "alert/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"

/* Wildcard thresholds times instances must end somewhere: 4096 alerts are
 * sixteen rules on every core of a 256-core machine. */
enum { ALERTS_MAX = 4096 };

struct alert_engine {
    const struct config *config; /* borrowed; NULL before the first configure */
    struct alert *alert;
    int *row; /* by alert: its row in the sample, -1 for none */
    int count, capacity;
    struct alert_notice *notice; /* capacity like alert */
    bool bound; /* rows and alerts fit the sample of this signature */
    uint64_t signature;
};

struct alert_engine *
alert_engine_new(void)
{
    return XNEW(struct alert_engine);
}

void
alert_engine_free(struct alert_engine *engine)
{
    if (!engine)
        return;
    free(engine->alert);
    free(engine->row);
    free(engine->notice);
    free(engine);
}

/* Which rule an instance goes by: its own before the wildcard's, so that one
 * instance can be set differently or (disabled) be left out. */
static const struct config_threshold *
find_rule(const struct alert_engine *engine, enum metric metric, const char *instance)
{
    const struct config_threshold *found = NULL;
    for (int i = 0; engine->config && i < engine->config->threshold_count; i++) {
        const struct config_threshold *rule = &engine->config->threshold[i];
        if (rule->metric != metric)
            continue;
        if (!metric_is_wildcard(metric, rule->instance) &&
            !strcmp(rule->instance, instance ? instance : ""))
            return rule->enabled ? rule : NULL;
        if (instance && metric_is_wildcard(metric, rule->instance) &&
            metric_covers(metric, rule->instance, instance))
            found = rule;
    }
    return found && found->enabled ? found : NULL;
}

/* The row's name in an alert's key; NULL for metrics without instances. */
static const char *
key_instance(const struct alert *alert)
{
    const char *instance = NULL;
    return metric_parse(alert->key, &instance) < 0 ? NULL : instance;
}

static void
find_rules(struct alert_engine *engine)
{
    for (int i = 0; i < engine->count; i++) {
        struct alert *alert = &engine->alert[i];
        const char *instance = NULL;
        int metric = metric_parse(alert->key, &instance);
        alert->rule = metric < 0 ? NULL : find_rule(engine, (enum metric)metric, instance);
        alert->present = alert->rule != NULL;
    }
}

void
alert_engine_configure(struct alert_engine *engine, const struct config *config)
{
    engine->config = config;
    engine->bound = false;
    find_rules(engine);
}

static struct alert *
find_alert(const struct alert_engine *engine, const char *key)
{
    for (int i = 0; i < engine->count; i++)
        if (!strcmp(engine->alert[i].key, key))
            return &engine->alert[i];
    return NULL;
}

/* NULL when there are ALERTS_MAX. */
static struct alert *
add_alert(struct alert_engine *engine, const char *key, enum metric metric)
{
    if (engine->count == ALERTS_MAX)
        return NULL;
    int capacity = engine->capacity;
    XGROW(engine->alert, engine->count, engine->capacity);
    if (engine->capacity != capacity) {
        size_t n = (size_t)engine->capacity;
        engine->row = xrealloc(engine->row, n, sizeof *engine->row);
        engine->notice = xrealloc(engine->notice, n, sizeof *engine->notice);
    }
    engine->row[engine->count] = -1;
    struct alert *alert = &engine->alert[engine->count++];
    *alert = (struct alert){ .metric = metric, .value = NAN };
    str_copy(alert->key, sizeof alert->key, key);
    return alert;
}

void
alert_engine_restore(struct alert_engine *engine, const struct alert *saved)
{
    if (saved->state != ALERT_WARNING && saved->state != ALERT_CRITICAL)
        return;
    const char *instance;
    int metric = metric_parse(saved->key, &instance);
    struct alert *alert = find_alert(engine, saved->key);
    if (!alert)
        alert = add_alert(engine, saved->key, metric < 0 ? 0 : (enum metric)metric);
    if (!alert)
        return;
    alert->state = saved->state;
    alert->value = saved->value;
    alert->level = saved->level;
    alert->since_wall_ns = saved->since_wall_ns;
    alert->incident_wall_ns = saved->incident_wall_ns;
    alert->sequence = saved->sequence;
    alert->over_warning_ns = alert->over_critical_ns = 0;
    engine->bound = false;
    find_rules(engine);
}

/* FNV-1a of which instances there are. */
static uint64_t
sample_signature(const struct sample *sample)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int g = 0; g < GROUP_COUNT; g++) {
        for (int r = 0; r < sample->rows[g].count; r++) {
            const struct sample_row *row = &sample->rows[g].row[r];
            for (const char *p = row->name; *p; p++)
                hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
            hash = (hash ^ (row->present ? 0x100u : 0x101u)) * UINT64_C(0x100000001b3);
        }
        hash = (hash ^ 0x102u) * UINT64_C(0x100000001b3);
    }
    return hash;
}

static void
ensure_alert(struct alert_engine *engine, enum metric metric, const char *instance,
    const struct config_threshold *rule)
{
    char key[ALERT_KEY_MAX];
    metric_key(metric, instance, key, sizeof key);
    struct alert *alert = find_alert(engine, key);
    if (!alert)
        alert = add_alert(engine, key, metric);
    if (!alert)
        return;
    alert->rule = rule;
    alert->present = true;
}

/* Alerts of a rule; a wildcard's make room for instances' own rules. */
static void
ensure_alerts(struct alert_engine *engine, const struct config_threshold *rule,
    const struct sample *sample)
{
    enum metric_group group = metric_info(rule->metric)->group;
    if (!metric_group_info(group)->per_instance) {
        ensure_alert(engine, rule->metric, NULL, rule);
        return;
    }
    if (!metric_is_wildcard(rule->metric, rule->instance)) {
        ensure_alert(engine, rule->metric, rule->instance, rule);
        return;
    }
    const struct sample_rows *rows = &sample->rows[group];
    for (int r = 0; r < rows->count; r++)
        if (rows->row[r].present && find_rule(engine, rule->metric, rows->row[r].name) == rule)
            ensure_alert(engine, rule->metric, rows->row[r].name, rule);
}

static int
find_row(const struct alert *alert, const struct sample *sample)
{
    const char *instance = key_instance(alert);
    if (!instance)
        return -1;
    int row = sample_find_row(sample, metric_info(alert->metric)->group, instance);
    return row < 0 ? -1 : row;
}

/* Alerts that say nothing any more: no rule, or an instance that has gone. */
static void
drop_idle_alerts(struct alert_engine *engine, const struct sample *sample)
{
    int kept = 0;
    for (int i = 0; i < engine->count; i++) {
        const struct alert *alert = &engine->alert[i];
        int row = find_row(alert, sample);
        bool wildcard = alert->rule && key_instance(alert) &&
            metric_is_wildcard(alert->metric, alert->rule->instance);
        bool gone = wildcard &&
            (row < 0 || !sample->rows[metric_info(alert->metric)->group].row[row].present);
        if (alert->state == ALERT_NORMAL && (!alert->rule || gone))
            continue;
        engine->alert[kept] = *alert;
        engine->row[kept++] = row;
    }
    engine->count = kept;
}

static void
bind(struct alert_engine *engine, const struct sample *sample, uint64_t signature)
{
    drop_idle_alerts(engine, sample);
    for (int i = 0; engine->config && i < engine->config->threshold_count; i++)
        if (engine->config->threshold[i].enabled)
            ensure_alerts(engine, &engine->config->threshold[i], sample);
    for (int i = 0; i < engine->count; i++)
        engine->row[i] = find_row(&engine->alert[i], sample);
    engine->bound = true;
    engine->signature = signature;
}

static bool
over(const struct config_threshold *rule, double value, double level)
{
    return rule->below ? value < level : value > level;
}

/* Keeps the start of a stretch over a level; true when it has lasted. */
static bool
held(int64_t *start_ns, bool is_over, int64_t mono_ns, double for_seconds)
{
    if (!is_over)
        *start_ns = 0;
    else if (!*start_ns)
        *start_ns = mono_ns;
    return is_over && mono_ns - *start_ns >= sec_to_ns(for_seconds);
}

static enum alert_event
event_of(struct alert *alert, double value, int64_t mono_ns)
{
    const struct config_threshold *rule = alert->rule;
    if (!rule || isnan(value)) {
        alert->over_warning_ns = alert->over_critical_ns = 0;
        return rule ? ALERT_EVENT_UNKNOWN : ALERT_EVENT_CLEAR;
    }
    bool warning = rule->has_warning && over(rule, value, rule->warning);
    bool critical = rule->has_critical && over(rule, value, rule->critical);
    bool warning_held = held(&alert->over_warning_ns, warning, mono_ns, rule->for_seconds);
    bool critical_held = held(&alert->over_critical_ns, critical, mono_ns, rule->for_seconds);

    if (critical_held)
        return ALERT_EVENT_CRITICAL_HELD;
    if (alert->state == ALERT_CRITICAL && rule->has_critical &&
        over(rule, value, rule->clear_critical))
        return ALERT_EVENT_CRITICAL;
    if (warning_held)
        return ALERT_EVENT_WARNING_HELD;
    if (critical)
        return ALERT_EVENT_CRITICAL;
    bool firing = alert->state == ALERT_WARNING || alert->state == ALERT_CRITICAL;
    if (warning || (firing && rule->has_warning && over(rule, value, rule->clear_warning)))
        return ALERT_EVENT_WARNING;
    return ALERT_EVENT_CLEAR;
}

/* The level a state stands over. */
static double
level_of(const struct alert *alert)
{
    const struct config_threshold *rule = alert->rule;
    if (!rule)
        return alert->level;
    bool critical = alert->state == ALERT_CRITICAL || !rule->has_warning ||
        (alert->state == ALERT_PENDING && alert->over_critical_ns);
    return critical && rule->has_critical ? rule->critical : rule->warning;
}

static void
end_incident(struct alert *alert)
{
    alert->level = 0;
    alert->incident_wall_ns = 0;
    alert->sequence = 0;
}

/* Moves one alert; true when people are to hear of it, *ret_change why. */
static bool
step_alert(struct alert *alert, double value, const struct sample *sample,
    enum alert_change *ret_change)
{
    /* What a resolved notice tells (level, incident) lasts until here. */
    if (alert->state == ALERT_NORMAL)
        end_incident(alert);
    enum alert_event event = event_of(alert, value, sample->mono_ns);
    struct alert_transition to = alert_transition(alert->state, event);
    if (!isnan(value))
        alert->value = value;
    if (to.next != alert->state) {
        alert->since_wall_ns = sample->wall_ns;
        if (alert->state == ALERT_NORMAL)
            alert->incident_wall_ns = sample->wall_ns;
        alert->state = to.next;
    }
    if (to.next != ALERT_NORMAL)
        alert->level = level_of(alert);
    else if (to.change == ALERT_CHANGE_NONE)
        end_incident(alert);
    if (to.change == ALERT_CHANGE_NONE)
        return false;
    alert->sequence++;
    *ret_change = to.change;
    return true;
}

int
alert_engine_step(struct alert_engine *engine, const struct sample *sample,
    const struct alert_notice **ret_notices)
{
    uint64_t signature = sample_signature(sample);
    if (!engine->bound || signature != engine->signature)
        bind(engine, sample, signature);
    int told = 0;
    for (int i = 0; i < engine->count; i++) {
        struct alert *alert = &engine->alert[i];
        double value = alert->rule ? sample_value(sample, alert->metric, engine->row[i]) : (double)NAN;
        enum alert_state before = alert->state;
        enum alert_change change;
        if (step_alert(alert, value, sample, &change))
            engine->notice[told++] =
                (struct alert_notice){ .alert = alert, .change = change, .before = before };
        if (!alert->rule)
            engine->bound = false; /* dropped by the next step */
    }
    *ret_notices = engine->notice;
    return told;
}

int
alert_engine_alerts(const struct alert_engine *engine, const struct alert **ret_alerts)
{
    *ret_alerts = engine->alert;
    return engine->count;
}
