/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/progress.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "cmd/report.h"

enum { NAME_CELLS = 20, BAR_LEAST = 8, BAR_MOST = 40, BAR_FULL = 20, PIECE_BYTES = 1024 };

/* Parts 8, 7 .. 1 of a cell, for the end of a bar. */
static const char *const eighths[] = { "", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b",
    "\u258a", "\u2589" };

static void
put_bar(double share, int cells, bool utf8, struct str *out)
{
    int units = (int)floor(share * cells * (utf8 ? 8 : 1));
    int full = utf8 ? units / 8 : units, used = full;
    str_putc(out, '[');
    for (int i = 0; i < full; i++)
        str_puts(out, utf8 ? "\u2588" : "#");
    if (utf8 && full < cells && units % 8) {
        str_puts(out, eighths[units % 8]);
        used++;
    }
    for (; used < cells; used++)
        str_putc(out, utf8 ? ' ' : '-');
    str_putc(out, ']');
}

/* How much is told, where there is room for it. */
enum detail {
    DETAIL_SHORT,
    DETAIL_FULL, /* with the range of the time left, and where the best was found */
    DETAIL_SPACE, /* and what the trials are a part of */
};

static void
tell_space(const json_t *run, bool full, struct str *out)
{
    (void)full;
    report_space(json_object_get(run, "space"), out);
}

/* Pace and result, most important first: each is left out when it does not
 * fit. Returns the cells used. */
static int
put_tail(const json_t *run, int width, enum detail detail, struct str *out)
{
    char piece[6][PIECE_BYTES], buf[64];
    int count = 0, used = 0;
    struct str text;
    str_init(&text);
    report_counts(run, &text);
    snprintf(piece[count++], PIECE_BYTES, "%s", text.data);
    const char *state = report_run_state(run);
    if (strcmp(state, "running")) {
        const char *waiting = json_get_string(run, "waiting", "");
        snprintf(piece[count++], PIECE_BYTES, "%s%s%s", state, waiting[0] ? ": " : "", waiting);
    }
    double rate = json_get_number(run, "rate", NAN);
    if (isfinite(rate))
        snprintf(piece[count++], PIECE_BYTES, "%s/s", unit_format_count(rate, buf, sizeof buf));
    static void (*const tellers[])(const json_t *, bool, struct str *) = { report_left, report_best,
        tell_space };
    size_t teller_count = sizeof tellers / sizeof *tellers - (detail < DETAIL_SPACE);
    for (size_t i = 0; i < teller_count; i++) {
        str_clear(&text);
        tellers[i](run, detail >= DETAIL_FULL, &text);
        if (text.len)
            snprintf(piece[count++], PIECE_BYTES, "%s", text.data);
    }
    str_release(&text);
    for (int i = 0; i < count; i++) {
        char clean[PIECE_BYTES];
        int cells = text_width(text_clean(piece[i], clean, sizeof clean)) + (i ? 2 : 0);
        if (used + cells > width)
            break;
        str_printf(out, "%s%s", i ? "  " : "", clean);
        used += cells;
    }
    return used;
}

void
progress_line(const json_t *run, int width, bool utf8, struct str *out)
{
    const json_t *counts = json_object_get(run, "counts");
    double total = json_get_number(counts, "total", NAN);
    double ended = json_get_number(counts, "done", 0) + json_get_number(counts, "failed", 0);
    char name[256];
    struct str tail;
    text_clean(json_get_string(run, "name", ""), name, sizeof name);
    str_init(&tail);
    int head = text_width(name) + 2;
    enum detail detail = DETAIL_SPACE;
    int used = put_tail(run, INT_MAX, detail, &tail);
    while (used + head > width - BAR_FULL && detail > DETAIL_SHORT) {
        str_clear(&tail);
        detail--;
        used = put_tail(run, detail == DETAIL_SHORT ? width : INT_MAX, detail, &tail);
    }
    if (head <= NAME_CELLS + 2 && used + head <= width) {
        str_printf(out, "%s  ", name);
        used += head;
    }
    int bar = width - used - 4; /* two brackets and a gap */
    if (total > 0 && bar >= BAR_LEAST) {
        put_bar(ended < total ? ended / total : 1, bar < BAR_MOST ? bar : BAR_MOST, utf8, out);
        str_puts(out, "  ");
    }
    str_puts(out, tail.data);
    str_release(&tail);
}

void
progress_plain(const json_t *run, struct str *out)
{
    char buf[64];
    double rate = json_get_number(run, "rate", NAN);
    struct str text;
    str_init(&text);
    str_printf(out, "run %jd (%s): %s, ", (intmax_t)json_get_int(run, "run", 0),
        json_get_string(run, "name", "-"), report_run_state(run));
    report_counts(run, out);
    if (isfinite(rate))
        str_printf(out, ", %s/s", unit_format_count(rate, buf, sizeof buf));
    report_left(run, true, &text);
    if (text.len)
        str_printf(out, ", %s", text.data);
    str_clear(&text);
    report_best(run, true, &text);
    if (text.len)
        str_printf(out, ", %s", text.data);
    str_clear(&text);
    report_space(json_object_get(run, "space"), &text);
    if (text.len)
        str_printf(out, "; %s", text.data);
    str_release(&text);
    const char *waiting = json_get_string(run, "waiting", "");
    if (waiting[0])
        str_printf(out, " (%s)", waiting);
}
