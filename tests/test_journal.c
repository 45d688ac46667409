/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records on disk: what was added is there after a close, a kill and a torn end;
 * what lies is set aside; how much is kept; what happens while the disk is full.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/file_load.h"
#include "io/file_table.h"
#include "io/journal.h"
#include "io/newfile.h"

enum { BYTES = 256 * 1024, MOST = 4096 };

static struct loop *loop;
static struct files *files;
static struct journal *journal;
static char directory[512];
static int warnings, infos;

/* What was recalled. */
static struct {
    int64_t wall_ns;
    int number;
    size_t len;
    bool begins;
} got[MOST];
static int got_count, refuse_at;
static bool recalled;

static void
count_line(void *context, const char *line, size_t len)
{
    (void)context, (void)len;
    warnings += strstr(line, " warn: ") != NULL;
    infos += strstr(line, " info: ") != NULL;
}

static void
setup(void)
{
    snprintf(directory, sizeof directory, "%s/history", test_directory());
    loop = loop_new();
    files = files_new(loop);
    ck_assert_ptr_nonnull(files);
    log_open(STDERR_FILENO, LOG_LEVEL_INFO);
    log_divert(count_line, NULL);
    warnings = infos = 0;
    refuse_at = -1;
}

static void
teardown(void)
{
    log_divert(NULL, NULL);
    files_free(files, false);
    loop_free(loop);
}

static int
on_record(void *context, bool begins, int64_t wall_ns, const char *bytes, size_t len)
{
    int number = -1;
    ck_assert_ptr_eq(context, &got);
    ck_assert_int_lt(got_count, MOST);
    if (len >= sizeof number)
        memcpy(&number, bytes, sizeof number);
    for (size_t i = sizeof number; i < len; i++)
        ck_assert_int_eq(bytes[i], (char)(number + (int)i));
    got[got_count].wall_ns = wall_ns;
    got[got_count].number = number;
    got[got_count].len = len;
    got[got_count].begins = begins;
    return got_count++ == refuse_at ? -EBADMSG : 0;
}

static void
on_recalled(void *context)
{
    ck_assert_ptr_eq(context, &got);
    recalled = true;
}

static void
start(size_t bytes, double seconds)
{
    const struct journal_options options = { .loop = loop, .files = files, .directory = directory,
        .name = "test", .bytes = bytes, .length_ns = sec_to_ns(seconds) };
    got_count = 0;
    recalled = false;
    journal = journal_open(&options);
    ck_assert_ptr_nonnull(journal);
    ck_assert(!journal_is_ready(journal));
    ck_assert_int_eq(journal_add(journal, 1, "x", 1), -EAGAIN);
    journal_recall(journal, on_record, on_recalled, &got);
    while (!recalled) {
        loop_step(loop);
        usleep(200);
    }
    ck_assert(journal_is_ready(journal));
}

static int
add(int number, size_t len)
{
    static char bytes[JOURNAL_RECORD_MAX + 1];
    memcpy(bytes, &number, sizeof number);
    for (size_t i = sizeof number; i < len; i++)
        bytes[i] = (char)(number + (int)i);
    int r = journal_add(journal, number * NS_PER_SEC, bytes, len);
    files_finish(files);
    return r;
}

static void
add_many(int from, int to, size_t len)
{
    for (int i = from; i < to; i++)
        ck_assert_int_eq(add(i, len), 0);
}

static void
check_got(int from, int to)
{
    ck_assert_int_eq(got_count, to - from);
    for (int i = 0; i < got_count; i++) {
        ck_assert_int_eq(got[i].number, from + i);
        ck_assert_int_eq(got[i].wall_ns, (from + i) * NS_PER_SEC);
    }
}

static void
restart(void)
{
    journal_close(journal);
    start(BYTES, 1e6);
}

static const char *
path_of(int i)
{
    static char path[600];
    snprintf(path, sizeof path, "%s/test-%d", directory, i);
    return path;
}

static bool
is_aside(void)
{
    char path[600];
    snprintf(path, sizeof path, "%s/test.bad", directory);
    return access(path, F_OK) == 0;
}

START_TEST(what_was_added_is_there)
{
    start(BYTES, 1e6);
    ck_assert_int_eq(got_count, 0);
    ck_assert(journal_begins(journal, 0));
    ck_assert_int_eq(add(0, 100), 0);
    ck_assert(!journal_begins(journal, 0));
    add_many(1, 20, 101);
    size_t bytes = journal_bytes(journal);
    ck_assert_uint_gt(bytes, 20 * 100);
    static struct file_figures rows[FILE_ROWS_MAX];
    int count = file_rows_copy(rows, FILE_ROWS_MAX);
    for (int i = 0; i < count; i++) /* all files of all journals are one row of the table */
        ck_assert_ptr_null(strstr(rows[i].path, "test-0"));
    restart();
    check_got(0, 20);
    ck_assert_uint_eq(got[3].len, 101);
    ck_assert(got[0].begins);
    for (int i = 1; i < 20; i++)
        ck_assert(!got[i].begins);
    ck_assert_uint_eq(journal_bytes(journal), bytes);
    /* goes on in the same file, and says anew what it needs to be read by */
    ck_assert(journal_begins(journal, 0));
    add_many(20, 25, 5);
    restart();
    check_got(0, 25);
    for (int i = 0; i < 25; i++)
        ck_assert(got[i].begins == (i == 0 || i == 20));
    ck_assert_int_ne(access(path_of(1), F_OK), 0);
    struct stat st;
    ck_assert_int_eq(stat(path_of(0), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(directory, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
    ck_assert_int_eq(warnings, 0);
    journal_close(journal);
    journal_close(NULL);
}
END_TEST

START_TEST(the_oldest_goes)
{
    start(JOURNAL_BYTES_MIN, 1e6);
    add_many(0, 600, 1000); /* 600 kB into 128 KiB */
    ck_assert_uint_le(journal_bytes(journal), JOURNAL_BYTES_MIN + JOURNAL_FILES * 1100);
    journal_close(journal);
    start(JOURNAL_BYTES_MIN, 1e6);
    ck_assert_int_ge(got_count, 100);
    check_got(600 - got_count, 600);
    add_many(600, 650, 1000);
    journal_close(journal);
    start(JOURNAL_BYTES_MIN, 1e6);
    check_got(650 - got_count, 650);
    journal_close(journal);
}
END_TEST

START_TEST(what_is_too_old_goes)
{
    start(BYTES, 70);
    add_many(0, 1000, 10); /* one a second, of which 70 are to be kept */
    journal_close(journal);
    start(BYTES, 70);
    ck_assert_int_ge(got_count, 70);
    ck_assert_int_le(got_count, 80);
    check_got(1000 - got_count, 1000);
    journal_close(journal);
}
END_TEST

START_TEST(a_torn_end_costs_what_was_torn)
{
    char *text;
    size_t len;
    start(BYTES, 1e6);
    add_many(0, 5, 50);
    journal_close(journal);
    ck_assert_int_eq(file_load(path_of(0), 1 << 20, &text, &len), 0);
    size_t whole = 24 + 56; /* a record */
    for (size_t cut = 1; cut <= whole + 7; cut += 3) {
        ck_assert_int_eq(newfile_replace(path_of(0), text, len - cut), 0);
        start(BYTES, 1e6);
        check_got(0, cut <= whole ? 4 : 3);
        add_many(got_count, 8, 20); /* behind what was right */
        restart();
        check_got(0, 8);
        journal_close(journal);
    }
    /* the last record is there, and wrong; or zeros are in its place */
    for (int zeros = 0; zeros < 2; zeros++) {
        for (size_t i = zeros ? len - whole : len - 20; i < len; i++)
            text[i] = zeros ? 0 : (char)(text[i] + 1);
        ck_assert_int_eq(newfile_replace(path_of(0), text, len), 0);
        start(BYTES, 1e6);
        check_got(0, 4);
        journal_close(journal);
    }
    free(text);
    ck_assert_int_eq(warnings, 0);
    ck_assert(!is_aside());
}
END_TEST

START_TEST(what_lies_is_set_aside)
{
    char *text;
    size_t len;
    start(BYTES, 1e6);
    add_many(0, 9, 50);
    journal_close(journal);
    ck_assert_int_eq(file_load(path_of(0), 1 << 20, &text, &len), 0);
    size_t whole = 24 + 56, third = 32 + 3 * whole;
    for (size_t i = 0; i < whole - 6; i++) { /* the padding is nobody's */
        char was = text[third + i];
        text[third + i] = (char)(was ^ 0x41);
        ck_assert_int_eq(newfile_replace(path_of(0), text, len), 0);
        text[third + i] = was;
        warnings = 0;
        start(BYTES, 1e6);
        check_got(0, 3);
        ck_assert_int_eq(warnings, 1);
        ck_assert(is_aside());
        add_many(3, 6, 50);
        restart();
        check_got(3, 6);
        journal_close(journal);
    }
    free(text);
}
END_TEST

START_TEST(files_that_are_none_of_ours)
{
    ck_assert_int_eq(mkdir(directory, 0700), 0);
    ck_assert_int_eq(newfile_replace(path_of(3), "hello", 5), 0);
    ck_assert_int_eq(symlink("/etc/passwd", path_of(4)), 0);
    ck_assert_int_eq(mkfifo(path_of(5), 0600), 0);
    ck_assert_int_eq(mkdir(path_of(6), 0700), 0);
    start(BYTES, 1e6);
    ck_assert_int_eq(got_count, 0);
    ck_assert_int_eq(warnings, 1);
    ck_assert(is_aside());
    add_many(0, 3, 50);
    restart();
    check_got(0, 3);
    journal_close(journal);
}
END_TEST

/* Who reads records says that one of them cannot be. */
START_TEST(a_record_that_makes_no_sense)
{
    start(BYTES, 1e6);
    add_many(0, 5, 50);
    journal_close(journal);
    refuse_at = 2;
    start(BYTES, 1e6);
    check_got(0, 3);
    ck_assert_int_eq(warnings, 1);
    ck_assert(is_aside());
    refuse_at = -1;
    restart();
    check_got(0, 0);
    journal_close(journal);
}
END_TEST

START_TEST(a_full_disk_is_waited_for)
{
    start(BYTES, 1e6);
    add_many(0, 10, 100);
    test_limit_file_size(journal_bytes(journal) + 60); /* a part of a record goes */
    int refused = 0;
    for (int i = 10; i < 20; i++)
        refused += add(i, 100) != 0;
    int warned = warnings;
    bool begins = journal_begins(journal, 20 * NS_PER_SEC);
    test_limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(refused, 0);
    ck_assert_int_eq(warned, 1);
    ck_assert(begins);
    add_many(20, 30, 100);
    ck_assert_int_eq(warnings, 1);
    ck_assert_int_eq(infos, 1);
    restart();
    ck_assert_int_eq(got_count, 20);
    ck_assert_int_eq(got[9].number, 9);
    ck_assert_int_eq(got[10].number, 20);
    journal_close(journal);
}
END_TEST

/* Trying again while nothing can be written takes nothing from what is there. */
START_TEST(a_file_that_cannot_be_begun)
{
    start(JOURNAL_BYTES_MIN, 1e6);
    add_many(0, 200, 1000);
    journal_close(journal);
    start(JOURNAL_BYTES_MIN, 1e6);
    int before = got_count;
    test_limit_file_size(0);
    int refused = 0;
    for (int i = 100000; i < 100100; i++) /* the time has come for a new file */
        refused += add(i, 1000) != 0;
    test_limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(refused, 0);
    journal_close(journal);
    start(JOURNAL_BYTES_MIN, 1e6);
    ck_assert_int_ge(got_count, before - 2 * JOURNAL_BYTES_MIN / JOURNAL_FILES / 1000);
    journal_close(journal);
}
END_TEST

START_TEST(too_much_is_refused)
{
    start(1 << 25, 1e6);
    ck_assert_int_eq(add(1, JOURNAL_RECORD_MAX + 1), -EMSGSIZE);
    ck_assert_int_eq(add(2, JOURNAL_RECORD_MAX), 0);
    ck_assert(!journal_begins(journal, 0));
    static char bytes[JOURNAL_RECORD_MAX];
    int refused = 0;
    for (int i = 0; i < 8; i++) /* nobody looks after the loop */
        refused += journal_add(journal, i, bytes, sizeof bytes) == -EAGAIN;
    ck_assert_int_gt(refused, 0);
    ck_assert(journal_begins(journal, 0)); /* something was lost */
    journal_close(journal);
}
END_TEST

START_TEST(closed_while_it_is_read)
{
    for (int steps = 0; steps < 6; steps++) {
        start(BYTES, 1e6);
        add_many(0, 10, 100);
        journal_close(journal);
        const struct journal_options options = { .loop = loop, .files = files,
            .directory = directory, .name = "test", .bytes = BYTES, .length_ns = NS_PER_SEC };
        recalled = false;
        journal = journal_open(&options);
        journal_recall(journal, on_record, on_recalled, &got);
        for (int i = 0; i < steps && !recalled; i++)
            loop_step(loop);
        journal_close(journal);
    }
}
END_TEST

START_TEST(nothing_is_allocated)
{
    start(1 << 24, 1e6);
    add_many(0, 20, 1000);
    unsigned long before = test_allocations(); /* an assertion allocates */
    int failed = 0;
    for (int i = 20; i < 220; i++)
        failed += add(i, 1000) != 0;
    ck_assert_uint_eq(test_allocations(), before);
    ck_assert_int_eq(failed, 0);
    journal_close(journal);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("journal");
    TCase *tcase = tcase_create("journal");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, what_was_added_is_there);
    tcase_add_test(tcase, the_oldest_goes);
    tcase_add_test(tcase, what_is_too_old_goes);
    tcase_add_test(tcase, a_torn_end_costs_what_was_torn);
    tcase_add_test(tcase, what_lies_is_set_aside);
    tcase_add_test(tcase, files_that_are_none_of_ours);
    tcase_add_test(tcase, a_record_that_makes_no_sense);
    tcase_add_test(tcase, a_full_disk_is_waited_for);
    tcase_add_test(tcase, a_file_that_cannot_be_begun);
    tcase_add_test(tcase, too_much_is_refused);
    tcase_add_test(tcase, closed_while_it_is_read);
    tcase_add_test(tcase, nothing_is_allocated);
    suite_add_tcase(suite, tcase);
    return suite;
}
