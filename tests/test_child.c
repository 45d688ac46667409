/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "task/child.h"
#include "io/proctree.h"

enum { WAIT_MS = 120000 };

/* "child.PID.1": of this program alone, whatever else is tested at the time. */
static char mark_prefix[32], mark[40], longer_mark[48], mark_entry[64];
static char path_entry[] = "PATH=/usr/bin:/bin";
static char *environment[] = { mark_entry, path_entry, NULL };

static void
make_marks(void)
{
    snprintf(mark_prefix, sizeof mark_prefix, "child.%d.", (int)getpid());
    snprintf(mark, sizeof mark, "%s1", mark_prefix);
    snprintf(longer_mark, sizeof longer_mark, "%s1", mark);
    snprintf(mark_entry, sizeof mark_entry, "OPTOP_RUN=%s", mark);
}

/* Starts /bin/sh with a script. */
static pid_t
start_some(const char *script, int out, bool fresh, bool claimed)
{
    char name[] = "sh", option[] = "-c", text[1024], *argv[] = { name, option, text, NULL };
    snprintf(text, sizeof text, "%s", script);
    const struct child_options options = {
        .path = "/bin/sh", .argv = argv, .environment = environment, .in = -1, .out = out,
        .err = -1, .control = -1, .fresh = fresh,
        .claimed = claimed,
    };
    pid_t pid;
    ck_assert_int_eq(child_spawn(&options, &pid), 0);
    return pid;
}

static pid_t
start(const char *script, int out, bool fresh)
{
    return start_some(script, out, fresh, false);
}

static pid_t
start_claimed(const char *script)
{
    return start_some(script, -1, false, true);
}

static int
count(unsigned aim, int signal_number)
{
    const struct proctree_target target = { .aim = aim, .mark = mark };
    return proctree_signal(&target, signal_number);
}

static void
end_all(unsigned aim)
{
    int64_t until = clock_mono_ns() + WAIT_MS * NS_PER_MS;
    while (count(aim, SIGKILL) > 0)
        ck_assert(clock_mono_ns() < until);
}

static void
await_count(unsigned aim, int wanted)
{
    int64_t until = clock_mono_ns() + WAIT_MS * NS_PER_MS;
    while (count(aim, 0) != wanted)
        ck_assert_msg(clock_mono_ns() < until, "%d, not %d", count(aim, 0), wanted);
}

static void
reap_all(void)
{
    while (waitpid(-1, NULL, 0) > 0)
        continue;
}

START_TEST(spawn_fails)
{
    char name[] = "x", *argv[] = { name, NULL };
    struct child_options options = {
        .path = "/no/such/file", .argv = argv, .environment = environment, .in = -1, .out = -1,
        .err = -1, .control = -1,
    };
    pid_t pid = 0;
    ck_assert_int_eq(child_spawn(&options, &pid), -ENOENT);
    options.path = "/etc/passwd";
    ck_assert_int_eq(child_spawn(&options, &pid), -EACCES);
    options.path = test_path("fixtures");
    ck_assert_int_eq(child_spawn(&options, &pid), -EACCES);
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no half-born child */
}
END_TEST

/* A fresh child has default signals, an empty mask, no descriptor of ours. */
START_TEST(fresh_child)
{
    int fds[2], leaked = open("/dev/null", O_RDONLY); /* not close-on-exec */
    char text[64] = "";
    sigset_t set; /* the C library keeps two signals for itself: 32 and 33 */
    ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
    signal(SIGPIPE, SIG_IGN);
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pid_t pid = start("ls /proc/self/fd | wc -l; "
                      "grep -c -E 'SigBlk:.0{16}|SigIgn:.0{7}[01]' /proc/self/status",
        fds[1], true);
    close(fds[1]);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_gt(read(fds[0], text, sizeof text - 1), 0);
    ck_assert_str_eq(text, "4\n2\n"); /* ls has a descriptor of the directory */
    close(leaked);
    close(fds[0]);
}
END_TEST

START_TEST(child_leads_a_group)
{
    pid_t pid = start("sleep 600", -1, false);
    ck_assert_int_eq(getpgid(pid), pid);
    kill(-pid, SIGKILL);
    reap_all();
}
END_TEST

START_TEST(programs_are_found)
{
    char path[64], tiny[8];
    ck_assert_int_eq(child_find_program("sh", "/no/such:/bin", path, sizeof path), 0);
    ck_assert_str_eq(path, "/bin/sh");
    ck_assert_int_eq(child_find_program("sh", NULL, path, sizeof path), 0);
    ck_assert_int_eq(child_find_program("./a/b", "/bin", path, sizeof path), 0);
    ck_assert_str_eq(path, "./a/b");
    ck_assert_int_eq(child_find_program("no-such-thing", "/bin", path, sizeof path), -ENOENT);
    ck_assert_int_eq(child_find_program("", "/bin", path, sizeof path), -ENOENT);
    ck_assert_int_eq(child_find_program("passwd", "/no:/etc", path, sizeof path), -EACCES);
    ck_assert_int_eq(child_find_program("bin", "/", path, sizeof path), -EACCES);
    ck_assert_int_eq(child_find_program("/far/too/long", "", tiny, sizeof tiny), -ENAMETOOLONG);
}
END_TEST

START_TEST(status_in_words)
{
    char text[64];
    ck_assert_str_eq(child_status_text(0, text, sizeof text), "exit status 0");
    ck_assert_str_eq(child_status_text(3 << 8, text, sizeof text), "exit status 3");
    ck_assert_str_eq(child_status_text(SIGSEGV | 0x80, text, sizeof text), "killed by SIGSEGV");
    ck_assert_str_eq(child_status_text(40, text, sizeof text), "killed by signal 40");
}
END_TEST

START_TEST(reaping_spares_the_claimed)
{
    siginfo_t info;
    int status;
    pid_t mine = start_claimed("exit 5");
    ck_assert_int_eq(waitid(P_PID, (id_t)mine, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(child_reap_adopted(), 0);
    ck_assert_int_eq(waitpid(mine, &status, WNOHANG), mine);
    ck_assert_int_eq(WEXITSTATUS(status), 5);
    child_disclaim(mine);
    ck_assert(!child_is_claimed(mine));
    for (int i = 0; i < 20; i++)
        start("exit 0", -1, false);
    int reaped = 0;
    for (int64_t until = clock_mono_ns() + WAIT_MS * NS_PER_MS; reaped < 20;) {
        reaped += child_reap_adopted();
        ck_assert(clock_mono_ns() < until);
    }
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}
END_TEST

/* Claims in any order, more than the list first has room for. */
START_TEST(claims)
{
    enum { COUNT = 20 };
    pid_t pid[COUNT];
    for (int i = 0; i < COUNT; i++)
        pid[i] = start_claimed("exit 0");
    for (int i = 1; i < COUNT; i += 2)
        child_disclaim(pid[i]);
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(child_is_claimed(pid[i]), i % 2 == 0);
    for (int i = 0; i < COUNT; i++)
        child_disclaim(pid[i]);
    ck_assert(!child_is_claimed(pid[0]));
    child_disclaim(pid[0]);
    reap_all();
}
END_TEST

/* sh, its sleep, and two that have left their parents. */
static const char family[] =
    "(setsid sleep 600 &); (env -i setsid /bin/sleep 600 &); sleep 600; exit 0";

START_TEST(descendants_are_hit)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    ck_assert_int_eq(count(PROCTREE_DESCENDANTS, 0), 0);
    start(family, -1, false);
    await_count(PROCTREE_DESCENDANTS, 4);
    await_count(PROCTREE_MARKED, 3); /* one hides it and is nobody's child but ours */
    end_all(PROCTREE_DESCENDANTS);
    reap_all();
    ck_assert_int_eq(count(PROCTREE_DESCENDANTS, SIGKILL), 0);
    ck_assert_int_eq(count(PROCTREE_MARKED, 0), 0);
}
END_TEST

START_TEST(claimed_are_spared)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t mine = start_claimed("sleep 600; exit 0");
    pid_t other = start("env -i /bin/sleep 600; exit 0", -1, false);
    await_count(PROCTREE_DESCENDANTS, 4);
    await_count(PROCTREE_ADOPTED, 2);
    end_all(PROCTREE_ADOPTED | PROCTREE_MARKED | PROCTREE_SPARE_CLAIMED);
    ck_assert_int_eq(waitpid(other, NULL, 0), other);
    await_count(PROCTREE_DESCENDANTS, 2);
    /* the sleep below an environment without the mark is found by descent */
    ck_assert_int_eq(count(PROCTREE_MARKED, 0), 2);
    end_all(PROCTREE_MARKED);
    child_disclaim(mine);
    reap_all();
}
END_TEST

/* Marks are compared whole, prefixes as prefixes. */
START_TEST(marks)
{
    struct proctree_target target = {
        .aim = PROCTREE_MARKED, .mark = mark_prefix, .prefix = true,
    };
    pid_t pid = start("kill -STOP $$", -1, false); /* it stays what it is */
    ck_assert_int_eq(waitpid(pid, NULL, WUNTRACED), pid);
    ck_assert_int_eq(proctree_signal(&target, 0), 1);
    target.prefix = false;
    ck_assert_int_eq(proctree_signal(&target, 0), 0);
    target.mark = longer_mark;
    ck_assert_int_eq(proctree_signal(&target, 0), 0);
    target.mark = mark + 1;
    ck_assert_int_eq(proctree_signal(&target, 0), 0);
    char value[64];
    ck_assert_int_eq(proctree_mark(pid, value, sizeof value), 0);
    ck_assert_str_eq(value, mark);
    ck_assert_int_eq(proctree_mark(pid, value, strlen(mark)), -ENOENT); /* never a part of it */
    ck_assert_int_eq(proctree_mark(1 << 29, value, sizeof value), -ENOENT);
    target.mark = mark;
    ck_assert_int_eq(proctree_signal(&target, SIGKILL), 1);
    reap_all();
}
END_TEST

/* The mark behind a large environment, across the pieces it is read in. */
START_TEST(mark_in_a_large_environment)
{
    for (size_t size = 16 * 1024 - 24; size < 16 * 1024 + 4; size++) {
        char *large = malloc(size + 1), name[] = "sleep", time[] = "600";
        char *argv[] = { name, time, NULL }, *given[] = { large, path_entry, mark_entry, NULL };
        ck_assert_ptr_nonnull(large);
        memset(large, 'x', size);
        large[1] = '=';
        large[size] = '\0';
        const struct child_options options = {
            .path = "/bin/sleep", .argv = argv, .environment = given, .in = -1, .out = -1,
            .err = -1, .control = -1,
        };
        pid_t pid;
        ck_assert_int_eq(child_spawn(&options, &pid), 0);
        free(large);
        await_count(PROCTREE_MARKED, 1); /* its exec may not be over yet */
        kill(pid, SIGKILL);
        reap_all();
    }
}
END_TEST

/* A name that looks like the rest of the line does not mislead. */
START_TEST(odd_process_name)
{
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_NAME, "a) Z 1 1 (", 0, 0, 0);
        if (fork() == 0)
            setpgid(0, 0);
        for (;;)
            pause();
    }
    await_count(PROCTREE_DESCENDANTS, 2);
    end_all(PROCTREE_DESCENDANTS);
    reap_all();
}
END_TEST

Suite *
test_suite(void)
{
    make_marks();
    Suite *suite = suite_create("child");
    TCase *tcase = tcase_create("child");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, spawn_fails);
    tcase_add_test(tcase, fresh_child);
    tcase_add_test(tcase, child_leads_a_group);
    tcase_add_test(tcase, programs_are_found);
    tcase_add_test(tcase, status_in_words);
    tcase_add_test(tcase, reaping_spares_the_claimed);
    tcase_add_test(tcase, claims);
    tcase_add_test(tcase, descendants_are_hit);
    tcase_add_test(tcase, claimed_are_spared);
    tcase_add_test(tcase, marks);
    tcase_add_test(tcase, mark_in_a_large_environment);
    tcase_add_test(tcase, odd_process_name);
    suite_add_tcase(suite, tcase);
    return suite;
}
