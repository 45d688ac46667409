/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * argv -> struct cmd_line, by the rows of the command table. Options may stand
 * anywhere behind the command, "--" ends them, "--name=value" and "-n5" work.
 */
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "cmd/cmd.h"
#include "config/suggest.h"

enum { WORD_MAX = 64, SUGGEST_WORDS_MAX = 128, PREFIX_LEAST = 3 };

static const struct cmd_option help_option = { .name = "help", .letter = 'h', .help = "Show this" };

const char *
cmd_suggest(const char *typed, const char *const *words, int count)
{
    const char *best = NULL;
    size_t least = SIZE_MAX;
    for (int i = 0; i < count; i++) {
        if (strlen(typed) >= PREFIX_LEAST && str_starts(words[i], typed))
            return words[i];
        if (suggest_closer(typed, words[i], &least))
            best = words[i];
    }
    return best;
}

static int
unknown(struct diag *diag, const char *kind, const char *help, const char *typed,
    const char *const *words, int count)
{
    const char *near = cmd_suggest(typed, words, count);
    if (near)
        return diag_set(diag, ERR_UNKNOWN_KEY, "unknown %s `%s' (did you mean `%s'?)", kind, typed, near);
    return diag_set(diag, ERR_UNKNOWN_KEY, "unknown %s `%s' (`optop %s' lists them)", kind, typed, help);
}

/* Length of a row's first word when the row has two; else 0. */
static size_t
group_length(const struct cmd *cmd)
{
    const char *space = strchr(cmd->name, ' ');
    return space ? (size_t)(space - cmd->name) : 0;
}

static bool
in_group(const struct cmd *cmd, const char *word)
{
    size_t len = group_length(cmd);
    return len && strlen(word) == len && !memcmp(cmd->name, word, len);
}

const struct cmd *
cmd_find(const struct cmd *const *table, const char *first, const char *second, int *ret_words)
{
    const struct cmd *one = NULL;
    for (; *table; table++) {
        if (!strcmp((*table)->name, first))
            one = *table;
        if (second && in_group(*table, first) &&
            !strcmp((*table)->name + group_length(*table) + 1, second)) {
            *ret_words = 2;
            return *table;
        }
    }
    *ret_words = 1;
    return one;
}

/* Says what was wrong with the name: an unknown command, or a group without
 * one of its words. */
static int
unknown_command(const struct cmd *const *table, const char *first, const char *second,
    struct diag *diag)
{
    const char *words[SUGGEST_WORDS_MAX];
    int count = 0;
    for (const struct cmd *const *c = table; *c && count < SUGGEST_WORDS_MAX; c++)
        if (in_group(*c, first))
            words[count++] = (*c)->name + group_length(*c) + 1;
    if (count && second && second[0] != '-') {
        char kind[WORD_MAX], help[WORD_MAX];
        snprintf(kind, sizeof kind, "%s command", first);
        snprintf(help, sizeof help, "help %s", first);
        return unknown(diag, kind, help, second, words, count);
    }
    if (count)
        return diag_set(diag, ERR_MISSING, "`%s' needs a command (`optop help %s' lists them)",
            first, first);
    char word[SUGGEST_WORDS_MAX][WORD_MAX]; /* of a row of two words, the first */
    for (const struct cmd *const *c = table; *c && count < SUGGEST_WORDS_MAX; c++, count++) {
        snprintf(word[count], sizeof *word, "%.*s", (int)strcspn((*c)->name, " "), (*c)->name);
        words[count] = word[count];
    }
    return unknown(diag, "command", "help", first, words, count);
}

static const struct cmd_option *
find_option(const struct cmd *cmd, const char *name, size_t len, char letter)
{
    for (const struct cmd_option *o = cmd->options; o && o->name; o++)
        if (name ? strlen(o->name) == len && !memcmp(o->name, name, len)
                 : o->letter && o->letter == letter)
            return o;
    if (name ? len == 4 && !memcmp(name, "help", 4) : letter == 'h')
        return &help_option;
    return NULL;
}

static int
unknown_option(const struct cmd *cmd, const char *typed, struct diag *diag)
{
    const char *words[SUGGEST_WORDS_MAX] = { help_option.name };
    int count = 1;
    for (const struct cmd_option *o = cmd->options; o && o->name && count < SUGGEST_WORDS_MAX; o++)
        words[count++] = o->name;
    char word[WORD_MAX];
    snprintf(word, sizeof word, "%s", typed + strspn(typed, "-"));
    word[strcspn(word, "=")] = '\0';
    const char *near = typed[1] == '-' ? cmd_suggest(word, words, count) : NULL;
    if (near)
        return diag_set(diag, ERR_UNKNOWN_KEY, "%s: unknown option `%s' (did you mean `--%s'?)",
            cmd->name, typed, near);
    return diag_set(diag, ERR_UNKNOWN_KEY,
        "%s: unknown option `%s' (`optop %s --help' lists them)", cmd->name, typed, cmd->name);
}

static int
take_option(struct cmd_line *line, const struct cmd_option *option, const char *value,
    struct diag *diag)
{
    if (option == &help_option) {
        line->help = true;
        return 0;
    }
    for (int i = 0; i < line->given_count && !option->repeat; i++)
        if (line->given[i].option == option)
            return diag_set(diag, ERR_DUPLICATE, "%s: `--%s' is given twice", line->cmd->name,
                option->name);
    line->given[line->given_count++] = (struct cmd_given){ option, value };
    return 0;
}

static int
needs_value(const struct cmd_line *line, const struct cmd_option *option, struct diag *diag)
{
    return diag_set(diag, ERR_MISSING, "%s: `--%s' needs a value: %s", line->cmd->name, option->name,
        option->argument);
}

/* "--name", "--name=value", "--name value"; *i is moved over what was used. */
static int
parse_long(struct cmd_line *line, int argc, char **argv, int *i, struct diag *diag)
{
    const char *name = argv[*i] + 2;
    size_t len = strcspn(name, "=");
    const struct cmd_option *option = find_option(line->cmd, name, len, 0);
    if (!option)
        return unknown_option(line->cmd, argv[*i], diag);
    if (!option->argument) {
        if (name[len])
            return diag_set(diag, ERR_SYNTAX, "%s: `--%s' takes no value", line->cmd->name,
                option->name);
        return take_option(line, option, NULL, diag);
    }
    if (name[len])
        return take_option(line, option, name + len + 1, diag);
    if (*i + 1 >= argc)
        return needs_value(line, option, diag);
    return take_option(line, option, argv[++*i], diag);
}

/* "-f", "-n5", "-n 5", "-fn5" */
static int
parse_short(struct cmd_line *line, int argc, char **argv, int *i, struct diag *diag)
{
    for (const char *p = argv[*i] + 1; *p; p++) {
        const struct cmd_option *option = find_option(line->cmd, NULL, 0, *p);
        if (!option)
            return unknown_option(line->cmd, argv[*i], diag);
        if (!option->argument) {
            int r = take_option(line, option, NULL, diag);
            if (r < 0)
                return r;
            continue;
        }
        if (p[1])
            return take_option(line, option, p + 1, diag);
        if (*i + 1 >= argc)
            return needs_value(line, option, diag);
        return take_option(line, option, argv[++*i], diag);
    }
    return 0;
}

static int
parse_arguments(struct cmd_line *line, int argc, char **argv, int start, struct diag *diag)
{
    bool options = !line->cmd->pass_through;
    for (int i = start; i < argc; i++) {
        int r = 0;
        if (options && !strcmp(argv[i], "--"))
            options = false;
        else if (options && str_starts(argv[i], "--"))
            r = parse_long(line, argc, argv, &i, diag);
        else if (options && argv[i][0] == '-' && argv[i][1])
            r = parse_short(line, argc, argv, &i, diag);
        else
            line->argv[line->argc++] = argv[i];
        if (r < 0)
            return r;
    }
    if (line->cmd->pass_through && line->argc == 1 && !strcmp(line->argv[0], "--help"))
        line->help = true;
    return 0;
}

static int
check_arguments(const struct cmd_line *line, struct diag *diag)
{
    const struct cmd *cmd = line->cmd;
    if (line->help)
        return 0;
    if (line->argc < cmd->least)
        return diag_set(diag, ERR_MISSING, "%s needs %s (usage: optop %s %s)", cmd->name, cmd->usage,
            cmd->name, cmd->usage);
    if (cmd->most >= 0 && line->argc > cmd->most)
        return diag_set(diag, ERR_SYNTAX, "%s: unexpected argument `%s' (usage: optop %s%s%s)",
            cmd->name, line->argv[cmd->most], cmd->name, cmd->usage[0] ? " " : "", cmd->usage);
    return 0;
}

int
cmd_parse(const struct cmd *const *table, int argc, char **argv, struct cmd_line *ret_line,
    struct diag *diag)
{
    const char *first = argc > 1 ? argv[1] : table[0]->name;
    int words = 0;
    if (!strcmp(first, "--help") || !strcmp(first, "-h"))
        first = "help";
    else if (!strcmp(first, "--version") || !strcmp(first, "-V"))
        first = "version";
    else if (!strcmp(first, "--once")) /* the overview as text */
        first = "status";
    else if (first[0] == '-')
        return diag_set(diag, ERR_UNKNOWN_KEY,
            "unknown option `%s' (options stand behind a command; see `optop help')", first);
    const char *second = argc > 2 ? argv[2] : NULL;
    const struct cmd *cmd = cmd_find(table, first, second, &words);
    if (!cmd)
        return unknown_command(table, first, second, diag);
    int start = 1 + words < argc ? 1 + words : argc;
    /* a cluster of letters can hold more options than argv has words */
    size_t letters = 1;
    for (int i = start; i < argc; i++)
        letters += strlen(argv[i]) + 1;
    struct cmd_line line = {
        .table = table,
        .cmd = cmd,
        .argv = xcalloc((size_t)argc + 1, sizeof *line.argv),
        .given = xcalloc(letters, sizeof *line.given),
    };
    int r = parse_arguments(&line, argc, argv, start, diag);
    if (r >= 0)
        r = check_arguments(&line, diag);
    if (r < 0) {
        cmd_line_release(&line);
        return r;
    }
    *ret_line = line;
    return 0;
}

void
cmd_line_release(struct cmd_line *line)
{
    free(line->argv);
    free(line->given);
    client_close(line->client);
    *line = (struct cmd_line){ 0 };
}

bool
cmd_flag(const struct cmd_line *line, const char *name)
{
    for (int i = 0; i < line->given_count; i++)
        if (!strcmp(line->given[i].option->name, name))
            return true;
    return false;
}

const char *
cmd_value(const struct cmd_line *line, const char *name, const char *fallback)
{
    for (int i = 0; i < line->given_count; i++)
        if (!strcmp(line->given[i].option->name, name))
            return line->given[i].value;
    return fallback;
}

int
cmd_number(const struct cmd_line *line, const char *name, int64_t fallback, int64_t min,
    int64_t max, int64_t *ret_value)
{
    const char *text = cmd_value(line, name, NULL);
    int64_t value = fallback;
    if (text && (unit_parse_int(text, &value) < 0 || value < min || value > max)) {
        cmd_error("%s: --%s: `%s' is not a whole number from %jd to %jd", line->cmd->name, name, text,
            (intmax_t)min, (intmax_t)max);
        return CMD_USAGE;
    }
    *ret_value = value;
    return 0;
}
