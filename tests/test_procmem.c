/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory of a process and what it has started.
 */
#include "test.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/procmem.h"

enum { BYTES = 32 << 20 };

/* A process that holds so much, and one below it as well. */
static pid_t
start_tree(int ready)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    if (fork() == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    char *block = malloc(BYTES);
    memset(block, 1, BYTES);
    ck_assert_int_eq(write(ready, block, 1), 1);
    pause();
    _exit(0);
}

START_TEST(a_tree_counts_together)
{
    int pair[2];
    char byte;
    ck_assert_int_eq(pipe(pair), 0);
    int64_t before = procmem_tree_rss(getpid());
    ck_assert_int_gt(before, 0);
    pid_t pid = start_tree(pair[1]);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(read(pair[0], &byte, 1), 1);
    int64_t tree = procmem_tree_rss(pid);
    ck_assert_int_ge(tree, 2 * (int64_t)BYTES);
    ck_assert_int_ge(procmem_tree_rss(getpid()), tree);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(procmem_tree_rss(pid), -1);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("procmem");
    TCase *tcase = tcase_create("procmem");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_tree_counts_together);
    suite_add_tcase(suite, tcase);
    return suite;
}
