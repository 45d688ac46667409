/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/maintenance.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/threshold.h"

int
window_take_match(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_window *window = target;
    (void)entry;
    if (!*value->text || !str_copy(window->matcher, sizeof window->matcher, value->text))
        return diag_set(diag, ERR_SYNTAX, "not a matcher (allowed: 1 to %d bytes)", CONFIG_MATCH_MAX - 1);
    return 0;
}

int
window_take_days(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    static const char *const names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };
    struct config_window *window = target;
    char word[16], shown[80];
    unsigned days = 0;
    (void)entry;
    for (const char *list = value->text; threshold_next_word(&list, word, sizeof word);) {
        unsigned found = strcmp(word, "all") ? 0 : 0x7F;
        for (unsigned i = 0; i < 7; i++)
            if (!strcmp(word, names[i]))
                found = 1u << i;
        if (!found)
            days = 0;
        if (!found)
            break;
        days |= found;
    }
    window->days = days;
    return days ? 0
        : diag_set(diag, ERR_BAD_TYPE,
              "\"%s\" is not a list of days (allowed: sun, mon, tue, wed, thu, fri, sat, or all)",
              text_clean(value->text, shown, sizeof shown));
}

static int
take_minute(const char *text, int *ret_minute, struct diag *diag)
{
    char shown[80];
    int hour, minute, used = 0;
    if (!isdigit((unsigned char)*text) || sscanf(text, "%2d:%2d%n", &hour, &minute, &used) != 2 ||
        text[used] || used < 4 || hour > 24 || minute < 0 || minute > 59 || hour * 60 + minute > 1440)
        return diag_set(diag, ERR_BAD_TYPE, "\"%s\" is not a time of day (allowed: 00:00 to 24:00)",
            text_clean(text, shown, sizeof shown));
    *ret_minute = hour * 60 + minute;
    return 0;
}

int
window_take_from(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry;
    return take_minute(value->text, &((struct config_window *)target)->from_minute, diag);
}

int
window_take_to(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry;
    return take_minute(value->text, &((struct config_window *)target)->to_minute, diag);
}
