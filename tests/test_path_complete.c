/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the beginning of a path goes on as, in folders of every kind.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "test.h"
#include "ui/path_complete.h"

static const char *folder;
static struct path_completion found;

static void
make(const char *name)
{
    FILE *file = fopen(name, "we");
    ck_assert_ptr_nonnull(file);
    fclose(file);
}

static void
setup(void)
{
    folder = test_directory();
    ck_assert_int_eq(chdir(folder), 0);
    setenv("HOME", folder, 1);
    make("prices.csv");
    make("prices-old.csv");
    make("notes with blanks.txt");
    make(".hidden");
    make("\xFF\xFE");
    make("esc\x1B[31m");
    make("esc");
    make("stra\xC3\x9F" "e");
    make("stra\xC3\xA4");
    ck_assert_int_eq(mkdir("data", 0700), 0);
    make("data/a.csv");
    ck_assert_int_eq(symlink("data", "link"), 0);
    ck_assert_int_eq(symlink("nowhere", "broken"), 0);
}

static void
teardown(void)
{
    path_completion_release(&found);
}

static const char *
complete_in(const char *directory, const char *text)
{
    path_completion_release(&found);
    found.directory = directory ? xstrdup(directory) : NULL;
    found.text = xstrdup(text);
    path_complete(&found);
    return found.completed ? found.completed : "(none)";
}

START_TEST(one_name_is_completed)
{
    ck_assert_str_eq(complete_in(NULL, "note"), "notes with blanks.txt");
    ck_assert_int_eq(found.count, 1);
    ck_assert_str_eq(complete_in(NULL, "da"), "data/");
    ck_assert_str_eq(complete_in(NULL, "lin"), "link/"); /* a link to a directory */
    ck_assert_str_eq(complete_in(NULL, "bro"), "broken");
    ck_assert_str_eq(complete_in(NULL, "data/"), "data/a.csv");
    ck_assert_str_eq(complete_in(NULL, "./data/a"), "./data/a.csv");
    ck_assert_str_eq(complete_in(folder, "da"), "data/");
    ck_assert_str_eq(complete_in("/", "et"), "etc/");
    ck_assert_str_eq(complete_in("/nowhere", "/et"), "/etc/");
}
END_TEST

START_TEST(several_as_far_as_they_agree)
{
    ck_assert_str_eq(complete_in(NULL, "p"), "prices");
    ck_assert_int_eq(found.count, 2);
    ck_assert_str_eq(found.name[0], "prices-old.csv");
    ck_assert_str_eq(found.name[1], "prices.csv");
    ck_assert_str_eq(complete_in(NULL, "str"), "stra"); /* no half of a character */
    ck_assert_str_eq(complete_in(NULL, "zzz"), "(none)");
    ck_assert_int_eq(found.code, 0);
}
END_TEST

START_TEST(the_home_is_told_as_it_is)
{
    char path[5000];
    snprintf(path, sizeof path, "%s/data/", folder);
    ck_assert_str_eq(complete_in("/", "~/da"), path);
    snprintf(path, sizeof path, "%s/", folder);
    ck_assert(str_starts(complete_in("/", "~"), path));
    ck_assert_str_eq(complete_in("/", "~nobody/x"), "(none)");
    unsetenv("HOME");
    ck_assert_str_eq(complete_in("/", "~/da"), "(none)");
}
END_TEST

/* What is hidden is only shown when it is asked for; what cannot be typed, never. */
START_TEST(hidden_and_hostile_names)
{
    complete_in(NULL, "");
    for (int i = 0; i < found.name_count; i++)
        ck_assert(found.name[i][0] != '.' && found.name[i][0] != '\xFF' && !strchr(found.name[i], 0x1B));
    ck_assert_int_eq(found.count, found.name_count);
    ck_assert_str_eq(complete_in(NULL, "."), ".hidden");
    ck_assert_str_eq(complete_in(NULL, "esc"), "esc");
    ck_assert_int_eq(found.count, 1);
}
END_TEST

START_TEST(what_is_no_folder)
{
    ck_assert_str_eq(complete_in(NULL, "nowhere/x"), "(none)");
    ck_assert_int_eq(found.code, -ENOENT);
    ck_assert_str_eq(complete_in(NULL, "prices.csv/"), "(none)");
    ck_assert_int_eq(found.code, -ENOTDIR);
    ck_assert_int_eq(mkfifo("pipe", 0600), 0);
    ck_assert_str_eq(complete_in(NULL, "pipe/"), "(none)"); /* and nobody waits for a writer */
}
END_TEST

/* A large folder: all are counted, some are kept, and beyond the cap nothing is looked at. */
START_TEST(a_large_folder)
{
    char name[64];
    ck_assert_int_eq(mkdir("many", 0700), 0);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "many/x%05d", i);
        ck_assert_int_eq(symlink("/", name), 0); /* the cheapest that there is */
    }
    ck_assert_str_eq(complete_in(NULL, "many/"), "many/x0");
    ck_assert_int_eq(found.count, 3000);
    ck_assert_int_eq(found.name_count, PATH_NAMES_MAX);
    ck_assert(!found.cut);
    for (int i = 1; i < found.name_count; i++)
        ck_assert(strcmp(found.name[i - 1], found.name[i]) < 0);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("path_complete");
    TCase *tcase = tcase_create("path_complete");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, one_name_is_completed);
    tcase_add_test(tcase, several_as_far_as_they_agree);
    tcase_add_test(tcase, the_home_is_told_as_it_is);
    tcase_add_test(tcase, hidden_and_hostile_names);
    tcase_add_test(tcase, what_is_no_folder);
    tcase_add_test(tcase, a_large_folder);
    suite_add_tcase(suite, tcase);
    return suite;
}
