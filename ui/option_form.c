/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/option_form.h"

#include "base/xalloc.h"

void
option_form_init(struct option_form *form, const struct option *table, struct ini *ini)
{
    *form = (struct option_form){ .ini = ini, .table = table };
    form_init(&form->form);
}

void
option_form_release(struct option_form *form)
{
    for (int i = 0; i < form->form.count; i++) {
        free(form->place[i].section);
        free(form->place[i].key);
    }
    form_release(&form->form);
    free(form->place);
    ini_free(form->ini);
    *form = (struct option_form){ .form.current = -1 };
}

static int
insert(struct option_form *form, int index, const struct field_spec *spec,
    const char *section, const char *key, const struct option *option, bool adds)
{
    XGROW(form->place, form->form.count, form->capacity);
    int behind = form->form.count - index, made = form_insert(&form->form, index, spec);
    if (made < 0)
        return made;
    struct option_place *place = &form->place[index];
    memmove(place + 1, place, (size_t)behind * sizeof *place);
    *place = (struct option_place){
        .section = section ? xstrdup(section) : NULL,
        .key = key ? xstrdup(key) : NULL,
        .option = option,
        .adds = adds,
    };
    return made;
}

static void
describe_allowed(const struct option *option, char *buf, size_t size)
{
    char allowed[256];
    if (!option) {
        str_copy(buf, size, "not an option; empty it to take it out");
        return;
    }
    option_allowed(option, allowed, sizeof allowed);
    snprintf(buf, size, "%s%s", str_starts(allowed, "for example") ? "" : "allowed: ", allowed);
}

static int
insert_entry(struct option_form *form, int index, const char *section, const char *key,
    const struct option *option)
{
    char name[DIAG_KEY_MAX], allowed[300];
    bool fixed = option && !str_equal(option->key, "*");
    snprintf(name, sizeof name, "%s.%s", section, key);
    describe_allowed(option, allowed, sizeof allowed);
    struct field_spec spec = {
        .kind = option && option->type == OPTION_CHOICE ? FIELD_CHOICE
            : option && option->type == OPTION_BOOL ? FIELD_CHOICE : FIELD_TEXT,
        .name = name,
        .label = key,
        .text = ini_value(form->ini, section, key),
        .fallback = option ? option->fallback : NULL,
        .choices = option && option->type == OPTION_BOOL ? "yes|no" : option ? option->choices : NULL,
        .allowed = allowed,
        .help = option ? option->help : NULL,
        .required = fixed && option->required,
    };
    return insert(form, index, &spec, section, key, option, false);
}

static void
add_adder(struct option_form *form, const char *section, const struct option *option)
{
    char name[DIAG_KEY_MAX], example[256];
    snprintf(name, sizeof name, "[%s]", section);
    snprintf(example, sizeof example, "name = value");
    if (option->example)
        snprintf(example, sizeof example, "name = value, as in: %s", option->example);
    struct field_spec spec = {
        .name = name, .label = "+ new", .allowed = example, .help = option->help,
    };
    insert(form, form->form.count, &spec, section, NULL, option, true);
}

static void
add_rest(struct option_form *form, const char *section)
{
    char name[DIAG_KEY_MAX];
    for (int i = 0; i < ini_entry_count(form->ini); i++) {
        const struct ini_entry *entry = ini_entry_at(form->ini, i);
        if (!entry->key || !str_equal(entry->section, section))
            continue;
        snprintf(name, sizeof name, "%s.%s", section, entry->key);
        if (option_form_find(form, name) < 0)
            insert_entry(form, form->form.count, section, entry->key,
                option_find(form->table, section, entry->key));
    }
}

void
option_form_add_section(struct option_form *form, const char *section, const char *pattern)
{
    char title[DIAG_KEY_MAX];
    const struct option *open = NULL;
    snprintf(title, sizeof title, "[%s]", section);
    struct field_spec heading = { .kind = FIELD_HEADING, .label = title };
    insert(form, form->form.count, &heading, NULL, NULL, NULL, false);

    for (const struct option *o = form->table; o->section; o++) {
        if (!str_equal(o->section, pattern))
            continue;
        if (str_equal(o->key, "*"))
            open = o;
        else
            insert_entry(form, form->form.count, section, o->key, o);
    }
    add_rest(form, section);
    if (open)
        add_adder(form, section, open);
}

static bool
has_section(const struct option_form *form, const char *section)
{
    for (int i = 0; i < form->form.count; i++)
        if (str_equal(form->place[i].section, section))
            return true;
    return false;
}

void
option_form_add_all(struct option_form *form)
{
    for (const struct option *o = form->table; o->section; o++)
        if (!has_section(form, o->section))
            option_form_add_section(form, o->section, o->section);
    for (int i = 0; i < ini_entry_count(form->ini); i++) {
        const struct ini_entry *entry = ini_entry_at(form->ini, i);
        if (entry->key && !has_section(form, entry->section))
            option_form_add_section(form, entry->section, entry->section);
    }
}

void
option_form_add_button(struct option_form *form, const char *label, const char *help)
{
    struct field_spec spec = { .kind = FIELD_BUTTON, .label = label, .help = help };
    insert(form, form->form.count, &spec, NULL, NULL, NULL, false);
}

int
option_form_find(const struct option_form *form, const char *name)
{
    for (int i = 0; i < form->form.count; i++) {
        const struct option_place *place = &form->place[i];
        if (!place->key || !str_starts(name, place->section))
            continue;
        const char *rest = name + strlen(place->section);
        if (*rest == '.' && str_equal(rest + 1, place->key))
            return i;
    }
    return -1;
}

/* The text without blanks at its ends; owned by the caller. */
static char *
trimmed(const char *text)
{
    char *whole = xstrdup(text), *start = str_trim(whole);
    memmove(whole, start, strlen(start) + 1);
    return whole;
}

static int
write_value(struct option_form *form, const struct option_place *place, const char *text,
    struct diag *diag)
{
    if (str_equal(text, ini_value(form->ini, place->section, place->key)))
        return 0;
    if (!*text)
        return ini_unset(form->ini, place->section, place->key);
    return ini_set(form->ini, place->section, place->key, text, diag);
}

static void
check_field(struct option_form *form, int index, bool left)
{
    const struct option_place *place = &form->place[index];
    struct diag diag = { 0 };
    struct option_value value;
    char *text = trimmed(form_text(&form->form, index));

    form_set_error(&form->form, index, NULL);
    int rc = *text || left ? write_value(form, place, text, &diag) : 0;
    if (rc >= 0 && place->option && *text)
        rc = option_check(place->option, text, &value, &diag);
    if (rc >= 0 && !*text && place->option && place->option->required &&
        !str_equal(place->option->key, "*"))
        rc = diag_set(&diag, ERR_MISSING, "required");
    if (rc < 0)
        form_set_error(&form->form, index, *diag.text ? diag.text : err_text(rc));
    free(text);
}

void
option_form_check(struct option_form *form, bool finished)
{
    for (int i = 0; i < form->form.count; i++)
        if (form->place[i].key)
            check_field(form, i, finished || i != form->form.current);
}

static bool
refuse_new(struct option_form *form, int index, const char *text)
{
    form_set_error(&form->form, index, text);
    return false;
}

/* key is free of blanks at its ends; both point into one text. */
static bool
take_pair(struct option_form *form, int index, const char *key, const char *value)
{
    char name[DIAG_KEY_MAX];
    struct diag diag = { 0 };
    const char *section = form->place[index].section;

    if (!*key || !*value)
        return refuse_new(form, index, "write: name = value");
    if ((size_t)snprintf(name, sizeof name, "%s.%s", section, key) >= sizeof name)
        return refuse_new(form, index, "the name is too long");
    int there = option_form_find(form, name);
    if (there >= 0 && *form_text(&form->form, there))
        return refuse_new(form, index, "this name is taken");
    if (ini_set(form->ini, section, key, value, &diag) < 0)
        return refuse_new(form, index, diag.text);
    if (there >= 0)
        form_set_text(&form->form, there, value);
    else if (insert_entry(form, index, section, key, form->place[index].option) < 0)
        return refuse_new(form, index, "the form is full");
    else
        index++;
    form_set_text(&form->form, index, "");
    form_set_error(&form->form, index, NULL);
    return true;
}

bool
option_form_take_new(struct option_form *form, int index)
{
    if (!form->place[index].adds)
        return true;
    char *whole = trimmed(form_text(&form->form, index));
    char *equals = strchr(whole, '=');
    bool fine = true;
    if (!*whole) {
        form_set_error(&form->form, index, NULL);
    } else if (!equals) {
        fine = refuse_new(form, index, "write: name = value");
    } else {
        *equals = '\0';
        fine = take_pair(form, index, str_trim(whole), str_trim(equals + 1));
    }
    free(whole);
    return fine;
}

bool
option_form_place_fault(struct option_form *form, const struct diag *diag)
{
    int index = option_form_find(form, diag->key);
    if (index < 0)
        return false;
    if (!form->form.field[index].error)
        form_set_error(&form->form, index, *diag->text ? diag->text : err_text(diag->code));
    return true;
}
