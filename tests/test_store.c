/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store as a whole: opening, transactions, and a disk that is full.
 */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/store_run.h"

static struct store *store;
static char directory[4096];

static void
setup(void)
{
    snprintf(directory, sizeof directory, "%s/state/optop", test_directory());
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
}

static void
teardown(void)
{
    store_close(store);
}

static const char *
in_directory(const char *name)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int
add_log(const char *text)
{
    struct store_log line = { .run = 1, .level = "info", .text = text, .wall_ns = 1 };
    return store_log_add(store, &line);
}

static int
count_line(void *context, const struct store_log *line)
{
    (void)line;
    ++*(int *)context;
    return 0;
}

static int
log_count(void)
{
    int count = 0;
    ck_assert_int_eq(store_log_list(store, 1, 0, 0, 100000, false, count_line, &count), 0);
    return count;
}

START_TEST(directories_and_files_are_private)
{
    struct stat st;
    ck_assert_int_eq(stat(directory, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
    *strrchr(directory, '/') = '\0';
    ck_assert_int_eq(stat(directory, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
    strncat(directory, "/optop", 7);
    static const char *const files[] = { "optop.db", "optop.db-wal", "lock" };
    ck_assert_int_eq(add_log("x"), 0);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        ck_assert_int_eq(stat(in_directory(files[i]), &st), 0);
        ck_assert_uint_eq(st.st_mode & 0777, 0600);
    }
}
END_TEST

START_TEST(the_id_stays)
{
    uint64_t id = store_id(store);
    store_close(store);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    ck_assert_uint_eq(store_id(store), id);
    struct store *other;
    char path[4200];
    snprintf(path, sizeof path, "%s/other", directory);
    ck_assert_int_eq(store_open(path, &other, NULL), 0);
    ck_assert_uint_ne(store_id(other), id);
    store_close(other);
}
END_TEST

START_TEST(one_server_per_store)
{
    struct store *second = NULL;
    struct diag diag = { 0 };
    ck_assert_int_eq(store_open(directory, &second, &diag), ERR_BAD_STATE);
    ck_assert_ptr_null(second);
    ck_assert_ptr_nonnull(strstr(diag.text, "another server"));
    store_close(store);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
}
END_TEST

/* The lock goes with the process that held it, however it ended. */
START_TEST(a_killed_server_leaves_no_lock)
{
    int ready[2];
    store_close(store);
    store = NULL;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct store *theirs;
        char ok = store_open(directory, &theirs, NULL) == 0;
        if (write(ready[1], &ok, 1) == 1)
            pause();
        _exit(1);
    }
    char ok = 0;
    ck_assert_int_eq(read(ready[0], &ok, 1), 1);
    ck_assert_int_eq(ok, 1);
    ck_assert_int_eq(store_open(directory, &store, NULL), ERR_BAD_STATE);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
}
END_TEST

static void
direct_sql(const char *sql)
{
    sqlite3 *db;
    ck_assert_int_eq(sqlite3_open(in_directory("optop.db"), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static int
schema_version(void)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    ck_assert_int_eq(sqlite3_open(in_directory("optop.db"), &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    int version = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return version;
}

START_TEST(a_newer_schema_is_refused)
{
    struct diag diag = { 0 };
    store_close(store);
    store = NULL;
    char back[64];
    snprintf(back, sizeof back, "PRAGMA user_version = %d", schema_version());
    direct_sql("PRAGMA user_version = 999");
    ck_assert_int_eq(store_open(directory, &store, &diag), ERR_VERSION);
    ck_assert_ptr_null(store);
    ck_assert_ptr_nonnull(strstr(diag.text, "newer optop"));
    ck_assert_str_eq(diag.file, in_directory("optop.db"));
    /* nothing was touched, and the lock was let go */
    direct_sql(back);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
}
END_TEST

START_TEST(what_is_no_database_is_refused)
{
    struct diag diag = { 0 };
    store_close(store);
    store = NULL;
    unlink(in_directory("optop.db-wal"));
    int fd = open(in_directory("optop.db"), O_WRONLY | O_TRUNC);
    for (int i = 0; i < 200; i++)
        ck_assert_int_eq(write(fd, "this is not a database at all. ", 31), 31);
    close(fd);
    ck_assert_int_lt(store_open(directory, &store, &diag), 0);
    ck_assert_ptr_null(store);
    ck_assert_uint_gt(strlen(diag.text), 0);
    ck_assert_str_eq(diag.file, in_directory("optop.db"));
}
END_TEST

START_TEST(places_that_cannot_be_are_refused)
{
    struct store *other = NULL;
    struct diag diag = { 0 };
    ck_assert_int_eq(store_open("/proc/optop/state", &other, &diag), -ENOENT);
    ck_assert_int_lt(store_open(in_directory("optop.db"), &other, NULL), 0);
    char path[8000];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    ck_assert_int_eq(store_open(path, &other, NULL), -ENAMETOOLONG);
    ck_assert_ptr_null(other);
    store_close(NULL);
}
END_TEST

START_TEST(committed_stays_and_rolled_back_is_nothing)
{
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(add_log("kept"), 0);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(add_log("gone"), 0);
    ck_assert_int_eq(log_count(), 2);
    store_rollback(store);
    ck_assert_int_eq(log_count(), 1);
    store_rollback(store); /* nothing to undo: nothing happens */
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(add_log("closed in the middle"), 0);
    store_close(store);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    ck_assert_int_eq(log_count(), 1);
}
END_TEST

START_TEST(misuse_is_an_error_and_harms_nothing)
{
    struct diag diag = { 0 };
    ck_assert_int_lt(store_commit(store, &diag), 0);
    ck_assert_uint_gt(strlen(diag.text), 0);
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_lt(store_begin(store), 0);
    ck_assert_int_eq(add_log("x"), 0);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    ck_assert_int_eq(log_count(), 1);
}
END_TEST

/* A process that is killed between commit and close has lost nothing. */
START_TEST(committed_survives_a_kill)
{
    store_close(store);
    store = NULL;
    pid_t pid = fork();
    if (pid == 0) {
        if (store_open(directory, &store, NULL) == 0 && store_begin(store) == 0 &&
            add_log("1") == 0 && store_commit(store, NULL) == 0 && store_begin(store) == 0 &&
            add_log("2") == 0)
            raise(SIGKILL);
        _exit(1);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    ck_assert_int_eq(log_count(), 1);
}
END_TEST

/* So many records in one transaction, and no assertion: the disk may be full. */
static int
add_logs(const char *text)
{
    int r = store_begin(store);
    for (int i = 0; i < 100 && r == 0; i++)
        r = add_log(text);
    if (r == 0)
        return store_commit(store, NULL);
    store_rollback(store);
    return r;
}

/* A transaction that does not fit any more fails with a code, leaves nothing,
 * and the store works again as soon as there is room. */
START_TEST(a_full_disk_is_an_error_code)
{
    static char text[3000];
    memset(text, 't', sizeof text - 1);
    ck_assert_int_eq(add_log("before"), 0);
    struct stat st;
    ck_assert_int_eq(stat(in_directory("optop.db-wal"), &st), 0);
    test_limit_file_size((rlim_t)st.st_size + 8192);
    int first = add_logs(text), count = 0;
    int listed = store_log_list(store, 1, 0, 0, 100000, false, count_line, &count);
    int second = add_logs(text); /* still full: again an error, and no transaction hangs open */
    test_limit_file_size(RLIM_INFINITY);
    ck_assert_int_lt(first, 0);
    ck_assert_int_eq(listed, 0);
    ck_assert_int_eq(count, 1);
    ck_assert_int_lt(second, 0);
    ck_assert_int_eq(log_count(), 1);
    ck_assert_int_eq(add_logs(text), 0);
    ck_assert_int_eq(log_count(), 101);
    store_close(store);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
    ck_assert_int_eq(log_count(), 101);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = tcase_create("store");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, directories_and_files_are_private);
    tcase_add_test(tcase, the_id_stays);
    tcase_add_test(tcase, one_server_per_store);
    tcase_add_test(tcase, a_killed_server_leaves_no_lock);
    tcase_add_test(tcase, a_newer_schema_is_refused);
    tcase_add_test(tcase, what_is_no_database_is_refused);
    tcase_add_test(tcase, places_that_cannot_be_are_refused);
    tcase_add_test(tcase, committed_stays_and_rolled_back_is_nothing);
    tcase_add_test(tcase, misuse_is_an_error_and_harms_nothing);
    tcase_add_test(tcase, committed_survives_a_kill);
    tcase_add_test(tcase, a_full_disk_is_an_error_code);
    suite_add_tcase(suite, tcase);
    return suite;
}
