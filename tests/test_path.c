/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where a server lives, and whose directory it must be.
 */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/path.h"

static char base[4096];

static void
setup(void)
{
    static const char *const names[] = { "OPTOP_SOCKET", "XDG_RUNTIME_DIR", "OPTOP_STATE",
        "XDG_STATE_HOME", "HOME" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    snprintf(base, sizeof base, "%s", test_directory());
}

static const char *
in_base(const char *name)
{
    static char path[4][4300];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof *path, "%s/%s", base, name);
    return p;
}

static void
check_owned(char *path, const char *want)
{
    ck_assert_str_eq(path, want);
    free(path);
}

START_TEST(socket_path)
{
    char fallback[64];
    snprintf(fallback, sizeof fallback, "/tmp/optop-%u/server.sock", (unsigned)getuid());
    check_owned(wire_socket_path(), fallback);
    setenv("XDG_RUNTIME_DIR", "relative", 1);
    check_owned(wire_socket_path(), fallback);
    setenv("XDG_RUNTIME_DIR", "", 1);
    check_owned(wire_socket_path(), fallback);
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    check_owned(wire_socket_path(), "/run/user/7/optop/server.sock");
    setenv("OPTOP_SOCKET", "mine.sock", 1);
    check_owned(wire_socket_path(), "/run/user/7/optop/server.sock");
    setenv("OPTOP_SOCKET", "/x/mine.sock", 1);
    check_owned(wire_socket_path(), "/x/mine.sock");
}
END_TEST

START_TEST(state_directory)
{
    char *found = wire_state_directory(); /* of the user's entry in passwd */
    ck_assert_int_eq(found[0], '/');
    ck_assert_ptr_nonnull(strstr(found, "/.local/state/optop"));
    free(found);
    setenv("HOME", "/home/u", 1);
    check_owned(wire_state_directory(), "/home/u/.local/state/optop");
    setenv("XDG_STATE_HOME", "no", 1);
    check_owned(wire_state_directory(), "/home/u/.local/state/optop");
    setenv("XDG_STATE_HOME", "/var/s", 1);
    check_owned(wire_state_directory(), "/var/s/optop");
    setenv("OPTOP_STATE", "/other/place", 1);
    check_owned(wire_state_directory(), "/other/place");
}
END_TEST

START_TEST(a_missing_directory_is_made_private)
{
    struct stat st;
    umask(0);
    ck_assert_int_eq(wire_check_directory(in_base("run/server.sock"), NULL), 0);
    ck_assert_int_eq(stat(in_base("run"), &st), 0);
    ck_assert(S_ISDIR(st.st_mode));
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
    ck_assert_int_eq(wire_check_directory(in_base("run/server.sock"), NULL), 0);
    struct diag diag = { 0 };
    ck_assert_int_eq(wire_check_directory(in_base("none/run/server.sock"), &diag), -ENOENT);
    ck_assert_ptr_nonnull(strstr(diag.text, "none/run"));
}
END_TEST

START_TEST(a_directory_open_to_others_is_refused)
{
    static const mode_t modes[] = { 0755, 0750, 0701, 0770, 0710, 01777 };
    ck_assert_int_eq(mkdir(in_base("run"), 0700), 0);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        struct diag diag = { 0 };
        ck_assert_int_eq(chmod(in_base("run"), modes[i]), 0);
        ck_assert_int_eq(wire_check_directory(in_base("run/server.sock"), &diag), ERR_DENIED);
        ck_assert_ptr_nonnull(strstr(diag.text, "chmod 700"));
    }
    ck_assert_int_eq(chmod(in_base("run"), 0700), 0);
    ck_assert_int_eq(wire_check_directory(in_base("run/server.sock"), NULL), 0);
}
END_TEST

START_TEST(links_and_files_are_refused)
{
    struct diag diag = { 0 };
    ck_assert_int_eq(mkdir(in_base("real"), 0700), 0);
    ck_assert_int_eq(symlink(in_base("real"), in_base("link")), 0);
    ck_assert_int_eq(wire_check_directory(in_base("link/server.sock"), &diag), ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(diag.text, "not a directory"));
    ck_assert_int_eq(symlink("nowhere", in_base("dangling")), 0);
    ck_assert_int_eq(wire_check_directory(in_base("dangling/server.sock"), NULL), ERR_DENIED);
    int fd = open(in_base("file"), O_WRONLY | O_CREAT, 0600);
    close(fd);
    ck_assert_int_eq(wire_check_directory(in_base("file/server.sock"), NULL), ERR_DENIED);
}
END_TEST

/* Only root can make a directory somebody else's. */
START_TEST(another_users_directory_is_refused)
{
    struct diag diag = { 0 };
    ck_assert_int_eq(mkdir(in_base("run"), 0700), 0);
    ck_assert_int_eq(chown(in_base("run"), 12345, 12345), 0);
    ck_assert_int_eq(wire_check_directory(in_base("run/server.sock"), &diag), ERR_DENIED);
    ck_assert_ptr_nonnull(strstr(diag.text, "12345"));
}
END_TEST

START_TEST(a_path_without_end_is_refused)
{
    char path[9000];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    ck_assert_int_eq(wire_check_directory(path, NULL), -ENAMETOOLONG);
}
END_TEST

START_TEST(programs_stand_beside_this_one_or_in_libexec)
{
    char self[4096], want[4200];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    ck_assert_int_gt(n, 0);
    self[n] = '\0';
    char *name = strrchr(self, '/') + 1;
    check_owned(wire_program_path(name), self);
    char *other = wire_program_path("optop-no-such-program");
    snprintf(want, sizeof want, "/optop-no-such-program");
    ck_assert_int_eq(other[0], '/');
    ck_assert_str_eq(other + strlen(other) - strlen(want), want);
    free(other);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("path");
    TCase *tcase = tcase_create("path");
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, socket_path);
    tcase_add_test(tcase, state_directory);
    tcase_add_test(tcase, a_missing_directory_is_made_private);
    tcase_add_test(tcase, a_directory_open_to_others_is_refused);
    tcase_add_test(tcase, links_and_files_are_refused);
    if (geteuid() == 0)
        tcase_add_test(tcase, another_users_directory_is_refused);
    tcase_add_test(tcase, a_path_without_end_is_refused);
    tcase_add_test(tcase, programs_stand_beside_this_one_or_in_libexec);
    suite_add_tcase(suite, tcase);
    return suite;
}
