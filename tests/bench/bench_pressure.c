/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How long before the OOM kill memory is seen to be critical: a process that
 * grows into a cgroup of 128 MiB, for real where a cgroup may be made, beside a
 * watcher that looks ten times a second for less than 5 % left. And what a step
 * costs, beside the bare reads.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "mem/memory.h"
#include "mem/memory_read.h"
#include "timing.h"

#define MIB 1048576L

enum { ROUNDS = 5, LIMIT_MIB = 128, STEPS = 2000 };

struct shared {
    _Atomic double started, critical, low; /* seconds; 0: not yet */
    _Atomic int ready;
};

static struct shared *shared;
static char group[1024];

static double
seconds(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
nap(double length)
{
    struct timespec t = { (time_t)length, (long)((length - (double)(time_t)length) * 1e9) };
    nanosleep(&t, NULL);
}

static int
put(const char *name, const char *text)
{
    char path[1280];
    snprintf(path, sizeof path, "%s/%s", group, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int r = fd >= 0 && write(fd, text, strlen(text)) > 0 ? 0 : -errno;
    if (fd >= 0)
        close(fd);
    return r;
}

/* A group below our own: v1, else v2. */
static int
make_group(void)
{
    char line[512], limit[32], *path;
    FILE *file = fopen("/proc/self/cgroup", "re");
    int r = -ENOENT;
    while (file && r < 0 && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        bool v1 = (path = strstr(line, ":memory:")) != NULL;
        if (!v1 && strncmp(line, "0::", 3))
            continue;
        snprintf(group, sizeof group, "/sys/fs/cgroup%s%s/optop-bench-%d", v1 ? "/memory" : "",
            v1 ? path + strlen(":memory:") : line + 3, (int)getpid());
        snprintf(limit, sizeof limit, "%ld", LIMIT_MIB * MIB);
        if (mkdir(group, 0700) == 0)
            r = put(v1 ? "memory.limit_in_bytes" : "memory.max", limit);
        if (r < 0)
            rmdir(group);
    }
    if (file)
        fclose(file);
    return r;
}

static pid_t
start(void (*run)(double), double rate, bool victim)
{
    pid_t pid = fork();
    if (pid)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    put("cgroup.procs", "0");
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && write(fd, victim ? "1000" : "0", victim ? 4 : 1) < 0)
        perror("oom_score_adj");
    run(rate);
    _exit(0);
}

static void
watch(double rate)
{
    (void)rate;
    memory_use_root("");
    shared->ready++;
    for (;;) {
        if (optop_memory_step() == OPTOP_PRESSURE_CRITICAL && shared->critical <= 0)
            shared->critical = seconds(CLOCK_MONOTONIC);
        nap(optop_memory_wait_ms() / 1e3);
    }
}

static void
watch_low(double rate)
{
    struct memory_files files;
    struct pressure_reading reading;
    (void)rate;
    memory_files_open(&files, "");
    shared->ready++;
    for (;;) {
        if (memory_read_group(&files, &reading) && shared->low <= 0 &&
            reading.left_bytes < 0.05 * reading.limit_bytes)
            shared->low = seconds(CLOCK_MONOTONIC);
        nap(0.1);
    }
}

static void
grow(double rate)
{
    nap(0.2 + (double)(getpid() % 100) / 1000); /* at another moment between two looks each time */
    double from = shared->started = seconds(CLOCK_MONOTONIC);
    for (double mib = 0;; mib++) {
        while ((seconds(CLOCK_MONOTONIC) - from) * rate < mib)
            nap(0.0005);
        void *map = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (map != MAP_FAILED)
            memset(map, 1, MIB);
    }
}

static void
race(double rate)
{
    double lead[ROUNDS], low[ROUNDS], after[ROUNDS], life[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        shared->started = shared->critical = shared->low = 0;
        shared->ready = 0;
        pid_t watcher = start(watch, rate, false), rival = start(watch_low, rate, false);
        while (shared->ready < 2)
            nap(0.001);
        nap(0.3);
        pid_t victim = start(grow, rate, true);
        waitpid(victim, NULL, 0);
        double end = seconds(CLOCK_MONOTONIC);
        kill(watcher, SIGKILL);
        kill(rival, SIGKILL);
        waitpid(watcher, NULL, 0);
        waitpid(rival, NULL, 0);
        life[i] = 1e3 * (end - shared->started);
        lead[i] = shared->critical > 0 ? 1e3 * (end - shared->critical) : 0;
        after[i] = shared->critical > 0 ? 1e3 * (shared->critical - shared->started) : life[i];
        low[i] = shared->low > 0 ? 1e3 * (end - shared->low) : 0;
    }
    qsort(lead, ROUNDS, sizeof *lead, compare);
    qsort(low, ROUNDS, sizeof *low, compare);
    qsort(after, ROUNDS, sizeof *after, compare);
    qsort(life, ROUNDS, sizeof *life, compare);
    printf("pressure: %4.0f MiB/s into %d MiB: killed after %.0f ms; critical %.0f ms before (least "
           "%.0f), %.0f ms after the start; below 5 %% at 10 Hz %.0f ms before\n",
        rate, LIMIT_MIB, life[ROUNDS / 2], lead[ROUNDS / 2], lead[0], after[ROUNDS / 2],
        low[ROUNDS / 2]);
}

static void
step_cost(void)
{
    char text[8192];
    int meminfo = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
    int psi = open("/proc/pressure/memory", O_RDONLY | O_CLOEXEC);
    optop_memory_step();
    double begin = seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < STEPS; i++)
        optop_memory_step();
    double ours = (seconds(CLOCK_THREAD_CPUTIME_ID) - begin) / STEPS;
    begin = seconds(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < STEPS; i++)
        if (pread(meminfo, text, sizeof text, 0) < 0 || pread(psi, text, sizeof text, 0) < 0)
            break;
    double reads = (seconds(CLOCK_THREAD_CPUTIME_ID) - begin) / STEPS;
    printf("pressure: a step %.1f us (bare reads %.1f us, ratio %.2f): %.4f %% of a core at 10 Hz\n",
        ours * 1e6, reads * 1e6, ours / reads, ours * 10 * 100);
    close(meminfo);
    close(psi);
}

int
main(void)
{
    static const double rates[] = { 40, 160, 640 };
    step_cost();
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int r = shared == MAP_FAILED ? -ENOMEM : make_group();
    if (r < 0) {
        printf("pressure: no cgroup can be made here (%s)\n", strerror(-r));
        return 0;
    }
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++)
        race(rates[i]);
    for (int i = 0; i < 100 && rmdir(group) < 0; i++)
        nap(0.02);
    return 0;
}
