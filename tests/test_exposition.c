/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Figures as text for Prometheus, in both formats, to the letter.
 */
#include "test.h"

#include <math.h>
#include <string.h>

#include "base/endpoint.h"
#include "stat/exposition.h"

static struct str out, labels;
static struct exposition e;

static void
start(bool openmetrics)
{
    str_init(&out);
    str_init(&labels);
    exposition_begin(&e, &out, openmetrics);
}

static void
ends_as(const char *text)
{
    exposition_end(&e);
    ck_assert_str_eq(out.data, text);
    str_release(&out);
    str_release(&labels);
}

static void
write_all(void)
{
    exposition_family(&e, "optop_load_ratio", EXPOSITION_GAUGE, "ratio", "a \"load\"\nof c:\\");
    exposition_sample(&e, "", "", 0.5);
    exposition_sample(&e, "", "", (double)NAN); /* not known: not there */
    exposition_family(&e, "optop_seen", EXPOSITION_COUNTER, "", "seen");
    exposition_label(&labels, "who", "a\"b\\c\nd");
    exposition_label(&labels, "0 odd-name", "x");
    exposition_sample(&e, "", labels.data, 3);
    exposition_family(&e, "optop_took_seconds", EXPOSITION_SUMMARY, "seconds", "took");
    exposition_sample(&e, "", "quantile=\"0.5\"", 0.25);
    exposition_sample(&e, "_count", "", 4);
    exposition_family(&e, "optop_build", EXPOSITION_INFO, "", "version");
    exposition_sample(&e, "", "version=\"1\"", 1);
}

START_TEST(openmetrics)
{
    start(true);
    write_all();
    ends_as("# HELP optop_load_ratio a \\\"load\\\"\\nof c:\\\\\n"
            "# TYPE optop_load_ratio gauge\n"
            "# UNIT optop_load_ratio ratio\n"
            "optop_load_ratio 0.5\n"
            "# HELP optop_seen seen\n"
            "# TYPE optop_seen counter\n"
            "optop_seen_total{who=\"a\\\"b\\\\c\\nd\",_0_odd_name=\"x\"} 3\n"
            "# HELP optop_took_seconds took\n"
            "# TYPE optop_took_seconds summary\n"
            "# UNIT optop_took_seconds seconds\n"
            "optop_took_seconds{quantile=\"0.5\"} 0.25\n"
            "optop_took_seconds_count 4\n"
            "# HELP optop_build version\n"
            "# TYPE optop_build info\n"
            "optop_build_info{version=\"1\"} 1\n"
            "# EOF\n");
}
END_TEST

START_TEST(prometheus)
{
    start(false);
    write_all();
    ends_as("# HELP optop_load_ratio a \"load\"\\nof c:\\\\\n"
            "# TYPE optop_load_ratio gauge\n"
            "optop_load_ratio 0.5\n"
            "# HELP optop_seen_total seen\n"
            "# TYPE optop_seen_total counter\n"
            "optop_seen_total{who=\"a\\\"b\\\\c\\nd\",_0_odd_name=\"x\"} 3\n"
            "# HELP optop_took_seconds took\n"
            "# TYPE optop_took_seconds summary\n"
            "optop_took_seconds{quantile=\"0.5\"} 0.25\n"
            "optop_took_seconds_count 4\n"
            "# HELP optop_build_info version\n"
            "# TYPE optop_build_info gauge\n"
            "optop_build_info{version=\"1\"} 1\n");
}
END_TEST

START_TEST(names)
{
    static const struct {
        const char *group, *key, *unit, *name;
    } rows[] = {
        { "cpu", "total", "ratio", "optop_cpu_total_ratio" },
        { "board", "pool.acquire", "seconds", "optop_board_pool_acquire_seconds" },
        { "system", "load1", "", "optop_system_load1" },
        { "board", "a b-c\xc3\xa4", "bytes", "optop_board_a_b_c___bytes" },
        { "board", "spent_seconds", "seconds", "optop_board_spent_seconds" },
    };
    char name[EXPOSITION_NAME_MAX], little[12];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_str_eq(exposition_name(name, sizeof name, rows[i].group, rows[i].key,
                             rows[i].unit), rows[i].name);
    ck_assert_str_eq(exposition_name(little, sizeof little, "board", "x", "y"), "optop_board");
}
END_TEST

START_TEST(addresses)
{
    static const struct {
        const char *text;
        int port; /* -1: refused */
    } rows[] = {
        { "127.0.0.1:9464", 9464 }, { "[::1]:1", 1 }, { "0.0.0.0:0", 0 }, { "[::]:65535", 65535 },
        { "127.0.0.1", -1 }, { ":80", -1 }, { "[]:80", -1 }, { "[::1]", -1 }, { "::1:80", -1 },
        { "localhost:80", -1 }, { "127.0.0.1:65536", -1 }, { "127.0.0.1:-1", -1 }, { "", -1 },
        { "[127.0.0.1]:80", -1 }, { "127.0.0.1:80x", -1 }, { "[::1]x:80", -1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        union endpoint address;
        struct diag diag = { 0 };
        int r = endpoint_parse(rows[i].text, &address, &diag);
        ck_assert_msg((r == 0) == (rows[i].port >= 0), "%s", rows[i].text);
        if (r == 0)
            ck_assert_int_eq(endpoint_port(&address), rows[i].port);
    }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("exposition");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, openmetrics);
    tcase_add_test(tcase, prometheus);
    tcase_add_test(tcase, names);
    tcase_add_test(tcase, addresses);
    suite_add_tcase(suite, tcase);
    return suite;
}
