/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/url.h"

static struct config *
config_of(const char *text)
{
    struct ini *ini;
    struct config *config = NULL;
    struct diag diag = { 0 };
    ck_assert_int_eq(ini_parse_text(text, strlen(text), "o.ini", &ini, &diag), 0);
    int r = config_from_ini(ini, &config, &diag);
    ck_assert_msg(r == 0, "%s: %s", diag.key, diag.text);
    ini_free(ini);
    return config;
}

/* The document must be refused at this line and key, with words of the text. */
static void
refused(const char *text, int code, int line, const char *key, const char *words)
{
    struct ini *ini;
    struct config *config = NULL;
    struct diag diag = { 0 };
    ck_assert_int_eq(ini_parse_text(text, strlen(text), "o.ini", &ini, &diag), 0);
    int r = config_from_ini(ini, &config, &diag);
    ck_assert_msg(r == code, "%s\ngave %d: %s", text, r, diag.text);
    ck_assert_ptr_null(config);
    ck_assert_int_eq(diag.code, code);
    ck_assert_str_eq(diag.file, "o.ini");
    ck_assert_msg(diag.line == line, "%s\nline %d", text, diag.line);
    ck_assert_str_eq(diag.key, key);
    ck_assert_msg(strstr(diag.text, words) != NULL, "%s", diag.text);
    ini_free(ini);
}

static const struct config_threshold *
threshold(const struct config *config, const char *name)
{
    for (int i = 0; i < config->threshold_count; i++)
        if (!strcmp(config->threshold[i].name, name))
            return &config->threshold[i];
    ck_abort_msg("no threshold %s", name);
    return NULL;
}

START_TEST(defaults)
{
    struct config *c = config_of("");
    ck_assert_double_eq(c->interval_seconds, 1);
    ck_assert_double_eq(c->history_seconds[0], 3600);
    ck_assert_double_eq(c->history_seconds[1], 6 * 3600);
    ck_assert_double_eq(c->history_seconds[2], 7 * 86400);
    ck_assert_int_eq(c->log_level, 2);
    ck_assert_int_eq(c->slots, 0);
    ck_assert_double_eq(c->grace_seconds, 5);
    ck_assert_str_eq(c->folders, "");
    ck_assert_str_eq(c->theme, "default");
    ck_assert_int_eq(c->charset, 0);
    ck_assert_int_eq(c->webhook_count, 0);
    ck_assert_int_eq(c->threshold_count, 10);
    const struct config_threshold *t = threshold(c, "cpu.total");
    ck_assert(t->enabled && t->has_warning && t->has_critical && !t->below);
    ck_assert_int_eq(t->metric, METRIC_CPU_TOTAL);
    ck_assert_double_eq(t->warning, 80);
    ck_assert_double_eq(t->critical, 95);
    ck_assert_double_eq(t->clear_warning, 70);
    ck_assert_double_eq(t->clear_critical, 85);
    ck_assert_double_eq(t->for_seconds, 30);
    static const struct {
        const char *name;
        double warning, critical; /* 0: none */
    } levels[] = { { "memory.used_pct", 85, 95 }, { "disk.busy", 85, 95 }, { "filesystem.used_pct", 85, 95 },
        { "net.used_pct", 80, 95 }, { "memory.pressure", 2.5, 3.5 }, { "pool.reuse", 90, 0 },
        { "server.queued_runs", 100, 0 } };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        t = threshold(c, levels[i].name);
        ck_assert(t->enabled && t->has_critical == (levels[i].critical > 0));
        ck_assert_double_eq(t->warning, levels[i].warning);
        if (t->has_critical)
            ck_assert_double_eq(t->critical, levels[i].critical);
    }
    ck_assert(threshold(c, "pool.reuse")->below);
    /* A low level can be cleared, too. */
    ck_assert_double_eq(threshold(c, "pressure.memory_full")->clear_warning, 2.5);
    ck_assert_double_eq(threshold(c, "memory.used_pct")->critical, 95);
    config_free(c);
    config_free(NULL);
}
END_TEST

START_TEST(reads_plain_options)
{
    struct config *c = config_of("[server]\ninterval = 500ms\nhistory_1s = 10m\nlog_level = debug\n"
                                 "[runs]\nslots = 3\ngrace = 0\nfolders = /a:/b\n"
                                 "[screen]\ntheme = mono\ncharset = ascii\n");
    ck_assert_double_eq(c->interval_seconds, 0.5);
    ck_assert_double_eq(c->history_seconds[0], 600);
    ck_assert_int_eq(c->log_level, 3);
    ck_assert_int_eq(c->slots, 3);
    ck_assert_double_eq(c->grace_seconds, 0);
    ck_assert_str_eq(c->folders, "/a:/b");
    ck_assert_str_eq(c->theme, "mono");
    ck_assert_int_eq(c->charset, 2);
    config_free(c);
}
END_TEST

START_TEST(reads_thresholds)
{
    struct config *c = config_of(
        "[threshold cpu.total]\nenabled = no\n"
        "[threshold disk.busy:vda]\nwarning = 80 %\nclear_warning = 60\nfor = 3s\n"
        "[threshold memory.available_bytes]\nwarning = < 2GiB\ncritical = <1GiB\n"
        "[threshold net.receive_bytes]\ncritical = > 10MiB/s\n"
        "[threshold system.uptime_seconds]\nwarning = 1h\n"
        "[threshold pool.reuse]\nwarning = < 90%\n"
        "[threshold my.took.p99:app]\nwarning = > 250ms\ncritical = 2\n"
        "[threshold my.cache.bytes]\nwarning = 2M\n"
        "[threshold memory.used_pct]\nwarning = < 90\n");
    const struct config_threshold *t = threshold(c, "cpu.total");
    ck_assert(!t->enabled);
    t = threshold(c, "disk.busy:vda");
    ck_assert_int_eq(t->metric, METRIC_DISK_BUSY);
    ck_assert_str_eq(t->instance, "vda");
    ck_assert_double_eq(t->warning, 80);
    ck_assert_double_eq(t->clear_warning, 60);
    ck_assert_double_eq(t->for_seconds, 3);
    ck_assert_int_eq(t->line, 3);
    ck_assert_double_eq(threshold(c, "disk.busy")->warning, 85);
    t = threshold(c, "pool.reuse");
    ck_assert_int_eq(t->metric, METRIC_FIGURE_VALUE);
    ck_assert_str_eq(t->instance, "pool.reuse");
    ck_assert(t->below);
    ck_assert_double_eq(t->warning, 90);
    ck_assert_double_eq(threshold(c, "my.took.p99:app")->warning, 0.25);
    ck_assert_double_eq(threshold(c, "my.took.p99:app")->critical, 2);
    ck_assert_double_eq(threshold(c, "my.cache.bytes")->warning, 2097152);
    t = threshold(c, "memory.available_bytes");
    ck_assert(t->below);
    ck_assert_double_eq(t->warning, 2147483648.0);
    ck_assert_double_eq(t->clear_critical, 1073741824.0 * 1.1);
    ck_assert_double_eq(threshold(c, "net.receive_bytes")->critical, 10485760);
    ck_assert_double_eq(threshold(c, "system.uptime_seconds")->warning, 3600);
    ck_assert_double_eq(threshold(c, "memory.used_pct")->clear_warning, 95);
    ck_assert_int_eq(c->threshold_count, 9 + 7);
    config_free(c);
}
END_TEST

START_TEST(reads_rates_and_times_left)
{
    struct config *c = config_of(
        "[threshold growth]\nmetric = memory.used_bytes\nof = rate\nwarning = 10MiB/min\ncritical = 1GiB/min\n"
        "window = 30s\n"
        "[threshold fall]\nof = rate\nmetric = memory.used_pct\nwarning = < -6%/min\n"
        "[threshold traffic]\nmetric = net.receive_bytes\nof = rate\nwarning = 1MiB/s/min\n"
        "[threshold full]\nmetric = memory.used_pct\nof = time_left\nwarning = 3h\ncritical = < 40s\n"
        "[threshold gone]\nmetric = memory.available_bytes\nlimit = < 1GiB\nof = time_left\nwarning = 1min\n"
        "[threshold calls]\nmetric = app.calls\nof = rate\nwarning = 600/min\n");
    const struct config_threshold *t = threshold(c, "growth");
    ck_assert_int_eq(t->of, ASPECT_RATE);
    ck_assert_double_eq_tol(t->warning, 10485760 / 60.0, 1e-6);
    ck_assert_double_eq_tol(t->clear_warning, 9437184 / 60.0, 1e-6);
    ck_assert_double_eq(t->window_seconds, 30);
    t = threshold(c, "fall");
    ck_assert(t->below);
    ck_assert_double_eq_tol(t->warning, -0.1, 1e-12);
    ck_assert_double_eq_tol(t->clear_warning, -0.09, 1e-12);
    ck_assert_double_eq_tol(threshold(c, "traffic")->warning, 1048576 / 60.0, 1e-6);
    t = threshold(c, "full");
    ck_assert_int_eq(t->of, ASPECT_TIME_LEFT);
    ck_assert(t->below && !t->limit_below);
    ck_assert_double_eq(t->warning, 10800);
    ck_assert_double_eq(t->limit, 100);
    ck_assert_double_eq(t->window_seconds, 60);
    t = threshold(c, "gone");
    ck_assert(t->limit_below);
    ck_assert_double_eq(t->limit, 0x1p30);
    ck_assert_double_eq_tol(threshold(c, "calls")->warning, 10, 1e-9);
    config_free(c);
}
END_TEST

#define GROWTH "[threshold growth]\nmetric = memory.used_bytes\nof = "

START_TEST(refuses_rates_and_times_left)
{
    refused(GROWTH "rate\nwarning = 10MiB\n", ERR_BAD_TYPE, 4, "threshold growth.warning",
        "\"10MiB\" is not a rate of memory.used_bytes (allowed: a size per time, such as 10MiB/min");
    refused(GROWTH "rate\nwarning = 10%/min\n", ERR_BAD_TYPE, 4, "threshold growth.warning", "size per time");
    refused(GROWTH "speed\nwarning = 1/s\n", ERR_BAD_TYPE, 3, "threshold growth.of", "value, rate, time_left");
    refused(GROWTH "time_left\nlimit = 1GiB\nwarning = > 3h\n", ERR_BAD_TYPE, 5,
        "threshold growth.warning", "it fires when less is left");
    refused(GROWTH "time_left\nlimit = 1GiB\nwarning = 10MiB\n", ERR_BAD_TYPE, 5,
        "threshold growth.warning", "not a time left");
    refused(GROWTH "time_left\nwarning = 3h\n", ERR_MISSING, 3, "threshold growth.of", "needs the limit");
    refused(GROWTH "rate\nlimit = 1GiB\nwarning = 1k/s\n", ERR_CONFLICT, 4, "threshold growth.limit",
        "nothing that runs until it");
    refused(GROWTH "rate\nwindow = 1s\nwarning = 1k/s\n", ERR_BAD_RANGE, 4, "threshold growth.window", "3s");
    refused(GROWTH "value\nwarning = -5\n", ERR_BAD_RANGE, 4, "threshold growth.warning", "not a level");
    refused(GROWTH "value\nwarning = 5MiB/min\n", ERR_BAD_TYPE, 4, "threshold growth.warning", "not a level");
}
END_TEST

START_TEST(reads_webhooks)
{
    struct config *c = config_of(
        "[webhook a]\nurl = http://127.0.0.1:8080/x?y=1#z\nallow_private = yes\ntimeout = 2s\n"
        "life = 1h\nalerts = critical ,resolved\nruns = none\n"
        "[webhook b-2]\nurl = https://example.com\n");
    ck_assert_int_eq(c->webhook_count, 2);
    const struct config_webhook *a = &c->webhook[0], *b = &c->webhook[1];
    ck_assert_str_eq(a->name, "a");
    ck_assert_str_eq(a->url, "http://127.0.0.1:8080/x?y=1#z");
    ck_assert(a->allow_private && !a->warning && a->critical && a->resolved);
    ck_assert(!a->run_finished && !a->run_failed && !a->run_cancelled);
    ck_assert_double_eq(a->timeout_seconds, 2);
    ck_assert_double_eq(a->life_seconds, 3600);
    ck_assert(!b->allow_private && b->warning && b->critical && b->resolved);
    ck_assert(b->run_finished && b->run_failed && b->run_cancelled);
    ck_assert_double_eq(b->timeout_seconds, 15);
    ck_assert_double_eq(b->life_seconds, 86400);
    config_free(c);
}
END_TEST

START_TEST(reads_rules)
{
    struct config *c = config_of(
        "[threshold slow-disk]\nwarning = 60\nmetric = disk.busy:vda\nkeep_firing_for = 5s\n"
        "repeat = 4h\nlabels = team = lab ,site=n\xe2\x80\xaeorth\nwebhooks = b , a\n"
        "[threshold cpu.total]\nmetric = cpu.total\nwarning = 50\n"
        "[threshold free]\nmetric = memory.available_bytes\nwarning = < 2GiB\n"
        "[webhook a]\nurl = http://x/\n[webhook b]\nurl = http://y/\n");
    const struct config_threshold *t = threshold(c, "slow-disk");
    ck_assert(t->named);
    ck_assert_int_eq(t->metric, METRIC_DISK_BUSY);
    ck_assert_str_eq(t->instance, "vda");
    ck_assert_double_eq(t->clear_warning, 50);
    ck_assert_double_eq(t->keep_seconds, 5);
    ck_assert_double_eq(t->repeat_seconds, 14400);
    ck_assert_str_eq(t->webhooks, "b,a");
    ck_assert_int_eq(strncmp(t->labels, "team=lab,site=n", 15), 0);
    ck_assert_ptr_null(strstr(t->labels, "\xe2\x80\xae")); /* cleaned */
    ck_assert(!threshold(c, "cpu.total")->named);
    ck_assert_double_eq(threshold(c, "free")->warning, 0x1p31);
    ck_assert_double_eq(threshold(c, "free")->repeat_seconds, 0);
    config_free(c);
}
END_TEST

START_TEST(windows_of_silence)
{
    struct config *c = config_of("[silence night]\nmatch = disk.* team=lab\ndays = sat, sun\nfrom = 22:30\n"
        "to = 6:00\nreason = backup\n[silence all]\nmatch = *\n");
    ck_assert_int_eq(c->window_count, 2);
    ck_assert_str_eq(c->window[0].matcher, "disk.* team=lab");
    ck_assert_uint_eq(c->window[0].days, 0x41);
    ck_assert_int_eq(c->window[0].from_minute, 1350);
    ck_assert_int_eq(c->window[0].to_minute, 360);
    ck_assert_str_eq(c->window[0].reason, "backup");
    ck_assert_uint_eq(c->window[1].days, 0x7F);
    ck_assert_int_eq(c->window[1].to_minute, 1440);
    config_free(c);
#define WINDOW "[silence w]\nmatch = *\n"
    refused("[silence w]\nfrom = 1:00\n", ERR_MISSING, 1, "silence w.match", "Which alerts");
    refused(WINDOW "days = funday\n", ERR_BAD_TYPE, 3, "silence w.days", "sun, mon");
    refused(WINDOW "from = 25:00\n", ERR_BAD_TYPE, 3, "silence w.from", "00:00 to 24:00");
    refused(WINDOW "to = 10:60\n", ERR_BAD_TYPE, 3, "silence w.to", "00:00 to 24:00");
    refused(WINDOW "to = 1000\n", ERR_BAD_TYPE, 3, "silence w.to", "00:00 to 24:00");
    refused("[threshold cpu.total]\nwarning = 5\nescalate_after = 5min\n", ERR_CONFLICT, 3,
        "threshold cpu.total.escalate_after", "two webhooks");
#undef WINDOW
}
END_TEST

START_TEST(refuses_rules)
{
#define RULE "[threshold r]\nmetric = cpu.total\nwarning = 1\n"
    refused(RULE "webhooks = nobody\n", ERR_NOT_FOUND, 4, "threshold r.webhooks",
        "no [webhook nobody]");
    refused(RULE "webhooks = ,\n", ERR_SYNTAX, 4, "threshold r.webhooks", "names");
    refused(RULE "labels = team\n", ERR_BAD_TYPE, 4, "threshold r.labels", "NAME=VALUE");
    refused(RULE "labels = 1a=b\n", ERR_BAD_TYPE, 4, "threshold r.labels", "NAME=VALUE");
    refused(RULE "labels = a\"}=b\n", ERR_BAD_TYPE, 4, "threshold r.labels", "NAME=VALUE");
    refused(RULE "labels = severity=b\n", ERR_BAD_TYPE, 4, "threshold r.labels", "severity");
    refused(RULE "repeat = -1\n", ERR_BAD_RANGE, 4, "threshold r.repeat", "0");
    refused(RULE "keep_firing_for = x\n", ERR_BAD_TYPE, 4, "threshold r.keep_firing_for", "duration");
    refused("[threshold r]\nmetric = cpu.totl\nwarning = 1\n", ERR_NOT_FOUND, 1, "threshold r",
        "did you mean \"cpu.total\"");
    refused("[threshold a.b]\nmetric = cpu.total\nwarning = 1\n", ERR_SYNTAX, 1, "threshold a.b",
        "letters");
    refused("[threshold r]\nmetric = disk.busy\nwarning = 5MiB\n", ERR_BAD_TYPE, 3,
        "threshold r.warning", "0% to 100%");
#undef RULE
}
END_TEST

START_TEST(refuses_plain_options)
{
    refused("[serber]\n", ERR_UNKNOWN_KEY, 1, "serber", "did you mean [server]");
    refused("[server]\n\nintervall = 1s\n", ERR_UNKNOWN_KEY, 3, "server.intervall",
        "did you mean \"interval\"");
    refused("[server]\nzzz = 1s\n", ERR_UNKNOWN_KEY, 2, "server.zzz", "interval, history_1s");
    refused("[server]\ninterval = fast\n", ERR_BAD_TYPE, 2, "server.interval", "100ms to 1h");
    refused("[server]\ninterval = 1ms\n", ERR_BAD_RANGE, 2, "server.interval", "100ms to 1h");
    refused("[server]\ninterval = -1\n", ERR_BAD_RANGE, 2, "server.interval", "100ms to 1h");
    refused("[server]\ninterval =\n", ERR_BAD_TYPE, 2, "server.interval", "100ms to 1h");
    refused("[runs]\nslots = 0\n", ERR_BAD_RANGE, 2, "runs.slots", "auto, 1 to 1024");
    refused("[runs]\nslots = 1025\n", ERR_BAD_RANGE, 2, "runs.slots", "auto, 1 to 1024");
    refused("[screen]\ntheme = ../dark\n", ERR_BAD_TYPE, 2, "screen.theme", "is no name of a theme");
    refused("[threshold]\n", ERR_UNKNOWN_KEY, 1, "threshold", "[threshold NAME]");
}
END_TEST

START_TEST(refuses_thresholds)
{
#define CPU "[threshold cpu.total]\n"
    refused(CPU "warning = nan\n", ERR_BAD_TYPE, 2, "threshold cpu.total.warning", "level");
    refused(CPU "warning = inf\n", ERR_BAD_TYPE, 2, "threshold cpu.total.warning", "level");
    refused(CPU "warning = 0x10\n", ERR_BAD_TYPE, 2, "threshold cpu.total.warning", "level");
    refused(CPU "warning = 1e999\n", ERR_BAD_RANGE, 2, "threshold cpu.total.warning", "range");
    refused(CPU "warning = -1\n", ERR_BAD_RANGE, 2, "threshold cpu.total.warning", "0% to 100%");
    refused(CPU "warning = 101 %\n", ERR_BAD_RANGE, 2, "threshold cpu.total.warning",
        "0% to 100%");
    refused(CPU "warning = 0.05k\n", ERR_BAD_TYPE, 2, "threshold cpu.total.warning", "0% to 100%");
    refused(CPU "warning = 90\ncritical = 80\n", ERR_CONFLICT, 3, "threshold cpu.total.critical",
        "above warning");
    refused(CPU "critical = 80\nwarning = 80\n", ERR_CONFLICT, 2, "threshold cpu.total.critical",
        "above warning");
    refused(CPU "warning = < 10\ncritical = < 20\n", ERR_CONFLICT, 3,
        "threshold cpu.total.critical", "below warning");
    refused(CPU "warning = < 10\ncritical = 5\n", ERR_CONFLICT, 3, "threshold cpu.total.critical",
        "both");
    refused(CPU "warning = 80\nclear_warning = 85\n", ERR_CONFLICT, 3,
        "threshold cpu.total.clear_warning", "above warning");
    refused(CPU "critical = < 20\nclear_critical = 10\n", ERR_CONFLICT, 3,
        "threshold cpu.total.clear_critical", "below critical");
    refused(CPU "warning = 80\nclear_warning = < 70\n", ERR_SYNTAX, 3,
        "threshold cpu.total.clear_warning", "direction");
    refused(CPU "for = 3s\n", ERR_MISSING, 1, "threshold cpu.total", "level");
    refused(CPU "warning = 80\nfor = forever\n", ERR_BAD_TYPE, 3, "threshold cpu.total.for",
        "duration");
    refused("[threshold cpu.totl]\nwarning = 1\n", ERR_NOT_FOUND, 1, "threshold cpu.totl",
        "did you mean \"cpu.total\"");
    refused("[threshold cpu.total:0]\n", ERR_NOT_FOUND, 1, "threshold cpu.total:0", "metric");
    refused("[threshold core.total:]\n", ERR_NOT_FOUND, 1, "threshold core.total:", "metric");
    refused("[threshold  cpu.total]\n", ERR_NOT_FOUND, 1, "threshold  cpu.total", "metric");
#define LONG "01234567890123456789012345678901234567890123456789"
    refused("[threshold disk.busy:" LONG LONG "]\nwarning = 1\n", ERR_TOO_LARGE, 1,
        "threshold disk.busy:" LONG LONG, "long");
    refused("[threshold memory.used_bytes]\nwarning = 80%\n", ERR_BAD_TYPE, 2,
        "threshold memory.used_bytes.warning", "2GiB");
#undef CPU
}
END_TEST

START_TEST(refuses_webhooks)
{
    refused("[webhook a]\ntimeout = 5s\n", ERR_MISSING, 1, "webhook a.url", "https://");
    refused("[webhook a]\nurl =\n", ERR_BAD_TYPE, 2, "webhook a.url", "http");
    refused("[webhook a b]\nurl = http://h\n", ERR_SYNTAX, 1, "webhook a b", "name");
    refused("[webhook a]\nurl = ftp://h/\n", ERR_BAD_TYPE, 2, "webhook a.url", "http://");
    refused("[webhook a]\nurl = http://h/\ngroup_by = team, 1a\n", ERR_BAD_TYPE, 3,
        "webhook a.group_by", "alertname");
    refused("[webhook a]\nurl = http://h/\ngroup_by = severity\n", ERR_BAD_TYPE, 3,
        "webhook a.group_by", "alertname");
    refused("[webhook a]\nurl = http://u:p@h/\n", ERR_BAD_TYPE, 2, "webhook a.url", "password");
    refused("[webhook a]\nurl = http://h/\nalerts = warning, silly\n", ERR_BAD_TYPE, 3,
        "webhook a.alerts", "warning, critical, resolved");
    refused("[webhook a]\nurl = http://h/\nruns =\n", ERR_BAD_TYPE, 3, "webhook a.runs",
        "finished, failed, cancelled");
    refused("[webhook a]\nurl = http://h/\ntimeout = 1h\n", ERR_BAD_RANGE, 3, "webhook a.timeout",
        "1s to 5m");
}
END_TEST

START_TEST(webhook_limit)
{
    struct str text;
    str_init(&text);
    for (int i = 0; i <= CONFIG_WEBHOOKS_MAX; i++)
        str_printf(&text, "[webhook w%d]\nurl = http://h/\n", i);
    refused(text.data, ERR_TOO_LARGE, 2 * CONFIG_WEBHOOKS_MAX + 1, "webhook w64", "more than 64");
    str_release(&text);
}
END_TEST

START_TEST(urls)
{
    static const char *const good[] = { "http://h", "HTTPS://Example.com:443/a@b?c", "http://h?x",
        "http://[::1]:80/", "http://[fe80::1]", "https://a-b.c_d.example/#f", "http://10.0.0.1:1" };
    static const char *const bad[] = { "", "h", "http:", "http://", "http:///x", "//h", "http:/h",
        "http://:80", "http://h:", "http://h:0", "http://h:65536", "http://h:8x", "http://h h/",
        "http://h/\x1b[2J", "http://h/\t", "http://u@h", "http://u:p@h", "http://@h", "http://h\\@g/",
        "http://[::1", "http://[]/", "http://[::1]x", "http://\xC3\xA9/", "file:///etc/passwd",
        "javascript:http://h", " http://h", "http://.h", "http://h%00/" };
    char secret[3000];
    struct diag diag = { 0 };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(url_check(good[i], &diag) == 0, "%s: %s", good[i], diag.text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(url_check(bad[i], &diag) < 0, "%s", bad[i]);
    ck_assert_int_lt(url_check("http://h h/CANARY", &diag), 0);
    ck_assert_ptr_null(strstr(diag.text, "CANARY"));
    memset(secret, 'a', sizeof secret);
    memcpy(secret, "http://", 7);
    secret[sizeof secret - 1] = '\0';
    ck_assert_int_eq(url_check(secret, &diag), ERR_TOO_LARGE);
}
END_TEST

START_TEST(loads)
{
    struct ini *ini;
    struct config *config;
    struct diag diag = { 0 };
    ck_assert_int_eq(config_load("/nonexistent/o.ini", &ini, &config, &diag), 0);
    ck_assert_double_eq(config->interval_seconds, 1);
    ck_assert_str_eq(ini_file_name(ini), "/nonexistent/o.ini");
    ck_assert_str_eq(diag.text, "");
    config_free(config);
    ini_free(ini);
    ck_assert_int_lt(config_load("/", &ini, &config, &diag), 0);
    ck_assert_str_eq(diag.file, "/");
}
END_TEST

START_TEST(paths)
{
    setenv("OPTOP_CONFIG", "/x/y.ini", 1);
    setenv("XDG_CONFIG_HOME", "/cfg", 1);
    setenv("HOME", "/home/u", 1);
    char *path = config_default_path();
    ck_assert_str_eq(path, "/x/y.ini");
    free(path);
    unsetenv("OPTOP_CONFIG");
    path = config_default_path();
    ck_assert_str_eq(path, "/cfg/optop/optop.ini");
    free(path);
    setenv("XDG_CONFIG_HOME", "relative", 1);
    path = config_default_path();
    ck_assert_str_eq(path, "/home/u/.config/optop/optop.ini");
    free(path);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("config");
    TCase *tc = tcase_create("config");
    tcase_add_test(tc, defaults);
    tcase_add_test(tc, reads_plain_options);
    tcase_add_test(tc, reads_thresholds);
    tcase_add_test(tc, reads_rates_and_times_left);
    tcase_add_test(tc, refuses_rates_and_times_left);
    tcase_add_test(tc, reads_webhooks);
    tcase_add_test(tc, reads_rules);
    tcase_add_test(tc, refuses_rules);
    tcase_add_test(tc, windows_of_silence);
    tcase_add_test(tc, refuses_plain_options);
    tcase_add_test(tc, refuses_thresholds);
    tcase_add_test(tc, refuses_webhooks);
    tcase_add_test(tc, webhook_limit);
    tcase_add_test(tc, urls);
    tcase_add_test(tc, loads);
    tcase_add_test(tc, paths);
    suite_add_tcase(suite, tc);
    return suite;
}
