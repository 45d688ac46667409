/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/runfile.h"

#define HEAD "[run]\nname = t\n[objective]\ncommand = p {x}\n"
#define SPACE "[space]\nx = int 0..9\n"

static int
check(const char *text, struct run_spec *spec, struct diag *diag)
{
    struct ini *ini;
    memset(diag, 0, sizeof *diag);
    ck_assert_int_eq(ini_parse_text(text, strlen(text), "r.ini", &ini, diag), 0);
    int r = runfile_check(ini, spec, diag);
    ini_free(ini);
    return r;
}

static struct run_spec
spec_of(const char *text)
{
    struct run_spec spec;
    struct diag diag;
    int r = check(text, &spec, &diag);
    ck_assert_msg(r == 0, "%s\n%d: %s: %s", text, diag.line, diag.key, diag.text);
    return spec;
}

static void
refused(const char *text, int code, int line, const char *key, const char *words)
{
    struct run_spec spec;
    struct diag diag;
    int r = check(text, &spec, &diag);
    ck_assert_msg(r == code, "%s\ngave %d: %s", text, r, diag.text);
    ck_assert_msg(diag.line == line, "%s\nline %d", text, diag.line);
    ck_assert_str_eq(diag.file, "r.ini");
    ck_assert_str_eq(diag.key, key);
    ck_assert_msg(strstr(diag.text, words) != NULL, "%s", diag.text);
}

START_TEST(defaults)
{
    struct run_spec s = spec_of(HEAD SPACE);
    ck_assert_str_eq(s.name, "t");
    ck_assert_int_eq(s.goal, RUN_MINIMIZE);
    ck_assert_int_eq(s.objective, OBJECTIVE_COMMAND);
    ck_assert_str_eq(s.command, "p {x}");
    ck_assert_int_eq(s.score, SCORE_STDOUT);
    ck_assert_ptr_null(s.directory);
    ck_assert(!s.fresh_directory);
    ck_assert_ptr_null(s.standard_input);
    ck_assert_int_eq(s.environment_count, 0);
    ck_assert(exit_codes_has(&s.success_codes, 0));
    ck_assert(!exit_codes_has(&s.success_codes, 1));
    ck_assert_int_eq(s.search, SEARCH_GRID);
    ck_assert_uint_eq(s.seed, 1);
    ck_assert_int_eq(s.trials, 0);
    ck_assert_int_eq(s.workers, 0);
    ck_assert_double_eq(s.trial_seconds, 0);
    ck_assert_double_eq(s.run_seconds, 0);
    ck_assert_double_eq(s.grace_seconds, -1);
    ck_assert_int_eq(s.max_failures, 0);
    ck_assert_int_eq(s.dimension_count, 1);
    ck_assert_int_eq(s.dimension[0].line, 6);
    run_spec_release(&s);
}
END_TEST

START_TEST(reads_everything)
{
    struct run_spec s = spec_of(
        "[limits]\ntrial = 10s\nrun = 1h\ngrace = 0\nmax_failures = 3\n"
        "[parallel]\nmode = process\nworkers = 7\n"
        "[search]\nmethod = random\nseed = 99\ntrials = 12\n"
        "[constraints]\nsmall.one = a + k < 5 ; why\n"
        "[space]\na = float 0.5..1.5 step 0.25\nb = choice x y, z\nc = bool\n"
        "[parameters]\nk = 3\nfile = /a b\n"
        "[objective]\ncommand = p '{a}' {b}{{}} --c={c} {file}\nscore = json:loss.mean\n"
        "directory = /tmp\n"
        "[run]\nname = My-run_1.2\ngoal = maximize\n");
    ck_assert_int_eq(s.goal, RUN_MAXIMIZE);
    ck_assert_int_eq(s.score, SCORE_JSON);
    ck_assert_str_eq(s.score_field, "loss.mean");
    ck_assert_str_eq(s.directory, "/tmp");
    ck_assert_int_eq(s.parameter_count, 2);
    ck_assert_str_eq(s.parameter[1].value, "/a b");
    ck_assert_int_eq(s.constraint_count, 1);
    ck_assert_str_eq(s.constraint[0].expression, "a + k < 5");
    ck_assert_int_eq(s.constraint[0].line, 14);
    ck_assert_int_eq(s.search, SEARCH_RANDOM);
    ck_assert_uint_eq(s.seed, 99);
    ck_assert_int_eq(s.trials, 12);
    ck_assert_int_eq(s.workers, 7);
    ck_assert_double_eq(s.trial_seconds, 10);
    ck_assert_double_eq(s.run_seconds, 3600);
    ck_assert_double_eq(s.grace_seconds, 0);
    ck_assert_int_eq(s.max_failures, 3);
    ck_assert_int_eq(s.dimension_count, 3);
    ck_assert_double_eq(s.dimension[0].step, 0.25);
    ck_assert_str_eq(s.dimension[1].choice[0], "x y");
    ck_assert_str_eq(s.dimension[2].choice[1], "true");
    run_spec_release(&s);
    s = spec_of(HEAD SPACE "[search]\nmethod = random\n");
    ck_assert_int_eq(s.trials, 100);
    run_spec_release(&s);
    s = spec_of(HEAD "score = wall_seconds\n" SPACE);
    ck_assert_int_eq(s.score, SCORE_WALL_SECONDS);
    run_spec_release(&s);
}
END_TEST

START_TEST(refuses)
{
    refused("", ERR_MISSING, 0, "run.name", "required");
    refused("[run]\n", ERR_MISSING, 1, "run.name", "required");
    refused("[run]\nname = t\n" SPACE, ERR_MISSING, 0, "objective.command", "required");
    refused("[run]\nname = t\n[objective]\ncommand =\n" SPACE, ERR_MISSING, 4, "objective.command",
        "required");
    refused(HEAD, ERR_MISSING, 0, "space", "required");
    refused(HEAD "[space]\n", ERR_MISSING, 5, "space", "required");
    refused("[run]\nname = a b\n", ERR_BAD_TYPE, 2, "run.name", "letters");
    refused("[run]\nname = a\ngoal = min\n", ERR_BAD_TYPE, 3, "run.goal", "minimize, maximize");
    refused("[rum]\nname = a\n", ERR_UNKNOWN_KEY, 1, "rum", "did you mean [run]");
    refused(HEAD "scor = stdout\n" SPACE, ERR_UNKNOWN_KEY, 5, "objective.scor", "\"score\"");
    refused(HEAD "score = json:\n" SPACE, ERR_BAD_TYPE, 5, "objective.score", "json:FIELD");
    refused(HEAD "score = stdou\n" SPACE, ERR_BAD_TYPE, 5, "objective.score", "stdout_bytes");
    refused(HEAD SPACE "y = int 0..1\n", ERR_CONFLICT, 7, "space.y", "does not use {y}");
    refused("[run]\nname = t\n[objective]\ncommand = p {x} {lenght}\n" SPACE
            "[parameters]\nlength = 1\n", ERR_UNKNOWN_KEY, 4, "objective.command", "{length}");
    refused("[run]\nname = t\n[objective]\ncommand = p {x} {print}\n" SPACE, ERR_UNKNOWN_KEY, 4,
        "objective.command", "{print}");
    refused("[run]\nname = t\n[objective]\ncommand = awk '{print $1}' {x}\n" SPACE, ERR_SYNTAX, 4,
        "objective.command", "{{");
    refused("[run]\nname = t\n[objective]\ncommand = p 'x\n" SPACE, ERR_SYNTAX, 4,
        "objective.command", "quote");
    refused(HEAD "[space]\nx = float 0..1\n", ERR_CONFLICT, 6, "space.x", "step");
    refused(HEAD SPACE "[parameters]\nx = 1\n", ERR_DUPLICATE, 8, "parameters.x", "dimension");
    refused(HEAD "[parameters]\nx = 1\n" SPACE, ERR_DUPLICATE, 8, "space.x", "parameter");
    refused(HEAD SPACE "while = int 1..2\n", ERR_SYNTAX, 7, "space.while", "Lua");
    refused(HEAD SPACE "math = int 1..2\n", ERR_SYNTAX, 7, "space.math", "Lua");
    refused(HEAD SPACE "2y = int 1..2\n", ERR_SYNTAX, 7, "space.2y", "digit");
    refused(HEAD SPACE "a-b = int 1..2\n", ERR_SYNTAX, 7, "space.a-b", "letters");
    refused(HEAD SPACE "[constraints]\na b = x > 1\n", ERR_SYNTAX, 8, "constraints.a b", "name");
    refused(HEAD SPACE "[constraints]\nc =\n", ERR_MISSING, 8, "constraints.c", "expression");
    refused(HEAD SPACE "[search]\nmethod = bayes\n", ERR_BAD_TYPE, 8, "search.method",
        "grid, random");
    refused(HEAD SPACE "[search]\nmethod = random\ntrials = 0\n", ERR_BAD_RANGE, 9,
        "search.trials", "1 or more");
    refused(HEAD SPACE "[search]\ntrials = -1\n", ERR_BAD_RANGE, 8, "search.trials", "0 or more");
    refused(HEAD SPACE "[search]\nseed = 1.5\n", ERR_BAD_TYPE, 8, "search.seed", "whole");
    refused(HEAD SPACE "[parallel]\nworkers = 0\n", ERR_BAD_RANGE, 8, "parallel.workers",
        "auto, 1 to 1024");
    refused(HEAD SPACE "[parallel]\nmode = thread\n", ERR_CONFLICT, 8, "parallel.mode", "process");
    refused(HEAD SPACE "[keep]\ntrials = top:5\n", ERR_CONFLICT, 8, "keep.trials", "all");
    refused(HEAD SPACE "[limits]\ntrial = nan\n", ERR_BAD_TYPE, 8, "limits.trial", "duration");
}
END_TEST

START_TEST(what_a_trial_is_started_with)
{
    /* {json} uses every dimension, and so does a variable */
    struct run_spec s = spec_of("[run]\nname = t\n[objective]\ncommand = p\nstdin = {json}\n"
                                "success_codes = 0, 3..5 ,255\n"
                                "[environment]\nA_1 = {x}-{{{y}}}\nb =\n"
                                "[space]\nx = int 0..9\ny = int 0..9\n");
    ck_assert_str_eq(s.standard_input, "{json}");
    for (int code = -1; code <= 256; code++)
        ck_assert_int_eq(exit_codes_has(&s.success_codes, code),
            code == 0 || (code >= 3 && code <= 5) || code == 255);
    ck_assert_int_eq(s.environment_count, 2);
    ck_assert_str_eq(s.environment[0].name, "A_1");
    ck_assert_str_eq(s.environment[0].value, "{x}-{{{y}}}");
    run_spec_release(&s);
    s = spec_of("[run]\nname = t\n[objective]\ncommand = p\n[environment]\nX = {x}\n" SPACE);
    run_spec_release(&s);
}
END_TEST

START_TEST(refuses_what_no_trial_can_be_started_with)
{
    static const char *const codes[] = { "0,", ",0", "a", "256", "-1", "5..3", "1..", "1 2", "1234",
        "0x1", "0..256" };
    char text[256];
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        snprintf(text, sizeof text, HEAD "success_codes = %s\n" SPACE, codes[i]);
        refused(text, ERR_BAD_TYPE, 5, "objective.success_codes", "0, 3..5");
    }
    refused(HEAD "stdin = {y}\n" SPACE, ERR_UNKNOWN_KEY, 5, "objective.stdin", "{y}");
    refused(HEAD "stdin = {\n" SPACE, ERR_SYNTAX, 5, "objective.stdin", "brace");
    refused(HEAD "[environment]\nA = {y}\n" SPACE, ERR_UNKNOWN_KEY, 6, "environment.A", "{y}");
    refused(HEAD "[environment]\nA-B = 1\n" SPACE, ERR_SYNTAX, 6, "environment.A-B", "variable");
    refused(HEAD "[environment]\n1A = 1\n" SPACE, ERR_SYNTAX, 6, "environment.1A", "variable");
    refused(HEAD "[environment]\nOPTOP_RUN = 1\n" SPACE, ERR_CONFLICT, 6, "environment.OPTOP_RUN",
        "optop itself");
    /* a word of the command is no place for it */
    refused("[run]\nname = t\n[objective]\ncommand = p {json}\n" SPACE, ERR_UNKNOWN_KEY, 4,
        "objective.command", "{json}");
}
END_TEST

#define WARM "[run]\nname = t\n[objective]\ntype = function\nfunction = sphere\n"

START_TEST(warm_objectives)
{
    struct run_spec s = spec_of(WARM SPACE "[parallel]\nmode = hybrid\nworkers = 2 x 4\n"
                                           "[keep]\ntrials = top:7\n");
    ck_assert_int_eq(s.objective, OBJECTIVE_FUNCTION);
    ck_assert_str_eq(s.function, "sphere");
    ck_assert(s.shift);
    ck_assert_int_eq(s.mode, RUN_MODE_HYBRID);
    ck_assert_int_eq(s.workers, 8);
    ck_assert_int_eq(s.threads, 4);
    ck_assert_int_eq(s.keep_top, 7);
    run_spec_release(&s);
    s = spec_of(WARM SPACE);
    ck_assert_int_eq(s.threads, 1);
    ck_assert_int_eq(s.keep_top, 0);
    run_spec_release(&s);
    refused("[run]\nname = t\n[objective]\ntype = function\n" SPACE, ERR_MISSING, 3,
        "objective.function", "required");
    refused("[run]\nname = t\n[objective]\ntype = function\nfunction = x\n" SPACE,
        ERR_NOT_FOUND, 5, "objective.function", "rastrigin");
    refused("[run]\nname = t\n[objective]\ntype = function\nfunction = branin\n" SPACE,
        ERR_CONFLICT, 5, "objective.function", "2 dimensions");
    refused(WARM SPACE "[parallel]\nmode = hybrid\nworkers = 4\n", ERR_CONFLICT, 9,
        "parallel.mode", "2 x 4");
    refused(WARM SPACE "[parallel]\nworkers = 2x4\n", ERR_CONFLICT, 9, "parallel.workers",
        "hybrid");
    refused(WARM SPACE "[parallel]\nworkers = 600x2\n", ERR_BAD_RANGE, 9, "parallel.workers",
        "processes x threads");
    refused(WARM SPACE "[keep]\ntrials = top:0\n", ERR_BAD_RANGE, 9, "keep.trials", "top:1");
    refused(WARM SPACE "[limits]\nretries = 2\n", ERR_CONFLICT, 9, "limits.retries", "command");
    refused(WARM "directory = fresh\n" SPACE, ERR_CONFLICT, 6, "objective.directory", "command");
}
END_TEST

START_TEST(fresh_directories)
{
    struct run_spec s = spec_of(HEAD "directory = fresh\n" SPACE);
    ck_assert(s.fresh_directory);
    ck_assert_ptr_null(s.directory);
    ck_assert_int_eq(s.keep_directory, RUN_KEEP_FAILED);
    ck_assert_int_eq(s.max_kept, 100);
    ck_assert_double_eq(s.max_kept_bytes, 1073741824);
    run_spec_release(&s);
    s = spec_of(HEAD "directory = fresh\nkeep_directory = never\n" SPACE);
    ck_assert_int_eq(s.keep_directory, RUN_KEEP_NEVER);
    run_spec_release(&s);
    s = spec_of(HEAD "directory = ./fresh\n" SPACE);
    ck_assert(!s.fresh_directory);
    ck_assert_str_eq(s.directory, "./fresh");
    run_spec_release(&s);
    refused(HEAD "max_kept = 3\n" SPACE, ERR_CONFLICT, 5, "objective.max_kept", "directory = fresh");
}
END_TEST

START_TEST(caps)
{
    struct str text;
    str_init(&text);
    str_puts(&text, "[run]\nname = t\n[objective]\ncommand = p\n[space]\n");
    for (int i = 0; i <= RUN_DIMENSIONS_MAX; i++)
        str_printf(&text, "d%d = bool\n", i);
    refused(text.data, ERR_TOO_LARGE, 6 + RUN_DIMENSIONS_MAX, "space.d64", "more than 64");
    str_clear(&text);
    str_puts(&text, HEAD SPACE "[parameters]\n");
    for (int i = 0; i <= RUN_PARAMETERS_MAX; i++)
        str_printf(&text, "p%d = 1\n", i);
    refused(text.data, ERR_TOO_LARGE, 8 + RUN_PARAMETERS_MAX, "parameters.p256", "more than 256");
    str_clear(&text);
    str_puts(&text, HEAD SPACE "[constraints]\n");
    for (int i = 0; i <= RUN_CONSTRAINTS_MAX; i++)
        str_printf(&text, "c%d = true\n", i);
    refused(text.data, ERR_TOO_LARGE, 8 + RUN_CONSTRAINTS_MAX, "constraints.c64", "more than 64");
    str_clear(&text);
    str_puts(&text, HEAD "[space]\nx = choice ");
    for (int i = 0; i <= RUN_CHOICES_MAX; i++)
        str_printf(&text, "%s%d", i ? "," : "", i);
    str_putc(&text, '\n');
    refused(text.data, ERR_TOO_LARGE, 6, "space.x", "more than 1024");
    str_release(&text);
}
END_TEST

static struct dimension
dimension_of(const char *text)
{
    struct dimension d;
    struct diag diag = { 0 };
    int r = runfile_parse_dimension(text, &d, &diag);
    ck_assert_msg(r == 0, "%s: %s", text, diag.text);
    return d;
}

START_TEST(ranges)
{
    struct dimension d = dimension_of("int -3 .. 9 step 2");
    ck_assert_int_eq(d.kind, DIMENSION_INT);
    ck_assert_double_eq(d.low, -3);
    ck_assert_double_eq(d.high, 9);
    ck_assert_double_eq(d.step, 2);
    ck_assert(!d.log_scale);
    d = dimension_of("int 5..5");
    ck_assert_double_eq(d.step, 1);
    d = dimension_of("int 0..3 step 10");
    ck_assert_double_eq(d.step, 10);
    d = dimension_of("float 1e-5..1e5 log");
    ck_assert_int_eq(d.kind, DIMENSION_FLOAT);
    ck_assert(d.log_scale);
    ck_assert_double_eq(d.low, 1e-5);
    ck_assert_double_eq(d.step, 0);
    d = dimension_of("float\t.5..+1.5   step 0.1  log ");
    ck_assert_double_eq(d.low, 0.5);
    ck_assert_double_eq(d.high, 1.5);
    ck_assert_double_eq(d.step, 0.1);
    ck_assert(d.log_scale);
}
END_TEST

START_TEST(choices)
{
    struct dimension d = dimension_of("choice a,b b ,  c=d");
    ck_assert_int_eq(d.kind, DIMENSION_CHOICE);
    ck_assert_int_eq(d.choice_count, 3);
    ck_assert_str_eq(d.choice[1], "b b");
    ck_assert_str_eq(d.choice[2], "c=d");
    ck_assert_double_eq(d.low, 0);
    ck_assert_double_eq(d.high, 2);
    for (int i = 0; i < d.choice_count; i++)
        free(d.choice[i]);
    free(d.choice);
}
END_TEST

START_TEST(bad_dimensions)
{
    static const struct {
        const char *text;
        int code;
    } rows[] = {
        { "", ERR_SYNTAX }, { "integer 1..2", ERR_SYNTAX }, { "int", ERR_SYNTAX },
        { "int 5", ERR_SYNTAX }, { "int 1..", ERR_BAD_TYPE }, { "int ..2", ERR_BAD_TYPE },
        { "int 1.5..2", ERR_BAD_TYPE }, { "int 3..1", ERR_BAD_RANGE }, { "int 0..0x10", ERR_BAD_TYPE },
        { "int 0..9007199254740993", ERR_BAD_TYPE }, { "int 0..9 step 0", ERR_BAD_RANGE },
        { "int 0..9 step -1", ERR_BAD_RANGE }, { "int 0..9 step", ERR_BAD_TYPE },
        { "int 0..9 step 1 step 2", ERR_SYNTAX }, { "int 0..9 log", ERR_BAD_RANGE },
        { "int 1..9 log log", ERR_SYNTAX }, { "int 1..9 up", ERR_SYNTAX },
        { "float nan..1", ERR_BAD_TYPE }, { "float 0..inf", ERR_BAD_TYPE },
        { "float 0..1e301", ERR_BAD_TYPE }, { "float 0..1 step 1e-300", ERR_TOO_LARGE },
        { "float -1..1 log", ERR_BAD_RANGE }, { "float 0,1..1", ERR_BAD_TYPE },
        { "choice", ERR_SYNTAX }, { "choice a,,b", ERR_SYNTAX }, { "choice a,", ERR_SYNTAX },
        { "choice a, a", ERR_DUPLICATE }, { "bool true", ERR_SYNTAX },
        { "int -9007199254740992..9007199254740992", ERR_TOO_LARGE },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct dimension d;
        struct diag diag = { 0 };
        int r = runfile_parse_dimension(rows[i].text, &d, &diag);
        ck_assert_msg(r == rows[i].code, "%s gave %d: %s", rows[i].text, r, diag.text);
        ck_assert_str_ne(diag.text, "");
    }
}
END_TEST

START_TEST(sets)
{
    const char *text = HEAD SPACE;
    struct ini *ini;
    struct diag diag = { 0 };
    ck_assert_int_eq(ini_parse_text(text, strlen(text), "r.ini", &ini, &diag), 0);
    ck_assert_int_eq(runfile_set(ini, "search.seed=7", &diag), 0);
    ck_assert_str_eq(ini_value(ini, "search", "seed"), "7");
    ck_assert_int_eq(runfile_set(ini, " space.x = int 0..3 ", &diag), 0);
    ck_assert_str_eq(ini_value(ini, "space", "x"), "int 0..3");
    ck_assert_int_eq(runfile_set(ini, "constraints.a.b=x == 1", &diag), 0);
    ck_assert_str_eq(ini_value(ini, "constraints", "a.b"), "x == 1");
    ck_assert_int_eq(runfile_set(ini, "search.sed=7", &diag), ERR_UNKNOWN_KEY);
    ck_assert_str_eq(diag.key, "search.sed");
    ck_assert_ptr_nonnull(strstr(diag.text, "\"seed\""));
    ck_assert_int_eq(runfile_set(ini, "nothing.seed=7", &diag), ERR_UNKNOWN_KEY);
    ck_assert_int_eq(runfile_set(ini, " seed = 8", &diag), 0);
    ck_assert_str_eq(ini_value(ini, "search", "seed"), "8");
    ck_assert_int_eq(runfile_set(ini, "sed=7", &diag), ERR_UNKNOWN_KEY);
    ck_assert_str_eq(diag.text, "\"sed\" is not a key of a run file (did you mean \"seed\"?)");
    ck_assert_int_eq(runfile_set(ini, "=7", &diag), ERR_SYNTAX);
    ck_assert_int_eq(runfile_set(ini, ".seed=7", &diag), ERR_SYNTAX);
    ck_assert_int_eq(runfile_set(ini, "seed", &diag), ERR_SYNTAX);
    ck_assert_int_eq(runfile_set(ini, "", &diag), ERR_SYNTAX);
    ck_assert_int_eq(runfile_set(ini, "run.name=a\nb", &diag), ERR_SYNTAX);
    ck_assert_str_eq(ini_value(ini, "run", "name"), "t");
    ini_free(ini);
}
END_TEST

static void
splits(const char *command, int count, const char *const *words)
{
    char **argv;
    ck_assert_int_eq(runfile_split_command(command, &argv, NULL), 0);
    for (int i = 0; i < count; i++)
        ck_assert_str_eq(argv[i], words[i]);
    ck_assert_ptr_null(argv[count]);
    runfile_free_argv(argv);
}

START_TEST(splits_commands)
{
    splits("a", 1, (const char *[]){ "a" });
    splits("  a\tb  c ", 3, (const char *[]){ "a", "b", "c" });
    splits("a 'b c' \"d e\" f\\ g", 4, (const char *[]){ "a", "b c", "d e", "f g" });
    splits("a '' \"\"", 3, (const char *[]){ "a", "", "" });
    splits("a'b'\"c\"d", 1, (const char *[]){ "abcd" });
    splits("a '\\n' \"\\n \\\" \\\\ \\$\" \\'", 4,
        (const char *[]){ "a", "\\n", "\\n \" \\ $", "'" });
    splits("a $HOME `x` * ~ | ; > #b", 9,
        (const char *[]){ "a", "$HOME", "`x`", "*", "~", "|", ";", ">", "#b" });
    splits("a b c d e f g h", 8, (const char *[]){ "a", "b", "c", "d", "e", "f", "g", "h" });
    static const char *const bad[] = { "", "  ", "a 'b", "a \"b", "a \\", "\"a\\", "'' a" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char **argv;
        struct diag diag = { 0 };
        ck_assert_msg(runfile_split_command(bad[i], &argv, &diag) == ERR_SYNTAX, "%s", bad[i]);
        ck_assert_str_ne(diag.text, "");
    }
    runfile_free_argv(NULL);
}
END_TEST

START_TEST(finds_places)
{
    struct runfile_place p;
    const char *text = "a{b}c{{d}}{e_1}";
    ck_assert_int_eq(runfile_next_place(text, 0, &p), 1);
    ck_assert_uint_eq(p.start, 1);
    ck_assert_uint_eq(p.end, 4);
    ck_assert_str_eq(p.name, "b");
    ck_assert_int_eq(runfile_next_place(text, p.end, &p), 1);
    ck_assert_str_eq(p.name, "{");
    ck_assert_uint_eq(p.end, 7);
    ck_assert_int_eq(runfile_next_place(text, p.end, &p), 1);
    ck_assert_str_eq(p.name, "}");
    ck_assert_int_eq(runfile_next_place(text, p.end, &p), 1);
    ck_assert_str_eq(p.name, "e_1");
    ck_assert_uint_eq(p.end, strlen(text));
    ck_assert_int_eq(runfile_next_place(text, p.end, &p), 0);
    static const char *const bad[] = { "{", "}", "{}", "{a", "a}", "{a b}", "{1}", "{a{b}}", "{a-b}",
        "{aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(runfile_next_place(bad[i], 0, &p) == ERR_SYNTAX, "%s", bad[i]);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("runfile");
    TCase *tc = tcase_create("runfile");
    tcase_add_test(tc, defaults);
    tcase_add_test(tc, reads_everything);
    tcase_add_test(tc, refuses);
    tcase_add_test(tc, what_a_trial_is_started_with);
    tcase_add_test(tc, refuses_what_no_trial_can_be_started_with);
    tcase_add_test(tc, warm_objectives);
    tcase_add_test(tc, fresh_directories);
    tcase_add_test(tc, caps);
    tcase_add_test(tc, ranges);
    tcase_add_test(tc, choices);
    tcase_add_test(tc, bad_dimensions);
    tcase_add_test(tc, sets);
    tcase_add_test(tc, splits_commands);
    tcase_add_test(tc, finds_places);
    suite_add_tcase(suite, tc);
    return suite;
}
