/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The keys while a value of the settings is edited: it draws nothing but the
 * last line, the field stands in its row (panel_settings.c).
 */
#include <stdio.h>
#include <string.h>

#include "base/xalloc.h"
#include "ui/dialog.h"
#include "ui/settings.h"

enum { TAG_SET };

struct value {
    struct dialog base;
    struct settings *settings; /* borrowed */
};

static void
value_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen, const struct view *view)
{
    (void)view;
    dialog_keys(canvas, (struct rect){ screen.x, screen.y + screen.height - 1, screen.width, 1 },
        dialog->class->name);
}

static enum dialog_result
save(struct value *value)
{
    struct settings *settings = value->settings;
    const struct setting *row = settings_edited(settings);
    if (!row || str_equal(form_text(&settings->field, 0), row->value ? row->value : ""))
        return DIALOG_CLOSED;
    if (!settings_check(settings))
        return DIALOG_OPEN;
    json_t *changes = settings_changes(settings, row, NULL);
    if (!changes)
        return DIALOG_CLOSED;
    settings->saving = true;
    dialog_call(&value->base, "config.set", json_pack("{s:o}", "changes", changes), TAG_SET);
    return DIALOG_OPEN;
}

static enum dialog_result
value_key(struct dialog *dialog, uint32_t key)
{
    struct value *value = (struct value *)dialog;
    struct settings *settings = value->settings;
    if (key == KEY_CODE_ESCAPE)
        return DIALOG_CLOSED;
    if (settings->saving)
        return DIALOG_OPEN;
    if (key == KEY_CODE_ENTER)
        return save(value);
    if (form_key(&settings->field, key) == FORM_EDITED)
        settings_check(settings);
    return DIALOG_OPEN;
}

static enum dialog_result
value_answer(struct dialog *dialog, int tag, const json_t *result, const struct diag *diag)
{
    struct value *value = (struct value *)dialog;
    char text[DIAG_FILE_MAX + 32];
    (void)tag;
    value->settings->saving = false;
    if (!result) {
        settings_set_error(value->settings, diag && *diag->text ? diag->text : "the server gave no answer");
        return DIALOG_OPEN;
    }
    snprintf(text, sizeof text, "saved to %s, in effect", value->settings->file);
    dialog_tell(dialog, STYLE_GOOD, text);
    return DIALOG_CLOSED;
}

static void
value_free(struct dialog *dialog)
{
    struct value *value = (struct value *)dialog;
    settings_leave(value->settings);
    free(value);
}

static const struct dialog_class value_class = {
    .name = "value",
    .draw = value_draw,
    .key = value_key,
    .answer = value_answer,
    .free = value_free,
};

struct dialog *
dialog_value_new(struct settings *settings, const struct setting *row)
{
    struct value *value = XNEW(struct value);
    value->base.class = &value_class;
    value->settings = settings;
    settings_edit(settings, row);
    return &value->base;
}
