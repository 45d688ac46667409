/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Boards: an update of each kind beside one locked add; a read of 1,000 figures beside the bare pread of their cells.
 * Medians of 21 rounds, CPU time of the thread.
 */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "stat/boards.h"
#include "timing.h"

enum { ROUNDS = 21, UPDATES = 2000000, FIGURES = 1000, READS = 200 };

static struct optop_figure *counter, *gauge, *histogram;
static _Atomic uint64_t locked;

static void
add(int count)
{
    for (int i = 0; i < count; i++)
        optop_add(counter, 1);
}

static void
set(int count)
{
    for (int i = 0; i < count; i++)
        optop_set(gauge, (double)i);
}

static void
record(int count)
{
    for (int i = 0; i < count; i++)
        optop_record(histogram, 1000 + (i & 0xFFFF));
}

static void
add_locked(int count)
{
    for (int i = 0; i < count; i++)
        atomic_fetch_add_explicit(&locked, 1, memory_order_relaxed);
}

static double
measure(void (*run)(int), int count)
{
    double round[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        double start = cpu_ns();
        run(count);
        round[r] = (cpu_ns() - start) / count;
    }
    qsort(round, ROUNDS, sizeof *round, compare);
    return round[ROUNDS / 2];
}

static struct board_reader *board;
static int plain_fd;

static void
read_board(int count)
{
    for (int i = 0; i < count; i++)
        board_reader_read(board, (int64_t)(i + 1) * 1000000000);
}

static void
read_plain(int count)
{
    static uint64_t cell[FIGURES];
    for (int i = 0; i < count; i++)
        if (pread(plain_fd, cell, sizeof cell, (off_t)board_lane_at(0)) < 0)
            abort();
}

int
main(void)
{
    char directory[64], name[32];
    struct boards boards;
    snprintf(directory, sizeof directory, "%s/optop-bench-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(directory) || setenv("OPTOP_BOARDS", directory, 1))
        return 1;
    struct optop_board *few = optop_board_open("bench");
    counter = optop_counter(few, "counter", "", "");
    gauge = optop_gauge(few, "gauge", "", "");
    histogram = optop_histogram(few, "histogram", "");
    if (!counter || !gauge || !histogram)
        return 1;
    printf("board: update of a counter %.1f ns, a gauge %.1f ns, a histogram %.1f ns; a locked add "
           "%.1f ns (at most 5)\n",
        measure(add, UPDATES), measure(set, UPDATES), measure(record, UPDATES),
        measure(add_locked, UPDATES));
    optop_board_close(few);

    struct optop_board *many = optop_board_open("bench");
    for (int i = 0; i < FIGURES; i++) {
        snprintf(name, sizeof name, "figure %d", i);
        optop_add(optop_counter(many, name, "", ""), (uint64_t)i);
    }
    boards_open(&boards, directory, NULL);
    boards_step(&boards, 1, 1000000000);
    board = boards.count ? boards.board[0] : NULL;
    plain_fd = open(optop_board_path(many), O_RDONLY | O_CLOEXEC);
    if (!board || plain_fd < 0 || board->figure_count != FIGURES)
        return 1;
    double ours = measure(read_board, READS) / 1e3, floor_ = measure(read_plain, READS) / 1e3;
    printf("board: read of %d figures %.1f us, pread of their cells %.1f us, ratio %.1f (at most 20 us)\n",
        FIGURES, ours, floor_, ours / floor_);
    close(plain_fd);
    boards_release(&boards);
    optop_board_close(many);
    rmdir(directory);
    return 0;
}
