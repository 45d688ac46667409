/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/worker_rig.h"

#include <sys/prctl.h>
#include <sys/stat.h>

/* Every test runs once under each kind. */
static const char *const kinds[] = { "cgroup2", "subreaper", "group" };

static struct rig rig;

static void
choose(int kind)
{
    setenv("OPTOP_CAGE", kinds[kind], 1);
}

/* A run of 50 detached sleepers that ignore TERM; they all live on return. */
static void
start_sleepers(const char *more, double grace_seconds)
{
    char command[4300];
    snprintf(command, sizeof command, "sh %s 50%s", rig_trial("sleepers.sh"), more);
    rig_init(&rig, command, SCORE_STDOUT);
    rig.spec.grace_seconds = grace_seconds;
    rig_start(&rig);
    rig_send(&rig, 1, 0);
    /* the worker, the shell, its sleeper, 50 more */
    rig_await_alive(&rig, *more ? 3 : 53);
}

/* Nobody with the mark and nobody adopted is alive. */
static void
assert_nobody(void)
{
    const struct proctree_target anyone = {
        .aim = PROCTREE_MARKED | PROCTREE_DESCENDANTS, .mark = rig.mark,
    };
    ck_assert_int_eq(proctree_signal(&anyone, 0), 0);
}

START_TEST(kind_is_told)
{
    choose(_i);
    char mark[CAGE_MARK_MAX];
    snprintf(mark, sizeof mark, "0.kind%d.1", (int)getpid());
    struct cage *cage = cage_open(mark);
    ck_assert_int_ge(cage_kind(cage), _i); /* the asked one or a lesser */
    ck_assert_str_eq(cage_kind_name(cage_kind(cage)), kinds[cage_kind(cage)]);
    const struct cage_cell none = { 0 };
    char *path[CAGE_JOINS_MAX];
    ck_assert_int_eq(cage_joins(cage, &none, path), cage_kind(cage) == CAGE_CGROUP2);
    if (cage_kind(cage) == CAGE_CGROUP2) {
        ck_assert(str_ends(path[0], ".1-1/cgroup.procs"));
        free(path[0]);
    }
    ck_assert(!cage_populated(cage));
    cage_close(cage);
    cage_close(NULL);
}
END_TEST

START_TEST(cancel_leaves_nobody)
{
    choose(_i);
    start_sleepers("", 0.2);
    worker_cancel(rig.worker, 0.2);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_int_eq(rig.lost_count, 1);
    if (_i != CAGE_GROUP)
        assert_nobody(); /* the worker alone has seen to it */
    int64_t until = clock_mono_ns() + RIG_WAIT_MS * NS_PER_MS;
    for (cage_kill(rig.cage); cage_populated(rig.cage); cage_kill(rig.cage))
        ck_assert(clock_mono_ns() < until);
    assert_nobody();
    rig_release(&rig);
}
END_TEST

/* The mark is not needed where descent tells. */
START_TEST(cancel_finds_who_hides_the_mark)
{
    choose(_i);
    start_sleepers(" clean", 0.1);
    const struct proctree_target all = { .aim = PROCTREE_DESCENDANTS };
    int64_t until = clock_mono_ns() + RIG_WAIT_MS * NS_PER_MS;
    while (proctree_signal(&all, 0) < 53)
        ck_assert(clock_mono_ns() < until);
    worker_cancel(rig.worker, 0.1);
    rig_wait(&rig, &rig.exited, 1);
    assert_nobody();
    rig_release(&rig);
}
END_TEST

START_TEST(kill_leaves_nobody)
{
    choose(_i);
    start_sleepers("", 600);
    ck_assert(cage_populated(rig.cage));
    cage_kill(rig.cage);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_str_eq(rig.text, "killed by SIGKILL");
    for (int64_t until = clock_mono_ns() + RIG_WAIT_MS * NS_PER_MS; cage_populated(rig.cage);)
        ck_assert(clock_mono_ns() < until);
    assert_nobody();
    rig_release(&rig);
}
END_TEST

START_TEST(close_kills)
{
    choose(_i);
    start_sleepers("", 600);
    cage_close(rig.cage);
    rig.cage = NULL;
    rig_wait(&rig, &rig.exited, 1);
    assert_nobody();
    rig_release(&rig);
}
END_TEST

/* A run that starts again gets a cage in which processes live. */
START_TEST(new_cage_after_kill)
{
    choose(_i);
    rig_init(&rig, "echo {x}", SCORE_STDOUT);
    for (int i = 0; i < 3; i++) {
        rig.cage = cage_open(rig.mark);
        rig_one(&rig, i);
        ck_assert_double_eq(rig.result[i].score, i);
        cage_kill(rig.cage);
        rig_wait(&rig, &rig.exited, i + 1);
        cage_close(rig.cage);
        rig.cage = NULL;
    }
    rig_release(&rig);
}
END_TEST

/* Two cages at once: what ends one leaves the other alone. */
START_TEST(cages_are_apart)
{
    static struct rig other;
    choose(_i);
    rig_init(&rig, "sleep 600", SCORE_STDOUT);
    rig_init(&other, "sh -c 'sleep 0.3; echo 4'", SCORE_STDOUT);
    snprintf(other.mark, sizeof other.mark, "0.other%d.2", (int)getpid());
    loop_signal_stop(other.children);
    loop_free(other.loop);
    other.loop = rig.loop;
    rig_start(&rig);
    rig_start(&other);
    rig_send(&rig, 1, 0);
    rig_send(&other, 1, 0);
    rig_wait(&rig, &rig.started, 1);
    cage_kill(rig.cage);
    rig_wait(&rig, &rig.exited, 1);
    rig_wait(&other, &other.result_count, 1);
    ck_assert_double_eq(other.result[0].score, 4);
    worker_finish(other.worker);
    rig_wait(&other, &other.exited, 1);
    cage_close(other.cage);
    run_spec_release(&other.spec);
    rig_release(&rig);
}
END_TEST

/* A server that is killed, and its worker with it, leaves the trial's
 * processes and perhaps a cgroup behind. */
static pid_t
run_doomed_server(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        start_sleepers("", 600);
        kill(worker_pid(rig.worker), SIGKILL);
        kill(getpid(), SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WTERMSIG(status), SIGKILL);
    return pid;
}

START_TEST(leftovers_are_swept)
{
    char mark[CAGE_MARK_MAX], prefix[CAGE_MARK_MAX];
    choose(_i);
    pid_t pid = run_doomed_server();
    snprintf(mark, sizeof mark, "%d.rig%d.1", (int)getuid(), (int)pid);
    ck_assert_int_gt(rig_alive(mark), 50);

    /* another store's server does not touch them */
    snprintf(prefix, sizeof prefix, "%d.rig%d9.", (int)getuid(), (int)pid);
    ck_assert_int_eq(cage_sweep_leftovers(prefix), 0);
    ck_assert_int_gt(rig_alive(mark), 50);

    snprintf(prefix, sizeof prefix, "%d.rig%d.", (int)getuid(), (int)pid);
    ck_assert_int_ge(cage_sweep_leftovers(prefix), 50);
    ck_assert_int_eq(rig_alive(mark), 0);
    ck_assert_int_eq(cage_sweep_leftovers(prefix), 0);
    struct cage *cage = cage_open(mark); /* the name of the first is free again */
    const struct cage_cell none = { 0 };
    char *path[CAGE_JOINS_MAX];
    for (int count = cage_joins(cage, &none, path); count > 0; count--) {
        ck_assert(str_ends(path[count - 1], ".1-1/cgroup.procs"));
        free(path[count - 1]);
    }
    cage_close(cage);
}
END_TEST

/* Writes where the cgroups of the controllers are, cells in them, and dies. */
static void
make_and_die(const char *mark, int fd)
{
    struct cage *cage = cage_open(mark);
    for (int i = 0; i < CONTROLS; i++) {
        struct control control = cage_control(cage, (enum control_id)i);
        if (control.directory)
            dprintf(fd, "%s\n", control.directory);
    }
    struct cage_cell cell = cage_cell_make(cage);
    if (cage_cell_memory(&cell))
        dprintf(fd, "%s\n", cage_cell_memory(&cell));
    kill(getpid(), SIGKILL);
}

/* What of the paths there is; each must be (or not be) a directory. */
static int
count_directories(char *paths, bool there)
{
    int count = 0;
    char *rest = paths;
    for (const char *path; (path = strsep(&rest, "\n")) && *path; count++)
        ck_assert_msg((access(path, F_OK) == 0) == there, "%s", path);
    return count;
}

START_TEST(control_groups_are_swept)
{
    char mark[CAGE_MARK_MAX], prefix[CAGE_MARK_MAX], text[4096], again[4096];
    int pipe_fd[2], status;
    choose(_i);
    snprintf(prefix, sizeof prefix, "0.control%d.", (int)getpid());
    snprintf(mark, sizeof mark, "0.control%d.1", (int)getpid());
    ck_assert_int_eq(pipe(pipe_fd), 0);
    pid_t pid = fork();
    if (pid == 0)
        make_and_die(mark, pipe_fd[1]);
    close(pipe_fd[1]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WTERMSIG(status), SIGKILL);
    ssize_t n = read(pipe_fd[0], text, sizeof text - 1);
    close(pipe_fd[0]);
    text[n > 0 ? n : 0] = '\0';
    memcpy(again, text, sizeof text);
    printf("# %s: %d cgroups\n", kinds[_i], count_directories(text, true));
    cage_sweep_leftovers(prefix);
    count_directories(again, false);
}
END_TEST

/* Processes that fork faster than they are looked for. Their number does not
 * grow, and their lives are bounded by a clock: when the cage fails, the
 * machine that runs the test must survive it. */
enum { CROWD_SECONDS = 30 };

static void
fork_chain(bool new_session, int64_t until)
{
    while (clock_mono_ns() < until) {
        pid_t pid = fork();
        if (pid > 0)
            _exit(0);
        if (pid == 0 && new_session)
            setsid();
    }
    _exit(0);
}

static void
play_chains(int count)
{
    int64_t until = clock_mono_ns() + CROWD_SECONDS * NS_PER_SEC;
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    for (int i = 0; i < count; i++)
        if (fork() == 0)
            fork_chain(i % 2, until);
    alarm(CROWD_SECONDS);
    for (;;)
        pause();
}

/* 64 lines of descent: each forks a child, the child a grandchild that takes
 * the line on, in a session of its own, and both end. */
static void
play_bomb(void)
{
    int64_t until = clock_mono_ns() + CROWD_SECONDS * NS_PER_SEC;
    signal(SIGTERM, SIG_IGN);
    alarm(CROWD_SECONDS);
    if (fork() > 0)
        for (;;)
            pause();
    for (int i = 0; i < 6; i++)
        fork();
    setsid();
    while (clock_mono_ns() < until) {
        pid_t pid = fork();
        if (pid == 0) {
            setsid();
            usleep(3000);
            if (fork() == 0)
                continue; /* takes its parent's place, below another */
            _exit(0);
        }
        if (pid > 0)
            waitpid(pid, NULL, 0);
        _exit(0);
    }
    _exit(0);
}

/* The pid that was given out last. */
static int
last_pid(void)
{
    int pid = 0;
    FILE *file = fopen("/proc/loadavg", "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%*s %*s %*s %*s %d", &pid), 1);
    fclose(file);
    return pid;
}

/* Waits until many processes more have been started: one that lives for a
 * millisecond is rarely there when it is looked for. */
static void
await_pids(int count)
{
    int64_t until = clock_mono_ns() + RIG_WAIT_MS * NS_PER_MS;
    int first = last_pid();
    while (abs(last_pid() - first) < count) {
        ck_assert(clock_mono_ns() < until);
        loop_step(rig.loop);
    }
}

static void
check_crowd(const char *role, int kind)
{
    char entry[64], path[4300], command[4300];
    choose(kind);
    rig_init(&rig, "", SCORE_STDOUT);
    free(rig.spec.command);
    snprintf(entry, sizeof entry, "OPTOP_TEST_ROLE=%s", role);
    snprintf(path, sizeof path, "ASAN_OPTIONS=detect_leaks=0");
    rig.environment[1] = entry;
    rig.environment[2] = path;
    snprintf(command, sizeof command, "%s", rig_self());
    rig.spec.command = xstrdup(command);
    rig_start(&rig);
    rig_send(&rig, 1, 0);
    await_pids(500);
    int64_t started = clock_mono_ns();
    worker_cancel(rig.worker, 0.1);
    rig_wait(&rig, &rig.exited, 1);
    cage_kill(rig.cage);
    while (rig_alive(rig.mark) > 0 && clock_mono_ns() - started < RIG_WAIT_MS * NS_PER_MS)
        cage_kill(rig.cage);
    printf("# %s under %s: gone after %.0f ms (%s)\n", role, cage_kind_name(cage_kind(rig.cage)),
        (double)(clock_mono_ns() - started) / 1e6, rig.text);
    assert_nobody();
    rig_release(&rig);
}

START_TEST(fork_chains_are_caught)
{
    check_crowd("chains", _i);
}
END_TEST

START_TEST(fork_bomb_is_caught)
{
    check_crowd("bomb", _i);
}
END_TEST

Suite *
test_suite(void)
{
    const char *role = getenv("OPTOP_TEST_ROLE");
    if (str_equal(role, "chains"))
        play_chains(20);
    if (str_equal(role, "bomb"))
        play_bomb();
    Suite *suite = suite_create("cage");
    TCase *life = tcase_create("life");
    tcase_set_timeout(life, 60);
    tcase_add_loop_test(life, kind_is_told, 0, 3);
    tcase_add_loop_test(life, cancel_leaves_nobody, 0, 3);
    tcase_add_loop_test(life, cancel_finds_who_hides_the_mark, 0, 2);
    tcase_add_loop_test(life, kill_leaves_nobody, 0, 3);
    tcase_add_loop_test(life, close_kills, 0, 3);
    tcase_add_loop_test(life, new_cage_after_kill, 0, 3);
    tcase_add_loop_test(life, cages_are_apart, 0, 3);
    tcase_add_loop_test(life, leftovers_are_swept, 0, 3);
    tcase_add_loop_test(life, control_groups_are_swept, 0, 3);
    suite_add_tcase(suite, life);
    TCase *crowds = tcase_create("crowds");
    tcase_set_timeout(crowds, 60);
    tcase_add_loop_test(crowds, fork_chains_are_caught, 0, 2);
    tcase_add_loop_test(crowds, fork_bomb_is_caught, 0, 2);
    suite_add_tcase(suite, crowds);
    return suite;
}
