/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/http.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "mem/registry.h"
#include "receiver.h"
#include "test.h"

/* Name lookups of the test names: "to-ADDRESS.test" is that address (with _
 * for : ), "hang.test" waits until it is let go. */

static pthread_mutex_t lookup_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t lookup_changed = PTHREAD_COND_INITIALIZER;
static bool lookup_held, lookup_entered, lookup_left;

__attribute__((visibility("default"))) int
getaddrinfo(const char *restrict node, const char *restrict service,
    const struct addrinfo *restrict hints, struct addrinfo **restrict ret)
{
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    char address[INET6_ADDRSTRLEN + 16];
    if (node && !strcmp(node, "hang.test")) {
        pthread_mutex_lock(&lookup_lock);
        lookup_entered = true;
        pthread_cond_signal(&lookup_changed);
        while (lookup_held)
            pthread_cond_wait(&lookup_changed, &lookup_lock);
        lookup_left = true;
        pthread_cond_signal(&lookup_changed);
        pthread_mutex_unlock(&lookup_lock);
        return EAI_FAIL;
    }
    if (node && !strncmp(node, "to-", 3)) {
        snprintf(address, sizeof address, "%.*s", (int)strcspn(node + 3, "t"), node + 3);
        address[strlen(address) - 1] = '\0';
        for (char *p = address; *p; p++)
            *p = *p == '_' ? ':' : *p;
        node = address;
    }
    return real(node, service, hints, ret);
}

static struct loop *loop;
static struct http *http;
static struct receiver *receiver;

static void
setup(void)
{
    signal(SIGPIPE, SIG_IGN);
    loop = loop_new();
    http = http_new(loop);
    receiver = receiver_new(loop, 0);
    ck_assert_ptr_nonnull(receiver);
}

static void
teardown(void)
{
    http_free(http);
    receiver_free(receiver);
    loop_free(loop);
}

struct result {
    int calls;
    struct http_answer answer;
};

static void
take_answer(void *context, const struct http_answer *answer)
{
    struct result *result = context;
    result->calls++;
    result->answer = *answer;
}

static bool
answered(void *context)
{
    return ((struct result *)context)->calls > 0;
}

static struct http_post
post_to(const char *url)
{
    return (struct http_post){
        .url = url, .body = "{}", .body_len = 2, .timeout_seconds = 60, .allow_private = true,
    };
}

static struct http_answer
exchange(const struct http_post *post)
{
    struct result result = { 0 };
    struct http_request *request;
    ck_assert_int_eq(http_post(http, post, take_answer, &result, &request), 0);
    ck_assert_int_eq(result.calls, 0);
    ck_assert(receiver_wait(loop, answered, &result));
    ck_assert_int_eq(result.calls, 1);
    return result.answer;
}

static struct http_answer
post_scripted(const struct receiver_answer *answers, int count, double timeout)
{
    receiver_script(receiver, answers, count);
    struct http_post post = post_to(receiver_url(receiver, "/hook"));
    post.timeout_seconds = timeout;
    return exchange(&post);
}

START_TEST(sends_what_was_given)
{
    static const char body[] = "{\"a\":\"\xC3\xA4\"}";
    const char *const headers[] = { "content-type: application/json", "webhook-id: msg_1", NULL };
    struct http_post post = post_to(receiver_url(receiver, "/a/b?c=d"));
    post.headers = headers;
    post.body = body;
    post.body_len = sizeof body - 1;
    struct http_answer answer = exchange(&post);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(answer.error, "");
    ck_assert_str_eq(answer.body, "ok");
    ck_assert(!answer.reused);
    ck_assert_int_gt(answer.duration_ns, 0);
    const struct receiver_request *request = receiver_request(receiver, 0);
    ck_assert_str_eq(request->method, "POST");
    ck_assert_str_eq(request->path, "/a/b?c=d");
    ck_assert_str_eq(request->body, body);
    ck_assert_str_eq(receiver_header(request, "content-type"), "application/json");
    ck_assert_str_eq(receiver_header(request, "webhook-id"), "msg_1");
    ck_assert_str_eq(receiver_header(request, "expect"), "");
    ck_assert_str_eq(receiver_header(request, "accept-encoding"), "");
}
END_TEST

START_TEST(body_is_copied)
{
    char body[4096];
    memset(body, 'a', sizeof body);
    struct http_post post = post_to(receiver_url(receiver, "/"));
    struct result result = { 0 };
    struct http_request *request;
    post.body = body;
    post.body_len = sizeof body;
    ck_assert_int_eq(http_post(http, &post, take_answer, &result, &request), 0);
    memset(body, 'b', sizeof body);
    ck_assert(receiver_wait(loop, answered, &result));
    ck_assert_uint_eq(receiver_request(receiver, 0)->body_len, sizeof body);
    ck_assert_int_eq(receiver_request(receiver, 0)->body[4095], 'a');
}
END_TEST

START_TEST(large_body_waits_for_nothing)
{
    enum { LARGE = 2 << 20 }; /* above what makes curl ask first */
    char *body = calloc(1, LARGE + 1);
    memset(body, 'a', LARGE);
    struct http_post post = post_to(receiver_url(receiver, "/"));
    post.body = body;
    post.body_len = LARGE;
    ck_assert_int_eq(exchange(&post).status, 200);
    ck_assert_str_eq(receiver_header(receiver_request(receiver, 0), "expect"), "");
    ck_assert_uint_eq(receiver_request(receiver, 0)->body_len, LARGE);
    free(body);
}
END_TEST

/* {created, reused} of the pool of handles. */
static void
find_handles(struct resource *resource, void *data)
{
    struct resource_figure figure[RESOURCE_FIGURES_MAX];
    double *found = data;
    int count = strcmp(resource->name, "webhook handles") ? 0 : resource->figures(resource, figure);
    for (int i = 0; i < count; i++)
        if (!strcmp(figure[i].name, "created"))
            found[0] = figure[i].value;
        else if (!strcmp(figure[i].name, "reused"))
            found[1] = figure[i].value;
}

START_TEST(reuses_connections_and_handles)
{
    double handles[2] = { 0, 0 };
    struct http_post post = post_to(receiver_url(receiver, "/"));
    for (int i = 0; i < 20; i++) {
        struct http_answer answer = exchange(&post);
        ck_assert_int_eq(answer.status, 200);
        ck_assert_int_eq(answer.reused, i > 0);
    }
    ck_assert_int_eq(receiver_connections(receiver), 1);
    struct http_figures figures = http_figures(http);
    ck_assert_uint_eq(figures.requests, 20);
    ck_assert_uint_eq(figures.connections_made, 1);
    ck_assert_uint_eq(figures.connections_reused, 19);
    ck_assert_int_eq(figures.in_flight, 0);
    ck_assert_int_eq(figures.idle_connections, 1);
    registry_each(find_handles, handles);
    ck_assert_double_eq(handles[0], 1);
    ck_assert_double_eq(handles[1], 19);
}
END_TEST

START_TEST(many_at_once)
{
    enum { MANY = 100 };
    static struct result results[MANY];
    struct http_post post = post_to(receiver_url(receiver, "/"));
    for (int i = 0; i < MANY; i++) {
        struct http_request *request;
        ck_assert_int_eq(http_post(http, &post, take_answer, &results[i], &request), 0);
    }
    ck_assert_int_eq(http_figures(http).in_flight, MANY);
    for (int i = 0; i < MANY; i++) {
        ck_assert(receiver_wait(loop, answered, &results[i]));
        ck_assert_int_eq(results[i].answer.status, 200);
    }
    for (int i = 0; i < MANY; i++)
        ck_assert_int_eq(results[i].calls, 1);
    ck_assert_int_eq(receiver_count(receiver), MANY);
}
END_TEST

START_TEST(loopback_only_when_allowed)
{
    /* An allowed connection waits in the pool; it must not serve the other. */
    struct http_post post = post_to(receiver_url(receiver, "/"));
    ck_assert_int_eq(exchange(&post).status, 200);
    post.allow_private = false;
    struct http_answer answer = exchange(&post);
    ck_assert_int_eq(answer.status, 0);
    ck_assert_ptr_nonnull(strstr(answer.error, "private"));
    ck_assert_int_eq(receiver_count(receiver), 1);
    ck_assert_int_eq(receiver_connections(receiver), 1);
}
END_TEST

static const struct {
    const char *host;
    bool never; /* not even when private ones are allowed */
} denied[] = {
    { "127.0.0.1", false }, { "127.1", false }, { "2130706433", false }, { "0x7f000001", false },
    { "0177.0.0.1", false }, { "[::1]", false }, { "[::ffff:127.0.0.1]", false },
    { "[::ffff:7f00:1]", false }, { "[::127.0.0.1]", false }, { "localhost", false },
    { "10.1.2.3", false }, { "172.16.0.1", false }, { "172.31.255.255", false },
    { "192.168.1.1", false }, { "100.64.0.1", false }, { "[fd00:ec2::254]", false },
    { "[64:ff9b::7f00:1]", false }, { "[2002:7f00:1::1]", false }, { "[fec0::1]", false },
    { "to-127.0.0.2.test", false }, { "to-10.0.0.1.test", false }, { "to-fd00__1.test", false },
    { "to-__ffff_10.0.0.1.test", false },
    { "0.0.0.0", true }, { "0", true }, { "[::]", true }, { "169.254.169.254", true },
    { "[::ffff:169.254.169.254]", true }, { "[fe80::1]", true }, { "224.0.0.1", true },
    { "255.255.255.255", true }, { "240.0.0.1", true }, { "[ff02::1]", true },
    { "to-169.254.169.254.test", true }, { "to-fe80__1.test", true },
    { "[64:ff9b::a9fe:a9fe]", true },
};

START_TEST(denied_addresses)
{
    char url[128];
    snprintf(url, sizeof url, "http://%s:%d/secret-token", denied[_i].host,
        receiver_port(receiver));
    struct http_post post = post_to(url);
    post.allow_private = denied[_i].never;
    struct http_answer answer = exchange(&post);
    ck_assert_int_eq(answer.status, 0);
    ck_assert_msg(strstr(answer.error, "address is") != NULL, "%s: %s", url, answer.error);
    ck_assert_ptr_null(strstr(answer.error, "secret"));
    ck_assert_int_eq(receiver_connections(receiver), 0);
}
END_TEST

START_TEST(allowed_name_of_loopback)
{
    char url[128];
    snprintf(url, sizeof url, "http://to-127.0.0.1.test:%d/", receiver_port(receiver));
    struct http_post post = post_to(url);
    ck_assert_int_eq(exchange(&post).status, 200);
}
END_TEST

START_TEST(redirect_is_an_answer)
{
    static const struct receiver_answer answers[] = {
        { .status = 302, .headers = "Location: /elsewhere\r\n" }, { .status = 200 },
    };
    struct http_answer answer = post_scripted(answers, 2, 60);
    ck_assert_int_eq(answer.status, 302);
    ck_assert_int_eq(receiver_count(receiver), 1);
}
END_TEST

START_TEST(proxy_of_the_environment_is_ignored)
{
    struct receiver *proxy = receiver_new(loop, 0);
    setenv("http_proxy", receiver_url(proxy, ""), 1);
    setenv("ALL_PROXY", receiver_url(proxy, ""), 1);
    struct http_post post = post_to(receiver_url(receiver, "/"));
    ck_assert_int_eq(exchange(&post).status, 200);
    ck_assert_int_eq(receiver_connections(proxy), 0);
    ck_assert_int_eq(receiver_count(receiver), 1);
    receiver_free(proxy);
}
END_TEST

START_TEST(refused_connection_is_told)
{
    receiver_down(receiver);
    struct http_post post = post_to(receiver_url(receiver, "/secret-token"));
    struct http_answer answer = exchange(&post);
    ck_assert_int_eq(answer.status, 0);
    ck_assert_ptr_nonnull(strstr(answer.error, "refused"));
    ck_assert_ptr_null(strstr(answer.error, "secret"));
    receiver_up(receiver);
    ck_assert_int_eq(exchange(&post).status, 200);
}
END_TEST

START_TEST(reset_before_an_answer)
{
    static const struct receiver_answer answers[] = { { .act = RECEIVER_RESET } };
    struct http_answer answer = post_scripted(answers, 1, 60);
    ck_assert_int_eq(answer.status, 0);
    ck_assert_str_ne(answer.error, "");
}
END_TEST

START_TEST(answer_that_breaks_off)
{
    static const struct receiver_answer answers[] = { { .act = RECEIVER_RESET_MID_BODY } };
    struct http_answer answer = post_scripted(answers, 1, 60);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_ne(answer.error, "");
}
END_TEST

START_TEST(no_answer_ends_by_the_timeout)
{
    static const struct receiver_answer answers[] = { { .act = RECEIVER_HANG } };
    struct http_answer answer = post_scripted(answers, 1, 0.1);
    ck_assert_int_eq(answer.status, 0);
    ck_assert_ptr_nonnull(strstr(answer.error, "Timeout"));
    ck_assert_int_eq(http_figures(http).in_flight, 0);
}
END_TEST

START_TEST(trickle_ends_by_the_timeout)
{
    static const struct receiver_answer answers[] = { { .act = RECEIVER_TRICKLE } };
    struct http_answer answer = post_scripted(answers, 1, 2); /* the head comes before */
    ck_assert_int_eq(answer.status, 200);
    ck_assert_ptr_nonnull(strstr(answer.error, "Timeout"));
}
END_TEST

START_TEST(endless_body_is_capped)
{
    static const struct receiver_answer answers[] = { { .act = RECEIVER_ENDLESS }, { 0 } };
    struct http_answer answer = post_scripted(answers, 2, 60);
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(answer.error, "");
    ck_assert_uint_eq(strlen(answer.body), sizeof answer.body - 1);
    ck_assert_int_eq(http_figures(http).idle_connections, 0);
    ck_assert_int_eq(post_scripted(answers, 2, 60).status, 200);
}
END_TEST

START_TEST(hostile_answer_is_cleaned)
{
    static const struct receiver_answer answers[] = {
        { .status = 400, .body = "no\x1b[2J\r\n\xff" "bad" },
    };
    struct http_answer answer = post_scripted(answers, 1, 60);
    ck_assert_int_eq(answer.status, 400);
    for (const char *p = answer.body; *p; p++)
        ck_assert_int_ne(*p, 0x1b);
    ck_assert_int_eq(strncmp(answer.body, "no", 2), 0);
}
END_TEST

static const struct {
    const char *header;
    double low, high;
} retry_after[] = {
    { "Retry-After: 7\r\n", 7, 7 },
    { "Retry-After: 0\r\n", 0, 0 },
    { "Retry-After: 3600\r\n", 3600, 3600 },
    { "Retry-After: -5\r\n", 0, 0 },
    { "Retry-After: soon\r\n", 0, 0 },
    { "Retry-After: Thu, 01 Jan 1990 00:00:00 GMT\r\n", 0, 0 },
    { "Retry-After: 99999999999999999999999\r\n", 0, 1e19 },
    { "", 0, 0 },
};

START_TEST(retry_after_is_read)
{
    const struct receiver_answer answers[] = {
        { .status = 429, .headers = retry_after[_i].header },
    };
    struct http_answer answer = post_scripted(answers, 1, 60);
    ck_assert_int_eq(answer.status, 429);
    ck_assert_double_ge(answer.retry_after_seconds, retry_after[_i].low);
    ck_assert_double_le(answer.retry_after_seconds, retry_after[_i].high);
}
END_TEST

START_TEST(retry_after_date_is_read)
{
    char header[64];
    time_t then = time(NULL) + 100;
    struct tm tm;
    gmtime_r(&then, &tm);
    strftime(header, sizeof header, "Retry-After: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm);
    const struct receiver_answer answers[] = { { .status = 503, .headers = header } };
    struct http_answer answer = post_scripted(answers, 1, 60);
    ck_assert_double_ge(answer.retry_after_seconds, 80);
    ck_assert_double_le(answer.retry_after_seconds, 100);
}
END_TEST

static const char *const bad_urls[] = {
    "", "http://", "file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1", "gopher://127.0.0.1/",
    "http://127.0.0.1/a b", "http://127.0.0.1/\r\nX: y", "http://[::1", "//127.0.0.1/",
    "http://127.0.0.1:99999/", "http://127.0.0.1/\x7f",
};

START_TEST(bad_url_is_refused)
{
    struct http_post post = post_to(bad_urls[_i]);
    struct http_request *request;
    ck_assert_int_eq(http_post(http, &post, take_answer, NULL, &request), -EINVAL);
}
END_TEST

START_TEST(bad_headers_are_refused)
{
    const char *const bad[] = { "a: b\r\nc: d", "a: b\n", "no colon", ": no name" };
    struct http_post post = post_to(receiver_url(receiver, "/"));
    struct http_request *request;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *const headers[] = { bad[i], NULL };
        post.headers = headers;
        ck_assert_int_eq(http_post(http, &post, take_answer, NULL, &request), -EINVAL);
    }
    const char *many[HTTP_HEADERS_MAX + 2] = { NULL };
    for (int i = 0; i <= HTTP_HEADERS_MAX; i++)
        many[i] = "a: b";
    post.headers = many;
    ck_assert_int_eq(http_post(http, &post, take_answer, NULL, &request), -EINVAL);
    many[HTTP_HEADERS_MAX] = NULL;
    ck_assert_int_eq(exchange(&post).status, 200);
}
END_TEST

static void
cancel_other(void *context, const struct http_answer *answer)
{
    struct http_request **other = context;
    (void)answer;
    http_cancel(*other);
    *other = NULL;
}

static bool
is_null(void *context)
{
    return *(void **)context == NULL;
}

START_TEST(cancel_from_a_callback)
{
    /* Both answers come in one turn or in two: the other is never told. */
    struct http_post post = post_to(receiver_url(receiver, "/"));
    struct result result = { 0 };
    struct http_request *first, *second;
    ck_assert_int_eq(http_post(http, &post, cancel_other, &second, &first), 0);
    static const struct receiver_answer answers[] = { { 0 }, { .act = RECEIVER_HANG } };
    receiver_script(receiver, answers, 2);
    ck_assert_int_eq(http_post(http, &post, take_answer, &result, &second), 0);
    ck_assert(receiver_wait(loop, is_null, &second));
    ck_assert_int_eq(http_figures(http).in_flight, 0);
    receiver_script(receiver, NULL, 0);
    ck_assert_int_eq(exchange(&post).status, 200);
    ck_assert_int_eq(result.calls, 0);
}
END_TEST

START_TEST(cancel_before_anything)
{
    struct http_post post = post_to(receiver_url(receiver, "/"));
    struct result result = { 0 };
    struct http_request *request;
    ck_assert_int_eq(http_post(http, &post, take_answer, &result, &request), 0);
    http_cancel(request);
    http_cancel(NULL);
    ck_assert_int_eq(exchange(&post).status, 200);
    ck_assert_int_eq(result.calls, 0);
}
END_TEST

static void
post_again(void *context, const struct http_answer *answer)
{
    struct result *result = context;
    struct http_post post = post_to(receiver_url(receiver, "/again"));
    struct http_request *request;
    ck_assert_int_eq(answer->status, 200);
    ck_assert_int_eq(http_post(http, &post, take_answer, result, &request), 0);
    ck_assert_int_eq(result->calls, 0);
}

START_TEST(post_from_a_callback)
{
    struct http_post post = post_to(receiver_url(receiver, "/"));
    struct result result = { 0 };
    struct http_request *request;
    ck_assert_int_eq(http_post(http, &post, post_again, &result, &request), 0);
    ck_assert(receiver_wait(loop, answered, &result));
    ck_assert_str_eq(receiver_request(receiver, 1)->path, "/again");
}
END_TEST

static void
free_all(void *context, const struct http_answer *answer)
{
    (void)context, (void)answer;
    http_free(http);
    http = NULL;
}

START_TEST(free_from_a_callback)
{
    struct http_post post = post_to(receiver_url(receiver, "/"));
    struct result result = { 0 };
    struct http_request *request;
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(
            http_post(http, &post, i == 3 ? free_all : take_answer, &result, &request), 0);
    ck_assert(receiver_wait(loop, is_null, &http));
    ck_assert_int_lt(result.calls, 8);
}
END_TEST

START_TEST(free_with_requests_in_flight)
{
    static const struct receiver_answer answers[] = { { .act = RECEIVER_HANG } };
    struct http_post post = post_to(receiver_url(receiver, "/"));
    struct result result = { 0 };
    struct http_request *request;
    receiver_script(receiver, answers, 1);
    ck_assert_int_eq(http_post(http, &post, take_answer, &result, &request), 0);
    while (receiver_count(receiver) == 0)
        loop_step(loop);
    http_free(http);
    http = NULL;
    loop_step(loop);
    ck_assert_int_eq(result.calls, 0);
}
END_TEST

static void
count_tick(void *context)
{
    ++*(int *)context;
}

START_TEST(hanging_name_lookup_blocks_nothing)
{
    int ticks = 0;
    lookup_held = true;
    struct loop_timer *timer = loop_timer_start(loop, 0, NS_PER_MS, count_tick, &ticks);
    struct http_post post = post_to("http://hang.test/");
    post.timeout_seconds = 0.2;
    struct http_answer answer = exchange(&post);
    ck_assert_int_eq(answer.status, 0);
    while (ticks <= 10) /* the loop turns while the lookup hangs */
        loop_step(loop);
    pthread_mutex_lock(&lookup_lock);
    while (!lookup_entered) /* its thread may come late */
        pthread_cond_wait(&lookup_changed, &lookup_lock);
    ck_assert(!lookup_left); /* the answer did not wait for it */
    lookup_held = false;
    pthread_cond_signal(&lookup_changed);
    while (!lookup_left)
        pthread_cond_wait(&lookup_changed, &lookup_lock);
    pthread_mutex_unlock(&lookup_lock);
    loop_timer_stop(timer);
}
END_TEST

START_TEST(nothing_is_set_up_before_the_first_post)
{
    struct http *idle = http_new(loop);
    struct http_figures figures = http_figures(idle);
    ck_assert_uint_eq(figures.requests, 0);
    ck_assert_int_eq(figures.idle_connections, 0);
    http_free(idle);
    http_free(NULL);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

Suite *
test_suite(void)
{
    Suite *suite = suite_create("http");
    TCase *tcase = tcase_create("http");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, sends_what_was_given);
    tcase_add_test(tcase, body_is_copied);
    tcase_add_test(tcase, large_body_waits_for_nothing);
    tcase_add_test(tcase, reuses_connections_and_handles);
    tcase_add_test(tcase, many_at_once);
    tcase_add_test(tcase, loopback_only_when_allowed);
    tcase_add_loop_test(tcase, denied_addresses, 0, COUNT(denied));
    tcase_add_test(tcase, allowed_name_of_loopback);
    tcase_add_test(tcase, redirect_is_an_answer);
    tcase_add_test(tcase, proxy_of_the_environment_is_ignored);
    tcase_add_test(tcase, refused_connection_is_told);
    tcase_add_test(tcase, reset_before_an_answer);
    tcase_add_test(tcase, answer_that_breaks_off);
    tcase_add_test(tcase, no_answer_ends_by_the_timeout);
    tcase_add_test(tcase, trickle_ends_by_the_timeout);
    tcase_add_test(tcase, endless_body_is_capped);
    tcase_add_test(tcase, hostile_answer_is_cleaned);
    tcase_add_loop_test(tcase, retry_after_is_read, 0, COUNT(retry_after));
    tcase_add_test(tcase, retry_after_date_is_read);
    tcase_add_loop_test(tcase, bad_url_is_refused, 0, COUNT(bad_urls));
    tcase_add_test(tcase, bad_headers_are_refused);
    tcase_add_test(tcase, cancel_from_a_callback);
    tcase_add_test(tcase, cancel_before_anything);
    tcase_add_test(tcase, post_from_a_callback);
    tcase_add_test(tcase, free_from_a_callback);
    tcase_add_test(tcase, free_with_requests_in_flight);
    tcase_add_test(tcase, hanging_name_lookup_blocks_nothing);
    tcase_add_test(tcase, nothing_is_set_up_before_the_first_post);
    suite_add_tcase(suite, tcase);
    return suite;
}
