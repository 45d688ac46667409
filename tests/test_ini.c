/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/ini.h"

static struct ini *
parse(const char *text)
{
    struct ini *ini = NULL;
    struct diag diag = { 0 };
    int r = ini_parse_text(text, strlen(text), "t.ini", &ini, &diag);
    ck_assert_msg(r == 0, "%s", diag.text);
    return ini;
}

static void
refused_bytes(const char *text, size_t len, int code, int line)
{
    struct ini *ini = NULL;
    struct diag diag = { 0 };
    ck_assert_int_eq(ini_parse_text(text, len, "t.ini", &ini, &diag), code);
    ck_assert_ptr_null(ini);
    ck_assert_int_eq(diag.code, code);
    ck_assert_int_eq(diag.line, line);
    ck_assert_str_eq(diag.file, "t.ini");
    ck_assert_str_ne(diag.text, "");
}

static void
refused(const char *text, int code, int line)
{
    refused_bytes(text, strlen(text), code, line);
}

static void
text_is(const struct ini *ini, const char *expected)
{
    size_t len;
    const char *text = ini_text(ini, &len);
    ck_assert_str_eq(text, expected);
    ck_assert_uint_eq(len, strlen(expected));
}

START_TEST(reads_entries_in_order)
{
    struct ini *ini = parse("# top\n\n[a]\nx = 1\n  y=two words ; note\n[b c:d]\n;z = 3\nz ="
                            "\nurl = http://h/?a=b;c#d\n");
    ck_assert_int_eq(ini_entry_count(ini), 6);
    const struct ini_entry *e = ini_entry_at(ini, 0);
    ck_assert_str_eq(e->section, "a");
    ck_assert_ptr_null(e->key);
    ck_assert_int_eq(e->line, 3);
    ck_assert_str_eq(ini_value(ini, "a", "x"), "1");
    ck_assert_str_eq(ini_value(ini, "a", "y"), "two words");
    ck_assert_int_eq(ini_find(ini, "a", "y")->line, 5);
    ck_assert_str_eq(ini_value(ini, "b c:d", "z"), "");
    ck_assert_str_eq(ini_value(ini, "b c:d", "url"), "http://h/?a=b;c#d");
    ck_assert_ptr_null(ini_value(ini, "a", "z"));
    ck_assert_ptr_nonnull(ini_find(ini, "b c:d", NULL));
    ck_assert_ptr_null(ini_find(ini, "c", NULL));
    ini_free(ini);
}
END_TEST

START_TEST(long_names_are_whole)
{
    char text[400], section[200];
    memset(section, 's', sizeof section);
    section[sizeof section - 1] = '\0';
    snprintf(text, sizeof text, "[%s]\nk = v\n", section);
    struct ini *ini = parse(text);
    ck_assert_str_eq(ini_value(ini, section, "k"), "v");
    ini_free(ini);
}
END_TEST

START_TEST(empty_and_comments)
{
    static const char *const texts[] = { "", "\n", "# a\n; b\n", "\xEF\xBB\xBF", "  \t\r\n" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ini *ini = parse(texts[i]);
        ck_assert_int_eq(ini_entry_count(ini), 0);
        text_is(ini, texts[i]);
        ini_free(ini);
    }
}
END_TEST

START_TEST(bom_and_crlf)
{
    struct ini *ini = parse("\xEF\xBB\xBF[a]\r\nx = 1\r\ny = 2");
    ck_assert_str_eq(ini_value(ini, "a", "x"), "1");
    ck_assert_str_eq(ini_value(ini, "a", "y"), "2");
    ck_assert_int_eq(ini_set(ini, "a", "z", "3", NULL), 0);
    text_is(ini, "\xEF\xBB\xBF[a]\r\nx = 1\r\ny = 2\r\nz = 3\r\n");
    ini_free(ini);
}
END_TEST

START_TEST(refuses_bad_syntax)
{
    refused("[a\nx = 1\n", ERR_SYNTAX, 1);
    refused("[a ;]\n", ERR_SYNTAX, 1);
    refused("\n[]\n", ERR_SYNTAX, 2);
    refused("[a] b\n", ERR_SYNTAX, 1);
    refused("[a]\nword\n", ERR_SYNTAX, 2);
    refused("[a]\n= 1\n", ERR_SYNTAX, 2);
    refused("[a]\nk : 1\n", ERR_SYNTAX, 2);
    refused("[a]\nk:v = 1\n", ERR_SYNTAX, 2);
    refused("[a]\nk ;x = 1\n", ERR_SYNTAX, 2);
    refused("x = 1\n[a]\n", ERR_SYNTAX, 1);
    refused("[a]\nx = 1\ry = 2\r", ERR_SYNTAX, 2);
    refused("[a]\nx = 1\r", ERR_SYNTAX, 2);
    refused_bytes("[a]\nx = \0y\n", 11, ERR_SYNTAX, 2);
    refused("[a]\nx = 1\n\nx = 2\n", ERR_DUPLICATE, 4);
    refused("[a]\nx = 1\n[b]\n[a]\n", ERR_DUPLICATE, 4);
}
END_TEST

START_TEST(names_the_place)
{
    struct ini *ini;
    struct diag diag = { 0 };
    const char *text = "[a]\nx = 1\nx = 2\n";
    ck_assert_int_lt(ini_parse_text(text, strlen(text), "t.ini", &ini, &diag), 0);
    ck_assert_str_eq(diag.key, "a.x");
    ck_assert_ptr_nonnull(strstr(diag.text, "line 2"));
}
END_TEST

static char *
filled(const char *head, size_t body, const char *tail, size_t *ret_len)
{
    size_t a = strlen(head), b = strlen(tail);
    char *text = malloc(a + body + b + 1);
    memcpy(text, head, a);
    memset(text + a, 'v', body);
    memcpy(text + a + body, tail, b + 1);
    *ret_len = a + body + b;
    return text;
}

START_TEST(line_limit)
{
    size_t len;
    char *text = filled("[a]\nk = ", INI_LINE_MAX - 4, "\n[b]\n", &len);
    struct ini *ini = parse(text);
    ck_assert_uint_eq(strlen(ini_value(ini, "a", "k")), INI_LINE_MAX - 4);
    ck_assert_ptr_nonnull(ini_find(ini, "b", NULL));
    ini_free(ini);
    free(text);
    text = filled("[a]\nk = ", INI_LINE_MAX - 3, "\n", &len);
    refused(text, ERR_TOO_LARGE, 2);
    free(text);
    text = filled("[a]\n# ", 1024 * 1024, "\n", &len);
    refused(text, ERR_TOO_LARGE, 2);
    free(text);
}
END_TEST

START_TEST(file_limit)
{
    size_t len;
    char *text = filled("#", INI_FILE_MAX, "", &len);
    refused_bytes(text, len, ERR_TOO_LARGE, 0);
    free(text);
}
END_TEST

START_TEST(entry_limit)
{
    struct str text;
    str_init(&text);
    for (int i = 0; i < 100000; i++)
        str_printf(&text, "[s%d]\n", i);
    refused_bytes(text.data, text.len, ERR_TOO_LARGE, INI_ENTRIES_MAX + 1);
    str_release(&text);
}
END_TEST

START_TEST(many_entries_are_found)
{
    struct str text;
    char key[32], value[32];
    str_init(&text);
    str_puts(&text, "[s]\n");
    for (int i = 0; i < INI_ENTRIES_MAX - 1; i++)
        str_printf(&text, "k%d = %d\n", i, i);
    struct ini *ini = parse(text.data);
    for (int i = 0; i < INI_ENTRIES_MAX - 1; i += 7) {
        snprintf(key, sizeof key, "k%d", i);
        snprintf(value, sizeof value, "%d", i);
        ck_assert_str_eq(ini_value(ini, "s", key), value);
    }
    ini_free(ini);
    str_release(&text);
}
END_TEST

START_TEST(set_keeps_the_rest)
{
    struct ini *ini = parse("# head\n[a]\n  x  =  1  ; why\n\n# tail of a\n[b]\ny =\nz = ; note\n");
    ck_assert_int_eq(ini_set(ini, "a", "x", "22", NULL), 0);
    text_is(ini, "# head\n[a]\n  x  =  22  ; why\n\n# tail of a\n[b]\ny =\nz = ; note\n");
    ck_assert_int_eq(ini_set(ini, "b", "y", "3", NULL), 0);
    ck_assert_int_eq(ini_set(ini, "b", "z", "4", NULL), 0);
    text_is(ini, "# head\n[a]\n  x  =  22  ; why\n\n# tail of a\n[b]\ny = 3\nz = 4 ; note\n");
    ck_assert_int_eq(ini_set(ini, "a", "w", "#5", NULL), 0);
    text_is(ini, "# head\n[a]\n  x  =  22  ; why\nw = #5\n\n# tail of a\n[b]\ny = 3\nz = 4 ; note\n");
    ck_assert_int_eq(ini_set(ini, "c d", "k", "v", NULL), 0);
    text_is(ini, "# head\n[a]\n  x  =  22  ; why\nw = #5\n\n# tail of a\n[b]\ny = 3\nz = 4 ; note\n"
                 "\n[c d]\nk = v\n");
    ck_assert_int_eq(ini_set(ini, "a", "x", "", NULL), 0);
    ck_assert_str_eq(ini_value(ini, "a", "x"), "");
    ck_assert_int_eq(ini_set(ini, "a", "x", "back", NULL), 0);
    ck_assert_str_eq(ini_value(ini, "a", "x"), "back");
    ini_free(ini);
}
END_TEST

START_TEST(set_in_an_empty_document)
{
    struct ini *ini = parse("");
    ck_assert_int_eq(ini_set(ini, "a", "x", "1", NULL), 0);
    text_is(ini, "[a]\nx = 1\n");
    ini_free(ini);
}
END_TEST

START_TEST(set_refuses_what_would_not_read_back)
{
    static const struct {
        const char *section, *key, *value;
    } rows[] = {
        { "a", "x", "1\n2" }, { "a", "x", "1\ny = 2" }, { "a", "x", "1\r" }, { "a", "x", " 1" },
        { "a", "x", "1 " }, { "a", "x", "1 ; 2" }, { "a", "x", ";1" }, { "a", "x", "1\n" },
        { "a", "n=", "1" }, { "a", "n:", "1" }, { "a", "", "1" }, { "a", "#n", "1" },
        { "a", "[n", "1" }, { "a", "n\nm", "1" }, { "a", " n", "1" }, { "b]", "x", "1" },
        { "", "x", "1" }, { " b", "x", "1" }, { "b ;c", "x", "1" }, { "b\n[c", "x", "1" },
        { "c", "x", "1\n[d]" },
    };
    const char *text = "[a]\nx = 0\n";
    struct ini *ini = parse(text);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct diag diag = { 0 };
        int r = ini_set(ini, rows[i].section, rows[i].key, rows[i].value, &diag);
        ck_assert_msg(r == ERR_SYNTAX, "row %zu gave %d", i, r);
        ck_assert_int_eq(diag.code, ERR_SYNTAX);
        text_is(ini, text);
    }
    size_t len;
    char *value = filled("", INI_LINE_MAX, "", &len);
    ck_assert_int_eq(ini_set(ini, "a", "x", value, NULL), ERR_SYNTAX);
    free(value);
    text_is(ini, text);
    ini_free(ini);
}
END_TEST

START_TEST(unset_removes_one_line)
{
    struct ini *ini = parse("[a]\nx = 1\n# y\ny = 2\n");
    ck_assert_int_eq(ini_unset(ini, "a", "x"), 0);
    text_is(ini, "[a]\n# y\ny = 2\n");
    ck_assert_int_eq(ini_unset(ini, "a", "x"), 0);
    ck_assert_int_eq(ini_unset(ini, "b", "x"), 0);
    ck_assert_int_eq(ini_unset(ini, "a", "y"), 0);
    text_is(ini, "[a]\n# y\n");
    ini_free(ini);
}
END_TEST

START_TEST(saves_and_loads)
{
    char path[4200], link[4200];
    const char *directory = test_directory();
    struct stat st;
    struct ini *ini = parse("[a]\nx = 1\n"), *back = NULL;
    struct diag diag = { 0 };
    snprintf(path, sizeof path, "%s/new/deep/o.ini", directory);
    ck_assert_int_eq(ini_save(ini, path, &diag), 0);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_int_eq(chmod(path, 0640), 0);
    snprintf(link, sizeof link, "%s/link.ini", directory);
    ck_assert_int_eq(symlink(path, link), 0);
    ck_assert_int_eq(ini_set(ini, "a", "x", "2", NULL), 0);
    ck_assert_int_eq(ini_save(ini, link, &diag), 0);
    ck_assert_int_eq(lstat(link, &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0640);
    ck_assert_int_eq(ini_load(path, &back, &diag), 0);
    ck_assert_str_eq(ini_value(back, "a", "x"), "2");
    ck_assert_str_eq(ini_file_name(back), path);
    ini_free(back);
    ini_free(ini);
}
END_TEST

/* Sizes around those by which the reader's memory grows. */
START_TEST(loads_any_size)
{
    char path[4300];
    snprintf(path, sizeof path, "%s/large.ini", test_directory());
    for (size_t power = 16 * 1024; power <= 128 * 1024; power *= 2)
        for (size_t size = power - 2; size <= power + 2; size++) {
            struct ini *ini = NULL;
            struct diag diag = { 0 };
            size_t len;
            FILE *file = fopen(path, "we");
            ck_assert_ptr_nonnull(file);
            fputs("[a]\nk = v\n", file);
            for (size_t i = strlen("[a]\nk = v\n"); i < size; i++)
                fputc(i % 64 ? '#' : '\n', file);
            fclose(file);
            ck_assert_int_eq(ini_load(path, &ini, &diag), 0);
            ini_text(ini, &len);
            ck_assert_uint_eq(len, size);
            ini_free(ini);
        }
}
END_TEST

START_TEST(a_pipe_is_no_document)
{
    char path[4300];
    struct ini *ini = NULL;
    struct diag diag = { 0 };
    snprintf(path, sizeof path, "%s/fifo", test_directory());
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(ini_load(path, &ini, &diag), -EINVAL);
    ck_assert_ptr_null(ini);
}
END_TEST

START_TEST(load_tells_what_failed)
{
    struct ini *ini = NULL;
    struct diag diag = { 0 };
    ck_assert_int_eq(ini_load("/nonexistent/o.ini", &ini, &diag), -ENOENT);
    ck_assert_str_eq(diag.file, "/nonexistent/o.ini");
    ck_assert_int_eq(ini_load("/", &ini, &diag), -EISDIR);
    ck_assert_ptr_null(ini);
    ini = parse("");
    ck_assert_int_lt(ini_save(ini, "/proc/none/o.ini", &diag), 0);
    ck_assert_str_eq(diag.file, "/proc/none/o.ini");
    ini_free(ini);
    ini_free(NULL);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("ini");
    TCase *tc = tcase_create("document");
    tcase_add_test(tc, reads_entries_in_order);
    tcase_add_test(tc, long_names_are_whole);
    tcase_add_test(tc, empty_and_comments);
    tcase_add_test(tc, bom_and_crlf);
    tcase_add_test(tc, refuses_bad_syntax);
    tcase_add_test(tc, names_the_place);
    tcase_add_test(tc, line_limit);
    tcase_add_test(tc, file_limit);
    tcase_add_test(tc, entry_limit);
    tcase_add_test(tc, many_entries_are_found);
    tcase_add_test(tc, set_keeps_the_rest);
    tcase_add_test(tc, set_in_an_empty_document);
    tcase_add_test(tc, set_refuses_what_would_not_read_back);
    tcase_add_test(tc, unset_removes_one_line);
    tcase_add_test(tc, saves_and_loads);
    tcase_add_test(tc, loads_any_size);
    tcase_add_test(tc, a_pipe_is_no_document);
    tcase_add_test(tc, load_tells_what_failed);
    suite_add_tcase(suite, tc);
    return suite;
}
