/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every option of optop.ini as a table: section by section in the order of the
 * option table, what is in the file and what would hold without it. One value
 * is edited at a time, in its row; it is checked with the whole document at
 * each key, and nothing is changed here before the server has said so. The
 * screen asks (screen_settings.c), panels draw (panel_settings.c).
 */
#ifndef OPTOP_UI_SETTINGS_H
#define OPTOP_UI_SETTINGS_H

#include "config/config.h"
#include "ui/form.h"
#include "ui/table.h"

enum {
    SETTINGS_MAX = 20000, /* rows */
    SETTING_HISTORY = 1000, /* values of the metric beside a threshold */
    SETTING_SECTION_MAX = CONFIG_NAME_MAX + 48,
};

/* A row: an option of a section, or the section itself. */
struct setting {
    uint64_t key, parent; /* as a table wants them; parent 0: a section */
    char *section; /* owned */
    const struct option *option; /* NULL: a section, or a key that no option has */
    char *name; /* owned; the key; NULL: a section */
    char *value; /* owned; what holds; NULL: nothing */
    int line; /* in the file; 0: not there */
    int threshold; /* index into settings->config; -1: none */
    bool fresh; /* the section is not in the file yet, nor one that holds without it */
};

/* The metric of the threshold under the cursor, newest last. */
struct setting_history {
    char metric[96]; /* "": none */
    bool asked; /* under way */
    uint64_t tick; /* of the view when the newest was taken */
    int count;
    float value[SETTING_HISTORY];
};

struct settings {
    const struct view *view; /* borrowed */
    struct ini *ini; /* owned; as the server sent it; NULL: not yet, or at fault */
    struct config *config; /* owned; NULL: the same */
    char file[DIAG_FILE_MAX];
    char fault[DIAG_TEXT_MAX + DIAG_FILE_MAX + DIAG_KEY_MAX]; /* why there is nothing; "" */
    char fresh[SETTING_SECTION_MAX]; /* a section that is being made; "": none */
    struct setting *row; /* owned */
    int count, capacity;
    struct setting_history history;

    bool editing, saving;
    uint64_t edited; /* the row's key */
    struct form field; /* of one field */
    bool tried; /* the edited value is fine, and of a threshold */
    struct config_threshold level; /* that threshold with it; figures alone */
    char replay[240]; /* what the recorded history says of it; "" */
};

void settings_init(struct settings *settings, const struct view *view);
void settings_release(struct settings *settings);

/* Takes the answer of config.get. */
void settings_apply(struct settings *settings, const char *file, const char *text);

/* Nothing can be shown: says why. */
void settings_fail(struct settings *settings, const char *why);

/* A section of a kind that has names ("threshold disk.busy") appears with its
 * options, all unset; written with the first that is set. 0, or a code and why not. */
int settings_add(struct settings *settings, const char *section, struct diag *diag);

const struct setting *settings_find(const struct settings *settings, uint64_t key);

/* The threshold that a row is of, or NULL. */
const struct config_threshold *settings_threshold(const struct settings *settings,
    const struct setting *row);

/* "optop.ini:12", "default", "not set". */
const char *settings_place(const struct settings *settings, const struct setting *row, char *buf,
    size_t size);

/* Editing. */

void settings_edit(struct settings *settings, const struct setting *row);
void settings_leave(struct settings *settings);
const struct setting *settings_edited(const struct settings *settings); /* NULL */

/* Checks what stands in the field: beside itself, and with all the rest. */
bool settings_check(struct settings *settings);

/* The fault beside the field; NULL: none. */
const char *settings_error(const struct settings *settings);
void settings_set_error(struct settings *settings, const char *text);

/* What config.set takes for the edited value, or for another value of a row (NULL: it goes
 * out of the file); NULL: nothing would change. Owned by the caller. */
json_t *settings_changes(struct settings *settings, const struct setting *row, const char *value);

/* One change more for config.set; value NULL: it goes out of the file. */
void settings_add_change(json_t *changes, const char *section, const char *key, const char *value);

/* What rules.backtest takes to try the edited threshold; NULL: there is none. Owned by the caller. */
json_t *settings_replay_params(struct settings *settings);

/* Takes its answer; NULL: there was none. */
void settings_take_replay(struct settings *settings, const json_t *answer);

/* History: whose is to be asked for now; NULL: nobody's. */
const char *settings_want_history(struct settings *settings, const struct setting *row);
void settings_take_history(struct settings *settings, const json_t *answer);
void settings_tick(struct settings *settings, const struct setting *row);

/* Rows are a struct settings. */
extern const struct table_class setting_class;

/* Columns of the table. To add one: a number, a row, its cases (setting_table.c). */
enum { SETTING_NAME, SETTING_VALUE, SETTING_NOW, SETTING_PLACE, SETTING_DEFAULT, SETTING_ALLOWED,
    SETTING_HELP, SETTING_COLUMNS };

#endif
