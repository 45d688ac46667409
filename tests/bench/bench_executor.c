/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Executors: empty tasks on two workers; an ordered map of a million squares
 * beside two threads that have half of them each. Medians.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "optop/executor.h"
#include "timing.h"

enum { ROUNDS = 15, TASKS = 1000000, SQUARES = 1000000, THREADS = 2 };

static double result[SQUARES];

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double
median(double *value)
{
    qsort(value, ROUNDS, sizeof *value, compare);
    return value[ROUNDS / 2];
}

static int
nothing(void *context)
{
    (void)context;
    return 0;
}

static int
square(void *context, size_t index)
{
    double *into = context;
    into[index] = (double)index * (double)index;
    return 0;
}

/* The same call per item as the map has. */
static int (*volatile item)(void *, size_t) = square;

static void *
half(void *argument)
{
    size_t first = (size_t)argument;
    int (*call)(void *, size_t) = item;
    for (size_t i = first; i < first + SQUARES / THREADS; i++)
        if (call(result, i) < 0)
            break;
    return NULL;
}

static void
split(void)
{
    pthread_t thread[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, half, (void *)(i * (SQUARES / THREADS))) != 0)
            abort();
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
}

int
main(void)
{
    double rate[ROUNDS], ours[ROUNDS], rival[ROUNDS];
    struct optop_executor *executor = optop_executor_new("bench", THREADS, 4096);
    if (!executor)
        return 1;
    for (int r = 0; r < ROUNDS; r++) {
        double start = now();
        for (int i = 0; i < TASKS; i++)
            optop_submit(executor, &(struct optop_task){ .run = nothing }, NULL);
        optop_executor_wait(executor, -1);
        rate[r] = TASKS / (now() - start);
    }
    for (int r = 0; r < ROUNDS; r++) {
        double start = now();
        optop_map(executor, SQUARES, 0, square, result, NULL);
        ours[r] = now() - start;
        start = now();
        split();
        rival[r] = now() - start;
    }
    double mine = median(ours), theirs = median(rival);
    printf("executor: %.2f million empty tasks/s on 2 workers (at least 3)\n", median(rate) / 1e6);
    printf("executor: map of 10^6 squares %.2f ms, split over two threads %.2f ms, ratio %.2f "
           "(at least 0.8)\n", mine * 1e3, theirs * 1e3, theirs / mine);
    optop_executor_free(executor);
    return 0;
}
