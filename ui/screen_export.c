/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Copying the selected value, and a panel into a file.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/text.h"
#include "ui/export.h"
#include "ui/screen_act.h"

enum { COPY_MAX = 64 * 1024 }; /* terminals take no more */

static int
column_of(const struct table *table, const char *title)
{
    for (int i = 0; i < table->class->column_count; i++)
        if (!strcasecmp(table->class->columns[i].title, title))
            return i;
    return -1;
}

/* Of a table a cell of the row under the cursor, of a run its best parameters. */
static bool
selected_value(struct screen *screen, const char *column, struct str *out)
{
    struct scene *scene = &screen->scene;
    struct table *table = scene_table(scene, scene->focus);
    const struct view_run *run = scene_run(scene);
    char message[96];
    if (!table) {
        if (run && run->has_best)
            str_puts(out, run->best_params);
        return true;
    }
    int at = column && *column ? column_of(table, column) : table->class->copied;
    if (at < 0) {
        snprintf(message, sizeof message, "there is no column \"%.60s\"", column);
        screen_tell(screen, STYLE_ERROR, message);
        return false;
    }
    export_cell(table, table->at, at, out);
    return true;
}

void
act_copy(struct screen *screen, int by, const char *text)
{
    struct str value;
    char message[VIEW_TEXT_MAX];
    (void)by;
    str_init(&value);
    bool known = selected_value(screen, text, &value);
    if (known && (!value.len || value.len > COPY_MAX))
        screen_tell(screen, STYLE_ERROR, "there is nothing here to copy");
    else if (known && screen->host->copy) {
        screen->host->copy(screen->host->context, value.data);
        snprintf(message, sizeof message, "copied: %.100s", value.data);
        screen_tell(screen, STYLE_GOOD, message);
    }
    str_release(&value);
}

/* By a key: a name to begin with, typed behind the command's. */
static void
ask_name(struct screen *screen)
{
    const struct scene *scene = &screen->scene;
    char line[128], stamp[32] = "";
    time_t now = (time_t)(scene->view.time > 0 ? scene->view.time : 0);
    struct tm when;
    if (localtime_r(&now, &when))
        strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", &when);
    snprintf(line, sizeof line, "export %s-%s.%s", panel_info(scene->focus)->name, stamp,
        scene_table(&screen->scene, scene->focus) ? "csv" : "txt");
    for (char *at = line + strlen("export "); *at; at++)
        if (*at == ' ')
            *at = '-';
    screen_push(screen, dialog_prompt_new(PROMPT_COMMAND, scene_context(scene->kind), line));
}

void
act_export(struct screen *screen, int by, const char *text)
{
    enum export_format format;
    struct diag diag = { 0 };
    struct str out;
    char message[192], shown[128];
    (void)by;
    if (!text || !*text) {
        ask_name(screen);
        return;
    }
    if (!export_format_of(text, &format)) {
        screen_tell(screen, STYLE_ERROR, "the file's name ends with .csv, .json or .txt: that is its form");
        return;
    }
    str_init(&out);
    int r = export_panel(&screen->scene, screen->scene.focus, format, &out, &diag);
    if (r == 0)
        r = export_write(text, &out, &diag);
    snprintf(message, sizeof message, "written to %s", text_clean(text, shown, sizeof shown));
    screen_tell(screen, r < 0 ? STYLE_ERROR : STYLE_GOOD, r < 0 ? diag.text : message);
    str_release(&out);
}
