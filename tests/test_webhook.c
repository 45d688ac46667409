/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/webhook.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "alert/sign.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/json.h"
#include "config/body_template.h"
#include "test.h"

static struct str out;
static struct diag diag;

static void
setup(void)
{
    str_init(&out);
    diag = (struct diag){ 0 };
}

static void
teardown(void)
{
    str_release(&out);
}

/* Signatures: the published vectors of Standard Webhooks' libraries, and some
 * that were made with two other programs. */

#define SECRET_24 "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
#define SECRET_64                                                              \
    "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+" \
    "Pw=="

START_TEST(vectors)
{
    static const struct {
        const char *secret, *id;
        int64_t seconds;
        const char *body;
        size_t len;
        const char *signature;
    } row[] = {
#define BODY(text) text, sizeof text - 1
        { "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330,
            BODY("{\"test\": 2432232314}"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" },
        { "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", 1649367553,
            BODY("{\"email\":\"test@example.com\",\"username\":\"test_user\"}"),
            "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=" },
        { "whsec_plJ3nmyCDGBKInavdOK15jsl", "msg_loFOjxBNrRLzqYUf", 1731705121,
            BODY("{\"event_type\":\"ping\",\"data\":{\"success\":true}}"),
            "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=" },
        { SECRET_24, "msg_empty", 1700000000, BODY(""),
            "v1,40wnwbYWAthDdtxLpXvGtDYqwozxys0+Cy7GtvX9AtU=" },
        { SECRET_24, "msg_ws", 1700000000, BODY("{\n\t\"a\": 1\n}\n"),
            "v1,+kFr5WEi3GP9Hc55jwpk/mzwxsHYO4lCxLrSfr/N/ug=" },
        { SECRET_64, "msg_k64", 1700000000, BODY("{\"a\":1}"),
            "v1,WVPu9h88hWzAgq2c9FHajuu9VD4lmmutuAoQLKEmi2A=" },
        { SECRET_24 "GA", "msg_nopad", 1700000000, BODY("{\"a\":1}"),
            "v1,mpfOeqYdmfcfj9IlCertKOyG7eVGTthDDpooXmZQzN0=" },
        { SECRET_24, "msg_y2106", INT64_C(4294967297), BODY("{\"a\":1}"),
            "v1,225Rbj98uoVWB1Y9bWw7VunT+Cr+mwp6xFMqDKrhkS0=" },
        { SECRET_24, "msg_bin", 1700000000, BODY("\x00\xFF\xFE\n\r\x00"),
            "v1,WlLCEv2blWGcghve27QAxbila+2Z4J8mPQO+kb71Lio=" },
#undef BODY
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        str_clear(&out);
        ck_assert_int_eq(sign_webhook(&out, row[i].secret, row[i].id, row[i].seconds, row[i].body,
            row[i].len), 0);
        ck_assert_str_eq(out.data, row[i].signature);
    }
}
END_TEST

START_TEST(no_secrets)
{
    static const char *const none[] = { "", "whsec_", "whsec_=", "whsec_%%%%", "not base64!" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        ck_assert_msg(sign_check_secret(none[i], &diag) == ERR_SYNTAX, "%s", none[i]);
        ck_assert_int_eq(sign_webhook(&out, none[i], "m", 1, "", 0), ERR_SYNTAX);
        ck_assert_ptr_null(strstr(diag.text, "%%%%"));
    }
    ck_assert_int_eq(out.len, 0);
    ck_assert_int_eq(sign_check_secret(SECRET_24, &diag), 0);
}
END_TEST

/* Bodies. */

static const struct store_notice warning = {
    .wall_ns = INT64_C(1795228207123000000), .type = "alert.warning", .key = "disk.busy:sda<1>",
    .state = "warning", .value = 91.2, .level = 80,
    .incident_wall_ns = INT64_C(1795228200000000000), .sequence = 2,
    .text = "disk.busy:sda<1> is 91.2% (\"warning\" & more)",
};
static const struct store_notice resolved = {
    .wall_ns = INT64_C(1795228207123000000), .type = "alert.resolved", .key = "cpu.total",
    .state = "normal", .value = 10, .level = NAN, .incident_wall_ns = INT64_C(1795228200000000000),
    .sequence = 3, .text = "cpu.total is back to normal",
};
static const struct store_notice failed = {
    .wall_ns = 1, .type = "run.failed", .key = "run:7", .state = "failed", .value = NAN,
    .level = NAN, .text = "run 7 (\"a\nb\")",
};

static struct config_webhook webhook = { .name = "chat" };

static int
index_of(const char *name)
{
    int i = 0;
    while (webhook_formats[i].name && strcmp(webhook_formats[i].name, name) != 0)
        i++;
    ck_assert_msg(webhook_formats[i].name != NULL, "%s", name);
    return i;
}

static const char *
body_of(const char *format, const struct store_notice *notice)
{
    webhook.format = index_of(format);
    const struct format_event event = { .notice = notice, .id = "msg_1", .host = "vm",
        .webhook = &webhook };
    str_clear(&out);
    webhook_formats[webhook.format].body(&event, &out);
    return out.data;
}

#define WARNING_TEXT "disk.busy:sda<1> is 91.2% (\\\"warning\\\" & more)"
#define WARNING_TITLE "WARNING disk.busy:sda<1> on vm"
#define WARNING_ESCAPED "disk.busy:sda&lt;1&gt; is 91.2% (\\\"warning\\\" &amp; more)"
#define WARNING_DATA                                                           \
    "\"data\":{\"id\":\"msg_1\",\"host\":\"vm\",\"key\":\"disk.busy:sda<1>\",\"state\":\"warning\"," \
    "\"value\":91.2,\"level\":80,\"unit\":\"%\",\"incident\":\"2026-11-21T02:30:00.000Z\","      \
    "\"sequence\":2,\"text\":\"" WARNING_TEXT "\"}"
#define LABELS                                                                 \
    "{\"alertname\":\"disk.busy:sda<1>\",\"instance\":\"vm\",\"job\":\"optop\",\"severity\":\"warning\"}"
#define ANNOTATIONS "{\"summary\":\"" WARNING_TITLE "\",\"description\":\"" WARNING_TEXT "\"}"

START_TEST(hostile_labels_stay_values)
{
    struct store_notice notice = warning;
    notice.labels = "team=a\"},\\{{id}}<b>\n\x01,site=,severe=x=y";
    for (int i = 0; webhook_formats[i].name; i++) {
        if (!strcmp(webhook_formats[i].name, "template"))
            continue;
        const char *body = body_of(webhook_formats[i].name, &notice);
        json_t *parsed = json_parse(body, strlen(body), NULL);
        ck_assert_msg(parsed != NULL, "%s: %s", webhook_formats[i].name, body);
        json_decref(parsed);
    }
    body_of("alertmanager", &notice);
    json_t *body = json_parse(out.data, out.len, NULL);
    const json_t *labels = json_object_get(body, "commonLabels");
    ck_assert_str_eq(json_get_string(labels, "severity", ""), "warning");
    ck_assert_str_eq(json_get_string(labels, "severe", ""), "x=y");
    ck_assert_str_eq(json_get_string(labels, "site", "?"), "");
    json_decref(body);
}
END_TEST

START_TEST(golden_bodies)
{
    static const struct {
        const char *format;
        const struct store_notice *notice;
        const char *body;
    } row[] = {
        { "standard", &warning,
            "{\"type\":\"alert.warning\",\"timestamp\":\"2026-11-21T02:30:07.123Z\"," WARNING_DATA "}" },
        { "standard", &failed,
            "{\"type\":\"run.failed\",\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"data\":{"
            "\"id\":\"msg_1\",\"host\":\"vm\",\"key\":\"run:7\",\"state\":\"failed\",\"value\":null,"
            "\"level\":null,\"unit\":null,\"incident\":null,\"sequence\":0,"
            "\"text\":\"run 7 (\\\"a\\nb\\\")\"}}" },
        { "cloudevents", &warning,
            "{\"specversion\":\"1.0\",\"id\":\"msg_1\",\"source\":\"//vm/optop\","
            "\"type\":\"optop.alert.warning\",\"subject\":\"disk.busy:sda<1>\","
            "\"time\":\"2026-11-21T02:30:07.123Z\",\"datacontenttype\":\"application/json\","
            WARNING_DATA "}" },
        { "alertmanager", &warning,
            "{\"version\":\"4\",\"groupKey\":\"{}:{alertname=\\\"disk.busy:sda<1>\\\"}\","
            "\"truncatedAlerts\":0,\"status\":\"firing\",\"receiver\":\"chat\","
            "\"groupLabels\":{\"alertname\":\"disk.busy:sda<1>\"},\"commonLabels\":" LABELS ","
            "\"commonAnnotations\":" ANNOTATIONS ",\"externalURL\":\"\",\"alerts\":[{"
            "\"status\":\"firing\",\"labels\":" LABELS ",\"annotations\":" ANNOTATIONS ","
            "\"startsAt\":\"2026-11-21T02:30:00.000Z\",\"endsAt\":\"0001-01-01T00:00:00Z\","
            "\"generatorURL\":\"\",\"fingerprint\":\"FINGERPRINT\"}]}" },
        { "slack", &warning,
            "{\"text\":\"WARNING disk.busy:sda&lt;1&gt; on vm\",\"attachments\":[{"
            "\"color\":\"#E67E22\",\"fallback\":\"" WARNING_ESCAPED "\",\"text\":\"" WARNING_ESCAPED
            "\",\"ts\":1795228207}]}" },
        { "discord", &warning,
            "{\"username\":\"optop\",\"allowed_mentions\":{\"parse\":[]},\"embeds\":[{"
            "\"title\":\"" WARNING_TITLE "\",\"description\":\"" WARNING_TEXT "\",\"color\":15105570,"
            "\"timestamp\":\"2026-11-21T02:30:07.123Z\"}]}" },
        { "pagerduty", &warning,
            "{\"event_action\":\"trigger\",\"dedup_key\":\"optop/vm/disk.busy:sda<1>\",\"payload\":{"
            "\"summary\":\"" WARNING_TEXT "\",\"source\":\"vm\",\"severity\":\"warning\","
            "\"timestamp\":\"2026-11-21T02:30:07.123Z\",\"component\":\"disk.busy:sda<1>\","
            "\"class\":\"alert.warning\",\"custom_details\":{\"value\":91.2,\"level\":80,"
            "\"unit\":\"%\",\"sequence\":2}},\"client\":\"optop\"}" },
        { "pagerduty", &resolved,
            "{\"event_action\":\"resolve\",\"dedup_key\":\"optop/vm/cpu.total\",\"payload\":{"
            "\"summary\":\"cpu.total is back to normal\",\"source\":\"vm\",\"severity\":\"info\","
            "\"timestamp\":\"2026-11-21T02:30:07.123Z\",\"component\":\"cpu.total\","
            "\"class\":\"alert.resolved\",\"custom_details\":{\"value\":10,\"level\":null,"
            "\"unit\":\"%\",\"sequence\":3}},\"client\":\"optop\"}" },
        { "teams", &warning,
            "{\"type\":\"message\",\"attachments\":[{"
            "\"contentType\":\"application/vnd.microsoft.card.adaptive\",\"content\":{"
            "\"$schema\":\"http://adaptivecards.io/schemas/adaptive-card.json\","
            "\"type\":\"AdaptiveCard\",\"version\":\"1.4\",\"body\":[{\"type\":\"TextBlock\","
            "\"text\":\"" WARNING_TITLE "\",\"wrap\":true,\"weight\":\"bolder\"},"
            "{\"type\":\"TextBlock\",\"text\":\"" WARNING_TEXT "\",\"wrap\":true}]}}]}" },
        { "ntfy", &warning,
            "{\"title\":\"" WARNING_TITLE "\",\"priority\":4,\"tags\":\"warning\","
            "\"message\":\"" WARNING_TEXT "\"}" },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char *body = strdup(body_of(row[i].format, row[i].notice));
        char *print = strstr(body, "\"fingerprint\":\"");
        if (print) {
            print += strlen("\"fingerprint\":\"");
            ck_assert_int_eq(strspn(print, "0123456789abcdef"), 16);
            memcpy(print, "FINGERPRINT", 11);
            memmove(print + 11, print + 16, strlen(print + 16) + 1);
        }
        ck_assert_str_eq(body, row[i].body);
        json_t *json = json_parse(body, strlen(body), &diag);
        ck_assert_msg(json != NULL, "%s: %s", row[i].format, diag.text);
        json_decref(json);
        free(body);
    }
}
END_TEST

/* From fire to resolve the name of the thing stays; another host's is another. */
START_TEST(fingerprints)
{
    char a[17], b[17];
    sign_fingerprint("optop/vm/cpu.total", 18, a);
    ck_assert_str_eq(a, "1f19ab1a7ad2e4fc");
    sign_fingerprint("optop/wm/cpu.total", 18, b);
    ck_assert_str_ne(a, b);
    const char *at = strstr(body_of("alertmanager", &resolved), "\"status\":\"resolved\",\"labels\"");
    ck_assert_ptr_nonnull(at);
    ck_assert_ptr_nonnull(strstr(at, "\"endsAt\":\"2026-11-21T02:30:07.123Z\""));
    ck_assert_ptr_nonnull(strstr(at, a));
}
END_TEST

/* Every choice of the option is a format, in the same order. */
START_TEST(choices)
{
    const struct option *option = option_find(config_options, "webhook *", "format");
    const char *at = option->choices;
    int i = 0;
    for (; webhook_formats[i].name; i++) {
        size_t len = strlen(webhook_formats[i].name);
        ck_assert_int_eq(strncmp(at, webhook_formats[i].name, len), 0);
        ck_assert(at[len] == '|' || !at[len]);
        at += len + (at[len] == '|');
    }
    ck_assert_str_eq(at, "");
    ck_assert_int_eq(i, 10);
    ck_assert_ptr_null(webhook_format_find("smoke"));
}
END_TEST

/* Tries. */

static struct webhook_request request;

static const char *
header(const char *name)
{
    for (int i = 0; i < request.count; i++)
        if (str_starts(request.header[i], name) && request.header[i][strlen(name)] == ':')
            return request.header[i] + strlen(name) + 2;
    return NULL;
}

/* Dresses what the format makes of the notice. */
static int
dress(const char *format, const struct store_notice *notice)
{
    char *body = strdup(body_of(format, notice));
    struct store_delivery delivery = { .webhook = "chat", .event_id = "msg_1", .format = format,
        .body = body };
    request_init(&request);
    int r = webhook_dress(&request, &webhook, &delivery, INT64_C(1700000000) * NS_PER_SEC);
    ck_assert_ptr_null(request.header[request.count]);
    free(body);
    return r;
}

START_TEST(signed_with_each_secret)
{
    struct str wanted;
    str_init(&wanted);
    ck_assert_int_eq(secret_read_text(&webhook.secret, SECRET_64 "\n" SECRET_24 "\n", &diag), 0);
    ck_assert_int_eq(dress("standard", &warning), 0);
    ck_assert_str_eq(request.body.data, out.data);
    for (int i = 0; i < 2; i++) {
        str_puts(&wanted, i ? " " : "");
        sign_webhook(&wanted, i ? SECRET_24 : SECRET_64, "msg_1", 1700000000, out.data, out.len);
    }
    ck_assert_str_eq(header("webhook-signature"), wanted.data);
    ck_assert_str_eq(header("webhook-timestamp"), "1700000000");
    ck_assert_str_eq(header("webhook-id"), "msg_1");
    ck_assert_str_eq(header("content-type"), "application/json");
    request_release(&request);
    secret_wipe(&webhook.secret);
    ck_assert_int_eq(dress("standard", &warning), 0);
    ck_assert_ptr_null(header("webhook-signature"));
    request_release(&request);
    str_release(&wanted);
}
END_TEST

START_TEST(secrets_in_body_and_header)
{
    ck_assert_int_eq(secret_read_text(&webhook.secret, "R0UT\"1NG", &diag), 0);
    ck_assert_int_eq(dress("pagerduty", &warning), 0);
    ck_assert_ptr_null(strstr(out.data, "R0UT"));
    ck_assert(str_starts(request.body.data,
        "{\"routing_key\":\"R0UT\\\"1NG\",\"event_action\":\"trigger\","));
    ck_assert_ptr_null(header("authorization"));
    json_t *json = json_parse(request.body.data, request.body.len, NULL);
    ck_assert(json_is_object(json));
    json_decref(json);
    request_release(&request);
    ck_assert_int_eq(dress("ntfy", &warning), 0);
    ck_assert_str_eq(header("authorization"), "Bearer R0UT\"1NG");
    ck_assert_str_eq(header("title"), WARNING_TITLE);
    ck_assert_str_eq(header("priority"), "4");
    ck_assert_str_eq(header("tags"), "warning");
    ck_assert_str_eq(request.body.data, warning.text);
    request_release(&request);
    secret_wipe(&webhook.secret);
}
END_TEST

START_TEST(cloudevents_in_headers)
{
    struct store_notice odd = warning;
    odd.key = "disk.busy:a \"b\" 100% \xC3\xA4";
    ck_assert_int_eq(dress("cloudevents-binary", &odd), 0);
    ck_assert_str_eq(header("ce-specversion"), "1.0");
    ck_assert_str_eq(header("ce-id"), "msg_1");
    ck_assert_str_eq(header("ce-source"), "//vm/optop");
    ck_assert_str_eq(header("ce-type"), "optop.alert.warning");
    ck_assert_str_eq(header("ce-subject"), "disk.busy:a%20%22b%22%20100%25%20%C3%A4");
    ck_assert_str_eq(header("ce-time"), "2026-11-21T02:30:07.123Z");
    ck_assert_str_eq(header("content-type"), "application/json");
    json_t *json = json_parse(request.body.data, request.body.len, NULL);
    ck_assert_str_eq(json_get_string(json, "key", ""), odd.key);
    json_decref(json);
    request_release(&request);
    request_init(&request);
    struct store_delivery delivery = { .event_id = "m", .format = "cloudevents-binary", .body = "[]" };
    ck_assert_int_eq(webhook_dress(&request, &webhook, &delivery, 1), ERR_SYNTAX);
    request_release(&request);
    request_init(&request);
    delivery.format = "smoke";
    ck_assert_int_eq(webhook_dress(&request, &webhook, &delivery, 1), ERR_NOT_FOUND);
    request_release(&request);
}
END_TEST

START_TEST(what_a_format_needs)
{
    webhook.format = index_of("pagerduty");
    ck_assert_int_eq(webhook_check_secret(&webhook, &diag), ERR_CONFLICT);
    ck_assert_ptr_nonnull(strstr(diag.text, "routing_key"));
    ck_assert_int_eq(secret_read_text(&webhook.secret, "key", NULL), 0);
    ck_assert_int_eq(webhook_check_secret(&webhook, &diag), 0);
    webhook.format = index_of("slack");
    ck_assert_int_eq(webhook_check_secret(&webhook, &diag), ERR_CONFLICT);
    webhook.format = index_of("standard");
    ck_assert_int_eq(secret_read_text(&webhook.secret, SECRET_24 "\nno!", NULL), 0);
    ck_assert_int_eq(webhook_check_secret(&webhook, &diag), ERR_SYNTAX);
    secret_wipe(&webhook.secret);
    ck_assert_int_eq(webhook_check_secret(&webhook, &diag), 0);
}
END_TEST

/* Files. */

static const char *
file_of(const char *text, mode_t mode)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/file", test_directory());
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
    return path;
}

START_TEST(secret_files)
{
    struct secret secret = { .count = 0 };
    ck_assert_int_eq(secret_read_file(&secret, file_of("new\n\r\nold", 0600), &diag), 0);
    ck_assert_int_eq(secret.count, 2);
    ck_assert_str_eq(secret.line[0], "new");
    ck_assert_str_eq(secret.line[1], "old");
    static const struct {
        const char *text;
        mode_t mode;
        int error;
    } row[] = {
        { "new", 0640, -EACCES }, { "new", 0604, -EACCES }, { "", 0600, ERR_SYNTAX },
        { "\n\n", 0600, ERR_SYNTAX }, { "a b", 0600, ERR_SYNTAX }, { "a\tb", 0600, ERR_SYNTAX },
        { "\xC3\xA4", 0600, ERR_SYNTAX }, { "1\n2\n3\n4\n5", 0600, ERR_TOO_LARGE },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        ck_assert_int_eq(secret_read_file(&secret, file_of(row[i].text, row[i].mode), &diag),
            row[i].error);
    ck_assert_int_eq(secret_read_file(&secret, "/no/such/file", &diag), -ENOENT);
    ck_assert_int_eq(secret_read_file(&secret, "/dev/null", &diag), ERR_BAD_TYPE);
    ck_assert_str_eq(secret.line[0], "new"); /* failures change nothing */
}
END_TEST

START_TEST(templates)
{
    char *text;
    ck_assert_int_eq(body_template_load(file_of(
        "{\"t\":\"{{ text }}\",\"v\":{{value}},\"l\":{{level}},\"h\":\"{{host}} {{severity}}\"}\n",
        0644), &text, &diag), 0);
    webhook.template = text;
    ck_assert_str_eq(body_of("template", &warning),
        "{\"t\":\"" WARNING_TEXT "\",\"v\":91.2,\"l\":80,\"h\":\"vm warning\"}\n");
    ck_assert_str_eq(body_of("template", &failed),
        "{\"t\":\"run 7 (\\\"a\\nb\\\")\",\"v\":null,\"l\":null,\"h\":\"vm error\"}\n");
    free(text);
    webhook.template = NULL;
    ck_assert_int_eq(body_template_load(file_of("{\"a\":1,\n\"b\":\"{{colour}}\"}", 0644), &text,
        &diag), ERR_NOT_FOUND);
    ck_assert_str_eq(diag.text, "line 2: unknown variable {{colour}}");
    ck_assert_int_eq(body_template_load(file_of("{\"a\":{{text}}}", 0644), &text, &diag), ERR_SYNTAX);
    ck_assert_int_eq(body_template_load(file_of("{\"a\":\"{{\"}", 0644), &text, &diag), 0);
    free(text);
    ck_assert_int_eq(body_template_load("/no/such/file", &text, &diag), -ENOENT);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("webhook");
    TCase *tcase = tcase_create("formats");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, vectors);
    tcase_add_test(tcase, no_secrets);
    tcase_add_test(tcase, hostile_labels_stay_values);
    tcase_add_test(tcase, golden_bodies);
    tcase_add_test(tcase, fingerprints);
    tcase_add_test(tcase, choices);
    tcase_add_test(tcase, signed_with_each_secret);
    tcase_add_test(tcase, secrets_in_body_and_header);
    tcase_add_test(tcase, cloudevents_in_headers);
    tcase_add_test(tcase, what_a_format_needs);
    tcase_add_test(tcase, secret_files);
    tcase_add_test(tcase, templates);
    suite_add_tcase(suite, tcase);
    return suite;
}
