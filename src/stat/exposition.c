/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stat/exposition.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/unit.h"

static const struct {
    const char *name[2]; /* in 0.0.4, in OpenMetrics */
    const char *sample; /* what OpenMetrics adds to the names of samples; 0.0.4 to the family's, too */
} types[] = {
    [EXPOSITION_GAUGE] = { { "gauge", "gauge" }, "" },
    [EXPOSITION_COUNTER] = { { "counter", "counter" }, "_total" },
    [EXPOSITION_SUMMARY] = { { "summary", "summary" }, "" },
    [EXPOSITION_INFO] = { { "gauge", "info" }, "_info" },
};

void
exposition_begin(struct exposition *e, struct str *out, bool openmetrics)
{
    *e = (struct exposition){ .out = out, .openmetrics = openmetrics };
}

void
exposition_end(struct exposition *e)
{
    if (e->openmetrics)
        str_puts(e->out, "# EOF\n");
}

const char *
exposition_content_type(bool openmetrics)
{
    return openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                       : "text/plain; version=0.0.4; charset=utf-8";
}

/* Appends '_' and the word, as far as they fit. */
static size_t
put_word(char *buf, size_t size, size_t len, const char *word)
{
    if (len > 0 && *word && len + 1 < size)
        buf[len++] = '_';
    for (; *word && len + 1 < size; word++)
        buf[len++] = isalnum((unsigned char)*word) && (unsigned char)*word < 0x80 ? *word : '_';
    buf[len] = '\0';
    return len;
}

const char *
exposition_name(char *buf, size_t size, const char *group, const char *key, const char *unit)
{
    size_t len = put_word(buf, size, 0, "optop");
    len = put_word(buf, size, len, group);
    len = put_word(buf, size, len, key);
    size_t unit_len = strlen(unit);
    if (unit_len && (len < unit_len || strcmp(buf + len - unit_len, unit) != 0))
        put_word(buf, size, len, unit);
    return buf;
}

static void
put_escaped(struct str *out, const char *text, bool quotes)
{
    for (; *text; text++)
        if (*text == '\n')
            str_puts(out, "\\n");
        else if (*text == '\\' || (quotes && *text == '"'))
            str_printf(out, "\\%c", *text);
        else
            str_putc(out, *text);
}

void
exposition_family(struct exposition *e, const char *name, enum exposition_type type,
    const char *unit, const char *help)
{
    const char *added = e->openmetrics ? "" : types[type].sample;
    e->type = type;
    snprintf(e->family, sizeof e->family, "%s", name);
    str_printf(e->out, "# HELP %s%s ", e->family, added);
    put_escaped(e->out, help, e->openmetrics);
    str_printf(e->out, "\n# TYPE %s%s %s\n", e->family, added, types[type].name[e->openmetrics]);
    if (e->openmetrics && *unit)
        str_printf(e->out, "# UNIT %s %s\n", e->family, unit);
}

void
exposition_label(struct str *labels, const char *name, const char *value)
{
    if (labels->len)
        str_putc(labels, ',');
    if (isdigit((unsigned char)*name) || !*name)
        str_putc(labels, '_');
    for (; *name; name++)
        str_putc(labels, isalnum((unsigned char)*name) && (unsigned char)*name < 0x80 ? *name : '_');
    str_puts(labels, "=\"");
    put_escaped(labels, value, true);
    str_putc(labels, '"');
}

void
exposition_sample(struct exposition *e, const char *suffix, const char *labels, double value)
{
    char text[40];
    if (!isfinite(value))
        return;
    str_printf(e->out, "%s%s%s", e->family, types[e->type].sample, suffix);
    if (*labels)
        str_printf(e->out, "{%s}", labels);
    str_printf(e->out, " %s\n", unit_format_number(value, text, sizeof text));
}
