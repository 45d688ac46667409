/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/wording.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "config/threshold.h"

enum { FIGURE_MAX = 32 };

const char *
alert_notice_type(const struct alert_notice *notice)
{
    if (notice->change == ALERT_CHANGE_RESOLVED)
        return "alert.resolved";
    if (notice->change == ALERT_CHANGE_ACKNOWLEDGED)
        return "alert.acknowledged";
    return notice->alert->told == ALERT_CRITICAL ? "alert.critical" : "alert.warning";
}

/* A level as it was set: "80%", not "80.0%". */
static const char *
format_level(const struct alert *alert, double level, char *buf, size_t size)
{
    metric_aspect_format(alert->metric, alert->of, level, buf, size);
    char *point = strchr(buf, '.');
    if (point) {
        char *rest = point + 1 + strspn(point + 1, "0");
        if (*rest < '0' || *rest > '9')
            memmove(point, rest, strlen(rest) + 1);
    }
    return buf;
}

/* Without a rule (it has gone) the level's side is told by neither word. */
static const char *
side(const struct alert *alert)
{
    return !alert->rule ? "at" : alert->rule->below ? "below" : "above";
}

/* "is 91.2%", "changes by +12.0M/min", "meets 100% in 2h50m"; "still" or "" before
 * what follows the verb. */
static const char *
phrase(const struct alert *alert, const char *still, char *buf, size_t size)
{
    char value[FIGURE_MAX], limit[FIGURE_MAX];
    const struct config_threshold *rule = alert->rule;
    metric_aspect_format(alert->metric, alert->of, alert->value, value, sizeof value);
    if (alert->of == ASPECT_VALUE || (alert->of == ASPECT_TIME_LEFT && !rule)) {
        snprintf(buf, size, "is %s%s", still, value);
    } else if (alert->of == ASPECT_RATE) {
        snprintf(buf, size, "%schanges by %s", still, value);
    } else {
        struct alert plain = { .metric = alert->metric };
        format_level(&plain, rule->limit, limit, sizeof limit);
        if (alert->value > 0)
            snprintf(buf, size, "%smeets %s in %s", still, limit, value);
        else
            snprintf(buf, size, "has met %s", limit);
        if (isinf(alert->value))
            snprintf(buf, size, "does not near %s", limit);
    }
    return buf;
}

/* Of one that was told and not measured. */
static void
external_text(const struct alert_notice *notice, char *line, size_t size)
{
    const struct alert *alert = notice->alert;
    switch (notice->change) {
    case ALERT_CHANGE_RESOLVED:
        snprintf(line, size, "%s is over (was %s: %s)", alert->key, alert_state_name(notice->before),
            alert->text);
        break;
    case ALERT_CHANGE_FLAPPING:
        snprintf(line, size, "%s is flapping: %s", alert->key, alert->text);
        break;
    case ALERT_CHANGE_ACKNOWLEDGED:
        snprintf(line, size, "%s is acknowledged by %s: %s", alert->key, alert->acknowledged, alert->text);
        break;
    default:
        snprintf(line, size, "%s: %s", alert->key, alert->text);
        break;
    }
}

const char *
alert_notice_text(const struct alert_notice *notice, char *buf, size_t size)
{
    const struct alert *alert = notice->alert;
    char value[FIGURE_MAX], level[FIGURE_MAX], clear[FIGURE_MAX], is[3 * FIGURE_MAX];
    char line[2 * ALERT_TEXT_MAX];
    bool of_value = alert->of == ASPECT_VALUE;
    metric_aspect_format(alert->metric, alert->of, alert->value, value, sizeof value);
    phrase(alert, notice->change == ALERT_CHANGE_REPEATED ? "still " : "", is, sizeof is);
    format_level(alert, alert->level, level, sizeof level);
    const char *before = alert_state_name(notice->before);

    if (alert->external)
        external_text(notice, line, sizeof line);
    else if (notice->change == ALERT_CHANGE_RESOLVED && !alert->rule)
        snprintf(line, sizeof line, "%s has no threshold any more (was %s %s %s)", alert->key,
            before, side(alert), level);
    else if (notice->change == ALERT_CHANGE_RESOLVED && !alert->when)
        snprintf(line, sizeof line, "%s %s, and its condition no longer holds (was %s %s %s)",
            alert->key, is, before, side(alert), level);
    else if (notice->change == ALERT_CHANGE_RESOLVED)
        snprintf(line, sizeof line, "%s is back to normal%s%s (was %s %s %s)", alert->key,
            of_value ? " at " : ": it ", of_value ? value : is, before, side(alert), level);
    else if (notice->change == ALERT_CHANGE_FLAPPING)
        snprintf(line, sizeof line, "%s is flapping (%d changes in %d min; now %s); %s %s %s",
            alert->key, alert->flaps.total,
            ALERT_FLAP_SLOTS * ALERT_FLAP_SLOT_SECONDS / 60, value,
            alert_state_name(alert->told), side(alert), level);
    else if (notice->change == ALERT_CHANGE_ACKNOWLEDGED)
        snprintf(line, sizeof line, "%s is acknowledged by %s at %s (%s %s %s)", alert->key,
            alert->acknowledged, value, alert_state_name(alert->told), side(alert), level);
    else if (notice->change == ALERT_CHANGE_ESCALATED)
        snprintf(line, sizeof line, "%s %s, and nobody has acknowledged it (%s %s %s)",
            alert->key, is, alert_state_name(alert->told), side(alert), level);
    else if (notice->change != ALERT_CHANGE_REPEATED && notice->before == ALERT_CRITICAL && alert->rule)
        snprintf(line, sizeof line, "%s %s (no longer critical; warning until %s %s)",
            alert->key, is, alert->rule->below ? "above" : "below",
            format_level(alert, alert->rule->clear_warning, clear, sizeof clear));
    else
        snprintf(line, sizeof line, "%s %s (%s %s %s)", alert->key, is,
            alert_state_name(alert->told), side(alert), level);
    return text_clean(line, buf, size);
}

void
alert_write_label_members(struct json_writer *w, const char *labels)
{
    char label[CONFIG_LABELS_MAX];
    while (labels && threshold_next_word(&labels, label, sizeof label)) {
        char *equal = strchr(label, '=');
        if (!equal)
            continue;
        *equal = '\0';
        jw_string(w, label, equal + 1);
    }
}

void
alert_write_labels(struct json_writer *w, const char *key, const char *labels)
{
    jw_object(w, key);
    alert_write_label_members(w, labels);
    jw_end(w);
}

bool
alert_group_next(const char **by, const char *key, const char *labels,
    char name[CONFIG_LABELS_MAX], char value[CONFIG_LABELS_MAX])
{
    if (!threshold_next_word(by, name, CONFIG_LABELS_MAX))
        return false;
    value[0] = '\0';
    if (!strcmp(name, "alertname"))
        str_copy(value, CONFIG_LABELS_MAX, key);
    else
        threshold_label(labels, name, value, CONFIG_LABELS_MAX);
    return true;
}
