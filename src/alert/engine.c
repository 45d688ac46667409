/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The steps of the engine. What is bound to what (which rule rules which alert,
 * which figure of the sample feeds it) is found in engine_bind.c, only when the
 * rules, the alerts or the instances have changed.
 *
 * Nearly all alerts are calm nearly always. Of each stands in one array, `watch`,
 * what a step must know to see that it is calm still: where its figure is, and
 * the levels beside which something happens. Only those that are not go through
 * incident.c.
 */
#include "alert/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/condition.h"
#include "alert/engine_private.h"
#include "alert/incident.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

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
    for (int i = 0; i < engine->count; i++)
        free(engine->watch[i].trend);
    free(engine->alert);
    free(engine->watch);
    free(engine->notice);
    free(engine->busy);
    lookup_release(&engine->keys);
    lookup_release(&engine->rules);
    for (int g = 0; g < GROUP_COUNT; g++)
        lookup_release(&engine->rows[g]);
    free(engine);
}

const char *
alert_unit(const struct alert *alert)
{
    return alert->external ? "" : metric_aspect_unit(alert->metric, alert->of);
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
    struct alert *alert = engine_find_alert(engine, key);
    if (!alert && level == ALERT_NORMAL)
        return 0;
    if (!alert)
        alert = engine_add_alert(engine, key, 0);
    if (!alert)
        return ERR_TOO_LARGE;
    enum alert_state before = alert->raised;
    alert->external = alert->present = true;
    alert->stale = false;
    alert->rule = NULL;
    alert->raised = level;
    engine->watch[alert - engine->alert].busy = true;
    if (text && *text)
        text_clean(text, alert->text, sizeof alert->text);
    if (level != ALERT_NORMAL)
        text_clean(labels ? labels : "", alert->labels, sizeof alert->labels);
    return before != level;
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
    if (loud->metric == quiet->metric && loud->of == quiet->of && loud->row == quiet->row)
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
    for (int i = 0; i < engine->busy_count && engine->loud_count < LOUD_MAX; i++) {
        const struct alert *alert = &engine->alert[engine->busy[i]];
        bool whole = false;
        for (size_t p = 0; p < sizeof parts / sizeof *parts; p++)
            whole |= metric_info(alert->metric)->group == parts[p].whole;
        if (alert_fired(alert->state) == ALERT_CRITICAL ||
            (whole && alert_fired(alert->state) != ALERT_NORMAL))
            engine->loud[engine->loud_count++] = engine->busy[i];
    }
}

static enum alert_hold
hold_of(const struct alert_engine *engine, const struct alert *alert, const struct sample *sample,
    const char **ret_cause)
{
    const char *labels = alert_labels(alert);
    for (int i = 0; i < engine->silence_count; i++) {
        const struct silence *silence = &engine->silence[i];
        if (sample->mono_ns < silence->until_ns &&
            silence_matches(silence->matcher, alert->key, labels)) {
            *ret_cause = silence->reason;
            return ALERT_SILENCED;
        }
    }
    for (int i = 0; engine->config && i < engine->config->window_count; i++) {
        const struct config_window *window = &engine->config->window[i];
        if (silence_matches(window->matcher, alert->key, labels) &&
            silence_window_open(window, sample->wall_ns)) {
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
set_hold(const struct alert_engine *engine, struct alert *alert, const struct sample *sample)
{
    const char *cause = "";
    bool fires = alert_fired(alert->state) != ALERT_NORMAL || alert->flapping;
    alert->hold = fires ? hold_of(engine, alert, sample, &cause) : ALERT_NOT_HELD;
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

static void
move_one(struct alert_engine *engine, struct alert *alert, double value,
    const struct sample *sample)
{
    alert->when = check_condition(engine, alert, sample, value);
    incident_move(alert, value, sample);
    if (!alert->rule && !engine_is_raised(alert))
        engine->bound = false; /* dropped by the next step */
}

/* Notes what calm alerts are at, and who is not calm. */
static void
find_busy(struct alert_engine *engine, int64_t mono_ns)
{
    int busy = 0;
    for (int i = 0; i < engine->count; i++) {
        struct watch *watch = &engine->watch[i];
        double value = *watch->value;
        if (watch->trend)
            value = trend_step(watch->trend, value, mono_ns);
        watch->now = value;
        if (watch->busy || value > watch->above || value < watch->below)
            engine->busy[busy++] = i;
        else if (!isnan(value))
            watch->shown = value;
    }
    engine->busy_count = busy;
}

/* All have moved before one is told: what fires in the same step may inhibit it. */
int
alert_engine_step(struct alert_engine *engine, const struct sample *sample,
    const struct alert_notice **ret_notices)
{
    int told = 0;
    engine_bind(engine, sample);
    engine->fault[0] = '\0';
    find_busy(engine, sample->mono_ns);
    for (int i = 0; i < engine->busy_count; i++) {
        int at = engine->busy[i];
        if (!engine->watch[at].busy)
            engine->alert[at].value = engine->watch[at].shown;
        move_one(engine, &engine->alert[at], engine->watch[at].now, sample);
    }
    find_loud(engine);
    for (int i = 0; i < engine->busy_count; i++) {
        int at = engine->busy[i];
        struct alert *alert = &engine->alert[at];
        set_hold(engine, alert, sample);
        told += incident_tell(alert, sample->mono_ns, &engine->notice[told]);
        engine->watch[at].busy = !engine_is_calm(alert);
        engine->watch[at].shown = alert->value;
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
        set_hold(engine, alert, sample);
        told += incident_tell(alert, sample->mono_ns, &engine->notice[told]);
    }
    *ret_notices = engine->notice;
    return told;
}

int
alert_engine_alerts(const struct alert_engine *engine, const struct alert **ret_alerts)
{
    for (int i = 0; i < engine->count; i++)
        if (!engine->watch[i].busy)
            engine->alert[i].value = engine->watch[i].shown;
    *ret_alerts = engine->alert;
    return engine->count;
}
