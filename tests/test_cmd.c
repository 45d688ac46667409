/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command line: parsing by the rows, the table itself, and what is
 * printed of runs, trials and figures.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cmd/cmd_table.h"
#include "cmd/figures_text.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "cmd/report.h"

static int
run_nothing(struct cmd_line *line)
{
    (void)line;
    return CMD_FINE;
}

static const struct cmd_option run_opts[] = {
    { .name = "set", .letter = 's', .repeat = true, .argument = "K=V", .help = "Set" },
    { .name = "detach", .letter = 'd', .help = "Detach" },
    { .name = "json", .letter = 'j', .help = "JSON" },
    { .name = "count", .letter = 'n', .argument = "N", .help = "Count" },
    { 0 },
};
static const struct cmd row_console = { .name = "console", 
    .usage = "", .help = "Screen", .run = run_nothing };
static const struct cmd row_run = { .name = "run", 
    .usage = "FILE", .help = "Run", .least = 1, .most = 1,
    .options = run_opts, .run = run_nothing };
static const struct cmd row_cancel = { .name = "cancel", 
    .usage = "RUN...", .help = "Cancel", .least = 1,
    .most = -1, .run = run_nothing };
static const struct cmd row_check = { .name = "config check", 
    .usage = "[FILE]", .help = "Check", .most = 1,
    .run = run_nothing };
static const struct cmd row_set = { .name = "config set", 
    .usage = "K=V...", .help = "Set", .least = 1,
    .most = -1, .run = run_nothing };
static const struct cmd row_server = { .name = "server run", 
    .usage = "[ARG...]", .help = "Serve",
    .pass_through = true, .most = -1, .run = run_nothing };
static const struct cmd row_help = { .name = "help", 
    .usage = "", .help = "Help", .most = 2, .run = run_nothing };
static const struct cmd *const table[] = { &row_console, &row_run, &row_cancel, &row_check, &row_set,
    &row_server, &row_help, NULL };

enum { WORDS_MAX = 16 };

/* Splits a command line at blanks and parses it. */
static int
parse(const char *text, struct cmd_line *ret_line, struct diag *diag)
{
    static char buf[1024];
    static char *argv[WORDS_MAX + 1];
    int argc = 0;
    snprintf(buf, sizeof buf, "%s", text);
    for (char *p = buf, *word; (word = strsep(&p, " ")) && argc < WORDS_MAX;)
        argv[argc++] = word;
    argv[argc] = NULL;
    *diag = (struct diag){ 0 };
    return cmd_parse(table, argc, argv, ret_line, diag);
}

START_TEST(names_of_one_and_two_words)
{
    struct cmd_line line;
    struct diag diag;
    static const char *const cases[][2] = {
        { "optop", "console" }, { "optop run x", "run" }, { "optop config check", "config check" },
        { "optop config check file", "config check" }, { "optop --help", "help" }, { "optop -h", "help" },
        { "optop server run --socket x", "server run" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_msg(parse(cases[i][0], &line, &diag) == 0, "%s: %s", cases[i][0], diag.text);
        ck_assert_str_eq(line.cmd->name, cases[i][1]);
        cmd_line_release(&line);
    }
}
END_TEST

START_TEST(options_stand_anywhere)
{
    struct cmd_line line;
    struct diag diag;
    ck_assert_int_eq(parse("optop run --set a.b=1 file -s c.d=2 --set=e.f=g=h -dj -n5", &line, &diag), 0);
    ck_assert_int_eq(line.argc, 1);
    ck_assert_str_eq(line.argv[0], "file");
    ck_assert(cmd_flag(&line, "detach") && cmd_flag(&line, "json"));
    ck_assert_str_eq(cmd_value(&line, "count", "10"), "5");
    ck_assert_int_eq(line.given_count, 6);
    ck_assert_str_eq(line.given[0].value, "a.b=1");
    ck_assert_str_eq(line.given[1].value, "c.d=2");
    ck_assert_str_eq(line.given[2].value, "e.f=g=h");
    cmd_line_release(&line);
    ck_assert_int_eq(parse("optop run -dn 7 file", &line, &diag), 0);
    ck_assert_str_eq(cmd_value(&line, "count", "10"), "7");
    cmd_line_release(&line);
}
END_TEST

START_TEST(dashes_end_options)
{
    struct cmd_line line;
    struct diag diag;
    ck_assert_int_eq(parse("optop cancel -- -1 --json", &line, &diag), 0);
    ck_assert_int_eq(line.argc, 2);
    ck_assert_str_eq(line.argv[1], "--json");
    cmd_line_release(&line);
    ck_assert_int_eq(parse("optop run -", &line, &diag), 0);
    ck_assert_str_eq(line.argv[0], "-");
    cmd_line_release(&line);
    ck_assert_int_eq(parse("optop server run --any -x -- y", &line, &diag), 0);
    ck_assert_int_eq(line.argc, 4);
    cmd_line_release(&line);
}
END_TEST

START_TEST(help_asks_for_nothing_else)
{
    struct cmd_line line;
    struct diag diag;
    ck_assert_int_eq(parse("optop run --help", &line, &diag), 0);
    ck_assert(line.help);
    cmd_line_release(&line);
    ck_assert_int_eq(parse("optop server run --help", &line, &diag), 0);
    ck_assert(line.help);
    cmd_line_release(&line);
}
END_TEST

START_TEST(faults_are_told_with_what_is_near)
{
    static const struct {
        const char *line, *part;
    } cases[] = {
        { "optop rum x", "unknown command `rum' (did you mean `run'?)" },
        { "optop cnacel 1", "did you mean `cancel'" },
        { "optop zzzzzz", "unknown command `zzzzzz' (`optop help'" },
        { "optop config", "`config' needs a command" },
        { "optop conf show", "unknown command `conf' (did you mean `config'?)" },
        { "optop config chek", "unknown config command `chek' (did you mean `check'?)" },
        { "optop --json", "unknown option `--json'" },
        { "optop run", "run needs FILE" },
        { "optop run a b", "unexpected argument `b'" },
        { "optop console x", "unexpected argument `x'" },
        { "optop config frobnicate", "(`optop help config' lists them)" },
        { "optop run x --detahc", "did you mean `--detach'" },
        { "optop run x --jsno", "did you mean `--json'" },
        { "optop run x --wholly-other", "unknown option `--wholly-other'" },
        { "optop run x -q", "unknown option `-q'" },
        { "optop run x -dq", "unknown option `-dq'" },
        { "optop run x --count", "`--count' needs a value: N" },
        { "optop run x -n", "`--count' needs a value" },
        { "optop run x --json=1", "`--json' takes no value" },
        { "optop run x -n1 -n2", "given twice" },
        { "optop run x -jj", "given twice" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cmd_line line;
        struct diag diag;
        ck_assert_msg(parse(cases[i].line, &line, &diag) < 0, "%s is accepted", cases[i].line);
        ck_assert_msg(strstr(diag.text, cases[i].part), "%s: %s", cases[i].line, diag.text);
        ck_assert_ptr_null(strchr(diag.text, '\n'));
    }
}
END_TEST

START_TEST(suggestions_are_near)
{
    static const char *const words[] = { "run", "resume", "runs", "status" };
    ck_assert_str_eq(cmd_suggest("statsu", words, 4), "status");
    ck_assert_str_eq(cmd_suggest("res", words, 4), "resume");
    ck_assert_ptr_null(cmd_suggest("configuration", words, 4));
    ck_assert_ptr_null(
        cmd_suggest("a-word-longer-than-anything-that-could-be-meant-by-it", words, 4));
    ck_assert_ptr_null(cmd_suggest("x", words, 0));
}
END_TEST

START_TEST(exit_statuses_follow_codes)
{
    ck_assert_int_eq(cmd_exit_status(0), CMD_FINE);
    ck_assert_int_eq(cmd_exit_status(ERR_BAD_RANGE), CMD_USAGE);
    ck_assert_int_eq(cmd_exit_status(ERR_UNKNOWN_KEY), CMD_USAGE);
    ck_assert_int_eq(cmd_exit_status(-32602), CMD_USAGE);
    ck_assert_int_eq(cmd_exit_status(ERR_NOT_FOUND), CMD_NOT_FOUND);
    ck_assert_int_eq(cmd_exit_status(ERR_CLOSED), CMD_UNREACHABLE);
    ck_assert_int_eq(cmd_exit_status(ERR_VERSION), CMD_UNREACHABLE);
    ck_assert_int_eq(cmd_exit_status(ERR_BAD_STATE), CMD_FAILED);
    ck_assert_int_eq(cmd_exit_status(ERR_STORE), CMD_FAILED);
    ck_assert_int_eq(cmd_exit_status(-EIO), CMD_FAILED);
}
END_TEST

/* What people read about a command is complete and fits help and manual. */
START_TEST(every_row_is_whole)
{
    for (int i = 0; cmd_table[i]; i++) {
        const struct cmd *cmd = cmd_table[i];
        ck_assert_ptr_nonnull(cmd->run);
        ck_assert_ptr_nonnull(cmd->usage);
        ck_assert_msg(cmd->help && cmd->help[0], "%s has no help", cmd->name);
        ck_assert_msg(cmd->help[strlen(cmd->help) - 1] != '.', "%s: help ends with a stop", cmd->name);
        ck_assert_msg(!cmd->detail || cmd->detail[strlen(cmd->detail) - 1] == '.',
            "%s: detail has no stop", cmd->name);
        ck_assert_msg(cmd->most < 0 || cmd->most >= cmd->least, "%s: bounds", cmd->name);
        for (int k = 0; k < i; k++)
            ck_assert_str_ne(cmd_table[k]->name, cmd->name);
        for (const struct cmd_option *o = cmd->options; o && o->name; o++) {
            ck_assert_msg(o->help && o->help[0], "%s --%s has no help", cmd->name, o->name);
            ck_assert_msg(strcmp(o->name, "help") && o->letter != 'h', "%s: -h is taken", cmd->name);
            for (const struct cmd_option *p = cmd->options; p != o; p++) {
                ck_assert_str_ne(p->name, o->name);
                ck_assert(!o->letter || p->letter != o->letter);
            }
        }
    }
}
END_TEST

START_TEST(every_row_is_found)
{
    for (int i = 0; cmd_table[i]; i++) {
        char name[64];
        int words;
        snprintf(name, sizeof name, "%s", cmd_table[i]->name);
        char *second = strchr(name, ' ');
        if (second)
            *second++ = '\0';
        ck_assert_ptr_eq(cmd_find(cmd_table, name, second, &words), cmd_table[i]);
        ck_assert_int_eq(words, second ? 2 : 1);
    }
    int words;
    ck_assert_str_eq(cmd_find(cmd_table, "caches", "--json", &words)->name, "caches");
    ck_assert_int_eq(words, 1);
}
END_TEST

static json_t *
object(const char *text)
{
    struct diag diag = { 0 };
    json_t *value = json_parse(text, strlen(text), &diag);
    ck_assert_msg(value, "%s: %s", text, diag.text);
    return value;
}

START_TEST(json_goes_through_unchanged_and_harmless)
{
    static const char *const cases[][2] = {
        { "{\"a\":0.1,\"b\":85.2,\"c\":11000,\"d\":null,\"e\":[true,false,{}]}", NULL },
        { "{\"big\":9007199254740993,\"neg\":-1,\"small\":1e-300}", NULL },
        { "\"caf\u00e9 \u65e5\"", NULL },
        { "\"\u202e\xc2\x9b" "31m\"", "\"\\u202e\\u009b31m\"" },
        { "\"\U000e0041\"", "\"\\udb40\\udc41\"" },
        { "\"\\u001b[31m\"", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str out;
        str_init(&out);
        json_t *value = object(cases[i][0]);
        output_json_to(&out, value);
        ck_assert_str_eq(out.data, cases[i][1] ? cases[i][1] : cases[i][0]);
        json_t *again = object(out.data);
        ck_assert(json_equal(value, again));
        json_decref(again);
        json_decref(value);
        str_release(&out);
    }
}
END_TEST

static const char top_text[] =
    "{\"run\":1,\"parameters\":[\"level\",\"name\"],\"metrics\":[\"wall_seconds\"],\"trials\":["
    "{\"trial\":2,\"score\":10.5,\"params\":{\"name\":\"a,\\\"b\\\"\",\"level\":9},"
    "\"metrics\":{\"wall_seconds\":0.25}},"
    "{\"trial\":1,\"score\":null,\"params\":{\"level\":1,\"name\":\"x\\ny\"},\"metrics\":{}}]}";

START_TEST(csv_is_quoted_and_in_column_order)
{
    struct str out;
    str_init(&out);
    json_t *top = object(top_text);
    report_csv(top, &out);
    ck_assert_str_eq(out.data,
        "trial,score,level,name,wall_seconds\n"
        "2,10.5,9,\"a,\"\"b\"\"\",0.25\n"
        "1,,1,\"x\ny\",\n");
    json_decref(top);
    str_release(&out);
}
END_TEST

/* What a function prints, with the standard output of a file. */
static char *
printed(void (*print)(const json_t *, FILE *), const json_t *value)
{
    char *text = NULL;
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    print(value, file);
    long len = ftell(file);
    text = calloc(1, (size_t)len + 1);
    rewind(file);
    ck_assert_int_eq(fread(text, 1, (size_t)len, file), len);
    fclose(file);
    return text;
}

START_TEST(tables_are_aligned_and_clean)
{
    json_t *top = object(top_text);
    char *text = printed(report_top, top);
    ck_assert_str_eq(text,
        "trial  score  level   name   wall\n"
        "    2   10.5      9  a,\"b\"  250ms\n"
        "    1      -      1    x\u00b7y      -\n");
    free(text);
    json_decref(top);
}
END_TEST

START_TEST(tables_are_cut_to_the_width)
{
    for (int width = 1; width < 60; width++) {
        struct table *t = table_new();
        table_column(t, "n", TABLE_RIGHT);
        table_column(t, "what", TABLE_LEFT);
        table_column(t, "more", TABLE_LEFT);
        table_cell(t, PAINT_NONE, "1");
        table_cell(t, PAINT_NONE, "a long text of many words");
        table_cell(t, PAINT_NONE, "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e");
        FILE *file = tmpfile();
        table_print(t, file, width, "");
        rewind(file);
        char line[256];
        while (fgets(line, sizeof line, file)) {
            line[strcspn(line, "\n")] = '\0';
            ck_assert_int_le(text_width(line), width < 15 ? 15 : width);
        }
        fclose(file);
    }
}
END_TEST

static const char run_text[] =
    "{\"run\":3,\"name\":\"xz\",\"state\":\"running\",\"cancelling\":false,"
    "\"counts\":{\"total\":750,\"done\":99,\"failed\":1,\"running\":2},"
    "\"best\":{\"trial\":12,\"score\":11000,\"params\":{\"preset\":9},\"metrics\":{}},"
    "\"rate\":85.2,\"eta_seconds\":7.6,\"elapsed_seconds\":1.2,\"workers\":2}";

START_TEST(progress_fits_every_width)
{
    json_t *run = object(run_text);
    struct str out;
    str_init(&out);
    for (int width = 0; width < 200; width++) {
        for (int utf8 = 0; utf8 < 2; utf8++) {
            str_clear(&out);
            progress_line(run, width, utf8, &out);
            ck_assert_msg(text_width(out.data) <= width, "%d: %s", width, out.data);
            for (const char *p = out.data; !utf8 && *p; p++)
                ck_assert_msg(*p >= ' ' && *p < 0x7F, "%s is not ASCII", out.data);
        }
    }
    str_clear(&out);
    progress_line(run, 79, false, &out);
    ck_assert_str_eq(out.data,
        "xz  [##-----------------]  100 of 750 (1 failed)  85.2/s  7.6s left  best 11000");
    json_object_set_new(run, "space",
        json_pack("{s:i, s:i, s:b}", "points", 1250, "feasible", 750, "exhaustive", 1));
    str_clear(&out);
    progress_line(run, 79, false, &out); /* what has no room costs the rest nothing */
    ck_assert_str_eq(out.data,
        "xz  [##-----------------]  100 of 750 (1 failed)  85.2/s  7.6s left  best 11000");
    str_clear(&out);
    progress_line(run, 159, false, &out);
    ck_assert_str_eq(out.data,
        "xz  [#####-----------------------------------]  100 of 750 (1 failed)  85.2/s  7.6s left"
        "  best 11000 (trial 12)  750 feasible points of 1250, exhaustive");
    json_decref(run);
    str_release(&out);
}
END_TEST

START_TEST(progress_says_only_what_is_known)
{
    static const struct {
        const char *run, *plain, *line;
    } cases[] = {
        { run_text, "run 3 (xz): running, 100 of 750 (1 failed), 85.2/s, 7.6s left, best 11000 (trial 12)", NULL },
        { "{\"run\":1,\"name\":\"a\",\"state\":\"queued\",\"counts\":{\"total\":null,\"done\":0,"
          "\"failed\":0},\"best\":null,\"rate\":null,\"waiting\":\"no slot is free\"}",
            "run 1 (a): queued, 0 (no slot is free)", "a  0  queued: no slot is free" },
        { "{\"run\":1,\"name\":\"a\",\"state\":\"running\",\"cancelling\":true,\"counts\":{}}",
            "run 1 (a): stopping, 0", "a  0  stopping" },
        { "{\"run\":1,\"name\":\"a\",\"state\":\"running\",\"counts\":{\"done\":5,\"failed\":0},"
          "\"eta_seconds\":16,\"eta_low_seconds\":14,\"eta_high_seconds\":18.2,"
          "\"best\":{\"trial\":3,\"score\":1,\"found_seconds\":2.5}}",
            "run 1 (a): running, 5, 16s left (14s-18s), best 1 (trial 3, after 2.5s)",
            "a  5  16s left (14s-18s)  best 1 (trial 3, after 2.5s)" },
        { "{\"run\":1,\"name\":\"a\",\"state\":\"running\",\"counts\":{\"done\":5,\"failed\":0},"
          "\"eta_seconds\":16,\"eta_low_seconds\":14,\"eta_high_seconds\":null}",
            "run 1 (a): running, 5, 16s left (at least 14s)", "a  5  16s left (at least 14s)" },
        { "{\"run\":1,\"name\":\"a\",\"state\":\"running\",\"counts\":{\"done\":5,\"failed\":0},"
          "\"eta_seconds\":16,\"eta_low_seconds\":15.9,\"eta_high_seconds\":16.1}",
            "run 1 (a): running, 5, 16s left", "a  5  16s left" },
        { "{\"run\":1,\"name\":\"a\",\"state\":\"running\",\"counts\":{\"done\":5,\"failed\":0},"
          "\"space\":{\"points\":1250,\"feasible\":750,\"exhaustive\":true}}",
            "run 1 (a): running, 5; 750 feasible points of 1250, exhaustive",
            "a  5  750 feasible points of 1250, exhaustive" },
        { "{}", "run 0 (-): -, 0", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str out;
        str_init(&out);
        json_t *run = object(cases[i].run);
        progress_plain(run, &out);
        ck_assert_str_eq(out.data, cases[i].plain);
        str_clear(&out);
        progress_line(run, 79, true, &out);
        if (cases[i].line)
            ck_assert_str_eq(out.data, cases[i].line);
        json_decref(run);
        str_release(&out);
    }
}
END_TEST

START_TEST(a_run_in_one_line)
{
    json_t *run = object(run_text);
    struct str out;
    str_init(&out);
    report_run_line(run, &out);
    ck_assert_str_eq(out.data,
        "run 3 (xz) running: 100 trials in 1.2s (85.2/s), 1 failed, best 11000");
    json_decref(run);
    str_release(&out);
}
END_TEST

START_TEST(hostile_names_stay_text)
{
    json_t *runs = object(
        "[{\"run\":1,\"name\":\"\\u001b[2J\\u202e\",\"state\":\"done\",\"counts\":{}}]");
    char *text = printed((void (*)(const json_t *, FILE *))report_run, json_array_get(runs, 0));
    ck_assert_ptr_null(strchr(text, '\033'));
    ck_assert_ptr_null(strstr(text, "\u202e"));
    free(text);
    json_decref(runs);
}
END_TEST

START_TEST(figures_by_the_metric_table)
{
    json_t *status = object(
        "{\"cpu\":{\"total\":12.5,\"user\":null},\"memory\":{\"used_bytes\":1048576},"
        "\"disks\":[{\"name\":\"vda\",\"read_bytes\":1024},{\"name\":\"vdb\",\"read_bytes\":1024}]}");
    const json_t *disk = json_array_get(json_object_get(status, "disks"), 0);
    static const struct {
        const char *text, *out;
        bool disk;
    } cases[] = {
        { "{cpu.total} {cpu.user} {cpu.system}", "12.5% - -", false },
        { "[{cpu.total:8}]", "[   12.5%]", false },
        { "{memory.used_bytes}", "1.00M", false },
        { "{disk.read_bytes}", "2.00K/s", false },
        { "{disk.read_bytes}", "1.00K/s", true },
        { "{no.such} {", "{no.such} {", false },
        { "{net.send_bytes}", "-", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct str out;
        str_init(&out);
        figures_expand(status, cases[i].disk ? disk : NULL, cases[i].text, &out);
        ck_assert_str_eq(out.data, cases[i].out);
        str_release(&out);
    }
    json_decref(status);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("cmd");
    TCase *tc = tcase_create("cmd");
    tcase_add_test(tc, names_of_one_and_two_words);
    tcase_add_test(tc, options_stand_anywhere);
    tcase_add_test(tc, dashes_end_options);
    tcase_add_test(tc, help_asks_for_nothing_else);
    tcase_add_test(tc, faults_are_told_with_what_is_near);
    tcase_add_test(tc, suggestions_are_near);
    tcase_add_test(tc, exit_statuses_follow_codes);
    tcase_add_test(tc, every_row_is_whole);
    tcase_add_test(tc, every_row_is_found);
    tcase_add_test(tc, json_goes_through_unchanged_and_harmless);
    tcase_add_test(tc, csv_is_quoted_and_in_column_order);
    tcase_add_test(tc, tables_are_aligned_and_clean);
    tcase_add_test(tc, tables_are_cut_to_the_width);
    tcase_add_test(tc, progress_fits_every_width);
    tcase_add_test(tc, progress_says_only_what_is_known);
    tcase_add_test(tc, a_run_in_one_line);
    tcase_add_test(tc, hostile_names_stay_text);
    tcase_add_test(tc, figures_by_the_metric_table);
    suite_add_tcase(suite, tc);
    return suite;
}
