/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/incident.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

/* Percent of flap_share() at which it begins and ends, as Nagios has them. */
enum { FLAP_ON_PCT = 20, FLAP_OFF_PCT = 5 };

/* What a value means. */

static bool
over(const struct config_threshold *rule, double value, double level)
{
    return rule->below ? value < level : value > level;
}

/* Keeps the start of a stretch; true when it has lasted. */
static bool
held(int64_t *start_ns, bool is_so, int64_t mono_ns, double seconds)
{
    if (!is_so)
        *start_ns = 0;
    else if (!*start_ns)
        *start_ns = mono_ns;
    return is_so && mono_ns - *start_ns >= sec_to_ns(seconds);
}

static void
end_stretches(struct alert *alert)
{
    alert->over_warning_ns = alert->over_critical_ns = 0;
    alert->under_warning_ns = alert->under_critical_ns = 0;
}

/* While something fires: what keeps it doing so. */
static enum alert_event
event_while_firing(struct alert *alert, double value, int64_t mono_ns)
{
    const struct config_threshold *rule = alert->rule;
    bool holds_warning = alert->when && rule->has_warning && over(rule, value, rule->clear_warning);
    bool holds_critical = alert->when && rule->has_critical && over(rule, value, rule->clear_critical);
    bool calm = held(&alert->under_warning_ns, !holds_warning && !holds_critical, mono_ns,
        rule->keep_seconds);
    bool below_critical = held(&alert->under_critical_ns, !holds_critical, mono_ns,
        rule->keep_seconds);
    if (calm)
        return ALERT_EVENT_CLEAR_HELD;
    if (alert->under_warning_ns)
        return ALERT_EVENT_CLEAR;
    bool was_critical = alert_fired(alert->state) == ALERT_CRITICAL;
    return was_critical && !below_critical ? ALERT_EVENT_CRITICAL : ALERT_EVENT_WARNING;
}

static enum alert_event
event_of(struct alert *alert, double value, int64_t mono_ns)
{
    const struct config_threshold *rule = alert->rule;
    if (alert->external)
        return alert->raised == ALERT_CRITICAL ? ALERT_EVENT_CRITICAL_HELD
            : alert->raised == ALERT_WARNING ? ALERT_EVENT_WARNING_HELD : ALERT_EVENT_CLEAR_HELD;
    if (!rule || isnan(value) || alert->when < 0) {
        end_stretches(alert);
        return rule ? ALERT_EVENT_UNKNOWN : ALERT_EVENT_GONE;
    }
    bool warning = alert->when && rule->has_warning && over(rule, value, rule->warning);
    bool critical = alert->when && rule->has_critical && over(rule, value, rule->critical);
    bool warning_held = held(&alert->over_warning_ns, warning, mono_ns, rule->for_seconds);
    if (held(&alert->over_critical_ns, critical, mono_ns, rule->for_seconds)) {
        alert->under_warning_ns = alert->under_critical_ns = 0;
        return ALERT_EVENT_CRITICAL_HELD;
    }
    if (alert_fired(alert->state) != ALERT_NORMAL)
        return event_while_firing(alert, value, mono_ns);
    return warning_held ? ALERT_EVENT_WARNING_HELD
        : critical ? ALERT_EVENT_CRITICAL
        : warning ? ALERT_EVENT_WARNING : ALERT_EVENT_CLEAR;
}

/* The level a state stands over. */
static double
level_of(const struct alert *alert)
{
    const struct config_threshold *rule = alert->rule;
    bool critical = alert_fired(alert->state) == ALERT_CRITICAL || !rule->has_warning ||
        (alert->state == ALERT_PENDING && alert->over_critical_ns);
    return critical && rule->has_critical ? rule->critical : rule->warning;
}

static void
move(struct alert *alert, enum alert_state next, const struct sample *sample)
{
    if (next != alert->state) {
        alert->since_wall_ns = sample->wall_ns;
        alert->state = next;
    }
    if (!alert_is_active(next))
        return;
    if (!alert->incident_wall_ns)
        alert->incident_wall_ns = sample->wall_ns;
    if (alert->rule)
        alert->level = level_of(alert);
}

/* Flapping. */

/* Drops the stretches that are over. */
static void
age(struct alert_flaps *flaps, int64_t mono_ns)
{
    int64_t slot = mono_ns / (ALERT_FLAP_SLOT_SECONDS * NS_PER_SEC);
    int64_t steps = slot - flaps->slot;
    if (steps >= ALERT_FLAP_SLOTS || steps < 0) {
        memset(flaps->changes, 0, sizeof flaps->changes);
        flaps->total = 0;
    } else {
        for (int64_t s = flaps->slot + 1; s <= slot; s++) {
            flaps->total -= flaps->changes[s % ALERT_FLAP_SLOTS];
            flaps->changes[s % ALERT_FLAP_SLOTS] = 0;
        }
    }
    flaps->slot = slot;
}

static void
count_change(struct alert_flaps *flaps)
{
    unsigned char *changes = &flaps->changes[flaps->slot % ALERT_FLAP_SLOTS];
    if (*changes < UINT8_MAX) {
        ++*changes;
        flaps->total++;
    }
}

/* Changes as a percentage of one in each stretch; the newest weigh 1.2, the oldest 0.8. */
static double
flap_share(const struct alert_flaps *flaps)
{
    double sum = 0;
    for (int i = 0; i < ALERT_FLAP_SLOTS; i++) {
        double weight = 1.2 - 0.4 * i / (ALERT_FLAP_SLOTS - 1);
        sum += weight * flaps->changes[(flaps->slot - i + ALERT_FLAP_SLOTS) % ALERT_FLAP_SLOTS];
    }
    return 100 * sum / ALERT_FLAP_SLOTS;
}

/* Only a level that comes makes it flap: its end is told. True when it starts to. */
static bool
note_flapping(struct alert *alert, enum alert_state before, enum alert_state fires,
    int64_t mono_ns)
{
    struct alert_flaps *flaps = &alert->flaps;
    if (fires == before && !flaps->total && !alert->flapping)
        return false;
    age(flaps, mono_ns);
    if (fires != before)
        count_change(flaps);
    double share = flap_share(flaps);
    if ((!alert->rule && !alert->external) || share < FLAP_OFF_PCT)
        alert->flapping = false;
    else if (!alert->flapping && fires > before && share >= FLAP_ON_PCT)
        return alert->flapping = true;
    return false;
}

/* Telling. */

static bool
escalation_is_due(struct alert *alert, int64_t mono_ns)
{
    const struct config_threshold *rule = alert->rule;
    if (!rule || rule->escalate_seconds <= 0 || alert->told == ALERT_NORMAL || alert->acknowledged[0])
        return false;
    int more = 0;
    for (const char *c = rule->webhooks; *c; c++)
        more += *c == ',';
    if (!alert->escalated_ns)
        alert->escalated_ns = alert->told_ns;
    return alert->rung < more && mono_ns - alert->escalated_ns >= sec_to_ns(rule->escalate_seconds);
}

static bool
repeat_is_due(const struct alert *alert, int64_t mono_ns)
{
    bool fires = alert->flapping || alert->state == ALERT_WARNING || alert->state == ALERT_CRITICAL;
    return fires && alert->told != ALERT_NORMAL && !alert->acknowledged[0] && alert->rule && alert->rule->repeat_seconds > 0 &&
        mono_ns - alert->told_ns >= sec_to_ns(alert->rule->repeat_seconds);
}

static enum alert_change
what_to_tell(struct alert *alert, enum alert_state fires, bool flaps_now, int64_t mono_ns)
{
    if (!alert->told_ns) /* told by a server before this one */
        alert->told_ns = mono_ns;
    bool ends = fires == ALERT_NORMAL && alert->told != ALERT_NORMAL;
    if (alert->hold != ALERT_NOT_HELD && (!ends || alert->flapping))
        return ALERT_CHANGE_NONE;
    if (flaps_now)
        return ALERT_CHANGE_FLAPPING;
    bool settled = !alert->flapping && alert->state != ALERT_PENDING; /* which it may be after that */
    if (fires > alert->told || (fires != alert->told && settled))
        return fires == ALERT_NORMAL ? ALERT_CHANGE_RESOLVED : ALERT_CHANGE_FIRED;
    if (escalation_is_due(alert, mono_ns))
        return ALERT_CHANGE_ESCALATED;
    if (!repeat_is_due(alert, mono_ns))
        return ALERT_CHANGE_NONE;
    return alert->flapping ? ALERT_CHANGE_FLAPPING : ALERT_CHANGE_REPEATED;
}

/* What a resolved notice tells (level, incident) lasts until the next step. */
static void
end_incident(struct alert *alert)
{
    alert->level = 0;
    alert->incident_wall_ns = 0;
    alert->sequence = 0;
    alert->rung = 0;
    alert->escalated_ns = 0;
}

void
incident_move(struct alert *alert, double value, const struct sample *sample)
{
    if (alert->state == ALERT_RESOLVED && alert->told == ALERT_NORMAL)
        end_incident(alert);
    enum alert_state before = alert_fired(alert->state);
    enum alert_event event = event_of(alert, value, sample->mono_ns);
    if (!isnan(value))
        alert->value = value;
    move(alert, alert_next(alert->state, event), sample);
    alert->flaps_now = note_flapping(alert, before, alert_fired(alert->state), sample->mono_ns);
}

bool
incident_tell(struct alert *alert, int64_t mono_ns, struct alert_notice *ret_notice)
{
    enum alert_state fires = alert_fired(alert->state), told = alert->told;
    enum alert_change change = what_to_tell(alert, fires, alert->flaps_now, mono_ns);
    if (change == ALERT_CHANGE_NONE) {
        if (!alert_is_active(alert->state) && told == ALERT_NORMAL)
            end_incident(alert);
        return false;
    }
    if (change == ALERT_CHANGE_FIRED || change == ALERT_CHANGE_RESOLVED || fires > told)
        alert->told = fires;
    if (alert->told > told || alert->told == ALERT_NORMAL)
        alert->acknowledged[0] = '\0'; /* of something less bad */
    if (change == ALERT_CHANGE_ESCALATED)
        alert->rung++;
    if (change == ALERT_CHANGE_ESCALATED || told == ALERT_NORMAL)
        alert->escalated_ns = mono_ns;
    alert->told_ns = mono_ns;
    alert->sequence++;
    *ret_notice = (struct alert_notice){ .alert = alert, .change = change, .before = told };
    return true;
}
