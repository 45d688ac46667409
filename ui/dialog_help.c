/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The view of help before a dialog that keeps what has been typed into it: its
 * own keys first.
 */
#include "base/xalloc.h"
#include "ui/dialog.h"
#include "ui/help_list.h"

enum { HELP_WIDTH = 92 };

struct help {
    struct dialog base;
    struct help_list rows;
    struct table table;
    struct panel_list list;
};

static void
help_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen, const struct view *view)
{
    struct help *help = (struct help *)dialog;
    struct rect inside = dialog_box(canvas, screen, HELP_WIDTH, help->rows.count + 1, "Help", "keys");
    struct panel_context context = { .view = view, .list = &help->list, .table = &help->table,
        .scroll_x = inside.x + inside.width };
    table_draw(&help->table, canvas, inside, &context);
}

static enum dialog_result
help_key(struct dialog *dialog, uint32_t key)
{
    struct help *help = (struct help *)dialog;
    int at = help->table.at;
    if (key == KEY_CODE_ESCAPE || key == KEY_CODE_ENTER || key == KEY_CODE_F1 || key == 'q' || key == '?')
        return DIALOG_CLOSED;
    dialog_scroll_key(&at, help->table.shown, 1, key);
    table_move(&help->table, at - help->table.at);
    return DIALOG_OPEN;
}

static void
help_free(struct dialog *dialog)
{
    struct help *help = (struct help *)dialog;
    table_release(&help->table);
    help_list_release(&help->rows);
    free(help);
}

static const struct dialog_class help_dialog_class = {
    .name = "keys",
    .draw = help_draw,
    .key = help_key,
    .free = help_free,
};

struct dialog *
dialog_help_new(const char *context_name)
{
    struct help *help = XNEW(struct help);
    help->base.class = &help_dialog_class;
    help_list_fill(&help->rows, context_name);
    table_init(&help->table, &help_class, &help->rows);
    table_update(&help->table);
    return &help->base;
}
