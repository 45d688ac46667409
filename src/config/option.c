/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/option.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "config/suggest.h"

static const char *const type_names[] = {
    [OPTION_TEXT] = "text", [OPTION_PATH] = "path", [OPTION_INT] = "whole number", [OPTION_NUMBER] = "number",
    [OPTION_BOOL] = "yes or no", [OPTION_BYTES] = "size", [OPTION_DURATION] = "duration",
    [OPTION_CHOICE] = "choice", [OPTION_LEVEL] = "level", [OPTION_CUSTOM] = "value",
};

const char *
option_type_name(enum option_type type)
{
    return type_names[type];
}

/* "threshold *" stands for "threshold NAME". */
static bool
section_matches(const char *pattern, const char *section)
{
    size_t len = strlen(pattern);
    if (len < 2 || pattern[len - 1] != '*')
        return !strcmp(pattern, section);
    return !strncmp(pattern, section, len - 1) && section[len - 1];
}

const struct option *
option_find(const struct option *table, const char *section, const char *key)
{
    for (const struct option *o = table; o->section; o++)
        if ((!strcmp(o->key, key) || !strcmp(o->key, "*")) && section_matches(o->section, section))
            return o;
    return NULL;
}

bool
option_section_known(const struct option *table, const char *section)
{
    for (const struct option *o = table; o->section; o++)
        if (section_matches(o->section, section))
            return true;
    return false;
}

/* In the largest unit that needs no fraction: "100ms", "1h", "7d". */
static const char *
format_duration(double seconds, char *buf, size_t size)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = { { "d", 86400 }, { "h", 3600 }, { "m", 60 }, { "s", 1 }, { "ms", 1e-3 } };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        double count = seconds / units[i].seconds;
        if (count >= 1 && fabs(count - round(count)) < 1e-9 * count) {
            snprintf(buf, size, "%.0f%s", count, units[i].name);
            return buf;
        }
    }
    char number[32];
    snprintf(buf, size, "%ss", unit_format_number(seconds, number, sizeof number));
    return buf;
}

static const char *
format_bytes(double bytes, char *buf, size_t size)
{
    static const char *const names[] = { "", "KiB", "MiB", "GiB", "TiB", "PiB" };
    size_t i = 0;
    while (i + 1 < sizeof names / sizeof *names && bytes >= 1024 && fmod(bytes, 1024) == 0) {
        bytes /= 1024;
        i++;
    }
    char number[32];
    snprintf(buf, size, "%s%s", unit_format_number(bytes, number, sizeof number), names[i]);
    return buf;
}

static const char *
format_bound(const struct option *option, double value, char *buf, size_t size)
{
    switch (option->type) {
    case OPTION_DURATION:
        return format_duration(value, buf, size);
    case OPTION_BYTES:
        return format_bytes(value, buf, size);
    default:
        return unit_format_number(value, buf, size);
    }
}

/* Rows without bounds have none set. */
static bool
has_bounds(const struct option *option)
{
    return option->min != 0 || option->max != 0;
}

static const char *
format_range(const struct option *option, char *buf, size_t size)
{
    char low[40], high[40];
    format_bound(option, option->min, low, sizeof low);
    format_bound(option, option->max, high, sizeof high);
    if (!has_bounds(option))
        snprintf(buf, size, "any %s", type_names[option->type]);
    else if (isinf(option->max) || option->max >= 1e15)
        snprintf(buf, size, "%s or more", low);
    else
        snprintf(buf, size, "%s to %s", low, high);
    return buf;
}

static void
format_choices(const struct option *option, char *buf, size_t size)
{
    size_t used = (size_t)snprintf(buf, size, "%s", option->type == OPTION_CHOICE ? "one of: " : "");
    for (const char *c = option->choices; *c && used + 3 < size; c++) {
        if (*c == '|') {
            buf[used++] = ',';
            buf[used++] = ' ';
        } else {
            buf[used++] = *c;
        }
        buf[used] = '\0';
    }
}

const char *
option_allowed(const struct option *option, char *buf, size_t size)
{
    switch (option->type) {
    case OPTION_BOOL:
        snprintf(buf, size, "yes or no");
        break;
    case OPTION_LEVEL:
        snprintf(buf, size, "80, 80%% or < 2GiB, for example");
        break;
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_CHOICE:
    case OPTION_CUSTOM:
        if (option->choices)
            format_choices(option, buf, size);
        else if (option->example)
            snprintf(buf, size, "for example: %s", option->example);
        else
            snprintf(buf, size, "any text");
        break;
    default:
        format_range(option, buf, size);
    }
    return buf;
}

/* Index of a choice, or -1. */
static int
find_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);
    int index = 0;
    for (const char *c = choices; c; c = *c ? c + 1 : NULL, index++) {
        size_t n = strcspn(c, "|");
        if (n == len && !memcmp(c, text, n))
            return index;
        c += n;
    }
    return -1;
}

/* A level's direction, and where its number starts. */
static const char *
level_number(const char *text, bool *ret_below)
{
    *ret_below = *text == '<';
    if (*text == '<' || *text == '>')
        text++;
    while (*text == ' ' || *text == '\t')
        text++;
    return text;
}

/* Takes a level in any unit, per any time; what a metric allows is decided where it is
 * known. */
static int
check_level(const char *text, struct option_value *value)
{
    static const char *const spans[] = { "/s", "/min", "/h", "/s" }; /* "10MiB/s/min" */
    char buf[64];
    const char *bare = level_number(text, &value->below);
    double sign = *bare == '-' ? -1 : 1;
    if (!str_copy(buf, sizeof buf, bare + (*bare == '-' || *bare == '+')))
        return ERR_BAD_TYPE;
    for (size_t i = sizeof spans / sizeof *spans; i-- > 0;)
        if (str_ends(buf, spans[i]))
            buf[strlen(buf) - strlen(spans[i])] = '\0';
    char *number = str_trim(buf);
    size_t len = strlen(number);
    bool percent = len && number[len - 1] == '%';
    if (percent)
        number[len - 1] = '\0';
    int r = unit_parse_number(str_trim(number), &value->number);
    if (r == ERR_SYNTAX && !percent)
        r = unit_parse_bytes(number, &value->number);
    if (r == ERR_SYNTAX && !percent)
        r = unit_parse_duration(number, &value->number);
    value->number *= sign;
    return r;
}

static int
check_by_type(const struct option *option, const char *text, struct option_value *value)
{
    bool flag = false;
    int r = 0;
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_CUSTOM:
        break;
    case OPTION_INT:
        r = unit_parse_int(text, &value->integer);
        value->number = (double)value->integer;
        break;
    case OPTION_NUMBER:
        r = unit_parse_number(text, &value->number);
        break;
    case OPTION_BYTES:
        r = unit_parse_bytes(text, &value->number);
        break;
    case OPTION_DURATION:
        r = unit_parse_duration(text, &value->number);
        break;
    case OPTION_BOOL:
        r = unit_parse_bool(text, &flag);
        value->number = flag;
        break;
    case OPTION_CHOICE:
        r = find_choice(option->choices, text);
        value->number = r;
        break;
    case OPTION_LEVEL:
        r = check_level(text, value);
        break;
    }
    return r < 0 ? (r == ERR_BAD_RANGE ? ERR_BAD_RANGE : ERR_BAD_TYPE) : 0;
}

static bool
in_range(const struct option *option, const struct option_value *value)
{
    switch (option->type) {
    case OPTION_INT:
    case OPTION_NUMBER:
    case OPTION_BYTES:
    case OPTION_DURATION:
        return !has_bounds(option) ||
            (value->number >= option->min && value->number <= option->max);
    default:
        return true;
    }
}

int
option_check(const struct option *option, const char *text, struct option_value *ret_value,
    struct diag *diag)
{
    struct option_value value = { .text = text };
    char allowed[256], shown[80];
    int r = check_by_type(option, text, &value);
    if (r == 0 && !in_range(option, &value))
        r = ERR_BAD_RANGE;
    if (r == 0) {
        *ret_value = value;
        return 0;
    }
    option_allowed(option, allowed, sizeof allowed);
    text_clean(text, shown, sizeof shown);
    if (r == ERR_BAD_RANGE)
        return diag_set(diag, r, "\"%s\" is out of range (allowed: %s)", shown, allowed);
    if (option->type == OPTION_CHOICE || option->type == OPTION_BOOL)
        return diag_set(diag, r, "\"%s\" is not known here (allowed: %s)", shown, allowed);
    return diag_set(diag, r, "\"%s\" is not a %s (allowed: %s)", shown,
        type_names[option->type], allowed);
}

const char *
option_suggest(const struct option *table, const char *section, const char *key)
{
    const char *found = NULL;
    size_t best = SIZE_MAX;
    for (const struct option *o = table; o->section; o++)
        if (strcmp(o->key, "*") && section_matches(o->section, section) &&
            suggest_closer(key, o->key, &best))
            found = o->key;
    return found;
}

/* First row of its section? */
static bool
opens_section(const struct option *table, const struct option *o)
{
    return o == table || strcmp(o[-1].section, o->section);
}

/* Does the section hold anything that must be given? */
static bool
section_live(const struct option *table, const char *section)
{
    if (strchr(section, '*'))
        return false;
    for (const struct option *o = table; o->section; o++)
        if (!strcmp(o->section, section) && (o->required || strcmp(o->key, "*")))
            return true;
    return false;
}

/* Shown commented, or live where the file would not be whole without. */
static void
print_sample_row(const struct option *o, bool live, struct str *out)
{
    char allowed[256];
    const char *value = o->fallback ? o->fallback : o->example ? o->example : "";
    str_printf(out, "\n# %s", o->help);
    if (strcmp(o->key, "*") && o->type != OPTION_TEXT && o->type != OPTION_PATH &&
        (o->choices || (o->type != OPTION_CUSTOM)))
        str_printf(out, " (%s)", option_allowed(o, allowed, sizeof allowed));
    str_puts(out, ".\n");
    const char *mark = live && o->required ? "" : "#";
    if (strcmp(o->key, "*"))
        str_printf(out, "%s%s =%s%s\n", mark, o->key, *value ? " " : "", value);
    else
        str_printf(out, "%s%s\n", mark, value);
}

void
option_print_sample(const struct option *table, struct str *out)
{
    bool live = false;
    for (const struct option *o = table; o->section; o++) {
        if (opens_section(table, o)) {
            size_t len = strlen(o->section);
            bool named = o->section[len - 1] == '*';
            live = section_live(table, o->section);
            str_printf(out, "%s%s[%.*s%s]\n", o == table ? "" : "\n", live ? "" : "#",
                (int)(len - named), o->section, named ? "NAME" : "");
        }
        print_sample_row(o, live, out);
    }
}

void
mdoc_text(struct str *out, const char *text)
{
    if (*text == '.' || *text == '\'')
        str_puts(out, "\\&");
    for (; *text; text++) {
        if (*text == '\\')
            str_puts(out, "\\e");
        else if (*text == '-')
            str_puts(out, "\\-");
        else if (*text == '"')
            str_puts(out, "\\(dq");
        else if (*text == '`')
            str_puts(out, "\\(oq");
        else if (*text == '\'')
            str_puts(out, "\\(cq");
        else
            str_putc(out, *text);
    }
}

static void
manual_section(const struct option *table, const struct option *o, struct str *out)
{
    if (o != table)
        str_puts(out, ".El\n");
    size_t len = strlen(o->section);
    bool named = o->section[len - 1] == '*';
    str_puts(out, ".Ss [");
    str_append(out, o->section, len - named);
    str_puts(out, named ? "NAME]\n" : "]\n");
    str_puts(out, ".Bl -tag -width Ds\n");
}

void
option_print_manual(const struct option *table, struct str *out)
{
    char allowed[256];
    const struct option *o;
    for (o = table; o->section; o++) {
        if (opens_section(table, o))
            manual_section(table, o, out);
        if (strcmp(o->key, "*"))
            str_printf(out, ".It Cm %s No = Ar %s\n", o->key, type_names[o->type]);
        else
            str_printf(out, ".It Ar name No = Ar %s\n", type_names[o->type]);
        mdoc_text(out, o->help);
        str_puts(out, ".\n");
        bool example = !o->choices && (o->type == OPTION_TEXT || o->type == OPTION_PATH || o->type == OPTION_CUSTOM);
        if (!example) {
            str_puts(out, "Allowed: ");
            mdoc_text(out, option_allowed(o, allowed, sizeof allowed));
            str_puts(out, ".\n");
        }
        if (o->fallback && *o->fallback) {
            str_puts(out, "Default:\n.Ql ");
            mdoc_text(out, o->fallback);
            str_puts(out, " .\n");
        } else if (o->required) {
            str_puts(out, "Required.\n");
        }
        if (o->example) {
            str_puts(out, "Example:\n.Dl ");
            mdoc_text(out, o->example);
            str_puts(out, "\n");
        }
    }
    if (o != table)
        str_puts(out, ".El\n");
}
