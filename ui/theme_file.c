/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Themes as files: [theme] background, and [styles] with a line for each style:
 *
 *     warning = #e69f00 yellow bold
 *
 * a colour (own, a name of the 16, 0 to 255, #rrggbb), then what terminals with 16
 * colours and fewer show where that is not to be the nearest, then attributes.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "config/config.h"
#include "ui/theme.h"

static const char *const names[STYLE_COUNT] = {
    [STYLE_TEXT] = "text", [STYLE_DIM] = "dim", [STYLE_TITLE] = "title", [STYLE_KEY] = "key",
    [STYLE_VALUE] = "value", [STYLE_GOOD] = "good", [STYLE_WARNING] = "warning",
    [STYLE_CRITICAL] = "critical", [STYLE_SELECTED] = "selected", [STYLE_HEADER] = "header",
    [STYLE_BAR_1] = "bar_1", [STYLE_BAR_2] = "bar_2", [STYLE_BAR_3] = "bar_3", [STYLE_BAR_4] = "bar_4",
    [STYLE_BAR_EMPTY] = "bar_empty", [STYLE_GRAPH] = "graph", [STYLE_GRAPH_2] = "graph_2",
    [STYLE_HEAT_1] = "heat_1", [STYLE_HEAT_2] = "heat_2", [STYLE_HEAT_3] = "heat_3",
    [STYLE_HEAT_4] = "heat_4", [STYLE_HEAT_5] = "heat_5", [STYLE_INPUT] = "input", [STYLE_ERROR] = "error",
};

static const char *const colours[16] = { "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white",
    "grey", "bright-red", "bright-green", "bright-yellow", "bright-blue", "bright-magenta", "bright-cyan",
    "bright-white" };

static const struct {
    const char *word;
    unsigned attribute;
} attributes[] = { { "bold", THEME_BOLD }, { "faint", THEME_FAINT }, { "underline", THEME_UNDERLINE },
    { "reverse", THEME_REVERSE } };

const char *
theme_style_name(int style)
{
    return style < STYLE_COUNT ? names[style] : NULL;
}

/* A name of the 16 or "own"; false: it is none. */
static bool
parse_basic(const char *word, int *ret_colour)
{
    if (str_equal(word, "own")) {
        *ret_colour = THEME_OWN;
        return true;
    }
    for (int i = 0; i < 16; i++)
        if (str_equal(word, colours[i])) {
            *ret_colour = i;
            return true;
        }
    return false;
}

static bool
parse_colour(const char *word, int *ret_colour)
{
    int64_t number;
    if (*word == '#' && strlen(word) == 7 && strspn(word + 1, "0123456789abcdefABCDEF") == 6) {
        *ret_colour = THEME_RGB + (int)strtol(word + 1, NULL, 16);
        return true;
    }
    if (unit_parse_int(word, &number) == 0 && number >= 0 && number <= 255) {
        *ret_colour = (int)number;
        return true;
    }
    return parse_basic(word, ret_colour);
}

static bool
parse_attribute(const char *word, unsigned *attribute)
{
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        if (str_equal(word, attributes[i].word)) {
            *attribute |= attributes[i].attribute;
            return true;
        }
    return false;
}

static int
parse_look(const char *value, struct theme_colour *ret_colour, unsigned *ret_attributes, struct diag *diag)
{
    struct theme_colour colour = { THEME_OWN, THEME_NEAREST };
    unsigned attribute = 0;
    char word[32], shown[40];
    int count = 0;
    for (value += strspn(value, " \t"); *value; value += strspn(value, " \t"), count++) {
        size_t len = strcspn(value, " \t");
        bool known = len < sizeof word;
        snprintf(word, sizeof word, "%.*s", (int)len, value);
        value += len;
        known = known && ((count == 0 && parse_colour(word, &colour.colour)) ||
            (count == 1 && parse_basic(word, &colour.of_16)) || (count && parse_attribute(word, &attribute)));
        if (!known)
            return diag_set(diag, ERR_BAD_TYPE, "\"%s\" is not %s", text_clean(word, shown, sizeof shown),
                count ? "a colour of the 16 or an attribute (bold, faint, underline, reverse)"
                      : "a colour (own, red, bright-red, 0 to 255, #rrggbb)");
    }
    if (!count)
        return diag_set(diag, ERR_MISSING, "a colour is missing");
    *ret_colour = colour;
    *ret_attributes = attribute;
    return 0;
}

static int
take_entry(struct theme *theme, const struct ini_entry *entry, struct diag *diag)
{
    unsigned none;
    if (str_equal(entry->section, "theme") && str_equal(entry->key, "background"))
        return parse_look(entry->value, &theme->background, &none, diag);
    for (int i = 0; str_equal(entry->section, "styles") && i < STYLE_COUNT; i++)
        if (str_equal(entry->key, names[i]))
            return parse_look(entry->value, &theme->colour[i], &theme->attributes[i], diag);
    return diag_set(diag, ERR_NOT_FOUND, "unknown key (known: [theme] background; [styles] text, dim, title, key, "
        "value, good, warning, critical, selected, header, bar_1 to bar_4, bar_empty, graph, graph_2, input, error)");
}

/* What a file does not say is as in the default. */
int
theme_parse(const char *text, size_t len, const char *file, const char *name, struct theme *ret_theme,
    struct diag *diag)
{
    struct theme theme;
    struct ini *ini;
    char key[DIAG_KEY_MAX];
    if (str_equal(name, "default"))
        theme = (struct theme){ .background = { THEME_OWN, THEME_OWN } };
    else
        theme_default(&theme);
    str_copy(theme.name, sizeof theme.name, name);
    int r = ini_parse_text(text, len, file, &ini, diag);
    if (r < 0)
        return r;
    for (int i = 0; i < ini_entry_count(ini) && r == 0; i++) {
        const struct ini_entry *entry = ini_entry_at(ini, i);
        r = entry->key ? take_entry(&theme, entry, diag) : 0;
        if (r < 0) {
            snprintf(key, sizeof key, "%.60s.%.60s", entry->section, entry->key);
            diag_at(diag, file, entry->line, key);
        }
    }
    ini_free(ini);
    if (r == 0)
        *ret_theme = theme;
    return r;
}

void
theme_default(struct theme *ret_theme)
{
    const struct theme_text *text = theme_builtin(0);
    struct diag diag = { 0 };
    if (theme_parse(text->text, strlen(text->text), text->name, text->name, ret_theme, &diag) < 0)
        abort(); /* a fault in our own text, which its test reads */
}

static int
load_file(const char *path, const char *name, struct theme *ret_theme, struct diag *diag)
{
    struct ini *ini;
    size_t len;
    int r = ini_load(path, &ini, diag);
    if (r < 0)
        return r;
    const char *text = ini_text(ini, &len);
    r = theme_parse(text, len, path, name, ret_theme, diag);
    ini_free(ini);
    return r;
}

int
theme_load(const char *folder, const char *name, struct theme *ret_theme, struct diag *diag)
{
    char shown[40];
    if (!config_theme_name(name))
        return diag_set(diag, ERR_BAD_TYPE, "\"%s\" is no name of a theme", text_clean(name, shown, sizeof shown));
    char *path = folder ? xasprintf("%s/%s.ini", folder, name) : NULL;
    int r = path ? load_file(path, name, ret_theme, diag) : -ENOENT;
    free(path);
    if (r != -ENOENT)
        return r;
    *diag = (struct diag){ 0 };
    for (int i = 0; theme_builtin(i); i++)
        if (str_equal(theme_builtin(i)->name, name))
            return theme_parse(theme_builtin(i)->text, strlen(theme_builtin(i)->text), name, name, ret_theme, diag);
    return diag_set(diag, ERR_NOT_FOUND, "there is no theme \"%s\"", name);
}

static int
compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

int
theme_names(const char *folder, char list[THEMES_MAX][THEME_NAME_MAX])
{
    int count = 0, own;
    for (; theme_builtin(count); count++)
        str_copy(list[count], THEME_NAME_MAX, theme_builtin(count)->name);
    own = count;
    DIR *dir = folder ? opendir(folder) : NULL;
    for (struct dirent *entry; dir && count < THEMES_MAX && (entry = readdir(dir));) {
        char name[THEME_NAME_MAX];
        size_t len = strlen(entry->d_name);
        bool known = len < 5 || len - 4 >= sizeof name || !str_ends(entry->d_name, ".ini");
        snprintf(name, sizeof name, "%.*s", known ? 0 : (int)len - 4, entry->d_name);
        for (int i = 0; i < own; i++)
            known = known || str_equal(list[i], name);
        if (!known && config_theme_name(name))
            str_copy(list[count++], THEME_NAME_MAX, name);
    }
    if (dir)
        closedir(dir);
    qsort(list[own], (size_t)(count - own), sizeof list[0], compare_names);
    return count;
}
