/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/run_preview.h"

#include "base/str.h"
#include "config/runfile.h"
#include "ui/dialog.h"

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

void
run_preview_draw(struct canvas *canvas, struct rect rect, const struct run_file *file,
    const struct ini *ini, const struct diag *fault, const char *points)
{
    char text[512];
    preview_row(canvas, &rect, "file", STYLE_TITLE, file->path, 2);
    if (file->fault)
        preview_row(canvas, &rect, "! fault", STYLE_ERROR, file->fault, 4);
    if (!ini)
        return;
    if (fault)
        preview_row(canvas, &rect, "! fault", STYLE_ERROR,
            diag_format(fault, text, sizeof text), 3);
    snprintf(text, sizeof text, "%s %s", value_in_effect(ini, "run", "goal"),
        value_in_effect(ini, "objective", "score"));
    preview_row(canvas, &rect, "goal", STYLE_TEXT, text, 1);
    preview_row(canvas, &rect, "command", STYLE_TEXT, ini_value(ini, "objective", "command"), 3);
    preview_row(canvas, &rect, "search", STYLE_TEXT, value_in_effect(ini, "search", "method"), 1);
    preview_row(canvas, &rect, "points", STYLE_VALUE, points, 1);
    for (int i = 0; i < ini_entry_count(ini); i++) {
        const struct ini_entry *entry = ini_entry_at(ini, i);
        if (!entry->key || (!str_equal(entry->section, "space") &&
            !str_equal(entry->section, "constraints")))
            continue;
        snprintf(text, sizeof text, "%s = %s", entry->key, entry->value);
        preview_row(canvas, &rect, *entry->section == 's' ? "space" : "where", STYLE_TEXT, text, 1);
    }
}
