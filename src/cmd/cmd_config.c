/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop config ...`: optop.ini is checked, shown and changed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "config/config.h"
#include "config/runfile.h"

static int
run_check(struct cmd_line *line)
{
    char *path = line->argc ? xstrdup(line->argv[0]) : config_default_path();
    struct ini *ini = NULL;
    struct config *config = NULL;
    struct diag diag = { 0 };
    int status = CMD_FINE;
    if (access(path, F_OK) < 0 && errno == ENOENT && line->argc) {
        cmd_error("%s: %s", path, strerror(ENOENT));
        status = CMD_NOT_FOUND;
    } else if (access(path, F_OK) < 0 && errno == ENOENT) {
        output_text(stdout, PAINT_NONE, path);
        printf(": ok (not there: every option has its default)\n");
    } else if (config_load(path, &ini, &config, &diag) < 0) {
        if (!diag.file[0])
            diag_at(&diag, path, 0, NULL);
        cmd_fail(&diag);
        status = CMD_USAGE;
    } else {
        output_text(stdout, PAINT_NONE, path);
        printf(": ok\n");
    }
    config_free(config);
    ini_free(ini);
    free(path);
    return status;
}

const struct cmd cmd_config_check = {
    .name = "config check",
    .usage = "[FILE]",
    .help = "Check a configuration file; no server is asked",
    .detail = "Prints `FILE: ok', or the first fault as FILE:LINE: SECTION.KEY: what was found "
              "and what is allowed, and exits 2.",
    .most = 1,
    .run = run_check,
};

static int
run_show_config(struct cmd_line *line)
{
    json_t *answer;
    int status = cmd_ask(line, "config.get", NULL, &answer);
    if (status)
        return status;
    if (cmd_flag(line, "json"))
        output_json(answer);
    else {
        const char *text = json_get_string(answer, "text", "");
        printf("# ");
        output_text(stdout, PAINT_NONE, json_get_string(answer, "file", "-"));
        putchar('\n');
        fputs(text, stdout);
        if (*text && !str_ends(text, "\n"))
            putchar('\n');
    }
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option show_options[] = {
    { .name = "json", .letter = 'j', .help = "Print {\"file\":PATH,\"text\":TEXT}" },
    { 0 },
};

const struct cmd cmd_config_show = {
    .name = "config show",
    .usage = "",
    .help = "Print the configuration in effect, with its path",
    .server = CMD_SERVER_STARTED,
    .options = show_options,
    .run = run_show_config,
};

/* "threshold cpu.total.warning=80": the section may hold dots, the key does
 * not, so the last dot before the equals sign parts them. */
static json_t *
parse_change(const char *text, bool with_value)
{
    const char *equals = strchr(text, '=');
    if (with_value != (equals != NULL))
        return NULL;
    const char *end = equals ? equals : text + strlen(text), *dot = end;
    while (dot > text && *dot != '.')
        dot--;
    if (dot == text || dot + 1 >= end)
        return NULL;
    json_t *section = json_stringn(text, (size_t)(dot - text));
    json_t *key = json_stringn(dot + 1, (size_t)(end - dot - 1));
    json_t *value = equals ? json_string(equals + 1) : json_null();
    if (section && key && value)
        return json_pack("{s:o, s:o, s:o}", "section", section, "key", key, "value", value);
    json_decref(section);
    json_decref(key);
    json_decref(value);
    return NULL;
}

static int
change_config(struct cmd_line *line, bool with_value)
{
    json_t *changes = json_array(), *nothing;
    for (int i = 0; i < line->argc; i++) {
        json_t *change = parse_change(line->argv[i], with_value);
        if (!change) {
            cmd_error("%s: `%s' is not %s", line->cmd->name, line->argv[i],
                with_value ? "SECTION.KEY=VALUE" : "SECTION.KEY");
            json_decref(changes);
            return CMD_USAGE;
        }
        json_array_append_new(changes, change);
    }
    int status = cmd_ask(line, "config.set", json_pack("{s:o}", "changes", changes), &nothing);
    if (!status)
        json_decref(nothing);
    return status;
}

static int
run_set(struct cmd_line *line)
{
    return change_config(line, true);
}

static int
run_unset(struct cmd_line *line)
{
    return change_config(line, false);
}

const struct cmd cmd_config_set = {
    .name = "config set",
    .usage = "SECTION.KEY=VALUE...",
    .help = "Change options: written and in effect at once",
    .detail = "Comments and order of the file are kept. Either all changes are made or, when one "
              "is not right, none.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = -1,
    .run = run_set,
};

const struct cmd cmd_config_unset = {
    .name = "config unset",
    .usage = "SECTION.KEY...",
    .help = "Remove options from the file; their defaults come back",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = -1,
    .run = run_unset,
};

static int
run_reload(struct cmd_line *line)
{
    json_t *nothing;
    int status = cmd_ask(line, "config.reload", NULL, &nothing);
    if (!status)
        json_decref(nothing);
    return status;
}

const struct cmd cmd_config_reload = {
    .name = "config reload",
    .usage = "",
    .help = "Have the server read the file again",
    .detail = "On a fault the old configuration stays in effect.",
    .server = CMD_SERVER_NEEDED,
    .run = run_reload,
};

static int
run_options_list(struct cmd_line *line)
{
    const struct option *option = cmd_flag(line, "run") ? run_options : config_options;
    struct table *table = table_new();
    table_column(table, "option", TABLE_LEFT);
    table_column(table, "allowed", TABLE_LEFT);
    table_column(table, "default", TABLE_LEFT);
    table_column(table, "what", TABLE_LEFT);
    for (; option->section; option++) {
        char name[160], allowed[256];
        snprintf(name, sizeof name, "%s.%s", option->section, option->key);
        table_cell(table, PAINT_NONE, name);
        table_cell(table, PAINT_NONE, option_allowed(option, allowed, sizeof allowed));
        table_cell(table, PAINT_NONE, option->fallback ? option->fallback
                : option->required                     ? "(required)"
                                                       : "");
        table_cell(table, PAINT_NONE, option->help);
    }
    table_print(table, stdout, output_width(stdout), "");
    return CMD_FINE;
}

static const struct cmd_option options_options[] = {
    { .name = "run", .letter = 'r', .help = "The options of run files instead" },
    { 0 },
};

const struct cmd cmd_config_options = {
    .name = "config options",
    .usage = "",
    .help = "List every option: what it allows and its default",
    .options = options_options,
    .run = run_options_list,
};
