/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All runs, present and past, as a table.
 */
#include <stdio.h>

#include "ui/run_list.h"

static int
run_table_want(const struct panel_context *context, int width)
{
    (void)width;
    return context->table->shown + 2;
}

static void
run_table_note(const struct panel_context *context, char *buf, size_t size)
{
    int count = context->table->class->count(context->table->rows);
    snprintf(buf, size, "%s%d run%s", count == RUN_LIST_MAX ? "newest " : "", count, count == 1 ? "" : "s");
    table_note(context->table, buf, size);
}

static void
run_table_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    table_draw(context->table, canvas, inside, context);
}

const struct panel panel_run_table = {
    .name = "all runs",
    .title = "Runs",
    .priority = 1,
    .weight = 1,
    .want = run_table_want,
    .note = run_table_note,
    .draw = run_table_draw,
};
