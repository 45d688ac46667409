/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures as the text that Prometheus and its kin read: OpenMetrics 1.0, or the
 * older Prometheus format 0.0.4 for those who do not ask for the newer one.
 *
 * A family comes once, its samples right behind it. Names are made of what
 * callers give: letters, digits and '_'; the unit is the end of the name.
 * Source of the format: OpenMetrics 1.0.0, chapters "Text Format" and "MetricFamily".
 */
#ifndef OPTOP_STAT_EXPOSITION_H
#define OPTOP_STAT_EXPOSITION_H

#include <stdbool.h>

#include "base/str.h"

enum exposition_type { EXPOSITION_GAUGE, EXPOSITION_COUNTER, EXPOSITION_SUMMARY, EXPOSITION_INFO };

enum { EXPOSITION_NAME_MAX = 160 };

struct exposition {
    struct str *out; /* borrowed */
    bool openmetrics;
    enum exposition_type type; /* of the family in hand */
    char family[EXPOSITION_NAME_MAX];
};

void exposition_begin(struct exposition *e, struct str *out, bool openmetrics);
void exposition_end(struct exposition *e);

/* What is sent as the Content-Type. */
const char *exposition_content_type(bool openmetrics);

/* "optop_" and parts joined by '_', each other character made '_': the name of
 * a family, without "_total". unit: "" or the last part ("seconds", "bytes", "ratio"). */
const char *exposition_name(char *buf, size_t size, const char *group, const char *key,
    const char *unit);

/* help: one line, UTF-8. */
void exposition_family(struct exposition *e, const char *name, enum exposition_type type,
    const char *unit, const char *help);

/* Adds name="value" to labels, a text without braces that starts empty. value: UTF-8. */
void exposition_label(struct str *labels, const char *name, const char *value);

/* One sample of the family. A value that is not known is left out. suffix: "" or
 * what a summary has besides its quantiles ("_count"). */
void exposition_sample(struct exposition *e, const char *suffix, const char *labels, double value);

#endif
