/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/map_text.h"

#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "cmd/output.h"
#include "cmd/report.h"
#include "model/score_level.h"

enum { LABEL_WIDTH = 12 };

void
map_text_plateau(const json_t *map, struct str *out)
{
    const json_t *plateau = json_object_get(map, "plateau");
    const char *shape = json_get_string(plateau, "shape", NULL);
    int64_t neighbours = json_get_int(plateau, "neighbours", 0), steps = json_get_int(plateau, "steps", 0);
    char mean[64], middle[64];
    if (!json_is_object(plateau))
        return;
    if (!neighbours) {
        str_printf(out, "no trial within %jd steps of the best: not known", (intmax_t)steps);
        return;
    }
    snprintf(mean, sizeof mean, "%.6g", json_get_number(plateau, "mean", NAN));
    snprintf(middle, sizeof middle, "%.6g", json_get_number(map, "median", NAN));
    str_printf(out, "%s: %jd neighbour%s within %jd step%s %s %s in the mean", shape ? shape : "flat",
        (intmax_t)neighbours, neighbours == 1 ? "" : "s", (intmax_t)steps, steps == 1 ? "" : "s",
        neighbours == 1 ? "has" : "have", mean);
    double kept = json_get_number(plateau, "kept", NAN);
    if (isfinite(kept))
        str_printf(out, ", %.0f%% of the best's lead over the median %s", 100 * kept, middle);
}

struct picture {
    const json_t *map;
    int columns, rows;
    bool ascii;
    struct score_levels levels;
};

static const json_t *
axis_from(const json_t *map, const char *axis)
{
    return json_object_get(json_object_get(map, axis), "from");
}

static int
axis_cells(const json_t *map, const char *axis)
{
    bool ranges = json_get_bool(json_object_get(map, axis), "ranges", false);
    return (int)json_array_size(axis_from(map, axis)) - ranges;
}

static double
cell_score(const struct picture *p, int x, int y)
{
    const json_t *cell = json_array_get(json_object_get(p->map, "cells"), (size_t)(y * p->columns + x));
    return json_is_number(cell) ? json_number_value(cell) : (double)NAN;
}

static void
find_levels(struct picture *p)
{
    size_t count = (size_t)p->columns * (size_t)p->rows;
    double *copy = xcalloc(count + 1, sizeof *copy);
    for (size_t i = 0; i < count; i++)
        copy[i] = cell_score(p, (int)i % p->columns, (int)i / p->columns);
    bool maximize = str_equal(json_get_string(p->map, "goal", ""), "maximize");
    score_levels_of(maximize ? RUN_MAXIMIZE : RUN_MINIMIZE, copy, (int)count, &p->levels);
    free(copy);
}

static void
print_row(const struct picture *p, int y, FILE *file)
{
    const json_t *best = json_object_get(p->map, "best_cell");
    char buf[64], label[64];
    text_clean(output_scalar(json_array_get(axis_from(p->map, "y"), (size_t)y), "-", buf, sizeof buf), label, sizeof label);
    struct str text;
    str_init(&text);
    for (int i = text_width(label); i < LABEL_WIDTH; i++)
        str_putc(&text, ' ');
    str_printf(&text, "%s |", label);
    for (int x = 0; x < p->columns; x++) {
        bool peak = json_integer_value(json_array_get(best, 0)) == x && json_integer_value(json_array_get(best, 1)) == y;
        str_puts(&text, peak && json_is_array(best) ? p->ascii ? "*" : "◆"
            : score_level_sign(score_level(&p->levels, cell_score(p, x, y)), p->ascii));
    }
    fprintf(file, "%s\n", text.data);
    str_release(&text);
}

/* "rate: 0.001 to 1, logarithmic; 60 parts" */
static void
print_axis(const struct picture *p, const char *key, const char *direction, FILE *file)
{
    const json_t *axis = json_object_get(p->map, key), *from = json_object_get(axis, "from");
    char low[64], high[64];
    const char *first = output_scalar(json_array_get(from, 0), "-", low, sizeof low);
    const char *last = output_scalar(json_array_get(from, json_array_size(from) - 1), "-", high, sizeof high);
    struct str text;
    str_init(&text);
    str_printf(&text, "%s %s: %s to %s%s, %d %s", direction, json_get_string(axis, "name", "-"),
        first, last,
        json_get_bool(axis, "log", false) ? ", logarithmic" : "", axis_cells(p->map, key),
        json_get_bool(axis, "ranges", false) ? "ranges" : "values");
    output_text(file, PAINT_FAINT, text.data);
    putc('\n', file);
    str_release(&text);
}

static void
print_legend(const struct picture *p, FILE *file)
{
    struct str text;
    str_init(&text);
    if (!p->levels.known) {
        fputs("no trial has a score yet\n", file);
        return;
    }
    str_puts(&text, "from");
    for (int level = 0; level < SCORE_LEVELS; level++)
        str_printf(&text, "  %s %.6g", score_level_sign(level, p->ascii), p->levels.from[level]);
    str_printf(&text, "  to the best %s; blank: no trial", p->ascii ? "*" : "◆");
    fprintf(file, "%s\n", text.data);
    str_release(&text);
}

void
map_text_print(const json_t *map, FILE *file)
{
    struct picture p = { .map = map, .columns = axis_cells(map, "x"), .rows = axis_cells(map, "y"),
        .ascii = !output_utf8() };
    struct str text;
    find_levels(&p);
    for (int y = p.rows - 1; y >= 0; y--)
        print_row(&p, y, file);
    print_axis(&p, "x", p.ascii ? ">" : "→", file);
    print_axis(&p, "y", p.ascii ? "^" : "↑", file);
    print_legend(&p, file);
    str_init(&text);
    report_best(json_object_get(map, "best") ? map : NULL, false, &text);
    if (json_is_object(json_object_get(map, "best")))
        str_puts(&text, ": ");
    report_params(json_object_get(json_object_get(map, "best"), "params"), &text);
    if (text.len)
        fprintf(file, "%s\n", text.data);
    str_clear(&text);
    map_text_plateau(map, &text);
    if (text.len)
        fprintf(file, "%s\n", text.data);
    str_release(&text);
}
