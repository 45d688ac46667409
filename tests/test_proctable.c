/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All processes: a copy of /proc that changes, then the real one; and what can
 * be done to one.
 */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/procact.h"
#include "sample/proctable.h"
#include "test.h"

static char root[4096];

static void
put_file(int pid, const char *name, const char *bytes, size_t len)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%d", root, pid);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/%d/%s", root, pid, name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static void
put_stat(int pid, const char *name, char state, int parent, int ticks, int start, int pages)
{
    char text[512];
    int len = snprintf(text, sizeof text, "%d (%s) %c %d 1 1 0 -1 4194304 0 0 0 0 %d 0 0 0 20 -5 3 0 %d 9 %d 18 1\n",
        pid, name, state, parent, ticks, start, pages);
    put_file(pid, "stat", text, (size_t)len);
}

static void
put_process(int pid, const char *name, int parent)
{
    put_stat(pid, name, 'S', parent, 100, 7000 + pid, 10);
    put_file(pid, "cmdline", "/usr/bin/thing\0--x\0y", 20);
    put_file(pid, "io", "rchar: 1\nread_bytes: 4096\nwrite_bytes: 0\n", 41);
}

static void
remove_process(int pid)
{
    char command[4300];
    snprintf(command, sizeof command, "%s/%d", root, pid);
    static const char *const names[] = { "stat", "cmdline", "io" };
    for (size_t i = 0; i < 3; i++) {
        char path[4400];
        snprintf(path, sizeof path, "%s/%s", command, names[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(command), 0);
}

static void
start(void)
{
    snprintf(root, sizeof root, "%s", test_directory());
    put_process(1, "init", 0);
    put_process(40, "a) R (b", 1); /* a name that looks like what follows it */
    put_process(300, "w\033[2Jorker", 40);
}

static int64_t
take(struct proctable *list, int seconds)
{
    int64_t now = (int64_t)(100 + seconds) * NS_PER_SEC;
    ck_assert_int_eq(proctable_take(list, now), 0);
    return now;
}

START_TEST(figures_are_read)
{
    start();
    struct proctable *list = proctable_new(root);
    take(list, 0);
    ck_assert_int_eq(proctable_count(list), 3);
    const struct procrow *p = proctable_find(list, 40);
    ck_assert_str_eq(p->name, "a) R (b");
    ck_assert_str_eq(p->command, "/usr/bin/thing --x y");
    ck_assert_int_eq(p->state, 'S');
    ck_assert_int_eq(p->parent, 1);
    ck_assert_int_eq(p->nice, -5);
    ck_assert_int_eq(p->threads, 3);
    ck_assert_int_eq((int)p->start, 7040);
    ck_assert_int_eq(p->rss_bytes, 10 * sysconf(_SC_PAGESIZE));
    ck_assert(isnan(p->cpu_pct)); /* not known yet */
    ck_assert_ptr_null(strchr(proctable_find(list, 300)->name, '\033'));
    ck_assert_ptr_null(proctable_find(list, 41));
    put_stat(40, "a) R (b", 'R', 1, 150, 7040, 10);
    put_file(40, "io", "rchar: 1\nread_bytes: 8192\nwrite_bytes: 512\n", 43);
    take(list, 2);
    p = proctable_find(list, 40);
    ck_assert_double_eq_tol(p->cpu_pct, 100.0 * 50 / (double)sysconf(_SC_CLK_TCK) / 2, 0.06);
    ck_assert_double_eq_tol(p->read_bytes, 2048, 1);
    ck_assert_double_eq_tol(p->write_bytes, 256, 1);
    proctable_free(list);
}
END_TEST

static int gone[8], gone_count;

static void
see_gone(void *context, int pid)
{
    (void)context;
    gone[gone_count++ % 8] = pid;
}

START_TEST(changes_and_ends_are_told_by_takes)
{
    start();
    struct proctable *list = proctable_new(root);
    take(list, 0);
    take(list, 1); /* CPU is known now: a change */
    take(list, 2);
    ck_assert_uint_eq(proctable_find(list, 1)->changed, 2);
    ck_assert_uint_eq(proctable_find(list, 1)->named, 1);
    put_stat(40, "a) R (b", 'S', 1, 100, 7040, 11);
    put_process(5, "new", 1);
    remove_process(300);
    take(list, 3);
    ck_assert_uint_eq(proctable_find(list, 1)->changed, 2);
    ck_assert_uint_eq(proctable_find(list, 40)->changed, 4);
    ck_assert_uint_eq(proctable_find(list, 5)->named, 4);
    ck_assert_int_eq(proctable_count(list), 3);
    ck_assert(proctable_gone(list, 3, see_gone, NULL));
    ck_assert_int_eq(gone_count, 1);
    ck_assert_int_eq(gone[0], 300);
    put_stat(5, "new", 'S', 1, 3, 9999, 10); /* the pid is another's: a new process */
    put_stat(40, "execed", 'S', 1, 100, 7040, 11); /* another program */
    take(list, 4);
    ck_assert_uint_eq(proctable_find(list, 5)->named, 5);
    ck_assert(isnan(proctable_find(list, 5)->cpu_pct));
    ck_assert_uint_eq(proctable_find(list, 40)->named, 5);
    ck_assert_str_eq(proctable_find(list, 40)->name, "execed");
    proctable_free(list);
}
END_TEST

START_TEST(too_many_ends_are_not_all_known)
{
    start();
    struct proctable *list = proctable_new(root);
    take(list, 0);
    for (int i = 0; i < PROCESSES_GONE_MAX + 5; i++) {
        put_process(900, "short", 1);
        take(list, 2 * i + 1);
        remove_process(900);
        take(list, 2 * i + 2);
    }
    ck_assert(!proctable_gone(list, 1, see_gone, NULL));
    ck_assert(proctable_gone(list, proctable_takes(list) - 4, see_gone, NULL));
    proctable_free(list);
}
END_TEST

START_TEST(hostile_files_are_left_out)
{
    start();
    struct proctable *list = proctable_new(root);
    put_file(2, "stat", "", 0);
    put_file(3, "stat", "3 (x", 4);
    put_file(4, "stat", "4 (x) S 1 2", 11);
    put_file(6, "stat", ")(", 2);
    put_file(7, "stat", "7 (x) S a b c d e f g h i j k l m n o p q r s t u v", 52);
    take(list, 0);
    ck_assert_int_eq(proctable_count(list), 3);
    proctable_free(list);
    list = proctable_new("/nonexistent");
    ck_assert_int_lt(proctable_take(list, 1), 0);
    proctable_free(list);
    proctable_free(NULL);
}
END_TEST

START_TEST(steady_takes_allocate_nothing)
{
    start();
    struct proctable *list = proctable_new(root);
    take(list, 0);
    take(list, 1);
    unsigned long before = test_allocations();
    for (int i = 0; i < 20; i++)
        proctable_take(list, (int64_t)(102 + i) * NS_PER_SEC); /* a check would allocate */
    ck_assert_uint_eq(test_allocations(), before);
    proctable_free(list);
}
END_TEST

/* A child that sleeps until it is ended. */
static pid_t
sleeper(void)
{
    pid_t pid = fork();
    if (pid == 0)
        for (;;)
            pause();
    ck_assert_int_gt(pid, 0);
    return pid;
}

START_TEST(the_real_ones_are_there)
{
    struct proctable *list = proctable_new("/proc");
    pid_t child = sleeper();
    ck_assert_int_eq(proctable_take(list, clock_mono_ns()), 0);
    const struct procrow *own = proctable_find(list, getpid()), *other = proctable_find(list, child);
    ck_assert_ptr_nonnull(own);
    ck_assert_ptr_nonnull(other);
    ck_assert_int_eq(other->parent, getpid());
    ck_assert_int_eq((int)own->uid, (int)getuid());
    ck_assert_int_gt(own->rss_bytes, 100000);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    ck_assert_int_eq(proctable_take(list, clock_mono_ns()), 0);
    ck_assert_ptr_null(proctable_find(list, child));
    proctable_free(list);
}
END_TEST

static const struct procrow *
look(struct proctable *list, pid_t pid)
{
    ck_assert_int_eq(proctable_take(list, clock_mono_ns()), 0);
    return proctable_find(list, pid);
}

/* Between whole listings and readings what has not run is not read: all the same
 * each take has what is true. */
START_TEST(sleepers_are_as_they_are)
{
    struct proctable *list = proctable_new("/proc");
    for (int round = 0; round < 24; round++) {
        pid_t child = sleeper();
        const struct procrow *process = look(list, child); /* a pid that is new since the last listing */
        ck_assert_ptr_nonnull(process);
        look(list, child);
        kill(child, SIGSTOP);
        waitpid(child, NULL, WUNTRACED);
        ck_assert_int_eq(look(list, child)->state, 'T');
        ck_assert_int_eq(setpriority(PRIO_PROCESS, (id_t)child, 5), 0); /* it does not run for that */
        proctable_look(list, child);
        ck_assert_int_eq(look(list, child)->nice, 5);
        kill(child, SIGKILL);
        siginfo_t end;
        ck_assert_int_eq(waitid(P_PID, (id_t)child, &end, WEXITED | WNOWAIT), 0);
        ck_assert_int_eq(look(list, child)->state, 'Z');
        waitpid(child, NULL, 0);
        ck_assert_ptr_null(look(list, child));
    }
    proctable_look(list, -1);
    proctable_free(list);
}
END_TEST

START_TEST(orphans_have_another_parent)
{
    for (int reaped = 0; reaped < 2; reaped++) {
        struct proctable *list = proctable_new("/proc");
        int below[2];
        pid_t orphan = 0;
        ck_assert_int_eq(pipe(below), 0);
        pid_t parent = fork();
        if (parent == 0) {
            orphan = sleeper();
            if (write(below[1], &orphan, sizeof orphan) < 0)
                _exit(1);
            for (;;)
                pause();
        }
        ck_assert_int_eq(read(below[0], &orphan, sizeof orphan), sizeof orphan);
        ck_assert_int_eq(look(list, orphan)->parent, parent);
        look(list, orphan);
        kill(parent, SIGKILL);
        siginfo_t end;
        ck_assert_int_eq(waitid(P_PID, (id_t)parent, &end, WEXITED | (reaped ? 0 : WNOWAIT)), 0);
        ck_assert_int_ne(look(list, orphan)->parent, parent);
        kill(orphan, SIGKILL);
        waitpid(parent, NULL, 0);
        close(below[0]);
        close(below[1]);
        proctable_free(list);
    }
}
END_TEST

/* What is used is known to the nanosecond: less than a tick is not nothing. */
START_TEST(use_below_a_tick_is_seen)
{
    struct proctable *list = proctable_new("/proc");
    struct timespec used;
    look(list, getpid());
    look(list, getpid());
    ck_assert_int_eq(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used), 0);
    int64_t from = clock_mono_ns(), before = (int64_t)used.tv_sec * NS_PER_SEC + used.tv_nsec;
    ck_assert_int_eq(proctable_take(list, from), 0);
    do
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    while ((int64_t)used.tv_sec * NS_PER_SEC + used.tv_nsec < before + 4 * NS_PER_MS);
    ck_assert_int_eq(proctable_take(list, from + NS_PER_SEC), 0); /* as if a second had passed */
    ck_assert_double_gt(proctable_find(list, getpid())->cpu_pct, 0);
    proctable_free(list);
}
END_TEST

static uint64_t
start_of(pid_t pid)
{
    struct proctable *list = proctable_new("/proc");
    ck_assert_int_eq(proctable_take(list, clock_mono_ns()), 0);
    const struct procrow *process = proctable_find(list, pid);
    ck_assert_ptr_nonnull(process);
    uint64_t when = process->start;
    proctable_free(list);
    return when;
}

START_TEST(one_is_acted_upon_by_pid_and_start)
{
    pid_t child = sleeper();
    uint64_t when = start_of(child);
    int status;
    ck_assert_int_eq(procact_signal(child, when + 1, SIGKILL), -ESRCH); /* another one's start */
    ck_assert_int_eq(procact_renice(child, when, 7), 0);
    ck_assert_int_eq(getpriority(PRIO_PROCESS, (id_t)child), 7);
    ck_assert_int_eq(procact_renice(child, when, 20), -EINVAL);
    ck_assert_int_eq(procact_affinity(child, when, "0"), 0);
    ck_assert_int_eq(procact_affinity(child, when, "0-"), -EINVAL);
    ck_assert_int_eq(procact_affinity(child, when, "x"), -EINVAL);
    ck_assert_int_eq(procact_affinity(child, when, ""), -EINVAL);
    ck_assert_int_eq(procact_affinity(child, when, "3-1"), -EINVAL);
    ck_assert_int_eq(procact_affinity(child, when, "0,99999"), -EINVAL);
    static const char *const wrong[] = { "", "fast", "idle/1", "best-effort/8", "best-effort/", "7" };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_int_eq(procact_io_priority(child, when, wrong[i]), -EINVAL);
    ck_assert_int_eq(procact_io_priority(child, when + 1, "idle"), -ESRCH);
    ck_assert_int_eq(procact_io_priority(child, when, "best-effort/6"), 0);
    struct str text;
    struct json_writer w;
    str_init(&text);
    jw_init(&w, &text);
    jw_object(&w, NULL);
    ck_assert_int_eq(procact_write(child, when, &w), 0);
    jw_end(&w);
    json_t *told = json_loads(text.data, 0, NULL);
    ck_assert_ptr_nonnull(told);
    ck_assert_str_eq(json_get_string(told, "cpus", ""), "0");
    ck_assert_str_eq(json_get_string(told, "io_priority", ""), "best-effort/6");
    ck_assert_uint_gt(json_array_size(json_object_get(told, "files")), 0);
    ck_assert_uint_gt(json_array_size(json_object_get(told, "limits")), 10);
    const char *name = json_string_value(json_array_get(json_object_get(told, "environment"), 0));
    ck_assert_ptr_null(strchr(name, '=')); /* names, never values */
    json_decref(told);
    str_release(&text);
    ck_assert_int_eq(procact_signal(child, when, SIGUSR1), 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
    ck_assert_int_eq(procact_signal(child, when, SIGTERM), -ESRCH);
    ck_assert_int_eq(procact_signal(0, 1, SIGTERM), -EINVAL);
    ck_assert_int_eq(procact_signal(-1, 1, SIGTERM), -EINVAL);
}
END_TEST

START_TEST(signals_have_names_and_numbers)
{
    ck_assert_int_eq(procact_signal_number("TERM"), SIGTERM);
    ck_assert_int_eq(procact_signal_number("SIGKILL"), SIGKILL);
    ck_assert_int_eq(procact_signal_number("usr1"), SIGUSR1);
    ck_assert_int_eq(procact_signal_number("9"), 9);
    ck_assert_int_eq(procact_signal_number(""), -EINVAL);
    ck_assert_int_eq(procact_signal_number("0"), -EINVAL);
    ck_assert_int_eq(procact_signal_number("9x"), -EINVAL);
    ck_assert_int_eq(procact_signal_number("NONSENSE"), -EINVAL);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("proctable");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_test(all, figures_are_read);
    tcase_add_test(all, changes_and_ends_are_told_by_takes);
    tcase_add_test(all, too_many_ends_are_not_all_known);
    tcase_add_test(all, hostile_files_are_left_out);
    tcase_add_test(all, steady_takes_allocate_nothing);
    tcase_add_test(all, the_real_ones_are_there);
    tcase_add_test(all, sleepers_are_as_they_are);
    tcase_add_test(all, orphans_have_another_parent);
    tcase_add_test(all, use_below_a_tick_is_seen);
    tcase_add_test(all, one_is_acted_upon_by_pid_and_start);
    tcase_add_test(all, signals_have_names_and_numbers);
    suite_add_tcase(suite, all);
    return suite;
}
