/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures of boards as rows of the sample, so that thresholds and history go
 * by them as by any metric. Only those that a threshold names are taken.
 *
 *   NAME        a gauge's value, a counter's rate, a histogram's p99
 *   NAME.rate NAME.mean NAME.p50 NAME.p90 NAME.p99 NAME.p999 NAME.max
 *
 * The row is "NAME:PROGRAM/LABELS": processes of one program with the same
 * labels are one, rates added, of other values the largest. The reuse of a pool
 * is not known before WATCHED_ENOUGH acquisitions.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "server/server.h"

enum { WATCHED_ENOUGH = 1000 };

/* What stands behind a figure's name; NULL when it is another figure. */
static const char *
suffix_of(const char *wanted, size_t len, const char *name)
{
    size_t own = strlen(name);
    bool longer = own < len && wanted[own] == '.';
    return strncmp(wanted, name, own) || (own != len && !longer) ? NULL
        : longer ? wanted + own + 1 : wanted + own;
}

static bool
is(const char *suffix, size_t len, const char *word)
{
    return strlen(word) == len && !strncmp(suffix, word, len);
}

static double
part_of(const struct board_figure *figure, const char *suffix, size_t len, bool *ret_adds)
{
    bool histogram = figure->kind == BOARD_HISTOGRAM;
    *ret_adds = is(suffix, len, "rate") || (!len && figure->kind == BOARD_COUNTER);
    if (*ret_adds)
        return figure->kind == BOARD_GAUGE ? (double)NAN : figure->rate;
    if (!histogram)
        return len ? (double)NAN : figure->value;
    return !len || is(suffix, len, "p99") ? figure->p99
        : is(suffix, len, "mean") ? figure->mean
        : is(suffix, len, "p50") ? figure->p50
        : is(suffix, len, "p90") ? figure->p90
        : is(suffix, len, "p999") ? figure->p999
        : is(suffix, len, "max") ? figure->max : (double)NAN;
}

/* A pool's share says nothing while it has been asked a few times only. */
static bool
says_nothing(const struct board_reader *board, const struct board_figure *reuse)
{
    double acquired = 0;
    if (strcmp(reuse->name, "pool.reuse") != 0)
        return false;
    for (int i = 0; i < board->figure_count; i++) {
        const struct board_figure *figure = &board->figure[i];
        if (!strcmp(figure->labels, reuse->labels) &&
            (!strcmp(figure->name, "pool.created") || !strcmp(figure->name, "pool.reused")))
            acquired += figure->value;
    }
    return acquired < WATCHED_ENOUGH;
}

static void
put(struct sample *sample, const char *key, double value, bool adds)
{
    int row = sample_row(sample, GROUP_FIGURE, key);
    double before = sample_value(sample, METRIC_FIGURE_VALUE, row);
    if (row < 0 || isnan(value))
        return;
    if (!isnan(before))
        value = adds ? before + value : fmax(before, value);
    sample_set(sample, METRIC_FIGURE_VALUE, row, value);
}

static void
take_board(struct sample *sample, const struct board_reader *board, const char *wanted)
{
    size_t len = strcspn(wanted, ":");
    for (int i = 0; i < board->figure_count; i++) {
        const struct board_figure *figure = &board->figure[i];
        const char *suffix = suffix_of(wanted, len, figure->name);
        char text[256], key[SAMPLE_NAME_MAX];
        bool adds;
        if (!suffix || says_nothing(board, figure))
            continue;
        double value = part_of(figure, suffix, (size_t)(wanted + len - suffix), &adds);
        snprintf(text, sizeof text, "%.*s:%s%s%s", (int)len, wanted, board->program,
            figure->labels[0] ? "/" : "", figure->labels);
        text_clean(text, key, sizeof key);
        if (metric_covers(METRIC_FIGURE_VALUE, wanted, key))
            put(sample, key, value, adds);
    }
}

/* The same figure may be named by a rule for all and by one of its own. */
static bool
taken_before(const struct config *config, int at)
{
    const char *wanted = config->threshold[at].instance;
    for (int i = 0; i < config->threshold_count; i++) {
        const struct config_threshold *other = &config->threshold[i];
        size_t len = strlen(other->instance);
        if (i != at && other->metric == METRIC_FIGURE_VALUE && other->enabled &&
            !strncmp(other->instance, wanted, len) && wanted[len] == ':')
            return true;
    }
    return false;
}

void
watched_figures(struct sample *sample, const struct boards *boards, const struct config *config)
{
    struct sample_rows *rows = &sample->rows[GROUP_FIGURE];
    for (int r = 0; r < rows->count; r++)
        rows->row[r].present = false;
    for (int t = 0; t < config->threshold_count; t++) {
        const struct config_threshold *rule = &config->threshold[t];
        if (rule->metric != METRIC_FIGURE_VALUE || !rule->enabled || taken_before(config, t))
            continue;
        for (int b = 0; b < boards->count; b++)
            take_board(sample, boards->board[b], rule->instance);
    }
}
