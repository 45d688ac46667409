/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bytes that grow, and the helpers on C strings.
 */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

START_TEST(empty_is_a_c_string)
{
    struct str s;
    str_init(&s);
    ck_assert_str_eq(s.data, "");
    str_clear(&s);
    str_append(&s, "x", 0);
    str_consume(&s, 10);
    ck_assert_str_eq(s.data, "");
    ck_assert_uint_eq(s.len, 0);
    str_release(&s);
    ck_assert_str_eq(s.data, "");
    str_release(&s);
}
END_TEST

START_TEST(appends_in_any_way)
{
    struct str s;
    str_init(&s);
    str_puts(&s, "ab");
    str_putc(&s, 'c');
    str_append(&s, "d\0e", 3);
    str_printf(&s, "%d-%s", 12, "z");
    ck_assert_uint_eq(s.len, 10);
    ck_assert_mem_eq(s.data, "abcd\0e12-z", 11);
    str_release(&s);
}
END_TEST

/* Lengths around the capacity's steps, by every way in; always terminated. */
START_TEST(grows_over_every_boundary)
{
    char text[700];
    memset(text, 'q', sizeof text);
    for (size_t first = 0; first < 140; first++) {
        for (size_t second = 0; second < sizeof text - 1; second += 61) {
            struct str s;
            str_init(&s);
            str_append(&s, text, first);
            str_printf(&s, "%.*s", (int)second, text);
            ck_assert_uint_eq(s.len, first + second);
            ck_assert_uint_eq(strlen(s.data), first + second);
            ck_assert_uint_gt(s.capacity, s.len);
            str_release(&s);
        }
    }
}
END_TEST

START_TEST(clear_keeps_memory)
{
    struct str s;
    str_init(&s);
    str_reserve(&s, 1000);
    size_t capacity = s.capacity;
    const char *data = s.data;
    str_puts(&s, "hello");
    str_clear(&s);
    ck_assert_str_eq(s.data, "");
    for (int i = 0; i < 1000; i++)
        str_putc(&s, 'x');
    ck_assert_uint_eq(s.capacity, capacity);
    ck_assert_ptr_eq(s.data, data);
    str_release(&s);
}
END_TEST

START_TEST(consume_drops_the_front)
{
    struct str s;
    str_init(&s);
    str_puts(&s, "abcdef");
    str_consume(&s, 0);
    ck_assert_str_eq(s.data, "abcdef");
    str_consume(&s, 2);
    ck_assert_str_eq(s.data, "cdef");
    ck_assert_uint_eq(s.len, 4);
    str_consume(&s, 4);
    ck_assert_str_eq(s.data, "");
    str_puts(&s, "again");
    str_consume(&s, 99);
    ck_assert_uint_eq(s.len, 0);
    str_release(&s);
}
END_TEST

START_TEST(detach_gives_away)
{
    struct str s;
    str_init(&s);
    char *empty = str_detach(&s);
    ck_assert_str_eq(empty, "");
    free(empty);
    str_puts(&s, "mine");
    char *text = str_detach(&s);
    ck_assert_str_eq(text, "mine");
    ck_assert_uint_eq(s.len, 0);
    str_puts(&s, "other");
    ck_assert_str_eq(text, "mine");
    free(text);
    str_release(&s);
}
END_TEST

START_TEST(compares)
{
    ck_assert(str_equal(NULL, NULL));
    ck_assert(!str_equal(NULL, ""));
    ck_assert(!str_equal("", NULL));
    ck_assert(str_equal("a", "a"));
    ck_assert(!str_equal("a", "ab"));
    ck_assert(str_starts("abc", ""));
    ck_assert(str_starts("abc", "abc"));
    ck_assert(!str_starts("ab", "abc"));
    ck_assert(!str_starts("abc", "b"));
    ck_assert(str_ends("abc", ""));
    ck_assert(str_ends("abc", "bc"));
    ck_assert(str_ends("abc", "abc"));
    ck_assert(!str_ends("bc", "abc"));
    ck_assert(!str_ends("abc", "ab"));
}
END_TEST

START_TEST(copies_and_says_what_was_cut)
{
    char buf[4];
    ck_assert(str_copy(buf, sizeof buf, ""));
    ck_assert_str_eq(buf, "");
    ck_assert(str_copy(buf, sizeof buf, "abc"));
    ck_assert_str_eq(buf, "abc");
    ck_assert(!str_copy(buf, sizeof buf, "abcd"));
    ck_assert_str_eq(buf, "abc");
    ck_assert(!str_copy(buf, 1, "a"));
    ck_assert_str_eq(buf, "");
}
END_TEST

START_TEST(trims_both_ends)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "", "" }, { " \t\r\n", "" }, { "a", "a" }, { "  a b\t", "a b" }, { "a\n", "a" },
        { "\va\f", "a" }, { "\xC2\xA0x", "\xC2\xA0x" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buf[32];
        str_copy(buf, sizeof buf, rows[i].text);
        ck_assert_str_eq(str_trim(buf), rows[i].want);
    }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("str");
    TCase *tcase = tcase_create("str");
    tcase_add_test(tcase, empty_is_a_c_string);
    tcase_add_test(tcase, appends_in_any_way);
    tcase_add_test(tcase, grows_over_every_boundary);
    tcase_add_test(tcase, clear_keeps_memory);
    tcase_add_test(tcase, consume_drops_the_front);
    tcase_add_test(tcase, detach_gives_away);
    tcase_add_test(tcase, compares);
    tcase_add_test(tcase, copies_and_says_what_was_cut);
    tcase_add_test(tcase, trims_both_ends);
    suite_add_tcase(suite, tcase);
    return suite;
}
