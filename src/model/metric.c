/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/metric.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"
#include "base/unit.h"

enum { FIGURE_NAME_MAX = 72 }; /* with the ".p99" behind it */

static struct metric_info metrics[METRIC_COUNT] = {
#define X(g, id, k, u, h, text)                                                \
    [METRIC_##id] = { .group = GROUP_##g, .key = k, .unit = UNIT_##u, .history = h, .help = text },
    METRIC_TABLE(X)
#undef X
};

static struct metric_group_info groups[GROUP_COUNT] = {
#define X(id, text, j, per) [GROUP_##id] = { .name = text, .json = j, .per_instance = per },
    METRIC_GROUP_TABLE(X)
#undef X
};

/* Names and group bounds follow from the rows; filled before main. */
__attribute__((constructor)) static void
complete_tables(void)
{
    for (int m = METRIC_COUNT - 1; m >= 0; m--) {
        struct metric_group_info *group = &groups[metrics[m].group];
        group->first = m;
        group->count++;
        snprintf(metrics[m].name, sizeof metrics[m].name, "%s.%s", group->name, metrics[m].key);
    }
}

const struct metric_info *
metric_info(enum metric metric)
{
    return &metrics[metric];
}

const struct metric_group_info *
metric_group_info(enum metric_group group)
{
    return &groups[group];
}

int
metric_find(const char *name, size_t len)
{
    for (int m = 0; m < METRIC_COUNT; m++)
        if (strlen(metrics[m].name) == len && !memcmp(metrics[m].name, name, len))
            return m;
    return -1;
}

/* Words with dots between them, the first of which is no group of metrics. */
static bool
is_figure(const char *name, size_t len)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    const char *dot = memchr(name, '.', len);
    if (!dot || dot == name || name[len - 1] == '.' || len >= FIGURE_NAME_MAX ||
        strspn(name, allowed) < len)
        return false;
    for (int g = 0; g < GROUP_COUNT; g++)
        if (strlen(groups[g].name) == (size_t)(dot - name) &&
            !strncasecmp(groups[g].name, name, (size_t)(dot - name)))
            return false;
    return true;
}

bool
metric_is_wildcard(enum metric metric, const char *instance)
{
    if (metric == METRIC_FIGURE_VALUE)
        return instance && !strchr(instance, ':');
    return groups[metrics[metric].group].per_instance && (!instance || !*instance);
}

bool
metric_covers(enum metric metric, const char *instance, const char *row)
{
    if (!instance || !*instance)
        return true;
    if (!metric_is_wildcard(metric, instance))
        return !strcmp(instance, row);
    size_t len = strlen(instance);
    return !strncmp(instance, row, len) && row[len] == ':';
}

const char *
metric_key(enum metric metric, const char *row, char *buf, size_t size)
{
    if (metric == METRIC_FIGURE_VALUE)
        snprintf(buf, size, "%s", row);
    else if (row)
        snprintf(buf, size, "%s:%s", metrics[metric].name, row);
    else
        snprintf(buf, size, "%s", metrics[metric].name);
    return buf;
}

int
metric_parse(const char *text, const char **ret_instance)
{
    const char *colon = strchr(text, ':');
    size_t len = colon ? (size_t)(colon - text) : strlen(text);
    int m = metric_find(text, len);
    if (m < 0 && is_figure(text, len) && !(colon && !colon[1])) {
        *ret_instance = text;
        return METRIC_FIGURE_VALUE;
    }
    if (m < 0 || m == METRIC_FIGURE_VALUE || (colon && (!colon[1] || !groups[metrics[m].group].per_instance)))
        return ERR_NOT_FOUND;
    *ret_instance = colon ? colon + 1 : NULL;
    return m;
}

const char *
metric_unit_text(enum metric_unit unit)
{
    static const char *const texts[] = {
        [UNIT_PERCENT] = "%", [UNIT_BYTES] = "B",
        [UNIT_BYTES_PER_SECOND] = "B/s", [UNIT_PER_SECOND] = "/s",
        [UNIT_SECONDS] = "s", [UNIT_MEGAHERTZ] = "MHz", [UNIT_CELSIUS] = "C",
        [UNIT_COUNT_OF] = "",
    };
    return texts[unit];
}

const char *
metric_format(enum metric metric, double value, char *buf, size_t size)
{
    char text[32];
    if (!isfinite(value)) {
        snprintf(buf, size, "-");
        return buf;
    }
    switch (metrics[metric].unit) {
    case UNIT_PERCENT:
        snprintf(buf, size, "%.1f%%", value);
        break;
    case UNIT_BYTES:
        unit_format_bytes(value, buf, size);
        break;
    case UNIT_BYTES_PER_SECOND:
        snprintf(buf, size, "%s/s", unit_format_bytes(value, text, sizeof text));
        break;
    case UNIT_PER_SECOND:
        snprintf(buf, size, "%s/s", unit_format_count(value, text, sizeof text));
        break;
    case UNIT_SECONDS:
        unit_format_duration(value, buf, size);
        break;
    case UNIT_MEGAHERTZ:
        snprintf(buf, size, "%.0fMHz", value);
        break;
    case UNIT_CELSIUS:
        snprintf(buf, size, "%.0fC", value);
        break;
    case UNIT_COUNT_OF:
        unit_format_count(value, buf, size);
        break;
    }
    return buf;
}

static const char *const aspects[ASPECT_COUNT] = {
    [ASPECT_VALUE] = "value", [ASPECT_RATE] = "rate", [ASPECT_TIME_LEFT] = "time_left",
};

const char *
metric_aspect_name(enum metric_aspect aspect)
{
    return aspects[aspect];
}

enum metric_aspect
metric_aspect_parse(const char *name)
{
    for (int a = 0; a < ASPECT_COUNT; a++)
        if (!strcmp(aspects[a], name))
            return (enum metric_aspect)a;
    return ASPECT_VALUE;
}

const char *
metric_aspect_unit(enum metric metric, enum metric_aspect aspect)
{
    static const char *const rates[] = {
        [UNIT_PERCENT] = "%/s", [UNIT_BYTES] = "B/s", [UNIT_BYTES_PER_SECOND] = "B/s/s",
        [UNIT_PER_SECOND] = "/s/s", [UNIT_SECONDS] = "s/s", [UNIT_MEGAHERTZ] = "MHz/s",
        [UNIT_CELSIUS] = "C/s",
        [UNIT_COUNT_OF] = "/s",
    };
    return aspect == ASPECT_RATE ? rates[metrics[metric].unit]
        : aspect == ASPECT_TIME_LEFT ? "s" : metric_unit_text(metrics[metric].unit);
}

/* Per minute, or per hour where that would be next to nothing. */
static const char *
format_rate(enum metric metric, double rate, char *buf, size_t size)
{
    char text[32];
    bool slow = fabs(rate) * 60 < 1;
    double span = slow ? 3600 : 60;
    snprintf(buf, size, "%c%s/%s", rate < 0 ? '-' : '+',
        metric_format(metric, fabs(rate) * span, text, sizeof text), slow ? "h" : "min");
    return buf;
}

const char *
metric_aspect_format(enum metric metric, enum metric_aspect aspect, double value, char *buf,
    size_t size)
{
    if (aspect == ASPECT_RATE && isfinite(value))
        return format_rate(metric, value, buf, size);
    if (aspect == ASPECT_TIME_LEFT && isinf(value))
        snprintf(buf, size, "never");
    else if (aspect == ASPECT_TIME_LEFT)
        unit_format_duration(value, buf, size);
    else
        metric_format(metric, value, buf, size);
    return buf;
}
