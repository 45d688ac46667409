/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "search/constraint.h"

static char *bool_choices[] = { (char[]){ "false" }, (char[]){ "true" } };
static char *word_choices[] = { (char[]){ "fast" }, (char[]){ "small" }, (char[]){ "1" } };

static struct dimension dimensions[] = {
    { .name = "i", .kind = DIMENSION_INT, .low = 0, .high = 9, .step = 1 },
    { .name = "f", .kind = DIMENSION_FLOAT, .low = 0, .high = 1 },
    { .name = "b", .kind = DIMENSION_CHOICE, .high = 1, .step = 1, .choice_count = 2,
        .choice = bool_choices },
    { .name = "w", .kind = DIMENSION_CHOICE, .high = 2, .step = 1, .choice_count = 3,
        .choice = word_choices },
};

static char values_text[][16] = { "42", "2.5", "text", "0x10", "inf" };
static struct run_parameter parameters[] = {
    { "whole", values_text[0] }, { "part", values_text[1] }, { "word", values_text[2] },
    { "hex", values_text[3] }, { "infinite", values_text[4] },
};

static struct run_constraint one = { .name = "c", .line = 7 };
static struct run_spec spec;

static void
use(const char *expression)
{
    free(one.expression);
    one.expression = xstrdup(expression);
    spec = (struct run_spec){
        .dimension_count = 4, .dimension = dimensions,
        .parameter_count = 5, .parameter = parameters,
        .constraint_count = 1, .constraint = &one,
    };
}

/* What an expression says of a point. */
static int
evaluate(const char *expression, double i, double f, double b, double w)
{
    double values[] = { i, f, b, w };
    struct constraint_set *set;
    struct diag diag = { 0 };
    use(expression);
    int r = constraint_set_new(&spec, &set, &diag);
    ck_assert_msg(r == 0, "%s: %s", expression, diag.text);
    r = constraint_set_check(set, values, &diag);
    constraint_set_free(set);
    return r;
}

/* The expression must be refused when compiled or tried, whatever it costs. */
static int
refuse(const char *expression, struct diag *diag)
{
    struct constraint_set *set = NULL;
    memset(diag, 0, sizeof *diag);
    use(expression);
    int r = constraint_set_new(&spec, &set, diag);
    ck_assert_msg(r < 0, "accepted: %s", expression);
    ck_assert_ptr_null(set);
    ck_assert_int_eq(diag->line, 7);
    ck_assert_str_eq(diag->key, "constraints.c");
    ck_assert_str_ne(diag->text, "");
    return r;
}

START_TEST(evaluates)
{
    static const struct {
        const char *expression;
        int allowed;
    } rows[] = { /* at i = 4, f = 0.25, b = true, w = "small" */
        { "i == 4", 1 }, { "i < 4", 0 }, { "i // 3 == 1 and i % 3 == 1", 1 }, { "i & 1 == 0", 1 },
        { "f == 0.25", 1 }, { "i * f == 1", 1 }, { "b", 1 }, { "not b", 0 }, { "w == 'small'", 1 },
        { "w == \"fast\"", 0 }, { "b and w ~= 'fast'", 1 }, { "floor(f) == 0", 1 },
        { "math.max(i, 7) == 7 and max(1, 2) == 2", 1 }, { "math.type(i) == 'integer'", 1 },
        { "math.type(f) == 'float'", 1 }, { "whole == 42", 1 }, { "math.type(whole) == 'integer'", 1 },
        { "part == 2.5", 1 }, { "word == 'text'", 1 }, { "hex == '0x10'", 1 },
        { "infinite == 'inf'", 1 }, { "i + 1 > 3 -- note", 1 }, { "w .. 'x' == 'smallx'", 1 },
        { "(function(a) return a > i end)(5)", 1 }, { "true) or (false", 1 }, { "'i' ~= \"f\"", 1 },
        { "i > 1e-3 and i < 0x1F", 1 }, { "math . pi > 3", 1 }, { "--[[ f ]] i == 4", 1 },
        { "i < 9 or nil < 3", 1 },
    };
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++)
        ck_assert_msg(evaluate(rows[r].expression, 4, 0.25, 1, 1) == rows[r].allowed, "%s",
            rows[r].expression);
    ck_assert_int_eq(evaluate("w == '1'", 0, 0, 0, 2), 1);
    ck_assert_int_eq(evaluate("i <= 9007199254740992", 9007199254740992.0, 0, 0, 0), 1);
}
END_TEST

START_TEST(refuses_bad_syntax)
{
    static const char *const rows[] = { "i <", "i = 4", "", "return i == 4", "i == 4; i = 3",
        "i == 4 end", "--", "--[[", "((i == 4)", "i == 4))", "i 4", "'open", "[[open",
        "for i = 1, 2 do end", "\x1bLua" };
    struct diag diag;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(refuse(rows[i], &diag) == ERR_SYNTAX, "%s: %s", rows[i], diag.text);
}
END_TEST

START_TEST(refuses_unknown_names)
{
    struct diag diag;
    ck_assert_int_eq(refuse("ii == 4", &diag), ERR_SYNTAX);
    ck_assert_ptr_nonnull(strstr(diag.text, "\"ii\""));
    ck_assert_int_eq(refuse("true or nothing", &diag), ERR_SYNTAX);
    ck_assert_ptr_nonnull(strstr(diag.text, "\"nothing\""));
}
END_TEST

START_TEST(result_must_be_boolean)
{
    static const char *const rows[] = { "i", "nil", "'x'", "w", "f * 2", "function() end", "{}",
        "math.floor" };
    struct diag diag;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_msg(refuse(rows[i], &diag) == ERR_BAD_TYPE, "%s", rows[i]);
        ck_assert_ptr_nonnull(strstr(diag.text, "c gives a"));
        ck_assert_ptr_nonnull(strstr(diag.text, "true or false"));
    }
}
END_TEST

START_TEST(nothing_to_escape_with)
{
    static const char *const names[] = { "os", "io", "load", "loadstring", "dofile", "loadfile",
        "require", "package", "debug", "string", "table", "coroutine", "utf8", "print", "pcall",
        "xpcall", "error", "setmetatable", "getmetatable", "rawset", "rawget", "rawequal",
        "collectgarbage", "select", "next", "pairs", "ipairs", "tostring", "tonumber", "_G",
        "math.random", "math.randomseed", "_VERSION", "assert", "warn", "self" };
    char text[200];
    struct diag diag;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(text, sizeof text, "%s ~= nil", names[i]);
        struct constraint_set *set = NULL;
        use(text);
        ck_assert_msg(constraint_set_new(&spec, &set, &diag) < 0 ||
                constraint_set_check(set, (double[]){ 0, 0, 0, 0 }, &diag) == 0, "%s", names[i]);
        constraint_set_free(set);
        /* Inside a function names are not looked at beforehand: there must be
         * nothing behind them. */
        snprintf(text, sizeof text, "(function() return %s == nil end)()", names[i]);
        ck_assert_msg(evaluate(text, 0, 0, 0, 0) == 1, "%s", names[i]);
    }
}
END_TEST

START_TEST(attacks_are_refused)
{
    static const char *const rows[] = {
        "('x'):rep(1e9) ~= nil",
        "('').rep ~= nil",
        "#('x'):upper() > 0",
        "(function() while true do end end)()",
        "(function() repeat until false end)()",
        "(function() local function f() return f() end return f() end)()",
        "(function() local function f() return 1 + f() end return f() end)()",
        "(function() local s = 'x' while true do s = s .. s end end)()",
        "(function() local t = {} for n = 1, 1e9 do t[n] = n end return true end)()",
        "(function() math.floor = nil return true end)()",
        "(function() kept = 1 return true end)()",
        "(function() i2 = 1 return true end)()",
        "(function() _ENV.math = nil return true end)()",
        "(function() _ENV = {} return true end)()",
        "_ENV ~= nil",
        "(function() whole = 1 return true end)()",
        "1 // 0 > 0",
        "w + 1 > 0",
        "i < w",
        "math.foo(1) == 1",
    };
    struct diag diag;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuse(rows[i], &diag);
    refuse("(function() while true do end end)()", &diag);
    ck_assert_ptr_nonnull(strstr(diag.text, "instructions"));
    ck_assert_int_eq(refuse("(function() local s = 'x' while true do s = s .. s end end)()", &diag),
        ERR_TOO_LARGE);
}
END_TEST

/* Deep or long texts, as large as a line of a run file. */
START_TEST(monstrous_texts)
{
    static const char *const units[] = { "(", "not ", "{", "-", "i+", "i..", "(function() return ",
        "1 and ", "'a'..", "f(", "math." };
    struct diag diag;
    for (size_t u = 0; u < sizeof units / sizeof *units; u++) {
        struct str text;
        struct constraint_set *set = NULL;
        str_init(&text);
        while (text.len < 16000)
            str_puts(&text, units[u]);
        use(text.data);
        ck_assert_int_lt(constraint_set_new(&spec, &set, &diag), 0);
        str_release(&text);
    }
}
END_TEST

/* A constraint sees the same world at every point. */
START_TEST(keeps_nothing)
{
    struct constraint_set *set;
    struct diag diag = { 0 };
    use("(function() local n = 0; n = n + 1; return n == 1 end)()");
    ck_assert_int_eq(constraint_set_new(&spec, &set, &diag), 0);
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(constraint_set_check(set, (double[]){ i % 10, 0, 0, 0 }, &diag), 1);
    constraint_set_free(set);
}
END_TEST

/* The bound is per evaluation, not for all of them together. */
START_TEST(many_evaluations_are_fine)
{
    struct constraint_set *set;
    struct diag diag = { 0 };
    use("(function() local s = 0 for n = 1, 500 do s = s + n end return s > i end)() "
        "and w .. i ~= ''");
    ck_assert_int_eq(constraint_set_new(&spec, &set, &diag), 0);
    for (int i = 0; i < 5000; i++) {
        int r = constraint_set_check(set, (double[]){ i % 10, 0, 0, i % 3 }, &diag);
        ck_assert_msg(r == 1, "%s", diag.text);
    }
    ck_assert_int_gt(constraint_set_steps(set), 1000);
    constraint_set_free(set);
}
END_TEST

START_TEST(recovers_from_a_failure)
{
    struct constraint_set *set;
    struct diag diag = { 0 };
    use("i < 5 or (function() while true do end end)()");
    ck_assert_int_eq(constraint_set_new(&spec, &set, &diag), 0);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(constraint_set_check(set, (double[]){ 1, 0, 0, 0 }, &diag), 1);
        ck_assert_int_lt(constraint_set_check(set, (double[]){ 7, 0, 0, 0 }, &diag), 0);
    }
    ck_assert_str_eq(diag.key, "constraints.c");
    constraint_set_free(set);
}
END_TEST

START_TEST(no_allocation_per_point)
{
    struct constraint_set *set;
    struct diag diag = { 0 };
    double values[] = { 1, 0.5, 1, 1 };
    use("i + f < 5 and b and w == 'small' and floor(f) < whole and word == 'text'");
    ck_assert_int_eq(constraint_set_new(&spec, &set, &diag), 0);
    ck_assert_int_eq(constraint_set_check(set, values, &diag), 1);
    unsigned long before = test_allocations();
    for (int i = 0; i < 1000; i++)
        if (constraint_set_check(set, values, &diag) != 1)
            ck_abort_msg("%s", diag.text);
    ck_assert_uint_eq(test_allocations(), before);
    constraint_set_free(set);
}
END_TEST

START_TEST(all_must_allow)
{
    static char texts[][16] = { "i > 1", "i < 8", "i ~= 5" };
    struct run_constraint three[] = {
        { "low", texts[0], 1 }, { "high", texts[1], 2 }, { "middle", texts[2], 3 },
    };
    struct constraint_set *set;
    struct diag diag = { 0 };
    use("true");
    spec.constraint = three;
    spec.constraint_count = 3;
    ck_assert_int_eq(constraint_set_new(&spec, &set, &diag), 0);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(constraint_set_check(set, (double[]){ i, 0, 0, 0 }, &diag),
            i > 1 && i < 8 && i != 5);
    constraint_set_free(set);
    spec.constraint_count = 0;
    ck_assert_int_eq(constraint_set_new(&spec, &set, &diag), 0);
    ck_assert_int_eq(constraint_set_check(set, (double[]){ 0, 0, 0, 0 }, &diag), 1);
    constraint_set_free(set);
    constraint_set_free(NULL);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("constraint");
    TCase *tc = tcase_create("sandbox");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, evaluates);
    tcase_add_test(tc, refuses_bad_syntax);
    tcase_add_test(tc, refuses_unknown_names);
    tcase_add_test(tc, result_must_be_boolean);
    tcase_add_test(tc, nothing_to_escape_with);
    tcase_add_test(tc, attacks_are_refused);
    tcase_add_test(tc, monstrous_texts);
    tcase_add_test(tc, keeps_nothing);
    tcase_add_test(tc, many_evaluations_are_fine);
    tcase_add_test(tc, recovers_from_a_failure);
    tcase_add_test(tc, no_allocation_per_point);
    tcase_add_test(tc, all_must_allow);
    suite_add_tcase(suite, tc);
    return suite;
}
