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

#include "alert/condition.h"
#include "alert/incident.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

/* Wildcard thresholds times instances must end somewhere: 4096 alerts are
 * sixteen rules on every core of a 256-core machine. */
enum { ALERTS_MAX = 4096, ROW_MAX = SAMPLE_NAME_MAX + ALERT_KEY_MAX,
    LOUD_MAX = 256 };

struct alert_engine {
    const struct config *config; /* borrowed; NULL before the first configure */
    struct alert *alert;
    int count, capacity;
    struct alert_notice *notice; /* capacity like alert */
    struct conditions *conditions; /* owned; NULL: no rule has any */
    char fault[ALERT_FAULT_MAX];
    const struct silence *silence; /* borrowed */
    int silence_count;
    int loud[LOUD_MAX]; /* alerts that may inhibit others, in this step */
    int loud_count;
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
    conditions_free(engine->conditions);
    free(engine->alert);
    free(engine->notice);
    free(engine);
}

/* Which unnamed rule an instance goes by: its own before the wildcard's, so that
 * one instance can be set differently or (disabled) be left out. */
static const struct config_threshold *
find_rule(const struct alert_engine *engine, enum metric metric, const char *instance)
{
    const struct config_threshold *found = NULL;
    for (int i = 0; engine->config && i < engine->config->threshold_count; i++) {
        const struct config_threshold *rule = &engine->config->threshold[i];
        if (rule->metric != metric || rule->named)
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

/* The rule whose own name a key begins with, up to its end or a colon. */
static const struct config_threshold *
find_named(const struct alert_engine *engine, const char *key)
{
    size_t len = strcspn(key, ":");
    for (int i = 0; engine->config && i < engine->config->threshold_count; i++) {
        const struct config_threshold *rule = &engine->config->threshold[i];
        if (rule->named && strlen(rule->name) == len && !strncmp(rule->name, key, len))
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

static void
find_rules(struct alert_engine *engine)
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
            alert->metric = alert->rule->metric;
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
        engine->notice = xrealloc(engine->notice, n, sizeof *engine->notice);
    }
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
    struct alert *alert = find_alert(engine, saved->key);
    if (!alert)
        alert = add_alert(engine, saved->key, metric < 0 ? 0 : (enum metric)metric);
    if (!alert)
        return;
    enum metric of = alert->metric;
    *alert = *saved;
    alert->metric = of;
    alert->row = -1;
    alert->told = alert_fired(saved->state);
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
ensure_alert(struct alert_engine *engine, const struct config_threshold *rule, const char *row)
{
    char key[ALERT_KEY_MAX];
    make_key(rule, row, key);
    struct alert *alert = find_alert(engine, key);
    if (!alert)
        alert = add_alert(engine, key, rule->metric);
    if (!alert)
        return;
    alert->rule = rule;
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

static int
find_row(const struct alert *alert, const struct sample *sample)
{
    char buf[ROW_MAX];
    const char *name = key_row(alert, buf);
    if (!name)
        return -1;
    int row = sample_find_row(sample, metric_info(alert->metric)->group, name);
    return row < 0 ? -1 : row;
}

static bool
is_raised(const struct alert *alert)
{
    return alert->external && alert->raised != ALERT_NORMAL;
}

const char *
alert_labels(const struct alert *alert)
{
    return alert->rule ? alert->rule->labels : alert->labels;
}

int
alert_engine_raise(struct alert_engine *engine, const char *key, enum alert_state level,
    const char *text, const char *labels)
{
    struct alert *alert = find_alert(engine, key);
    if (!alert && level == ALERT_NORMAL)
        return 0;
    if (!alert)
        alert = add_alert(engine, key, 0);
    if (!alert)
        return ERR_TOO_LARGE;
    enum alert_state before = alert->raised;
    alert->external = alert->present = true;
    alert->stale = false;
    alert->rule = NULL;
    alert->raised = level;
    if (text && *text)
        text_clean(text, alert->text, sizeof alert->text);
    if (level != ALERT_NORMAL)
        text_clean(labels ? labels : "", alert->labels, sizeof alert->labels);
    return before != level;
}

/* Alerts that say nothing any more: no rule, or an instance that has gone. */
static void
drop_idle_alerts(struct alert_engine *engine, const struct sample *sample)
{
    int kept = 0;
    for (int i = 0; i < engine->count; i++) {
        const struct alert *alert = &engine->alert[i];
        int row = find_row(alert, sample);
        bool wildcard = alert->rule && strchr(alert->key, ':') &&
            metric_is_wildcard(alert->metric, alert->rule->instance);
        bool gone = wildcard &&
            (row < 0 || !sample->rows[metric_info(alert->metric)->group].row[row].present);
        if (!alert_is_active(alert->state) && alert->told == ALERT_NORMAL && !is_raised(alert) &&
            (!alert->rule || gone))
            continue;
        engine->alert[kept++] = *alert;
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
        engine->alert[i].row = find_row(&engine->alert[i], sample);
    engine->bound = true;
    engine->signature = signature;
}

static int
check_condition(struct alert_engine *engine, const struct alert *alert,
    const struct sample *sample, double value)
{
    struct diag diag = { 0 };
    if (!alert->rule || !alert->rule->when)
        return 1;
    if (!engine->conditions)
        return -ENOMEM;
    int threshold = (int)(alert->rule - engine->config->threshold);
    int r = conditions_check(engine->conditions, threshold, sample, value, &diag);
    if (r < 0 && r != ERR_NOT_FOUND)
        snprintf(engine->fault, sizeof engine->fault, "%s: when: %s", alert->rule->name, diag.text);
    return r;
}

const char *
alert_engine_fault(const struct alert_engine *engine)
{
    return engine->fault;
}

/* What is kept back. */

void
alert_engine_silence(struct alert_engine *engine, const struct silence *silence, int count)
{
    engine->silence = silence;
    engine->silence_count = count;
}

/* A whole, and its parts that need not be told of beside it. To add one: a row. */
static const struct {
    enum metric_group whole, part;
} parts[] = {
    { GROUP_CPU, GROUP_CORE },
};

/* Of the same figure the critical one counts; of a whole and its part the whole. */
static bool
inhibits(const struct alert *loud, const struct alert *quiet)
{
    enum alert_state loud_level = alert_fired(loud->state), level = alert_fired(quiet->state);
    if (loud->external || quiet->external)
        return false;
    if (loud->metric == quiet->metric && loud->row == quiet->row)
        return loud_level > level;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (metric_info(loud->metric)->group == parts[i].whole &&
            metric_info(quiet->metric)->group == parts[i].part)
            return loud_level >= level;
    return false;
}

/* The first LOUD_MAX of them: more that are critical at once inhibit no less. */
static void
find_loud(struct alert_engine *engine)
{
    engine->loud_count = 0;
    for (int i = 0; i < engine->count && engine->loud_count < LOUD_MAX; i++) {
        const struct alert *alert = &engine->alert[i];
        bool whole = false;
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
            whole |= metric_info(alert->metric)->group == parts[p].whole;
        if (alert_fired(alert->state) == ALERT_CRITICAL ||
            (whole && alert_fired(alert->state) != ALERT_NORMAL))
            engine->loud[engine->loud_count++] = i;
    }
}

static enum alert_hold
hold_of(const struct alert_engine *engine, const struct alert *alert, int64_t wall_ns,
    const char **ret_cause)
{
    const char *labels = alert_labels(alert);
    for (int i = 0; i < engine->silence_count; i++) {
        const struct silence *silence = &engine->silence[i];
        if (wall_ns >= silence->from_wall_ns && wall_ns < silence->until_wall_ns &&
            silence_matches(silence->matcher, alert->key, labels)) {
            *ret_cause = silence->reason;
            return ALERT_SILENCED;
        }
    }
    for (int i = 0; engine->config && i < engine->config->window_count; i++) {
        const struct config_window *window = &engine->config->window[i];
        if (silence_matches(window->matcher, alert->key, labels) &&
            silence_window_open(window, wall_ns)) {
            *ret_cause = window->reason && *window->reason ? window->reason : window->name;
            return ALERT_SILENCED;
        }
    }
    for (int i = 0; i < engine->loud_count; i++) {
        const struct alert *loud = &engine->alert[engine->loud[i]];
        if (loud != alert && inhibits(loud, alert)) {
            *ret_cause = loud->key;
            return ALERT_INHIBITED;
        }
    }
    return ALERT_NOT_HELD;
}

static void
set_hold(const struct alert_engine *engine, struct alert *alert, int64_t wall_ns)
{
    const char *cause = "";
    bool fires = alert_fired(alert->state) != ALERT_NORMAL || alert->flapping;
    alert->hold = fires ? hold_of(engine, alert, wall_ns, &cause) : ALERT_NOT_HELD;
    if (fires || alert->cause[0])
        text_clean(cause, alert->cause, sizeof alert->cause);
}

int
alert_engine_acknowledge(struct alert_engine *engine, const char *pattern, const char *author,
    const struct alert_notice **ret_notices)
{
    int taken = 0;
    for (int i = 0; i < engine->count; i++) {
        struct alert *alert = &engine->alert[i];
        if (alert->told == ALERT_NORMAL || alert->acknowledged[0] ||
            !silence_matches(pattern, alert->key, alert_labels(alert)))
            continue;
        text_clean(author, alert->acknowledged, sizeof alert->acknowledged);
        alert->sequence++;
        engine->notice[taken++] = (struct alert_notice){ .alert = alert,
            .change = ALERT_CHANGE_ACKNOWLEDGED, .before = alert->told };
    }
    *ret_notices = engine->notice;
    return taken;
}

/* All have moved before one is told: what fires in the same step may inhibit it. */
int
alert_engine_step(struct alert_engine *engine, const struct sample *sample,
    const struct alert_notice **ret_notices)
{
    uint64_t signature = sample_signature(sample);
    if (!engine->bound || signature != engine->signature)
        bind(engine, sample, signature);
    int told = 0;
    engine->fault[0] = '\0';
    for (int i = 0; i < engine->count; i++) {
        struct alert *alert = &engine->alert[i];
        double value = alert->rule ? sample_value(sample, alert->metric, alert->row) : (double)NAN;
        alert->when = check_condition(engine, alert, sample, value);
        incident_move(alert, value, sample);
        if (!alert->rule && !is_raised(alert))
            engine->bound = false; /* dropped by the next step */
    }
    find_loud(engine);
    for (int i = 0; i < engine->count; i++) {
        set_hold(engine, &engine->alert[i], sample->wall_ns);
        told += incident_tell(&engine->alert[i], sample->mono_ns, &engine->notice[told]);
    }
    *ret_notices = engine->notice;
    return told;
}

void
alert_engine_renew(struct alert_engine *engine, const char *prefix)
{
    for (int i = 0; i < engine->count; i++)
        if (engine->alert[i].external && str_starts(engine->alert[i].key, prefix))
            engine->alert[i].stale = true;
}

void
alert_engine_expire(struct alert_engine *engine)
{
    for (int i = 0; i < engine->count; i++) {
        if (engine->alert[i].stale)
            engine->alert[i].raised = ALERT_NORMAL;
        engine->alert[i].stale = false;
    }
}

int
alert_engine_step_external(struct alert_engine *engine, const struct sample *sample,
    const struct alert_notice **ret_notices)
{
    int told = 0;
    for (int i = 0; i < engine->count; i++) {
        struct alert *alert = &engine->alert[i];
        if (!alert->external)
            continue;
        incident_move(alert, (double)NAN, sample);
        set_hold(engine, alert, sample->wall_ns);
        told += incident_tell(alert, sample->mono_ns, &engine->notice[told]);
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
