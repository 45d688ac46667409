/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The view of help: keys and signs, searched and filtered as any table.
 */
#include <stdio.h>

#include "ui/help_list.h"

static int
help_want(const struct panel_context *context, int width)
{
    (void)width;
    return context->table->shown + 2;
}

static void
help_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct help_list *list = context->table->rows;
    snprintf(buf, size, "%s", list->count ? list->row[0].where : "");
    table_note(context->table, buf, size);
}

static void
help_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    table_draw(context->table, canvas, inside, context);
}

const struct panel panel_help = {
    .name = "help",
    .title = "Help",
    .priority = 1,
    .weight = 1,
    .want = help_want,
    .note = help_note,
    .draw = help_draw,
};
