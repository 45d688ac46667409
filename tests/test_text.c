/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text from outside: nothing that a terminal obeys survives, what people can
 * read stays, and cells are counted as they are drawn.
 */
#include "test.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define DOT "\xC2\xB7"
#define BAD "\xEF\xBF\xBD"

START_TEST(hostile_text_is_disarmed)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "", "" },
        { "plain text ~", "plain text ~" },
        { "\x1B[31mred\x1B[0m", DOT "[31mred" DOT "[0m" },
        { "a\r\nb\tc\bd\ae\x7F", "a" DOT DOT "b" DOT "c" DOT "d" DOT "e" DOT },
        { "\xC2\x9B" "31m\xC2\x85\xC2\x80", DOT "31m" DOT DOT }, /* CSI, NEL as C1 */
        { "\x9B" "31m", BAD "31m" }, /* a raw C1 byte is no UTF-8 */
        { "gr\xC3\xBC\xC3\x9F \xE6\x97\xA5\xE6\x9C\xAC", "gr\xC3\xBC\xC3\x9F \xE6\x97\xA5\xE6\x9C\xAC" },
        { "\xC2\xA0", "\xC2\xA0" },
        { "a\xE2\x80\xAE" "b\xE2\x81\xA6\xE2\x80\x8F", "a" BAD "b" BAD BAD }, /* RLO, LRI, RLM */
        { "\xE2\x80\x8B\xE2\x80\x8D\xEF\xBB\xBF\xC2\xAD", BAD BAD BAD BAD }, /* zero width */
        { "\xE2\x80\xA8\xE2\x80\xA9", BAD BAD }, /* line and paragraph separator */
        { "\xF3\xA0\x80\xA1", BAD }, /* a tag */
        { "\xEF\xB8\x8F", BAD }, /* variation selector */
        { "\xF0\x9D\x85\xB3", BAD }, /* musical control: zero width */
        { "e\xCC\x81", "e\xCC\x81" }, /* a combining accent is text */
        { "\xF0\x9F\x98\x80", "\xF0\x9F\x98\x80" },
        /* invalid: one mark per byte */
        { "\xFF\xFE", BAD BAD },
        { "\xC0\x80", BAD BAD }, /* overlong NUL */
        { "\xE0\x80\xAF", BAD BAD BAD }, /* overlong slash */
        { "\xF0\x80\x80\xAF", BAD BAD BAD BAD },
        { "\xED\xA0\x80", BAD BAD BAD }, /* surrogate */
        { "\xF4\x90\x80\x80", BAD BAD BAD BAD }, /* above U+10FFFF */
        { "\xE6\x97", BAD BAD }, /* cut at the end */
        { "\xE6\x97x", BAD BAD "x" },
        { "\xF0\x9F\x98", BAD BAD BAD },
    };
    char buf[256];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ck_assert_str_eq(text_clean(rows[i].text, buf, sizeof buf), rows[i].want);
        char again[256];
        ck_assert_str_eq(text_clean(buf, again, sizeof again), buf);
    }
}
END_TEST

START_TEST(bytes_may_hold_nul)
{
    char buf[32];
    ck_assert_str_eq(text_clean_bytes("a\0b", 3, buf, sizeof buf), "a" DOT "b");
    ck_assert_str_eq(text_clean_bytes("\xE6\x97\xA5", 2, buf, sizeof buf), BAD BAD);
    ck_assert_str_eq(text_clean_bytes(NULL, 0, buf, sizeof buf), "");
}
END_TEST

START_TEST(cuts_between_code_points)
{
    /* 1 + 2 + 3 + 4 bytes */
    static const char text[] = "a\xC3\xBC\xE6\x97\xA5\xF0\x9F\x98\x80";
    static const size_t lengths[] = { 0, 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10 };
    for (size_t size = 1; size < sizeof lengths / sizeof *lengths; size++) {
        char buf[16];
        memset(buf, '#', sizeof buf);
        text_clean(text, buf, size);
        ck_assert_uint_eq(strlen(buf), lengths[size]);
        ck_assert_mem_eq(buf, text, lengths[size]);
        ck_assert_int_eq(buf[size], '#');
    }
}
END_TEST

START_TEST(next_walks_over_anything)
{
    const char *p = "a\xC3\xBC\xE6\x97\xA5\xF0\x9F\x98\x80\xFFz";
    static const uint32_t want[] = { 'a', 0xFC, 0x65E5, 0x1F600, TEXT_REPLACEMENT, 'z', 0, 0 };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        ck_assert_uint_eq(text_next(&p), want[i]);
    ck_assert_int_eq(*p, '\0');
}
END_TEST

/* Every ck_assert that holds is told to the harness, which costs seconds in
 * loops over all code points: these two speak only of what does not hold. */

START_TEST(every_code_point_goes_round)
{
    for (uint32_t code = 1; code <= 0x10FFFF; code++) {
        char buf[5] = { 0 };
        if (code >= 0xD800 && code <= 0xDFFF)
            continue;
        int n = text_encode(code, buf);
        const char *p = buf;
        if (n != (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4) ||
            text_next(&p) != code || p != buf + n)
            ck_abort_msg("U+%04X: %d bytes", (unsigned)code, n);
    }
}
END_TEST

/* What cleaning leaves is not changed by it, and is no control. */
START_TEST(clean_codes_are_stable)
{
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        uint32_t clean = text_clean_code(code);
        bool control = clean < 0x20 || (clean >= 0x7F && clean < 0xA0);
        bool bidi = (clean >= 0x202A && clean <= 0x202E) || (clean >= 0x2066 && clean <= 0x2069);
        if (text_clean_code(clean) != clean || control || bidi ||
            (code >= 0x20 && code < 0x7F && clean != code))
            ck_abort_msg("U+%04X becomes U+%04X", (unsigned)code, (unsigned)clean);
    }
}
END_TEST

START_TEST(cells)
{
    static const struct {
        uint32_t code;
        int cells;
    } rows[] = {
        { 'a', 1 }, { 0xE9, 1 }, { 0xB7, 1 }, { 0xFFFD, 1 }, { 0x2500, 1 }, { 0x2588, 1 },
        { 0x28FF, 1 }, { 0x301, 0 }, { 0x20DD, 0 }, { 0x3099, 0 }, { 0x302A, 0 },
        { 0x65E5, 2 }, { 0xAC00, 2 }, { 0x1100, 2 }, { 0x1161, 0 }, { 0x11A8, 0 },
        { 0x3042, 2 }, { 0x303F, 1 }, { 0xFF21, 2 }, { 0xFF71, 1 }, { 0x1F600, 2 },
        { 0x20000, 2 }, { 0x1F321, 1 }, { 0x10FFFF, 1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        ck_assert_msg(text_cell_width(rows[i].code) == rows[i].cells, "U+%04X",
            (unsigned)rows[i].code);
}
END_TEST

START_TEST(width_is_that_of_the_clean_text)
{
    static const struct {
        const char *text;
        int cells;
    } rows[] = {
        { "", 0 }, { "abc", 3 }, { "\xE6\x97\xA5\xE6\x9C\xAC", 4 }, { "e\xCC\x81", 1 },
        { "\x1B[0m", 4 }, { "\xE2\x80\x8B", 1 }, { "\xFF", 1 }, { "\xF0\x9F\x98\x80!", 3 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char buf[64];
        ck_assert_int_eq(text_width(rows[i].text), rows[i].cells);
        ck_assert_int_eq(text_width(text_clean(rows[i].text, buf, sizeof buf)), rows[i].cells);
    }
}
END_TEST

START_TEST(random_bytes_become_clean)
{
    unsigned seed = 11;
    for (int round = 0; round < 5000; round++) {
        char bytes[64], buf[256], again[256];
        size_t len = (size_t)rand_r(&seed) % sizeof bytes;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)(rand_r(&seed) % (round % 2 ? 256 : 80) + (round % 2 ? 0 : 0xC0));
        text_clean_bytes(bytes, len, buf, sizeof buf);
        const char *p = buf;
        for (uint32_t code; (code = text_next(&p));)
            ck_assert_uint_eq(text_clean_code(code), code);
        ck_assert_str_eq(text_clean(buf, again, sizeof again), buf);
        ck_assert_int_eq(text_width(again), text_width(buf));
    }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tcase = tcase_create("text");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, hostile_text_is_disarmed);
    tcase_add_test(tcase, bytes_may_hold_nul);
    tcase_add_test(tcase, cuts_between_code_points);
    tcase_add_test(tcase, next_walks_over_anything);
    tcase_add_test(tcase, every_code_point_goes_round);
    tcase_add_test(tcase, clean_codes_are_stable);
    tcase_add_test(tcase, cells);
    tcase_add_test(tcase, width_is_that_of_the_clean_text);
    tcase_add_test(tcase, random_bytes_become_clean);
    suite_add_tcase(suite, tcase);
    return suite;
}
