/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop help`, `optop version` and every --help: printed from the rows.
 */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"

enum { HELP_WIDTH = 80, COMMAND_WIDTH = 24, OPTION_WIDTH = 32 };

/* `left`, padded to `indent` cells, then the words of `text` (help is ASCII)
 * broken so that they stand behind it. */
static void
put_wrapped(const char *left, const char *text, int indent)
{
    int column = printf("%s", left);
    if (column + 2 > indent && indent) {
        putchar('\n');
        column = 0;
    }
    bool fresh = true;
    while (*text) {
        int len = (int)strcspn(text, " ");
        if (!fresh && column + 1 + len >= HELP_WIDTH) {
            putchar('\n');
            column = 0;
            fresh = true;
        }
        if (fresh)
            column += printf("%*s", indent - column, "");
        column += printf("%s%.*s", fresh ? "" : " ", len, text);
        fresh = false;
        text += len + (text[len] == ' ');
    }
    putchar('\n');
}

static void
put_row(const struct cmd *cmd)
{
    char left[80];
    snprintf(left, sizeof left, "  %s%s%s", cmd->name, cmd->usage[0] ? " " : "", cmd->usage);
    put_wrapped(left, cmd->help, COMMAND_WIDTH);
}

void
cmd_print_overview(const struct cmd *const *table)
{
    printf("usage: optop [COMMAND] [ARGUMENT...]\n\n");
    for (; *table; table++)
        put_row(*table);
    printf("\n`optop help COMMAND' or `optop COMMAND --help' says more; see also optop(1).\n");
}

bool
cmd_print_group(const struct cmd *const *table, const char *word)
{
    size_t len = strlen(word);
    bool any = false, alone = false; /* a word may be a command by itself, too */
    for (const struct cmd *const *row = table; *row; row++)
        if (!strncmp((*row)->name, word, len)) {
            any = any || (*row)->name[len] == ' ';
            alone = alone || !(*row)->name[len];
        }
    if (!any)
        return false;
    printf("usage: optop %s %sCOMMAND%s [ARGUMENT...]\n\n", word, alone ? "[" : "", alone ? "]" : "");
    for (; *table; table++)
        if (!strncmp((*table)->name, word, len) && ((*table)->name[len] == ' ' || !(*table)->name[len]))
            put_row(*table);
    return true;
}

static void
put_option(const struct cmd_option *option)
{
    char left[80], text[256], letter[8] = "    ";
    if (option->letter)
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name, option->argument ? " " : "",
        option->argument ? option->argument : "");
    snprintf(text, sizeof text, "%s%s", option->help, option->repeat ? " (may be repeated)" : "");
    put_wrapped(left, text, OPTION_WIDTH);
}

void
cmd_print_help(const struct cmd *cmd)
{
    printf("usage: optop %s%s%s%s\n\n", cmd->name, cmd->options ? " [OPTION...]" : "",
        cmd->usage[0] ? " " : "", cmd->usage);
    char text[1024];
    snprintf(text, sizeof text, "%s.%s%s", cmd->help, cmd->detail ? " " : "",
        cmd->detail ? cmd->detail : "");
    put_wrapped("", text, 0);
    putchar('\n');
    for (const struct cmd_option *o = cmd->options; o && o->name; o++)
        put_option(o);
    static const struct cmd_option help = { .name = "help", .letter = 'h', .help = "Show this" };
    put_option(&help);
}

static int
run_help(struct cmd_line *line)
{
    int words;
    if (!line->argc) {
        cmd_print_overview(line->table);
        return CMD_FINE;
    }
    const struct cmd *cmd =
        cmd_find(line->table, line->argv[0], line->argc > 1 ? line->argv[1] : NULL, &words);
    if (cmd && words == line->argc) {
        cmd_print_help(cmd);
        return CMD_FINE;
    }
    if (!cmd && line->argc == 1 && cmd_print_group(line->table, line->argv[0]))
        return CMD_FINE;
    /* the parser knows how to say what is wrong with a name */
    char *argv[] = { line->argv[0], line->argv[0], line->argc > 1 ? line->argv[1] : NULL, NULL };
    struct cmd_line unused;
    struct diag diag = { 0 };
    if (cmd_parse(line->table, line->argc + 1, argv, &unused, &diag) < 0)
        cmd_error("%s", diag.text);
    else {
        cmd_line_release(&unused);
        cmd_error("help: unexpected argument `%s'", line->argv[line->argc - 1]);
    }
    return CMD_USAGE;
}

const struct cmd cmd_help = {
    .name = "help",
    .usage = "[COMMAND]",
    .help = "Show the commands, or one command's options",
    .most = 2,
    .run = run_help,
};

static int
run_version(struct cmd_line *line)
{
    (void)line;
    printf("optop %s\n", cmd_version());
    return CMD_FINE;
}

const struct cmd cmd_version_row = {
    .name = "version",
    .usage = "",
    .help = "Print the version of this program",
    .run = run_version,
};
