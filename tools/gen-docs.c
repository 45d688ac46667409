/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Puts what the tables say into the documents: commands, exit statuses and
 * keys into optop.1, options and metrics into optop.ini.5 and optop-run.5, and
 * writes conf/optop.ini. A manual page is committed whole; its generated parts
 * stand between
 *     .\" BEGIN name
 *     .\" END name
 *
 *     gen-docs --write|--check SOURCE-DIRECTORY
 *
 * With --check nothing is written, and a stale document exits 1.
 *
 * To add a part: one row in parts[].
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "cmd/cmd_table.h"
#include "config/config.h"
#include "config/option.h"
#include "config/runfile.h"
#include "model/metric.h"
#include "ui/keymap.h"
#include "ui/theme.h"

/* A sentence ends its line, as mdoc wants it; `text` may hold several. */
static void
mdoc_sentences(struct str *out, const char *text)
{
    while (*text) {
        const char *end = strstr(text, ". ");
        size_t len = end ? (size_t)(end - text) + 1 : strlen(text);
        char *sentence = xstrndup(text, len);
        mdoc_text(out, sentence);
        str_putc(out, '\n');
        free(sentence);
        text += len + (end ? 1 : 0);
    }
}

/* "[FILE]", "RUN..." as macros, to stand behind others on a line. */
static void
mdoc_usage(struct str *out, const char *usage)
{
    if (!usage[0])
        return;
    bool optional = usage[0] == '[';
    char *word = xstrdup(usage + optional);
    if (optional && str_ends(word, "]"))
        word[strlen(word) - 1] = '\0';
    bool repeat = str_ends(word, "...");
    if (repeat)
        word[strlen(word) - 3] = '\0';
    str_printf(out, "%s %s%s\n", optional ? ".Op Ar" : ".Ar", word, repeat ? " ..." : "");
    free(word);
}

static void
print_option(struct str *out, const struct cmd_option *option)
{
    str_puts(out, ".It ");
    if (option->letter)
        str_printf(out, "Fl %c , ", option->letter);
    str_printf(out, "Fl \\-%s", option->name);
    if (option->argument)
        str_printf(out, " Ar %s", option->argument);
    str_putc(out, '\n');
    mdoc_text(out, option->help);
    str_puts(out, option->repeat ? "; may be repeated.\n" : ".\n");
}

static void
print_command(struct str *out, const struct cmd *cmd)
{
    str_printf(out, ".It Xo\n.Ic %s\n", cmd->name);
    for (const struct cmd_option *o = cmd->options; o && o->name; o++) {
        if (o->letter)
            str_printf(out, ".Op Fl %c", o->letter);
        else
            str_printf(out, ".Op Fl \\-%s", o->name);
        str_printf(out, "%s%s%s\n", o->argument ? " Ar " : "", o->argument ? o->argument : "",
            o->repeat ? " ..." : "");
    }
    mdoc_usage(out, cmd->usage);
    str_puts(out, ".Xc\n");
    mdoc_text(out, cmd->help);
    str_puts(out, ".\n");
    if (cmd->detail)
        mdoc_sentences(out, cmd->detail);
    if (!cmd->options)
        return;
    str_puts(out, ".Bl -tag -width indent -compact\n");
    for (const struct cmd_option *o = cmd->options; o->name; o++)
        print_option(out, o);
    str_puts(out, ".El\n");
}

static void
print_commands(struct str *out)
{
    str_puts(out, ".Bl -tag -width indent\n");
    for (const struct cmd *const *c = cmd_table; *c; c++)
        print_command(out, *c);
    str_puts(out, ".El\n");
}

static void
print_exits(struct str *out)
{
    str_puts(out, ".Bl -tag -width indent -compact\n");
#define X(id, status, help)                                                    \
    str_printf(out, ".It %d\n", status);                                       \
    mdoc_sentences(out, help);
    CMD_EXIT_TABLE(X)
#undef X
    str_puts(out, ".El\n");
}

/* Rows of one context; a row without a note is one more key of the row above. */
static void
print_context(struct str *out, const char *context, const char *title)
{
    int count;
    const struct key_row *rows = keymap_rows(&count);
    str_printf(out, "%s:\n.Bl -tag -width indent -compact\n", title);
    for (int i = 0; i < count; i++) {
        if (strcmp(rows[i].context, context) || !keymap_note(&rows[i]))
            continue;
        str_puts(out, ".It Ic \"");
        mdoc_text(out, rows[i].key);
        for (int k = i + 1; k < count && !keymap_note(&rows[k]) && !strcmp(rows[k].context, context); k++) {
            str_puts(out, ", ");
            mdoc_text(out, rows[k].key);
        }
        str_puts(out, "\"\n");
        mdoc_text(out, keymap_note(&rows[i]));
        str_putc(out, '\n');
    }
    str_puts(out, ".El\n");
}

static void
print_keys(struct str *out)
{
    static const char *const contexts[][2] = {
        { "any", "Everywhere" }, { "runs", "Where there are runs" }, { "table", "In tables" },
        { "overview", "On the overview" }, { "all runs", "In the list of all runs" }, { "run", "In a run" },
        { "processes", "In the list of processes" },
        { "command", "In the line at the bottom" },
        { "launch", "When launching" }, { "launch form", "In the form of a run" },
        { "save as", "When saving a run file" }, { "alerts", "In the alerts" }, { "settings", "In the settings" },
        { "form", "In forms" },
    };
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        if (i)
            str_puts(out, ".Pp\n");
        print_context(out, contexts[i][0], contexts[i][1]);
    }
}

static void
print_config_options(struct str *out)
{
    option_print_manual(config_options, out);
}

static void
print_run_options(struct str *out)
{
    option_print_manual(run_options, out);
}

static void
print_metrics(struct str *out)
{
    str_puts(out, ".Bl -tag -width indent -compact\n");
    for (int m = 0; m < METRIC_COUNT; m++) {
        if (m == METRIC_FIGURE_VALUE)
            continue; /* goes by the names that programs give */
        const struct metric_info *info = metric_info((enum metric)m);
        const char *unit = metric_unit_text(info->unit);
        str_printf(out, ".It Cm %s", info->name);
        if (*unit)
            str_printf(out, " Pq %s", unit);
        str_putc(out, '\n');
        mdoc_text(out, info->help);
        str_putc(out, '\n');
    }
    str_puts(out, ".El\n");
}

/* The thresholds that hold without a file; owned. */
static struct config *
default_config(void)
{
    struct ini *ini;
    struct config *config;
    struct diag diag = { 0 };
    if (ini_parse_text("", 0, "", &ini, &diag) < 0 || config_from_ini(ini, &config, &diag) < 0) {
        fprintf(stderr, "gen-docs: an empty configuration is refused: %s\n", diag.text);
        exit(1);
    }
    ini_free(ini);
    return config;
}

static void
print_threshold(struct str *out, const struct config_threshold *threshold, const char *mark)
{
    char number[64];
    str_printf(out, "%s[threshold %s]\n", mark, threshold->name);
    if (threshold->has_warning)
        str_printf(out, "%swarning = %s%s\n", mark, threshold->below ? "< " : "",
            unit_format_number(threshold->warning, number, sizeof number));
    if (threshold->has_critical)
        str_printf(out, "%scritical = %s%s\n", mark, threshold->below ? "< " : "",
            unit_format_number(threshold->critical, number, sizeof number));
    str_printf(out, "%sfor = %ss\n", mark,
        unit_format_number(threshold->for_seconds, number, sizeof number));
}

static void
print_default_thresholds(struct str *out)
{
    struct config *config = default_config();
    str_puts(out, ".Bd -literal -offset indent\n");
    for (int i = 0; i < config->threshold_count; i++) {
        if (i)
            str_putc(out, '\n');
        print_threshold(out, &config->threshold[i], "");
    }
    str_puts(out, ".Ed\n");
    config_free(config);
}

static void
print_sample(struct str *out)
{
    str_puts(out,
        "# optop.ini: options of optop's server, screen, thresholds and webhooks.\n"
        "# Copy it to ~/.config/optop/optop.ini and change what you like; what is\n"
        "# commented out shows the default. `optop config check' checks it,\n"
        "# optop.ini(5) describes it. Written by gen-docs from the option table.\n\n");
    option_print_sample(config_options, out);
    struct config *config = default_config();
    str_puts(out, "\n# Thresholds that hold unless they are changed here.\n");
    for (int i = 0; i < config->threshold_count; i++) {
        str_putc(out, '\n');
        print_threshold(out, &config->threshold[i], "#");
    }
    config_free(config);
}

static const struct part {
    const char *file;
    const char *name; /* of the markers; NULL: the whole file */
    void (*print)(struct str *out);
    int theme; /* where print is NULL */
} parts[] = {
    { "doc/optop.1", "commands", print_commands, 0 },
    { "doc/optop.1", "keys", print_keys, 0 },
    { "doc/optop.1", "exits", print_exits, 0 },
    { "doc/optop.ini.5", "options", print_config_options, 0 },
    { "doc/optop.ini.5", "thresholds", print_default_thresholds, 0 },
    { "doc/optop.ini.5", "metrics", print_metrics, 0 },
    { "doc/optop-run.5", "options", print_run_options, 0 },
    { "conf/optop.ini", NULL, print_sample, 0 },
    { "conf/themes/default.ini", NULL, NULL, 0 },
    { "conf/themes/light.ini", NULL, NULL, 1 },
    { "conf/themes/high-contrast.ini", NULL, NULL, 2 },
    { "conf/themes/colour-blind.ini", NULL, NULL, 3 },
    { "conf/themes/mono.ini", NULL, NULL, 4 },
    { "conf/themes/terminal16.ini", NULL, NULL, 5 },
};

static int
read_file(const char *path, struct str *out)
{
    FILE *file = fopen(path, "re");
    char chunk[16 * 1024];
    size_t n;
    if (!file)
        return -errno;
    while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
        str_append(out, chunk, n);
    int r = ferror(file) ? -EIO : 0;
    fclose(file);
    return r;
}

static int
write_file(const char *path, const struct str *text)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return -errno;
    fwrite(text->data, 1, text->len, file);
    int r = ferror(file) ? -EIO : 0;
    return fclose(file) ? -errno : r;
}

/* The document with one part made anew. */
static int
put_part(const struct part *part, const struct str *old, struct str *out)
{
    if (!part->name) {
        if (part->print)
            part->print(out);
        else
            str_puts(out, theme_builtin(part->theme)->text);
        return 0;
    }
    char begin[64], end[64];
    snprintf(begin, sizeof begin, ".\\\" BEGIN %s\n", part->name);
    snprintf(end, sizeof end, ".\\\" END %s\n", part->name);
    const char *start = strstr(old->data, begin), *stop = start ? strstr(start, end) : NULL;
    if (!stop) {
        fprintf(stderr, "gen-docs: %s: no markers of `%s'\n", part->file, part->name);
        return -ENOENT;
    }
    start += strlen(begin);
    str_append(out, old->data, (size_t)(start - old->data));
    part->print(out);
    str_puts(out, stop);
    return 0;
}

/* 1 when the document was, or would be, changed. */
static int
do_part(const struct part *part, const char *root, bool check)
{
    char *path = xasprintf("%s/%s", root, part->file);
    struct str old, new;
    str_init(&old);
    str_init(&new);
    int r = read_file(path, &old);
    if (r == -ENOENT && !part->name)
        r = 0;
    if (r == 0)
        r = put_part(part, &old, &new);
    if (r == 0 && (old.len != new.len || memcmp(old.data, new.data, new.len))) {
        r = check ? 0 : write_file(path, &new);
        if (r == 0) {
            printf("%s: %s%s%s\n", part->file, part->name ? part->name : "whole",
                part->name ? " part" : "", check ? " is stale (`make docs' writes it)" : " written");
            r = 1;
        }
    }
    if (r < 0)
        fprintf(stderr, "gen-docs: %s: %s\n", path, strerror(-r));
    str_release(&old);
    str_release(&new);
    free(path);
    return r;
}

int
main(int argc, char **argv)
{
    bool check = argc == 3 && !strcmp(argv[1], "--check");
    if (argc != 3 || (!check && strcmp(argv[1], "--write"))) {
        fprintf(stderr, "usage: gen-docs --write|--check SOURCE-DIRECTORY\n");
        return 2;
    }
    int changed = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        int r = do_part(&parts[i], argv[2], check);
        if (r < 0)
            return 1;
        changed += r;
    }
    return check && changed ? 1 : 0;
}
