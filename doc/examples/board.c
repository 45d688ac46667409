/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A program that publishes what it does: two threads that work, a counter, a
 * gauge and a histogram.
 *
 *     cc board.c -o board $(pkg-config --cflags --libs optop) -lpthread
 *     ./board 10 &
 *     optop boards
 */
#include <optop/board.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct optop_figure *done, *busy, *took;
static volatile int stop;

static int64_t
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void *
work(void *unused)
{
    while (!stop) {
        struct timespec nap = { 0, 1000000 };
        int64_t start = now_ns();
        optop_adjust(busy, 1);
        nanosleep(&nap, NULL); /* the work */
        optop_adjust(busy, -1);
        optop_record(took, now_ns() - start);
        optop_add(done, 1);
    }
    return unused;
}

int
main(int argc, char **argv)
{
    struct timespec seconds = { argc > 1 ? strtol(argv[1], NULL, 10) : 10, 0 };
    struct optop_board *board = optop_board_open("example");
    pthread_t thread[2];
    if (!board)
        perror("no board"); /* and the program does its work all the same */
    done = optop_counter(board, "example.done", "", "");
    busy = optop_gauge(board, "example.busy", "", "");
    took = optop_histogram(board, "example.took", "");
    for (int i = 0; i < 2; i++)
        if (pthread_create(&thread[i], NULL, work, NULL))
            return 1;
    nanosleep(&seconds, NULL);
    stop = 1;
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    optop_board_close(board);
    return 0;
}
