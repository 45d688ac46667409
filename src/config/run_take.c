/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/run_take.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unit.h"
#include "config/runfile.h"

/* 1 to 63 letters, digits, dots, underscores, dashes. */
static bool
is_plain_name(const char *text)
{
    size_t len = strlen(text);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c >= 0x80 || (!isalnum((unsigned char)*c) && !strchr("._-", *c)))
            return false;
    return len > 0 && len < RUN_NAME_MAX;
}

static bool
is_identifier(const char *text)
{
    static const char *const reserved[] = {
        "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if",
        "in", "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
        "math",
    };
    if (!is_plain_name(text) || strpbrk(text, ".-") || isdigit((unsigned char)text[0]))
        return false;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (!strcmp(text, reserved[i]))
            return false;
    return true;
}

int
run_take_name(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct text_shown shown;
    (void)entry;
    if (!is_plain_name(value->text))
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is not a name (allowed: 1 to 63 letters, digits, \".\", \"_\", \"-\")",
            text_show(value->text, &shown));
    str_copy(spec->name, sizeof spec->name, value->text);
    return 0;
}

int
run_take_goal(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->goal = value->number == 0 ? RUN_MINIMIZE : RUN_MAXIMIZE;
    return 0;
}

int
run_take_after(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct text_shown shown;
    const char *p = value->text;
    (void)entry;
    spec->after_count = 0;
    while (*p) {
        char word[24];
        size_t len = strcspn(p, ",");
        int64_t id = 0;
        snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), p);
        if (unit_parse_int(str_trim(word), &id) < 0 || id < 1)
            return diag_set(diag, ERR_BAD_TYPE,
                "\"%s\" is not a list of runs (allowed: their numbers, with commas between)",
                text_show(value->text, &shown));
        if (spec->after_count == RUN_AFTER_MAX)
            return diag_set(diag, ERR_TOO_LARGE, "more than %d runs", RUN_AFTER_MAX);
        spec->after[spec->after_count++] = id;
        p += len + (p[len] == ',');
    }
    return 0;
}

int
run_take_start(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct text_shown shown;
    int64_t wall_ns = 0;
    (void)entry;
    int r = *value->text ? clock_parse(value->text, 0, &wall_ns) : 0;
    if (r < 0)
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is not a time (allowed: 2026-11-30 06:00, 06:00 or +2h, for example)",
            text_show(value->text, &shown));
    spec->start_wall_ns = r == 0 ? wall_ns : 0; /* else runfile_settle has not been here */
    return 0;
}

int
run_take_type(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->objective = (enum objective_type)value->number;
    return 0;
}

int
run_take_score(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct text_shown shown;
    (void)entry;
    for (int kind = SCORE_STDOUT; kind < SCORE_JSON; kind++)
        if (!strcmp(value->text, score_kind_name((enum score_kind)kind))) {
            spec->score = (enum score_kind)kind;
            spec->score_field[0] = '\0';
            return 0;
        }
    const char *field = value->text + 5;
    if (str_starts(value->text, "json:") && *field && strlen(field) < sizeof spec->score_field) {
        spec->score = SCORE_JSON;
        str_copy(spec->score_field, sizeof spec->score_field, field);
        return 0;
    }
    return diag_set(diag, ERR_BAD_TYPE,
        "\"%s\" is not a score (allowed: one of: stdout, stdout_bytes, wall_seconds, "
        "cpu_seconds, max_rss_bytes, json:FIELD)", text_show(value->text, &shown));
}

/* "0, 3..5" */
int
run_take_codes(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct exit_codes codes = { 0 };
    struct text_shown shown;
    const char *p = value->text;
    (void)entry;
    for (bool more = true; more;) {
        int low, high, n = 0;
        if (sscanf(p, " %3d%n", &low, &n) != 1)
            break;
        p += n;
        high = low;
        if (sscanf(p, " .. %3d%n", &high, &n) == 1)
            p += n;
        if (low < 0 || high > 255 || low > high)
            break;
        while (low <= high)
            exit_codes_add(&codes, low++);
        p += strspn(p, " \t");
        more = *p == ',';
        p += more;
        if (!more && !*p) {
            spec->success_codes = codes;
            return 0;
        }
    }
    return diag_set(diag, ERR_BAD_TYPE,
        "\"%s\" are no exit statuses (allowed: a list of 0 to 255 and ranges, as in 0, 3..5)",
        text_show(value->text, &shown));
}

/* Names of parameters and dimensions stand in one space. */
static int
check_new_name(const struct run_spec *spec, const char *name, struct diag *diag)
{
    struct text_shown shown;
    if (!is_identifier(name))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a name (allowed: up to 63 letters, digits and \"_\", not starting with "
            "a digit, not a word of Lua)", text_show(name, &shown));
    for (int i = 0; i < spec->parameter_count; i++)
        if (!strcmp(spec->parameter[i].name, name))
            return diag_set(diag, ERR_DUPLICATE, "\"%s\" is a parameter already", name);
    for (int i = 0; i < spec->dimension_count; i++)
        if (!strcmp(spec->dimension[i].name, name))
            return diag_set(diag, ERR_DUPLICATE, "\"%s\" is a dimension already (line %d)", name,
                spec->dimension[i].line);
    return 0;
}

static int
add_text(struct run_parameter **texts, int *count, const char *name, const char *value,
    struct diag *diag)
{
    struct run_parameter *grown = realloc(*texts, (size_t)(*count + 1) * sizeof *grown);
    if (!grown)
        return diag_no_memory(diag);
    *texts = grown;
    struct run_parameter *text = &grown[*count];
    str_copy(text->name, sizeof text->name, name);
    text->value = strdup(value);
    if (!text->value)
        return diag_no_memory(diag);
    ++*count;
    return 0;
}

int
run_take_parameter(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    int r = check_new_name(spec, entry->key, diag);
    if (r < 0)
        return r;
    if (spec->parameter_count >= RUN_PARAMETERS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d parameters", RUN_PARAMETERS_MAX);
    return add_text(&spec->parameter, &spec->parameter_count, entry->key, value->text, diag);
}

/* OPTOP_RUN is how the processes of a run are found: it is not the run's to set. */
int
run_take_variable(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct text_shown shown;
    if (!is_plain_name(entry->key) || strpbrk(entry->key, ".-") ||
        isdigit((unsigned char)entry->key[0]))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a variable (allowed: up to 63 letters, digits and \"_\", not starting "
            "with a digit)", text_show(entry->key, &shown));
    if (!strcmp(entry->key, "OPTOP_RUN"))
        return diag_set(diag, ERR_CONFLICT, "OPTOP_RUN is set by optop itself");
    if (spec->environment_count >= RUN_PARAMETERS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d variables", RUN_PARAMETERS_MAX);
    return add_text(&spec->environment, &spec->environment_count, entry->key, value->text, diag);
}

int
run_take_dimension(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    int r = check_new_name(spec, entry->key, diag);
    if (r < 0)
        return r;
    if (spec->dimension_count >= RUN_DIMENSIONS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d dimensions", RUN_DIMENSIONS_MAX);
    struct dimension *grown = realloc(spec->dimension,
        (size_t)(spec->dimension_count + 1) * sizeof *grown);
    if (!grown)
        return diag_no_memory(diag);
    spec->dimension = grown;
    r = runfile_parse_dimension(value->text, &grown[spec->dimension_count], diag);
    if (r < 0)
        return r;
    struct dimension *dimension = &grown[spec->dimension_count++];
    str_copy(dimension->name, sizeof dimension->name, entry->key);
    dimension->line = entry->line;
    return 0;
}

int
run_take_constraint(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct text_shown shown;
    if (!is_plain_name(entry->key))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a name (allowed: 1 to 63 letters, digits, \".\", \"_\", \"-\")",
            text_show(entry->key, &shown));
    if (!*value->text)
        return diag_set(diag, ERR_MISSING, "an expression is missing (for example: a + b <= 4)");
    if (spec->constraint_count >= RUN_CONSTRAINTS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d constraints", RUN_CONSTRAINTS_MAX);
    struct run_constraint *grown = realloc(spec->constraint,
        (size_t)(spec->constraint_count + 1) * sizeof *grown);
    if (!grown)
        return diag_no_memory(diag);
    spec->constraint = grown;
    struct run_constraint *constraint = &grown[spec->constraint_count];
    str_copy(constraint->name, sizeof constraint->name, entry->key);
    constraint->line = entry->line;
    constraint->expression = strdup(value->text);
    if (!constraint->expression)
        return diag_no_memory(diag);
    spec->constraint_count++;
    return 0;
}

int
run_take_method(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->search = value->number == 0 ? SEARCH_GRID : SEARCH_RANDOM;
    return 0;
}

int
run_take_mode(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->mode = (enum run_mode)value->number;
    return 0;
}

/* "P x T": processes of threads. */
static bool
parse_hybrid(const char *text, int64_t *ret_processes, int64_t *ret_threads)
{
    char left[32], right[32];
    const char *by = strchr(text, 'x');
    if (!by || (size_t)(by - text) >= sizeof left || strlen(by + 1) >= sizeof right)
        return false;
    snprintf(left, sizeof left, "%.*s", (int)(by - text), text);
    str_copy(right, sizeof right, by + 1);
    return unit_parse_int(str_trim(left), ret_processes) == 0 &&
        unit_parse_int(str_trim(right), ret_threads) == 0;
}

int
run_take_keep_output(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->keep_output = (enum run_keep)value->number;
    return 0;
}

int
run_take_keep_directory(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    (void)entry, (void)diag;
    ((struct run_spec *)target)->keep_directory = (enum run_keep)value->number;
    return 0;
}

int
run_take_workers(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct text_shown shown;
    int64_t workers = 0, threads = 1;
    (void)entry;
    if (parse_hybrid(value->text, &workers, &threads) && workers >= 1 && threads >= 1 &&
        threads <= RUN_THREADS_MAX && workers <= RUN_WORKERS_MAX / threads)
        workers *= threads;
    else if (strcmp(value->text, "auto") &&
        (unit_parse_int(value->text, &workers) < 0 || workers < 1 || workers > RUN_WORKERS_MAX))
        return diag_set(diag, ERR_BAD_RANGE,
            "\"%s\" is not a number of workers (allowed: auto, 1 to %d, or processes x threads)",
            text_show(value->text, &shown), RUN_WORKERS_MAX);
    spec->workers = (int)workers;
    spec->threads = (int)threads;
    return 0;
}

int
run_take_keep(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_spec *spec = target;
    struct text_shown shown;
    int64_t count = 0;
    (void)entry;
    if (strcmp(value->text, "all") != 0 &&
        (!str_starts(value->text, "top:") || unit_parse_int(value->text + 4, &count) < 0 ||
            count < 1 || count > RUN_KEEP_MAX))
        return diag_set(diag, ERR_BAD_RANGE, "\"%s\" is not what can be kept (allowed: all, "
            "top:1 to top:%d)", text_show(value->text, &shown), RUN_KEEP_MAX);
    spec->keep_top = count;
    return 0;
}

int
run_take_io_priority(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct run_limits *limits = &((struct run_spec *)target)->limits;
    struct text_shown shown;
    (void)entry;
    if (limits_parse_io(value->text, &limits->io_class, &limits->io_level) < 0)
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is not an I/O priority (allowed: none, idle, best-effort or realtime with or"
            " without /0 to /7)", text_show(value->text, &shown));
    return 0;
}

int
run_take_affinity(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct text_shown shown;
    (void)entry;
    if (limits_parse_cpus(value->text, ((struct run_spec *)target)->limits.cpus) < 0)
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is not a list of CPUs (allowed: numbers below %d and ranges, such as 0-3,6)",
            text_show(value->text, &shown), LIMITS_CPUS_MAX);
    return 0;
}
