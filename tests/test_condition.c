/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/condition.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "config/ini.h"
#include "test.h"

static struct sample sample;
static struct config_threshold rules[3];
static struct config config = { .threshold = rules, .threshold_count = 3 };
static struct conditions *conditions;
static struct diag diag;

static void
setup(void)
{
    memset(rules, 0, sizeof rules);
    sample_init(&sample);
    sample_set(&sample, METRIC_CPU_TOTAL, 0, 70);
    sample_set(&sample, METRIC_SYSTEM_LOAD1, 0, 3);
    sample_set(&sample, METRIC_DISK_BUSY, sample_row(&sample, GROUP_DISK, "vda"), 40);
    sample_set(&sample, METRIC_FIGURE_VALUE, sample_row(&sample, GROUP_FIGURE, "pool.reuse:app/a=b"), 90);
    diag = (struct diag){ 0 };
}

static void
teardown(void)
{
    conditions_free(conditions);
    sample_release(&sample);
}

static int
compile(const char *text)
{
    int which;
    rules[1].when = (char *)(uintptr_t)text;
    conditions_free(conditions);
    int r = conditions_new(&config, &conditions, &which, &diag);
    if (r < 0)
        ck_assert_int_eq(which, 1);
    return r;
}

static int
check(const char *text, double value)
{
    ck_assert_msg(compile(text) == 0, "%s: %s", text, diag.text);
    return conditions_check(conditions, 1, &sample, value, &diag);
}

START_TEST(what_it_sees)
{
    ck_assert_int_eq(check("cpu.total > 60", 0), 1);
    ck_assert_int_eq(check("cpu.total > 60 and system.load1 > 4", 0), 0);
    ck_assert_int_eq(check("cpu.total > 60 and not (system.load1 > 4)", 0), 1);
    ck_assert_int_eq(check("metric('disk.busy:vda') >= 40", 0), 1);
    ck_assert_int_eq(check("metric \"pool.reuse:app/a=b\" == 90", 0), 1);
    ck_assert_int_eq(check("value > cpu.total", 71), 1);
    ck_assert_int_eq(check("value > cpu.total", 69), 0);
    ck_assert_int_eq(check("max(1, math.floor(value)) == 7", 7.5), 1);
    ck_assert_int_eq(check("true -- )", 0), 1);
    ck_assert_ptr_nonnull(conditions);
}
END_TEST

START_TEST(what_is_not_known)
{
    ck_assert_int_eq(check("memory.used_pct > 60", 0), ERR_NOT_FOUND);
    ck_assert_int_eq(check("not (memory.used_pct > 60)", 0), ERR_NOT_FOUND);
    ck_assert_int_eq(check("cpu.total > 60 or memory.used_pct > 60", 0), 1); /* not looked at */
    ck_assert_int_eq(check("metric('disk.busy:vdz') > 1", 0), ERR_NOT_FOUND);
    ck_assert_int_eq(check("value > 1", NAN), 0);
}
END_TEST

static const struct {
    const char *text, *words;
} faulty[] = {
    { "cpu.total >", "unexpected" },
    { "cpu.totl > 1", "no metric cpu.totl" },
    { "cpu.total < 0 and memory.nothing > 1", "no metric memory.nothing" }, /* not reached */
    { "metric('cpu.totl') > 1", "no metric cpu.totl" },
    { "metric('disk.busy') > 1", "disk.busy:NAME" },
    { "cpu.total", "gives a number" },
    { "load > 1", "nil" },
    { "os.exit()", "no metric os.exit" },
    { "require('os')", "nil" },
    { "load('x')()", "nil" },
    { "_ENV.x", "_ENV" },
    { "(function() while true do end end)()", "more than 10000 instructions" },
    { "('x'):rep(1e9) == 1", "index a string" },
    { "(function() x = 1 return true end)()", "cannot keep" },
    { "(function() cpu.total = 1 return true end)()", "cannot keep" },
    { "(function() local t = {} for i = 1, 1e9 do t[i] = {t} end end)()", "instructions" },
    { "true) or os.exit(", "no metric os.exit" },
};

START_TEST(faults)
{
    ck_assert_msg(compile(faulty[_i].text) < 0, "%s", faulty[_i].text);
    ck_assert_msg(strstr(diag.text, faulty[_i].words) != NULL, "%s: %s", faulty[_i].text, diag.text);
    ck_assert_ptr_null(conditions);
}
END_TEST

/* One that fails only now and then is as if nothing were known, and the next one works. */
START_TEST(fault_while_it_is_used)
{
    rules[0].when = (char *)(uintptr_t)"value == 0 or value .. {} == ''";
    rules[2].when = (char *)(uintptr_t)"value > 5";
    ck_assert_int_eq(check("true", 0), 1);
    for (int i = 0; i < 100000; i++) {
        int r = conditions_check(conditions, 0, &sample, 7, &diag);
        ck_assert(r < 0 && r != ERR_NOT_FOUND);
    }
    ck_assert_ptr_nonnull(strstr(diag.text, "concatenate"));
    ck_assert_int_eq(conditions_check(conditions, 2, &sample, 7, &diag), 1);
    ck_assert_int_eq(conditions_check(conditions, 0, &sample, 0, &diag), 1);
}
END_TEST

START_TEST(fault_has_its_place)
{
    static const char text[] = "[threshold cpu.total]\nwarning = 5\n\nwhen = cpu.x > 1\n";
    struct ini *ini;
    struct config *read;
    ck_assert_int_eq(ini_parse_text(text, strlen(text), "o.ini", &ini, &diag), 0);
    ck_assert_int_eq(config_from_ini(ini, &read, &diag), 0);
    ck_assert_int_lt(conditions_check_config(read, ini, &diag), 0);
    ck_assert_int_eq(diag.line, 4);
    ck_assert_str_eq(diag.key, "threshold cpu.total.when");
    ck_assert_str_eq(diag.text, "there is no metric cpu.x");
    config_free(read);
    ini_free(ini);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("condition");
    TCase *tcase = tcase_create("condition");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_it_sees);
    tcase_add_test(tcase, what_is_not_known);
    tcase_add_loop_test(tcase, faults, 0, (int)(sizeof faulty / sizeof *faulty));
    tcase_add_test(tcase, fault_while_it_is_used);
    tcase_add_test(tcase, fault_has_its_place);
    suite_add_tcase(suite, tcase);
    return suite;
}
