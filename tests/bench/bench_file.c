/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file manager: 10,000 reads of 64 KiB of a file that is in memory, into
 * its own buffers and in batches, each told on the loop, beside two plain threads with
 * pread: into as many buffers as who hands them on needs when he may be late, and
 * into one each that stays in the processor's cache. Medians.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/file.h"
#include "timing.h"

enum { ROUNDS = 15, READS = 10240, BYTES = 64 * 1024, FILE_BYTES = 16 * 1024 * 1024, BATCH = 32,
    SPREAD = 64, THREADS = 2 };

static struct loop *loop;
static struct files *files;
static char path[] = "/tmp/optop-bench-XXXXXX";
static struct file_request request[READS];
static char buffer[THREADS * SPREAD][BYTES];
static int ended;

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int64_t
offset_of(int read)
{
    return (int64_t)(read % (FILE_BYTES / BYTES)) * BYTES;
}

static void
on_read(struct file_request *one)
{
    if (one->result != BYTES || !one->data)
        abort();
    if (++ended == READS)
        loop_stop(loop);
}

static void
ours(void)
{
    ended = 0;
    for (int first = 0; first < READS; first += BATCH) {
        struct file_request *list[BATCH];
        for (int i = 0; i < BATCH; i++) {
            list[i] = &request[first + i];
            *list[i] = (struct file_request){ .action = FILES_READ, .path = path, .len = BYTES,
                .offset = offset_of(first + i), .done = on_read };
        }
        if (file_submit(files, list, BATCH, OPTOP_NORMAL) < 0)
            abort();
    }
    loop_run(loop);
}

static int spread; /* buffers that each thread reads into */

static void *
plain(void *argument)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC), number = (int)(size_t)argument;
    for (int i = number; i < READS; i += THREADS)
        if (pread(fd, buffer[number * spread + i / THREADS % spread], BYTES, offset_of(i)) != BYTES)
            abort();
    close(fd);
    return NULL;
}

static void
theirs(int buffers)
{
    pthread_t thread[THREADS];
    spread = buffers;
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, plain, (void *)i) != 0)
            abort();
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

/* Of all threads: what else the machine does hardly counts. */
static double
cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
median(double *value)
{
    qsort(value, ROUNDS, sizeof *value, compare);
    return value[ROUNDS / 2];
}

int
main(void)
{
    static char chunk[BYTES];
    double mine[ROUNDS], rival[ROUNDS], hot[ROUNDS], my_cpu[ROUNDS], rival_cpu[ROUNDS];
    int fd = mkstemp(path);
    for (int i = 0; i < FILE_BYTES / BYTES; i++)
        if (fd < 0 || write(fd, chunk, BYTES) != BYTES)
            return 1;
    close(fd);
    loop = loop_new();
    files = files_new(loop);
    if (!files)
        return 1;
    for (int r = 0; r < ROUNDS; r++) {
        double start = now(), cpu_start = cpu();
        ours();
        mine[r] = now() - start;
        my_cpu[r] = cpu() - cpu_start;
        start = now();
        cpu_start = cpu();
        theirs(SPREAD);
        rival[r] = now() - start;
        rival_cpu[r] = cpu() - cpu_start;
        start = now();
        theirs(1);
        hot[r] = now() - start;
    }
    double a = READS / median(mine), b = READS / median(rival), c = READS / median(hot);
    double own = median(my_cpu) / READS * 1e6, their = median(rival_cpu) / READS * 1e6;
    printf("file: %d reads of 64 KiB: %.0f/s, two threads with pread %.0f/s, ratio %.2f "
           "(at least 0.9); into one buffer each %.0f/s, ratio %.2f\n", READS, a, b, a / b, c, a / c);
    printf("file: processor time of a read: %.2f us, with pread %.2f us, ratio %.2f\n",
        own, their, their / own);
    files_free(files, false);
    loop_free(loop);
    unlink(path);
    return 0;
}
