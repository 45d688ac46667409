/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base64.h"
#include "base/err.h"
#include "base/text.h"
#include "io/capture.h"
#include "test.h"

static int fd = -1;
static struct capture *capture;
static struct captured captured;
static struct str told; /* "<1>text<2>text<0:bytes left out>" */

static void
setup(void)
{
    ck_assert_int_eq(capture_create(&fd), 0);
    ck_assert_int_eq(capture_map(fd, &capture), 0);
    str_init(&told);
    captured_init(&captured);
}

static void
teardown(void)
{
    capture_unmap(capture);
    captured_release(&captured);
    str_release(&told);
    close(fd);
}

static void
tell(void *context, enum capture_stream stream, const char *bytes, size_t len)
{
    (void)context;
    if (stream == CAPTURE_NONE) {
        str_printf(&told, "<0:%zu>", len);
    } else {
        str_printf(&told, "<%d>", (int)stream);
        str_append(&told, bytes, len);
    }
}

/* What both ways to copy have behind a position; the position behind that. */
static int64_t
each(int64_t after, bool whole)
{
    struct captured other;
    capture_copy(capture, &captured);
    ck_assert_int_eq(capture_read(fd, &other), 0);
    ck_assert_int_eq(other.bytes, captured.bytes);
    ck_assert_int_eq(other.trial, captured.trial);
    captured_release(&other);
    ck_assert(captured_valid(captured.bytes, captured.data.len));
    str_clear(&told);
    return captured_each(&captured, after, whole, tell, NULL);
}

static void
add(enum capture_stream stream, const char *text)
{
    capture_add(capture, stream, text, strlen(text));
}

START_TEST(streams)
{
    ck_assert_int_eq(capture_read(fd, &captured), -ENODATA);
    capture_begin(capture, 7, 2);
    ck_assert_int_eq(each(0, true), 0);
    add(CAPTURE_OUT, "one ");
    add(CAPTURE_OUT, "line\n");
    add(CAPTURE_ERR, "oops\n");
    add(CAPTURE_OUT, "more");
    int64_t end = each(0, true);
    ck_assert_str_eq(told.data, "<1>one line\n<2>oops\n<1>more");
    ck_assert_int_eq(captured.trial, 7);
    ck_assert_int_eq(captured.attempt, 2);
    ck_assert_int_eq(end, captured.bytes);
    /* line by line */
    int64_t at = each(0, false);
    ck_assert_str_eq(told.data, "<1>one line\n<2>oops\n");
    ck_assert_int_eq(each(at, false), at);
    ck_assert_str_eq(told.data, "");
    add(CAPTURE_OUT, "!\nand");
    at = each(at, false);
    ck_assert_str_eq(told.data, "<1>more!\n");
    at = each(at, true);
    ck_assert_str_eq(told.data, "<1>and");
    /* another trial */
    capture_begin(capture, 8, 1);
    add(CAPTURE_ERR, "x");
    each(0, true);
    ck_assert_str_eq(told.data, "<2>x");
    each(1000, true);
    ck_assert_str_eq(told.data, "");
}
END_TEST

START_TEST(nuls_and_marks)
{
    static const char bytes[] = "a\0b\0\1c\0\0\2";
    capture_begin(capture, 1, 1);
    capture_add(capture, CAPTURE_OUT, bytes, sizeof bytes); /* with its end */
    each(0, true);
    ck_assert_uint_eq(told.len, 3 + sizeof bytes);
    ck_assert_mem_eq(told.data + 3, bytes, sizeof bytes);
}
END_TEST

START_TEST(head_and_tail)
{
    char line[64];
    int64_t at = 0;
    capture_begin(capture, 1, 1);
    for (int i = 0; i < 100000; i++) {
        snprintf(line, sizeof line, "line %d\n", i);
        add(i % 1000 ? CAPTURE_OUT : CAPTURE_ERR, line);
        if (i == 1000) {
            at = each(0, true);
            ck_assert_ptr_null(strstr(told.data, "<0:"));
            ck_assert_ptr_nonnull(strstr(told.data, "<2>line 1000\n"));
        }
        if (i == 2000) {
            at = each(at, true);
            ck_assert_int_eq(strncmp(told.data, "<1>line 1001\nline 1002\n", 22), 0);
            ck_assert_ptr_null(strstr(told.data, "<0:"));
        }
    }
    each(0, true);
    ck_assert_int_eq(strncmp(told.data, "<2>line 0\n<1>line 1\n", 20), 0);
    ck_assert_ptr_nonnull(strstr(told.data, "<0:"));
    ck_assert(str_ends(told.data, "line 99998\nline 99999\n"));
    ck_assert_uint_gt(told.len, (CAPTURE_HEAD + CAPTURE_TAIL) * 9 / 10);
    ck_assert_uint_lt(told.len, CAPTURE_HEAD + CAPTURE_TAIL + 1000);
    each(at, true); /* a reader who was away */
    ck_assert_int_eq(strncmp(told.data, "<0:", 3), 0);
    ck_assert(str_ends(told.data, "line 99999\n"));
    struct captured torn; /* what may be written over while it is read is not told */
    ck_assert_int_eq(capture_read(fd, &torn), 0);
    ck_assert_uint_lt(torn.data.len, CAPTURE_HEAD + CAPTURE_TAIL);
    str_clear(&told);
    captured_each(&torn, 0, true, tell, NULL);
    ck_assert(str_ends(told.data, "line 99999\n"));
    captured_release(&torn);
}
END_TEST

START_TEST(large_pieces)
{
    enum { SIZE = 1024 * 1024 };
    char *bytes = malloc(SIZE);
    ck_assert_ptr_nonnull(bytes);
    capture_begin(capture, 1, 1);
    for (int round = 0; round < 3; round++) {
        memset(bytes, 'a' + round, SIZE);
        memcpy(bytes + SIZE - 5, "end.\n", 5);
        capture_add(capture, CAPTURE_OUT, bytes, SIZE);
    }
    memset(bytes, 0, SIZE);
    each(0, true);
    ck_assert(str_ends(told.data, "ccend.\n"));
    ck_assert_ptr_nonnull(strstr(told.data, "<0:"));
    ck_assert_ptr_null(strchr(told.data, 'b'));
    ck_assert_int_ge(captured.bytes, 3 * SIZE);
    capture_add(capture, CAPTURE_ERR, bytes, SIZE);
    add(CAPTURE_ERR, "after\n");
    each(0, true);
    ck_assert_mem_eq(told.data + told.len - 6, "after\n", 6);
    ck_assert_uint_le(told.len, CAPTURE_HEAD + CAPTURE_TAIL + 100);
    free(bytes);
}
END_TEST

START_TEST(nonsense)
{
    /* whatever a worker may send or leave in the memory */
    ck_assert(!captured_valid(-1, 0));
    ck_assert(!captured_valid(10, 11));
    ck_assert(!captured_valid(100000, 100));
    ck_assert(captured_valid(100000, CAPTURE_HEAD));
    ck_assert(captured_valid(0, 0));
    srand(1);
    for (int round = 0; round < 2000; round++) {
        size_t len = (size_t)rand() % 3000 + (rand() % 2 ? CAPTURE_HEAD : 0);
        str_clear(&captured.data);
        for (size_t i = 0; i < len; i++)
            str_putc(&captured.data, rand() % 3 ? (char)(rand() % 4) : '\n');
        captured.bytes = (int64_t)len + (len > CAPTURE_HEAD ? rand() % 100000 : 0);
        str_clear(&told);
        int64_t after = rand() % (captured.bytes + 10);
        int64_t end = captured_each(&captured, after, rand() % 2, tell, NULL);
        ck_assert_int_ge(end, after);
        ck_assert_uint_le(told.len, 8 * len + 100);
    }
    int64_t wrong[3] = { 5, INT64_MAX - 1, 0 };
    ck_assert_int_eq(pwrite(fd, wrong, sizeof wrong, 0), (ssize_t)sizeof wrong);
    ck_assert_int_eq(capture_read(fd, &captured), -ENODATA);
    wrong[1] = -5;
    ck_assert_int_eq(pwrite(fd, wrong, sizeof wrong, 0), (ssize_t)sizeof wrong);
    ck_assert_int_eq(capture_read(fd, &captured), -ENODATA);
    ck_assert_int_lt(ftruncate(fd, 0), 0); /* sealed */
}
END_TEST

START_TEST(base64)
{
    static const char bytes[] = "\0\xff any\x80 bytes";
    struct str text, back;
    str_init(&text);
    str_init(&back);
    for (size_t len = 0; len < sizeof bytes; len++) {
        str_clear(&text);
        str_clear(&back);
        base64_encode(&text, bytes, len);
        ck_assert_uint_eq(text.len, (len + 2) / 3 * 4);
        ck_assert_int_eq(base64_decode(&back, text.data, text.len), 0);
        ck_assert_uint_eq(back.len, len);
        ck_assert_mem_eq(back.data, bytes, len);
    }
    str_clear(&text);
    base64_encode(&text, "sure.", 5);
    ck_assert_str_eq(text.data, "c3VyZS4=");
    ck_assert_int_eq(base64_decode(&back, "c3VyZS4", 7), ERR_SYNTAX);
    ck_assert_int_eq(base64_decode(&back, "c3V=ZS4=", 8), ERR_SYNTAX);
    ck_assert_int_eq(base64_decode(&back, "c3\nyZS4=", 8), ERR_SYNTAX);
    str_release(&text);
    str_release(&back);
}
END_TEST

START_TEST(lines_are_cleaned)
{
    static const char bytes[] = "a\tb\r\nc\rd\x1b[31m\xff\0e \xc3\xa4\n";
    struct str out;
    str_init(&out);
    text_clean_lines(bytes, sizeof bytes - 1, &out);
    ck_assert_str_eq(out.data, "a\tb\nc\nd\u00b7[31m\uFFFD\u00b7e \u00e4\n");
    str_release(&out);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *s = suite_create("capture");
    TCase *t = tcase_create("capture");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, streams);
    tcase_add_test(t, nuls_and_marks);
    tcase_add_test(t, head_and_tail);
    tcase_add_test(t, large_pieces);
    tcase_add_test(t, nonsense);
    tcase_add_test(t, base64);
    tcase_add_test(t, lines_are_cleaned);
    suite_add_tcase(s, t);
    return s;
}
