/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The client against a server that plays a script: one function per script, in
 * a process of its own.
 */
#include "test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "wire/client.h"

static char socket_path[100];
static struct client *client;
static pid_t server_pid;
static struct str heard; /* notifications and answers, one word each */

/* The server's side. A script that reads past the end of the connection ends. */

static int peer;

static char *
hear(void)
{
    static char line[70000];
    size_t n = 0;
    while (n < sizeof line - 1 && read(peer, line + n, 1) == 1)
        if (line[n++] == '\n') {
            line[n - 1] = '\0';
            return line;
        }
    _exit(0);
}

static void
say_bytes(const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = send(peer, bytes, len, MSG_NOSIGNAL);
        if (n <= 0)
            _exit(0);
        bytes += n;
        len -= (size_t)n;
    }
}

static void
say(const char *text)
{
    say_bytes(text, strlen(text));
}

/* Hears a request, which must call this method, and returns its id. */
static int
hear_request(const char *method)
{
    char *line = hear();
    json_t *request = json_parse(line, strlen(line), NULL);
    if (!str_equal(json_get_string(request, "method", NULL), method) ||
        !str_equal(json_get_string(request, "jsonrpc", NULL), "2.0"))
        _exit(9); /* the client sees the end of the connection */
    int id = (int)json_get_int(request, "id", -1);
    json_decref(request);
    return id;
}

static void
answer(int id, const char *result)
{
    char line[1000];
    snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"result\":%s}\n", id, result);
    say(line);
}

static void
greet(void)
{
    answer(hear_request("hello"), "{\"protocol\":1,\"version\":\"9.8.7\",\"pid\":1}");
}

static void
tell(const char *method)
{
    char line[200];
    snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":{}}\n", method);
    say(line);
}

static int
listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    str_copy(address.sun_path, sizeof address.sun_path, path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    return fd;
}

static void
serve(void (*script)(void))
{
    int fd = listen_at(socket_path);
    server_pid = fork();
    ck_assert_int_ge(server_pid, 0);
    if (server_pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        peer = accept(fd, NULL, NULL);
        script();
        _exit(0);
    }
    close(fd);
}

static void
setup(void)
{
    const char *directory = test_directory();
    chmod(directory, 0700);
    if ((size_t)snprintf(socket_path, sizeof socket_path, "%s/s", directory) >= sizeof socket_path)
        ck_abort_msg("TMPDIR is too long for a socket");
    signal(SIGPIPE, SIG_IGN);
    str_init(&heard);
}

static void
teardown(void)
{
    client_close(client);
    str_release(&heard);
    if (server_pid > 0) {
        kill(server_pid, SIGKILL);
        waitpid(server_pid, NULL, 0);
    }
}

static int
open_client(struct diag *diag)
{
    const struct client_options options = { .socket = socket_path };
    return client_open(&options, &client, diag);
}

static void
connect_to(void (*script)(void))
{
    struct diag diag = { 0 };
    serve(script);
    if (open_client(&diag) < 0)
        ck_abort_msg("%s", diag.text);
}

static void
hear_word(const char *word)
{
    str_puts(&heard, word);
    str_putc(&heard, ' ');
}

static void
on_notification(void *context, const char *method, const json_t *params)
{
    (void)context;
    ck_assert(json_is_object(params));
    hear_word(method);
}

static void
on_closed(void *context, const struct diag *diag)
{
    (void)context;
    ck_assert_int_lt(diag->code, 0);
    hear_word("closed");
}

static const struct client_events events = { on_notification, on_closed };

/* Opening. */

static void
script_greet(void)
{
    greet();
    hear();
}

START_TEST(hello)
{
    connect_to(script_greet);
    ck_assert_str_eq(client_server_version(client), "9.8.7");
}
END_TEST

START_TEST(nobody_there)
{
    struct diag diag = { 0 };
    ck_assert_int_eq(open_client(&diag), -ENOENT);
    ck_assert_ptr_nonnull(strstr(diag.text, "no server is running"));
    close(listen_at(socket_path)); /* the socket of a dead server */
    ck_assert_int_eq(open_client(&diag), -ECONNREFUSED);
    ck_assert_int_eq(open_client(NULL), -ECONNREFUSED);
    ck_assert_ptr_null(client);
}
END_TEST

START_TEST(a_directory_open_to_others_is_refused)
{
    char directory[100];
    str_copy(directory, sizeof directory, socket_path);
    *strrchr(directory, '/') = '\0';
    ck_assert_int_eq(chmod(directory, 0755), 0);
    ck_assert_int_eq(open_client(NULL), ERR_DENIED);
}
END_TEST

START_TEST(a_path_that_is_too_long)
{
    char path[300];
    struct diag diag = { 0 };
    snprintf(path, sizeof path, "%.40s/%0200d", socket_path, 7);
    const struct client_options options = { .socket = path };
    ck_assert_int_lt(client_open(&options, &client, &diag), 0);
    ck_assert_uint_gt(strlen(diag.text), 0);
}
END_TEST

static void
script_other_version(void)
{
    hear_request("hello");
    say("{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-2012,"
        "\"message\":\"the running server is older\"}}\n");
    answer(hear_request("server.status"), "{\"pid\":5}");
    hear();
}

START_TEST(another_version)
{
    struct diag diag = { 0 };
    serve(script_other_version);
    ck_assert_int_eq(open_client(&diag), ERR_VERSION);
    ck_assert_str_eq(diag.text, "the running server is older");
    ck_assert_ptr_null(client);
}
END_TEST

START_TEST(another_version_can_be_asked_and_stopped)
{
    const struct client_options options = { .socket = socket_path, .any_version = true };
    json_t *result;
    serve(script_other_version);
    ck_assert_int_eq(client_open(&options, &client, NULL), 0);
    ck_assert_int_eq(client_call(client, "server.status", NULL, 20, &result, NULL), 0);
    ck_assert_int_eq(json_get_int(result, "pid", 0), 5);
    json_decref(result);
}
END_TEST

static void
script_full(void)
{
    say("{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-2007,"
        "\"message\":\"the server has too many clients\"}}\n");
    hear();
}

START_TEST(a_refusal_before_hello_is_told)
{
    struct diag diag = { 0 };
    serve(script_full);
    ck_assert_int_eq(open_client(&diag), ERR_TOO_LARGE);
    ck_assert_str_eq(diag.text, "the server has too many clients");
}
END_TEST

static void
script_garbage(void)
{
    hear();
    say("this is no JSON\n");
    hear();
}

START_TEST(garbage_instead_of_hello)
{
    struct diag diag = { 0 };
    serve(script_garbage);
    ck_assert_int_eq(open_client(&diag), ERR_PROTOCOL);
    ck_assert_uint_gt(strlen(diag.text), 0);
}
END_TEST

static void
script_gone(void)
{
    hear();
}

START_TEST(the_end_instead_of_hello)
{
    struct diag diag = { 0 };
    serve(script_gone);
    ck_assert_int_eq(open_client(&diag), ERR_CLOSED);
    ck_assert_uint_gt(strlen(diag.text), 0);
}
END_TEST

/* Calling. */

static void
script_interleaved(void)
{
    greet();
    int id = hear_request("status");
    tell("tick");
    answer(id + 100, "\"nobody asked\"");
    say("42\n[]\n\"x\"\n{}\n{\"id\":\"text\"}\n");
    tell("run");
    char line[200];
    snprintf(line, sizeof line, "{\"id\":%d,\"result\":{\"a\":7}}\n", id);
    for (size_t i = 0; line[i]; i++) /* byte by byte */
        say_bytes(line + i, 1);
    tell("late");
    hear();
}

START_TEST(an_answer_among_notifications)
{
    json_t *result;
    struct loop *loop = loop_new();
    connect_to(script_interleaved);
    ck_assert_int_eq(client_attach(client, loop, &events, NULL), 0);
    ck_assert_int_eq(client_call(client, "status", json_pack("{s:i}", "x", 1), 20, &result, NULL),
        0);
    ck_assert_int_eq(json_get_int(result, "a", 0), 7);
    json_decref(result);
    ck_assert_str_eq(heard.data, "tick run ");
    ck_assert_int_eq(client_wait(client, 20, &events, NULL, NULL), 1);
    ck_assert_str_eq(heard.data, "tick run late ");
    client_close(client);
    client = NULL;
    loop_free(loop);
}
END_TEST

static void
script_error(void)
{
    greet();
    hear();
    say("{\"id\":2,\"error\":{\"code\":-2004,\"message\":\"too many\",\"data\":"
        "{\"file\":\"x.ini\",\"line\":12,\"key\":\"parallel.workers\"}}}\n");
    hear();
    say("{\"id\":3,\"error\":{\"code\":5}}\n");
    hear();
    say("{\"id\":4}\n");
    hear();
}

START_TEST(errors_keep_their_place)
{
    struct diag diag = { 0 };
    json_t *result = NULL;
    connect_to(script_error);
    ck_assert_int_eq(client_call(client, "run.submit", NULL, 20, &result, &diag), ERR_BAD_RANGE);
    ck_assert_str_eq(diag.text, "too many");
    ck_assert_str_eq(diag.file, "x.ini");
    ck_assert_int_eq(diag.line, 12);
    ck_assert_str_eq(diag.key, "parallel.workers");
    ck_assert_ptr_null(result);
    ck_assert_int_lt(client_call(client, "x", NULL, 20, &result, &diag), 0);
    ck_assert_int_eq(client_call(client, "x", NULL, 20, &result, &diag), 0);
    ck_assert(json_is_null(result));
    json_decref(result);
}
END_TEST

static void
script_dies_in_call(void)
{
    greet();
    hear();
    say("{\"id\":2,\"resu");
}

START_TEST(the_server_goes_in_the_middle_of_a_call)
{
    struct diag diag = { 0 };
    json_t *result = NULL;
    connect_to(script_dies_in_call);
    ck_assert_int_eq(client_call(client, "status", NULL, 20, &result, &diag), ERR_CLOSED);
    ck_assert_ptr_nonnull(strstr(diag.text, "has gone"));
    ck_assert_ptr_null(result);
    ck_assert_int_eq(client_call(client, "status", NULL, 20, &result, &diag), ERR_CLOSED);
}
END_TEST

static void
script_garbage_in_call(void)
{
    greet();
    hear();
    say("}{\n");
    hear();
}

START_TEST(garbage_in_the_middle_of_a_call)
{
    struct diag diag = { 0 };
    json_t *result;
    connect_to(script_garbage_in_call);
    ck_assert_int_eq(client_call(client, "status", NULL, 20, &result, &diag), ERR_PROTOCOL);
    ck_assert_uint_gt(strlen(diag.text), 0);
}
END_TEST

static void
script_silent(void)
{
    greet();
    int id = hear_request("slow");
    hear_request("quick");
    answer(id, "\"late\"");
    answer(id + 1, "\"quick\"");
    hear();
}

START_TEST(no_answer_in_time)
{
    struct diag diag = { 0 };
    json_t *result;
    connect_to(script_silent);
    ck_assert_int_eq(client_call(client, "slow", NULL, 0.05, &result, &diag), -ETIMEDOUT);
    ck_assert_uint_gt(strlen(diag.text), 0);
    /* the late answer is nobody's any more */
    ck_assert_int_eq(client_call(client, "quick", NULL, 20, &result, NULL), 0);
    ck_assert_str_eq(json_string_value(result), "quick");
    json_decref(result);
    ck_assert_int_eq(client_wait(client, 0.02, &events, NULL, NULL), 0);
}
END_TEST

static void
script_flood(void)
{
    greet();
    for (;;)
        tell("tick");
}

START_TEST(a_flood_does_not_put_the_deadline_off)
{
    json_t *result;
    connect_to(script_flood);
    ck_assert_int_eq(client_call(client, "status", NULL, 0.2, &result, NULL), -ETIMEDOUT);
}
END_TEST

static void
script_large(void)
{
    static char block[1 << 20];
    greet();
    hear();
    memset(block, 'x', sizeof block);
    say("{\"id\":2,\"result\":\"");
    for (int i = 0; i < 3; i++)
        say_bytes(block, sizeof block);
    say("\"}\n");
    hear();
    for (int i = 0; i < 40; i++) /* endless: no line end comes */
        say_bytes(block, sizeof block);
    hear();
}

START_TEST(large_answers_and_endless_ones)
{
    struct diag diag = { 0 };
    json_t *result;
    connect_to(script_large);
    ck_assert_int_eq(client_call(client, "x", NULL, 60, &result, NULL), 0);
    ck_assert_uint_eq(json_string_length(result), 3 << 20);
    json_decref(result);
    ck_assert_int_eq(client_call(client, "x", NULL, 60, &result, &diag), ERR_TOO_LARGE);
}
END_TEST

/* On a loop. */

static struct loop *loop;
static int answers;

static void
on_answer(void *context, const json_t *result, const struct diag *diag)
{
    const char *want = context;
    if (result)
        ck_assert_str_eq(json_string_value(result), want);
    else
        ck_assert_str_eq(diag->text, want);
    hear_word(want);
    answers++;
}

static void
until_heard(const char *words)
{
    int64_t end = clock_mono_ns() + 120 * NS_PER_SEC;
    while (strcmp(heard.data, words)) {
        ck_assert_msg(clock_mono_ns() < end, "heard only: %s", heard.data);
        loop_step(loop);
    }
}

static void
script_requests(void)
{
    greet();
    int first = hear_request("a"), second = hear_request("b"), third = hear_request("c");
    answer(third, "\"C\"");
    tell("tick");
    answer(first, "\"A\"");
    char line[200];
    snprintf(line, sizeof line, "{\"id\":%d,\"error\":{\"code\":-2008,\"message\":\"B!\"}}\n", second);
    say(line);
    answer(hear_request("unheard"), "1");
}

START_TEST(requests_are_answered_from_the_loop)
{
    loop = loop_new();
    connect_to(script_requests);
    ck_assert_int_eq(client_attach(client, loop, &events, NULL), 0);
    static char a[] = "A", b[] = "B!", c[] = "C";
    ck_assert_int_eq(client_request(client, "a", NULL, on_answer, a), 0);
    ck_assert_int_eq(client_request(client, "b", json_object(), on_answer, b), 0);
    ck_assert_int_eq(client_request(client, "c", NULL, on_answer, c), 0);
    until_heard("C tick A B! ");
    ck_assert_int_eq(answers, 3);
    ck_assert_int_eq(client_request(client, "unheard", NULL, NULL, NULL), 0);
    until_heard("C tick A B! closed ");
    for (int i = 0; i < 5; i++)
        loop_step(loop);
    ck_assert_str_eq(heard.data, "C tick A B! closed ");
    ck_assert_int_lt(client_request(client, "late", NULL, on_answer, a), 0);
    client_close(client);
    client = NULL;
    loop_free(loop);
}
END_TEST

static void
on_close_it(void *context, const char *method, const json_t *params)
{
    (void)context, (void)params;
    hear_word(method);
    client_close(client);
    client = NULL;
}

static void
script_ticks(void)
{
    greet();
    for (int i = 0; i < 3; i++)
        tell("tick");
    hear();
}

START_TEST(closed_from_its_own_callback)
{
    static const struct client_events closing = { on_close_it, on_closed };
    loop = loop_new();
    connect_to(script_ticks);
    ck_assert_int_eq(client_attach(client, loop, &closing, NULL), 0);
    until_heard("tick ");
    for (int i = 0; i < 10; i++)
        loop_step(loop);
    ck_assert_str_eq(heard.data, "tick ");
    loop_free(loop);
}
END_TEST

static void
script_nested(void)
{
    greet();
    tell("outer");
    answer(hear_request("inner"), "\"in\"");
    tell("outer");
    hear();
}

static void
on_call_within(void *context, const char *method, const json_t *params)
{
    json_t *result;
    (void)context, (void)params;
    hear_word(method);
    if (heard.len > 10) { /* the second one: enough */
        client_close(client);
        client = NULL;
        return;
    }
    ck_assert_int_eq(client_call(client, "inner", NULL, 20, &result, NULL), 0);
    hear_word(json_string_value(result));
    json_decref(result);
}

START_TEST(a_call_from_within_a_callback)
{
    static const struct client_events nested = { on_call_within, on_closed };
    loop = loop_new();
    connect_to(script_nested);
    ck_assert_int_eq(client_attach(client, loop, &nested, NULL), 0);
    until_heard("outer in outer ");
    loop_free(loop);
}
END_TEST

static void
on_nothing(void *context, const char *method, const json_t *params)
{
    (void)context, (void)method, (void)params;
}

static void
script_two(void)
{
    greet();
    tell("one");
    tell("two");
}

START_TEST(wait_hands_out_one_message_at_a_time)
{
    struct diag diag = { 0 };
    connect_to(script_two);
    ck_assert_int_eq(client_wait(client, 20, &events, NULL, &diag), 1);
    ck_assert_str_eq(heard.data, "one ");
    ck_assert_int_eq(client_wait(client, 20, &events, NULL, &diag), 1);
    ck_assert_str_eq(heard.data, "one two ");
    ck_assert_int_eq(client_wait(client, 20, &events, NULL, &diag), ERR_CLOSED);
    ck_assert_ptr_nonnull(strstr(diag.text, "has gone"));
    static const struct client_events quiet = { on_nothing, NULL };
    ck_assert_int_eq(client_wait(client, 0, &quiet, NULL, &diag), ERR_CLOSED);
    client_close(NULL);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("client");
    TCase *tcase = tcase_create("client");
    tcase_set_timeout(tcase, 90);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, hello);
    tcase_add_test(tcase, nobody_there);
    tcase_add_test(tcase, a_directory_open_to_others_is_refused);
    tcase_add_test(tcase, a_path_that_is_too_long);
    tcase_add_test(tcase, another_version);
    tcase_add_test(tcase, another_version_can_be_asked_and_stopped);
    tcase_add_test(tcase, a_refusal_before_hello_is_told);
    tcase_add_test(tcase, garbage_instead_of_hello);
    tcase_add_test(tcase, the_end_instead_of_hello);
    tcase_add_test(tcase, an_answer_among_notifications);
    tcase_add_test(tcase, errors_keep_their_place);
    tcase_add_test(tcase, the_server_goes_in_the_middle_of_a_call);
    tcase_add_test(tcase, garbage_in_the_middle_of_a_call);
    tcase_add_test(tcase, no_answer_in_time);
    tcase_add_test(tcase, a_flood_does_not_put_the_deadline_off);
    tcase_add_test(tcase, large_answers_and_endless_ones);
    tcase_add_test(tcase, requests_are_answered_from_the_loop);
    tcase_add_test(tcase, closed_from_its_own_callback);
    tcase_add_test(tcase, a_call_from_within_a_callback);
    tcase_add_test(tcase, wait_hands_out_one_message_at_a_time);
    suite_add_tcase(suite, tcase);
    return suite;
}
