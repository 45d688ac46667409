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

enum { TAG_SET, TAG_REPLAY };

struct value {
    struct dialog base;
    struct settings *settings; /* borrowed */
    bool replaying, changed; /* a replay is under way; since then it has been edited */
};

/* One replay at a time: what is typed meanwhile is tried behind it. */
static void
replay(struct value *value)
{
    value->changed = value->replaying;
    if (value->replaying)
        return;
    json_t *params = settings_replay_params(value->settings);
    value->settings->replay[0] = '\0';
    if (!params)
        return;
    value->replaying = true;
    dialog_call(&value->base, "rules.backtest", params, TAG_REPLAY);
}

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
    if (form_key(&settings->field, key) == FORM_EDITED) {
        settings_check(settings);
        replay(value);
    }
    return DIALOG_OPEN;
}

static void
take_replay(struct value *value, const json_t *result)
{
    value->replaying = false;
    settings_take_replay(value->settings, result);
    if (value->changed)
        replay(value);
}

static enum dialog_result
value_answer(struct dialog *dialog, int tag, const json_t *result, const struct diag *diag)
{
    struct value *value = (struct value *)dialog;
    char text[DIAG_FILE_MAX + 32];
    if (tag == TAG_REPLAY) {
        take_replay(value, result);
        return DIALOG_OPEN;
    }
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

void
dialog_value_begin(struct dialog *dialog)
{
    struct value *value = (struct value *)dialog;
    settings_check(value->settings);
    replay(value);
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
