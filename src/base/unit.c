/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/unit.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/err.h"

/* strtod accepts hexadecimal, nan and inf; a number here starts [+-]?[.0-9]
 * and has no x. The program never sets LC_NUMERIC, so the point is the point. */
static int
scan_number(const char *text, double *ret_value, const char **ret_end)
{
    const char *p = text + (*text == '-' || *text == '+');
    if (!isdigit((unsigned char)p[0]) &&
        !(p[0] == '.' && isdigit((unsigned char)p[1])))
        return ERR_SYNTAX;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        return ERR_SYNTAX;
    char *end;
    double value = strtod(text, &end);
    if (!isfinite(value))
        return ERR_BAD_RANGE;
    *ret_value = value;
    *ret_end = end;
    return 0;
}

int
unit_parse_int(const char *text, int64_t *ret_value)
{
    const char *p = text + (*text == '-' || *text == '+');
    if (!*p || strspn(p, "0123456789") != strlen(p))
        return ERR_SYNTAX;
    errno = 0;
    long long value = strtoll(text, NULL, 10);
    if (errno == ERANGE)
        return ERR_BAD_RANGE;
    *ret_value = value;
    return 0;
}

int
unit_parse_number(const char *text, double *ret_value)
{
    const char *end;
    double value;
    int r = scan_number(text, &value, &end);
    if (r < 0)
        return r;
    if (*end)
        return ERR_SYNTAX;
    *ret_value = value;
    return 0;
}

int
unit_parse_bytes(const char *text, double *ret_bytes)
{
    static const char prefixes[] = "kmgtp";
    const char *end;
    double value;
    int r = scan_number(text, &value, &end);
    if (r < 0)
        return r;
    while (*end == ' ')
        end++;
    const char *prefix = *end ? strchr(prefixes, tolower((unsigned char)*end)) : NULL;
    if (prefix) {
        value *= pow(1024, (double)(prefix - prefixes + 1));
        end++;
        if (end[0] == 'i' && (end[1] == 'B' || end[1] == 'b'))
            end++;
    }
    if (*end == 'B' || *end == 'b')
        end++;
    if (*end)
        return ERR_SYNTAX;
    if (value < 0 || !isfinite(value))
        return ERR_BAD_RANGE;
    *ret_bytes = value;
    return 0;
}

int
unit_parse_duration(const char *text, double *ret_seconds)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {
        { "ms", 1e-3 }, { "us", 1e-6 }, { "s", 1 }, { "min", 60 },
        { "m", 60 }, { "h", 3600 }, { "d", 86400 }, { "w", 604800 },
    };
    double total = 0;
    const char *p = text;
    bool first = true;
    if (!*p)
        return ERR_SYNTAX;
    while (*p) {
        double value;
        int r = scan_number(p, &value, &p);
        if (r < 0)
            return r;
        if (value < 0)
            return ERR_BAD_RANGE;
        while (*p == ' ')
            p++;
        size_t letters = 0, i, count = sizeof units / sizeof *units;
        while (isalpha((unsigned char)p[letters]))
            letters++;
        if (!letters && !*p && first) {
            total = value;
            break;
        }
        first = false;
        for (i = 0; i < count; i++)
            if (strlen(units[i].name) == letters &&
                !strncmp(p, units[i].name, letters))
                break;
        if (i == count)
            return ERR_SYNTAX;
        total += value * units[i].seconds;
        p += letters;
        while (*p == ' ')
            p++;
    }
    if (!isfinite(total))
        return ERR_BAD_RANGE;
    *ret_seconds = total;
    return 0;
}

int
unit_parse_bool(const char *text, bool *ret_value)
{
    static const char *const words[][2] = {
        { "no", "yes" }, { "false", "true" }, { "off", "on" }, { "0", "1" },
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (int b = 0; b < 2; b++)
            if (!strcasecmp(text, words[i][b])) {
                *ret_value = b;
                return 0;
            }
    return ERR_SYNTAX;
}

/* Three significant digits and a prefix; step is 1000 or 1024. */
static const char *
format_prefixed(double value, double step, const char *const prefixes[7],
    char *buf, size_t size)
{
    if (!isfinite(value)) {
        snprintf(buf, size, "-");
        return buf;
    }
    int i = 0;
    double a = fabs(value);
    /* 999.5 would print as "1000" */
    while (i < 6 && a >= (i ? 999.5 : step - 0.5)) {
        a /= step;
        i++;
    }
    const char *sign = value < 0 ? "-" : "";
    if (i == 6 && a >= 999.5) { /* beyond all prefixes */
        snprintf(buf, size, "%.0e", value);
        return buf;
    }
    int digits = a >= 99.95 || a == floor(a) ? 0 : a >= 9.995 ? 1 : 2;
    if (i == 0 && a >= 9.995 && a != floor(a))
        digits = a >= 99.95 ? 0 : 1;
    snprintf(buf, size, "%s%.*f%s", sign, i && a < 9.995 ? 2 : digits, a, prefixes[i]);
    return buf;
}

const char *
unit_format_count(double value, char *buf, size_t size)
{
    static const char *const prefixes[7] = { "", "k", "M", "G", "T", "P", "E" };
    return format_prefixed(value, 1000, prefixes, buf, size);
}

const char *
unit_format_bytes(double bytes, char *buf, size_t size)
{
    static const char *const prefixes[7] = { "B", "K", "M", "G", "T", "P", "E" };
    return format_prefixed(isfinite(bytes) ? floor(bytes) : bytes, 1024, prefixes, buf, size);
}

const char *
unit_format_duration(double seconds, char *buf, size_t size)
{
    if (!isfinite(seconds) || seconds < 0)
        snprintf(buf, size, "-");
    else if (seconds == 0)
        snprintf(buf, size, "0s");
    else if (seconds < 0.0009995)
        snprintf(buf, size, "%.0fus", seconds * 1e6);
    else if (seconds < 0.9995)
        snprintf(buf, size, "%.*fms", seconds < 0.00995 ? 1 : 0, seconds * 1e3);
    else if (seconds < 59.95)
        snprintf(buf, size, "%.*fs", seconds < 9.95 ? 1 : 0, seconds);
    else {
        long s = seconds > 9e15 ? 9000000000000000L : lround(seconds);
        if (s < 3600)
            snprintf(buf, size, "%ldm%02lds", s / 60, s % 60);
        else if (s < 86400)
            snprintf(buf, size, "%ldh%02ldm", s / 3600, s % 3600 / 60);
        else
            snprintf(buf, size, "%ldd%ldh", s / 86400, s % 86400 / 3600);
    }
    return buf;
}

const char *
unit_format_number(double value, char *buf, size_t size)
{
    if (isnan(value)) {
        snprintf(buf, size, "nan");
        return buf;
    }
    if (value == floor(value) && fabs(value) < 1e15) {
        snprintf(buf, size, "%.0f", value == 0 ? 0.0 : value);
        return buf;
    }
    for (int digits = 15; digits <= 17; digits++) { /* %g leaves no zeros at the end */
        snprintf(buf, size, "%.*g", digits, value);
        if (strtod(buf, NULL) == value)
            break;
    }
    return buf;
}
