/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/walk.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/suggest.h"

static void
set_place(const struct ini *ini, const struct ini_entry *entry, struct diag *diag)
{
    char raw[DIAG_KEY_MAX], name[DIAG_KEY_MAX];
    snprintf(raw, sizeof raw, "%s%s%s", entry->section, entry->key ? "." : "",
        entry->key ? entry->key : "");
    diag_at(diag, ini_file_name(ini), entry->line, text_clean(raw, name, sizeof name));
}

int
walk_fault(const struct ini *ini, const struct ini_entry *entry, struct diag *diag, int code,
    const char *format, ...)
{
    char text[DIAG_TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    set_place(ini, entry, diag);
    return diag_set(diag, code, "%s", text);
}

/* "[threshold NAME]" for "threshold *". */
static void
append_section(struct str *out, const char *pattern)
{
    size_t len = strlen(pattern);
    bool named = pattern[len - 1] == '*';
    str_printf(out, "[%.*s%s]", (int)(len - named), pattern, named ? "NAME" : "");
}

static int
unknown_section(const struct option *table, const struct ini *ini,
    const struct ini_entry *entry, struct diag *diag)
{
    struct str known;
    str_init(&known);
    const char *meant = NULL;
    size_t best = SIZE_MAX;
    for (const struct option *o = table; o->section; o++) {
        if (o > table && !strcmp(o[-1].section, o->section))
            continue;
        if (known.len)
            str_puts(&known, ", ");
        append_section(&known, o->section);
        if (suggest_closer(entry->section, o->section, &best))
            meant = o->section;
    }
    int code = meant
        ? walk_fault(ini, entry, diag, ERR_UNKNOWN_KEY,
              "unknown section (did you mean [%s]? known: %s)", meant, known.data)
        : walk_fault(ini, entry, diag, ERR_UNKNOWN_KEY, "unknown section (known: %s)", known.data);
    str_release(&known);
    return code;
}

static int
unknown_key(const struct option *table, const struct ini *ini, const struct ini_entry *entry,
    struct diag *diag)
{
    struct str known;
    str_init(&known);
    for (const struct option *o = table; o->section; o++)
        if (option_find(table, entry->section, o->key) == o)
            str_printf(&known, "%s%s", known.len ? ", " : "", o->key);
    const char *meant = option_suggest(table, entry->section, entry->key);
    int code = meant
        ? walk_fault(ini, entry, diag, ERR_UNKNOWN_KEY,
              "unknown key (did you mean \"%s\"? known: %s)", meant, known.data)
        : walk_fault(ini, entry, diag, ERR_UNKNOWN_KEY, "unknown key (known: %s)", known.data);
    str_release(&known);
    return code;
}

int
walk_document(const struct option *table, const struct ini *ini, walk_take *take, void *context,
    struct diag *diag)
{
    for (int i = 0; i < ini_entry_count(ini); i++) {
        const struct ini_entry *entry = ini_entry_at(ini, i);
        const struct option *option = NULL;
        struct option_value value = { 0 };
        int r = 0;
        if (!entry->key) {
            if (!option_section_known(table, entry->section))
                return unknown_section(table, ini, entry, diag);
        } else {
            option = option_find(table, entry->section, entry->key);
            if (!option)
                return unknown_key(table, ini, entry, diag);
            r = option_check(option, entry->value, &value, diag);
        }
        if (r == 0)
            r = take(context, entry, option, &value, diag);
        if (r < 0) {
            set_place(ini, entry, diag);
            return r;
        }
    }
    return 0;
}

int
walk_text(char **place, const char *text, struct diag *diag)
{
    char *copy = strdup(text);
    if (!copy)
        return diag_no_memory(diag);
    free(*place);
    *place = copy;
    return 0;
}

int
walk_store(const struct option *option, const struct binding *binding, void *target,
    const struct ini_entry *entry, const struct option_value *value, struct diag *diag)
{
    if (binding->parse)
        return binding->parse(target, entry, value, diag);
    void *place = (char *)target + binding->offset;
    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_PATH:
    case OPTION_CUSTOM:
        return walk_text(place, value->text, diag);
    case OPTION_INT:
        *(int64_t *)place = value->integer;
        break;
    case OPTION_CHOICE:
        *(int64_t *)place = (int64_t)value->number;
        break;
    case OPTION_BOOL:
        *(bool *)place = value->number != 0;
        break;
    case OPTION_NUMBER:
    case OPTION_BYTES:
    case OPTION_DURATION:
    case OPTION_LEVEL:
        *(double *)place = value->number;
        break;
    }
    return 0;
}

int
walk_defaults(const struct option *table, const struct binding *bindings, const char *pattern,
    void *target, struct diag *diag)
{
    for (const struct option *o = table; o->section; o++) {
        struct option_value value;
        if (strcmp(o->section, pattern) || !o->fallback)
            continue;
        int r = option_check(o, o->fallback, &value, diag);
        if (r == 0)
            r = walk_store(o, &bindings[o - table], target, NULL, &value, diag);
        if (r < 0)
            return r;
    }
    return 0;
}

/* Has the section any key at all? */
static bool
has_keys(const struct ini *ini, const char *section)
{
    for (int i = 0; i < ini_entry_count(ini); i++) {
        const struct ini_entry *entry = ini_entry_at(ini, i);
        if (entry->key && !strcmp(entry->section, section))
            return true;
    }
    return false;
}

/* Is a row's value missing? Then the fault of that. */
static int
check_given(const struct option *o, const struct ini *ini, const char *section,
    struct diag *diag)
{
    bool any = !strcmp(o->key, "*");
    const char *value = any ? NULL : ini_value(ini, section, o->key);
    if (any ? has_keys(ini, section) : value && *value)
        return 0;
    const struct ini_entry *place = ini_find(ini, section, value ? o->key : NULL);
    struct ini_entry absent = {
        .section = (char *)(uintptr_t)section,
        .key = any ? NULL : (char *)(uintptr_t)o->key,
        .line = place ? place->line : 0,
    };
    return walk_fault(ini, &absent, diag, ERR_MISSING, "required, and not given (%s)%s%s",
        o->help, o->example ? "; for example: " : "", o->example ? o->example : "");
}

int
walk_required(const struct option *table, const struct ini *ini, const char *section,
    struct diag *diag)
{
    int r = 0;
    for (const struct option *o = table; o->section && r == 0; o++)
        if (o->required && option_find(table, section, o->key) == o)
            r = check_given(o, ini, section, diag);
    return r;
}

int
walk_required_key(const struct option *table, const struct ini *ini, const char *section,
    const char *key, struct diag *diag)
{
    return check_given(option_find(table, section, key), ini, section, diag);
}

int
walk_section_fault(const struct ini *ini, const char *section, const char *key,
    struct diag *diag, int code, const char *text)
{
    const struct ini_entry *entry = ini_find(ini, section, key);
    if (!entry)
        entry = ini_find(ini, section, NULL);
    return entry ? walk_fault(ini, entry, diag, code, "%s", text)
                 : diag_set(diag, code, "%s", text);
}
