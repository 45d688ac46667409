/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * CPU time of one sample and its history, against the floor: pread of the same
 * files kept open, without looking at what they say. Both are done in turn, a
 * second apart, because caches are cold then as they are in the server.
 *
 *   bench_sample [ROUNDS [SECONDS_BETWEEN]]      one line on standard output
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "sample/history.h"
#include "sample/sampler.h"
#include "timing.h"

enum { ROUNDS_MAX = 3600 };

static const char *const files[] = {
    "/proc/stat", "/proc/meminfo", "/proc/pressure/cpu", "/proc/pressure/memory", "/proc/pressure/io",
    "/proc/loadavg", "/proc/diskstats", "/proc/net/dev", "/proc/self/stat",
};

enum { FILE_COUNT = sizeof files / sizeof *files };

static int descriptors[FILE_COUNT];
static struct sampler *sampler;
static struct history *history;

static double
cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double
time_ours(void)
{
    double start = cpu_us();
    history_push(history, sampler_take(sampler, clock_mono_ns(), clock_wall_ns()));
    return cpu_us() - start;
}

static double
time_floor(void)
{
    static char buffer[1 << 20];
    double start = cpu_us();
    for (int f = 0; f < FILE_COUNT; f++) {
        off_t at = 0;
        ssize_t n;
        while (descriptors[f] >= 0
            && (n = pread(descriptors[f], buffer, sizeof buffer, at)) > 0 && n >= 3072)
            at += n;
    }
    return cpu_us() - start;
}

static double
median(double *value, int count)
{
    qsort(value, (size_t)count, sizeof *value, compare);
    return value[count / 2];
}

static void
measure(int rounds, double seconds, double *ret_ours, double *ret_floor)
{
    static double ours[ROUNDS_MAX], floor_[ROUNDS_MAX];
    struct timespec pause_time = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };
    for (int i = 0; i < rounds; i++) {
        nanosleep(&pause_time, NULL);
        ours[i] = time_ours();
        nanosleep(&pause_time, NULL);
        floor_[i] = time_floor();
    }
    *ret_ours = median(ours, rounds);
    *ret_floor = median(floor_, rounds);
}

int
main(int argc, char **argv)
{
    const double steps[] = { 1, 10, 60 }, lengths[] = { 3600, 21600, 604800 };
    long rounds = argc > 1 ? strtol(argv[1], NULL, 10) : 15;
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 1;
    double ours, floor_, hot, hot_floor;
    if (rounds < 1 || rounds > ROUNDS_MAX || !(seconds >= 0 && seconds <= 60)) {
        fprintf(stderr, "usage: bench_sample [ROUNDS [SECONDS_BETWEEN]]\n");
        return 2;
    }
    for (int f = 0; f < FILE_COUNT; f++)
        descriptors[f] = open(files[f], O_RDONLY | O_CLOEXEC);
    sampler = sampler_new("/proc", "/sys", (int)getpid());
    history = history_new(steps, lengths);
    for (int i = 0; i < 3; i++) {
        time_ours();
        time_floor();
    }
    measure((int)rounds, seconds, &ours, &floor_);
    measure(1000, 0, &hot, &hot_floor);
    printf("sample: %.0f us, floor %.0f us, ratio %.2f (median CPU time of %ld, %g s apart); "
           "hot %.1f us, floor %.1f us, ratio %.2f\n",
        ours, floor_, ours / floor_, rounds, seconds, hot, hot_floor, hot / hot_floor);
    sampler_free(sampler);
    history_free(history);
    return 0;
}
