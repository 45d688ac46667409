/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lines of a run's log: a ring of the newest ones, and those of them that a
 * filter leaves.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/detail.h"
#include "ui/table.h"

bool
detail_log_matches(const struct detail_line *line, const char *text)
{
    char number[24];
    if (table_contains(line->text, text) || table_contains(line->level, text))
        return true;
    if (isnan(line->trial))
        return false;
    snprintf(number, sizeof number, "%.0f", line->trial);
    return !strcmp(number, text);
}

static bool
is_shown(const struct detail *detail, const struct detail_line *line)
{
    return !*detail->log_filter || detail_log_matches(line, detail->log_filter);
}

static const struct detail_line *
line_at(const struct detail *detail, int age)
{
    return &detail->line[(detail->line_head - age + DETAIL_LINES_MAX) % DETAIL_LINES_MAX];
}

int
detail_log_count(const struct detail *detail)
{
    int count = 0;
    if (!*detail->log_filter)
        return detail->line_count;
    for (int i = 0; i < detail->line_count; i++)
        count += is_shown(detail, line_at(detail, i));
    return count;
}

const struct detail_line *
detail_log_at(const struct detail *detail, int index)
{
    if (index < 0 || index >= detail->line_count)
        return NULL;
    if (!*detail->log_filter)
        return line_at(detail, index);
    for (int i = 0; i < detail->line_count; i++)
        if (is_shown(detail, line_at(detail, i)) && index-- == 0)
            return line_at(detail, i);
    return NULL;
}

void
detail_restart_log(struct detail *detail, int64_t trial)
{
    detail->line_count = detail->line_head = 0;
    detail->last_line = 0;
    detail->log_trial = trial;
    detail->log_round++;
    detail->log_match = -1;
}

int
detail_apply_logs(struct detail *detail, const json_t *result)
{
    size_t i;
    const json_t *object;
    int shown = 0;
    json_array_foreach(json_object_get(result, "lines"), i, object) {
        int64_t id = json_get_int(object, "id", 0);
        if (id <= detail->last_line)
            continue;
        detail->last_line = id;
        detail->line_head = detail->line_count ? (detail->line_head + 1) % DETAIL_LINES_MAX : 0;
        if (detail->line_count < DETAIL_LINES_MAX)
            detail->line_count++;
        struct detail_line *line = &detail->line[detail->line_head];
        line->time = json_get_number(object, "time", NAN);
        line->trial = json_get_number(object, "trial", NAN);
        text_clean(json_get_string(object, "level", ""), line->level, sizeof line->level);
        text_clean(json_get_string(object, "text", ""), line->text, sizeof line->text);
        shown += is_shown(detail, line);
    }
    if (detail->log_match >= 0)
        detail->log_match += shown;
    return shown;
}
