/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Processes, as a list or as a tree. The note sums up what is shown, and what
 * is marked when something is.
 */
#include <math.h>
#include <stdio.h>

#include "base/unit.h"
#include "ui/process_list.h"

static int
processes_want(const struct panel_context *context, int width)
{
    (void)width;
    return context->table->shown + 2;
}

static void
processes_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct table *table = context->table;
    const struct process_list *list = table->rows;
    double cpu = 0, rss = 0;
    char bytes[24];
    int running = 0;
    bool marked = table->mark_count > 0;
    for (int i = 0; i < table->shown; i++) {
        const struct process_row *row = &list->row[table->order[i]];
        if (marked && !table_marked(table, (uint64_t)row->pid))
            continue;
        cpu += isnan(row->cpu_pct) ? 0 : row->cpu_pct;
        rss += isnan(row->rss_bytes) ? 0 : row->rss_bytes;
        running += row->state == 'R';
    }
    snprintf(buf, size, "%d, %d running · %s %.1f%% of a core, %s", list->count, running,
        marked ? "marked use" : "use", cpu, unit_format_bytes(rss, bytes, sizeof bytes));
    table_note(table, buf, size);
}

static void
processes_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    table_draw(context->table, canvas, inside, context);
}

const struct panel panel_processes = {
    .name = "processes",
    .title = "Processes",
    .priority = 1,
    .weight = 1,
    .want = processes_want,
    .note = processes_note,
    .draw = processes_draw,
    .now_only = true,
};
