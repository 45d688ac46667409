/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The values of a threshold's section.
 */
#include "config/threshold.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "config/runfile.h"
#include "config/suggest.h"
#include "config/walk.h"

static const char threshold_prefix[] = THRESHOLD_PREFIX;

/* The number of a level in the metric's unit, which may be left out. */
static int
parse_number(enum metric_unit unit, char *text, double *ret_value)
{
    static const char *const suffixes[] = {
        [UNIT_PERCENT] = "%", [UNIT_BYTES_PER_SECOND] = "/s", [UNIT_PER_SECOND] = "/s",
        [UNIT_MEGAHERTZ] = "MHz", [UNIT_CELSIUS] = "C", [UNIT_COUNT_OF] = NULL,
    };
    const char *suffix = suffixes[unit];
    if (suffix && str_ends(text, suffix))
        text[strlen(text) - strlen(suffix)] = '\0';
    text = str_trim(text);
    if (unit == UNIT_BYTES || unit == UNIT_BYTES_PER_SECOND)
        return unit_parse_bytes(text, ret_value);
    if (unit == UNIT_SECONDS)
        return unit_parse_duration(text, ret_value);
    return unit_parse_number(text, ret_value);
}

static int
parse_in_unit(enum metric_unit unit, char *text, double *ret_value)
{
    int r = parse_number(unit, text, ret_value);
    if (r == 0 && (*ret_value < 0 || (unit == UNIT_PERCENT && *ret_value > 100)))
        r = ERR_BAD_RANGE;
    return r;
}

/* What a program publishes has a unit of its own: any of them. */
static int
parse_any_unit(const char *text, double *ret_value)
{
    char number[64];
    str_copy(number, sizeof number, text);
    int r = parse_number(UNIT_PERCENT, number, ret_value);
    if (r < 0)
        r = unit_parse_number(text, ret_value);
    if (r < 0)
        r = unit_parse_duration(text, ret_value);
    if (r < 0)
        r = unit_parse_bytes(text, ret_value);
    return r;
}

/* "10MiB/min", "-1%/h"; into units per second. */
static int
parse_rate(enum metric metric, char *text, double *ret_value)
{
    static const struct {
        const char *suffix;
        double seconds;
    } spans[] = { { "/s", 1 }, { "/min", 60 }, { "/h", 3600 } };
    double sign = *text == '-' ? -1 : 1;
    text = str_trim(text + (*text == '-' || *text == '+'));
    for (size_t i = 0; i < sizeof spans / sizeof *spans; i++) {
        if (!str_ends(text, spans[i].suffix))
            continue;
        text[strlen(text) - strlen(spans[i].suffix)] = '\0';
        int r = metric == METRIC_FIGURE_VALUE ? parse_any_unit(str_trim(text), ret_value)
            : parse_number(metric_info(metric)->unit, text, ret_value);
        *ret_value *= sign / spans[i].seconds;
        return r < 0 || sign * *ret_value >= 0 ? r : ERR_SYNTAX;
    }
    return ERR_SYNTAX;
}

/* What is allowed, for who wrote something else. */
static const char *
allowed_level(const struct config_threshold *threshold, enum metric_aspect of)
{
    static const char *const allowed[] = {
        [UNIT_PERCENT] = "0% to 100%", [UNIT_BYTES] = "a size, such as 2GiB",
        [UNIT_BYTES_PER_SECOND] = "bytes per second, such as 10MiB",
        [UNIT_PER_SECOND] = "a number, 0 or more", [UNIT_SECONDS] = "a duration, such as 90s",
        [UNIT_MEGAHERTZ] = "a number, 0 or more",
        [UNIT_CELSIUS] = "degrees Celsius, such as 85", [UNIT_COUNT_OF] = "a number, 0 or more",
    };
    static const char *const rates[] = {
        [UNIT_PERCENT] = "percents per time, such as 5%/min or < -1%/h",
        [UNIT_BYTES] = "a size per time, such as 10MiB/min or < -1GiB/h",
        [UNIT_BYTES_PER_SECOND] = "a size per time, such as 10MiB/min",
        [UNIT_PER_SECOND] = "a number per time, such as 100/min",
        [UNIT_SECONDS] = "a duration per time, such as 1s/min",
        [UNIT_MEGAHERTZ] = "a number per time, such as 100/min",
        [UNIT_CELSIUS] = "degrees Celsius per time, such as 5/min",
        [UNIT_COUNT_OF] = "a number per time, such as 100/min",
    };
    enum metric_unit unit = metric_info(threshold->metric)->unit;
    if (of == ASPECT_TIME_LEFT)
        return "a duration, such as 3h: it fires when less is left";
    if (threshold->metric == METRIC_FIGURE_VALUE)
        return of == ASPECT_RATE ? "any of these per /s, /min or /h: a number, a percentage, a duration or a size"
                                 : "a number, a percentage, a duration or a size";
    return of == ASPECT_RATE ? rates[unit] : allowed[unit];
}

static int
parse_aspect(const struct config_threshold *threshold, enum metric_aspect of, char *number,
    double *ret_value)
{
    if (of == ASPECT_RATE)
        return parse_rate(threshold->metric, number, ret_value);
    if (of == ASPECT_TIME_LEFT)
        return unit_parse_duration(number, ret_value);
    if (threshold->metric != METRIC_FIGURE_VALUE)
        return parse_in_unit(metric_info(threshold->metric)->unit, number, ret_value);
    int r = parse_any_unit(number, ret_value);
    return r == 0 && *ret_value < 0 ? ERR_BAD_RANGE : r;
}

static int
parse_level(const struct config_threshold *threshold, enum metric_aspect of, const char *text,
    double *ret_value, struct diag *diag)
{
    char number[64], shown[80];
    const char *bare = text + (*text == '<' || *text == '>');
    int r = !str_copy(number, sizeof number, bare) ? ERR_SYNTAX
        : of == ASPECT_TIME_LEFT && *text == '>' ? ERR_SYNTAX
        : parse_aspect(threshold, of, str_trim(number), ret_value);
    if (r == 0)
        return 0;
    return diag_set(diag, r == ERR_BAD_RANGE ? ERR_BAD_RANGE : ERR_BAD_TYPE,
        "\"%s\" is not a %s of %s (allowed: %s)", text_clean(text, shown, sizeof shown),
        of == ASPECT_RATE ? "rate" : of == ASPECT_TIME_LEFT ? "time left" : "level",
        metric_info(threshold->metric)->name, allowed_level(threshold, of));
}

/* Both levels fire in one direction. */
static int
take_level(struct config_threshold *threshold, const struct option_value *value, bool *has,
    double *level, struct diag *diag)
{
    bool below = value->below || threshold->of == ASPECT_TIME_LEFT;
    int r = parse_level(threshold, threshold->of, value->text, level, diag);
    if (r < 0)
        return r;
    if ((threshold->has_warning || threshold->has_critical) && threshold->below != below)
        return diag_set(diag, ERR_CONFLICT,
            "warning and critical must both fire above (80) or both below (< 80) their levels");
    threshold->below = below;
    *has = true;
    return 0;
}

int
threshold_take_warning(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_threshold *threshold = target;
    (void)entry;
    return take_level(threshold, value, &threshold->has_warning, &threshold->warning, diag);
}

int
threshold_take_critical(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_threshold *threshold = target;
    (void)entry;
    return take_level(threshold, value, &threshold->has_critical, &threshold->critical, diag);
}

static int
take_clear(const struct config_threshold *threshold, const struct option_value *value, double *level,
    struct diag *diag)
{
    if (*value->text == '<' || *value->text == '>')
        return diag_set(diag, ERR_SYNTAX,
            "a clear level has no direction of its own (write the number alone)");
    return parse_level(threshold, threshold->of, value->text, level, diag);
}

int
threshold_take_clear_warning(void *target, const struct ini_entry *entry,
    const struct option_value *value, struct diag *diag)
{
    struct config_threshold *threshold = target;
    (void)entry;
    return take_clear(threshold, value, &threshold->clear_warning, diag);
}

int
threshold_take_clear_critical(void *target, const struct ini_entry *entry,
    const struct option_value *value, struct diag *diag)
{
    struct config_threshold *threshold = target;
    (void)entry;
    return take_clear(threshold, value, &threshold->clear_critical, diag);
}

int
threshold_take_limit(void *target, const struct ini_entry *entry,
    const struct option_value *value, struct diag *diag)
{
    struct config_threshold *threshold = target;
    (void)entry;
    threshold->has_limit = true;
    threshold->limit_below = value->below;
    return parse_level(threshold, ASPECT_VALUE, value->text, &threshold->limit, diag);
}

/* Words divided by commas. */

bool
threshold_next_word(const char **list, char *word, size_t size)
{
    const char *from = *list + strspn(*list, " \t,");
    size_t len = strcspn(from, ",");
    *list = from + len;
    while (len && isspace((unsigned char)from[len - 1]))
        len--;
    snprintf(word, size, "%.*s", (int)len, from);
    return len > 0;
}

static bool
add_word(char *list, size_t size, const char *word)
{
    size_t used = strlen(list);
    int n = snprintf(list + used, size - used, "%s%s", used ? "," : "", word);
    return n >= 0 && (size_t)n < size - used;
}

/* Those that alertmanager's receivers get from us have a meaning of their own. */
static bool
is_label_name(const char *name, size_t len)
{
    static const char *const taken[] = { "alertname", "instance", "job", "severity" };
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strlen(taken[i]) == len && !strncmp(taken[i], name, len))
            return false;
    if (!len || isdigit((unsigned char)*name))
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)name[i] >= 0x80 || (!isalnum((unsigned char)name[i]) && name[i] != '_'))
            return false;
    return true;
}

int
threshold_take_labels(void *target, const struct ini_entry *entry,
    const struct option_value *value, struct diag *diag)
{
    struct config_threshold *threshold = target;
    char label[CONFIG_LABELS_MAX], clean[CONFIG_LABELS_MAX], shown[80];
    (void)entry;
    threshold->labels[0] = '\0';
    for (const char *list = value->text; threshold_next_word(&list, label, sizeof label);) {
        char *equal = strchr(label, '=');
        size_t len = equal ? (size_t)(equal - label) : 0;
        while (len && isspace((unsigned char)label[len - 1]))
            len--;
        if (!is_label_name(label, len))
            return diag_set(diag, ERR_BAD_TYPE,
                "\"%s\" is not a label (allowed: NAME=VALUE, the name of letters, digits and _, "
                "and not alertname, instance, job or severity)",
                text_clean(label, shown, sizeof shown));
        const char *text = equal + 1 + strspn(equal + 1, " \t");
        memmove(label + len + 1, text, strlen(text) + 1);
        label[len] = '=';
        text_clean(label, clean, sizeof clean);
        if (!add_word(threshold->labels, sizeof threshold->labels, clean))
            return diag_set(diag, ERR_TOO_LARGE, "more than %d bytes of labels",
                CONFIG_LABELS_MAX - 1);
    }
    return 0;
}

int
threshold_take_group_by(void *target, const struct ini_entry *entry,
    const struct option_value *value, struct diag *diag)
{
    struct config_webhook *webhook = target;
    char name[CONFIG_LABELS_MAX], shown[80];
    (void)entry;
    webhook->group_by[0] = '\0';
    for (const char *list = value->text; threshold_next_word(&list, name, sizeof name);) {
        if (strcmp(name, "alertname") && !is_label_name(name, strlen(name)))
            return diag_set(diag, ERR_BAD_TYPE,
                "\"%s\" is not the name of a label (allowed: alertname, and names of labels = of thresholds)",
                text_clean(name, shown, sizeof shown));
        if (!add_word(webhook->group_by, sizeof webhook->group_by, name))
            return diag_set(diag, ERR_TOO_LARGE, "more than %d bytes of names", CONFIG_LABELS_MAX - 1);
    }
    return 0;
}

bool
threshold_label(const char *labels, const char *name, char *value, size_t size)
{
    char label[CONFIG_LABELS_MAX];
    size_t len = strlen(name);
    while (labels && threshold_next_word(&labels, label, sizeof label))
        if (!strncmp(label, name, len) && label[len] == '=') {
            str_copy(value, size, label + len + 1);
            return true;
        }
    return false;
}

int
threshold_take_webhooks(void *target, const struct ini_entry *entry,
    const struct option_value *value, struct diag *diag)
{
    struct config_threshold *threshold = target;
    char name[CONFIG_NAME_MAX];
    (void)entry;
    threshold->webhooks[0] = '\0';
    for (const char *list = value->text; threshold_next_word(&list, name, sizeof name);)
        if (!add_word(threshold->webhooks, sizeof threshold->webhooks, name))
            return diag_set(diag, ERR_TOO_LARGE, "more than %d bytes of names of webhooks",
                CONFIG_WEBHOOK_LIST_MAX - 1);
    return threshold->webhooks[0] ? 0
        : diag_set(diag, ERR_SYNTAX, "no name of a webhook (allowed: names, divided by commas)");
}

int
threshold_take_when(void *target, const struct ini_entry *entry,
    const struct option_value *value, struct diag *diag)
{
    (void)entry;
    if (!*value->text)
        return diag_set(diag, ERR_SYNTAX, "empty (allowed: a Lua expression)");
    if (strlen(value->text) > CONFIG_WHEN_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d bytes", CONFIG_WHEN_MAX);
    return walk_text(&((struct config_threshold *)target)->when, value->text, diag);
}

int
threshold_take_run(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    char **argv;
    (void)entry;
    int r = runfile_split_command(value->text, &argv, diag);
    if (r < 0)
        return r;
    runfile_free_argv(argv);
    return walk_text(&((struct config_threshold *)target)->run, value->text, diag);
}

/* Taken with the section's line: levels are read in its unit. */
int
threshold_take_metric(void *target, const struct ini_entry *entry,
    const struct option_value *value, struct diag *diag)
{
    (void)target, (void)entry, (void)value, (void)diag;
    return 0;
}

/* As the metric. */
int
threshold_take_of(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)target, (void)entry, (void)value, (void)diag;
    return 0;
}

static const char *
nearest_metric(const char *name)
{
    const char *meant = NULL;
    size_t best = SIZE_MAX;
    for (int m = 0; m < METRIC_COUNT; m++)
        if (m != METRIC_FIGURE_VALUE &&
            suggest_closer(name, metric_info((enum metric)m)->name, &best))
            meant = metric_info((enum metric)m)->name;
    return meant;
}

/* A rule's own name: no dot or colon, so that it is never one of a metric. */
static bool
is_rule_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c >= 0x80 || (!isalnum((unsigned char)*c) && !strchr("_-", *c)))
            return false;
    return *name && strlen(name) < CONFIG_NAME_MAX;
}

int
threshold_set_name(struct config_threshold *threshold, const char *name, const char *metric_text,
    struct diag *diag)
{
    char shown[80];
    const char *instance, *watched = metric_text ? metric_text : name;
    threshold->named = metric_text && strcmp(metric_text, name) != 0;
    if (threshold->named && !is_rule_name(name))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a name of a threshold that has a metric of its own "
            "(allowed: 1 to 63 letters, digits, \"_\", \"-\")", text_clean(name, shown, sizeof shown));
    int metric = metric_parse(watched, &instance);
    if (metric < 0) {
        const char *meant = nearest_metric(watched);
        return diag_set(diag, ERR_NOT_FOUND,
            "\"%s\" is not a metric%s%s%s (allowed: GROUP.KEY, GROUP.KEY:INSTANCE of cores, "
            "disks and networks, or a published figure with a dot in its name)",
            text_clean(watched, shown, sizeof shown), meant ? "; did you mean \"" : "",
            meant ? meant : "", meant ? "\"?" : "");
    }
    threshold->metric = (enum metric)metric;
    if (!str_copy(threshold->name, sizeof threshold->name, name) ||
        !str_copy(threshold->instance, sizeof threshold->instance, instance ? instance : ""))
        return diag_set(diag, ERR_TOO_LARGE, "the instance's name is too long");
    return 0;
}

/* A clear level that was not given: 10 % of the level nearer to calm, 10
 * points for percents, but never past the half of what lies there, so that a
 * low level can still be cleared. */
static double
derived_clear(const struct config_threshold *threshold, double level)
{
    bool percent = metric_info(threshold->metric)->unit == UNIT_PERCENT;
    double distance = percent ? 10 : fabs(level) / 10;
    if (threshold->of != ASPECT_VALUE) /* it has no end to keep away from */
        return threshold->below ? level + fabs(level) / 10 : level - fabs(level) / 10;
    if (!threshold->below && distance > level / 2)
        distance = level / 2;
    if (threshold->below && percent && distance > (100 - level) / 2)
        distance = (100 - level) / 2;
    return threshold->below ? level + distance : level - distance;
}

static bool
calmer(const struct config_threshold *threshold, double a, double b)
{
    return threshold->below ? a >= b : a <= b;
}

/* Fills or checks one clear level; false when it lies beyond its level. */
static bool
settle_clear(const struct config_threshold *threshold, bool has, double level, double *clear)
{
    if (isnan(*clear))
        *clear = has ? derived_clear(threshold, level) : level;
    return !has || calmer(threshold, *clear, level);
}

int
threshold_fault(const struct ini *ini, const struct config_threshold *threshold,
    const char *key, struct diag *diag, int code, const char *text)
{
    char section[sizeof threshold_prefix + sizeof threshold->name];
    snprintf(section, sizeof section, "%s%s", threshold_prefix, threshold->name);
    return walk_section_fault(ini, section, key, diag, code, text);
}

/* Webhooks may stand behind the thresholds in the file. */
static int
check_webhooks(const struct config *config, const struct ini *ini,
    const struct config_threshold *t, struct diag *diag)
{
    char name[CONFIG_NAME_MAX], line[CONFIG_NAME_MAX + 40];
    if (t->escalate_seconds > 0 && !strchr(t->webhooks, ','))
        return threshold_fault(ini, t, "escalate_after", diag, ERR_CONFLICT,
            "needs two webhooks or more (webhooks = first, next)");
    for (const char *list = t->webhooks; threshold_next_word(&list, name, sizeof name);) {
        int i = 0;
        while (i < config->webhook_count && strcmp(config->webhook[i].name, name) != 0)
            i++;
        if (i < config->webhook_count)
            continue;
        snprintf(line, sizeof line, "there is no [webhook %s]", name);
        return threshold_fault(ini, t, "webhooks", diag, ERR_NOT_FOUND, line);
    }
    return 0;
}

static int
settle_limit(const struct ini *ini, struct config_threshold *t, struct diag *diag)
{
    if (t->of != ASPECT_TIME_LEFT)
        return !t->has_limit ? 0 : threshold_fault(ini, t, "limit", diag, ERR_CONFLICT,
            "there is a limit, and nothing that runs until it (of = time_left)");
    if (!t->has_limit && metric_info(t->metric)->unit != UNIT_PERCENT)
        return threshold_fault(ini, t, "of", diag, ERR_MISSING,
            "time_left needs the limit that it runs until (limit = < 1GiB)");
    if (!t->has_limit)
        t->limit = 100;
    return 0;
}

/* Checks that cross the options of one threshold. */
int
threshold_settle(const struct config *config, const struct ini *ini, struct config_threshold *t,
    struct diag *diag)
{
    if (!t->has_warning && !t->has_critical && t->enabled)
        return threshold_fault(ini, t, NULL, diag, ERR_MISSING,
            "a threshold needs a level: warning, critical or both (or enabled = no)");
    if (t->has_warning && t->has_critical && calmer(t, t->critical, t->warning))
        return threshold_fault(ini, t, "critical", diag, ERR_CONFLICT,
            t->below ? "critical must be below warning (both fire below their levels)"
                     : "critical must be above warning");
    if (!settle_clear(t, t->has_warning, t->warning, &t->clear_warning))
        return threshold_fault(ini, t, "clear_warning", diag, ERR_CONFLICT,
            t->below ? "clear_warning must not be below warning"
                     : "clear_warning must not be above warning");
    if (!settle_clear(t, t->has_critical, t->critical, &t->clear_critical))
        return threshold_fault(ini, t, "clear_critical", diag, ERR_CONFLICT,
            t->below ? "clear_critical must not be below critical"
                     : "clear_critical must not be above critical");
    int r = settle_limit(ini, t, diag);
    return r < 0 ? r : check_webhooks(config, ini, t, diag);
}
