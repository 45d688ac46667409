/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What decides when a webhook is called: circuit, bucket, endpoint; and the digests
 * and probes that come of it, through an outbox with a receiver.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "alert/bucket.h"
#include "alert/circuit.h"
#include "alert/format.h"
#include "alert/outbox.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "receiver.h"
#include "test.h"

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

/* Each pair, by the words of the header and not by the table. */
START_TEST(every_pair_of_the_circuit)
{
    for (int c = 0; c < CIRCUIT_COUNT; c++)
        for (int e = 0; e < CIRCUIT_EVENT_COUNT; e++) {
            enum circuit next = circuit_next((enum circuit)c, (enum circuit_event)e);
            if (e == CIRCUIT_ASKED)
                ck_assert_int_eq(next, CIRCUIT_CLOSED);
            else if (e == CIRCUIT_LOST || c == CIRCUIT_GONE)
                ck_assert_int_eq(next, CIRCUIT_GONE);
            else if (e == CIRCUIT_ANSWERED)
                ck_assert_int_eq(next, CIRCUIT_CLOSED);
            else if (e == CIRCUIT_FAILED_AGAIN || (e == CIRCUIT_FAILED && c != CIRCUIT_CLOSED))
                ck_assert_int_eq(next, CIRCUIT_OPEN);
            else
                ck_assert_int_eq(next, c == CIRCUIT_OPEN ? CIRCUIT_PROBING : c);
        }
    ck_assert_str_eq(circuit_name(CIRCUIT_PROBING), "half-open");
}
END_TEST

START_TEST(bucket_gives_its_burst_then_its_rate)
{
    struct bucket bucket = { 0 };
    int64_t now = 5 * NS_PER_SEC;
    ck_assert_int_eq(bucket_ready_ns(&bucket, now), now); /* no limit */
    ck_assert(!bucket_is_last(&bucket, now));
    bucket_set(&bucket, 2, 3, now);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(bucket_ready_ns(&bucket, now), now);
        ck_assert(bucket_is_last(&bucket, now) == (i == 2));
        bucket_take(&bucket, now);
    }
    ck_assert_int_eq(bucket_ready_ns(&bucket, now), now + NS_PER_SEC / 2);
    bucket_set(&bucket, 4, 3, now); /* another rate, still empty */
    ck_assert_int_eq(bucket_ready_ns(&bucket, now), now + NS_PER_SEC / 4);
    now += 100 * NS_PER_SEC; /* no more than the burst gathers */
    for (int i = 0; i < 3; i++)
        bucket_take(&bucket, now);
    ck_assert_int_gt(bucket_ready_ns(&bucket, now), now);
}
END_TEST

static struct loop *loop;
static struct store *store;
static struct http *http;
static struct outbox *outbox;
static struct receiver *receiver;
static struct config config;
static struct config_webhook webhook;
static char url[512];

static void
start_outbox(void)
{
    http = http_new(loop);
    outbox = outbox_new(loop, store, http);
    outbox_set_backoff(outbox, 0.001, 0.02);
    outbox_configure(outbox, &config);
}

static void
stop_outbox(void)
{
    outbox_free(outbox);
    http_free(http);
}

static void
setup(void)
{
    signal(SIGPIPE, SIG_IGN);
    loop = loop_new();
    ck_assert_int_eq(store_open(test_directory(), &store, NULL), 0);
    receiver = receiver_new(loop, 0);
    str_copy(url, sizeof url, receiver_url(receiver, "/hook"));
    webhook = (struct config_webhook){ .name = "chat", .url = url, .timeout_seconds = 60,
        .life_seconds = 3600, .allow_private = true, .warning = true, .critical = true,
        .resolved = true, .rate = 0.5, .burst = 2 };
    config.webhook = &webhook;
    config.webhook_count = 1;
    start_outbox();
}

static void
teardown(void)
{
    stop_outbox();
    receiver_free(receiver);
    store_close(store);
    loop_free(loop);
}

static void
add_labelled(const char *type, const char *key, int number, const char *text, const char *labels)
{
    struct store_notice notice = { .wall_ns = clock_wall_ns(), .type = type, .key = key,
        .state = "warning", .value = 91.2, .level = 80, .incident_wall_ns = NS_PER_SEC,
        .sequence = (uint32_t)number, .text = text, .labels = labels };
    ck_assert_int_eq(store_notice_add(store, &notice, &notice.id), 0);
    ck_assert_int_eq(outbox_add(outbox, &notice, NULL), 0);
}

static void
add(const char *type, const char *key, int number, const char *text)
{
    add_labelled(type, key, number, text, "team=lab");
}

static void
tell_many(int count)
{
    char text[64];
    ck_assert_int_eq(store_begin(store), 0);
    for (int i = 0; i < count; i++) {
        snprintf(text, sizeof text, "notice %d", i);
        add(i % 2 ? "alert.resolved" : "alert.warning", "cpu.total", i, text);
    }
    ck_assert_int_eq(store_commit(store, NULL), 0);
    outbox_wake(outbox);
}

static bool
all_settled(void *context)
{
    (void)context;
    return outbox_figures(outbox).waiting == 0;
}

static void
wait_settled(void)
{
    ck_assert(receiver_wait(loop, all_settled, NULL));
}

static void
take_state(void *context, const struct outbox_webhook *state)
{
    *(struct outbox_webhook *)context = *state;
}

static struct outbox_webhook
state_now(void)
{
    struct outbox_webhook state = { 0 };
    outbox_each(outbox, take_state, &state);
    return state;
}

/* All sequences in the order in which they have come, digests opened; -1 ends. */
static int
sequences(int *sequence, int most)
{
    int count = 0;
    for (int i = 0; i < receiver_count(receiver); i++) {
        const struct receiver_request *request = receiver_request(receiver, i);
        json_t *body = json_parse(request->body, request->body_len, NULL);
        const json_t *data = json_object_get(body, "data"), *notices = json_object_get(data, "notices");
        for (size_t n = 0; n < json_array_size(notices) && count < most; n++)
            sequence[count++] = (int)json_get_int(json_array_get(notices, n), "sequence", -1);
        if (!notices && count < most)
            sequence[count++] = (int)json_get_int(data, "sequence", -1);
        json_decref(body);
    }
    return count;
}

static json_t *
body_of(int number)
{
    const struct receiver_request *request = receiver_request(receiver, number);
    return json_parse(request->body, request->body_len, NULL);
}

START_TEST(what_is_over_the_limit_goes_out_gathered)
{
    int sequence[64];
    tell_many(30);
    ck_assert(state_now().limited || outbox_figures(outbox).in_flight);
    wait_settled();
    ck_assert_int_le(receiver_count(receiver), 6); /* two at once, one of them a digest */
    ck_assert_int_ge(receiver_count(receiver), 2);
    ck_assert_uint_ge(state_now().digests, 1);
    ck_assert_int_eq(sequences(sequence, COUNT(sequence)), 30);
    for (int i = 0; i < 30; i++)
        ck_assert_int_eq(sequence[i], i); /* none lost, in order */
    const struct receiver_request *last = receiver_request(receiver, receiver_count(receiver) - 1);
    json_t *body = json_parse(last->body, last->body_len, NULL);
    const json_t *data = json_object_get(body, "data"), *notice = json_array_get(json_object_get(data, "notices"), 0);
    ck_assert_str_eq(json_get_string(body, "type", ""), "digest");
    ck_assert_ptr_nonnull(strstr(json_get_string(data, "text", ""), "\n- notice 29"));
    ck_assert_str_eq(json_get_string(data, "id", ""), receiver_header(last, "webhook-id"));
    ck_assert_int_eq(strncmp(json_get_string(notice, "id", ""), "msg_", 4), 0);
    ck_assert_str_eq(json_get_string(notice, "key", ""), "cpu.total");
    ck_assert_str_eq(json_get_string(json_object_get(notice, "labels"), "team", ""), "lab");
    json_decref(body);
}
END_TEST

/* What waits for others goes with the first critical one, in order; also by the next
 * server. */
START_TEST(what_waits_goes_out_with_what_does_not)
{
    int sequence[64];
    webhook.group_seconds = 3600;
    webhook.rate = 0;
    outbox_configure(outbox, &config);
    tell_many(4);
    stop_outbox();
    start_outbox();
    ck_assert_int_eq(outbox_figures(outbox).waiting, 4);
    ck_assert_int_eq(outbox_figures(outbox).in_flight, 0);
    ck_assert_int_eq(receiver_count(receiver), 0);
    ck_assert_int_eq(store_begin(store), 0);
    add("alert.critical", "cpu.total", 4, "the worst");
    ck_assert_int_eq(store_commit(store, NULL), 0);
    outbox_wake(outbox);
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 1);
    ck_assert_int_eq(sequences(sequence, COUNT(sequence)), 5);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(sequence[i], i);
}
END_TEST

/* Three teams, one of them without a name, each of five alerts on two sites. */
static void
tell_teams(void)
{
    static const char *const labels[] = { "team=lab,site=north", "site=north,team=ops", "site=south",
        "site=south,team=lab", "team=ops" };
    char text[64], key[32];
    ck_assert_int_eq(store_begin(store), 0);
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof text, "notice %d", i);
        snprintf(key, sizeof key, "alert:%d", i % 5);
        add_labelled(i % 10 < 5 ? "alert.warning" : "alert.resolved", key, i, text, labels[i % 5]);
    }
    ck_assert_int_eq(store_commit(store, NULL), 0);
    outbox_wake(outbox);
}

/* In each digest are those of one team alone, in order; the next team's is behind it. */
START_TEST(a_digest_for_each_group)
{
    static const int of_team[][8] = { { 0, 3, 5, 8, 10, 13, 15, 18 }, { 1, 4, 6, 9, 11, 14, 16, 19 },
        { 2, 7, 12, 17, -1 } };
    int sequence[64], at = 0;
    webhook.group_seconds = 0.1;
    str_copy(webhook.group_by, sizeof webhook.group_by, "team");
    webhook.rate = 0;
    outbox_configure(outbox, &config);
    tell_teams();
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 3);
    ck_assert_int_eq(sequences(sequence, COUNT(sequence)), 20);
    for (int team = 0; team < 3; team++)
        for (int i = 0; i < 8 && of_team[team][i] >= 0; i++)
            ck_assert_int_eq(sequence[at++], of_team[team][i]);
    ck_assert_int_eq(outbox_figures(outbox).dead, 0);
}
END_TEST

/* Of an alert whose labels have been changed meanwhile nothing overtakes what came before. */
START_TEST(an_alert_that_changes_its_group_stays_in_order)
{
    int sequence[8];
    webhook.group_seconds = 0.1;
    str_copy(webhook.group_by, sizeof webhook.group_by, "team,alertname");
    webhook.rate = 0;
    outbox_configure(outbox, &config);
    ck_assert_int_eq(store_begin(store), 0);
    add_labelled("alert.warning", "a", 0, "0", "team=lab");
    add_labelled("alert.warning", "a", 1, "1", "team=ops");
    add_labelled("alert.resolved", "a", 2, "2", "team=lab");
    ck_assert_int_eq(store_commit(store, NULL), 0);
    outbox_wake(outbox);
    wait_settled();
    ck_assert_int_eq(sequences(sequence, COUNT(sequence)), 3);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(sequence[i], i);
}
END_TEST

/* Alertmanager's group: its key, its labels, in a digest and alone. */
START_TEST(groups_as_alertmanager_has_them)
{
    webhook.format = (int)(webhook_format_find("alertmanager") - webhook_formats);
    webhook.group_seconds = 0.1;
    str_copy(webhook.group_by, sizeof webhook.group_by, "site,team");
    webhook.rate = 0;
    outbox_configure(outbox, &config);
    tell_teams();
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 5);
    json_t *body = body_of(1);
    const json_t *group = json_object_get(body, "groupLabels"), *common = json_object_get(body, "commonLabels");
    ck_assert_str_eq(json_get_string(body, "groupKey", ""), "{}:{site=\"north\", team=\"ops\"}");
    ck_assert_uint_eq(json_object_size(group), 2);
    ck_assert_str_eq(json_get_string(group, "team", ""), "ops");
    ck_assert_str_eq(json_get_string(common, "site", ""), "north");
    ck_assert_str_eq(json_get_string(common, "job", ""), "optop");
    ck_assert_uint_eq(json_array_size(json_object_get(body, "alerts")), 4);
    json_decref(body);
    body = body_of(2);
    ck_assert_str_eq(json_get_string(body, "groupKey", ""), "{}:{site=\"south\", team=\"\"}");
    ck_assert_uint_eq(json_object_size(json_object_get(body, "groupLabels")), 1);
    json_decref(body);
}
END_TEST

/* The first that waits ends the wait of all: a resolve goes with its fire, or after it. */
START_TEST(a_group_ends_by_itself)
{
    int sequence[64];
    webhook.group_seconds = 0.3;
    webhook.rate = 0;
    outbox_configure(outbox, &config);
    int64_t started = clock_mono_ns();
    tell_many(1);
    tell_many(2);
    wait_settled();
    ck_assert_int_ge(clock_mono_ns() - started, 300 * NS_PER_MS);
    ck_assert_int_eq(sequences(sequence, COUNT(sequence)), 3);
    ck_assert_int_eq(sequence[0], 0);
    ck_assert_int_eq(sequence[2], 1);
}
END_TEST

static bool
has_failed(void *context)
{
    (void)context;
    return outbox_figures(outbox).failed_tries > 0;
}

/* A digest that fails is tried again as it is, also by the next server. */
START_TEST(digest_survives)
{
    static const struct receiver_answer answers[] = { { .status = 200 },
        { .status = 503, .headers = "Retry-After: 1\r\n" }, { .status = 200 } };
    int sequence[64];
    char id[64];
    receiver_script(receiver, answers, COUNT(answers));
    tell_many(12);
    ck_assert(receiver_wait(loop, has_failed, NULL));
    ck_assert_int_eq(receiver_count(receiver), 2); /* with its last token goes all the rest */
    str_copy(id, sizeof id, receiver_header(receiver_request(receiver, 1), "webhook-id"));
    stop_outbox();
    start_outbox();
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 3);
    ck_assert_str_eq(receiver_header(receiver_request(receiver, 2), "webhook-id"), id);
    ck_assert_int_eq(sequences(sequence, COUNT(sequence)), 1 + 11 + 11);
}
END_TEST

START_TEST(long_texts_make_several_digests)
{
    char text[256];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    int sequence[128];
    webhook.rate = 100;
    outbox_configure(outbox, &config);
    ck_assert_int_eq(store_begin(store), 0);
    for (int i = 0; i < 60; i++)
        add("alert.warning", "cpu.total", i, text);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    outbox_wake(outbox);
    wait_settled();
    ck_assert_int_eq(sequences(sequence, COUNT(sequence)), 60);
    for (int i = 0; i < receiver_count(receiver); i++) {
        const struct receiver_request *request = receiver_request(receiver, i);
        json_t *body = json_parse(request->body, request->body_len, NULL);
        ck_assert_uint_le(strlen(json_get_string(json_object_get(body, "data"), "text", "")),
            DIGEST_TEXT_MAX + 64);
        json_decref(body);
    }
    for (int i = 0; i < 60; i++)
        ck_assert_int_eq(sequence[i], i);
}
END_TEST

/* PagerDuty books each by its key: it is slowed down, and gets each alone. */
START_TEST(some_formats_are_only_slowed_down)
{
    const struct webhook_format *format = webhook_format_find("pagerduty");
    webhook.format = (int)(format - webhook_formats);
    webhook.rate = 50;
    outbox_configure(outbox, &config);
    tell_many(8);
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 8);
    int64_t took = receiver_request(receiver, 7)->mono_ns - receiver_request(receiver, 0)->mono_ns;
    ck_assert_int_ge(took, 100 * NS_PER_MS);
    ck_assert_uint_eq(state_now().digests, 0);
}
END_TEST

/* Texts for people and Alertmanager's groups tell of all, too. */
START_TEST(digests_of_other_formats)
{
    static const char *const names[] = { "alertmanager", "slack", "discord", "teams", "ntfy",
        "cloudevents", "cloudevents-binary" };
    webhook.format = (int)(webhook_format_find(names[_i]) - webhook_formats);
    outbox_configure(outbox, &config);
    tell_many(7);
    wait_settled();
    const struct receiver_request *last = receiver_request(receiver, receiver_count(receiver) - 1);
    ck_assert_ptr_nonnull(strstr(last->body, "notice 6"));
    ck_assert_int_le(receiver_count(receiver), 5);
    if (_i)
        return;
    json_t *body = json_parse(last->body, last->body_len, NULL);
    const json_t *alerts = json_object_get(body, "alerts");
    ck_assert_uint_ge(json_array_size(alerts), 2);
    const json_t *first = json_array_get(alerts, 0);
    ck_assert_str_eq(json_get_string(first, "fingerprint", "a"),
        json_get_string(json_array_get(alerts, 1), "fingerprint", "b"));
    ck_assert_str_ne(json_get_string(first, "status", ""),
        json_get_string(json_array_get(alerts, 1), "status", ""));
    json_decref(body);
}
END_TEST

static bool
circuit_is(void *context)
{
    return state_now().circuit == *(enum circuit *)context;
}

START_TEST(circuit_opens_probes_and_closes)
{
    static const struct receiver_answer answers[] = { { .status = 503 }, { .status = 503 },
        { .status = 503 }, { .status = 503 }, { .status = 503 }, { .status = 503 }, { .status = 200 } };
    enum circuit open = CIRCUIT_OPEN;
    receiver_script(receiver, answers, COUNT(answers));
    webhook.rate = 0;
    outbox_configure(outbox, &config);
    tell_many(3);
    ck_assert(receiver_wait(loop, circuit_is, &open));
    ck_assert_int_ge(receiver_count(receiver), CIRCUIT_FAILURES);
    ck_assert_int_ge(state_now().failures, CIRCUIT_FAILURES);
    wait_settled();
    ck_assert_int_eq(state_now().circuit, CIRCUIT_CLOSED);
    ck_assert_int_eq(receiver_count(receiver), 6 + 3);
    int64_t wait = receiver_request(receiver, 5)->mono_ns - receiver_request(receiver, 4)->mono_ns;
    ck_assert_int_ge(wait, 10 * NS_PER_MS); /* half of what the back-off is then */
}
END_TEST

static bool
has_tried(void *context)
{
    return outbox_figures(outbox).failed_tries > *(uint64_t *)context;
}

/* Somebody who tests a webhook that is let alone has it called at once. */
START_TEST(a_test_closes_the_circuit)
{
    enum circuit open = CIRCUIT_OPEN;
    int64_t id;
    receiver_down(receiver);
    webhook.life_seconds = 1e9;
    tell_many(1);
    ck_assert(receiver_wait(loop, circuit_is, &open));
    outbox_set_backoff(outbox, 1000, 100000); /* the next probe is far away */
    uint64_t tries = outbox_figures(outbox).failed_tries;
    ck_assert(receiver_wait(loop, has_tried, &tries));
    receiver_up(receiver);
    ck_assert_int_eq(outbox_test(outbox, "chat", &id), 0);
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 2);
    ck_assert_int_eq(state_now().circuit, CIRCUIT_CLOSED);
}
END_TEST

/* Down, its circuit open, and the next probe far away. */
static void
open_circuit(int deliveries)
{
    enum circuit open = CIRCUIT_OPEN;
    receiver_down(receiver);
    webhook.life_seconds = 1e9;
    webhook.rate = 0;
    outbox_configure(outbox, &config);
    tell_many(deliveries);
    ck_assert(receiver_wait(loop, circuit_is, &open));
    outbox_set_backoff(outbox, 1000, 100000);
    uint64_t tries = outbox_figures(outbox).failed_tries;
    ck_assert(receiver_wait(loop, has_tried, &tries));
    loop_step(loop); /* what came of it is booked */
}

/* What a reload may change about a call, and what it may not. */
enum change { NOTHING, LIFE, RATE, CA_FILE, PIN, SECRET, FORMAT, TEMPLATE, TIMEOUT, CHANGE_COUNT };

static char file[] = "/a/file.pem", pin[] = "sha256//AAAA", template[] = "{}";

static void
make_change(enum change change)
{
    switch (change) {
    case LIFE: webhook.life_seconds = 2e9; break;
    case RATE: webhook.rate = 5; break;
    case CA_FILE: webhook.ca_file = file; break;
    case PIN: webhook.pin = pin; break;
    case SECRET:
        webhook.secret.count = 1;
        str_copy(webhook.secret.line[0], sizeof webhook.secret.line[0], "whsec_c2VjcmV0");
        break;
    case FORMAT: webhook.format = (int)(webhook_format_find("slack") - webhook_formats); break;
    case TEMPLATE: webhook.template = template; break;
    case TIMEOUT: webhook.timeout_seconds = 59; break;
    case NOTHING:
    case CHANGE_COUNT: break;
    }
}

START_TEST(another_way_to_call_is_tried_at_once)
{
    open_circuit(2);
    receiver_up(receiver);
    make_change((enum change)_i);
    outbox_configure(outbox, &config);
    bool again = _i >= CA_FILE;
    ck_assert_int_eq(state_now().circuit, again ? CIRCUIT_CLOSED : CIRCUIT_OPEN);
    if (again)
        wait_settled();
    ck_assert_int_eq(receiver_count(receiver), again ? 2 : 0);
}
END_TEST

static int
check_why(void *context, const struct store_delivery *delivery)
{
    ck_assert_str_eq(delivery->error, "its life time was over before its receiver answered again");
    ++*(int *)context;
    return 0;
}

/* Nobody waits for a probe to be told that it is too late; more than one transaction's. */
START_TEST(what_waits_for_a_probe_dies_in_time)
{
    int dead = 0;
    open_circuit(700);
    uint64_t tries = outbox_figures(outbox).failed_tries;
    webhook.life_seconds = 0.5; /* all are older than that */
    outbox_configure(outbox, &config);
    wait_settled();
    ck_assert_uint_eq(outbox_figures(outbox).failed_tries, tries);
    ck_assert_int_eq(state_now().circuit, CIRCUIT_OPEN);
    ck_assert_int_eq(store_delivery_list(store, 1, 1000, check_why, &dead), 0);
    ck_assert_int_eq(dead, 700);
    webhook.life_seconds = 1;
    outbox_configure(outbox, &config);
    int64_t started = clock_mono_ns();
    tell_many(3);
    ck_assert_int_eq(outbox_figures(outbox).waiting, 3);
    wait_settled();
    ck_assert_int_ge(clock_mono_ns() - started, NS_PER_SEC); /* not before their time */
    ck_assert_int_eq(outbox_figures(outbox).dead, 703);
    ck_assert_uint_eq(outbox_figures(outbox).failed_tries, tries);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("delivery");
    TCase *pure = tcase_create("pure");
    tcase_add_test(pure, every_pair_of_the_circuit);
    tcase_add_test(pure, bucket_gives_its_burst_then_its_rate);
    suite_add_tcase(suite, pure);
    TCase *tcase = tcase_create("outbox");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, what_is_over_the_limit_goes_out_gathered);
    tcase_add_test(tcase, what_waits_goes_out_with_what_does_not);
    tcase_add_test(tcase, a_group_ends_by_itself);
    tcase_add_test(tcase, a_digest_for_each_group);
    tcase_add_test(tcase, an_alert_that_changes_its_group_stays_in_order);
    tcase_add_test(tcase, groups_as_alertmanager_has_them);
    tcase_add_test(tcase, digest_survives);
    tcase_add_test(tcase, long_texts_make_several_digests);
    tcase_add_test(tcase, some_formats_are_only_slowed_down);
    tcase_add_loop_test(tcase, digests_of_other_formats, 0, 7);
    tcase_add_test(tcase, circuit_opens_probes_and_closes);
    tcase_add_loop_test(tcase, another_way_to_call_is_tried_at_once, NOTHING, CHANGE_COUNT);
    tcase_add_test(tcase, what_waits_for_a_probe_dies_in_time);
    tcase_add_test(tcase, a_test_closes_the_circuit);
    suite_add_tcase(suite, tcase);
    return suite;
}
