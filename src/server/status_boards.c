/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The boards of all programs, as the status object and the method `boards`
 * show them.
 */
#include <string.h>

#include "base/clock.h"
#include "server/call.h"

static void
write_histogram(struct json_writer *w, const struct board_figure *figure)
{
    jw_seconds(w, "mean_seconds", figure->mean);
    jw_seconds(w, "p50_seconds", figure->p50);
    jw_seconds(w, "p90_seconds", figure->p90);
    jw_seconds(w, "p99_seconds", figure->p99);
    jw_seconds(w, "p999_seconds", figure->p999);
    jw_seconds(w, "max_seconds", figure->max);
}

static void
write_figure(struct json_writer *w, const struct board_figure *figure)
{
    jw_object(w, NULL);
    jw_string(w, "name", figure->name);
    jw_string(w, "labels", figure->labels);
    jw_string(w, "kind", board_kind_name(figure->kind));
    jw_string(w, "unit", figure->unit);
    jw_number(w, "value", figure->value);
    if (figure->kind != BOARD_GAUGE)
        jw_figure(w, "rate", figure->rate);
    if (figure->kind == BOARD_HISTOGRAM)
        write_histogram(w, figure);
    jw_end(w);
}

void
status_write_boards(struct json_writer *w, const struct boards *boards, const char *program,
    int most)
{
    jw_array(w, "boards");
    for (int i = 0; i < boards->count; i++) {
        const struct board_reader *board = boards->board[i];
        if (program && strcmp(program, board->program))
            continue;
        jw_object(w, NULL);
        jw_string(w, "program", board->program);
        jw_int(w, "pid", board->pid);
        jw_figure(w, "opened", ns_to_sec(board->opened_wall_ns));
        jw_int(w, "figure_count", board->figure_count);
        jw_array(w, "figures");
        for (int f = 0; f < board->figure_count && most > 0; f++, most--)
            write_figure(w, &board->figure[f]);
        jw_end(w);
        jw_end(w);
    }
    jw_end(w);
}

int
handle_boards(struct call *call)
{
    const char *program = json_get_string(call->params, "program", NULL);
    status_write_boards(call->w, &call->server->boards, program, SERVER_BOARD_FIGURES_MAX);
    return 0;
}
