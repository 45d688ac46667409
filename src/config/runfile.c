/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Run files: a document checked against the option table (run_options.c) into a
 * struct run_spec. Words of a command are in command.c.
 */
#include "config/runfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/run_places.h"
#include "config/run_rules.h"
#include "config/run_take.h"
#include "config/suggest.h"

enum { RANDOM_TRIALS = 100 };

static int
take_entry(void *context, const struct ini_entry *entry, const struct option *option,
    const struct option_value *value, struct diag *diag)
{
    if (!option)
        return 0;
    return walk_store(option, &run_bindings[option - run_options], context, entry, value, diag);
}

/* What a method needs of the space and of the number of trials. */
static int
check_search(struct run_spec *spec, const struct ini *ini, struct diag *diag)
{
    const struct ini_entry *trials = ini_find(ini, "search", "trials");
    if (spec->reuse && objective_type_warm(spec->objective))
        return walk_fault(ini, ini_find(ini, "search", "reuse"), diag, ERR_CONFLICT,
            "with objective.type = %s points are drawn where they are evaluated, and are not known"
            " to the server (allowed: no)", objective_type_name(spec->objective));
    if (spec->search == SEARCH_RANDOM) {
        if (trials && spec->trials == 0)
            return walk_fault(ini, trials, diag, ERR_BAD_RANGE,
                "random search needs a number of trials (allowed: 1 or more)");
        if (!trials)
            spec->trials = RANDOM_TRIALS;
        return 0;
    }
    for (int i = 0; i < spec->dimension_count; i++) {
        const struct dimension *dimension = &spec->dimension[i];
        if (dimension->kind == DIMENSION_FLOAT && dimension->step == 0 &&
            dimension->low < dimension->high)
            return walk_fault(ini, ini_find(ini, "space", dimension->name), diag, ERR_CONFLICT,
                "a grid needs a step here (float LOW..HIGH step X), or search.method = random");
    }
    return 0;
}

static int
check_required(const struct ini *ini, struct diag *diag)
{
    for (const struct option *o = run_options; o->section; o++)
        if (o == run_options || strcmp(o[-1].section, o->section)) {
            int r = walk_required(run_options, ini, o->section, diag);
            if (r < 0)
                return r;
        }
    return 0;
}

int
runfile_check(const struct ini *ini, struct run_spec *ret_spec, struct diag *diag)
{
    struct run_spec spec;
    struct diag unseen = { 0 };
    if (!diag)
        diag = &unseen;
    run_spec_init(&spec);
    int r = 0;
    for (const struct option *o = run_options; o->section && r == 0; o++)
        if (o == run_options || strcmp(o[-1].section, o->section))
            r = walk_defaults(run_options, run_bindings, o->section, &spec, diag);
    if (r == 0)
        r = walk_document(run_options, ini, take_entry, &spec, diag);
    if (r == 0)
        r = check_required(ini, diag);
    if (r == 0)
        r = runfile_check_objective(&spec, ini, diag);
    if (r == 0 && (spec.objective == OBJECTIVE_COMMAND || spec.objective == OBJECTIVE_WORKER))
        r = runfile_check_places(&spec, ini, diag);
    if (r == 0)
        r = runfile_check_parallel(&spec, ini, diag);
    if (r == 0)
        r = runfile_check_directory(&spec, ini, diag);
    if (r == 0)
        r = check_search(&spec, ini, diag);
    if (r == 0)
        r = runfile_check_pool(&spec, ini, diag);
    if (r == 0)
        r = runfile_check_limits(&spec, ini, diag);
    if (r == 0)
        r = runfile_check_sink(&spec, ini, diag);
    if (r < 0) {
        run_spec_release(&spec);
        return r;
    }
    *ret_spec = spec;
    return 0;
}

int
runfile_settle(struct ini *ini, int64_t now_wall_ns, struct diag *diag)
{
    const char *start = ini_value(ini, "run", "start");
    char text[32];
    int64_t wall_ns;
    if (!start || clock_parse(start, now_wall_ns, &wall_ns) != 1)
        return 0;
    return ini_set(ini, "run", "start", clock_format_utc(wall_ns, text, sizeof text), diag);
}

/* The section of a key by itself; NULL with a diag when there is none. */
static const char *
section_of(const char *key, struct diag *diag)
{
    const char *section = NULL, *meant = NULL;
    size_t best = SIZE_MAX;
    struct text_shown shown;
    for (const struct option *o = run_options; o->section; o++) {
        if (!strcmp(o->key, "*"))
            continue;
        if (suggest_closer(key, o->key, &best))
            meant = o->key;
        if (strcmp(o->key, key))
            continue;
        if (!section) /* of two the first: trials are those of the search */
            section = o->section;
    }
    if (!section)
        diag_set(diag, ERR_UNKNOWN_KEY, "\"%s\" is not a key of a run file%s%s%s",
            text_show(key, &shown), meant ? " (did you mean \"" : " (write section.key=value)",
            meant ? meant : "", meant ? "\"?)" : "");
    return section;
}

int
runfile_parse_assignment(const char *text, struct runfile_assignment *ret_assignment,
    struct diag *diag)
{
    struct runfile_assignment a = { .value = "" };
    char name[RUN_NAME_MAX + DIAG_KEY_MAX];
    struct text_shown shown;
    struct diag unseen = { 0 };
    const char *equals = strchr(text, '=');
    if (!diag)
        diag = &unseen;
    if (!equals || (size_t)(equals - text) >= sizeof name)
        return diag_set(diag, ERR_SYNTAX, "\"%s\" is not section.key=value", text_show(text, &shown));
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    char *key = str_trim(name), *dot = strchr(key, '.');
    if (dot)
        *dot = '\0';
    const char *section = dot ? str_trim(key) : *key ? section_of(key, diag) : "";
    if (!section) /* as the key alone says what is wrong with it */
        return diag->code;
    if (!str_copy(a.section, sizeof a.section, section) || !*section ||
        !str_copy(a.key, sizeof a.key, dot ? str_trim(dot + 1) : key))
        return diag_set(diag, ERR_SYNTAX, "\"%s\" is not section.key=value", text_show(text, &shown));
    a.value = equals + 1;
    *ret_assignment = a;
    return 0;
}

int
runfile_set(struct ini *ini, const char *assignment, struct diag *diag)
{
    struct runfile_assignment a;
    char name[RUN_NAME_MAX + DIAG_KEY_MAX];
    struct text_shown shown;
    int r = runfile_parse_assignment(assignment, &a, diag);
    if (r < 0)
        return r;
    snprintf(name, sizeof name, "%s.%s", a.section, a.key);
    if (!option_find(run_options, a.section, a.key)) {
        const char *meant = option_suggest(run_options, a.section, a.key);
        diag_at(diag, NULL, 0, text_show(name, &shown));
        return diag_set(diag, ERR_UNKNOWN_KEY, "unknown key%s%s%s", meant ? " (did you mean \"" : "",
            meant ? meant : "", meant ? "\"?)" : "");
    }
    char *value = strdup(a.value);
    r = value ? ini_set(ini, a.section, a.key, str_trim(value), diag) : diag_no_memory(diag);
    free(value);
    return r;
}
