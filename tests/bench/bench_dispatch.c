/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a trial of a tiny command costs: N trials of /bin/true (or of the
 * command given) through two workers, against
 *   xargs    xargs -P2 -n1 with the same command
 *   capture  the least that a runner can do: two at a time, posix_spawn, own
 *            group, a pipe for the output, a pidfd, epoll
 * in turn, ROUNDS times, so that a busy machine is unfair to all alike.
 *
 *   bench_dispatch [N [COMMAND]]     $OPTOP_WORKER: path of optop-worker
 *   bench_dispatch capture N         the floor alone: prints its trials per second
 *
 * Prints one line per round (rate; processor time per trial) and the medians
 * of the ratios of the rates.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "exec/cage.h"
#include "exec/worker.h"
#include "io/loop.h"
#include "timing.h"

extern char **environ;

enum { WORKERS = 2, ROUNDS = 5, CHUNK = 32 };

static long trials = 2000;
static char command[256] = "/bin/true";

static _Noreturn void
die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

/* optop's workers: each is kept supplied with up to two chunks. */

struct supply {
    struct loop *loop;
    long next, done;
    int living;
    bool failed;
};

static void
feed(struct supply *supply, struct worker *worker)
{
    struct worker_task tasks[CHUNK];
    static const double value = 1;
    int count = 0;
    if (worker_outstanding(worker) > CHUNK)
        return;
    while (count < CHUNK && supply->next < trials)
        tasks[count++] = (struct worker_task){
            .trial = ++supply->next, .attempt = 1, .values = &value,
        };
    if (count)
        worker_send(worker, tasks, count);
    else
        worker_finish(worker);
}

static void
on_result(void *context, struct worker *worker, const struct trial_result *result)
{
    struct supply *supply = context;
    supply->done++;
    if (result->state != TRIAL_DONE) {
        fprintf(stderr, "trial failed: %s\n", result->reason);
        supply->failed = true;
    }
    feed(supply, worker);
}

static void
on_exited(void *context, struct worker *worker, const int64_t *lost, int lost_count,
    const char *text)
{
    struct supply *supply = context;
    (void)worker, (void)lost;
    if (lost_count) {
        fprintf(stderr, "%d trials lost: %s\n", lost_count, text);
        supply->failed = true;
    }
    if (--supply->living == 0)
        loop_stop(supply->loop);
}

static double
run_workers(void)
{
    static const struct worker_events events = { .result = on_result, .exited = on_exited };
    struct dimension dimension = { .name = "x", .kind = DIMENSION_INT };
    struct run_spec spec = {
        .command = command, .score = SCORE_WALL_SECONDS, .dimension = &dimension,
        .dimension_count = 1,
    };
    struct supply supply = { .loop = loop_new(), .living = WORKERS };
    const char *program = getenv("OPTOP_WORKER");
    int64_t begun = clock_mono_ns();
    struct cage *cage = cage_open("bench");
    const struct worker_options options = {
        .program = program ? program : "./optop-worker", .spec = &spec, .cage = cage,
        .mark = "bench", .directory = "/",
    };
    for (int i = 0; i < WORKERS; i++) {
        struct worker *worker;
        struct diag diag;
        if (worker_start(supply.loop, &options, &events, &supply, &worker, &diag) < 0) {
            fprintf(stderr, "%s\n", diag.text);
            exit(EXIT_FAILURE);
        }
        feed(&supply, worker);
        feed(&supply, worker);
    }
    loop_run(supply.loop);
    cage_close(cage);
    double seconds = ns_to_sec(clock_mono_ns() - begun);
    loop_free(supply.loop);
    if (supply.failed || supply.done != trials)
        exit(EXIT_FAILURE);
    return (double)trials / seconds;
}

/* xargs */

static double
run_xargs(void)
{
    char name[] = "xargs", two[] = "-P2", one[] = "-n1";
    char *argv[] = { name, two, one, command, NULL };
    posix_spawn_file_actions_t actions;
    int fds[2], status;
    pid_t pid;
    if (pipe2(fds, O_CLOEXEC) < 0)
        die("pipe2");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[0], 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    int64_t begun = clock_mono_ns();
    if ((errno = posix_spawnp(&pid, name, &actions, NULL, argv, environ)))
        die("xargs");
    posix_spawn_file_actions_destroy(&actions);
    close(fds[0]);
    FILE *input = fdopen(fds[1], "w");
    for (long i = 0; i < trials; i++)
        fprintf(input, "%ld\n", i);
    fclose(input);
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "xargs failed\n");
        exit(EXIT_FAILURE);
    }
    return (double)trials / ns_to_sec(clock_mono_ns() - begun);
}

/* The floor. */

struct slot {
    pid_t pid;
    int out, pidfd;
};

static void
start_slot(struct slot *slot, int epoll, unsigned index)
{
    char argument[] = "1", *argv[] = { command, argument, NULL };
    int fds[2];
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    if (pipe2(fds, O_CLOEXEC) < 0)
        die("pipe2");
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, fds[1], 1);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    if ((errno = posix_spawn(&slot->pid, command, &actions, &attributes, argv, environ)))
        die(command);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    close(fds[1]);
    slot->out = fds[0];
    slot->pidfd = pidfd_open(slot->pid, 0);
    struct epoll_event event = { .events = EPOLLIN, .data.u32 = index };
    epoll_ctl(epoll, EPOLL_CTL_ADD, slot->pidfd, &event);
}

static double
run_capture(void)
{
    struct slot slots[WORKERS];
    char buf[4096];
    long started = 0, done = 0;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int64_t begun = clock_mono_ns();
    for (unsigned i = 0; i < WORKERS && started < trials; i++, started++)
        start_slot(&slots[i], epoll, i);
    while (done < trials) {
        struct epoll_event events[WORKERS];
        int count = epoll_wait(epoll, events, WORKERS, -1);
        for (int i = 0; i < count; i++) {
            struct slot *slot = &slots[events[i].data.u32];
            if (waitpid(slot->pid, NULL, 0) != slot->pid)
                die("waitpid");
            while (read(slot->out, buf, sizeof buf) > 0)
                continue;
            epoll_ctl(epoll, EPOLL_CTL_DEL, slot->pidfd, NULL);
            close(slot->pidfd);
            close(slot->out);
            done++;
            if (started < trials) {
                started++;
                start_slot(slot, epoll, events[i].data.u32);
            }
        }
    }
    close(epoll);
    return (double)trials / ns_to_sec(clock_mono_ns() - begun);
}

/* Processor time of this process and all it has reaped, microseconds: unlike
 * the rate it hardly depends on what else the machine does. */
static double
cpu_us(void)
{
    struct rusage self, children;
    getrusage(RUSAGE_SELF, &self);
    getrusage(RUSAGE_CHILDREN, &children);
    return 1e6 * (double)(self.ru_utime.tv_sec + self.ru_stime.tv_sec +
               children.ru_utime.tv_sec + children.ru_stime.tv_sec) +
        (double)(self.ru_utime.tv_usec + self.ru_stime.tv_usec +
            children.ru_utime.tv_usec + children.ru_stime.tv_usec);
}

static double
measure(double (*run)(void), double *ret_cpu)
{
    double before = cpu_us(), rate = run();
    *ret_cpu = (cpu_us() - before) / (double)trials;
    return rate;
}

int
main(int argc, char **argv)
{
    double to_xargs[ROUNDS], to_capture[ROUNDS];
    if (argc == 3 && str_equal(argv[1], "capture")) {
        trials = strtol(argv[2], NULL, 10);
        if (trials < WORKERS || trials > 10000000)
            return EXIT_FAILURE;
        printf("%.1f\n", run_capture());
        return EXIT_SUCCESS;
    }
    if (argc > 1)
        trials = strtol(argv[1], NULL, 10);
    if (argc > 2)
        str_copy(command, sizeof command, argv[2]);
    if (trials < 1 || trials > 10000000)
        return EXIT_FAILURE;
    printf("# %ld trials of %s, %d workers\n", trials, command, WORKERS);
    for (int i = 0; i < ROUNDS; i++) {
        double xargs_cpu, workers_cpu, capture_cpu;
        double xargs = measure(run_xargs, &xargs_cpu);
        double workers = measure(run_workers, &workers_cpu);
        double capture = measure(run_capture, &capture_cpu);
        to_xargs[i] = workers / xargs;
        to_capture[i] = workers / capture;
        printf("optop %.0f/s %.0f us  xargs %.0f/s %.0f us  capture %.0f/s %.0f us\n", workers,
            workers_cpu, xargs, xargs_cpu, capture, capture_cpu);
        fflush(stdout);
    }
    qsort(to_xargs, ROUNDS, sizeof *to_xargs, compare);
    qsort(to_capture, ROUNDS, sizeof *to_capture, compare);
    printf("ratio_to_xargs %.3f\nratio_to_capture %.3f\n", to_xargs[ROUNDS / 2],
        to_capture[ROUNDS / 2]);
    return EXIT_SUCCESS;
}
