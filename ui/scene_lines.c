/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/scene_lines.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"

enum {
    KEYS_FROM = 8, /* rows of the screen: a line for the keys from here */
    VIEWS_FROM = 20, /* rows of the screen: a line that names the views from here */
};

/* What the line of views names. The key is that of the action in the key table. */
static const struct {
    const char *title;
    enum action action;
    enum scene_kind kind;
} views[] = {
    { "Overview", ACTION_OVERVIEW, SCENE_OVERVIEW },
    { "Runs", ACTION_RUNS, SCENE_RUNS },
    { "Run", ACTION_RUN, SCENE_RUN },
    { "Processes", ACTION_PROCESSES, SCENE_PROCESSES },
    { "Figures", ACTION_FIGURES, SCENE_FIGURES },
    { "Alerts", ACTION_ALERTS, SCENE_ALERTS },
    { "Setup", ACTION_SETTINGS, SCENE_SETTINGS },
    { "Help", ACTION_HELP, SCENE_HELP },
};

static void
add_spot(struct scene *scene, int x, int y, int width, enum action action)
{
    if (scene->spot_count < SCENE_SPOTS_MAX)
        scene->spot[scene->spot_count++] = (struct scene_spot){ { x, y, width, 1 }, action };
}

/* Header: pieces from both sides; the least important ones go first. */

struct piece {
    char text[96];
    enum style style;
    int priority; /* 1 is the last to go */
    bool right;
    int width; /* 0: left out */
};

enum { PIECES_MAX = 12, PIECE_GAP = 2 };

struct header {
    struct piece piece[PIECES_MAX];
    int count;
};

static void __attribute__((format(printf, 5, 6)))
add_piece(struct header *header, int priority, bool right, enum style style,
    const char *format, ...)
{
    struct piece *piece = &header->piece[header->count++];
    va_list args;
    va_start(args, format);
    vsnprintf(piece->text, sizeof piece->text, format, args);
    va_end(args);
    piece->style = style;
    piece->priority = priority;
    piece->right = right;
    piece->width = text_width(piece->text);
}

/* One glyph that says the worst: it alone is left at a width of one. */
static void
add_mark(struct header *header, const struct view *view)
{
    if (!view->connected)
        add_piece(header, 1, false, STYLE_CRITICAL, "x");
    else if (view->alerts_critical > 0)
        add_piece(header, 1, false, STYLE_CRITICAL, "!");
    else if (view->alerts_warning > 0)
        add_piece(header, 1, false, STYLE_WARNING, "!");
    else
        add_piece(header, 1, false, STYLE_GOOD, "●");
}

static void
add_machine(struct header *header, const struct view *view)
{
    char text[24];
    const double *scalar = view->sample.scalar;
    add_piece(header, 5, false, STYLE_TITLE, "optop");
    if (*view->host)
        add_piece(header, 6, false, STYLE_HEADER, "%s", view->host);
    if (!isnan(scalar[METRIC_SYSTEM_UPTIME]))
        add_piece(header, 9, false, STYLE_DIM, "up %s",
            unit_format_duration(scalar[METRIC_SYSTEM_UPTIME], text, sizeof text));
    if (!isnan(scalar[METRIC_SYSTEM_LOAD1]))
        add_piece(header, 8, false, STYLE_HEADER, "load %.2f %.2f %.2f", scalar[METRIC_SYSTEM_LOAD1],
            scalar[METRIC_SYSTEM_LOAD5], scalar[METRIC_SYSTEM_LOAD15]);
}

static void
add_server(struct header *header, const struct view *view)
{
    char memory[16], clock[16];
    double rss = view->sample.scalar[METRIC_SERVER_RSS];
    double cpu = view->sample.scalar[METRIC_SERVER_CPU];
    add_piece(header, 7, true, STYLE_HEADER, "%s", panel_clock(view->time, clock, sizeof clock));
    if (!isnan(rss) && !isnan(cpu))
        add_piece(header, 10, true, STYLE_DIM, "server %.1f%% %s", cpu,
            unit_format_bytes(rss, memory, sizeof memory));
}

static void
add_runs(struct header *header, const struct view *view)
{
    int running = 0, queued = 0;
    for (int i = 0; i < view->run_count; i++) {
        running += view->run[i].state == RUN_RUNNING;
        queued += view->run[i].state == RUN_QUEUED;
    }
    if (queued)
        add_piece(header, 4, true, STYLE_DIM, "%d queued", queued);
    if (running)
        add_piece(header, 3, true, STYLE_GOOD, "%d running", running);
}

static void
add_badges(struct header *header, const struct scene *scene)
{
    const struct view *view = &scene->view;
    if (view->alerts_warning > 0)
        add_piece(header, 2, true, STYLE_WARNING, "! %.0f warning", view->alerts_warning);
    if (view->alerts_critical > 0)
        add_piece(header, 2, true, STYLE_CRITICAL, "!! %.0f critical", view->alerts_critical);
    if (scene->past.on)
        add_piece(header, 2, true, STYLE_WARNING, "past");
    if (scene->held)
        add_piece(header, 2, true, STYLE_WARNING, "held");
}

static int
header_need(const struct header *header)
{
    int need = -PIECE_GAP;
    for (int i = 0; i < header->count; i++)
        if (header->piece[i].width)
            need += header->piece[i].width + PIECE_GAP;
    return need;
}

static void
fit_pieces(struct header *header, int width)
{
    while (header_need(header) > width) {
        struct piece *least = NULL;
        for (int i = 0; i < header->count; i++) {
            struct piece *piece = &header->piece[i];
            if (piece->width && (!least || piece->priority > least->priority))
                least = piece;
        }
        if (!least)
            return;
        least->width = 0;
    }
}

void
scene_draw_header(const struct scene *scene, struct canvas *canvas)
{
    struct header header = { .count = 0 };
    add_mark(&header, &scene->view);
    add_machine(&header, &scene->view);
    add_server(&header, &scene->view);
    add_runs(&header, &scene->view);
    add_badges(&header, scene);
    int margin = canvas->columns >= 20;
    fit_pieces(&header, canvas->columns - 2 * margin);
    int left = margin, right = canvas->columns - margin;
    for (int i = 0; i < header.count; i++) {
        const struct piece *piece = &header.piece[i];
        if (!piece->width)
            continue;
        if (piece->right)
            right -= piece->width;
        canvas_text(canvas, piece->right ? right : left, 0, piece->width, piece->style, piece->text);
        if (piece->right)
            right -= PIECE_GAP;
        else
            left += piece->width + PIECE_GAP;
    }
}

/* One that says of which earlier time all below is. */
static int
draw_past(const struct scene *scene, struct canvas *canvas, int y)
{
    char text[128];
    int margin = canvas->columns >= 20;
    if (!scene->past.on || canvas->rows < 3)
        return 0;
    scene_past_text(scene, text, sizeof text);
    canvas_text(canvas, margin, y, canvas->columns - 2 * margin, STYLE_WARNING, text);
    return 1;
}

/* One that says which part of their past the graphs show. */
static int
draw_part(const struct scene *scene, struct canvas *canvas, int y)
{
    const struct graph_part *part = &scene->part;
    char from[16], to[16], length[24];
    int margin = canvas->columns >= 20;
    if (!part->on || scene->kind != SCENE_OVERVIEW || canvas->rows < y + 3)
        return 0;
    canvas_textf(canvas, margin, y, canvas->columns - 2 * margin, STYLE_WARNING, "graphs from %s to %s (%s)   %s all",
        panel_clock(part->from, from, sizeof from), panel_clock(part->to, to, sizeof to),
        unit_format_duration(part->to - part->from, length, sizeof length),
        keymap_key(scene_context(scene->kind), ACTION_BACK));
    return 1;
}

/* A line under the header for what is wrong with the server; 0 or 1 rows; and one more
 * while an earlier time is shown, or a part of what graphs know. */
int
scene_draw_banner(const struct scene *scene, struct canvas *canvas, int y)
{
    int past = draw_past(scene, canvas, y);
    past += draw_part(scene, canvas, y + past);
    y += past;
    const struct view *view = &scene->view;
    bool well = !*view->server_state || !strcmp(view->server_state, "ok");
    const char *text = !view->connected ? view->banner : well ? "" : view->server_state;
    if (!*text || canvas->rows < 3 + past)
        return past;
    enum style style = view->connected ? STYLE_WARNING : STYLE_CRITICAL;
    canvas_textf(canvas, canvas->columns >= 20, y, canvas->columns - 2 * (canvas->columns >= 20), style, "!! %s", text);
    return 1 + past;
}

/* The line of views: each with its key, the present one in brackets. Where
 * it is narrow, the others are left with their keys alone. */

static int
views_width(const struct scene *scene, bool wordy)
{
    int width = 0;
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        width += 2 + (wordy || views[i].kind == scene->kind ? text_width(views[i].title) + 1 : 0) + 1;
    return width;
}

int
scene_draw_views(struct scene *scene, struct canvas *canvas, int y)
{
    bool wordy = views_width(scene, true) <= canvas->columns;
    int x = 0;
    if (canvas->rows < VIEWS_FROM)
        return 0;
    for (size_t i = 0; i < sizeof views / sizeof *views; i++) {
        bool here = views[i].kind == scene->kind;
        const char *key = keymap_key(scene_context(scene->kind), views[i].action);
        int from = x;
        canvas_put(canvas, x++, y, here ? '[' : ' ', STYLE_TITLE);
        x += canvas_text(canvas, x, y, canvas->columns - x, here ? STYLE_TITLE : STYLE_KEY, key);
        if (here || wordy)
            x += canvas_textf(canvas, x, y, canvas->columns - x, here ? STYLE_TITLE : STYLE_DIM, " %s",
                views[i].title);
        canvas_put(canvas, x++, y, here ? ']' : ' ', STYLE_TITLE);
        add_spot(scene, from, y, x - from, views[i].action);
    }
    return 1;
}

/* The line of keys: what works now, those of the view first; help and quit
 * keep their place. */

static bool
in_bar(const struct scene *scene, const struct key_row *row, const char *context)
{
    return row->bar && !strcmp(row->context, context) && scene_can(scene, row->action) &&
        keymap_find(scene_context(scene->kind), row->code) == row->action;
}

static int
key_width(const struct key_row *row)
{
    return text_width(row->key) + 1 + text_width(row->bar) + 2;
}

static int
draw_key(struct scene *scene, struct canvas *canvas, int x, int y, const struct key_row *row)
{
    int from = x;
    canvas_text(canvas, x, y, text_width(row->key), STYLE_KEY, row->key);
    x += text_width(row->key) + 1;
    canvas_text(canvas, x, y, text_width(row->bar), STYLE_DIM, row->bar);
    x += text_width(row->bar);
    add_spot(scene, from, y, x - from, row->action);
    return x + 2;
}

static void
draw_keys(struct scene *scene, struct canvas *canvas, int y)
{
    int count, x = 1, reserved = 0, end = canvas->columns - 1;
    const struct key_row *rows = keymap_rows(&count);
    for (int i = 0; i < count; i++)
        if (in_bar(scene, &rows[i], "any"))
            reserved += key_width(&rows[i]);
    for (const char *const *c = keymap_contexts(scene_context(scene->kind)); *c; c++) {
        if (str_equal(*c, "any"))
            reserved = 0;
        for (int i = 0; i < count; i++)
            if (in_bar(scene, &rows[i], *c) && x + key_width(&rows[i]) - 2 <= end - reserved)
                x = draw_key(scene, canvas, x, y, &rows[i]);
    }
}

int
scene_draw_last_line(struct scene *scene, struct canvas *canvas)
{
    int y = canvas->rows - 1;
    if (*scene->message && canvas->rows >= 2) {
        int margin = canvas->columns >= 20;
        canvas_text(canvas, margin, y, canvas->columns - 2 * margin, scene->message_style,
            scene->message);
        return 1;
    }
    if (canvas->rows < KEYS_FROM)
        return 0;
    draw_keys(scene, canvas, y);
    return 1;
}
