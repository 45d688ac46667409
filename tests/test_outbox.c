/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/outbox.h"

#include <dlfcn.h>
#include <limits.h>
#include <math.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "alert/record.h"
#include "alert/webhook.h"
#include "base/clock.h"
#include "receiver.h"
#include "test.h"

/* Wall time and deadlines as the test wants them; libuv's clock as it is. */
static int64_t wall_shift_ns, mono_shift_ns;

__attribute__((visibility("default"))) int
clock_gettime(clockid_t id, struct timespec *ts)
{
    int r = (int)syscall(SYS_clock_gettime, id, ts);
    if (r == 0 && id == CLOCK_REALTIME)
        ts->tv_sec += wall_shift_ns / NS_PER_SEC;
    if (r == 0 && id == CLOCK_BOOTTIME)
        ts->tv_sec += mono_shift_ns / NS_PER_SEC;
    return r;
}

/* A name whose lookup does not end before it is let go. */
static pthread_mutex_t lookup_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t lookup_changed = PTHREAD_COND_INITIALIZER;
static bool lookups_end;

__attribute__((visibility("default"))) int
getaddrinfo(const char *restrict node, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (!node || strcmp(node, "hang.test"))
        return real(node, service, hints, ret);
    pthread_mutex_lock(&lookup_lock);
    while (!lookups_end)
        pthread_cond_wait(&lookup_changed, &lookup_lock);
    pthread_mutex_unlock(&lookup_lock);
    return EAI_FAIL;
}

static void
let_lookups_go(void)
{
    pthread_mutex_lock(&lookup_lock);
    lookups_end = true;
    pthread_cond_broadcast(&lookup_changed);
    pthread_mutex_unlock(&lookup_lock);
}

static struct loop *loop;
static struct store *store;
static struct http *http;
static struct outbox *outbox;
static struct receiver *receiver;
static const char *directory;
static struct config config;
static struct config_webhook webhooks[2];
static char urls[2][512];

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
    outbox = NULL;
    http = NULL;
}

static void
set_webhook(int i, const char *name, const char *path)
{
    str_copy(urls[i], sizeof urls[i], receiver_url(receiver, path));
    webhooks[i] = (struct config_webhook){
        .url = urls[i], .timeout_seconds = 60, .life_seconds = 3600, .allow_private = true,
        .warning = true, .critical = true, .resolved = true, .run_failed = true,
    };
    str_copy(webhooks[i].name, sizeof webhooks[i].name, name);
}

static void
setup(void)
{
    signal(SIGPIPE, SIG_IGN);
    loop = loop_new();
    directory = test_directory();
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    receiver = receiver_new(loop, 0);
    set_webhook(0, "chat", "/chat");
    set_webhook(1, "pager", "/pager");
    config.webhook = webhooks;
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

/* A notice and its deliveries, as the server writes them. */
static void
tell(const char *type, int number)
{
    char text[64];
    snprintf(text, sizeof text, "notice %d", number);
    struct store_notice notice = {
        .wall_ns = INT64_C(1795228207123000000), .type = type, .key = "cpu.total",
        .state = "warning", .value = 91.2, .level = 80,
        .incident_wall_ns = INT64_C(1795228200000000000), .sequence = 1, .text = text,
    };
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_notice_add(store, &notice, &notice.id), 0);
    ck_assert_int_eq(outbox_add(outbox, &notice, NULL), 0);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    outbox_wake(outbox);
}

static bool
all_settled(void *context)
{
    (void)context;
    return outbox_figures(outbox).waiting == 0;
}

static bool
reached(void *context)
{
    return receiver_count(receiver) >= *(int *)context;
}

static void
wait_settled(void)
{
    ck_assert(receiver_wait(loop, all_settled, NULL));
}

static void
wait_requests(int count)
{
    ck_assert(receiver_wait(loop, reached, &count));
}

static bool
tried(void *context)
{
    return outbox_figures(outbox).failed_tries >= *(uint64_t *)context;
}

static void
wait_failed(uint64_t count)
{
    ck_assert(receiver_wait(loop, tried, &count));
}

static int
count_delivery(void *context, const struct store_delivery *delivery)
{
    (void)delivery;
    ++*(int *)context;
    return 0;
}

static int
stored(int state)
{
    int count = 0;
    ck_assert_int_eq(store_delivery_list(store, state, 100000, count_delivery, &count), 0);
    return count;
}

static void
expect_figures(int waiting, int dead, int delivered)
{
    struct outbox_figures figures = outbox_figures(outbox);
    ck_assert_int_eq(figures.waiting, waiting);
    ck_assert_int_eq(figures.dead, dead);
    ck_assert_uint_eq(figures.delivered, delivered);
    ck_assert_int_eq(stored(0), waiting);
    ck_assert_int_eq(stored(1), dead);
}

static void
header_of(int request, const char *name, char *buf, size_t size)
{
    str_copy(buf, size, receiver_header(receiver_request(receiver, request), name));
}

START_TEST(delivers)
{
    tell("alert.warning", 1);
    ck_assert_int_eq(outbox_figures(outbox).in_flight, 1);
    wait_settled();
    expect_figures(0, 0, 1);
    ck_assert_int_eq(receiver_count(receiver), 1);

    const struct receiver_request *request = receiver_request(receiver, 0);
    ck_assert_str_eq(request->method, "POST");
    ck_assert_str_eq(request->path, "/chat");
    ck_assert_str_eq(receiver_header(request, "content-type"), "application/json");
    ck_assert_int_eq(strncmp(receiver_header(request, "user-agent"), "optop/", 6), 0);
    char id[64];
    header_of(0, "webhook-id", id, sizeof id);
    ck_assert_int_eq(strncmp(id, "msg_", 4), 0);
    ck_assert_uint_eq(strlen(id), 36);
    ck_assert_uint_eq(strspn(id + 4, "0123456789abcdef"), 32);
    long long stamp = strtoll(receiver_header(request, "webhook-timestamp"), NULL, 10);
    ck_assert_int_le(llabs(stamp - clock_wall_ns() / NS_PER_SEC), 60);

    json_t *body = json_parse(request->body, request->body_len, NULL);
    const json_t *data = json_object_get(body, "data");
    ck_assert_str_eq(json_get_string(body, "type", ""), "alert.warning");
    ck_assert_str_eq(json_get_string(body, "timestamp", ""), "2026-11-21T02:30:07.123Z");
    ck_assert_str_eq(json_get_string(data, "id", ""), id);
    ck_assert_str_ne(json_get_string(data, "host", ""), "");
    ck_assert_str_eq(json_get_string(data, "key", ""), "cpu.total");
    ck_assert_str_eq(json_get_string(data, "unit", ""), "%");
    ck_assert_str_eq(json_get_string(data, "incident", ""), "2026-11-21T02:30:00.000Z");
    ck_assert_double_eq(json_get_number(data, "value", 0), 91.2);
    ck_assert_int_eq(json_get_int(data, "sequence", 0), 1);
    ck_assert_str_eq(json_get_string(data, "text", ""), "notice 1");
    json_decref(body);
}
END_TEST

START_TEST(goes_only_to_whom_it_concerns)
{
    config.webhook_count = 2;
    webhooks[0].warning = false;
    outbox_configure(outbox, &config);
    tell("alert.warning", 1);
    tell("alert.critical", 2);
    tell("run.finished", 3);
    tell("no.such.type", 4);
    wait_settled();
    expect_figures(0, 0, 3);
    int pager = 0;
    for (int i = 0; i < 3; i++)
        pager += !strcmp(receiver_request(receiver, i)->path, "/pager");
    ck_assert_int_eq(pager, 2);
}
END_TEST

START_TEST(goes_only_to_those_that_the_rule_names)
{
    struct config_threshold rule = { .webhooks = "pager,other", .labels = "team=lab,site=a\"b" };
    struct alert alert = { .key = "cpu.total", .state = ALERT_WARNING, .told = ALERT_WARNING,
        .value = 91, .level = 80, .sequence = 1, .rule = &rule };
    const struct alert_notice notice = { &alert, ALERT_CHANGE_FIRED, ALERT_NORMAL };
    config.webhook_count = 2;
    outbox_configure(outbox, &config);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(alert_record(store, outbox, &notice, 1, NULL, NULL), 0);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    outbox_wake(outbox);
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 1);
    const struct receiver_request *r = receiver_request(receiver, 0);
    ck_assert_str_eq(r->path, "/pager");
    json_t *body = json_parse(r->body, r->body_len, NULL);
    const json_t *labels = json_object_get(json_object_get(body, "data"), "labels");
    ck_assert_str_eq(json_get_string(labels, "team", ""), "lab");
    ck_assert_str_eq(json_get_string(labels, "site", ""), "a\"b");
    json_decref(body);
}
END_TEST

START_TEST(escalation_goes_to_the_next_alone)
{
    struct config_threshold rule = { .webhooks = "pager,chat", .escalate_seconds = 60 };
    struct alert alert = { .key = "cpu.total", .state = ALERT_WARNING, .told = ALERT_WARNING,
        .value = 91, .level = 80, .sequence = 1, .rule = &rule };
    static const struct { enum alert_change change; int rung; const char *paths; } row[] = {
        { ALERT_CHANGE_FIRED, 0, "/pager" },
        { ALERT_CHANGE_ESCALATED, 1, "/pager/chat" },
        { ALERT_CHANGE_RESOLVED, 1, NULL }, /* both */
    };
    config.webhook_count = 2;
    outbox_configure(outbox, &config);
    int expected = 0;
    for (int i = 0; i < 3; i++) {
        struct alert_notice notice = { &alert, row[i].change, ALERT_WARNING };
        alert.rung = row[i].rung;
        ck_assert_int_eq(store_begin(store), 0);
        ck_assert_int_eq(alert_record(store, outbox, &notice, 1, NULL, NULL), 0);
        ck_assert_int_eq(store_commit(store, NULL), 0);
        outbox_wake(outbox);
        wait_settled();
        expected += row[i].paths ? 1 : 2;
        ck_assert_int_eq(receiver_count(receiver), expected);
    }
    ck_assert_str_eq(receiver_request(receiver, 0)->path, "/pager");
    ck_assert_str_eq(receiver_request(receiver, 1)->path, "/chat");
}
END_TEST

START_TEST(tries_again_with_the_same_id_and_a_new_time)
{
    static const struct receiver_answer answers[] = { { .status = 503 }, { .status = 200 } };
    char id[64], again[64], body[1024];
    receiver_script(receiver, answers, 2);
    outbox_set_backoff(outbox, 1, 1);
    tell("alert.warning", 1);
    wait_failed(1);
    long long stamp = strtoll(receiver_header(receiver_request(receiver, 0), "webhook-timestamp"),
        NULL, 10);
    wall_shift_ns = 5 * NS_PER_SEC;
    wait_settled();
    expect_figures(0, 0, 1);
    ck_assert_int_eq(receiver_count(receiver), 2);
    header_of(0, "webhook-id", id, sizeof id);
    header_of(1, "webhook-id", again, sizeof again);
    ck_assert_str_eq(id, again);
    str_copy(body, sizeof body, receiver_request(receiver, 0)->body);
    ck_assert_str_eq(receiver_request(receiver, 1)->body, body);
    ck_assert_int_ge(strtoll(receiver_header(receiver_request(receiver, 1), "webhook-timestamp"),
        NULL, 10), stamp + 5);
    ck_assert_ptr_nonnull(strstr(outbox_figures(outbox).last_error, "chat: HTTP 503"));
}
END_TEST

START_TEST(retry_after_is_obeyed)
{
    static const struct receiver_answer answers[] = {
        { .status = 429, .headers = "Retry-After: 1\r\n" }, { .status = 200 },
    };
    receiver_script(receiver, answers, 2);
    tell("alert.warning", 1);
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 2);
    ck_assert_int_ge(receiver_request(receiver, 1)->mono_ns - receiver_request(receiver, 0)->mono_ns,
        NS_PER_SEC - 10 * NS_PER_MS);
}
END_TEST

static int
take_next_wall(void *context, const struct store_delivery *delivery)
{
    *(int64_t *)context = delivery->next_wall_ns;
    return 0;
}

START_TEST(retry_after_is_clipped)
{
    static const struct receiver_answer answers[] = {
        { .status = 503, .headers = "Retry-After: 86400\r\n" },
    };
    int64_t next = 0;
    receiver_script(receiver, answers, 1);
    webhooks[0].life_seconds = 1e6;
    tell("alert.warning", 1);
    wait_failed(1);
    stop_outbox(); /* books */
    ck_assert_int_eq(store_delivery_get(store, 1, take_next_wall, &next), 0);
    double wait = ns_to_sec(next - clock_wall_ns());
    ck_assert_double_ge(wait, 3500);
    ck_assert_double_le(wait, 3600);
}
END_TEST

static const struct {
    struct receiver_answer answer;
    const char *error;
} deadly[] = {
    { { .status = 302, .headers = "Location: /chat\r\n" }, "HTTP 302 (redirects are not followed)" },
    { { .status = 307, .headers = "Location: /chat\r\n" }, "HTTP 307 (redirects are not followed)" },
    { { .status = 400, .body = "bad \x1b[31mform" }, "HTTP 400: bad \xC2\xB7[31mform" },
    { { .status = 401, .body = "" }, "HTTP 401" },
    { { .status = 404, .body = "" }, "HTTP 404" },
    { { .status = 410, .body = "gone" }, "HTTP 410: gone" },
};

static int
take_error(void *context, const struct store_delivery *delivery)
{
    str_puts(context, delivery->error);
    return 0;
}

START_TEST(dead_at_once)
{
    struct str error;
    receiver_script(receiver, &deadly[_i].answer, 1);
    tell("alert.warning", 1);
    wait_settled();
    expect_figures(0, 1, 0);
    ck_assert_int_eq(receiver_count(receiver), 1);
    str_init(&error);
    ck_assert_int_eq(store_delivery_list(store, 1, 9, take_error, &error), 0);
    ck_assert_str_eq(error.data, deadly[_i].error);
    str_release(&error);
}
END_TEST

static void
look_at_state(void *context, const struct outbox_webhook *webhook)
{
    if (!strcmp(webhook->name, "chat"))
        *(struct outbox_webhook *)context = *webhook;
}

static struct outbox_webhook
chat_state(void)
{
    struct outbox_webhook state = { 0 };
    outbox_each(outbox, look_at_state, &state);
    return state;
}

/* 410: who is gone is not asked again, and what waits for it dies with the reason. */
START_TEST(gone_until_somebody_asks)
{
    const struct receiver_answer answers[] = { { .status = 410, .body = "" },
        { .status = 204, .body = "" } };
    int64_t id, replayed;
    receiver_script(receiver, answers, 2);
    receiver_down(receiver);
    for (int i = 0; i < 3; i++)
        tell("alert.warning", i);
    receiver_up(receiver);
    wait_settled();
    expect_figures(0, 3, 0);
    ck_assert_int_eq(receiver_count(receiver), 1);
    ck_assert(chat_state().gone);
    ck_assert_str_eq(chat_state().error, "its receiver is gone (HTTP 410)");
    outbox_configure(outbox, &config); /* the same url: no news of it */
    ck_assert(chat_state().gone);
    tell("alert.warning", 4); /* dead from the start */
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 1);
    expect_figures(0, 4, 0);
    ck_assert_int_eq(outbox_test(outbox, "chat", &id), 0);
    wait_settled();
    ck_assert(!chat_state().gone);
    ck_assert_int_eq(receiver_count(receiver), 2);
    ck_assert_int_eq(outbox_replay(outbox, 0, &replayed), 0);
    ck_assert_int_eq(replayed, 4);
    wait_settled();
    expect_figures(0, 0, 5);
    ck_assert_int_eq(receiver_count(receiver), 6);
}
END_TEST

static const struct receiver_answer passing[] = {
    { .status = 408 }, { .status = 425 }, { .status = 429 }, { .status = 500 }, { .status = 502 },
    { .status = 599 }, { .act = RECEIVER_RESET }, { .act = RECEIVER_RESET_MID_BODY },
    { .act = RECEIVER_HANG }, { .act = RECEIVER_TRICKLE },
};

START_TEST(failure_that_passes)
{
    struct receiver_answer answers[] = { passing[_i], passing[_i], { .status = 204, .body = "" } };
    receiver_script(receiver, answers, 3);
    if (passing[_i].act == RECEIVER_HANG || passing[_i].act == RECEIVER_TRICKLE)
        webhooks[0].timeout_seconds = 1; /* which the third must not need */
    tell("alert.warning", 1);
    wait_settled();
    expect_figures(0, 0, 1);
    ck_assert_int_eq(receiver_count(receiver), 3);
    ck_assert_uint_eq(outbox_figures(outbox).failed_tries, 2);
}
END_TEST

START_TEST(endless_answer_counts_by_its_status)
{
    static const struct receiver_answer answers[] = { { .act = RECEIVER_ENDLESS } };
    receiver_script(receiver, answers, 1);
    tell("alert.warning", 1);
    wait_settled();
    expect_figures(0, 0, 1);
    ck_assert_int_eq(receiver_count(receiver), 1);
}
END_TEST

START_TEST(receiver_that_comes_up_later)
{
    receiver_down(receiver);
    for (int i = 0; i < 3; i++)
        tell("alert.warning", i);
    wait_failed(3);
    ck_assert_int_eq(outbox_figures(outbox).waiting, 3);
    receiver_up(receiver);
    wait_settled();
    expect_figures(0, 0, 3);
    ck_assert_int_eq(receiver_count(receiver), 3);
}
END_TEST

START_TEST(loopback_waits_until_it_is_allowed)
{
    webhooks[0].allow_private = false;
    outbox_configure(outbox, &config);
    outbox_set_backoff(outbox, 600, 600);
    tell("alert.warning", 1);
    wait_failed(1);
    ck_assert_ptr_nonnull(strstr(outbox_figures(outbox).last_error, "allow_private"));
    for (int i = 0; i < 5; i++)
        loop_step(loop);
    ck_assert_int_eq(receiver_count(receiver), 0);
    webhooks[0].allow_private = true; /* the change is tried at once */
    outbox_configure(outbox, &config);
    wait_settled();
    expect_figures(0, 0, 1);
}
END_TEST

/* Which notice a request was about. */
static int
notice_of(int request)
{
    const char *at = strstr(receiver_request(receiver, request)->body, "\"text\":\"notice ");
    ck_assert_ptr_nonnull(at);
    return (int)strtol(at + strlen("\"text\":\"notice "), NULL, 10);
}

START_TEST(order_is_kept_per_webhook)
{
    static const struct receiver_answer answers[] = {
        { .status = 503 }, { .status = 200, .delay_seconds = 0.02 }, { .status = 500 },
        { .act = RECEIVER_RESET }, { .status = 200 },
    };
    receiver_script(receiver, answers, 5);
    for (int i = 0; i < 10; i++) {
        tell("alert.warning", i);
        ck_assert_int_le(outbox_figures(outbox).in_flight, 1);
    }
    wait_settled();
    int last = -1, changes = 0;
    for (int i = 0; i < receiver_count(receiver); i++) {
        ck_assert_int_ge(notice_of(i), last);
        changes += notice_of(i) != last;
        last = notice_of(i);
    }
    ck_assert_int_eq(changes, 10);
    ck_assert_int_eq(receiver_count(receiver), 13);
    expect_figures(0, 0, 10);
}
END_TEST

/* What receivers may do to us; and when the first delivery is tried again at the earliest
 * and at the latest, from its failure on. */
enum end { RETRIED, UNDER_WAY, DEAD, DELIVERED };

static const struct {
    struct receiver_answer answer;
    enum end end;
    double low, high;
    bool dated; /* with a Retry-After in 100 s */
    bool unresolved; /* its name is never found */
} bad[] = {
    { .answer = { .act = RECEIVER_HANG }, .end = UNDER_WAY },
    { .answer = { .status = 200 }, .end = UNDER_WAY, .unresolved = true },
    { .answer = { .act = RECEIVER_TRICKLE }, .end = UNDER_WAY },
    { .answer = { .act = RECEIVER_RESET }, .end = RETRIED, .high = 0.02 },
    { .answer = { .act = RECEIVER_RESET_MID_BODY }, .end = RETRIED, .high = 0.02 },
    { .answer = { .act = RECEIVER_ENDLESS }, .end = DELIVERED },
    { .answer = { .status = 500 }, .end = RETRIED, .high = 0.02 },
    { .answer = { .status = 429, .headers = "Retry-After: 0\r\n" }, .end = RETRIED, .high = 0.02 },
    { .answer = { .status = 429, .headers = "Retry-After: 5\r\n" }, .end = RETRIED, .low = 5, .high = 5 },
    { .answer = { .status = 429, .headers = "Retry-After: 3600\r\n" }, .end = RETRIED, .low = 3600, .high = 3600 },
    { .answer = { .status = 429, .headers = "Retry-After: 86400\r\n" }, .end = RETRIED, .low = 3600, .high = 3600 },
    { .answer = { .status = 429 }, .end = RETRIED, .low = 98, .high = 100, .dated = true },
    { .answer = { .status = 429, .headers = "Retry-After: Thu, 01 Jan 1990 00:00:00 GMT\r\n" }, .end = RETRIED, .high = 0.02 },
    { .answer = { .status = 429, .headers = "Retry-After: soon\r\n" }, .end = RETRIED, .high = 0.02 },
    { .answer = { .status = 429, .headers = "Retry-After: -5\r\n" }, .end = RETRIED, .high = 0.02 },
    { .answer = { .status = 302, .headers = "Location: file:///etc/passwd\r\n" }, .end = DEAD },
    { .answer = { .status = 302, .headers = "Location: /pager\r\n" }, .end = DEAD }, /* itself */
    { .answer = { .status = 308, .headers = "Location: http://127.0.0.1:1/\r\n" }, .end = DEAD },
};

static struct try {
    int64_t before_ns, after_ns; /* wall time around the end of the pager's first try */
    int64_t next_ns; /* when it was to be tried again; 0: not */
} try;

static int
take_pager(void *context, const struct store_delivery *delivery)
{
    if (!strcmp(delivery->webhook, "pager") && delivery->attempts)
        ((struct try *)context)->next_ns = delivery->next_wall_ns;
    return 0;
}

/* What is booked is read at each turn: the next try may come in a moment. */
static bool
has_ended(void *context)
{
    enum end end = *(enum end *)context;
    if (!try.next_ns)
        store_delivery_list(store, 0, 100, take_pager, &try);
    return end == UNDER_WAY || (end == RETRIED ? try.next_ns != 0
        : end == DEAD ? outbox_figures(outbox).dead == 5 : outbox_figures(outbox).delivered == 10);
}

START_TEST(a_bad_receiver_holds_nobody_else)
{
    struct receiver *other = receiver_new(loop, 0);
    struct receiver_answer answer = bad[_i].answer;
    enum end end = bad[_i].end;
    char date[64];
    time_t then = time(NULL) + 100;
    struct tm tm;
    gmtime_r(&then, &tm);
    strftime(date, sizeof date, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
    if (bad[_i].dated)
        answer.headers = date;
    receiver_script(other, &answer, 1);
    config.webhook_count = 2;
    webhooks[1].life_seconds = 1e6;
    str_copy(urls[1], sizeof urls[1], bad[_i].unresolved ? "http://hang.test/" : receiver_url(other, "/pager"));
    outbox_configure(outbox, &config);
    try = (struct try){ .before_ns = clock_wall_ns() };
    for (int i = 0; i < 5; i++)
        tell("alert.warning", i);
    ck_assert(receiver_wait(loop, has_ended, &end));
    try.after_ns = clock_wall_ns();
    wait_requests(5);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(notice_of(i), i);
    if (end == RETRIED) { /* its rounding to whole seconds is the receiver's */
        ck_assert_double_ge(ns_to_sec(try.next_ns - try.before_ns), bad[_i].low);
        ck_assert_double_le(ns_to_sec(try.next_ns - try.after_ns), bad[_i].high + 0.001);
    }
    ck_assert_int_le(receiver_count(other), end == UNDER_WAY ? 1 : end == RETRIED ? INT_MAX : 5);
    let_lookups_go();
    receiver_free(other);
}
END_TEST

START_TEST(restart_delivers_what_waited_once)
{
    char ids[4][64];
    static const struct receiver_answer answers[] = { { .status = 503 } };
    receiver_script(receiver, answers, 1);
    tell("alert.warning", 0);
    wait_failed(1);
    header_of(0, "webhook-id", ids[0], sizeof ids[0]);
    receiver_down(receiver);
    tell("alert.critical", 1);
    tell("alert.resolved", 2);
    wait_failed(3);
    int before = receiver_count(receiver);
    stop_outbox();
    store_close(store);

    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    receiver_script(receiver, NULL, 0);
    receiver_up(receiver);
    start_outbox();
    ck_assert_int_eq(outbox_figures(outbox).waiting, 3);
    wait_settled();
    expect_figures(0, 0, 3);
    ck_assert_int_eq(receiver_count(receiver), before + 3);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(notice_of(before + i), i);
        header_of(before + i, "webhook-id", ids[i + 1], sizeof ids[i + 1]);
    }
    ck_assert_str_eq(ids[0], ids[1]);
    ck_assert_str_ne(ids[1], ids[2]);
    ck_assert_str_ne(ids[2], ids[3]);
}
END_TEST

START_TEST(request_under_way_at_the_end_is_sent_again)
{
    static const struct receiver_answer answers[] = { { .act = RECEIVER_HANG }, { .status = 200 } };
    receiver_script(receiver, answers, 2);
    tell("alert.warning", 1);
    wait_requests(1);
    stop_outbox();
    start_outbox();
    wait_settled();
    char first[64], second[64];
    ck_assert_int_eq(receiver_count(receiver), 2);
    header_of(0, "webhook-id", first, sizeof first);
    header_of(1, "webhook-id", second, sizeof second);
    ck_assert_str_eq(first, second);
}
END_TEST

static void
note_try(void *context, int64_t duration_ns, bool ok)
{
    ck_assert(ok);
    ck_assert_int_gt(duration_ns, 0);
    *(bool *)context = true;
    loop_stop(loop); /* before the end of the turn: nothing is booked yet */
}

START_TEST(answer_is_booked_at_the_end)
{
    bool done = false;
    outbox_on_try(outbox, note_try, &done);
    tell("alert.warning", 1);
    loop_run(loop);
    ck_assert(done);
    ck_assert_int_eq(stored(0), 1);
    stop_outbox();
    ck_assert_int_eq(stored(-1), 0);
    start_outbox();
    ck_assert_int_eq(outbox_figures(outbox).waiting, 0);
    ck_assert_int_eq(receiver_count(receiver), 1);
}
END_TEST

START_TEST(life_time_ends)
{
    static const struct receiver_answer answers[] = { { .status = 503, .body = "busy" } };
    receiver_script(receiver, answers, 1);
    webhooks[0].life_seconds = 1; /* time for more than one try */
    tell("alert.warning", 1);
    wait_settled();
    expect_figures(0, 1, 0);
    ck_assert_int_gt(receiver_count(receiver), 1);
    struct outbox_figures figures = outbox_figures(outbox);
    ck_assert_ptr_nonnull(strstr(figures.last_error, "given up after"));
    ck_assert_ptr_nonnull(strstr(figures.last_error, "HTTP 503: busy"));
    stop_outbox();
    start_outbox(); /* what is dead stays visible, and dead */
    ck_assert_int_eq(outbox_figures(outbox).dead, 1);
    ck_assert_int_eq(outbox_figures(outbox).waiting, 0);
}
END_TEST

START_TEST(life_time_is_never_over_before_a_try)
{
    webhooks[0].life_seconds = 60;
    receiver_down(receiver);
    outbox_set_backoff(outbox, 0.5, 0.5);
    tell("alert.warning", 1);
    wait_failed(1);
    stop_outbox();
    wall_shift_ns = 365 * 86400 * NS_PER_SEC; /* the server was down for a year */
    receiver_up(receiver);
    start_outbox();
    wait_settled();
    expect_figures(0, 0, 1);
}
END_TEST

static void
execute(const char *sql)
{
    sqlite3 *db;
    char path[512];
    snprintf(path, sizeof path, "%s/optop.db", directory);
    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

START_TEST(wall_jumps)
{
    static const int64_t shifts[] = { 3650 * 86400 * NS_PER_SEC, -3650 * 86400 * NS_PER_SEC };
    static const struct receiver_answer answers[] = {
        { .status = 503 }, { .status = 503 }, { .status = 503 }, { .status = 200 },
    };
    receiver_script(receiver, answers, 4);
    tell("alert.warning", 1);
    tell("alert.warning", 2);
    wait_failed(1);
    wall_shift_ns = shifts[_i];
    wait_failed(2);
    wall_shift_ns = 0;
    wait_settled();
    expect_figures(0, 0, 2); /* neither lost nor put off */
    ck_assert_int_eq(receiver_count(receiver), 5);
}
END_TEST

START_TEST(wall_jump_over_a_restart)
{
    static const int64_t shifts[] = { 3650 * 86400 * NS_PER_SEC, -3650 * 86400 * NS_PER_SEC };
    wall_shift_ns = shifts[_i]; /* created and put off in another time */
    receiver_down(receiver);
    tell("alert.warning", 1);
    wait_failed(1);
    stop_outbox();
    wall_shift_ns = 0;
    receiver_up(receiver);
    http = http_new(loop);
    outbox = outbox_new(loop, store, http);
    outbox_configure(outbox, &config);
    if (_i == 0) { /* put off, but by no more than the longest wait: not for ten years */
        mono_shift_ns = 3601 * NS_PER_SEC;
        loop_step(loop);
        outbox_wake(outbox);
    }
    wait_settled();
    expect_figures(0, 0, 1);
}
END_TEST

START_TEST(life_time_of_what_comes_from_the_future)
{
    wall_shift_ns = 3650 * 86400 * NS_PER_SEC;
    receiver_down(receiver);
    tell("alert.warning", 1);
    stop_outbox(); /* not tried yet: due at once */
    execute("UPDATE delivery SET next_wall_ns = 0");
    wall_shift_ns = 0;
    webhooks[0].life_seconds = 0.1;
    start_outbox();
    wait_settled();
    expect_figures(0, 1, 0);
}
END_TEST

static bool
store_error_seen(void *context)
{
    (void)context;
    return strstr(outbox_figures(outbox).last_error, "store:") != NULL;
}

START_TEST(booking_that_fails_is_kept)
{
    execute("CREATE TRIGGER t BEFORE DELETE ON delivery BEGIN SELECT RAISE(ABORT, 'no'); END");
    tell("alert.warning", 1);
    tell("alert.warning", 2);
    ck_assert(receiver_wait(loop, store_error_seen, NULL));
    for (int i = 0; i < 100; i++)
        loop_step(loop);
    expect_figures(2, 0, 0);
    ck_assert_int_le(receiver_count(receiver), 2); /* neither is sent again */
    execute("DROP TRIGGER t");
    wait_settled();
    expect_figures(0, 0, 2);
    ck_assert_int_eq(receiver_count(receiver), 2);
}
END_TEST

START_TEST(booking_waits_for_a_transaction_of_others)
{
    ck_assert_int_eq(store_begin(store), 0);
    struct store_notice notice = { .type = "alert.warning", .key = "a", .state = "b", .text = "c" };
    ck_assert_int_eq(store_commit(store, NULL), 0);
    tell("alert.warning", 1);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_notice_add(store, &notice, NULL), 0);
    ck_assert(receiver_wait(loop, store_error_seen, NULL));
    ck_assert_int_eq(store_commit(store, NULL), 0); /* was not rolled back under its owner */
    wait_settled();
    expect_figures(0, 0, 1);
}
END_TEST

START_TEST(row_removed_by_hand_is_no_trouble)
{
    static const struct receiver_answer answers[] = {
        { .status = 200, .delay_seconds = 0.05 }, { .status = 200 },
    };
    receiver_script(receiver, answers, 2);
    for (int i = 0; i < 3; i++)
        tell("alert.warning", i);
    execute("DELETE FROM delivery WHERE id IN (1, 2)");
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 2);
    ck_assert_int_eq(notice_of(1), 2);
}
END_TEST

START_TEST(rolled_back_notice_is_not_sent)
{
    struct store_notice notice = {
        .id = 1, .type = "alert.warning", .key = "cpu.total", .state = "warning", .text = "notice 9",
    };
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(outbox_add(outbox, &notice, NULL), 0);
    store_rollback(store);
    outbox_wake(outbox);
    tell("alert.warning", 1);
    wait_settled();
    ck_assert_int_eq(receiver_count(receiver), 1);
    ck_assert_int_eq(notice_of(0), 1);
}
END_TEST

START_TEST(webhook_that_is_gone)
{
    receiver_down(receiver);
    outbox_set_backoff(outbox, 600, 600);
    for (int i = 0; i < 600; i++)
        tell("alert.warning", i);
    struct config without = { .webhook = webhooks, .webhook_count = 0 };
    outbox_configure(outbox, &without);
    wait_settled();
    expect_figures(0, 600, 0);
    struct str error;
    str_init(&error);
    ck_assert_int_eq(store_delivery_list(store, 1, 1, take_error, &error), 0);
    ck_assert_ptr_nonnull(strstr(error.data, "refused"));
    ck_assert_int_eq(store_delivery_get(store, 600, take_error, &error), 0);
    ck_assert_ptr_nonnull(strstr(error.data, "not in the configuration"));
    str_release(&error);
}
END_TEST

START_TEST(webhook_that_is_gone_with_a_request_under_way)
{
    static const struct receiver_answer answers[] = { { .status = 200, .delay_seconds = 0.5 } };
    receiver_script(receiver, answers, 1);
    tell("alert.warning", 1);
    tell("alert.warning", 2);
    wait_requests(1);
    struct config without = { .webhook = webhooks, .webhook_count = 0 };
    outbox_configure(outbox, &without);
    wait_settled();
    expect_figures(0, 1, 1);
}
END_TEST

START_TEST(nothing_is_sent_or_lost_before_the_config)
{
    receiver_down(receiver);
    tell("alert.warning", 1);
    wait_failed(1);
    stop_outbox();
    receiver_up(receiver);
    http = http_new(loop);
    outbox = outbox_new(loop, store, http);
    for (int i = 0; i < 20; i++)
        loop_step(loop);
    ck_assert_int_eq(outbox_figures(outbox).waiting, 1);
    ck_assert_int_eq(receiver_count(receiver), 0);
    outbox_configure(outbox, &config);
    wait_settled();
    expect_figures(0, 0, 1);
}
END_TEST

START_TEST(url_that_cannot_be_called_is_dead)
{
    str_copy(urls[0], sizeof urls[0], "file:///etc/passwd");
    outbox_configure(outbox, &config);
    tell("alert.warning", 1);
    wait_settled();
    expect_figures(0, 1, 0);
}
END_TEST

START_TEST(many_deliveries_over_one_connection)
{
    enum { MANY = 300 };
    config.webhook_count = 2;
    outbox_configure(outbox, &config);
    for (int i = 0; i < MANY; i++)
        tell("alert.warning", i);
    wait_settled();
    expect_figures(0, 0, 2 * MANY);
    ck_assert_int_eq(receiver_count(receiver), 2 * MANY);
    ck_assert_int_le(receiver_connections(receiver), 2);
}
END_TEST

/* The whole way: samples in, requests out, over a restart. */

static struct sample sample;

static void
step_cpu(struct alert_engine *engine, double value)
{
    const struct alert_notice *notices;
    sample.mono_ns += NS_PER_SEC;
    sample.wall_ns = clock_wall_ns();
    sample_set(&sample, METRIC_CPU_TOTAL, -1, value);
    int told = alert_engine_step(engine, &sample, &notices);
    ck_assert_int_eq(store_begin(store), 0);
    for (int i = 0; i < told; i++)
        ck_assert_int_eq(
            alert_record(store, outbox, &notices[i], sample.wall_ns, NULL, NULL), 0);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    if (told)
        outbox_wake(outbox);
}

static void
expect_request(int request, const char *type, const char *text)
{
    const struct receiver_request *r = receiver_request(receiver, request);
    json_t *body = json_parse(r->body, r->body_len, NULL);
    const json_t *data = json_object_get(body, "data");
    ck_assert_str_eq(json_get_string(body, "type", ""), type);
    ck_assert_str_eq(json_get_string(data, "text", ""), text);
    ck_assert_int_eq(json_get_int(data, "sequence", 0), request + 1);
    json_decref(body);
}

START_TEST(alert_from_sample_to_receiver)
{
    struct config_threshold rule = {
        .metric = METRIC_CPU_TOTAL, .enabled = true, .has_warning = true, .has_critical = true,
        .warning = 80, .clear_warning = 72, .critical = 90, .clear_critical = 81,
    };
    config.threshold = &rule;
    config.threshold_count = 1;
    struct alert_engine *engine = alert_engine_new();
    sample_init(&sample);
    sample.mono_ns = NS_PER_SEC;
    alert_engine_configure(engine, &config);
    receiver_down(receiver);
    step_cpu(engine, 10);
    step_cpu(engine, 85);
    step_cpu(engine, 95);
    wait_failed(1);
    alert_engine_free(engine);
    stop_outbox();
    store_close(store);

    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    engine = alert_engine_new();
    alert_engine_configure(engine, &config);
    ck_assert_int_eq(alert_recall(store, engine), 0);
    start_outbox();
    step_cpu(engine, 95);
    step_cpu(engine, 50);
    receiver_up(receiver);
    wait_settled();
    step_cpu(engine, 50);
    ck_assert_int_eq(receiver_count(receiver), 3);
    expect_request(0, "alert.warning", "cpu.total is 85.0% (warning above 80%)");
    expect_request(1, "alert.critical", "cpu.total is 95.0% (critical above 90%)");
    expect_request(2, "alert.resolved",
        "cpu.total is back to normal at 50.0% (was critical above 90%)");
    alert_engine_free(engine);

    engine = alert_engine_new(); /* what has been resolved is not recalled */
    const struct alert *alerts;
    ck_assert_int_eq(alert_recall(store, engine), 0);
    ck_assert_int_eq(alert_engine_alerts(engine, &alerts), 0);
    alert_engine_free(engine);
    sample_release(&sample);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

Suite *
test_suite(void)
{
    Suite *suite = suite_create("outbox");
    TCase *tcase = tcase_create("outbox");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, delivers);
    tcase_add_test(tcase, goes_only_to_whom_it_concerns);
    tcase_add_test(tcase, goes_only_to_those_that_the_rule_names);
    tcase_add_test(tcase, escalation_goes_to_the_next_alone);
    tcase_add_test(tcase, tries_again_with_the_same_id_and_a_new_time);
    tcase_add_test(tcase, retry_after_is_obeyed);
    tcase_add_test(tcase, retry_after_is_clipped);
    tcase_add_loop_test(tcase, dead_at_once, 0, COUNT(deadly));
    tcase_add_test(tcase, gone_until_somebody_asks);
    tcase_add_loop_test(tcase, failure_that_passes, 0, COUNT(passing));
    tcase_add_test(tcase, endless_answer_counts_by_its_status);
    tcase_add_test(tcase, receiver_that_comes_up_later);
    tcase_add_test(tcase, loopback_waits_until_it_is_allowed);
    tcase_add_test(tcase, order_is_kept_per_webhook);
    tcase_add_loop_test(tcase, a_bad_receiver_holds_nobody_else, 0, COUNT(bad));
    tcase_add_test(tcase, restart_delivers_what_waited_once);
    tcase_add_test(tcase, request_under_way_at_the_end_is_sent_again);
    tcase_add_test(tcase, answer_is_booked_at_the_end);
    tcase_add_test(tcase, life_time_ends);
    tcase_add_test(tcase, life_time_is_never_over_before_a_try);
    tcase_add_loop_test(tcase, wall_jumps, 0, 2);
    tcase_add_loop_test(tcase, wall_jump_over_a_restart, 0, 2);
    tcase_add_test(tcase, life_time_of_what_comes_from_the_future);
    tcase_add_test(tcase, booking_that_fails_is_kept);
    tcase_add_test(tcase, booking_waits_for_a_transaction_of_others);
    tcase_add_test(tcase, row_removed_by_hand_is_no_trouble);
    tcase_add_test(tcase, rolled_back_notice_is_not_sent);
    tcase_add_test(tcase, webhook_that_is_gone);
    tcase_add_test(tcase, webhook_that_is_gone_with_a_request_under_way);
    tcase_add_test(tcase, nothing_is_sent_or_lost_before_the_config);
    tcase_add_test(tcase, url_that_cannot_be_called_is_dead);
    tcase_add_test(tcase, many_deliveries_over_one_connection);
    tcase_add_test(tcase, alert_from_sample_to_receiver);
    suite_add_tcase(suite, tcase);
    return suite;
}
