/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Line streams: cutting, both caps, back-pressure, and every way to end.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"
#include "io/lines.h"

enum { MAX_LINE = 200 * 1024, MAX_QUEUE = 300 * 1024 };

static struct loop *loop;
static struct buffers *pool;
static struct lines *lines;
static struct str heard; /* every line, each followed by '|' */
static int peer, line_count, drained_count, closed_count, closed_code;
static bool free_at_line, free_at_drained, free_at_close;

static void
on_line(void *context, char *text, size_t len)
{
    ck_assert_ptr_eq(context, &heard);
    ck_assert_int_eq(text[len], '\0');
    line_count++;
    str_append(&heard, text, len);
    str_putc(&heard, '|');
    text[0] = '#'; /* it is writable */
    if (free_at_line) {
        lines_free(lines);
        lines = NULL;
    } else if (str_equal(text, "#cho")) {
        lines_send(lines, "echo\n", 5);
    }
}

static void
on_drained(void *context)
{
    (void)context;
    drained_count++;
    if (free_at_drained) {
        lines_free(lines);
        lines = NULL;
    }
}

static void
on_closed(void *context, int code)
{
    (void)context;
    closed_count++;
    closed_code = code;
    if (free_at_close) {
        lines_free(lines);
        lines = NULL;
    }
}

static const struct lines_events events = { on_line, on_drained, on_closed };

static void
setup(void)
{
    static const struct lines_options options = { MAX_LINE, MAX_QUEUE };
    int s[2];
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    peer = s[1];
    fcntl(peer, F_SETFL, O_NONBLOCK);
    str_init(&heard);
    loop = loop_new();
    pool = buffers_new(0);
    lines = lines_new(loop, pool, s[0], &options, &events, &heard);
}

static void
teardown(void)
{
    lines_free(lines);
    ck_assert_uint_eq(buffers_figures(pool).in_use, 0);
    buffers_free(pool);
    loop_free(loop);
    str_release(&heard);
    if (peer >= 0)
        close(peer);
}

/* Turns the loop until the condition holds; two minutes at most. */
#define UNTIL(condition)                                                       \
    do {                                                                       \
        int64_t end_ = clock_mono_ns() + 120 * NS_PER_SEC;                      \
        while (!(condition)) {                                                 \
            ck_assert_msg(clock_mono_ns() < end_, "never: %s", #condition);    \
            loop_step(loop);                                                   \
        }                                                                      \
    } while (0)

/* Writes all of it from the peer's side while the loop turns. */
static void
peer_says(const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(peer, bytes, len);
        if (n < 0 && errno != EAGAIN)
            return; /* the other side has ended */
        if (n > 0) {
            bytes += n;
            len -= (size_t)n;
        }
        loop_step(loop);
    }
}

static void
peer_says_text(const char *text)
{
    peer_says(text, strlen(text));
}

START_TEST(lines_are_cut)
{
    peer_says_text("one\ntwo\n\nfour");
    UNTIL(line_count == 3);
    ck_assert_str_eq(heard.data, "one|two||");
    peer_says_text(" and more\n");
    UNTIL(line_count == 4);
    ck_assert_str_eq(heard.data, "one|two||four and more|");
    ck_assert_int_eq(closed_count, 0);
}
END_TEST

START_TEST(bytes_one_by_one)
{
    static const char text[] = "a\nbc\n\xC3\xBC\n";
    for (size_t i = 0; i < sizeof text - 1; i++) {
        peer_says(text + i, 1);
        loop_step(loop);
    }
    UNTIL(line_count == 3);
    ck_assert_str_eq(heard.data, "a|bc|\xC3\xBC|");
}
END_TEST

START_TEST(nul_within_a_line_is_kept)
{
    peer_says("a\0b\n", 4);
    UNTIL(line_count == 1);
    ck_assert_uint_eq(heard.len, 4);
    ck_assert_mem_eq(heard.data, "a\0b|", 4);
}
END_TEST

START_TEST(random_chunks_give_the_same_lines)
{
    struct str sent;
    unsigned seed = 41;
    int count = 0;
    str_init(&sent);
    for (; count < 300; count++) {
        size_t len = (size_t)rand_r(&seed) % (count % 50 ? 300 : 90000);
        for (size_t i = 0; i < len; i++)
            str_putc(&sent, (char)('a' + rand_r(&seed) % 26));
        str_putc(&sent, '\n');
    }
    for (size_t at = 0; at < sent.len;) {
        size_t n = 1 + (size_t)rand_r(&seed) % 5000;
        n = n < sent.len - at ? n : sent.len - at;
        peer_says(sent.data + at, n);
        at += n;
    }
    UNTIL(line_count == count);
    for (char *p = sent.data; (p = strchr(p, '\n')); p++)
        *p = '|';
    ck_assert_uint_eq(heard.len, sent.len);
    ck_assert_mem_eq(heard.data, sent.data, sent.len);
    str_release(&sent);
}
END_TEST

START_TEST(a_quiet_connection_holds_no_buffer)
{
    peer_says_text("hello\n");
    UNTIL(line_count == 1);
    loop_step(loop);
    ck_assert_uint_eq(buffers_figures(pool).in_use, 0);
    peer_says_text("begun");
    UNTIL(buffers_figures(pool).in_use == 1);
    peer_says_text(" and done\n");
    UNTIL(line_count == 2);
    ck_assert_uint_eq(buffers_figures(pool).in_use, 0);
}
END_TEST

static void
say_line(size_t len)
{
    char *text = malloc(len + 1);
    memset(text, 'x', len);
    text[len] = '\n';
    peer_says(text, len + 1);
    free(text);
}

START_TEST(the_longest_line_passes)
{
    say_line(MAX_LINE);
    UNTIL(line_count == 1);
    ck_assert_uint_eq(heard.len, MAX_LINE + 1);
    ck_assert_int_eq(closed_count, 0);
}
END_TEST

START_TEST(a_longer_line_ends_it)
{
    say_line(MAX_LINE + 1);
    UNTIL(closed_count == 1);
    ck_assert_int_eq(closed_code, ERR_TOO_LARGE);
    ck_assert_int_eq(line_count, 0);
}
END_TEST

START_TEST(an_endless_line_ends_it)
{
    char block[4096];
    memset(block, 'x', sizeof block);
    for (int i = 0; i < 200 && !closed_count; i++)
        peer_says(block, sizeof block);
    UNTIL(closed_count == 1);
    ck_assert_int_eq(closed_code, ERR_TOO_LARGE);
    for (int i = 0; i < 5; i++)
        loop_step(loop);
    ck_assert_int_eq(closed_count, 1);
}
END_TEST

/* Sending. */

/* Reads what has come to the peer; returns its length. */
static size_t
peer_hears(void)
{
    static char block[65536];
    size_t total = 0;
    ssize_t n;
    while ((n = read(peer, block, sizeof block)) > 0)
        total += (size_t)n;
    return total;
}

static void
send_block(size_t len)
{
    char *text = malloc(len);
    memset(text, 'y', len);
    text[len - 1] = '\n';
    lines_send(lines, text, len);
    free(text);
}

START_TEST(what_fits_goes_at_once)
{
    char buf[16];
    lines_send(lines, "hello\n", 6);
    ck_assert_uint_eq(lines_queued(lines), 0);
    ck_assert_int_eq(read(peer, buf, sizeof buf), 6);
    ck_assert_mem_eq(buf, "hello\n", 6);
    ck_assert_uint_eq(buffers_figures(pool).created, 0);
}
END_TEST

/* Fills the socket until bytes wait. */
static size_t
fill_until_queued(void)
{
    size_t sent = 0;
    while (!lines_queued(lines)) {
        send_block(50000);
        sent += 50000;
    }
    return sent;
}

START_TEST(the_rest_waits_and_drains)
{
    size_t sent = fill_until_queued(), received = 0;
    loop_step(loop);
    ck_assert_int_eq(drained_count, 0);
    ck_assert_uint_gt(lines_queued(lines), 0);
    UNTIL((received += peer_hears(), received == sent));
    UNTIL(drained_count == 1);
    ck_assert_uint_eq(lines_queued(lines), 0);
    ck_assert_uint_eq(buffers_figures(pool).in_use, 0);
    lines_send(lines, "x\n", 2);
    for (int i = 0; i < 5; i++)
        loop_step(loop);
    ck_assert_int_eq(drained_count, 1); /* nothing was queued: nothing to tell */
}
END_TEST

/* The peer neither reads nor says anything: it must be dropped all the same. */
START_TEST(a_peer_that_never_reads_is_dropped)
{
    fill_until_queued();
    size_t most = 0;
    for (int i = 0; i < 50; i++) {
        send_block(50000);
        most = lines_queued(lines) > most ? lines_queued(lines) : most;
    }
    ck_assert_uint_le(most, MAX_QUEUE);
    ck_assert_int_eq(closed_count, 0); /* never told from within a send */
    UNTIL(closed_count == 1);
    ck_assert_int_eq(closed_code, ERR_TOO_LARGE);
    for (int i = 0; i < 5; i++)
        loop_step(loop);
    ck_assert_int_eq(closed_count, 1);
}
END_TEST

START_TEST(freed_before_its_end_is_told)
{
    fill_until_queued();
    for (int i = 0; i < 50; i++)
        send_block(50000);
    lines_free(lines);
    lines = NULL;
    for (int i = 0; i < 5; i++)
        loop_step(loop);
    ck_assert_int_eq(closed_count, 0);
}
END_TEST

START_TEST(an_answer_from_within_a_line)
{
    char buf[16];
    peer_says_text("echo\n");
    UNTIL(line_count == 1);
    ck_assert_int_eq(read(peer, buf, sizeof buf), 5);
}
END_TEST

START_TEST(an_answer_that_must_wait_is_sent_later)
{
    size_t sent = fill_until_queued() + 5, received = 0;
    peer_says_text("echo\n");
    UNTIL(line_count == 1);
    UNTIL((received += peer_hears(), received == sent));
}
END_TEST

/* Ends. */

START_TEST(the_peer_closes)
{
    peer_says_text("last\nhalf");
    close(peer);
    peer = -1;
    UNTIL(closed_count == 1);
    ck_assert_int_eq(closed_code, ERR_CLOSED);
    ck_assert_str_eq(heard.data, "last|");
    lines_send(lines, "x\n", 2); /* nobody hears it; nothing happens */
    loop_step(loop);
    ck_assert_int_eq(closed_count, 1);
}
END_TEST

START_TEST(the_peer_closes_without_reading)
{
    size_t sent = fill_until_queued();
    ck_assert_uint_gt(sent, 0);
    close(peer);
    peer = -1;
    UNTIL(closed_count == 1);
    ck_assert_int_eq(closed_code, ERR_CLOSED);
}
END_TEST

START_TEST(a_send_finds_the_peer_gone)
{
    close(peer);
    peer = -1;
    lines_send(lines, "x\n", 2);
    ck_assert_int_eq(closed_count, 0);
    UNTIL(closed_count == 1);
    ck_assert_int_eq(closed_code, ERR_CLOSED);
}
END_TEST

START_TEST(freed_from_a_line)
{
    free_at_line = true;
    peer_says_text("one\ntwo\nthree\n");
    UNTIL(!lines);
    for (int i = 0; i < 5; i++)
        loop_step(loop);
    ck_assert_int_eq(line_count, 1);
    ck_assert_int_eq(closed_count, 0);
}
END_TEST

START_TEST(freed_from_drained)
{
    free_at_drained = true;
    fill_until_queued();
    peer_says_text("late\n");
    UNTIL((peer_hears(), !lines));
    for (int i = 0; i < 5; i++)
        loop_step(loop);
    ck_assert_int_eq(drained_count, 1);
    ck_assert_int_eq(closed_count, 0);
}
END_TEST

START_TEST(freed_from_closed)
{
    free_at_close = true;
    close(peer);
    peer = -1;
    UNTIL(!lines);
    loop_step(loop);
    ck_assert_int_eq(closed_count, 1);
}
END_TEST

START_TEST(free_takes_null_and_closes_the_descriptor)
{
    char byte;
    lines_free(NULL);
    lines_free(lines);
    lines = NULL;
    ck_assert_int_eq(read(peer, &byte, 1), 0);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("lines");
    TCase *tcase = tcase_create("lines");
    tcase_set_timeout(tcase, 90);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, lines_are_cut);
    tcase_add_test(tcase, bytes_one_by_one);
    tcase_add_test(tcase, nul_within_a_line_is_kept);
    tcase_add_test(tcase, random_chunks_give_the_same_lines);
    tcase_add_test(tcase, a_quiet_connection_holds_no_buffer);
    tcase_add_test(tcase, the_longest_line_passes);
    tcase_add_test(tcase, a_longer_line_ends_it);
    tcase_add_test(tcase, an_endless_line_ends_it);
    tcase_add_test(tcase, what_fits_goes_at_once);
    tcase_add_test(tcase, the_rest_waits_and_drains);
    tcase_add_test(tcase, a_peer_that_never_reads_is_dropped);
    tcase_add_test(tcase, freed_before_its_end_is_told);
    tcase_add_test(tcase, an_answer_from_within_a_line);
    tcase_add_test(tcase, an_answer_that_must_wait_is_sent_later);
    tcase_add_test(tcase, the_peer_closes);
    tcase_add_test(tcase, the_peer_closes_without_reading);
    tcase_add_test(tcase, a_send_finds_the_peer_gone);
    tcase_add_test(tcase, freed_from_a_line);
    tcase_add_test(tcase, freed_from_drained);
    tcase_add_test(tcase, freed_from_closed);
    tcase_add_test(tcase, free_takes_null_and_closes_the_descriptor);
    suite_add_tcase(suite, tcase);
    return suite;
}
