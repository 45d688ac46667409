/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/run_preview.h"

#include <math.h>

#include "base/str.h"
#include "base/unit.h"
#include "config/runfile.h"
#include "ui/dialog.h"
#include "ui/panel.h"

/* The file's value, or the one that holds without it. */
static const char *
value_in_effect(const struct ini *ini, const char *section, const char *key)
{
    const struct option *option = option_find(run_options, section, key);
    return ini_value(ini, section, key) ?: option && option->fallback ? option->fallback : "-";
}

/* One row of the preview: a label and a text over at most `most` rows. */
static void
preview_row(struct canvas *canvas, struct rect *rect, const char *label, enum style style,
    const char *text, int most)
{
    struct rect body = { rect->x + 9, rect->y, rect->width - 9, most };
    if (!text || rect->height < 1)
        return;
    if (body.height > rect->height)
        body.height = rect->height;
    canvas_text(canvas, rect->x, rect->y, 8, STYLE_DIM, label);
    int used = dialog_text(canvas, body, style, text, 0);
    used = used < 1 ? 1 : used > body.height ? body.height : used;
    rect->y += used;
    rect->height -= used;
}

/* What has become of a past run. */
static void
draw_past(struct canvas *canvas, struct rect *rect, const struct view_run *run)
{
    char text[512], done[64], date[32], took[32], score[32];
    enum style style;
    const char *state = panel_run_state(run, &style);
    panel_progress_text(run->done + run->failed, run->total, 40, done, sizeof done);
    unit_format_duration(run->elapsed_seconds, took, sizeof took);
    snprintf(text, sizeof text, "%lld %s: %s trials, %.0f failed; %s, of %s", (long long)run->run, state, done,
        run->failed, took, panel_date(isfinite(run->started) ? run->started : run->created, date, sizeof date));
    preview_row(canvas, rect, "run", style, text, 2);
    if (*run->reason)
        preview_row(canvas, rect, "why", STYLE_TEXT, run->reason, 2);
    if (!run->has_best)
        return;
    snprintf(text, sizeof text, "%s with %s", panel_score(run->best_score, 20, score, sizeof score), run->best_params);
    preview_row(canvas, rect, "best", STYLE_VALUE, text, 2);
}

void
run_preview_draw(struct canvas *canvas, struct rect rect, const struct run_preview *preview)
{
    char text[512];
    const struct ini *ini = preview->ini;
    if (preview->run)
        draw_past(canvas, &rect, preview->run);
    preview_row(canvas, &rect, "file", STYLE_TITLE, preview->path, 2);
    preview_row(canvas, &rect, "from", STYLE_TEXT, preview->directory, 2);
    if (preview->unreadable)
        preview_row(canvas, &rect, "! fault", STYLE_ERROR, preview->unreadable, 4);
    if (preview->fault && (ini || preview->run))
        preview_row(canvas, &rect, "! fault", STYLE_ERROR,
            diag_format(preview->fault, text, sizeof text), 3);
    if (!ini)
        return;
    snprintf(text, sizeof text, "%s %s", value_in_effect(ini, "run", "goal"),
        value_in_effect(ini, "objective", "score"));
    preview_row(canvas, &rect, "goal", STYLE_TEXT, text, 1);
    preview_row(canvas, &rect, "command", STYLE_TEXT, ini_value(ini, "objective", "command"), 3);
    preview_row(canvas, &rect, "search", STYLE_TEXT, value_in_effect(ini, "search", "method"), 1);
    preview_row(canvas, &rect, "points", STYLE_VALUE, preview->points, 2);
    preview_row(canvas, &rect, "time", STYLE_TEXT, preview->expected, 2);
    for (int i = 0; i < ini_entry_count(ini); i++) {
        const struct ini_entry *entry = ini_entry_at(ini, i);
        if (!entry->key || (!str_equal(entry->section, "space") &&
            !str_equal(entry->section, "constraints")))
            continue;
        snprintf(text, sizeof text, "%s = %s", entry->key, entry->value);
        preview_row(canvas, &rect, *entry->section == 's' ? "space" : "where", STYLE_TEXT, text, 1);
    }
}
