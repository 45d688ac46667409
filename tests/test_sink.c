/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where results go: the places that are taken, Redis servers that do wrong, and
 * connections that end, hang, or are given up. tests/cli/sink.sh has a real one.
 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/url.h"
#include "io/redis.h"

START_TEST(places)
{
    struct sink_place place;
    ck_assert_int_eq(url_sink("redis://example.org", &place, NULL), 0);
    ck_assert(place.redis && !place.local && place.database == 0);
    ck_assert_str_eq(place.host, "example.org");
    ck_assert_str_eq(place.port, "6379");
    ck_assert_int_eq(url_sink("redis://[::1]:7000/12", &place, NULL), 0);
    ck_assert_str_eq(place.host, "::1");
    ck_assert_str_eq(place.port, "7000");
    ck_assert_int_eq(place.database, 12);
    ck_assert_int_eq(url_sink("redis+unix:///run/r.sock?db=3", &place, NULL), 0);
    ck_assert(place.redis && place.local && place.database == 3);
    ck_assert_str_eq(place.path, "/run/r.sock");
    ck_assert_int_eq(url_sink("tcp://localhost:9000/", &place, NULL), 0);
    ck_assert(!place.redis && !place.local);
    ck_assert_int_eq(url_sink("UNIX:///tmp/x", &place, NULL), 0);
    ck_assert(!place.redis && place.local);
}
END_TEST

START_TEST(no_places)
{
    static const char *const wrong[] = { "", "redis://", "redis:///1", "redis://h:0", "redis://h:99999",
        "redis://h/x", "redis://h/1/2", "redis://h/65536", "redis://h?db=1", "redis://[::1", "redis://a b",
        "tcp://host", "tcp://host:80/1", "unix://relative", "unix:///", "unix:///a?db=1",
        "redis+unix:///a?db=", "redis+unix:///a?x=1", "http://host", "rediss://host" };
    struct sink_place place = { .database = 77 };
    char path[7 + SINK_PATH_MAX + 1];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct diag diag = { 0 };
        ck_assert_msg(url_sink(wrong[i], &place, &diag) == ERR_BAD_TYPE, "%s", wrong[i]);
    }
    struct diag diag = { 0 };
    ck_assert_int_eq(url_sink("redis://me:secret@host", &place, &diag), ERR_BAD_TYPE);
    ck_assert_ptr_null(strstr(diag.text, "secret"));
    ck_assert_int_eq(place.database, 77);
    memset(path, 'a', sizeof path);
    memcpy(path, "unix:///", 8);
    path[sizeof path - 1] = '\0';
    ck_assert_int_eq(url_sink(path, &place, &diag), ERR_BAD_TYPE);
    path[sizeof path - 2] = '\0';
    ck_assert_int_eq(url_sink(path, &place, NULL), 0); /* the longest */
}
END_TEST

/* One end is Redis'; the other says what it wants. */
static struct redis *
open_pair(int *ret_other)
{
    int fd[2];
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd), 0);
    struct redis *redis = redis_new();
    *redis_stream(redis) = (struct stream){ .fd = fd[0], .cancel_fd = -1 };
    *ret_other = fd[1];
    return redis;
}

static int64_t
soon(void)
{
    return clock_mono_ns() + 50 * NS_PER_MS;
}

static void
say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

START_TEST(replies)
{
    int other;
    struct redis *redis = open_pair(&other);
    struct redis_reply reply;
    char got[128] = "";
    ck_assert_int_eq(redis_add(redis, 2, (const char *const[]){ "ECHO", "a\r\nb" }, NULL), 0);
    ck_assert_uint_gt(redis_gathered(redis), 0);
    ck_assert_int_eq(redis_send(redis, soon()), 0);
    ck_assert_uint_eq(redis_gathered(redis), 0);
    ck_assert_int_gt(recv(other, got, sizeof got - 1, 0), 0);
    ck_assert_str_eq(got, "*2\r\n$4\r\nECHO\r\n$4\r\na\r\nb\r\n");
    say(other, "+OK\r\n:42\r\n$-1\r\n-NOAUTH no\033[1m way\r\n$3\r\nabc\r\n+la");
    ck_assert_int_eq(redis_reply(redis, &reply, soon()), 0);
    ck_assert(reply.kind == REDIS_TEXT && !strcmp(reply.text, "OK"));
    ck_assert_int_eq(redis_reply(redis, &reply, soon()), 0);
    ck_assert(reply.kind == REDIS_NUMBER && reply.number == 42);
    ck_assert_int_eq(redis_reply(redis, &reply, soon()), 0);
    ck_assert_int_eq(reply.kind, REDIS_NOTHING);
    ck_assert_int_eq(redis_reply(redis, &reply, soon()), 0);
    ck_assert_int_eq(reply.kind, REDIS_ERROR);
    ck_assert_ptr_null(strchr(reply.text, '\033'));
    ck_assert_int_eq(redis_reply(redis, &reply, soon()), 0);
    ck_assert_str_eq(reply.text, "abc");
    ck_assert_int_eq(redis_reply(redis, &reply, soon()), -ETIMEDOUT); /* half a reply */
    say(other, "te\r\n");
    ck_assert_int_eq(redis_reply(redis, &reply, soon()), 0);
    ck_assert_str_eq(reply.text, "late");
    close(other);
    ck_assert_int_eq(redis_reply(redis, &reply, soon()), -EPIPE);
    redis_free(redis);
}
END_TEST

START_TEST(wrong_replies)
{
    static const char *const wrong[] = { "hello\r\n", "*1000000000\r\n", "*1\r\n+OK\r\n", "$x\r\n",
        ":no\r\n", "*-7\r\n" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int other;
        struct redis *redis = open_pair(&other);
        struct redis_reply reply;
        say(other, wrong[i]);
        int r = redis_reply(redis, &reply, soon());
        ck_assert_msg(r == -EPROTO || r == -EMSGSIZE, "%s: %d", wrong[i], r);
        close(other);
        redis_free(redis);
    }
}
END_TEST

/* An answer without end costs no more than its cap. */
START_TEST(an_endless_reply)
{
    int other, r = 0;
    struct redis *redis = open_pair(&other);
    struct redis_reply reply;
    char bytes[8192];
    memset(bytes, 'x', sizeof bytes);
    say(other, "$500000000\r\n");
    for (int sent = 0; r != -EMSGSIZE; sent++) {
        ck_assert_int_lt(sent, 2 * REDIS_REPLY_MAX / (int)sizeof bytes);
        send(other, bytes, sizeof bytes, MSG_NOSIGNAL);
        r = redis_reply(redis, &reply, clock_mono_ns() + NS_PER_MS);
        ck_assert(r == -ETIMEDOUT || r == -EMSGSIZE);
    }
    close(other);
    redis_free(redis);
}
END_TEST

static void *
give_up(void *fd)
{
    usleep(20000); /* the other thread waits, or will find it readable */
    eventfd_write(*(int *)fd, 1);
    return NULL;
}

START_TEST(waiting)
{
    int other, cancel = eventfd(0, EFD_CLOEXEC);
    struct redis *redis = open_pair(&other);
    struct stream *stream = redis_stream(redis);
    static char much[4 << 20];
    char byte;
    pthread_t thread;
    ck_assert(stream_usable(stream));
    ck_assert_int_eq(stream_drain(stream, soon()), 0);
    ck_assert_int_eq(stream_write(stream, "x", 1, soon()), 0);
    ck_assert_int_eq(stream_drain(stream, soon()), -ETIMEDOUT); /* nobody has read it */
    ck_assert_int_eq(recv(other, &byte, 1, 0), 1);
    ck_assert_int_eq(stream_drain(stream, soon()), 0);
    ck_assert_int_eq(stream_write(stream, much, sizeof much, soon()), -ETIMEDOUT);
    say(other, "y");
    ck_assert(!stream_usable(stream)); /* unasked */
    stream->cancel_fd = cancel;
    pthread_create(&thread, NULL, give_up, &cancel);
    ck_assert_int_eq(stream_read(stream, &byte, 1, soon()), 1);
    ck_assert_int_eq(stream_read(stream, &byte, 1, clock_mono_ns() + 60 * NS_PER_SEC), -ECANCELED);
    pthread_join(thread, NULL);
    close(other);
    ck_assert(!stream_usable(stream));
    redis_free(redis);
    close(cancel);
}
END_TEST

START_TEST(addresses)
{
    struct stream stream;
    struct stream_place never = { .host = "169.254.169.254", .port = "80" };
    struct stream_place nobody = { .path = "/nonexistent/optop.sock" };
    ck_assert_int_eq(stream_open(&stream, &never, -1, soon()), -EACCES);
    ck_assert_int_eq(stream_open(&stream, &nobody, -1, soon()), -ENOENT);
    ck_assert_int_eq(stream.fd, -1);
    stream_close(&stream);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("sink");
    TCase *tc = tcase_create("all");
    tcase_add_test(tc, places);
    tcase_add_test(tc, no_places);
    tcase_add_test(tc, replies);
    tcase_add_test(tc, wrong_replies);
    tcase_add_test(tc, an_endless_reply);
    tcase_add_test(tc, waiting);
    tcase_add_test(tc, addresses);
    suite_add_tcase(suite, tc);
    return suite;
}
