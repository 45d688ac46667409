/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file manager: 10,000 reads of 64 KiB of a file that is in memory, in
 * batches, each told on the loop, beside two plain threads with pread: into the
 * same buffers, as who hands them on needs several, and into one each that stays
 * in the processor's cache. Medians.
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
    BATCHES = READS / BATCH, AHEAD = 4, THREADS = 2 };

struct batch {
    struct file_request request[BATCH];
    int left;
};

static struct loop *loop;
static struct files *files;
static char path[] = "/tmp/optop-bench-XXXXXX";
static struct batch batch[AHEAD];
static char buffer[AHEAD * BATCH][BYTES];
static int next_batch, ended;

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
submit(struct batch *b)
{
    struct file_request *list[BATCH];
    int first = next_batch++ * BATCH;
    b->left = BATCH;
    for (int i = 0; i < BATCH; i++) {
        b->request[i].offset = offset_of(first + i);
        list[i] = &b->request[i];
    }
    if (file_submit(files, list, BATCH, OPTOP_NORMAL) < 0)
        abort();
}

static void
on_read(struct file_request *request)
{
    struct batch *b = request->context;
    if (request->result != BYTES)
        abort();
    if (--b->left)
        return;
    if (next_batch < BATCHES)
        submit(b);
    if (++ended == BATCHES)
        loop_stop(loop);
}

static void
ours(void)
{
    next_batch = ended = 0;
    for (int i = 0; i < AHEAD; i++)
        submit(&batch[i]);
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
    double mine[ROUNDS], rival[ROUNDS], hot[ROUNDS];
    int fd = mkstemp(path);
    for (int i = 0; i < FILE_BYTES / BYTES; i++)
        if (fd < 0 || write(fd, chunk, BYTES) != BYTES)
            return 1;
    close(fd);
    loop = loop_new();
    files = files_new(loop);
    if (!files)
        return 1;
    for (int i = 0; i < AHEAD; i++)
        for (int k = 0; k < BATCH; k++)
            batch[i].request[k] = (struct file_request){ .action = FILES_READ, .path = path,
                .bytes = buffer[i * BATCH + k], .len = BYTES, .done = on_read, .context = &batch[i] };
    for (int r = 0; r < ROUNDS; r++) {
        double start = now();
        ours();
        mine[r] = now() - start;
        start = now();
        theirs(AHEAD * BATCH / THREADS);
        rival[r] = now() - start;
        start = now();
        theirs(1);
        hot[r] = now() - start;
    }
    double a = READS / median(mine), b = READS / median(rival), c = READS / median(hot);
    printf("file: %d reads of 64 KiB: %.0f/s, two threads with pread %.0f/s, ratio %.2f "
           "(at least 0.9); into one buffer each %.0f/s, ratio %.2f\n", READS, a, b, a / b, c, a / c);
    files_free(files, false);
    loop_free(loop);
    unlink(path);
    return 0;
}
