/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <math.h>
#include <string.h>

#include "config/config.h"
#include "config/option.h"
#include "config/runfile.h"
#include "config/suggest.h"

static const struct option table[] = {
    { "a", "text", OPTION_TEXT, 0, 0, NULL, "x", false, "Some text", NULL },
    { "a", "count", OPTION_INT, 1, 10, NULL, "3", false, "A count", NULL },
    { "a", "free", OPTION_INT, 0, 0, NULL, NULL, false, "Any count", "-4" },
    { "a", "ratio", OPTION_NUMBER, -1, 1, NULL, "0.5", false, "A ratio", NULL },
    { "a", "size", OPTION_BYTES, 1024, 1073741824, NULL, "2MiB", false, "A size", NULL },
    { "a", "time", OPTION_DURATION, 0.1, 3600, NULL, "1s", false, "A time", NULL },
    { "a", "flag", OPTION_BOOL, 0, 0, NULL, "no", false, "A flag", NULL },
    { "a", "kind", OPTION_CHOICE, 0, 0, "grid|random", "grid", false, "A kind", NULL },
    { "level *", "limit", OPTION_LEVEL, 0, 0, NULL, NULL, false, "A level", "80" },
    { "free", "*", OPTION_CUSTOM, 0, 0, NULL, NULL, true, "Anything", "k = v" },
    { .section = NULL },
};

static struct option_value
good(const char *section, const char *key, const char *text)
{
    struct option_value value;
    struct diag diag = { 0 };
    int r = option_check(option_find(table, section, key), text, &value, &diag);
    ck_assert_msg(r == 0, "%s = %s: %s", key, text, diag.text);
    ck_assert_ptr_eq(value.text, text);
    return value;
}

static void
bad(const char *section, const char *key, const char *text, int code, const char *allowed)
{
    struct option_value value;
    struct diag diag = { 0 };
    ck_assert_msg(option_check(option_find(table, section, key), text, &value, &diag) == code,
        "%s = %s", key, text);
    ck_assert_int_eq(diag.code, code);
    ck_assert_msg(strstr(diag.text, allowed) != NULL, "%s", diag.text);
}

START_TEST(finds_rows)
{
    ck_assert_str_eq(option_find(table, "a", "time")->key, "time");
    ck_assert_str_eq(option_find(table, "level x y", "limit")->key, "limit");
    ck_assert_str_eq(option_find(table, "free", "whatever")->key, "*");
    ck_assert_ptr_null(option_find(table, "a", "nothing"));
    ck_assert_ptr_null(option_find(table, "level", "limit"));
    ck_assert_ptr_null(option_find(table, "level ", "limit"));
    ck_assert(option_section_known(table, "level x"));
    ck_assert(!option_section_known(table, "levels"));
    ck_assert(!option_section_known(table, ""));
}
END_TEST

START_TEST(takes_values_of_each_type)
{
    ck_assert_int_eq(good("a", "count", "10").integer, 10);
    ck_assert_int_eq(good("a", "free", "-9223372036854775807").integer, -INT64_MAX);
    ck_assert_double_eq(good("a", "ratio", "-0.25").number, -0.25);
    ck_assert_double_eq(good("a", "size", "1GiB").number, 1073741824);
    ck_assert_double_eq(good("a", "time", "100ms").number, 0.1);
    ck_assert_double_eq(good("a", "time", "1h").number, 3600);
    ck_assert_double_eq(good("a", "flag", "Yes").number, 1);
    ck_assert_double_eq(good("a", "flag", "off").number, 0);
    ck_assert_double_eq(good("a", "kind", "random").number, 1);
    ck_assert_str_eq(good("a", "text", "").text, "");
}
END_TEST

START_TEST(takes_levels)
{
    ck_assert_double_eq(good("level x", "limit", "80").number, 80);
    ck_assert(!good("level x", "limit", "80").below);
    ck_assert_double_eq(good("level x", "limit", "80 %").number, 80);
    ck_assert_double_eq(good("level x", "limit", "> 2GiB").number, 2147483648.0);
    ck_assert(good("level x", "limit", "< 90").below);
    ck_assert_double_eq(good("level x", "limit", "<90%").number, 90);
    ck_assert_double_eq(good("level x", "limit", "1MiB/s").number, 1048576);
    static const char *const wrong[] = { "", "<", "%", "nan", "inf", "0x10", "80 80", "=80",
        "<> 1", "80%%" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        bad("level x", "limit", wrong[i], ERR_BAD_TYPE, "80");
    bad("level x", "limit", "1e999", ERR_BAD_RANGE, "80");
}
END_TEST

START_TEST(refuses_and_says_what_is_allowed)
{
    bad("a", "count", "0", ERR_BAD_RANGE, "1 to 10");
    bad("a", "count", "11", ERR_BAD_RANGE, "1 to 10");
    bad("a", "count", "3.5", ERR_BAD_TYPE, "1 to 10");
    bad("a", "count", "0x3", ERR_BAD_TYPE, "whole number");
    bad("a", "free", "99999999999999999999", ERR_BAD_RANGE, "any whole number");
    bad("a", "ratio", "nan", ERR_BAD_TYPE, "-1 to 1");
    bad("a", "ratio", "inf", ERR_BAD_TYPE, "number");
    bad("a", "ratio", "1e999", ERR_BAD_RANGE, "-1 to 1");
    bad("a", "ratio", "1,5", ERR_BAD_TYPE, "number");
    bad("a", "size", "-1", ERR_BAD_RANGE, "1KiB to 1GiB");
    bad("a", "size", "2XB", ERR_BAD_TYPE, "size");
    bad("a", "time", "fast", ERR_BAD_TYPE, "\"fast\" is not a duration (allowed: 100ms to 1h)");
    bad("a", "time", "2h", ERR_BAD_RANGE, "100ms to 1h");
    bad("a", "flag", "maybe", ERR_BAD_TYPE, "yes or no");
    bad("a", "kind", "gri", ERR_BAD_TYPE, "one of: grid, random");
    bad("a", "kind", "", ERR_BAD_TYPE, "one of: grid, random");
    bad("a", "kind", "grid|random", ERR_BAD_TYPE, "one of");
}
END_TEST

START_TEST(messages_are_clean)
{
    struct option_value value;
    struct diag diag = { 0 };
    ck_assert_int_lt(option_check(&table[1], "\x1b[2J\x07", &value, &diag), 0);
    for (const char *c = diag.text; *c; c++)
        ck_assert((unsigned char)*c >= ' ' && *c != 0x7F);
}
END_TEST

START_TEST(suggests_near_keys)
{
    ck_assert_str_eq(option_suggest(table, "a", "tmie"), "time");
    ck_assert_str_eq(option_suggest(table, "a", "coutn"), "count");
    ck_assert_str_eq(option_suggest(table, "level x", "limt"), "limit");
    ck_assert_ptr_null(option_suggest(table, "a", "zzzzzz"));
    ck_assert_ptr_null(option_suggest(table, "free", "x"));
    char lengthy[300];
    memset(lengthy, 'a', sizeof lengthy);
    lengthy[sizeof lengthy - 1] = '\0';
    ck_assert_ptr_null(option_suggest(table, "a", lengthy));
}
END_TEST

START_TEST(describes_ranges)
{
    char buf[128];
    ck_assert_str_eq(option_allowed(option_find(table, "a", "time"), buf, sizeof buf),
        "100ms to 1h");
    ck_assert_str_eq(option_allowed(option_find(table, "a", "text"), buf, sizeof buf), "any text");
    ck_assert_str_eq(option_allowed(option_find(table, "free", "x"), buf, sizeof buf),
        "for example: k = v");
    option_allowed(option_find(table, "a", "kind"), buf, 12);
    ck_assert_uint_lt(strlen(buf), 12);
}
END_TEST

/* Every row of the real tables: a default its own row allows, and help. */
static void
check_table(const struct option *o)
{
    for (; o->section; o++) {
        struct option_value value;
        struct diag diag = { 0 };
        ck_assert_msg(o->help && *o->help && o->help[strlen(o->help) - 1] != '.', "%s", o->key);
        ck_assert_msg(o->type != OPTION_CHOICE || o->choices, "%s", o->key);
        ck_assert_msg(o->fallback || o->example, "%s: neither default nor example", o->key);
        ck_assert(!(o->fallback && o->required));
        if (o->fallback)
            ck_assert_msg(option_check(o, o->fallback, &value, &diag) == 0, "%s: %s", o->key,
                diag.text);
        if (o->example && strcmp(o->key, "*"))
            ck_assert_msg(option_check(o, o->example, &value, &diag) == 0, "%s: %s", o->key,
                diag.text);
    }
}

START_TEST(tables_are_sound)
{
    check_table(config_options);
    check_table(run_options);
}
END_TEST

START_TEST(config_sample_is_a_config)
{
    struct str out;
    struct ini *ini;
    struct config *config;
    struct diag diag = { 0 };
    str_init(&out);
    option_print_sample(config_options, &out);
    ck_assert_int_eq(ini_parse_text(out.data, out.len, "sample", &ini, &diag), 0);
    int r = config_from_ini(ini, &config, &diag);
    ck_assert_msg(r == 0, "%d: %s: %s", diag.line, diag.key, diag.text);
    for (const struct option *o = config_options; o->section; o++)
        ck_assert_msg(strstr(out.data, o->key) && strstr(out.data, o->help), "%s", o->key);
    config_free(config);
    ini_free(ini);
    str_release(&out);
}
END_TEST

/* With the one key that its kind of objective asks for. */
START_TEST(run_sample_is_a_run)
{
    struct str out;
    struct ini *ini;
    struct run_spec spec;
    struct diag diag = { 0 };
    str_init(&out);
    option_print_sample(run_options, &out);
    char *command = strstr(out.data, "\n#command = ");
    ck_assert_ptr_nonnull(command);
    command[1] = ' ';
    ck_assert_int_eq(ini_parse_text(out.data, out.len, "sample", &ini, &diag), 0);
    int r = runfile_check(ini, &spec, &diag);
    ck_assert_msg(r == 0, "%d: %s: %s", diag.line, diag.key, diag.text);
    run_spec_release(&spec);
    ini_free(ini);
    str_release(&out);
}
END_TEST

START_TEST(manual_has_every_row)
{
    struct str out;
    str_init(&out);
    option_print_manual(run_options, &out);
    int items = 0, lists = 0;
    for (const char *p = out.data; (p = strstr(p, "\n.It ")); p++)
        items++;
    for (const char *p = out.data; (p = strstr(p, ".Bl ")); p++)
        lists++;
    for (const char *p = out.data; (p = strstr(p, ".El\n")); p++)
        lists--;
    int rows = 0;
    for (const struct option *o = run_options; o->section; o++)
        rows++;
    ck_assert_int_eq(items, rows);
    ck_assert_int_eq(lists, 0);
    ck_assert_ptr_nonnull(strstr(out.data, ".Ss [objective]\n"));
    str_release(&out);
}
END_TEST

START_TEST(distances)
{
    size_t best = SIZE_MAX;
    ck_assert(suggest_closer("interval", "intervall", &best));
    ck_assert_uint_eq(best, 1);
    ck_assert(!suggest_closer("interval", "intervals", &best));
    ck_assert(suggest_closer("interval", "interval", &best));
    ck_assert_uint_eq(best, 0);
    best = SIZE_MAX;
    ck_assert(suggest_closer("ab", "ba", &best));
    ck_assert_uint_eq(best, 1);
    best = SIZE_MAX;
    ck_assert(!suggest_closer("ab", "xyz", &best));
    ck_assert(!suggest_closer("", "xyz", &best));
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("option");
    TCase *tc = tcase_create("option");
    tcase_add_test(tc, finds_rows);
    tcase_add_test(tc, takes_values_of_each_type);
    tcase_add_test(tc, takes_levels);
    tcase_add_test(tc, refuses_and_says_what_is_allowed);
    tcase_add_test(tc, messages_are_clean);
    tcase_add_test(tc, suggests_near_keys);
    tcase_add_test(tc, describes_ranges);
    tcase_add_test(tc, tables_are_sound);
    tcase_add_test(tc, config_sample_is_a_config);
    tcase_add_test(tc, run_sample_is_a_run);
    tcase_add_test(tc, manual_has_every_row);
    tcase_add_test(tc, distances);
    suite_add_tcase(suite, tc);
    return suite;
}
