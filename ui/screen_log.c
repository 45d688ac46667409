/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The log of the run that is looked at: filtered by a text or a trial, searched from
 * where it is seen back to what is older.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/screen_act.h"

static struct panel_list *
log_list(struct screen *screen)
{
    return &screen->scene.list[PANEL_LOG];
}

/* A filter that is a number is a trial's: of that one all lines are asked for. */
static int64_t
trial_of(const char *text)
{
    char *end;
    long long number = strtoll(text, &end, 10);
    return *text >= '0' && *text <= '9' && !*end && number > 0 ? number : 0;
}

static void
filter_log(struct screen *screen, const char *text, bool done)
{
    struct detail *detail = &screen->scene.detail;
    str_copy(detail->log_filter, sizeof detail->log_filter, text);
    detail->log_match = -1;
    log_list(screen)->top = 0;
    if (done || !*text)
        screen_ask_log(screen, trial_of(text));
}

/* The line is brought to where it can be seen. */
static void
show_match(struct screen *screen, int match)
{
    struct panel_list *list = log_list(screen);
    screen->scene.detail.log_match = match;
    int page = list->page > 0 ? list->page : 1;
    if (match < list->top)
        list->top = match;
    else if (match >= list->top + page)
        list->top = match - page + 1;
}

/* From a line on (0 is the newest), to older ones or to newer ones. */
static bool
find_match(struct screen *screen, int from, int step)
{
    const struct detail *detail = &screen->scene.detail;
    int count = detail_log_count(detail);
    for (int i = from; i >= 0 && i < count && *detail->log_search; i += step)
        if (detail_log_matches(detail_log_at(detail, i), detail->log_search)) {
            show_match(screen, i);
            return true;
        }
    return false;
}

static void
search_log(struct screen *screen, const char *text, bool done)
{
    struct detail *detail = &screen->scene.detail;
    char message[128];
    str_copy(detail->log_search, sizeof detail->log_search, text);
    log_list(screen)->top = detail->log_from; /* each letter more is a search from there */
    detail->log_match = -1;
    if (find_match(screen, detail->log_from, 1) || !done || !*text)
        return;
    snprintf(message, sizeof message, "no line behind has \"%.60s\" in it", text);
    screen_tell(screen, STYLE_ERROR, message);
}

void
screen_log_typed(struct screen *screen, enum prompt_kind kind, const char *text, bool done)
{
    if (kind == PROMPT_FILTER)
        filter_log(screen, text, done);
    else
        search_log(screen, text, done);
}

void
screen_log_prompt(struct screen *screen, enum prompt_kind kind, const char *text)
{
    struct detail *detail = &screen->scene.detail;
    screen->scene.focus = PANEL_LOG;
    if (screen->scene.zoom != PANEL_NONE)
        screen->scene.zoom = PANEL_LOG;
    detail->log_from = log_list(screen)->top;
    if (text)
        screen_log_typed(screen, kind, text, true);
    else
        screen_push(screen, dialog_prompt_new(kind, "", kind == PROMPT_FILTER ? detail->log_filter : ""));
}

void
screen_log_match(struct screen *screen, int by)
{
    struct detail *detail = &screen->scene.detail;
    int from = detail->log_match < 0 ? log_list(screen)->top : detail->log_match + by;
    if (*detail->log_search && !find_match(screen, from, by))
        screen_tell(screen, STYLE_TEXT, by > 0 ? "there is no older one" : "there is no newer one");
}
