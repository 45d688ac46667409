/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/silence.h"

#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "config/threshold.h"

static bool
next_part(const char **text, char *part, size_t size)
{
    *text += strspn(*text, " \t");
    size_t len = strcspn(*text, " \t");
    snprintf(part, size, "%.*s", (int)len, *text);
    *text += len;
    return len > 0;
}

int
silence_check(const char *matcher, struct diag *diag)
{
    char part[CONFIG_MATCH_MAX];
    const char *text = matcher;
    if (strlen(matcher) >= CONFIG_MATCH_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "a matcher has at most %d bytes", CONFIG_MATCH_MAX - 1);
    if (!next_part(&text, part, sizeof part) || part[0] == '=')
        return diag_set(diag, ERR_SYNTAX,
            "no matcher (allowed: patterns of alerts such as disk.busy:*, or LABEL=PATTERN, divided by blanks)");
    return 0;
}

static bool
label_fits(const char *name, const char *pattern, const char *labels)
{
    char value[CONFIG_LABELS_MAX];
    return threshold_label(labels, name, value, sizeof value) && fnmatch(pattern, value, 0) == 0;
}

/* A key may have an equals sign itself, behind its colon: pool.reuse:app/pool=a. */
bool
silence_matches(const char *matcher, const char *key, const char *labels)
{
    char part[CONFIG_MATCH_MAX];
    bool any = false;
    while (next_part(&matcher, part, sizeof part)) {
        char *equal = part + strcspn(part, "=:/*");
        if (*equal == '=') {
            *equal = '\0';
            if (!label_fits(part, equal + 1, labels))
                return false;
        } else if (fnmatch(part, key, 0) != 0) {
            return false;
        }
        any = true;
    }
    return any;
}

bool
silence_window_open(const struct config_window *window, int64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SEC);
    struct tm tm;
    if (!localtime_r(&seconds, &tm))
        return false;
    int minute = tm.tm_hour * 60 + tm.tm_min;
    bool over_midnight = window->to_minute <= window->from_minute;
    int day = tm.tm_wday;
    if (over_midnight && minute < window->to_minute)
        day = (day + 6) % 7; /* it began yesterday */
    else if (over_midnight ? minute < window->from_minute
                           : minute < window->from_minute || minute >= window->to_minute)
        return false;
    return window->days & (1u << day);
}
