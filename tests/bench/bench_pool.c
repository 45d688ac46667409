/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Pools beside malloc and free in the same run: one object at a time, by one thread
 * and by two, and bursts of 64 objects of 4 KiB; the latter also in processes
 * with another allocator loaded before, where it is installed. Medians of 21
 * rounds, CPU time of the thread.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "optop/pool.h"
#include "timing.h"

enum { ROUNDS = 21, PAIRS = 1000000, BURST = 64, BURSTS = 4000, MANY = 100000, SIZE = 4096 };

static struct optop_pool *pool;
static size_t size = 256;

#define KEEP(p) __asm__ volatile("" : : "g"(p) : "memory")

static void
pairs_of_pool(int count)
{
    for (int i = 0; i < count; i++) {
        char *object = optop_pool_acquire(pool);
        object[16] = 1;
        KEEP(object);
        optop_pool_release(pool, object);
    }
}

static void
pairs_of_malloc(int count)
{
    for (int i = 0; i < count; i++) {
        char *object = malloc(size);
        object[16] = 1;
        KEEP(object);
        free(object);
    }
}

static void
bursts_of_pool(int count)
{
    static char *object[BURST];
    for (int n = 0; n < count; n += BURST) {
        for (int i = 0; i < BURST; i++) {
            object[i] = optop_pool_acquire(pool);
            object[i][16] = 1;
            KEEP(object[i]);
        }
        for (int i = 0; i < BURST; i++)
            optop_pool_release(pool, object[i]);
    }
}

static void
bursts_of_malloc(int count)
{
    static char *object[BURST];
    for (int n = 0; n < count; n += BURST) {
        for (int i = 0; i < BURST; i++) {
            object[i] = malloc(SIZE);
            object[i][16] = 1;
            KEEP(object[i]);
        }
        for (int i = 0; i < BURST; i++)
            free(object[i]);
    }
}

static double
measure(void (*run)(int), int count)
{
    double round[ROUNDS];
    run(count / 8);
    for (int r = 0; r < ROUNDS; r++) {
        double start = cpu_ns();
        run(count);
        round[r] = (cpu_ns() - start) / count;
    }
    qsort(round, ROUNDS, sizeof *round, compare);
    return round[ROUNDS / 2];
}

static struct optop_pool *
open_pool(size_t object_size, unsigned flags)
{
    struct optop_pool *opened =
        optop_pool_new(&(struct optop_pool_options){ .object_size = object_size, .flags = flags });
    if (!opened)
        abort();
    return opened;
}

struct job {
    void (*run)(int);
    double ns;
};

static void *
on_thread(void *data)
{
    struct job *job = data;
    job->ns = measure(job->run, PAIRS);
    return NULL;
}

static double
measure_two(void (*run)(int))
{
    pthread_t thread[2];
    struct job job[2] = { { run, 0 }, { run, 0 } };
    for (int i = 0; i < 2; i++)
        if (pthread_create(&thread[i], NULL, on_thread, &job[i]) != 0)
            abort();
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    return job[0].ns > job[1].ns ? job[0].ns : job[1].ns;
}

/* Whether what was to be loaded before is: where it is not installed, the loader
 * goes on without it. */
static bool
is_loaded(const char *library)
{
    char line[512];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (maps && !found && fgets(line, sizeof line, maps))
        found = strstr(line, library);
    if (maps)
        fclose(maps);
    return found;
}

/* The same program, measuring malloc alone, with the rival in malloc's place. */
static double
measure_rival(const char *self, const char *library)
{
    char line[64];
    int out[2];
    if (pipe(out) != 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        setenv("LD_PRELOAD", library, 1);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO); /* what the loader says of one that is not there */
        execl(self, self, library, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    ssize_t n = read(out[0], line, sizeof line - 1);
    close(out[0]);
    waitpid(pid, NULL, 0);
    line[n > 0 ? n : 0] = '\0';
    return n > 0 ? strtod(line, NULL) : -1;
}

static void
bench_bursts(const char *self)
{
    static const struct {
        const char *name, *library;
        int bar;
    } rivals[] = { { "jemalloc", "libjemalloc.so.2", 2 }, { "mimalloc", "libmimalloc.so.2", 2 } };
    pool = open_pool(SIZE, 0);
    double ours = measure(bursts_of_pool, BURST * BURSTS);
    optop_pool_free(pool);
    double glibc = measure(bursts_of_malloc, BURST * BURSTS / 16);
    printf("pool: bursts of %d objects of 4 KiB %.1f ns per pair; glibc %.1f, %.1f times (at least 20)",
        BURST, ours, glibc, glibc / ours);
    for (size_t i = 0; i < sizeof rivals / sizeof *rivals; i++) {
        double ns = measure_rival(self, rivals[i].library);
        if (ns > 0)
            printf("; %s %.1f, %.1f times (at least %d)", rivals[i].name, ns, ns / ours,
                rivals[i].bar);
        else
            printf("; %s not here", rivals[i].name);
    }
    printf("\n");
}

/* Bytes beyond an object's own, all slabs with their ends counted, over many of them. */
static double
overhead(size_t object_size, double *ret_reused)
{
    static void *object[MANY];
    struct optop_pool_figures f;
    pool = open_pool(object_size, 0);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++)
            object[i] = optop_pool_acquire(pool);
        optop_pool_figures(pool, &f);
        for (int i = 0; i < MANY; i++)
            optop_pool_release(pool, object[i]);
    }
    optop_pool_free(pool);
    *ret_reused = 100.0 * (double)(f.acquired - MANY) / MANY;
    return (double)f.bytes / MANY - (double)object_size;
}

static void
bench_overhead(void)
{
    double reused, sum = 0, most = 0;
    int sizes = 0;
    for (size_t object_size = 16; object_size <= 512; object_size += 8, sizes++) {
        double bytes = overhead(object_size, &reused);
        sum += bytes;
        most = bytes > most ? bytes : most;
    }
    printf("pool: %d objects of each size from 16 to 512 B: %.1f B more for each (at most 16), %.1f B at "
           "the worst of sizes, the ends of all slabs included; in the second round %.1f %% reused (100)\n",
        MANY, sum / sizes, most, reused);
}

int
main(int argc, char **argv)
{
    if (argc > 1) {
        if (is_loaded(argv[1]))
            printf("%.3f\n", measure(bursts_of_malloc, BURST * BURSTS / 4));
        return 0;
    }
    pool = open_pool(size, 0);
    double ours = measure(pairs_of_pool, PAIRS), theirs = measure(pairs_of_malloc, PAIRS);
    printf("pool: acquire and release by one thread %.1f ns (at most 5), malloc and free %.1f ns, "
           "%.1f times\n", ours, theirs, theirs / ours);
    optop_pool_free(pool);
    pool = open_pool(size, OPTOP_POOL_THREADS);
    double one = measure(pairs_of_pool, PAIRS);
    ours = measure_two(pairs_of_pool);
    theirs = measure_two(pairs_of_malloc);
    printf("pool: for threads, by one %.1f ns, by two %.1f ns (at most 30), malloc and free by two "
           "%.1f ns, %.1f times\n", one, ours, theirs, theirs / ours);
    optop_pool_free(pool);
    bench_bursts(argv[0]);
    bench_overhead();
    return 0;
}
