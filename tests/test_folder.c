/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/folder.h"
#include "io/shelf.h"
#include "test.h"

static int top = -1;
static const char *top_path;
static const struct shelf_bounds two = { 2, 1e9, true };

static void
setup(void)
{
    top_path = test_directory();
    top = open(top_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(top, 0);
}

static void
teardown(void)
{
    close(top);
}

static void
make_file(int at, const char *name, size_t size)
{
    static char bytes[64 * 1024];
    int fd = openat(at, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    for (size_t n; size; size -= n) {
        n = size < sizeof bytes ? size : sizeof bytes;
        ck_assert_int_eq(write(fd, bytes, n), (ssize_t)n);
    }
    close(fd);
}

static int
make_folder(int at, const char *name)
{
    ck_assert_int_eq(mkdirat(at, name, 0700), 0);
    int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

static bool
exists(int at, const char *name)
{
    struct stat st;
    return fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

START_TEST(removes_all_kinds_of_things)
{
    int fd = make_folder(top, "a");
    make_file(fd, "file", 10);
    ck_assert_int_eq(mkfifoat(fd, "fifo", 0600), 0);
    int inner = make_folder(fd, "inner");
    make_file(inner, "with\nnewline \x1b\xff", 1);
    close(make_folder(inner, ".removed-0"));
    close(inner);
    close(fd);
    ck_assert_int_eq(folder_remove(top, "a", 0), 0);
    ck_assert(!exists(top, "a"));
    ck_assert_int_eq(folder_remove(top, "a", 0), 0); /* there is none */
    make_file(top, "file", 1);
    ck_assert_int_eq(folder_remove(top, "file", 0), 0);
    ck_assert(!exists(top, "file"));
}
END_TEST

START_TEST(follows_no_link)
{
    int outside = make_folder(top, "outside"), fd = make_folder(top, "a");
    int inner = make_folder(fd, "inner");
    make_file(outside, "precious", 1);
    ck_assert_int_eq(symlinkat("../outside", fd, "link"), 0);
    ck_assert_int_eq(symlinkat("../../outside", inner, "link"), 0);
    ck_assert_int_eq(symlinkat("outside", top, "alias"), 0);
    ck_assert_int_eq(folder_remove(top, "a", 0), 0);
    ck_assert(!exists(top, "a"));
    ck_assert(exists(outside, "precious"));
    int r, other = -1;
    ck_assert_int_eq(folder_open(top, "alias", &other), -ENOTDIR);
    ck_assert_int_eq(folder_remove(top, "alias", 0), 0);
    ck_assert(!exists(top, "alias"));
    ck_assert(exists(outside, "precious"));
    r = folder_remove(top, "outside", 0);
    ck_assert_int_eq(r, 0);
    close(inner);
    close(fd);
    close(outside);
}
END_TEST

START_TEST(opens_what_is_closed)
{
    int fd = make_folder(top, "a"), inner = make_folder(fd, "b"), deep = make_folder(inner, "c");
    make_file(deep, "file", 1);
    ck_assert_int_eq(fchmod(deep, 0), 0);
    ck_assert_int_eq(fchmod(inner, 0), 0);
    ck_assert_int_eq(fchmod(fd, 0), 0);
    close(deep);
    close(inner);
    close(fd);
    ck_assert_int_eq(folder_remove(top, "a", 0), 0);
    ck_assert(!exists(top, "a"));
}
END_TEST

START_TEST(goes_to_any_depth)
{
    enum { DEPTH = 3000 };
    int fd = make_folder(top, "a");
    int64_t bytes;
    for (int i = 0; i < DEPTH; i++) {
        make_file(fd, "file", 1);
        int next = make_folder(fd, "deeper");
        close(fd);
        fd = next;
    }
    close(fd);
    ck_assert_int_eq(folder_measure(top, "a", &bytes), -E2BIG);
    ck_assert_int_eq(folder_remove(top, "a", clock_mono_ns() - 1), -ETIMEDOUT);
    ck_assert(exists(top, "a"));
    ck_assert_int_eq(folder_remove(top, "a", 0), 0);
    ck_assert(!exists(top, "a"));
}
END_TEST

START_TEST(measures)
{
    int fd = make_folder(top, "a"), inner = make_folder(fd, "b");
    int64_t bytes = 0;
    make_file(fd, "one", 100 * 1024);
    make_file(inner, "two", 200 * 1024);
    ck_assert_int_eq(symlinkat("/", inner, "link"), 0);
    ck_assert_int_eq(folder_measure(top, "a", &bytes), 0);
    ck_assert_int_ge(bytes, 300 * 1024);
    ck_assert_int_le(bytes, 500 * 1024);
    close(inner);
    close(fd);
    ck_assert_int_eq(folder_remove(top, "a", 0), 0);
}
END_TEST

/* Shelves. */

static int
open_shelf(void)
{
    char path[256];
    int shelf;
    snprintf(path, sizeof path, "%s/runs/1/trials", top_path);
    ck_assert_int_eq(shelf_open(path, &shelf), 0);
    return shelf;
}

/* One that was worked in. */
static void
put(int shelf, const char *name, size_t size, bool kept)
{
    int fd;
    bool really;
    ck_assert_int_eq(shelf_take(shelf, name, &fd), 0);
    if (size)
        make_file(fd, "file", size);
    ck_assert_int_eq(shelf_keep(shelf, name, &two, &really), 0);
    ck_assert_int_eq(really, kept);
    ck_assert_int_eq(exists(shelf, name), kept);
    close(fd);
}

START_TEST(shelf_keeps_the_newest)
{
    int shelf = open_shelf();
    struct shelf_bounds small = { 2, 300 * 1024, true };
    bool empty, kept;
    int fd;
    put(shelf, "1", 10, true);
    put(shelf, "2", 0, false); /* empty */
    put(shelf, "3", 10, true);
    put(shelf, "4.2", 10, true);
    ck_assert(!exists(shelf, "1"));
    ck_assert(exists(shelf, "3"));
    put(shelf, "3", 20, true); /* once more: it is the newest now */
    put(shelf, "5", 10, true);
    ck_assert(!exists(shelf, "4.2"));
    ck_assert(exists(shelf, "3"));
    /* in bytes */
    ck_assert_int_eq(shelf_take(shelf, "6", &fd), 0);
    make_file(fd, "file", 250 * 1024);
    ck_assert_int_eq(shelf_keep(shelf, "6", &small, &kept), 0);
    ck_assert(kept);
    close(fd);
    ck_assert_int_eq(shelf_take(shelf, "7", &fd), 0);
    make_file(fd, "file", 250 * 1024);
    ck_assert_int_eq(shelf_keep(shelf, "7", &small, &kept), 0);
    ck_assert(kept);
    close(fd);
    ck_assert(!exists(shelf, "6"));
    ck_assert_int_eq(shelf_take(shelf, "8", &fd), 0);
    make_file(fd, "file", 500 * 1024);
    ck_assert_int_eq(shelf_keep(shelf, "8", &small, &kept), 0);
    ck_assert(!kept && !exists(shelf, "8") && exists(shelf, "7"));
    close(fd);
    /* nothing is left when nothing may be */
    struct shelf_bounds none = { 0, 0, false };
    ck_assert_int_eq(shelf_tidy(shelf, &two, 0, &empty), 0);
    ck_assert(!empty);
    ck_assert_int_eq(shelf_tidy(shelf, &none, 0, &empty), 0);
    ck_assert(empty);
    close(shelf);
    ck_assert_int_eq(folder_remove(top, "runs", 0), 0);
}
END_TEST

START_TEST(shelf_sees_to_strays)
{
    int shelf = open_shelf(), other = open_shelf(), fd, used;
    struct shelf_bounds never = { 2, 1e9, false };
    bool empty;
    put(shelf, "1", 10, true);
    ck_assert_int_eq(shelf_take(other, "2", &used), 0);
    make_file(used, "file", 1);
    ck_assert_int_eq(shelf_take(other, "3", &fd), 0);
    make_file(fd, "file", 1);
    close(fd); /* its process has died */
    ck_assert_int_eq(shelf_take(other, "4", &fd), 0);
    close(fd);
    close(make_folder(shelf, "not-ours"));
    ck_assert_int_eq(shelf_tidy(shelf, &two, 0, &empty), 0);
    ck_assert(exists(shelf, "1"));
    ck_assert(exists(shelf, "2"));
    ck_assert(exists(shelf, "3"));
    ck_assert(!exists(shelf, "4")); /* nothing in it */
    put(shelf, "5", 10, true);
    ck_assert(!exists(shelf, "3")); /* it was older than the others */
    ck_assert(exists(shelf, "1"));
    ck_assert_int_eq(shelf_take(other, "6", &fd), 0);
    make_file(fd, "file", 1);
    close(fd);
    ck_assert_int_eq(shelf_tidy(shelf, &never, 0, &empty), 0);
    ck_assert(!exists(shelf, "6") && exists(shelf, "2") && exists(shelf, "not-ours"));
    ck_assert(!empty);
    /* a list that makes no sense makes strays, not trouble */
    make_file(shelf, ".kept", 5000);
    ck_assert_int_eq(shelf_tidy(shelf, &two, 0, &empty), 0);
    ck_assert(exists(shelf, "1") && exists(shelf, "5"));
    close(used);
    close(other);
    close(shelf);
    ck_assert_int_eq(folder_remove(top, "runs", 0), 0);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *s = suite_create("folder");
    TCase *t = tcase_create("folder");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, removes_all_kinds_of_things);
    tcase_add_test(t, follows_no_link);
    tcase_add_test(t, opens_what_is_closed);
    tcase_add_test(t, goes_to_any_depth);
    tcase_add_test(t, measures);
    tcase_add_test(t, shelf_keeps_the_newest);
    tcase_add_test(t, shelf_sees_to_strays);
    suite_add_tcase(s, t);
    return s;
}
