/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/newfile.h"
#include "test.h"

static char directory[] = "/tmp/optop-newfile-XXXXXX";
static char path[64];

static void
setup(void)
{
    ck_assert_ptr_nonnull(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/file", directory);
}

static void
teardown(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(directory), 0); /* nothing else is left */
}

static const char *
content(void)
{
    static char text[64];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n < 0 ? 0 : n] = '\0';
    return n < 0 ? NULL : text;
}

static void
write_file(bool force, const char *text)
{
    struct newfile file;
    struct diag diag = { 0 };
    ck_assert_int_eq(newfile_open(path, force, &file, &diag), 0);
    ck_assert_int_eq(newfile_write(&file, text, strlen(text)), 0);
    ck_assert_int_eq(newfile_finish(&file, &diag), 0);
}

START_TEST(appears_when_it_is_finished)
{
    struct newfile file;
    struct diag diag = { 0 };
    ck_assert_int_eq(newfile_open(path, false, &file, &diag), 0);
    ck_assert_int_eq(newfile_write(&file, "a\0b", 3), 0);
    ck_assert_ptr_null(content());
    ck_assert_int_eq(newfile_finish(&file, &diag), 0);
    ck_assert_str_eq(content(), "a");
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    mode_t mask = umask(022);
    umask(mask);
    ck_assert_int_eq(st.st_mode & 0777, 0666 & ~mask);
    ck_assert_int_eq(st.st_size, 3);
}
END_TEST

START_TEST(discarded_leaves_nothing)
{
    struct newfile file;
    struct diag diag = { 0 };
    ck_assert_int_eq(newfile_open(path, false, &file, &diag), 0);
    ck_assert_int_eq(newfile_write(&file, "x", 1), 0);
    newfile_discard(&file);
    ck_assert_ptr_null(content());
}
END_TEST

START_TEST(what_exists_stays_unless_forced)
{
    struct newfile file;
    struct diag diag = { 0 };
    write_file(false, "first");
    ck_assert_int_eq(chmod(path, 0640), 0);
    ck_assert_int_eq(newfile_open(path, false, &file, &diag), -EEXIST);
    ck_assert_str_eq(diag.file, path);
    write_file(true, "second");
    ck_assert_str_eq(content(), "second");
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0640);
}
END_TEST

START_TEST(what_came_meanwhile_stays)
{
    struct newfile file;
    struct diag diag = { 0 };
    ck_assert_int_eq(newfile_open(path, false, &file, &diag), 0);
    ck_assert_int_eq(newfile_write(&file, "ours", 4), 0);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq((int)write(fd, "theirs", 6), 6);
    close(fd);
    ck_assert_int_eq(newfile_finish(&file, &diag), -EEXIST);
    ck_assert_str_eq(content(), "theirs");
}
END_TEST

START_TEST(faults_are_told)
{
    struct newfile file;
    struct diag diag = { 0 };
    ck_assert_int_eq(newfile_open(directory, true, &file, &diag), -EISDIR);
    ck_assert_int_eq(newfile_open("/nowhere/at/all", false, &file, &diag), -ENOENT);
    ck_assert_int_eq(newfile_open("/dev/full", false, &file, &diag), 0);
    ck_assert_int_eq(newfile_write(&file, "x", 1), -ENOSPC);
    newfile_discard(&file);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("newfile");
    TCase *tc = tcase_create("all");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, appears_when_it_is_finished);
    tcase_add_test(tc, discarded_leaves_nothing);
    tcase_add_test(tc, what_exists_stays_unless_forced);
    tcase_add_test(tc, what_came_meanwhile_stays);
    tcase_add_test(tc, faults_are_told);
    suite_add_tcase(suite, tc);
    return suite;
}
