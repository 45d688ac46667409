/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/run_places.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "config/runfile.h"
#include "config/suggest.h"
#include "config/walk.h"

static bool
is_known_name(const struct run_spec *spec, const char *name, bool *used)
{
    for (int i = 0; i < spec->dimension_count; i++)
        if (!strcmp(spec->dimension[i].name, name)) {
            used[i] = true;
            return true;
        }
    for (int i = 0; i < spec->parameter_count; i++)
        if (!strcmp(spec->parameter[i].name, name))
            return true;
    return false;
}

static int
unknown_place(const struct run_spec *spec, const struct ini *ini, const struct ini_entry *entry,
    const char *name, struct diag *diag)
{
    const char *meant = NULL;
    size_t best = SIZE_MAX;
    for (int i = 0; i < spec->dimension_count; i++)
        if (suggest_closer(name, spec->dimension[i].name, &best))
            meant = spec->dimension[i].name;
    for (int i = 0; i < spec->parameter_count; i++)
        if (suggest_closer(name, spec->parameter[i].name, &best))
            meant = spec->parameter[i].name;
    return walk_fault(ini, entry, diag, ERR_UNKNOWN_KEY,
        "{%s} is neither in [space] nor in [parameters]%s%s%s", name,
        meant ? " (did you mean {" : "", meant ? meant : "", meant ? "}?)" : "");
}

/* What is looked through for places, and what was found. */
struct places {
    const struct run_spec *spec;
    const struct ini *ini;
    bool fixed; /* there is no point when they are filled in */
    bool used[RUN_DIMENSIONS_MAX]; /* dimensions, by all texts so far */
};

/* A program that is started once for all points is given none of them in its
 * command or environment. */
static int
check_fixed(const struct places *places, const struct ini_entry *entry, const char *name,
    struct diag *diag)
{
    for (int i = 0; i < places->spec->dimension_count; i++)
        if (!strcmp(places->spec->dimension[i].name, name))
            return walk_fault(places->ini, entry, diag, ERR_CONFLICT,
                "{%s} is a dimension: a worker is started once, and reads points from its"
                " standard input", name);
    return 0;
}

/* Every {name} of one text must be known; marks the dimensions it uses. Where
 * `point`, {json} uses all. */
static int
check_text(struct places *places, const struct ini_entry *entry, const char *text, bool point,
    struct diag *diag)
{
    const struct run_spec *spec = places->spec;
    struct runfile_place place;
    char shown[80];
    int r;
    for (size_t offset = 0; (r = runfile_next_place(text, offset, &place)) > 0;
         offset = place.end) {
        r = places->fixed ? check_fixed(places, entry, place.name, diag) : 0;
        if (r < 0)
            return r;
        if (place.name[0] == '{' || place.name[0] == '}' ||
            is_known_name(spec, place.name, places->used))
            continue;
        if (!point || strcmp(place.name, "json") != 0)
            return unknown_place(spec, places->ini, entry, place.name, diag);
        for (int i = 0; i < spec->dimension_count; i++)
            places->used[i] = true;
    }
    if (r < 0)
        return walk_fault(places->ini, entry, diag, ERR_SYNTAX,
            "a brace in \"%s\" is not part of {name} (write {{ or }} for a brace)",
            text_clean(text, shown, sizeof shown));
    return 0;
}

static int
check_words(struct places *places, struct diag *diag)
{
    char **argv;
    const struct ini_entry *entry = ini_find(places->ini, "objective", "command");
    int r = runfile_split_command(places->spec->command, &argv, diag);
    if (r < 0) {
        char text[DIAG_TEXT_MAX];
        str_copy(text, sizeof text, diag ? diag->text : "");
        return walk_fault(places->ini, entry, diag, r, "%s", text);
    }
    for (char **word = argv; *word && r == 0; word++)
        r = check_text(places, entry, *word, false, diag);
    runfile_free_argv(argv);
    return r;
}

int
runfile_check_places(const struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    bool fixed = spec->objective == OBJECTIVE_WORKER;
    struct places places = { .spec = spec, .ini = ini, .fixed = fixed };
    int r = check_words(&places, diag);
    if (r == 0 && spec->standard_input && !fixed)
        r = check_text(&places, ini_find(ini, "objective", "stdin"), spec->standard_input, true,
            diag);
    for (int i = 0; i < spec->environment_count && r == 0; i++)
        r = check_text(&places, ini_find(ini, "environment", spec->environment[i].name),
            spec->environment[i].value, !fixed, diag);
    if (fixed)
        return r;
    for (int i = 0; i < spec->dimension_count && r == 0; i++)
        if (!places.used[i]) {
            const char *name = spec->dimension[i].name;
            r = walk_fault(ini, ini_find(ini, "space", name), diag, ERR_CONFLICT,
                "the command does not use {%s}: it would only repeat trials", name);
        }
    return r;
}
